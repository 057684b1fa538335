//! The columns on every edge.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

use super::graph::{Input, Wiring};
use super::nodes::{Nodes, located};
use super::{Producer, name_of_port};
use crate::config::{NodeKind, RawNode, RawPipeline};
use crate::diagnostic::Diagnostic;
use crate::operator::{TextColumn, is_text};
use crate::sink::parquet::ParquetSinkConfig;
use crate::table::nearest;

/// The columns that go through each node; nothing where they are not known.
pub(super) struct Schemas {
    pub(super) operators: Vec<Option<OperatorSchemas>>,
    pub(super) sinks: Vec<Option<SchemaRef>>,
}

pub(super) struct OperatorSchemas {
    pub(super) input: SchemaRef,
    /// What the pipeline file calls the inputs.
    pub(super) input_names: Vec<String>,
    pub(super) text: TextColumn,
    /// What the text column is called from then on.
    text_after: String,
    pub(super) outputs: Vec<SchemaRef>,
}

/// What travels on an edge.
#[derive(Clone)]
struct Edge {
    /// What the pipeline file calls the producer.
    name: String,
    schema: SchemaRef,
    /// The name of the text column.
    text: String,
}

/// Follows the columns from the sources to the sinks.
pub(super) fn flow(
    raw: &RawPipeline<'_>,
    nodes: &Nodes,
    wiring: &Wiring,
    order: &[usize],
    problems: &mut Vec<Diagnostic>,
) -> Schemas {
    let mut schemas = Schemas {
        operators: std::iter::repeat_with(|| None)
            .take(raw.operators.len())
            .collect(),
        sinks: Vec::with_capacity(raw.sinks.len()),
    };
    for &operator in order {
        let edges = edges(raw, nodes, &schemas, &wiring.operators[operator]);
        let node = &raw.operators[operator];
        let Some((schema, text)) = merge(node, &edges, problems) else {
            continue;
        };
        let names = edges.iter().map(|(_, edge)| edge.name.clone()).collect();
        schemas.operators[operator] =
            through(node, nodes, operator, names, schema, &text, problems);
    }
    for (sink, node) in raw.sinks.iter().enumerate() {
        let edges = edges(raw, nodes, &schemas, &wiring.sinks[sink]);
        let schema = merge(node, &edges, problems).map(|(schema, _)| schema);
        if let (Some(schema), Some(config)) = (&schema, &nodes.sinks[sink]) {
            let errors = wiring.sinks[sink].iter().any(|input| input.errors);
            check_lineage(node, config, schema, errors, problems);
        }
        schemas.sinks.push(schema);
    }
    schemas
}

/// The inputs whose columns are known, each with its place.
fn edges<'w>(
    raw: &RawPipeline<'_>,
    nodes: &Nodes,
    schemas: &Schemas,
    inputs: &'w [Input],
) -> Vec<(&'w Input, Edge)> {
    let edge = |input: &Input| match input.producer {
        Producer::Source(source) => {
            let facts = nodes.sources.get(source)?.facts.as_ref()?;
            Some(Edge {
                name: raw.sources.get(source)?.id.clone(),
                schema: Arc::clone(&facts.schema),
                text: facts.schema.fields().get(facts.text)?.name().clone(),
            })
        }
        Producer::Operator { operator, port } => {
            let through = schemas.operators.get(operator)?.as_ref()?;
            let ports = nodes.operators.get(operator)?.as_ref()?.ports();
            Some(Edge {
                name: name_of_port(&raw.operators.get(operator)?.id, &ports, port),
                schema: Arc::clone(through.outputs.get(port)?),
                text: through.text_after.clone(),
            })
        }
    };
    inputs
        .iter()
        .filter_map(|input| Some((input, edge(input)?)))
        .collect()
}

/// The columns of all inputs together, and the name of the text column.
fn merge(
    node: &RawNode<'_>,
    edges: &[(&Input, Edge)],
    problems: &mut Vec<Diagnostic>,
) -> Option<(SchemaRef, String)> {
    let ((_, first), others) = edges.split_first()?;
    let mut fields: Vec<Arc<Field>> = first.schema.fields().iter().cloned().collect();
    let mut agree = true;
    for (input, other) in others {
        let names = format!("`{}` and `{}`", first.name, other.name);
        if let Some(difference) = difference(first, other) {
            let message = format!(
                "{} `{}` reads {names}, whose columns differ: {difference}",
                node.kind, node.id
            );
            let problem = Diagnostic::error("A310", message)
                .at(input.span.clone())
                .label(format!("not the columns of `{}`", first.name))
                .help("give both the same columns, in the same order, or write them to two sinks");
            problems.push(problem);
            agree = false;
            continue;
        }
        if node.kind == NodeKind::Operator && first.text != other.text {
            let message = format!(
                "{} `{}` reads {names}, whose text columns differ: `{}` and `{}`",
                node.kind, node.id, first.text, other.text
            );
            let problem = Diagnostic::error("A311", message)
                .at(input.span.clone())
                .label(format!("its text is in `{}`", other.text))
                .help("name the same column in `text` of both sources");
            problems.push(problem);
            agree = false;
        }
        for (field, same) in fields.iter_mut().zip(other.schema.fields()) {
            if same.is_nullable() && !field.is_nullable() {
                *field = Arc::new(field.as_ref().clone().with_nullable(true));
            }
        }
    }
    let metadata = first.schema.metadata().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    agree.then(|| (schema, first.text.clone()))
}

/// How the columns of two inputs differ, if their rows cannot go into one batch.
fn difference(first: &Edge, other: &Edge) -> Option<String> {
    let lacks = |one: &Edge, two: &Edge| {
        let missing = one
            .schema
            .fields()
            .iter()
            .find(|field| two.schema.column_with_name(field.name()).is_none())?;
        Some(format!("`{}` has no column `{}`", two.name, missing.name()))
    };
    if let Some(lack) = lacks(first, other).or_else(|| lacks(other, first)) {
        return Some(lack);
    }
    for field in first.schema.fields() {
        let (_, same) = other.schema.column_with_name(field.name())?;
        if field.data_type() != same.data_type() {
            let (one, two) = (field.data_type(), same.data_type());
            return Some(format!(
                "column `{}` is {one} in one and {two} in the other",
                field.name()
            ));
        }
    }
    let names = |edge: &Edge| -> Vec<String> {
        edge.schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    };
    let (one, two) = (names(first), names(other));
    let misplaced = one
        .iter()
        .zip(&two)
        .find(|(one, two)| one != two)
        .map(|(name, _)| name);
    match misplaced {
        Some(name) => Some(format!("column `{name}` is at another place")),
        None if one.len() != two.len() => Some("one has a column twice".to_owned()),
        None => None,
    }
}

/// Sends columns through an operator.
fn through(
    node: &RawNode<'_>,
    nodes: &Nodes,
    operator: usize,
    input_names: Vec<String>,
    schema: SchemaRef,
    text: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<OperatorSchemas> {
    let configured = nodes.operators.get(operator)?.as_ref()?;
    let text = if configured.reads_text() {
        text_column(node, &schema, text, problems)?
    } else {
        let found = schema.column_with_name(text);
        found.map_or_else(|| TextColumn::absent(text), |(index, _)| named(text, index))
    };
    let misnamed = configured.check_inputs(&input_names);
    problems.extend(
        misnamed
            .into_iter()
            .map(|problem| located("A215", problem, node)),
    );
    let checked = configured.schemas(&schema).and_then(|outputs| {
        let has_text = text.index < schema.fields().len();
        let found = if has_text {
            configured.check_text(&schema, &text)
        } else {
            Vec::new()
        };
        if found.is_empty() {
            Ok(outputs)
        } else {
            Err(found)
        }
    });
    match checked {
        Ok(outputs) => Some(OperatorSchemas {
            input: schema,
            input_names,
            text_after: configured
                .renamed(&text.name)
                .unwrap_or(&text.name)
                .to_owned(),
            text,
            outputs,
        }),
        Err(found) => {
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| located("A314", problem, node)),
            );
            None
        }
    }
}

/// The text column among those that arrive at an operator that works on it.
fn text_column(
    node: &RawNode<'_>,
    schema: &Schema,
    text: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<TextColumn> {
    let Some((index, field)) = schema.column_with_name(text) else {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let message = format!("no column `{text}` arrives at operator `{}`", node.id);
        let problem = Diagnostic::error("A312", message)
            .at(node.span.clone())
            .label("has no text to work on");
        problems.push(match nearest(text, names) {
            Some(near) => problem.help(format!("a similar column arrives: `{near}`")),
            None => problem.help("keep the column in the operators before it"),
        });
        return None;
    };
    if !is_text(field.data_type()) {
        let kind = field.data_type();
        let message = format!(
            "column `{text}` is {kind} when it arrives at operator `{}`",
            node.id
        );
        let problem = Diagnostic::error("A313", message)
            .at(node.span.clone())
            .label("works on text")
            .help("keep the column's type in the operators before it");
        problems.push(problem);
        return None;
    }
    Some(named(text, index))
}

fn named(text: &str, index: usize) -> TextColumn {
    TextColumn {
        name: text.to_owned(),
        index,
    }
}

/// Checks that the lineage columns of a sink have names of their own.
fn check_lineage(
    node: &RawNode<'_>,
    config: &ParquetSinkConfig,
    schema: &Schema,
    errors: bool,
    problems: &mut Vec<Diagnostic>,
) {
    if let Err(found) = config.lineage.columns(errors).append_to(schema) {
        problems.extend(
            found
                .into_iter()
                .map(|problem| located("A315", problem, node)),
        );
    }
}
