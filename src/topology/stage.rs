//! Stages: fused operators, run one after another on a batch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::merge::merge;
use super::wiring::Job;
use super::{Feed, Run, Stage, Step};
use crate::batch::Batch;
use crate::operator::{Context, Operator, OperatorError, current_row};

/// One operator of each step of a stage.
pub(super) type Crew = Vec<Box<dyn Operator>>;

/// Makes the operators of a stage.
pub(super) fn crew(stage: &Stage<'_>) -> Result<Crew, OperatorError> {
    stage.steps.iter().map(|step| (step.build)()).collect()
}

/// Runs the stage at `position` on one job: by `operators`, which are those of this worker, or, if
/// it works in order, by those of the shard, as soon as the job is next.
pub(super) fn work(run: Run<'_>, position: usize, operators: &mut Crew, job: Job) {
    match (
        run.topology.stages.get(position),
        run.stage_lanes.get(position),
    ) {
        (Some(stage), Some(lanes)) if stage.in_order => lanes.advance(job, |kept, job| {
            let mut operators = of_shard(stage, kept.take(), &job);
            work_on(run, position, &mut operators, job);
            *kept = Some(operators);
        }),
        _ => work_on(run, position, operators, job),
    }
}

/// The operators of the shard that `job` is of: those that are kept, or new ones. Where the shard is
/// lost there are none, and what was kept of it is free.
fn of_shard(stage: &Stage<'_>, kept: Option<Crew>, job: &Job) -> Crew {
    let Some(shard) = job.first().map(|(_, batch)| &batch.shard) else {
        return Crew::new();
    };
    if shard.is_lost() {
        return Crew::new();
    }
    if let Some(kept) = kept {
        return kept;
    }
    let made = catch_unwind(AssertUnwindSafe(|| crew(stage)))
        .unwrap_or_else(|panic| Err(OperatorError::Other(panic_message(&*panic).to_owned())));
    made.unwrap_or_else(|error| {
        let ids: Vec<&str> = stage.steps.iter().map(|step| step.id.as_str()).collect();
        let message = format!("operator `{}` cannot start: {error}", ids.join("`, `"));
        shard.fail(message);
        Crew::new()
    })
}

/// Runs the operators of the stage at `position` on one job, and sends on what they put out.
fn work_on(run: Run<'_>, position: usize, operators: &mut [Box<dyn Operator>], parts: Job) {
    let (Some(stage), Some((_, first))) = (run.topology.stages.get(position), parts.first()) else {
        return;
    };
    let shard = first.shard.clone();
    let source = run.commits.source_of(shard.index);
    let blank = first.emptied(first.records.schema());
    let outputs = process(run, position, operators, parts).unwrap_or_else(|message| {
        shard.fail(message);
        blanks(stage, &blank)
    });
    for (feed, batch) in feeds(position, outputs) {
        run.wiring.send(source, feed, batch);
    }
}

/// What the ports of a stage put out, by step and port; nothing where nobody reads it.
type Outputs = Vec<Vec<Option<Batch>>>;

fn feeds(stage: usize, outputs: Outputs) -> impl Iterator<Item = (Feed, Batch)> {
    outputs
        .into_iter()
        .enumerate()
        .flat_map(move |(step, ports)| {
            ports
                .into_iter()
                .enumerate()
                .filter_map(move |(port, batch)| {
                    batch.map(|batch| (Feed::Stage { stage, step, port }, batch))
                })
        })
}

/// An empty batch for every port of every step.
fn blanks(stage: &Stage<'_>, batch: &Batch) -> Outputs {
    let ports = |step: &Step<'_>| {
        step.schemas
            .iter()
            .map(|schema| Some(batch.emptied(schema.clone())))
            .collect()
    };
    stage.steps.iter().map(ports).collect()
}

/// Runs the operators of a stage in turn: what they put out, or why the shard is lost.
fn process(
    run: Run<'_>,
    position: usize,
    crew: &mut [Box<dyn Operator>],
    parts: Job,
) -> Result<Outputs, String> {
    let Some(stage) = run.topology.stages.get(position) else {
        return Ok(Vec::new());
    };
    let parts = match (stage.steps.first(), crew.first_mut()) {
        (Some(step), Some(operator)) => admit(step, operator, parts)?,
        _ => parts,
    };
    let Some(batch) = merge(parts).map_err(|error| format!("fan-in: {error}"))? else {
        return Ok(Vec::new());
    };
    if batch.rows.is_empty() || batch.shard.is_lost() {
        return Ok(blanks(stage, &batch));
    }
    let mut outputs = Vec::with_capacity(stage.steps.len());
    let mut input = Some(batch);
    for (step, (node, worker)) in stage.steps.iter().zip(crew).enumerate() {
        let Some(batch) = input.take() else { break };
        let mut emitted: Vec<Option<Batch>> = run_step(run, node, worker, batch)?
            .into_iter()
            .map(Some)
            .collect();
        // The main output goes on to the next step; it stays here too if somebody else reads it.
        if step + 1 < stage.steps.len()
            && let Some(main) = emitted.first_mut()
        {
            let feed = Feed::Stage {
                stage: position,
                step,
                port: 0,
            };
            input = if run.wiring.is_read(feed) {
                main.clone()
            } else {
                main.take()
            };
        }
        outputs.push(emitted);
    }
    Ok(outputs)
}

/// Lets the first operator of a stage look at each part of a job before they are merged.
fn admit(step: &Step<'_>, operator: &mut Box<dyn Operator>, parts: Job) -> Result<Job, String> {
    let mut admitted = Job::with_capacity(parts.len());
    for (input, part) in parts {
        if part.rows.is_empty() || part.shard.is_lost() {
            admitted.push((input, part));
            continue;
        }
        let shard = part.shard.clone();
        let (first_row, rows) = (part.rows.number(0), part.rows.len());
        let mut context = Context::new(&shard, step.position, step.schemas.len());
        let part = guarded(step, operator, first_row, |operator| {
            operator.admit(input, part, &mut context)
        })?;
        let turned_away = rows.saturating_sub(part.rows.len()) as u64;
        let counters = shard.counters.operator(step.position);
        counters.rows_in.fetch_add(turned_away, Ordering::Relaxed);
        admitted.push((input, part));
    }
    Ok(admitted)
}

/// Lets an operator do its work; what it says, or that it panicked, as the reason why the shard is
/// lost.
fn guarded<T>(
    step: &Step<'_>,
    operator: &mut Box<dyn Operator>,
    first_row: u64,
    work: impl FnOnce(&mut dyn Operator) -> Result<T, OperatorError>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(|| work(&mut **operator))) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(format!("operator `{}`: {error}", step.id)),
        Err(panic) => {
            let row = current_row().unwrap_or(first_row);
            let message = panic_message(&*panic);
            // Its scratch memory may be in any state: start with a new one.
            if let Ok(fresh) = (step.build)() {
                *operator = fresh;
            }
            Err(format!(
                "operator `{}` panicked at row {row}: {message}. This is a bug in the operator",
                step.id
            ))
        }
    }
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
    let blank = batch.emptied(batch.records.schema());
    let mut context = Context::new(&shard, step.position, step.schemas.len());
    let started = Instant::now();
    let result = guarded(step, operator, first_row, |operator| {
        operator.process(batch, &mut context)
    });
    run.topology
        .observer
        .operator_busy(step.position, started.elapsed());
    result?;
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
    let ways_out = if step.has_main_output {
        1
    } else {
        outputs.len()
    };
    let left: usize = outputs
        .iter()
        .take(ways_out)
        .map(|batch| batch.rows.len())
        .sum();
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
