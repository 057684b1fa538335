//! Settings with which a run stays within a limit of memory.

use super::outlook::reckon;
use super::{RunSettings, largest_expansion};
use crate::plan::Plan;

/// How much is kept in memory: for each worker batches in flight, bytes in a batch, and bytes of
/// pages of each open output.
struct Step {
    window: usize,
    batch_bytes: usize,
    pages_held: usize,
}

/// From what is quickest to what takes least.
const STEPS: [Step; 7] = [
    step(3, 4 << 20, 32 << 20),
    step(2, 4 << 20, 16 << 20),
    step(2, 2 << 20, 8 << 20),
    step(2, 1 << 20, 4 << 20),
    step(2, 512 << 10, 2 << 20),
    step(1, 256 << 10, 1 << 20),
    step(1, 128 << 10, 256 << 10),
];

const fn step(window: usize, batch_bytes: usize, pages_held: usize) -> Step {
    Step {
        window,
        batch_bytes,
        pages_held,
    }
}

/// Bytes that a row takes, for each of its own, where it is as large as a batch: as it is read, cut
/// into words and encoded.
const ROW: f64 = 16.0;
/// The same for each variant of it.
const VARIANT: f64 = 7.0;

/// A row that is smaller is never refused.
const LEAST_ROW: usize = 1 << 20;

/// A run cannot stay within the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLittleMemory {
    /// The least that would do, in bytes.
    pub least: u64,
    /// With so many workers.
    pub workers: usize,
}

/// The quickest of the settings that keep a run of `plan` below `limit` bytes, as far as that can be
/// told, and below what `settings` say. There are fewer workers only if `fewer_workers` allows it.
/// None of this changes the output.
///
/// # Errors
/// When no settings do.
pub fn within(
    plan: &Plan,
    settings: &RunSettings,
    limit: u64,
    fewer_workers: bool,
) -> Result<RunSettings, TooLittleMemory> {
    let mut workers = settings.workers.max(1);
    loop {
        for step in &STEPS {
            let smaller = RunSettings {
                workers,
                window: settings.window.min(step.window * workers),
                batch_bytes: settings.batch_bytes.min(step.batch_bytes),
                pages_held: settings.pages_held.min(step.pages_held),
                ..settings.clone()
            };
            let taken = reckon(plan, &smaller).total();
            if let Some(left) = limit.checked_sub(taken) {
                let most_row_bytes = Some(largest_row(plan, &smaller, left));
                return Ok(RunSettings {
                    most_row_bytes,
                    ..smaller
                });
            }
        }
        if workers == 1 || !fewer_workers {
            break;
        }
        workers = workers.div_ceil(2);
    }
    let least = STEPS.last().map(|step| RunSettings {
        workers,
        window: step.window * workers,
        batch_bytes: step.batch_bytes,
        pages_held: step.pages_held,
        ..settings.clone()
    });
    let least = least.map_or(limit, |least| reckon(plan, &least).total());
    Err(TooLittleMemory { least, workers })
}

/// Bytes of the largest row for which there is room where `left` is left over, one on each worker.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rough figure, and not negative"
)]
fn largest_row(plan: &Plan, settings: &RunSettings, left: u64) -> usize {
    let each = ROW + VARIANT * largest_expansion(plan);
    let rows = settings.workers as f64;
    ((left as f64 / rows / each) as usize).max(LEAST_ROW)
}
