//! Two lists of lines, the expected and the actual ones, as one list that shows where they differ.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::cli::diff;
use crate::report::Palette;

/// Equal lines that are shown before and after a difference.
const AROUND: usize = 2;

/// Lines that are missing behind `-`, lines too many behind `+`, and lines that differ behind `~`,
/// with what is missing and what is too much marked in them. Each is indented by `indent`.
pub(super) fn compared(
    expected: &[String],
    actual: &[String],
    indent: &str,
    palette: Palette,
) -> String {
    let mut text = String::new();
    let mut line = |sign: String, line: String| {
        text.push_str(format!("{indent}{sign} {line}").trim_end());
        text.push('\n');
    };
    let operations = capture_diff_slices(Algorithm::Myers, expected, actual);
    let last = operations.len().saturating_sub(1);
    for (place, operation) in operations.iter().enumerate() {
        let (old, new) = (operation.old_range(), operation.new_range());
        let old = expected.get(old).unwrap_or_default();
        let new = actual.get(new).unwrap_or_default();
        if let DiffOp::Equal { .. } = operation {
            let before = if place == 0 { 0 } else { AROUND };
            let after = if place == last { 0 } else { AROUND };
            let hidden = old.len().saturating_sub(before + after);
            for (position, same) in old.iter().enumerate() {
                // A single hidden line is as short as the dots in its place.
                if hidden > 1 && (before..before + hidden).contains(&position) {
                    if position == before {
                        line(" ".to_owned(), palette.faint("..."));
                    }
                } else {
                    line(" ".to_owned(), palette.faint(diff::visible(same)));
                }
            }
            continue;
        }
        let pairs = old.len().min(new.len());
        for (old, new) in old.iter().zip(new) {
            line(palette.bad("~"), diff::inline(old, new, palette));
        }
        for missing in old.iter().skip(pairs) {
            line(palette.bad("-"), palette.gone(diff::visible(missing)));
        }
        for more in new.iter().skip(pairs) {
            line(palette.good("+"), palette.good(diff::visible(more)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(expected: &[&str], actual: &[&str]) -> String {
        let own = |lines: &[&str]| -> Vec<String> {
            lines.iter().map(|line| (*line).to_owned()).collect()
        };
        compared(&own(expected), &own(actual), "", Palette::new(false))
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_too_much() {
        assert_eq!(plain(&["a", "b"], &["a"]), "  a\n- b\n");
        assert_eq!(plain(&["a"], &["a", "b"]), "  a\n+ b\n");
        assert_eq!(
            plain(&["a big dog", "b"], &["a small dog", "b"]),
            "~ a [-big-]{+small+} dog\n  b\n"
        );
    }

    #[test]
    fn long_runs_of_equal_lines_are_cut() {
        let lines = ["1", "2", "3", "4", "5", "6"];
        let mut more = lines.to_vec();
        more.push("7");
        assert_eq!(plain(&lines, &more), "  ...\n  5\n  6\n+ 7\n");
        more.insert(0, "0");
        assert_eq!(
            plain(&lines, &more),
            "+ 0\n  1\n  2\n  ...\n  5\n  6\n+ 7\n"
        );
    }
}
