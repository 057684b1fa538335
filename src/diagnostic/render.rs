//! A report as text for people: each problem with the line it is in and a mark under its bytes.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Place, Report, Severity};

/// Columns of a line of the pipeline that are shown; the rest is cut off around the span.
const LINE_COLUMNS: usize = 96;
/// Columns that stay visible before the span where a line is cut.
const LEAD_COLUMNS: usize = 24;
/// Characters of a message that are shown.
const MESSAGE_CHARACTERS: usize = 600;
/// Columns that a tab stands for.
const TAB: &str = "    ";

struct Palette {
    error: Style,
    warning: Style,
    strong: Style,
    frame: Style,
    help: Style,
}

impl Palette {
    fn new(colour: bool) -> Self {
        let ansi = |colour: AnsiColor| colour.on_default().bold();
        if colour {
            Self {
                error: ansi(AnsiColor::Red),
                warning: ansi(AnsiColor::Yellow),
                strong: Style::new().bold(),
                frame: ansi(AnsiColor::Blue),
                help: ansi(AnsiColor::Cyan),
            }
        } else {
            let plain = Style::new();
            Self {
                error: plain,
                warning: plain,
                strong: plain,
                frame: plain,
                help: plain,
            }
        }
    }

    fn of(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
        }
    }
}

impl Report {
    /// The report as text, with the counts in the last line. Ends with a line break unless the
    /// report is clean: then there is nothing to say.
    pub fn render(&self, colour: bool) -> String {
        let palette = Palette::new(colour);
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            self.render_one(diagnostic, &palette, &mut out);
            out.push('\n');
        }
        if !self.is_clean() {
            out.push_str(&self.tally());
            out.push('\n');
        }
        out
    }

    fn render_one(&self, diagnostic: &Diagnostic, palette: &Palette, out: &mut String) {
        let style = palette.of(diagnostic.severity);
        let (strong, frame, help) = (palette.strong, palette.frame, palette.help);
        let severity = severity_name(diagnostic.severity);
        let message = single_line(&diagnostic.message);
        let code = diagnostic.code;
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(
            out,
            "{style}{severity}[{code}]{style:#}{strong}: {message}{strong:#}"
        );
        let place = diagnostic
            .span
            .as_ref()
            .and_then(|span| self.texts.locate(span));
        let margin = if let Some(place) = &place {
            render_place(place, &diagnostic.label, style, frame, out);
            digits(place.line)
        } else {
            let name = single_line(self.texts.name());
            let _ = writeln!(out, "{frame} -->{frame:#} {name}");
            1
        };
        for remedy in &diagnostic.help {
            let remedy = single_line(remedy);
            let _ = writeln!(
                out,
                "{:margin$} {frame}={frame:#} {help}help{help:#}: {remedy}",
                ""
            );
        }
    }
}

fn render_place(place: &Place<'_>, label: &str, style: Style, frame: Style, out: &mut String) {
    let margin = digits(place.line);
    let (name, line) = (single_line(place.name), place.line);
    let shown = Shown::new(place);
    let position = if place.in_file {
        format!(":{line}:{}", place.column)
    } else {
        " on the command line".to_owned()
    };
    let _ = writeln!(out, "{:margin$}{frame}-->{frame:#} {name}{position}", "");
    let _ = writeln!(out, "{:margin$} {frame}|{frame:#}", "");
    let _ = writeln!(out, "{frame}{line} |{frame:#} {}", shown.text.trim_end());
    let marks = "^".repeat(shown.width.max(1));
    let more = match place.lines {
        1 => String::new(),
        lines => format!(" ... over {lines} lines"),
    };
    let label = single_line(label);
    let marked = format!("{marks}{more} {label}");
    let _ = writeln!(
        out,
        "{:margin$} {frame}|{frame:#} {:indent$}{style}{}{style:#}",
        "",
        "",
        marked.trim_end(),
        indent = shown.indent,
    );
}

/// The part of a line that is printed, and where in it the span stands, in columns.
struct Shown {
    text: String,
    indent: usize,
    width: usize,
}

impl Shown {
    fn new(place: &Place<'_>) -> Self {
        let before = printable(&place.content[..place.start]);
        let inside = printable(&place.content[place.start..place.end]);
        let after = printable(&place.content[place.end..]);
        let whole = width(&before) + width(&inside) + width(&after);
        if whole <= LINE_COLUMNS {
            let (indent, width) = (width(&before), width(&inside));
            return Self {
                text: before + &inside + &after,
                indent,
                width,
            };
        }
        let mut text = String::new();
        if width(&before) > LEAD_COLUMNS {
            text.push('…');
            text.push_str(last_columns(&before, LEAD_COLUMNS - 1));
        } else {
            text.push_str(&before);
        }
        let indent = width(&text);
        text.push_str(first_columns(&inside, LINE_COLUMNS - indent));
        let marked = width(&text) - indent;
        let tail = first_columns(&after, LINE_COLUMNS - indent - marked);
        text.push_str(tail);
        if marked < self::width(&inside) || tail.len() < after.len() {
            text.push('…');
        }
        Self {
            text,
            indent,
            width: marked,
        }
    }
}

/// A text as it can be printed in one line: tabs as spaces, other control characters as a box.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => printable.push_str(TAB),
            // Marks that change the direction of writing could make the line read as another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => printable.push('\u{fffd}'),
            character if character.is_control() => printable.push('\u{fffd}'),
            character => printable.push(character),
        }
    }
    printable
}

/// A message in one line, shortened if it is beyond reading.
pub(super) fn single_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for (count, character) in message.chars().enumerate() {
        if count == MESSAGE_CHARACTERS {
            line.push('…');
            break;
        }
        match character {
            '\n' | '\r' | '\t' => line.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => line.push('\u{fffd}'),
            character if character.is_control() => line.push('\u{fffd}'),
            character => line.push(character),
        }
    }
    line
}

pub(super) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// The longest prefix of `text` that takes at most `limit` columns.
fn first_columns(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (index, character) in text.char_indices() {
        used += columns(character);
        if used > limit {
            return &text[..index];
        }
    }
    text
}

/// The longest suffix of `text` that takes at most `limit` columns.
fn last_columns(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (index, character) in text.char_indices().rev() {
        used += columns(character);
        if used > limit {
            return &text[index + character.len_utf8()..];
        }
    }
    text
}

fn digits(number: usize) -> usize {
    number
        .checked_ilog10()
        .map_or(1, |digits| digits as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Texts;

    fn rendered(text: &str, span: std::ops::Range<usize>) -> String {
        let problem = Diagnostic::error("A203", "it is wrong")
            .at(span)
            .label("here")
            .help("mend it");
        Report::new(Texts::new("p.toml", text), vec![problem]).render(false)
    }

    #[test]
    fn a_problem_points_at_its_bytes() {
        assert_eq!(
            rendered("seed = 1\ninputs = [\"trian\"]\n", 19..26),
            "error[A203]: it is wrong\n --> p.toml:2:11\n  |\n2 | inputs = [\"trian\"]\n  |           \
             ^^^^^^^ here\n  = help: mend it\n\n1 error\n"
        );
    }

    #[test]
    fn wide_characters_and_tabs_take_the_columns_they_show() {
        let text = "\t深 = x";
        let out = rendered(text, text.len() - 1..text.len());
        assert!(out.contains("1 |     深 = x\n  |          ^ here"), "{out}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_span() {
        let text = format!("{}bad{}", "a".repeat(500), "b".repeat(500));
        let out = rendered(&text, 500..503);
        let line = out.lines().find(|line| line.contains("bad")).unwrap();
        assert!(line.chars().count() <= LINE_COLUMNS + 8, "{line}");
        assert!(line.contains("aaabadbbb") && line.starts_with("1 | …") && line.ends_with('…'));
    }

    #[test]
    fn an_escape_sequence_in_the_file_does_not_reach_the_terminal() {
        let out = rendered("a = \"\u{1b}[31m\"", 0..1);
        assert!(!out.contains('\u{1b}'));
    }

    #[test]
    fn colour_only_adds_escape_sequences() {
        let problem = Diagnostic::warning("A220", "unread").at(0..4);
        let report = Report::new(Texts::new("p.toml", "seed = 1"), vec![problem]);
        let escapes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        assert!(escapes.is_match(&report.render(true)));
        assert_eq!(
            escapes.replace_all(&report.render(true), ""),
            report.render(false)
        );
    }
}
