//! The three ways in which a table of a pipeline file becomes an operator.

use std::any::type_name;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::SchemaGenerator;
use serde_json::Value;
use toml::de::DeTable;

use super::document::{OperatorDocument, description, options};
use super::{
    Configured, OperatorConfig, TextOperatorConfig, TextOptions,
    apply::TextNode,
    chosen::{Chosen, ChosenText},
    composite,
    composite::CompositeConfig,
    registry::Reading,
    schema,
};
use crate::columns::TextNames;
use crate::diagnostic::{Diagnostic, Problem};
use crate::table;

/// A type of operator.
pub(super) trait Kind: Send + Sync {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>>;
    fn document(&self) -> OperatorDocument;
    fn schema(&self, generator: &mut SchemaGenerator) -> Value;
    fn defined_by(&self) -> &'static str;
}

pub(super) struct BatchKind<C>(pub(super) PhantomData<fn() -> C>);

impl<C: OperatorConfig> Kind for BatchKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        _: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common: &[&str] = if takes_text::<C>(&own) {
            &["text"]
        } else {
            &[]
        };
        let mut problems = table::check_keys(table, &[&own[..], common].concat());
        let common = only(table, common);
        let chosen = table::deserialize::<ChosenText>(&common, span.clone());
        let text = chosen.map_or_else(
            |found| {
                problems.extend(found);
                None
            },
            |chosen| chosen.text,
        );
        if let Some((message, help)) = text.as_ref().and_then(TextNames::problem) {
            let problem = Problem::new("text", message, help);
            problems.extend(located(vec![problem], &common, &span));
        }
        let table = only(table, &own);
        match table::deserialize::<C>(&table, span.clone()) {
            Ok(config) => {
                problems.extend(located(OperatorConfig::validate(&config), &table, &span));
                if text.is_some() && !OperatorConfig::reads_text(&config) {
                    let problem = Problem::new(
                        "text",
                        "with these options the operator works on no text",
                        "leave `text` out",
                    );
                    problems.extend(located(vec![problem], &common, &span));
                }
                match text {
                    _ if !problems.is_empty() => Err(problems),
                    Some(text) => Ok(Box::new(Chosen { text, config })),
                    None => Ok(Box::new(config)),
                }
            }
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options: {
                let mut all = options::<C>();
                let names: Vec<&str> = all.iter().map(|option| option.name.as_str()).collect();
                if takes_text::<C>(&names) {
                    all.extend(options::<ChosenText>());
                }
                all
            },
            common: Vec::new(),
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = if takes_text::<C>(&own) {
            vec!["text".to_owned()]
        } else {
            Vec::new()
        };
        schema::of_table::<C, ChosenText>(C::NAME, &common, &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

/// Whether a batch-level operator takes the option `text` without having it itself: `own` are its
/// own.
fn takes_text<C: OperatorConfig>(own: &[&str]) -> bool {
    !own.contains(&"text") && Chosen::<C>::reads_text()
}

pub(super) struct TextKind<C>(pub(super) PhantomData<fn() -> C>);

impl<C: TextOperatorConfig> Kind for TextKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = common_keys::<C>(&own);
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        let mut problems = table::check_keys(table, &[&own[..], &common[..]].concat());
        let (own, common) = (only(table, &own), only(table, &common));
        let config = table::deserialize::<C>(&own, span.clone());
        let options = table::deserialize::<TextOptions>(&common, span.clone());
        if let Ok(config) = &config {
            problems.extend(located(config.validate(), &own, &span));
        }
        if let Ok(options) = &options {
            problems.extend(located(options.validate(C::DEFAULTS), &common, &span));
        }
        match (config, options) {
            (Ok(config), Ok(options)) if problems.is_empty() => Ok(Box::new(TextNode {
                options,
                config,
                is_step: reading.depth > 0,
            })),
            (config, options) => {
                problems.extend(config.err().into_iter().flatten());
                problems.extend(options.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        let own = options::<C>();
        let names: Vec<&str> = own.iter().map(|option| option.name.as_str()).collect();
        let keys = common_keys::<C>(&names);
        // What operators differ in is shown with the options of each.
        let (mut options, common): (Vec<_>, Vec<_>) = options::<TextOptions>()
            .into_iter()
            .filter(|option| keys.contains(&option.name))
            .partition(|option| VARIED.contains(&option.name.as_str()));
        let defaults = TextOptions::default().or(C::DEFAULTS);
        let defaults = serde_json::to_value(&defaults).unwrap_or(Value::Null);
        for option in &mut options {
            let default = defaults.get(&option.name);
            option.default = default
                .filter(|default| !default.is_null())
                .map(ToString::to_string);
        }
        options.extend(own);
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options,
            common,
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = common_keys::<C>(&own);
        schema::of_table::<C, TextOptions>(C::NAME, &common, &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

pub(super) struct CompositeKind<C>(pub(super) PhantomData<fn() -> C>);

impl<C: CompositeConfig> Kind for CompositeKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let known: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut problems = composite::check_keys(C::NAME, table, &known);
        let table = only(table, &known);
        let config = table::deserialize::<C>(&table, span.clone());
        if let Ok(config) = &config {
            problems.extend(located(config.validate(), &table, &span));
        }
        let (config, found) = match config {
            Ok(config) => (Some(config), Vec::new()),
            Err(found) => (None, found),
        };
        problems.extend(found);
        let node = composite::CompositeNode::read(config, &table, &span, reading);
        match node {
            Ok(Some(node)) if problems.is_empty() => Ok(Box::new(node)),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found);
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options: options::<C>(),
            common: Vec::new(),
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        schema::of_table::<C, TextOptions>(C::NAME, &[], &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

/// The common options in which the defaults of operators differ.
const VARIED: [&str; 4] = ["rate", "min", "max", "stop_words"];

/// The common options that an operator takes, `own` being its own: these come first, and who has
/// no rate takes no bounds of it either.
fn common_keys<C: TextOperatorConfig>(own: &[&str]) -> Vec<String> {
    let mut keys = table::keys_of::<TextOptions>();
    let has_rate = C::DEFAULTS.rate.is_some();
    keys.retain(|key| {
        !own.contains(&key.as_str())
            && (has_rate || !matches!(key.as_str(), "rate" | "min" | "max"))
    });
    keys
}

/// The entries of `table` whose keys are in `keys`.
fn only<'i>(table: &DeTable<'i>, keys: &[&str]) -> DeTable<'i> {
    let mut part = DeTable::new();
    for (key, value) in table {
        if keys.contains(&key.get_ref().as_ref()) {
            part.insert(key.clone(), value.clone());
        }
    }
    part
}

/// Problems as diagnostics, each at the value of its option.
fn located(problems: Vec<Problem>, table: &DeTable<'_>, span: &Range<usize>) -> Vec<Diagnostic> {
    problems
        .into_iter()
        .map(|problem| {
            let place = table::place_of_problem(table, &problem).unwrap_or_else(|| span.clone());
            let diagnostic = Diagnostic::error("A105", problem.message).at(place);
            if problem.help.is_empty() {
                diagnostic
            } else {
                diagnostic.help(problem.help)
            }
        })
        .collect()
}
