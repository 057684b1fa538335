//! The columns on every edge.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

use super::graph::{Input, Wiring};
use super::nodes::{Nodes, located};
use super::{Producer, name_of_port};
use crate::columns::{PathError, RowTexts, SpanColumn, SpanTable};
use crate::config::{NodeKind, RawNode, RawPipeline};
use crate::diagnostic::Diagnostic;
use crate::operator::{Configured, TextColumn, chosen_texts};
use crate::sink::parquet::ParquetSinkConfig;
use crate::table::nearest;

/// The columns that go through each node; nothing where they are not known.
pub(super) struct Schemas {
    pub(super) operators: Vec<Option<OperatorSchemas>>,
    pub(super) sinks: Vec<Option<SchemaRef>>,
    /// Whether rows that reach each sink may have several texts.
    pub(super) several: Vec<bool>,
}

pub(super) struct OperatorSchemas {
    pub(super) input: SchemaRef,
    /// What the pipeline file calls the inputs.
    pub(super) input_names: Vec<String>,
    pub(super) text: TextColumn,
    /// The texts, where there is more to say of them.
    pub(super) texts: Option<RowTexts>,
    /// What texts and annotations are called from then on.
    pub(super) after: Texts,
    pub(super) outputs: Vec<SchemaRef>,
}

/// The names of the texts of a row, and the columns of their annotations.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) names: Vec<String>,
    spans: Vec<SpanTable>,
    /// Whether it has to be said which text is meant.
    several: bool,
}

impl Texts {
    fn of(source: &RowTexts, tables: Vec<SpanTable>) -> Self {
        let spans = tables.into_iter().zip(&source.spans);
        Self {
            names: source
                .paths
                .iter()
                .map(|path| path.name().to_owned())
                .collect(),
            spans: spans
                .map(|(table, span)| SpanTable {
                    text: Some(span.text.clone()),
                    ..table
                })
                .collect(),
            several: source.several,
        }
    }

    /// What they are called behind an operator that `schema` goes into.
    fn behind(&self, operator: &dyn Configured, schema: &Schema) -> Self {
        let renamed = |name: &String| {
            let texts = RowTexts::resolve(std::slice::from_ref(name), &[], schema);
            let path = texts.ok().and_then(|texts| texts.paths.into_iter().next());
            let new = path.and_then(|path| Some(path.with_root(operator.renamed(path.root())?)));
            new.unwrap_or_else(|| name.clone())
        };
        Self {
            names: self.names.iter().map(renamed).collect(),
            spans: self
                .spans
                .iter()
                .map(|table| SpanTable {
                    column: operator
                        .renamed(&table.column)
                        .unwrap_or(&table.column)
                        .to_owned(),
                    text: table.text.as_ref().map(renamed),
                    ..table.clone()
                })
                .collect(),
            several: self.several,
        }
    }

    fn list(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// What travels on an edge.
#[derive(Clone)]
struct Edge {
    /// What the pipeline file calls the producer.
    name: String,
    schema: SchemaRef,
    texts: Texts,
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
        several: Vec::with_capacity(raw.sinks.len()),
    };
    for &operator in order {
        let edges = edges(raw, nodes, &schemas, &wiring.operators[operator]);
        let node = &raw.operators[operator];
        let Some((schema, texts)) = merge(node, &edges, problems) else {
            continue;
        };
        let names = edges.iter().map(|(_, edge)| edge.name.clone()).collect();
        schemas.operators[operator] =
            through(node, nodes, operator, names, schema, &texts, problems);
    }
    for (sink, node) in raw.sinks.iter().enumerate() {
        let edges = edges(raw, nodes, &schemas, &wiring.sinks[sink]);
        let schema = merge(node, &edges, problems).map(|(schema, _)| schema);
        if let (Some(schema), Some(config)) = (&schema, &nodes.sinks[sink]) {
            let errors = wiring.sinks[sink].iter().any(|input| input.errors);
            check_lineage(node, config, schema, errors, problems);
        }
        schemas.sinks.push(schema);
        schemas
            .several
            .push(edges.iter().any(|(_, edge)| edge.texts.several));
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
            let read = nodes.sources.get(source)?;
            let (facts, config) = (read.facts.as_ref()?, read.config.as_ref()?);
            Some(Edge {
                name: raw.sources.get(source)?.id.clone(),
                schema: Arc::clone(&facts.schema),
                texts: Texts::of(&facts.texts, config.span_tables()),
            })
        }
        Producer::Operator { operator, port } => {
            let through = schemas.operators.get(operator)?.as_ref()?;
            let ports = nodes.operators.get(operator)?.as_ref()?.ports();
            Some(Edge {
                name: name_of_port(&raw.operators.get(operator)?.id, &ports, port),
                schema: Arc::clone(through.outputs.get(port)?),
                texts: through.after.clone(),
            })
        }
    };
    inputs
        .iter()
        .filter_map(|input| Some((input, edge(input)?)))
        .collect()
}

/// The columns of all inputs together, and the names of their texts.
fn merge(
    node: &RawNode<'_>,
    edges: &[(&Input, Edge)],
    problems: &mut Vec<Diagnostic>,
) -> Option<(SchemaRef, Texts)> {
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
        if node.kind == NodeKind::Operator && first.texts.names != other.texts.names {
            let (one, two) = (first.texts.list(), other.texts.list());
            let message = format!(
                "{} `{}` reads {names}, whose text columns differ: {one} and {two}",
                node.kind, node.id
            );
            let problem = Diagnostic::error("A311", message)
                .at(input.span.clone())
                .label(format!("its text is in {two}"))
                .help("name the same column in `text` of both sources");
            problems.push(problem);
            agree = false;
        } else if node.kind == NodeKind::Operator && first.texts != other.texts {
            let message = format!(
                "{} `{}` reads {names}, whose annotations differ",
                node.kind, node.id
            );
            let problem = Diagnostic::error("A311", message)
                .at(input.span.clone())
                .label("it has other annotations, or says other things of them")
                .help("give both sources the same option `spans`");
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
    agree.then(|| (schema, first.texts.clone()))
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
    texts: &Texts,
    problems: &mut Vec<Diagnostic>,
) -> Option<OperatorSchemas> {
    let configured = nodes.operators.get(operator)?.as_ref()?;
    let found = if configured.reads_text() {
        let found = find_texts(node, &schema, texts, problems)?;
        let unfit = configured.check_texts(&found);
        if !unfit.is_empty() {
            let unfit = unfit.into_iter();
            problems.extend(unfit.map(|problem| located("A316", problem, node)));
            return None;
        }
        chosen_texts(&configured.handling(), &found).ok()
    } else {
        // The text may have been left out on the way.
        RowTexts::resolve(&texts.names, &texts.spans, &schema).ok()
    };
    let first = found.as_ref().and_then(|found| found.paths.first());
    let text = match (first, texts.names.first()) {
        (Some(path), _) => TextColumn {
            name: path.name().to_owned(),
            index: path.column(),
        },
        (None, name) => TextColumn::absent(name.map_or("", String::as_str)),
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
            input_names,
            after: texts.behind(&**configured, &schema),
            text,
            texts: found.filter(|found| !found.is_plain()),
            input: schema,
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

/// The texts among the columns that arrive at an operator that works on them.
fn find_texts(
    node: &RawNode<'_>,
    schema: &Schema,
    texts: &Texts,
    problems: &mut Vec<Diagnostic>,
) -> Option<RowTexts> {
    let errors = match RowTexts::resolve(&texts.names, &texts.spans, schema) {
        Ok(mut found) => {
            found.several = texts.several;
            let lost = check_spans(node, schema, texts, &found, problems);
            return (!lost).then_some(found);
        }
        Err(errors) => errors,
    };
    for (place, error) in errors {
        let name = texts.names.get(place).map_or("", String::as_str);
        let problem = match &error {
            PathError::NoColumn { column } => {
                let names = schema.fields().iter().map(|field| field.name().as_str());
                let message = format!("no column `{column}` arrives at operator `{}`", node.id);
                let problem = Diagnostic::error("A312", message)
                    .at(node.span.clone())
                    .label("has no text to work on");
                match nearest(column, names) {
                    Some(near) => problem.help(format!("a similar column arrives: `{near}`")),
                    None => problem.help("keep the column in the operators before it"),
                }
            }
            PathError::NotText { data_type, .. } => {
                let message = format!(
                    "column `{name}` is {data_type} when it arrives at operator `{}`",
                    node.id
                );
                Diagnostic::error("A313", message)
                    .at(node.span.clone())
                    .label("works on text")
                    .help("keep the column's type in the operators before it")
            }
            other => Diagnostic::error(
                "A313",
                other.message(&format!("what arrives at `{}`", node.id)),
            )
            .at(node.span.clone())
            .label("works on text")
            .help("keep the column's type in the operators before it"),
        };
        problems.push(problem);
    }
    None
}

/// Checks that columns of annotations are still such; answers whether one is not. One that was left
/// out on the way is missed by nobody.
fn check_spans(
    node: &RawNode<'_>,
    schema: &Schema,
    texts: &Texts,
    found: &RowTexts,
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let before = problems.len();
    for table in &texts.spans {
        let is_there = schema.column_with_name(&table.column).is_some();
        if let (true, Err((message, _))) =
            (is_there, SpanColumn::resolve(table, &found.paths, schema))
        {
            let message = format!("what arrives at operator `{}`: {message}", node.id);
            let problem = Diagnostic::error("A313", message)
                .at(node.span.clone())
                .label("keeps annotations in step")
                .help("keep the column's type in the operators before it");
            problems.push(problem);
        }
    }
    problems.len() > before
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
