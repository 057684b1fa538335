//! `${VARIABLE}` and `${VARIABLE:-default}` in the strings of a pipeline.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Texts};

/// Replaces the variables in every string of `table`. `$${` stands for `${` itself.
pub(super) fn substitute(
    table: &mut DeTable<'_>,
    texts: &Texts,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Vec<Diagnostic> {
    let mut substitution = Substitution {
        texts,
        environment,
        problems: Vec::new(),
    };
    substitution.table(table);
    substitution.problems
}

struct Substitution<'s> {
    texts: &'s Texts,
    environment: &'s dyn Fn(&str) -> Option<String>,
    problems: Vec<Diagnostic>,
}

impl Substitution<'_> {
    fn table(&mut self, table: &mut DeTable<'_>) {
        for (_, value) in table.iter_mut() {
            self.value(value);
        }
    }

    // The parser refuses values nested more than 80 deep, so the recursion ends.
    fn value(&mut self, value: &mut Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(text) if text.contains("${") => {
                *text = Cow::Owned(self.string(text, &span));
            }
            DeValue::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            DeValue::Table(table) => self.table(table),
            _ => {}
        }
    }

    fn string(&mut self, text: &str, span: &Range<usize>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, variable) = rest.split_at(start);
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = &variable[2..];
                continue;
            }
            out.push_str(before);
            let Some(end) = variable.find('}') else {
                let problem = Diagnostic::error("A110", "`${` is never closed")
                    .label("no `}` follows")
                    .help("close it with `}`, or write `$${` for the two characters themselves");
                self.problems.push(problem.at(self.place(variable, span)));
                rest = variable;
                break;
            };
            let (variable, after) = variable.split_at(end + 1);
            out.push_str(&self.variable(variable, span));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The value of `variable`, which is written `${NAME}` or `${NAME:-default}`.
    fn variable(&mut self, variable: &str, span: &Range<usize>) -> String {
        let inner = &variable[2..variable.len() - 1];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if !is_name(name) {
            let problem = Diagnostic::error("A110", format!("`{name}` is not a variable's name"))
                .label("letters, digits and `_` only")
                .help("write `$${` if you mean the two characters themselves");
            self.problems.push(problem.at(self.place(variable, span)));
            return variable.to_owned();
        }
        // An empty variable counts as unset where there is a default, as in a shell.
        let value = (self.environment)(name);
        match (
            value.filter(|value| default.is_none() || !value.is_empty()),
            default,
        ) {
            (Some(value), _) => value,
            (None, Some(default)) => default.to_owned(),
            (None, None) => {
                let problem =
                    Diagnostic::error("A109", format!("the variable `{name}` is not set"))
                        .label("not in the environment")
                        .help(format!("set it, or give a default: `${{{name}:-...}}`"));
                self.problems.push(problem.at(self.place(variable, span)));
                variable.to_owned()
            }
        }
    }

    /// Where `part` stands in the string at `span`; the whole string if it is written with
    /// escapes.
    fn place(&self, part: &str, span: &Range<usize>) -> Range<usize> {
        let found = self
            .texts
            .slice(span)
            .and_then(|written| written.find(part));
        found.map_or(span.clone(), |offset| {
            let start = span.start + offset;
            start..start + part.len()
        })
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substituted(text: &str) -> (String, Vec<Diagnostic>) {
        let document = format!("a = [{{ b = '{text}' }}]");
        let texts = Texts::new("p.toml", document.clone());
        let mut root = DeTable::parse(&document).unwrap().into_inner();
        let environment = |name: &str| match name {
            "HOME" => Some("here".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let problems = substitute(&mut root, &texts, &environment);
        let value = root["a"]
            .get_ref()
            .get(0)
            .unwrap()
            .get_ref()
            .get("b")
            .unwrap();
        (value.get_ref().as_str().unwrap().to_owned(), problems)
    }

    #[test]
    fn variables_and_defaults_are_replaced_wherever_a_string_stands() {
        assert_eq!(
            substituted("${HOME}/x/${NONE:-y}/${EMPTY:-z}/${EMPTY}"),
            ("here/x/y/z/".into(), vec![])
        );
    }

    #[test]
    fn a_doubled_dollar_and_a_lone_one_stay() {
        assert_eq!(
            substituted("$${HOME} $5 ^a$"),
            ("${HOME} $5 ^a$".into(), vec![])
        );
    }

    #[test]
    fn what_cannot_be_replaced_is_reported_at_its_bytes() {
        let (_, problems) = substituted("x${NONE}y${2}z${");
        let spans: Vec<_> = problems
            .iter()
            .map(|p| (p.code, p.span.clone().unwrap()))
            .collect();
        assert_eq!(
            spans,
            [("A109", 13..20), ("A110", 21..25), ("A110", 13..15)].map(|(c, s)| (c, s))
        );
    }
}
