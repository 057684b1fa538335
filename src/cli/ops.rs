//! `augment ops`: the operators and their documentation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use serde_json::{Value, json};
use toml::de::DeTable;

use super::args::{DocumentFormat, OpsArguments};
use super::{ExitStatus, Printer, written};
use crate::operator::{Example, OperatorDocument, OptionDocument, Registry};
use crate::report::{Palette, wrapped};
use crate::table::suggestion;

/// Does what `augment ops` is asked to.
pub(super) fn ops(registry: &Registry, arguments: &OpsArguments, printer: &Printer) -> ExitStatus {
    let palette = printer.out_palette();
    let text = match (&arguments.name, arguments.format) {
        (None, DocumentFormat::Text) => list(registry, palette, printer.columns()),
        (None, DocumentFormat::Json) => {
            let all: Vec<Value> = registry
                .names()
                .filter_map(|name| registry.document(name))
                .map(|document| json_of(registry, &document))
                .collect();
            format!("{:#}\n", Value::Array(all))
        }
        (Some(name), format) => {
            let Some(document) = registry.document(name) else {
                let names: Vec<&str> = registry.names().collect();
                let help = suggestion(name, "operator", &names)
                    .unwrap_or_else(|| "`augment ops` lists all operators".to_owned());
                printer.error(&format!("no operator has the type `{name}`"), Some(&help));
                return ExitStatus::NotStarted;
            };
            match format {
                DocumentFormat::Text => describe(registry, &document, palette, printer.columns()),
                DocumentFormat::Json => format!("{:#}\n", json_of(registry, &document)),
            }
        }
    };
    written(printer, &text)
}

/// One line for each operator, wrapped under its summary where that is long.
fn list(registry: &Registry, palette: Palette, width: usize) -> String {
    let column = registry
        .names()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default()
        + 2;
    let indent = " ".repeat(column);
    let mut text = String::new();
    for document in registry.names().filter_map(|name| registry.document(name)) {
        let summary = wrapped(&document.summary, &indent, width);
        let padding = column - document.name.chars().count();
        text.push_str(&palette.name(document.name));
        text.push_str(&" ".repeat(padding));
        text.push_str(summary.get(column..).unwrap_or("\n"));
    }
    text
}

/// Everything about one operator.
fn describe(
    registry: &Registry,
    document: &OperatorDocument,
    palette: Palette,
    width: usize,
) -> String {
    let mut text = format!("{}\n\n", palette.name(document.name));
    // Writing to a `String` cannot fail, here and below.
    text.push_str(&wrapped(&document.summary, "", width));
    if !document.details.is_empty() {
        text.push('\n');
        text.push_str(&wrapped(&document.details, "", width));
    }
    for (title, options) in [
        ("Options", &document.options),
        ("Options of every row-level operator", &document.common),
    ] {
        if !options.is_empty() {
            let _ = write!(text, "\n{}\n", palette.heading(title));
            for option in options {
                text.push_str(&describe_option(option, palette, width));
            }
        }
    }
    let ports = ports(registry, document);
    if ports.len() > 1 {
        let _ = write!(text, "\n{}\n", palette.heading("Outputs"));
        for port in ports {
            let node = if port.is_empty() {
                "ID".to_owned()
            } else {
                format!("ID.{port}")
            };
            let _ = writeln!(text, "  {}", palette.name(node));
        }
    }
    for example in &document.examples {
        text.push_str(&describe_example(document.name, example, palette, width));
    }
    text
}

fn describe_option(option: &OptionDocument, palette: Palette, width: usize) -> String {
    let mut facts = vec![option.kind.clone()];
    if option.required {
        facts.push("required".to_owned());
    }
    facts.extend(
        option
            .default
            .as_ref()
            .map(|default| format!("default {default}")),
    );
    facts.retain(|fact| !fact.is_empty());
    let facts = palette.faint(facts.join(", "));
    let description = wrapped(&option.description, "      ", width);
    format!("  {}  {facts}\n{description}", palette.name(&option.name))
}

fn describe_example(name: &str, example: &Example, palette: Palette, width: usize) -> String {
    let mut text = format!("\n{}\n", palette.heading("Example"));
    text.push_str(&wrapped(example.title, "  ", width));
    let _ = write!(text, "\n      type = \"{name}\"\n");
    for line in example
        .options
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        let _ = writeln!(text, "      {line}");
    }
    text.push('\n');
    let mut line = |label: &str, row: &str, beside: &str| {
        let shown = format!("{}{beside}", super::diff::visible(row));
        let shown = wrapped(&shown, "          ", width);
        let _ = write!(text, "  {}", palette.faint(format!("{label:<8}")));
        text.push_str(shown.get(10..).unwrap_or("(empty)\n"));
    };
    for (number, row) in example.input.iter().enumerate() {
        let mut beside = String::new();
        for (column, value) in example.beside(number) {
            let _ = write!(beside, "  [{column}: {}]", super::diff::visible(value));
        }
        line("before", row, &beside);
    }
    for row in example.output {
        line("after", row, "");
    }
    text
}

/// The names of the operator's outputs as its first example sets it up, the main one empty.
fn ports(registry: &Registry, document: &OperatorDocument) -> Vec<String> {
    let options = document
        .examples
        .first()
        .map_or("", |example| example.options);
    let nowhere: Range<usize> = 0..0;
    DeTable::parse(options)
        .ok()
        .and_then(|table| {
            registry
                .parse(document.name, table.get_ref(), nowhere)?
                .ok()
        })
        .map(|operator| operator.ports().into_iter().map(|port| port.name).collect())
        .unwrap_or_default()
}

fn json_of(registry: &Registry, document: &OperatorDocument) -> Value {
    let options = |options: &[OptionDocument]| -> Vec<Value> {
        let as_json = |option: &OptionDocument| {
            json!({
                "name": option.name,
                "kind": option.kind,
                "default": option.default,
                "required": option.required,
                "description": option.description,
            })
        };
        options.iter().map(as_json).collect()
    };
    let examples: Vec<Value> = document
        .examples
        .iter()
        .map(|example| {
            json!({
                "title": example.title,
                "options": example.options,
                "columns": example.columns.iter().copied().collect::<BTreeMap<_, _>>(),
                "input": example.input,
                "output": example.output,
            })
        })
        .collect();
    json!({
        "name": document.name,
        "summary": document.summary,
        "details": document.details,
        "options": options(&document.options),
        "common_options": options(&document.common),
        "ports": ports(registry, document),
        "examples": examples,
    })
}
