//! A report for programs: JSON lines, and the workflow commands of GitHub Actions.

use std::fmt::Write;

use serde_json::{Value, json};

use super::render::{severity_name, single_line};
use super::{Diagnostic, Report};

impl Report {
    /// The report as JSON, one object a line: `severity`, `code`, `message`, `label`, `help` (a
    /// list), `file`, `flag` (the text of the `--set` flag that the problem is in, or null),
    /// `line` and `column` (in characters, from 1; null if the problem has no place) and `start`
    /// and `end` (byte offsets in the file or flag, or null).
    pub fn render_json(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "{}", self.to_json(diagnostic));
        }
        out
    }

    fn to_json(&self, diagnostic: &Diagnostic) -> Value {
        let place = diagnostic
            .span
            .as_ref()
            .and_then(|span| self.texts.locate(span));
        let origin = diagnostic
            .span
            .as_ref()
            .and_then(|span| self.texts.origin(span.start));
        let offset = |offset: usize| origin.and_then(|origin| offset.checked_sub(origin));
        json!({
            "severity": severity_name(diagnostic.severity),
            "code": diagnostic.code,
            "message": diagnostic.message,
            "label": diagnostic.label,
            "help": diagnostic.help,
            "file": self.texts.name(),
            "flag": place.filter(|place| !place.in_file).map(|place| place.content),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "start": diagnostic.span.as_ref().and_then(|span| offset(span.start)),
            "end": diagnostic.span.as_ref().and_then(|span| offset(span.end)),
        })
    }

    /// The report as workflow commands of GitHub Actions, which shows them beside the changed
    /// lines of a pull request. Format: "Workflow commands for GitHub Actions", GitHub Docs.
    pub fn render_github(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            let mut message = single_line(&diagnostic.message);
            for help in &diagnostic.help {
                message.push_str("\nhelp: ");
                message.push_str(&single_line(help));
            }
            let file = property(self.texts.name());
            let place = diagnostic
                .span
                .as_ref()
                .and_then(|span| self.texts.locate(span));
            let at = place
                .filter(|place| place.in_file)
                .map_or(String::new(), |place| {
                    let width = place.content[place.start..place.end].chars().count();
                    let (line, column) = (place.line, place.column);
                    format!(",line={line},col={column},endColumn={}", column + width)
                });
            let (severity, code) = (severity_name(diagnostic.severity), diagnostic.code);
            // Writing to a `String` cannot fail.
            let _ = writeln!(
                out,
                "::{severity} file={file}{at},title=augment {code}::{}",
                data(&message)
            );
        }
        out
    }
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Texts;

    fn report() -> Report {
        let problem = Diagnostic::error("A203", "100% wrong")
            .at(11..14)
            .help("mend it");
        Report::new(Texts::new("a,b.toml", "seed = 1\nx=bad"), vec![problem])
    }

    #[test]
    fn json_has_one_object_a_line() {
        let value: Value = serde_json::from_str(report().render_json().trim_end()).unwrap();
        assert_eq!(value["code"], "A203");
        assert_eq!((&value["line"], &value["column"]), (&json!(2), &json!(3)));
        assert_eq!(
            (&value["start"], &value["flag"]),
            (&json!(11), &Value::Null)
        );
    }

    #[test]
    fn github_commands_are_escaped() {
        assert_eq!(
            report().render_github(),
            "::error file=a%2Cb.toml,line=2,col=3,endColumn=6,title=augment A203::100%25 wrong%0A\
             help: mend it\n"
        );
    }
}
