//! Which sources reach a node, and whether what leaves it arrives anywhere.

use std::collections::BTreeSet;

use super::graph::{Input, Wiring};
use super::nodes::Nodes;
use super::{Producer, name_of_port};
use crate::config::RawPipeline;
use crate::diagnostic::Diagnostic;

/// The sources, by position, whose rows can arrive at each node.
pub(super) struct Reach {
    pub(super) operators: Vec<BTreeSet<usize>>,
    pub(super) sinks: Vec<BTreeSet<usize>>,
}

/// Follows the rows from the sources on, and warns of those that end nowhere.
pub(super) fn follow(
    raw: &RawPipeline<'_>,
    nodes: &Nodes,
    wiring: &Wiring,
    order: &[usize],
    problems: &mut Vec<Diagnostic>,
) -> Reach {
    let mut operators = vec![BTreeSet::new(); raw.operators.len()];
    for &operator in order {
        operators[operator] = sources_of(&wiring.operators[operator], &operators);
    }
    let sinks = wiring
        .sinks
        .iter()
        .map(|inputs| sources_of(inputs, &operators))
        .collect();
    // Where a name was not found, what seems to be unread may be what was meant.
    if wiring.resolved && order.len() == raw.operators.len() && !raw.sinks.is_empty() {
        warn_of_unread(raw, nodes, wiring, order, problems);
    }
    Reach { operators, sinks }
}

fn sources_of(inputs: &[Input], operators: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut sources = BTreeSet::new();
    for input in inputs {
        match input.producer {
            Producer::Source(source) => {
                sources.insert(source);
            }
            Producer::Operator { operator, .. } => sources.extend(&operators[operator]),
        }
    }
    sources
}

fn warn_of_unread(
    raw: &RawPipeline<'_>,
    nodes: &Nodes,
    wiring: &Wiring,
    order: &[usize],
    problems: &mut Vec<Diagnostic>,
) {
    let inputs = wiring.operators.iter().chain(&wiring.sinks).flatten();
    let read: BTreeSet<Producer> = inputs.map(|input| input.producer).collect();
    for (source, node) in raw.sources.iter().enumerate() {
        if !read.contains(&Producer::Source(source)) {
            let message = format!("nothing reads source `{}`", node.id);
            let problem = Diagnostic::warning("A220", message)
                .at(node.span.clone())
                .label("its files are not used")
                .help("name it in the `inputs` of an operator or a sink, or take it out");
            problems.push(problem);
        }
    }
    let arrives = operators_that_arrive(wiring, order);
    for (operator, (node, configured)) in raw.operators.iter().zip(&nodes.operators).enumerate() {
        let Some(configured) = configured else {
            continue;
        };
        let ports = configured.ports();
        let is_read = |port: usize| read.contains(&Producer::Operator { operator, port });
        if !(0..ports.len()).any(is_read) {
            let message = format!("nothing reads operator `{}`", node.id);
            let problem = Diagnostic::warning("A221", message)
                .at(node.span.clone())
                .label("its output is thrown away")
                .help("name it in the `inputs` of an operator or a sink, or take it out");
            problems.push(problem);
            continue;
        }
        if !arrives[operator] {
            let message = format!("no way leads from operator `{}` to a sink", node.id);
            let problem = Diagnostic::warning("A222", message)
                .at(node.span.clone())
                .label("its rows end nowhere")
                .help("let a sink read what comes of it, or take it out");
            problems.push(problem);
        }
        for (port, named) in ports.iter().enumerate() {
            if !named.optional && !is_read(port) {
                let name = name_of_port(&node.id, &ports, port);
                let problem =
                    Diagnostic::warning("A223", format!("nothing reads the output `{name}`"))
                        .at(node.span.clone())
                        .label("rows that leave by it are lost")
                        .help(format!("let a sink read it: `inputs = [\"{name}\"]`"));
                problems.push(problem);
            }
        }
    }
}

/// Whether a sink can be reached from each operator.
fn operators_that_arrive(wiring: &Wiring, order: &[usize]) -> Vec<bool> {
    let mut arrives = vec![false; wiring.operators.len()];
    let mark = |inputs: &[Input], arrives: &mut Vec<bool>| {
        for input in inputs {
            if let Producer::Operator { operator, .. } = input.producer {
                arrives[operator] = true;
            }
        }
    };
    for inputs in &wiring.sinks {
        mark(inputs, &mut arrives);
    }
    for &operator in order.iter().rev() {
        if arrives[operator] {
            mark(&wiring.operators[operator], &mut arrives);
        }
    }
    arrives
}
