//! The nodes that a test names.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use toml::Spanned;

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::table::nearest;

/// A node of a plan, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Source(usize),
    Operator(usize),
    Sink(usize),
}

/// What `at` names.
pub(super) struct Target {
    pub(super) node: Node,
    /// The port whose rows are the output, of an operator; nothing if none is named and the
    /// operator has no main output.
    pub(super) port: Option<usize>,
    /// The names of the other ports.
    pub(super) others: Vec<String>,
}

/// The node or output called `name`.
pub(super) fn target(
    plan: &Plan,
    name: &Spanned<String>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Target> {
    let (id, port) = match name.get_ref().split_once('.') {
        Some((id, port)) => (id, Some(port)),
        None => (name.get_ref().as_str(), None),
    };
    let node = find(plan, id)?;
    let ports = match node {
        Node::Operator(operator) => plan.operators.get(operator)?.ports.as_slice(),
        Node::Source(_) | Node::Sink(_) => &[],
    };
    let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
    let place = match port {
        None => names.iter().position(|name| name.is_empty()),
        Some(port) => match names.iter().position(|name| *name == port) {
            Some(place) if !port.is_empty() => Some(place),
            _ => {
                problems.push(unknown_port(id, port, &names, name));
                return None;
            }
        },
    };
    let others = names.iter().enumerate();
    let others = others.filter(|(other, name)| Some(*other) != place && !name.is_empty());
    Some(Target {
        node,
        port: place,
        others: others.map(|(_, name)| (*name).to_owned()).collect(),
    })
}

/// The node called `name`, which rows are put into.
pub(super) fn start(
    plan: &Plan,
    name: &Spanned<String>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let id = name.get_ref();
    if let Some((id, _)) = id.split_once('.') {
        let problem = Diagnostic::error("A113", "rows are put into a node, not into its output")
            .at(name.span())
            .label("an output");
        problems.push(problem.help(format!("write `from = \"{id}\"`, or name a node after it")));
        return None;
    }
    find(plan, id)
}

/// The node of this id. That there is one was looked at when the file was read.
fn find(plan: &Plan, id: &str) -> Option<Node> {
    let source = plan.sources.iter().position(|node| node.id == id);
    let operator = || plan.operators.iter().position(|node| node.id == id);
    let sink = || plan.sinks.iter().position(|node| node.id == id);
    source
        .map(Node::Source)
        .or_else(|| operator().map(Node::Operator))
        .or_else(|| sink().map(Node::Sink))
}

fn unknown_port(id: &str, port: &str, ports: &[&str], name: &Spanned<String>) -> Diagnostic {
    let problem = Diagnostic::error("A113", format!("`{id}` has no output `{port}`"))
        .at(name.span())
        .label("no output has this name");
    let names: Vec<&str> = ports
        .iter()
        .copied()
        .filter(|name| !name.is_empty())
        .collect();
    match nearest(port, names.iter().copied()) {
        Some(near) => problem.help(format!("a similar output exists: `{id}.{near}`")),
        None if names.is_empty() => problem.help(format!("write `{id}`: it has no other output")),
        None => problem.help(format!("its outputs are: {}", names.join(", "))),
    }
}

/// The columns of the rows that go into a node.
pub(super) struct Columns {
    pub(super) schema: SchemaRef,
    /// The one that identifies rows, if there is one.
    pub(super) id: Option<usize>,
    /// The one that holds the text, if it arrives.
    pub(super) text: Option<usize>,
}

/// What goes into `node`, or out of it if it is a source.
pub(super) fn columns(plan: &Plan, node: Node) -> Option<Columns> {
    Some(match node {
        Node::Source(source) => {
            let facts = &plan.sources.get(source)?.facts;
            Columns {
                schema: Arc::clone(&facts.schema),
                id: facts.id,
                text: Some(facts.text),
            }
        }
        Node::Operator(operator) => {
            let node = plan.operators.get(operator)?;
            let schema = &node.input_schema;
            Columns {
                schema: Arc::clone(schema),
                id: id(plan, &node.sources, schema),
                text: Some(node.text.index).filter(|index| *index < schema.fields().len()),
            }
        }
        Node::Sink(sink) => {
            let node = plan.sinks.get(sink)?;
            let first = node.inputs.first();
            Columns {
                schema: Arc::clone(&node.schema),
                id: id(plan, &node.sources, &node.schema),
                text: first.and_then(|input| plan.text_of(*input)),
            }
        }
    })
}

/// The column, if it arrives, that one of the `sources` takes the identities of rows from.
fn id(plan: &Plan, sources: &[usize], schema: &Schema) -> Option<usize> {
    sources.iter().find_map(|source| {
        let facts = &plan.sources.get(*source)?.facts;
        let name = facts.schema.fields().get(facts.id?)?.name();
        Some(schema.column_with_name(name)?.0)
    })
}
