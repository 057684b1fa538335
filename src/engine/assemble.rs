//! From a plan to a topology.

use super::read::Source;
use super::rejects::{self, RejectsSink};
use super::write::Sink;
use crate::operator::{Amount, BuildContext, Resources};
use crate::plan::{Plan, Producer};
use crate::topology::{
    Commit, Feed, Observer, ShardSink, ShardSource, SinkNode, Stage, Step, Topology,
};

/// The topology of a whole plan.
pub(super) fn topology<'a>(
    plan: &'a Plan,
    resources: &'a Resources,
    sources: &'a [Source<'a>],
    sinks: &'a [Sink<'a>],
    rejects: &'a [RejectsSink<'a>],
    commit: &'a dyn Commit,
    observer: &'a dyn Observer,
) -> Topology<'a> {
    let sinks = plan
        .sinks
        .iter()
        .zip(sinks)
        .map(|(planned, sink)| SinkNode {
            inputs: planned
                .inputs
                .iter()
                .map(|producer| feed(plan, *producer))
                .collect(),
            sink: sink as &dyn ShardSink,
        });
    Topology {
        sources: sources
            .iter()
            .map(|source| source as &dyn ShardSource)
            .collect(),
        stages: stages(plan, resources, &leading_to_sinks(plan)),
        sinks: sinks.chain(rejects::nodes(plan, rejects)).collect(),
        commit,
        observer,
    }
}

/// Which operators of a plan lead to a sink. A shard is finished when its sinks are, so of an operator
/// that leads nowhere nobody could say what it had counted by then.
pub(super) fn leading_to_sinks(plan: &Plan) -> Vec<bool> {
    let mut leading = vec![false; plan.operators.len()];
    let mark = |inputs: &[Producer], leading: &mut Vec<bool>| {
        for input in inputs {
            if let Producer::Operator { operator, .. } = input
                && let Some(leads) = leading.get_mut(*operator)
            {
                *leads = true;
            }
        }
    };
    for sink in &plan.sinks {
        mark(&sink.inputs, &mut leading);
    }
    // An operator reads operators before it only.
    for (position, operator) in plan.operators.iter().enumerate().rev() {
        if leading.get(position).copied().unwrap_or_default() {
            mark(&operator.inputs, &mut leading);
        }
    }
    leading
}

/// The stages of a plan, each after those it reads, with those operators that are `wanted`. A stage
/// that has none of them reads nothing.
pub(super) fn stages<'a>(
    plan: &'a Plan,
    resources: &'a Resources,
    wanted: &[bool],
) -> Vec<Stage<'a>> {
    let is_wanted = |operator: &&usize| wanted.get(**operator).copied().unwrap_or_default();
    let stage = |operators: &[usize]| {
        let operators: Vec<usize> = operators.iter().take_while(is_wanted).copied().collect();
        let planned = || {
            operators
                .iter()
                .filter_map(|operator| plan.operators.get(*operator))
        };
        let inputs = planned().next().map(|first| first.inputs.as_slice());
        Stage {
            inputs: inputs
                .unwrap_or_default()
                .iter()
                .map(|input| feed(plan, *input))
                .collect(),
            in_order: planned().any(|operator| operator.spec.in_order()),
            steps: operators
                .iter()
                .filter_map(|operator| step(plan, resources, *operator))
                .collect(),
        }
    };
    order(plan).into_iter().map(stage).collect()
}

/// The stages in an order in which each comes after those it reads: an operator reads operators
/// before it only, so the first operators of the stages tell.
fn order(plan: &Plan) -> Vec<&[usize]> {
    let mut stages: Vec<&[usize]> = plan.stages.iter().map(Vec::as_slice).collect();
    stages.sort_by_key(|stage| stage.first().copied());
    stages
}

/// Where a consumer finds what `producer` puts out.
pub(super) fn feed(plan: &Plan, producer: Producer) -> Feed {
    match producer {
        Producer::Source(source) => Feed::Source(source),
        Producer::Operator { operator, port } => {
            let place = order(plan)
                .iter()
                .enumerate()
                .find_map(|(stage, operators)| {
                    operators
                        .iter()
                        .position(|other| *other == operator)
                        .map(|step| (stage, step))
                });
            // Every operator of a plan is in one of its stages.
            let (stage, step) = place.unwrap_or((usize::MAX, 0));
            Feed::Stage { stage, step, port }
        }
    }
}

/// The operator at `position` of a plan.
pub(super) fn step<'a>(
    plan: &'a Plan,
    resources: &'a Resources,
    position: usize,
) -> Option<Step<'a>> {
    let node = plan.operators.get(position)?;
    Some(Step {
        id: node.id.clone(),
        position: node.position,
        schemas: node.schemas.clone(),
        has_main_output: node.ports.first().is_some_and(|port| port.name.is_empty()),
        build: Box::new(move || {
            node.spec.build(&BuildContext {
                id: &node.id,
                inputs: &node.input_names,
                position: node.position,
                seed: plan.seed,
                text: &node.text,
                source_rows: node.source_rows,
                texts: node.texts.as_ref(),
                amount: Amount::NONE,
                resources,
            })
        }),
    })
}
