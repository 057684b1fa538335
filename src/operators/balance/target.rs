//! How many rows of each label there are to be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{LabelCounts, check_share};
use crate::prelude::Problem;
use crate::table::nearest;

/// How many rows of each label there are to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected \"equal\", { ratio = SHARE }, or { counts = { LABEL = ROWS } }"
)]
pub enum Target {
    /// A word.
    Named(TargetName),
    /// A share of the most frequent.
    Ratio(TargetRatio),
    /// A number for each.
    Counts(TargetCounts),
}

/// Targets that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetName {
    /// As many as of the most frequent label.
    Equal,
}

/// A share of the most frequent label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRatio {
    /// The share, from 0 to 1.
    pub ratio: f64,
}

/// Rows of each label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCounts {
    /// Rows by label; of labels that are not named no variant is made.
    pub counts: BTreeMap<String, u64>,
}

impl Default for Target {
    fn default() -> Self {
        Self::Named(TargetName::Equal)
    }
}

impl Target {
    /// Looks for problems that need no data.
    pub(super) fn validate(&self) -> Vec<Problem> {
        let problem = match self {
            Self::Named(TargetName::Equal) => None,
            Self::Ratio(TargetRatio { ratio }) => check_share("target.ratio", *ratio),
            Self::Counts(TargetCounts { counts }) => counts.is_empty().then(|| {
                Problem::new(
                    "target.counts",
                    "`counts` names no label",
                    "write { LABEL = ROWS }, or `target = \"equal\"`",
                )
            }),
        };
        problem.into_iter().collect()
    }

    /// Variants per row, about, where there are so many rows: before the labels are counted, little is
    /// known.
    #[expect(clippy::cast_precision_loss, reason = "an estimate is not exact")]
    pub(super) fn expansion(&self, source_rows: u64) -> f64 {
        match self {
            Self::Named(_) | Self::Ratio(_) => 1.0,
            Self::Counts(TargetCounts { counts }) => {
                let rows = counts
                    .values()
                    .fold(0_u64, |sum, rows| sum.saturating_add(*rows));
                rows.saturating_sub(source_rows) as f64 / source_rows.max(1) as f64
            }
        }
    }

    /// The rows that each label of `counts` is to have; a label that is missing gets no variant.
    ///
    /// # Errors
    /// When a label is named that no row has.
    pub(super) fn rows(&self, counts: &LabelCounts) -> Result<BTreeMap<String, u64>, String> {
        let most = counts.labels().map(|(_, rows)| rows).max().unwrap_or(0);
        let same = |rows: u64| {
            let labels = counts.labels();
            labels.map(|(label, _)| (label.to_owned(), rows)).collect()
        };
        match self {
            Self::Named(TargetName::Equal) => Ok(same(most)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a number of rows"
            )]
            Self::Ratio(TargetRatio { ratio }) => Ok(same((most as f64 * ratio).ceil() as u64)),
            Self::Counts(targets) => {
                let has = |label: &str| counts.labels().any(|(known, _)| known == label);
                match targets.counts.keys().find(|label| !has(label)) {
                    None => Ok(targets.counts.clone()),
                    Some(label) => Err(unknown(label, counts)),
                }
            }
        }
    }
}

/// What to say of a label that no row has.
fn unknown(label: &str, counts: &LabelCounts) -> String {
    /// Labels that are listed.
    const LISTED: usize = 20;
    let known: Vec<&str> = counts.labels().map(|(label, _)| label).collect();
    let mut list = known
        .iter()
        .take(LISTED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if known.len() > LISTED {
        list.push_str(", ...");
    }
    let near = nearest(label, known)
        .map_or_else(String::new, |near| format!("; a similar one is `{near}`"));
    format!("`target.counts` names `{label}`, a label that no row has{near}; there are: {list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> LabelCounts {
        let mut counts = LabelCounts::default();
        for (label, rows) in [(Some("ham"), 90), (Some("spam"), 7), (None, 500)] {
            counts.add(label, 0, rows);
        }
        counts
    }

    fn rows(target: &str) -> Result<Vec<(String, u64)>, String> {
        let target: Target = serde_json::from_str(target).unwrap();
        assert_eq!(target.validate(), []);
        Ok(target.rows(&counts())?.into_iter().collect())
    }

    #[test]
    fn rows_without_a_label_set_no_target() {
        let named = |ham, spam| Ok(vec![("ham".to_owned(), ham), ("spam".to_owned(), spam)]);
        assert_eq!(rows("\"equal\""), named(90, 90));
        assert_eq!(rows("{\"ratio\": 0.5}"), named(45, 45));
        assert_eq!(rows("{\"ratio\": 0.01}"), named(1, 1));
        assert_eq!(
            rows("{\"counts\": {\"spam\": 8}}"),
            Ok(vec![("spam".to_owned(), 8)])
        );
    }

    #[test]
    fn a_label_that_no_row_has_is_named_with_those_there_are() {
        assert_eq!(
            rows("{\"counts\": {\"spma\": 8}}").unwrap_err(),
            "`target.counts` names `spma`, a label that no row has; a similar one is `spam`; \
             there are: ham, spam"
        );
    }

    #[test]
    fn what_makes_no_sense_is_found_without_data() {
        let problems = |target: Target| target.validate().len();
        assert_eq!(problems(Target::Ratio(TargetRatio { ratio: 1.5 })), 1);
        let none = TargetCounts {
            counts: BTreeMap::new(),
        };
        assert_eq!(problems(Target::Counts(none)), 1);
        assert!(serde_json::from_str::<Target>("\"more\"").is_err());
    }
}
