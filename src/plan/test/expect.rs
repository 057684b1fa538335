//! What a test expects.

use std::ops::Range;

use regex::Regex;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::TestedOutput;
use super::literal::literal;
use super::node::{Node, Target};
use super::rows::check_columns;
use super::value::{self, Cell};
use crate::diagnostic::Diagnostic;
use crate::table::nearest;

/// What can be expected of the rows of an output.
pub(super) const OF_ROWS: [&str; 5] = ["rows", "output", "changed", "contains", "matches"];
/// What can be expected of a node as a whole, apart from counts.
pub(super) const OF_NODE: [&str; 2] = ["ports", "snapshot"];
/// The kinds of reasons that operators count rows under.
pub(super) const KINDS: [&str; 5] = ["unchanged", "filtered", "rejected", "shortfall", "error"];

/// What a test expects, apart from what it expects of single outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// How many rows have to be counted under a reason (`filtered: words`), or a kind of reasons.
    pub counts: Vec<(String, u64)>,
    /// Whether what comes of the test has to be what came of it before.
    pub snapshot: bool,
}

/// What a test expects of one output.
#[derive(Debug, Clone, Default)]
pub struct ExpectedRows {
    /// How many rows there have to be.
    pub rows: Option<u64>,
    /// The rows, in their order.
    pub output: Option<Vec<ExpectedRow>>,
    /// Whether every text has to differ from that of its row before, or none may.
    pub changed: Option<bool>,
    /// What every text has to contain.
    pub contains: Vec<String>,
    /// What every text has to match.
    pub matches: Option<Regex>,
}

/// One row that has to come: columns, by their position, and their values as they would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRow(pub Vec<(usize, String)>);

/// Reads `expect`; what it says of single outputs goes to these.
pub(super) fn read(
    expect: &Spanned<DeTable<'_>>,
    target: &Target,
    counts_nothing: bool,
    outputs: &mut [TestedOutput],
    problems: &mut Vec<Diagnostic>,
) -> Option<Expectation> {
    let before = problems.len();
    let mut expectation = Expectation::default();
    if expect.get_ref().is_empty() {
        let problem = Diagnostic::error("A134", "the test expects nothing").at(expect.span());
        problems.push(problem.help("say for example how many `rows` have to come"));
    }
    for (key, value) in expect.get_ref() {
        let name = key.get_ref().as_ref();
        let kind = name.split(':').next().unwrap_or_default();
        match name {
            "snapshot" => expectation.snapshot = boolean("snapshot", value, problems)?,
            "ports" => ports(value, target, outputs, problems),
            name if OF_ROWS.contains(&name) => {
                let output = outputs.iter_mut().find(|output| output.name == "output");
                match output {
                    Some(output) => of_rows(key, value, output, problems),
                    None => problems.push(no_main_output(key, target)),
                }
            }
            name if KINDS.contains(&kind) && (kind == name || name.contains(": ")) => {
                if counts_nothing {
                    let message = format!("`{name}` is counted by operators, and none is tested");
                    let problem = Diagnostic::error("A134", message).at(key.span());
                    problems.push(problem.help("test an operator, or leave this out"));
                } else if let Some(count) = number(name, value, problems) {
                    expectation.counts.push((name.to_owned(), count));
                }
            }
            _ => {
                let known = OF_ROWS.iter().chain(&OF_NODE).chain(&KINDS).copied();
                problems.push(unknown(key, known));
            }
        }
    }
    expectation.counts.sort();
    (problems.len() == before).then_some(expectation)
}

/// Reads what is expected of outputs by their names.
fn ports(
    value: &Spanned<DeValue<'_>>,
    target: &Target,
    outputs: &mut [TestedOutput],
    problems: &mut Vec<Diagnostic>,
) {
    let Some(ports) = value.get_ref().as_table() else {
        let help = "write for example `ports = { rejected = { rows = 1 } }`";
        problems.push(mistyped("ports", "a table", value.span()).help(help));
        return;
    };
    for (key, value) in ports {
        let name = key.get_ref().as_ref();
        let output = outputs
            .iter_mut()
            .find(|output| output.name.strip_prefix("ports.") == Some(name));
        let Some(output) = output else {
            problems.push(unknown_port(key, target));
            continue;
        };
        let Some(expected) = value.get_ref().as_table() else {
            let help = format!("write for example `{name} = {{ rows = 1 }}`");
            problems.push(mistyped(name, "a table", value.span()).help(help));
            continue;
        };
        for (key, value) in expected {
            if OF_ROWS.contains(&key.get_ref().as_ref()) {
                of_rows(key, value, output, problems);
            } else {
                problems.push(unknown(key, OF_ROWS.into_iter()));
            }
        }
    }
}

/// Reads one thing that is expected of the rows of `output`.
fn of_rows(
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    output: &mut TestedOutput,
    problems: &mut Vec<Diagnostic>,
) {
    let name = key.get_ref().as_ref();
    match name {
        "rows" => output.expected.rows = number(name, value, problems),
        "output" => output.expected.output = rows(value, output, problems),
        // The others are about the text.
        _ if output.text.is_none() => {
            let message = format!("`{name}` is about the text, and no text arrives here");
            let problem = Diagnostic::error("A134", message).at(key.span());
            problems.push(problem.help("compare columns that arrive, by `output`"));
        }
        "changed" => output.expected.changed = boolean(name, value, problems),
        "contains" => output.expected.contains = strings(name, value, problems),
        _ => output.expected.matches = pattern(name, value, problems),
    }
}

/// The rows that have to come, as the output would have them.
fn rows(
    value: &Spanned<DeValue<'_>>,
    output: &TestedOutput,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<ExpectedRow>> {
    let help = "write for example `output = [{ text = \"one row\" }]`, or `output = []`";
    let Some(items) = value.get_ref().as_array() else {
        problems.push(mistyped("output", "a list of rows", value.span()).help(help));
        return None;
    };
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let Some(row) = item.get_ref().as_table() else {
            let message = "a row of `output` is not a table";
            problems.push(
                Diagnostic::error("A103", message)
                    .at(item.span())
                    .help(help),
            );
            continue;
        };
        check_columns(row, &output.schema, problems);
        let mut columns = Vec::with_capacity(row.len());
        for (position, field) in output.schema.fields().iter().enumerate() {
            let Some(value) = row.get(field.name().as_str()) else {
                continue;
            };
            let cell = Cell::new(Some(value), item.span());
            if let Some(array) = value::array(field.name(), field, &[cell], problems) {
                columns.push((position, literal(&array, 0)));
            }
        }
        rows.push(ExpectedRow(columns));
    }
    Some(rows)
}

fn number(name: &str, value: &Spanned<DeValue<'_>>, problems: &mut Vec<Diagnostic>) -> Option<u64> {
    let number = value::integer(value.get_ref()).and_then(|number| u64::try_from(number).ok());
    if number.is_none() {
        let problem = mistyped(name, "a whole number from 0", value.span());
        problems.push(problem.help(format!("write for example `{name} = 2`")));
    }
    number
}

fn boolean(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<bool> {
    let truth = value.get_ref().as_bool();
    if truth.is_none() {
        problems.push(mistyped(name, "`true` or `false`", value.span()));
    }
    truth
}

/// A string, or several.
fn strings(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let of = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(str::to_owned);
    let strings: Option<Vec<String>> = match value.get_ref() {
        DeValue::Array(items) => items.iter().map(of).collect(),
        _ => of(value).map(|one| vec![one]),
    };
    strings.unwrap_or_else(|| {
        problems.push(mistyped(
            name,
            "a string or a list of strings",
            value.span(),
        ));
        Vec::new()
    })
}

fn pattern(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Regex> {
    let Some(pattern) = value.get_ref().as_str() else {
        problems.push(mistyped(name, "a string", value.span()));
        return None;
    };
    match Regex::new(pattern) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The last line says what is wrong; those before it draw the pattern.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            let message = format!("`{name}` is not a regular expression: {reason}");
            let problem = Diagnostic::error("A134", message).at(value.span());
            problems.push(problem.help("in TOML, 'single quotes' leave every `\\` as it is"));
            None
        }
    }
}

fn mistyped(name: &str, what: &str, place: Range<usize>) -> Diagnostic {
    Diagnostic::error("A103", format!("`{name}` takes {what}"))
        .at(place)
        .label(format!("not {what}"))
}

fn unknown(
    key: &Spanned<DeString<'_>>,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Diagnostic {
    let name = key.get_ref().as_ref();
    let problem = Diagnostic::error("A102", format!("nothing called `{name}` can be expected"))
        .at(key.span())
        .label("no such expectation");
    if let Some(near) = nearest(name, known.clone()) {
        return problem.help(format!("a similar expectation exists: `{near}`"));
    }
    let known: Vec<&str> = known.collect();
    problem.help(format!("what can be expected is: {}", known.join(", ")))
}

fn unknown_port(key: &Spanned<DeString<'_>>, target: &Target) -> Diagnostic {
    let name = key.get_ref().as_ref();
    let message = format!("what is tested has no other output `{name}`");
    let problem = Diagnostic::error("A113", message)
        .at(key.span())
        .label("no output has this name");
    let others = &target.others;
    match nearest(name, others.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("a similar output exists: `{near}`")),
        None if others.is_empty() => match target.node {
            Node::Operator(_) => problem.help("it has no other output: leave `ports` out"),
            Node::Source(_) | Node::Sink(_) => problem.help("only operators have several outputs"),
        },
        None => problem.help(format!("its other outputs are: {}", others.join(", "))),
    }
}

fn no_main_output(key: &Spanned<DeString<'_>>, target: &Target) -> Diagnostic {
    let message = format!(
        "`{}` is about one output, and which is not said",
        key.get_ref()
    );
    let names = target.others.join(", ");
    Diagnostic::error("A134", message)
        .at(key.span())
        .help(format!(
            "name one in `at = \"ID.OUTPUT\"`, or use `ports`; the outputs are: {names}"
        ))
}
