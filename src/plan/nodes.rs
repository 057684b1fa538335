//! The options of every node, typed.

use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;

use super::Catalog;
use crate::config::{NodeKind, RawNode, RawPipeline};
use crate::diagnostic::{Diagnostic, Problem};
use crate::operator::{Configured, Registry};
use crate::sink::parquet::ParquetSinkConfig;
use crate::source::parquet::ParquetSourceConfig;
use crate::source::{SourceError, SourceFacts, clean_path};
use crate::table::{check_keys, deserialize, keys_of, suggestion};

/// The nodes of a pipeline, in the order of the file; nothing where the options are wrong.
pub(super) struct Nodes {
    pub(super) sources: Vec<ReadSource>,
    pub(super) operators: Vec<Option<Arc<dyn Configured>>>,
    /// What the files hold that the options of each operator name.
    pub(super) facts: Vec<Value>,
    pub(super) sinks: Vec<Option<ParquetSinkConfig>>,
}

#[derive(Default)]
pub(super) struct ReadSource {
    pub(super) config: Option<ParquetSourceConfig>,
    pub(super) facts: Option<SourceFacts>,
}

/// Reads the options of all nodes.
pub(super) fn read(
    raw: &RawPipeline<'_>,
    registry: &Registry,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) -> Nodes {
    let sources = raw
        .sources
        .iter()
        .map(|node| read_source(node, catalog, problems))
        .collect();
    let operators: Vec<Option<Arc<dyn Configured>>> = raw
        .operators
        .iter()
        .map(|node| read_operator(node, registry, problems))
        .collect();
    let facts = raw
        .operators
        .iter()
        .zip(&operators)
        .map(|(node, operator)| inspect(node, operator.as_deref(), catalog, problems))
        .collect();
    let sinks = raw
        .sinks
        .iter()
        .map(|node| read_sink(node, problems))
        .collect();
    Nodes {
        sources,
        operators,
        facts,
        sinks,
    }
}

fn read_source(
    node: &RawNode<'_>,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) -> ReadSource {
    if !is_parquet(node, problems) {
        return ReadSource::default();
    }
    let Some(config) = read_options(node, ParquetSourceConfig::validate, problems) else {
        return ReadSource::default();
    };
    match catalog.facts(&config) {
        Ok(facts) => ReadSource {
            config: Some(config),
            facts: Some(facts),
        },
        Err(errors) => {
            problems.extend(errors.iter().map(|error| source_problem(node, error)));
            ReadSource {
                config: Some(config),
                facts: None,
            }
        }
    }
}

fn read_sink(node: &RawNode<'_>, problems: &mut Vec<Diagnostic>) -> Option<ParquetSinkConfig> {
    if is_parquet(node, problems) {
        read_options(node, ParquetSinkConfig::validate, problems)
    } else {
        None
    }
}

fn read_operator(
    node: &RawNode<'_>,
    registry: &Registry,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arc<dyn Configured>> {
    let type_name = node.type_name.as_ref()?;
    match registry.parse(type_name.get_ref(), &node.options, node.span.clone()) {
        Some(Ok(configured)) => Some(Arc::from(configured)),
        Some(Err(found)) => {
            problems.extend(found);
            None
        }
        None => {
            problems.push(unknown_type(
                node,
                type_name,
                &registry.names().collect::<Vec<_>>(),
            ));
            None
        }
    }
}

/// What the files hold that the options of an operator name.
fn inspect(
    node: &RawNode<'_>,
    operator: Option<&dyn Configured>,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) -> Value {
    let Some(operator) = operator else {
        return Value::Null;
    };
    catalog.inspect(operator).unwrap_or_else(|found| {
        let found = found.into_iter();
        problems.extend(found.map(|problem| located("A450", problem, node)));
        Value::Null
    })
}

/// Whether the node is of the one type that sources and sinks have.
fn is_parquet(node: &RawNode<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    match &node.type_name {
        Some(type_name) if type_name.get_ref() == "parquet" => true,
        Some(type_name) => {
            problems.push(unknown_type(node, type_name, &["parquet"]));
            false
        }
        None => false,
    }
}

fn unknown_type(node: &RawNode<'_>, type_name: &Spanned<String>, known: &[&str]) -> Diagnostic {
    let (kind, name) = (node.kind, type_name.get_ref());
    let problem = Diagnostic::error("A115", format!("there is no {kind} of type `{name}`"))
        .at(type_name.span())
        .label("unknown type");
    let similar = || suggestion(name, "type", known);
    let all = || format!("the types are: {}", known.join(", "));
    let help = conversion(node.kind, name).or_else(similar);
    problem.help(help.unwrap_or_else(all))
}

/// How to get along with files of another format, where the type of a source or sink names one.
fn conversion(kind: NodeKind, format: &str) -> Option<String> {
    if !["csv", "json", "jsonl", "ndjson"].contains(&format) {
        return None;
    }
    match kind {
        NodeKind::Source => Some(format!(
            "sources are Parquet files, `type = \"parquet\"`; DuckDB makes them of {format}: \
             `COPY (FROM 'in.{format}') TO 'in.parquet'`"
        )),
        NodeKind::Sink => Some(format!(
            "sinks write Parquet, `type = \"parquet\"`; DuckDB makes {format} of it: \
             `COPY (FROM 'out.parquet') TO 'out.{format}'`"
        )),
        NodeKind::Operator => None,
    }
}

fn read_options<T: DeserializeOwned + JsonSchema>(
    node: &RawNode<'_>,
    validate: impl Fn(&T) -> Vec<Problem>,
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    let known = keys_of::<T>();
    problems.extend(check_keys(
        &node.options,
        &known.iter().map(String::as_str).collect::<Vec<_>>(),
    ));
    match deserialize::<T>(&node.options, node.span.clone()) {
        Ok(config) => {
            let found = validate(&config);
            let valid = found.is_empty();
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| located("A105", problem, node)),
            );
            valid.then_some(config)
        }
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

/// A problem with an option of `node`, at the value of the option.
pub(super) fn located(code: &'static str, problem: Problem, node: &RawNode<'_>) -> Diagnostic {
    let place = node.place_of_problem(&problem);
    let diagnostic = Diagnostic::error(code, problem.message).at(place);
    if problem.help.is_empty() {
        diagnostic
    } else {
        diagnostic.help(problem.help)
    }
}

pub(super) fn source_problem(node: &RawNode<'_>, error: &SourceError) -> Diagnostic {
    let message = error.to_string();
    let place = match error.option() {
        "paths" => place_of_path(node, &message),
        option => match error.item() {
            Some(item) => node.place_of(&format!("{option}.{item}")),
            None => node.place_of(option),
        },
    };
    Diagnostic::error(error.code(), message)
        .at(place)
        .help(error.help())
}

/// Where the entry of `paths` stands that `message` is about; all of `paths` if that is unclear.
fn place_of_path(node: &RawNode<'_>, message: &str) -> Range<usize> {
    let entries = node
        .options
        .get("paths")
        .and_then(|paths| paths.get_ref().as_array());
    let entries = entries.map_or(&[][..], |entries| entries);
    if let [only] = entries {
        return only.span();
    }
    let named = entries.iter().find(|entry| {
        entry.get_ref().as_str().is_some_and(|path| {
            let path = clean_path(path.as_ref());
            message.contains(&*path.to_string_lossy())
        })
    });
    named.map_or_else(|| node.place_of("paths"), Spanned::span)
}
