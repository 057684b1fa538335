//! Which operators run one after the other in one thread.

use super::{Plan, Producer};

/// The operators of `plan` in chains as long as possible: along a chain each operator reads only the
/// first output of the one before, which nothing else reads. Its other outputs leave from the middle
/// of the chain. An operator that keeps something from
/// batch to batch is a stage of its own, so that only its work is done in order.
pub(super) fn stages(plan: &Plan) -> Vec<Vec<usize>> {
    let mut readers = vec![0_usize; plan.operators.len()];
    let inputs = plan.operators.iter().flat_map(|operator| &operator.inputs);
    for input in inputs.chain(plan.sinks.iter().flat_map(|sink| &sink.inputs)) {
        if let Producer::Operator { operator, port: 0 } = input
            && let Some(count) = readers.get_mut(*operator)
        {
            *count += 1;
        }
    }
    let mut stages: Vec<Vec<usize>> = Vec::new();
    for (position, operator) in plan.operators.iter().enumerate() {
        // A side port ends a chain: the batch that goes on is the main output.
        let before = match operator.inputs.as_slice() {
            [Producer::Operator { operator, port: 0 }] if readers.get(*operator) == Some(&1) => {
                Some(operator)
            }
            _ => None,
        };
        let in_order = |at: &usize| plan.operators.get(*at).is_some_and(|at| at.spec.in_order());
        let before = before.filter(|before| !operator.spec.in_order() && !in_order(before));
        let stage =
            before.and_then(|before| stages.iter_mut().find(|stage| stage.last() == Some(before)));
        match stage {
            Some(stage) => stage.push(position),
            None => stages.push(vec![position]),
        }
    }
    stages
}
