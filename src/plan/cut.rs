//! Which sources must not be cut below their files.

use super::nodes::Nodes;
use super::reach::Reach;
use crate::config::RawPipeline;
use crate::diagnostic::Diagnostic;
use crate::source::ShardUnit;

/// An operator that keeps something from batch to batch begins anew with each shard, so its output
/// would depend on where a file is cut. The files that reach such operators stay whole, and where the
/// pipeline asks for row groups, that is a problem.
pub(super) fn keep_whole(
    raw: &RawPipeline<'_>,
    nodes: &mut Nodes,
    reach: &Reach,
    problems: &mut Vec<Diagnostic>,
) {
    let operators = raw.operators.iter().zip(&nodes.operators);
    for ((node, spec), sources) in operators.zip(&reach.operators) {
        if !spec.as_ref().is_some_and(|spec| spec.in_order()) {
            continue;
        }
        for &position in sources {
            let Some(source) = nodes.sources.get_mut(position) else {
                continue;
            };
            let unit = source.config.as_ref().map(|config| config.shard);
            if let (Some(ShardUnit::RowGroup), Some(from)) = (unit, raw.sources.get(position)) {
                problems.push(begins_anew(&node.id, from));
            } else if let Some(facts) = &mut source.facts {
                facts.shards.clone_from(&facts.files);
            }
        }
    }
}

fn begins_anew(operator: &str, source: &crate::config::RawNode<'_>) -> Diagnostic {
    let message = format!(
        "operator `{operator}` begins anew with each shard, so its output would depend on the row \
         groups of source `{}`",
        source.id
    );
    Diagnostic::error("A217", message)
        .at(source.place_of("shard"))
        .label("each row group would be a shard")
        .help("write `shard = \"file\"`; for `deduplicate`, `scope = \"dataset\"` does, too")
}
