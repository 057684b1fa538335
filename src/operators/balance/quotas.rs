//! How many variants are made of each row, by its label.

use std::collections::HashMap;

use arrow::array::Array;

use super::super::neighbours::column;
use super::Target;
use crate::operator::{LabelCounts, Quotas, Wanted, label_texts};
use crate::prelude::*;
use crate::random::OperatorKey;

/// The most variants of a row: each is compared with all before it.
const MOST_VARIANTS: u64 = 1_000;

/// What is made of the rows of one label.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quota {
    /// Variants of every row.
    each: u64,
    /// One more is made of rows whose place is below this.
    below: f64,
    /// What the label is where a row gets none.
    standing: Standing,
}

/// How a label stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    NoLabel,
    NotCounted,
    NoTarget,
    Above,
    At,
    Below,
}

/// Why no variant is made of a row, by the standing of its label.
const REASONS: [(Standing, &str); 6] = [
    (Standing::NoLabel, "filtered: null label"),
    (Standing::NotCounted, "filtered: label not in the sources"),
    (Standing::NoTarget, "filtered: label without a target"),
    (Standing::Above, "filtered: label above its target"),
    (Standing::At, "filtered: label at its target"),
    (Standing::Below, "filtered: others of the label were drawn"),
];

impl Quota {
    /// Nothing.
    fn none(standing: Standing) -> Self {
        Self {
            each: 0,
            below: 0.0,
            standing,
        }
    }

    /// What brings a label of `rows` rows to `target`.
    fn new(rows: u64, target: u64, place_above: impl Fn(u64) -> f64) -> Self {
        let Some(lacking) = target.checked_sub(rows) else {
            return Self::none(Standing::Above);
        };
        if lacking == 0 {
            return Self::none(Standing::At);
        }
        Self {
            each: lacking / rows.max(1),
            below: place_above(lacking % rows.max(1)),
            standing: Standing::Below,
        }
    }

    /// Variants of a row at `place`.
    fn of(&self, place: f64) -> u64 {
        self.each.saturating_add(u64::from(place < self.below))
    }
}

/// The numbers of variants, by label.
pub(super) struct LabelQuotas {
    column: String,
    quotas: HashMap<String, Quota>,
    key: OperatorKey,
}

impl LabelQuotas {
    pub(super) fn new(
        column: &str,
        target: &Target,
        counts: &LabelCounts,
        key: OperatorKey,
    ) -> Result<Self, String> {
        let targets = target.rows(counts)?;
        let quota = |(label, rows): (&str, u64)| {
            let quota = targets.get(label).map_or_else(
                || Quota::none(Standing::NoTarget),
                |target| Quota::new(rows, *target, |extra| counts.place_above(label, extra)),
            );
            (label.to_owned(), quota)
        };
        Ok(Self {
            column: column.to_owned(),
            quotas: counts.labels().map(quota).collect(),
            key,
        })
    }

    fn quota(&self, label: Option<&str>) -> Quota {
        let Some(label) = label else {
            return Quota::none(Standing::NoLabel);
        };
        let known = self.quotas.get(label).copied();
        known.unwrap_or_else(|| Quota::none(Standing::NotCounted))
    }
}

impl Quotas for LabelQuotas {
    fn of(&self, batch: &Batch, context: &Context<'_>) -> Result<Vec<Wanted>, OperatorError> {
        let labels = label_texts(column(&batch.records, &self.column)?)?;
        let mut wanted = Vec::with_capacity(labels.len());
        let mut reasons = REASONS.map(|(standing, reason)| (standing, reason, 0_u64));
        let mut too_many = 0;
        for row in 0..labels.len() {
            let quota = self.quota(labels.is_valid(row).then(|| labels.value(row)));
            let variants = quota.of(LabelCounts::place(self.key, batch.rows.key(row)));
            let made = variants.min(MOST_VARIANTS);
            too_many += variants - made;
            if variants == 0
                && let Some((.., count)) = reasons.iter_mut().find(|(of, ..)| *of == quota.standing)
            {
                *count += 1;
            }
            let most = quota.each.saturating_add(1).min(MOST_VARIANTS);
            // Both are at most a thousand.
            wanted.push(Wanted {
                variants: u32::try_from(made).unwrap_or_default(),
                most: u32::try_from(most).unwrap_or_default(),
            });
        }
        for (_, reason, count) in reasons {
            context.count(reason, count);
        }
        context.count("shortfall: more than 1000 variants of a row", too_many);
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_rows_of_a_label_come_to_its_target(rows in 1_u64..2_000, target in 0_u64..9_000) {
            let key = OperatorKey::new(42, "more");
            let mut counts = LabelCounts::default();
            for row in 0..rows {
                counts.add(Some("a"), LabelCounts::bin(LabelCounts::place(key, row)), 1);
            }
            let quota = Quota::new(rows, target, |extra| counts.place_above("a", extra));
            let made: u64 = (0..rows).map(|row| quota.of(LabelCounts::place(key, row))).sum();
            let lacking = target.saturating_sub(rows);
            if lacking % rows == 0 {
                prop_assert_eq!(made, lacking);
            }
            // No bin has so many of so few rows.
            prop_assert!(made.abs_diff(lacking) <= 8, "{} for {}", made, lacking);
        }
    }

    #[test]
    fn labels_at_or_above_their_target_get_nothing() {
        let quota = |rows, target| Quota::new(rows, target, |_| 0.5);
        assert_eq!(quota(10, 10), Quota::none(Standing::At));
        assert_eq!(quota(10, 9), Quota::none(Standing::Above));
        let more = quota(10, 25);
        assert_eq!((more.of(0.4), more.of(0.6)), (2, 1));
    }
}
