//! What went wrong in a test, for people.

use std::fmt::Write;

use super::lines::compared;
use super::snapshots::SnapshotDifference;
use crate::cli::diff;
use crate::engine::{Broken, Difference, Observed};
use crate::report::Palette;

/// One line for a list of failures.
pub(super) fn headline(difference: &Difference) -> String {
    match difference {
        Difference::Number {
            what,
            expected,
            actual,
        } => format!("{what}: {expected} expected, {actual} came"),
        Difference::Rows {
            output,
            expected,
            actual,
        } => format!(
            "{output}: not the rows that were expected ({} expected, {} came)",
            expected.len(),
            actual.len()
        ),
        Difference::Text {
            output, row, wrong, ..
        } => format!("{output}: the text of row {row} {wrong}"),
    }
}

/// A difference in full, each line indented.
pub(super) fn difference(difference: &Difference, palette: Palette) -> String {
    let mut text = format!("  {}\n", headline(difference));
    match difference {
        Difference::Number { .. } => {}
        Difference::Rows {
            expected, actual, ..
        } => text.push_str(&compared(expected, actual, "    ", palette)),
        Difference::Text { text: found, .. } => {
            let found = found.as_deref().map_or("null".to_owned(), diff::visible);
            // Writing to a `String` cannot fail, here and below.
            let _ = writeln!(text, "    {found}");
        }
    }
    text
}

/// One line for what is wrong with a snapshot.
pub(super) fn snapshot_headline(difference: &SnapshotDifference) -> String {
    match difference {
        SnapshotDifference::Missing { path } => format!(
            "there is no snapshot {}: look at what comes of the test and keep it by --update",
            path.display()
        ),
        SnapshotDifference::Unreadable { path, error } => {
            format!("the snapshot {} cannot be read: {error}", path.display())
        }
        SnapshotDifference::Other { path, .. } => {
            format!("not as in the snapshot {}", path.display())
        }
    }
}

/// What is wrong with a snapshot in full.
pub(super) fn snapshot(difference: &SnapshotDifference, palette: Palette) -> String {
    let mut text = format!("  {}\n", snapshot_headline(difference));
    if let SnapshotDifference::Other {
        expected, actual, ..
    } = difference
    {
        text.push_str(&compared(expected, actual, "    ", palette));
    }
    text
}

/// Why a test did not come to its end.
pub(super) fn broken(broken: &Broken, palette: Palette) -> String {
    let mut text = String::new();
    for line in broken.message.lines() {
        let _ = writeln!(text, "  {}", diff::visible(line));
    }
    if !broken.help.is_empty() {
        let _ = writeln!(text, "  {} {}", palette.name("help:"), broken.help);
    }
    text
}

/// What the operators on the way counted.
pub(super) fn counts(observed: &Observed, palette: Palette) -> String {
    let mut text = String::new();
    for (id, counts) in &observed.operators {
        let mut facts = vec![
            format!("{} in", counts.rows_in),
            format!("{} out", counts.rows_out),
            format!("{} changed", counts.changed),
        ];
        let reasons = counts.reasons.iter();
        facts.extend(reasons.map(|(reason, count)| format!("{reason} ({count})")));
        let line = format!("  counted by `{id}`: {}", facts.join(", "));
        let _ = writeln!(text, "{}", palette.faint(diff::visible(&line)));
    }
    text
}
