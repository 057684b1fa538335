//! `augment preview`: rows before and after, with nothing written.

use super::args::PreviewArguments;
use super::{ExitStatus, Printer, Volume, diff, pipeline, written};
use crate::engine::{self, PreviewRow, PreviewText};
#[cfg(not(feature = "onnx"))]
use crate::inference::ModelSettings;
use crate::operator::Registry;
use crate::report::Palette;

/// Does what `augment preview` is asked to.
pub(super) fn preview(
    registry: &Registry,
    arguments: &PreviewArguments,
    volume: Volume,
    printer: &Printer,
) -> ExitStatus {
    #[cfg(feature = "onnx")]
    let models = super::models::settings(&arguments.models, volume, printer);
    #[cfg(not(feature = "onnx"))]
    let models = ModelSettings::default();
    let Some(plan) = pipeline::load(registry, &arguments.pipeline, Some(&models), printer) else {
        return ExitStatus::NotStarted;
    };
    if volume != Volume::Quiet && !plan.countings().is_empty() {
        printer.say("counting the words of all shards first");
    }
    if volume != Volume::Quiet && plan.surveys().next().is_some() {
        printer.say("looking at the rows of all shards first");
    }
    match engine::preview(&plan, &arguments.at, arguments.rows as usize, &models) {
        Ok(rows) => {
            let palette = printer.out_palette();
            let text: Vec<String> = rows.iter().map(|row| show(row, palette)).collect();
            if rows.is_empty() {
                printer.say(&format!("no row reaches `{}`", arguments.at));
            }
            written(printer, &text.join("\n"))
        }
        Err(error) => {
            printer.error(&error.to_string(), Some(&error.help()));
            ExitStatus::NotStarted
        }
    }
}

/// The row's identity, replica and operators, and under them what changed.
fn show(row: &PreviewRow, palette: Palette) -> String {
    let mut facts = vec![palette.name(diff::visible(&row.identity))];
    if row.replica > 0 {
        facts.push(format!("replica {}", row.replica));
    }
    facts.push(match row.operators.as_slice() {
        [] => palette.faint("unchanged"),
        operators => palette.faint(operators.join(", ")),
    });
    let mut out = facts.join("  ");
    for text in &row.texts {
        out.push_str("\n  ");
        if !text.place.is_empty() {
            out.push_str(&palette.faint(format!("{}: ", diff::visible(&text.place))));
        }
        out.push_str(&show_text(text, palette));
    }
    out + "\n"
}

/// What changed in a text.
fn show_text(text: &PreviewText, palette: Palette) -> String {
    match (text.before.as_deref(), text.after.as_deref()) {
        (Some(before), Some(after)) => diff::inline(before, after, palette),
        (before, after) => {
            let text = |text: Option<&str>| text.map_or("null".to_owned(), diff::visible);
            if before == after {
                palette.faint(text(after))
            } else {
                format!("{} -> {}", text(before), text(after))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_itself_and_what_changed_it() {
        let mut row = PreviewRow {
            identity: "a.parquet#7".to_owned(),
            replica: 2,
            operators: vec!["swap".to_owned(), "drop".to_owned()],
            texts: vec![PreviewText {
                place: String::new(),
                before: Some("one two".to_owned()),
                after: Some("one".to_owned()),
            }],
        };
        let plain = Palette::new(false);
        assert_eq!(
            show(&row, plain),
            "a.parquet#7  replica 2  swap, drop\n  one[- two-]\n"
        );
        let mut null = row.texts[0].clone();
        (null.before, null.after) = (None, None);
        row = PreviewRow {
            replica: 0,
            operators: Vec::new(),
            texts: vec![null.clone()],
            ..row
        };
        assert_eq!(show(&row, plain), "a.parquet#7  unchanged\n  null\n");
        null.place = "answers[1]".to_owned();
        null.after = Some("new".to_owned());
        row.texts.push(null);
        assert_eq!(
            show(&row, plain),
            "a.parquet#7  unchanged\n  null\n  answers[1]: null -> new\n"
        );
    }
}
