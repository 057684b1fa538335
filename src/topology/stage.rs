//! Stage workers: run fused operators on one batch after another.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::merge::merge;
use super::wiring::Job;
use super::{Feed, Run, Stage, Step};
use crate::batch::Batch;
use crate::operator::{Context, Operator, current_row};

/// Works on the jobs of the stage at `position` until there are no more.
pub(super) fn work(
    run: Run<'_>,
    position: usize,
    mut operators: Vec<Box<dyn Operator>>,
    jobs: &Receiver<Job>,
) {
    let Some(stage) = run.topology.stages.get(position) else {
        return;
    };
    for parts in jobs {
        let Some(first) = parts.first() else { continue };
        let (shard, source) = (
            first.shard.clone(),
            run.commits.source_of(first.shard.index),
        );
        let blank = first.clone();
        let outputs = {
            let _permit = run.permits.acquire();
            process(run, stage, &mut operators, parts).unwrap_or_else(|message| {
                shard.fail(message);
                blanks(stage, &blank)
            })
        };
        drop(blank);
        for (step, ports) in outputs.into_iter().enumerate() {
            for (port, batch) in ports.into_iter().enumerate() {
                let feed = Feed::Stage {
                    stage: position,
                    step,
                    port,
                };
                run.wiring.send(source, feed, &batch);
            }
        }
    }
}

/// An empty batch for every port of every step.
fn blanks(stage: &Stage<'_>, batch: &Batch) -> Vec<Vec<Batch>> {
    let ports = |step: &Step<'_>| {
        step.schemas
            .iter()
            .map(|schema| batch.emptied(schema.clone()))
            .collect()
    };
    stage.steps.iter().map(ports).collect()
}

/// Runs the operators of `stage` in turn: the batches of every port of every step, or why the
/// shard is lost.
fn process(
    run: Run<'_>,
    stage: &Stage<'_>,
    crew: &mut [Box<dyn Operator>],
    parts: Job,
) -> Result<Vec<Vec<Batch>>, String> {
    let Some(batch) = merge(parts).map_err(|error| format!("fan-in: {error}"))? else {
        return Ok(Vec::new());
    };
    if batch.rows.is_empty() || batch.shard.is_lost() {
        return Ok(blanks(stage, &batch));
    }
    let mut outputs: Vec<Vec<Batch>> = Vec::with_capacity(stage.steps.len());
    let mut input = Some(batch);
    for (step, worker) in stage.steps.iter().zip(crew) {
        let Some(batch) = input.take() else { break };
        let emitted = run_step(run, step, worker, batch)?;
        // The main output goes on to the next step; it is kept as well, for whoever else reads it.
        input = emitted.first().cloned();
        outputs.push(emitted);
    }
    Ok(outputs)
}

/// Runs one operator on one batch.
fn run_step(
    run: Run<'_>,
    step: &Step<'_>,
    operator: &mut Box<dyn Operator>,
    batch: Batch,
) -> Result<Vec<Batch>, String> {
    if batch.rows.is_empty() {
        return Ok(step
            .schemas
            .iter()
            .map(|schema| batch.emptied(schema.clone()))
            .collect());
    }
    let shard = batch.shard.clone();
    let counters = shard.counters.operator(step.position);
    let (first_row, rows) = (batch.rows.number(0), batch.rows.len() as u64);
    counters.rows_in.fetch_add(rows, Ordering::Relaxed);
    let blank = batch.replaced(batch.records.slice(0, 0), batch.rows.none());
    let mut context = Context::new(&shard, step.position, step.schemas.len());
    let started = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| operator.process(batch, &mut context)));
    run.topology
        .observer
        .operator_busy(step.position, started.elapsed());
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(format!("operator `{}`: {error}", step.id)),
        Err(panic) => {
            let row = current_row().unwrap_or(first_row);
            let message = panic_message(&*panic);
            // Its scratch memory may be in any state: start with a new one.
            if let Ok(fresh) = (step.build)() {
                *operator = fresh;
            }
            return Err(format!(
                "operator `{}` panicked at row {row}: {message}. This is a bug in the operator",
                step.id
            ));
        }
    }
    let mut outputs = Vec::with_capacity(step.schemas.len());
    for (port, (batch, schema)) in context
        .into_outputs()
        .into_iter()
        .zip(&step.schemas)
        .enumerate()
    {
        let batch = batch.unwrap_or_else(|| blank.emptied(schema.clone()));
        if batch.records.num_columns() != schema.fields().len() {
            return Err(format!(
                "operator `{}` put out {} columns on port {port} where its schema has {}",
                step.id,
                batch.records.num_columns(),
                schema.fields().len()
            ));
        }
        outputs.push(batch);
    }
    let left = outputs.first().map_or(0, |main| main.rows.len());
    counters.rows_out.fetch_add(left as u64, Ordering::Relaxed);
    Ok(outputs)
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
