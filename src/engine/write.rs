//! Sinks as the topology sees them.

use std::any::Any;

use super::RunError;
use crate::batch::{Batch, Shard};
use crate::plan::{Plan, PlannedSink};
use crate::sink::{Prepared, ShardWriter, SinkError, SinkPlan, check_inside};
use crate::topology::{BatchWriter, Finished, ShardSink};

/// Opens the files of one sink.
pub(super) struct Sink<'a> {
    planned: &'a PlannedSink,
    plan: SinkPlan,
}

/// The sinks of `plan`, of which each open file keeps so many bytes of pages in memory.
pub(super) fn sinks(plan: &Plan, pages_held: usize) -> Result<Vec<Sink<'_>>, RunError> {
    let ids = plan.part_names();
    plan.sinks
        .iter()
        .map(|planned| {
            let metadata = planned
                .sources
                .first()
                .and_then(|source| plan.sources.get(*source));
            let metadata = metadata.map_or(&[][..], |source| &source.facts.key_value_metadata);
            let schema = planned.schema.clone();
            let texts: Vec<String> = planned
                .sources
                .iter()
                .filter_map(|source| plan.sources.get(*source))
                .flat_map(|source| source.config.text.as_slice())
                .cloned()
                .collect();
            let plan = SinkPlan::new(
                &planned.config,
                schema,
                ids.clone(),
                &texts,
                metadata,
                planned.reads_errors,
            );
            let plan = match plan {
                Ok(plan) if planned.several_texts => plan.naming_texts(),
                other => other,
            };
            let plan = plan.map(|plan| plan.holding(pages_held));
            plan.map(|plan| Sink { planned, plan }).map_err(|problems| {
                let first = problems.into_iter().next();
                let (message, help) = first
                    .map(|problem| (problem.message, problem.help))
                    .unwrap_or_default();
                RunError::Sink {
                    sink: planned.id.clone(),
                    message,
                    help,
                }
            })
        })
        .collect()
}

impl ShardSink for Sink<'_> {
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchWriter>, String> {
        let target = self.planned.layout.target(&shard.source, &shard.stem);
        let root = &self.planned.layout.root;
        check_inside(root, &target).map_err(explain)?;
        let writer = ShardWriter::create(&self.plan, target.clone()).map_err(explain)?;
        // A link may have come in between.
        check_inside(root, &target).map_err(explain)?;
        Ok(Box::new(Writer(writer)))
    }
}

struct Writer(ShardWriter);

impl BatchWriter for Writer {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        self.0.write(batch).map_err(explain)
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String> {
        let prepared = self.0.finish().map_err(explain)?;
        Ok(Box::new(Complete(prepared)))
    }
}

/// A complete file under its temporary name.
pub(super) struct Complete(pub(super) Prepared);

impl Finished for Complete {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// What went wrong, and what to do about it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn explain(error: SinkError) -> String {
    match error.help() {
        help if help.is_empty() => error.to_string(),
        help => format!("{error}\n  help: {help}"),
    }
}
