//! What came of a test against what was expected.

use super::{Observed, ObservedOutput};
use crate::plan::{PlannedTest, TestedOutput, inline_table};

/// Something that came out otherwise than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A number of rows.
    Number {
        /// What was counted, as `expect` calls it.
        what: String,
        /// How many there had to be.
        expected: u64,
        /// How many there were.
        actual: u64,
    },
    /// The rows of an output.
    Rows {
        /// What `expect` calls the output.
        output: String,
        /// The rows that had to come.
        expected: Vec<String>,
        /// Those that came, with the same columns.
        actual: Vec<String>,
    },
    /// A text of an output.
    Text {
        /// What `expect` calls the output.
        output: String,
        /// The number of the row, from 1.
        row: usize,
        /// What is wrong with its text.
        wrong: String,
        /// The text.
        text: Option<String>,
    },
}

/// All that came out otherwise than `test` expects.
pub fn differences(test: &PlannedTest, observed: &Observed) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (output, observed) in test.outputs.iter().zip(&observed.outputs) {
        compare_rows(output, observed, &mut differences);
        compare_texts(output, observed, &mut differences);
    }
    for (reason, expected) in &test.expect.counts {
        let actual = counted(observed, reason);
        if actual != *expected {
            differences.push(Difference::Number {
                what: reason.clone(),
                expected: *expected,
                actual,
            });
        }
    }
    differences
}

/// Rows counted under `reason`, or under all reasons of a kind.
fn counted(observed: &Observed, reason: &str) -> u64 {
    let counts = observed.operators.iter();
    let reasons = counts.flat_map(|(_, counts)| &counts.reasons);
    let asked = reasons.filter(|(counted, _)| {
        *counted == reason
            || counted
                .split_once(": ")
                .is_some_and(|(kind, _)| kind == reason)
    });
    asked.map(|(_, count)| count).sum()
}

fn compare_rows(
    output: &TestedOutput,
    observed: &ObservedOutput,
    differences: &mut Vec<Difference>,
) {
    let expected = &output.expected;
    let actual = observed.rows.len() as u64;
    if let Some(wanted) = expected.rows
        && wanted != actual
    {
        differences.push(Difference::Number {
            what: match output.name.as_str() {
                "output" => "rows".to_owned(),
                port => format!("{port}.rows"),
            },
            expected: wanted,
            actual,
        });
    }
    let Some(wanted) = &expected.output else {
        return;
    };
    // A row is shown with the columns that are compared. Rows too many have those of all others.
    let mut all: Vec<usize> = wanted
        .iter()
        .flat_map(|row| row.0.iter().map(|(column, _)| *column))
        .collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        all.extend(output.text);
    }
    let name = |column: usize| output.schema.fields().get(column).map(|field| field.name());
    let shown = |row: &[String], columns: &mut dyn Iterator<Item = usize>| {
        let values =
            columns.filter_map(|column| Some((name(column)?.as_str(), row.get(column)?.clone())));
        inline_table(values)
    };
    let expected: Vec<String> = wanted
        .iter()
        .map(|row| {
            let values = row.0.iter();
            inline_table(
                values.filter_map(|(column, value)| Some((name(*column)?.as_str(), value.clone()))),
            )
        })
        .collect();
    let actual: Vec<String> = observed
        .rows
        .iter()
        .enumerate()
        .map(|(position, row)| match wanted.get(position) {
            Some(wanted) => shown(row, &mut wanted.0.iter().map(|(column, _)| *column)),
            None => shown(row, &mut all.iter().copied()),
        })
        .collect();
    if expected != actual {
        differences.push(Difference::Rows {
            output: output.name.clone(),
            expected,
            actual,
        });
    }
}

fn compare_texts(
    output: &TestedOutput,
    observed: &ObservedOutput,
    differences: &mut Vec<Difference>,
) {
    let expected = &output.expected;
    for (row, (text, before)) in observed.texts.iter().enumerate() {
        let mut wrong = Vec::new();
        match expected.changed {
            Some(true) if text == before => wrong.push("is as it was".to_owned()),
            Some(false) if text != before => wrong.push("has changed".to_owned()),
            _ => {}
        }
        let content = text.as_deref().unwrap_or_default();
        for part in &expected.contains {
            if !content.contains(part.as_str()) {
                wrong.push(format!("does not contain {part:?}"));
            }
        }
        if let Some(pattern) = &expected.matches
            && !pattern.is_match(content)
        {
            wrong.push(format!("does not match {:?}", pattern.as_str()));
        }
        differences.extend(wrong.into_iter().map(|wrong| Difference::Text {
            output: output.name.clone(),
            row: row + 1,
            wrong,
            text: text.clone(),
        }));
    }
}
