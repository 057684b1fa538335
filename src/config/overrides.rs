//! `--set key=value`: one line of TOML that replaces values of the pipeline file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::{NodeKind, syntax};
use crate::diagnostic::Diagnostic;
use crate::table::nearest;

/// Sets what `flag` says in `root`. `start` is the offset of the flag's first byte among the texts
/// of the document, so that its values keep their place.
pub(super) fn apply<'i>(root: &mut DeTable<'i>, flag: &'i str, start: usize) -> Vec<Diagnostic> {
    let (table, errors) = DeTable::parse_recoverable(flag);
    if let Some(error) = errors.first() {
        let mut problem = syntax::problem(error, start);
        problem.code = "A111";
        problem.help.clear();
        return vec![problem.help(remedy(flag))];
    }
    let table = moved_table(table.into_inner(), start);
    if table.is_empty() {
        let problem = Diagnostic::error("A111", "this flag sets nothing").at(start..start);
        return vec![problem.help(remedy(flag))];
    }
    let unknown = unknown_nodes(root, &table);
    if unknown.is_empty() {
        merge(root, table);
    }
    unknown
}

/// How to write the flag, by what it seems to mean.
fn remedy(flag: &str) -> String {
    match flag.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
            let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
            format!("the value is TOML, so a string needs quotes: --set '{key}=\"{value}\"'")
        }
        _ => "write --set 'operators.NAME.OPTION=VALUE', the value as in the file".to_owned(),
    }
}

/// The nodes that a flag names and the file does not have: a flag changes a pipeline, it does not
/// extend it.
fn unknown_nodes(root: &DeTable<'_>, flag: &DeTable<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for kind in NodeKind::ALL {
        let Some(DeValue::Table(nodes)) = flag.get(kind.table()).map(Spanned::get_ref) else {
            continue;
        };
        let existing = root
            .get(kind.table())
            .and_then(|nodes| nodes.get_ref().as_table());
        for name in nodes.keys() {
            if existing.is_some_and(|known| known.contains_key(name.get_ref().as_ref())) {
                continue;
            }
            let names = existing
                .into_iter()
                .flat_map(DeTable::keys)
                .map(|key| key.get_ref().as_ref());
            let message = format!("the pipeline has no {kind} `{}` to set", name.get_ref());
            let problem = Diagnostic::error("A112", message)
                .at(name.span())
                .label("not in the file");
            problems.push(match nearest(name.get_ref(), names) {
                Some(near) => problem.help(format!("a similar {kind} exists: `{near}`")),
                None => problem.help(format!("add it to the file as [{}.NAME]", kind.table())),
            });
        }
    }
    problems
}

/// Puts the entries of `from` into `into`. Tables written with dots are followed; a table written
/// in braces replaces the one before, like every other value.
fn merge<'i>(into: &mut DeTable<'i>, from: DeTable<'i>) {
    for (key, value) in from {
        let name = key.get_ref().to_string();
        let span = value.span();
        match (
            into.get_mut(name.as_str()).map(Spanned::get_mut),
            value.into_inner(),
        ) {
            // The table of a dotted key stands at one of the parts of the key.
            (Some(DeValue::Table(existing)), DeValue::Table(table)) if span == key.span() => {
                merge(existing, table);
            }
            (_, value) => replace(into, key, Spanned::new(span, value)),
        }
    }
}

/// Puts an entry in the place of that of the same name, as the order of some tables means something.
/// The old key goes too, because it carries its place in the file.
fn replace<'i>(table: &mut DeTable<'i>, key: Spanned<DeString<'i>>, value: Spanned<DeValue<'i>>) {
    let mut new = Some((key, value));
    for (key, value) in std::mem::take(table) {
        let is_old = new
            .as_ref()
            .is_some_and(|(new, _)| new.get_ref() == key.get_ref());
        let (key, value) = new.take_if(|_| is_old).unwrap_or((key, value));
        table.insert(key, value);
    }
    if let Some((key, value)) = new {
        table.insert(key, value);
    }
}

fn moved(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

fn moved_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    let mut out = DeTable::new();
    for (key, value) in table {
        let span = moved(&key.span(), by);
        let key: Spanned<DeString<'_>> = Spanned::new(span, key.into_inner());
        out.insert(key, moved_value(value, by));
    }
    out
}

fn moved_value(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = moved(&value.span(), by);
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved_table(table, by)),
        DeValue::Array(items) => {
            let mut out = DeArray::new();
            for item in items {
                out.push(moved_value(item, by));
            }
            DeValue::Array(out)
        }
        other => other,
    };
    Spanned::new(span, value)
}
