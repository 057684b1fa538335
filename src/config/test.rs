//! `[[tests]]`: which rows go in where, and what is expected to come of them.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::RawPipeline;
use super::shape::string;
use crate::diagnostic::Diagnostic;
use crate::table::{check_keys, nearest};

const KEYS: [&str; 5] = ["name", "at", "from", "input", "expect"];
/// Those that every test has to give.
const REQUIRED: [&str; 4] = ["name", "at", "input", "expect"];

/// One `[[tests]]` table of the right shape. Whether its columns, nodes and expectations exist is
/// for the plan to say.
#[derive(Debug, Clone)]
pub struct RawTest<'d> {
    /// Where it begins.
    pub span: Range<usize>,
    /// What it is called.
    pub name: Spanned<String>,
    /// The node, or the output of a node, whose rows are looked at.
    pub at: Spanned<String>,
    /// The node that the rows are put into, if it is another one.
    pub from: Option<Spanned<String>>,
    /// The rows.
    pub input: Vec<Spanned<DeTable<'d>>>,
    /// What is expected of them.
    pub expect: Spanned<DeTable<'d>>,
}

/// The name of the file that keeps what came of the test `name`: its letters and digits, with `-`
/// for all that stands between them.
pub fn snapshot_name(name: &str) -> String {
    let words: Vec<String> = name
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

/// Reads the tests; those that have not the right shape are left out, with a problem each.
pub(super) fn read<'d>(
    tests: Spanned<DeValue<'d>>,
    pipeline: &RawPipeline<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<RawTest<'d>> {
    let not_tables = |span: Range<usize>| {
        Diagnostic::error("A103", "`tests` is not a list of tables")
            .at(span)
            .help("begin each test with [[tests]]")
    };
    let span = tests.span();
    let DeValue::Array(tests) = tests.into_inner() else {
        problems.push(not_tables(span));
        return Vec::new();
    };
    let mut read = Vec::new();
    for test in tests {
        let span = test.span();
        match test.into_inner() {
            DeValue::Table(table) => read.extend(read_one(table, span, pipeline, problems)),
            _ => problems.push(not_tables(span)),
        }
    }
    check_names(&read, problems);
    read
}

fn read_one<'d>(
    mut table: DeTable<'d>,
    span: Range<usize>,
    pipeline: &RawPipeline<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<RawTest<'d>> {
    problems.extend(check_keys(&table, &KEYS));
    for key in REQUIRED {
        if !table.contains_key(key) {
            let problem = Diagnostic::error("A104", format!("the test has no `{key}`"));
            problems.push(problem.at(span.clone()).help(format!("add `{key} = ...`")));
        }
    }
    let mut text = |key: &str, problems: &mut Vec<Diagnostic>| {
        string(
            table.remove(key)?,
            &format!("`{key}` is not a string"),
            problems,
        )
    };
    let name = text("name", problems);
    let at = text("at", problems);
    let from = text("from", problems);
    for node in [&at, &from].into_iter().flatten() {
        problems.extend(check_node(node, pipeline));
    }
    let input = table
        .remove("input")
        .and_then(|input| read_input(input, problems));
    let expect = table
        .remove("expect")
        .and_then(|expect| read_expect(expect, problems));
    Some(RawTest {
        span,
        name: name?,
        at: at?,
        from,
        input: input?,
        expect: expect?,
    })
}

fn check_node(node: &Spanned<String>, pipeline: &RawPipeline<'_>) -> Option<Diagnostic> {
    let id = node.get_ref().split('.').next().unwrap_or_default();
    if !pipeline.complete || pipeline.nodes().any(|other| other.id == id) {
        return None;
    }
    let problem = Diagnostic::error("A113", format!("the test is at unknown node `{id}`"))
        .at(node.span())
        .label("no node has this name");
    let names: Vec<&str> = pipeline.nodes().map(|node| node.id.as_str()).collect();
    Some(match nearest(id, names.iter().copied()) {
        Some(near) => problem.help(format!("a similar node exists: `{near}`")),
        None if names.is_empty() => problem.help("give the id of an operator of this file"),
        None => problem.help(format!("the nodes are: {}", names.join(", "))),
    })
}

fn read_input<'d>(
    input: Spanned<DeValue<'d>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Spanned<DeTable<'d>>>> {
    let wrong = |span: Range<usize>, message: &str| {
        Diagnostic::error("A103", message)
            .at(span)
            .help("write for example `input = [{ text = \"one row\" }, { text = \"another\" }]`")
    };
    let span = input.span();
    let DeValue::Array(items) = input.into_inner() else {
        problems.push(wrong(span, "`input` is not a list of rows"));
        return None;
    };
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(row) => rows.push(Spanned::new(span, row)),
            _ => problems.push(wrong(span, "a row of a test is not a table")),
        }
    }
    Some(rows)
}

fn read_expect<'d>(
    expect: Spanned<DeValue<'d>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Spanned<DeTable<'d>>> {
    let span = expect.span();
    if let DeValue::Table(table) = expect.into_inner() {
        return Some(Spanned::new(span, table));
    }
    let problem = Diagnostic::error("A103", "`expect` is not a table").at(span);
    problems.push(problem.help("write for example `expect = { rows = 1 }`"));
    None
}

/// Tests are picked by name, and a snapshot is called after its test: names must differ in more
/// than case and punctuation.
fn check_names(tests: &[RawTest<'_>], problems: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for test in tests {
        let name = test.name.get_ref();
        let key = snapshot_name(name);
        let problem = if key.is_empty() {
            Diagnostic::error("A130", "the name of the test has no letter and no digit")
                .help("say in a few words what the test shows")
        } else if let Some(other) = first.get(&key) {
            let message = if other == name {
                format!("two tests are called `{name}`")
            } else {
                format!("two tests are called `{other}` and `{name}`, which is too much alike")
            };
            Diagnostic::error("A130", message)
                .label("the name is taken")
                .help("call this test by another name")
        } else {
            first.insert(key, name);
            continue;
        };
        problems.push(problem.at(test.name.span()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_called_after_its_test() {
        assert_eq!(
            snapshot_name("Short rows: left alone!"),
            "short-rows-left-alone"
        );
        assert_eq!(snapshot_name("Größe ../2"), "größe-2");
        assert_eq!(snapshot_name("--"), "");
    }
}
