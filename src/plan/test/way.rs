//! The operators between two nodes.

use super::node::Node;
use crate::plan::{Plan, Producer};

/// The operators that lie on a way from `from` to `at`, both included, in the order of the plan;
/// nothing if no way leads there.
pub(super) fn between(plan: &Plan, from: Node, at: Node) -> Option<Vec<usize>> {
    // Every operator comes after those it reads, so one pass each way finds them all.
    let mut reached = vec![false; plan.operators.len()];
    for (position, node) in plan.operators.iter().enumerate() {
        let is_reached = from == Node::Operator(position)
            || node.inputs.iter().any(|input| match input {
                Producer::Source(source) => from == Node::Source(*source),
                Producer::Operator { operator, .. } => {
                    reached.get(*operator).copied().unwrap_or(false)
                }
            });
        if let Some(slot) = reached.get_mut(position) {
            *slot = is_reached;
        }
    }
    let mut wanted = vec![false; plan.operators.len()];
    let want = |inputs: &[Producer], wanted: &mut Vec<bool>| {
        for input in inputs {
            if let Producer::Operator { operator, .. } = input
                && let Some(slot) = wanted.get_mut(*operator)
            {
                *slot = true;
            }
        }
    };
    match at {
        Node::Source(_) => {}
        Node::Operator(operator) => *wanted.get_mut(operator)? = true,
        Node::Sink(sink) => want(&plan.sinks.get(sink)?.inputs, &mut wanted),
    }
    for (position, node) in plan.operators.iter().enumerate().rev() {
        if wanted.get(position) == Some(&true) {
            want(&node.inputs, &mut wanted);
        }
    }
    let both = reached.iter().zip(&wanted).enumerate();
    let way: Vec<usize> = both
        .filter(|(_, (reached, wanted))| **reached && **wanted)
        .map(|(position, _)| position)
        .collect();
    let arrives = match at {
        Node::Operator(operator) => way.contains(&operator),
        Node::Sink(sink) => {
            from == at || !arriving(&plan.sinks.get(sink)?.inputs, from, &way).is_empty()
        }
        Node::Source(_) => from == at,
    };
    arrives.then_some(way)
}

/// Those of `inputs` by which the rows of a test arrive.
pub(super) fn arriving(inputs: &[Producer], from: Node, way: &[usize]) -> Vec<Producer> {
    let arrives = |input: &&Producer| match input {
        Producer::Source(source) => from == Node::Source(*source),
        Producer::Operator { operator, .. } => way.contains(operator),
    };
    inputs.iter().filter(arrives).copied().collect()
}
