//! Variants of rows: as many as are wanted, none like the row or like another.
//!
//! Variants are made in rounds. Each round takes all that are missing through the branches that are
//! drawn for them, whole batches at a time, so that steps with a model have enough to do. A variant
//! that is not new is drawn again in the next round, with another key. So what is made of a row
//! depends on the row alone.

use std::collections::BTreeMap;

use arrow::array::UInt32Array;

use super::super::apply::ATTEMPTS;
use super::super::{Context, OperatorError, RowTextValues, replica_number};
use super::branch::Verdict;
use super::in_place::assembled;
use super::worker::{Exhausted, Wanted, Worker, to_u32};
use crate::batch::Batch;

/// A variant that is wanted: of which row, and which of its variants, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Variant {
    row: usize,
    replica: u32,
}

/// A variant that was made: where it is among the outputs.
type Place = (usize, usize);

/// What is known of a row.
#[derive(Clone, Copy, Default)]
struct State {
    exhausted: Exhausted,
    /// Whether no more is to be tried.
    given_up: bool,
    /// How many variants were made of it, and the last of them.
    made: u32,
    last: Option<usize>,
    reason: Option<&'static str>,
}

/// What the rounds have brought.
struct Made {
    outputs: Vec<Batch>,
    texts: Vec<RowTextValues>,
    states: Vec<State>,
    variants: Vec<Kept>,
}

/// A variant that is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    variant: Variant,
    place: Place,
    /// The one of the same row that was kept before it.
    previous: Option<usize>,
}

impl Made {
    /// Whether the texts at `place` are those of the row at `row` of `others`.
    fn is_like(&self, place: Place, others: &RowTextValues, row: usize) -> bool {
        let texts = self.texts.get(place.0);
        texts.is_some_and(|texts| texts.of_row(place.1).eq(others.of_row(row)))
    }

    /// Whether there is a text at `place`.
    fn has_text(&self, place: Place) -> bool {
        let texts = self.texts.get(place.0);
        texts.is_some_and(|texts| texts.of_row(place.1).next().is_some())
    }

    /// Whether no variant of the row has the texts at `place`.
    fn is_new(&self, row: usize, place: Place) -> bool {
        let kept = |at: usize| self.variants.get(at);
        let last = self.states.get(row).and_then(|state| state.last);
        let mut made =
            std::iter::successors(last.and_then(kept), |one| one.previous.and_then(kept));
        !made.any(|other| {
            let texts = self.texts.get(other.place.0);
            texts.is_some_and(|texts| self.is_like(place, texts, other.place.1))
        })
    }
}

impl Worker {
    /// Makes variants of the rows of `batch`, as many of each as `wanted` says.
    pub(super) fn make_variants(
        &mut self,
        batch: &Batch,
        wanted: &[Wanted],
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        let texts = self.texts.read(&batch.records)?;
        let mut made = Made {
            outputs: Vec::new(),
            texts: Vec::new(),
            states: vec![State::default(); batch.rows.len()],
            variants: Vec::new(),
        };
        let mut missing = Vec::new();
        for (row, (wanted, state)) in wanted.iter().zip(&mut made.states).enumerate() {
            if texts.of_row(row).next().is_none() {
                state.reason = Some("null");
                continue;
            }
            missing.extend((1..=wanted.variants).map(|replica| Variant { row, replica }));
        }
        for attempt in (0..).take(ATTEMPTS) {
            if missing.is_empty() {
                break;
            }
            let tried = self.attempt(batch, wanted, &missing, attempt, &mut made)?;
            missing = self.judge(&texts, missing, tried, &mut made);
        }
        count_shortfall(wanted, &made, context);
        context.count_changed(made.variants.len() as u64);
        made.variants.sort_unstable();
        let picks: Vec<Place> = made.variants.iter().map(|kept| kept.place).collect();
        let mut output = assembled(batch, &made.outputs, &picks)?;
        let numbers = made.variants.iter().map(|Kept { variant, .. }| {
            let most = wanted.get(variant.row).map_or(1, |wanted| wanted.most);
            replica_number(incoming(batch, variant.row), most, variant.replica)
        });
        output.rows.replica = numbers.collect();
        context.emit(output);
        Ok(())
    }

    /// Takes `missing` through the branches that are drawn for them: for each the branch, what came
    /// of it if anything did, and what was said of it.
    fn attempt(
        &mut self,
        batch: &Batch,
        wanted: &[Wanted],
        missing: &[Variant],
        attempt: u32,
        made: &mut Made,
    ) -> Result<Vec<Tried>, OperatorError> {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); self.branches.len()];
        let mut tried = Vec::with_capacity(missing.len());
        for (place, variant) in missing.iter().enumerate() {
            let incoming = incoming(batch, variant.row);
            let branch = if self.branches.len() == 1 {
                0
            } else {
                let exhausted = made.states.get(variant.row).map_or(0, |row| row.exhausted);
                let key = batch.rows.key(variant.row);
                let part = u64::from(attempt);
                let mut random = self.key.part(key, incoming, variant.replica, part);
                self.draw(exhausted, &mut random).unwrap_or_default()
            };
            if let Some(members) = members.get_mut(branch) {
                members.push(to_u32(place));
            }
            tried.push(Tried {
                branch,
                place: None,
                verdict: Verdict {
                    reason: None,
                    drawn: true,
                },
            });
        }
        for (branch, members) in self.branches.iter_mut().zip(members) {
            let of = || {
                members
                    .iter()
                    .filter_map(|place| missing.get(*place as usize))
            };
            let indices = UInt32Array::from_iter_values(of().map(|variant| to_u32(variant.row)));
            if indices.values().is_empty() {
                continue;
            }
            let mut part = batch.take(&indices)?;
            let numbers = of().map(|variant| {
                let most = wanted.get(variant.row).map_or(1, |wanted| wanted.most);
                let number = replica_number(incoming(batch, variant.row), most, variant.replica);
                number_of_attempt(number, attempt)
            });
            part.rows.replica = numbers.collect();
            let followed = branch.follow(&part)?;
            for (row, place) in followed.places.iter().enumerate() {
                let of = members.get(*place as usize);
                if let Some(tried) = of.and_then(|of| tried.get_mut(*of as usize)) {
                    tried.place = Some((made.outputs.len(), row));
                }
            }
            for (of, verdict) in members.iter().zip(followed.verdicts) {
                if let Some(tried) = tried.get_mut(*of as usize) {
                    tried.verdict = verdict;
                }
            }
            made.texts.push(self.texts.read(&followed.batch.records)?);
            made.outputs.push(followed.batch);
        }
        Ok(tried)
    }

    /// Keeps what is new, in the order of rows and replicas; answers what is still missing.
    fn judge(
        &self,
        texts: &RowTextValues,
        missing: Vec<Variant>,
        tried: Vec<Tried>,
        made: &mut Made,
    ) -> Vec<Variant> {
        let mut again = Vec::new();
        for (variant, tried) in missing.into_iter().zip(tried) {
            let kept = tried.place.filter(|place| {
                made.has_text(*place)
                    && !made.is_like(*place, texts, variant.row)
                    && made.is_new(variant.row, *place)
            });
            let is_same = tried
                .place
                .is_some_and(|place| made.is_like(place, texts, variant.row));
            let Some(state) = made.states.get_mut(variant.row) else {
                continue;
            };
            match (kept, tried.place) {
                _ if state.given_up => {}
                (Some(place), _) => {
                    state.made += 1;
                    let previous = state.last.replace(made.variants.len());
                    made.variants.push(Kept {
                        variant,
                        place,
                        previous,
                    });
                }
                (None, None) => {
                    state.given_up = true;
                    state.reason = Some("a step refused the row");
                }
                (None, Some(_)) => {
                    let said = tried.verdict.reason.filter(|_| is_same);
                    state.reason = Some(said.unwrap_or("no new variant"));
                    if !tried.verdict.drawn {
                        // It would give the same for every variant of the row, in every draw.
                        state.exhausted |= 1_u128.checked_shl(to_u32(tried.branch)).unwrap_or(0);
                        let all = to_u32(self.branches.len());
                        state.given_up |= state.exhausted.count_ones() >= all;
                    }
                    again.push(variant);
                }
            }
        }
        let is_open = |variant: &Variant| {
            let state = made.states.get(variant.row);
            state.is_some_and(|state| !state.given_up)
        };
        again.retain(is_open);
        again
    }
}

/// What came of an attempt at a variant.
struct Tried {
    branch: usize,
    /// Where it is among the outputs; nothing if a step refused the row.
    place: Option<Place>,
    verdict: Verdict,
}

fn incoming(batch: &Batch, row: usize) -> u32 {
    batch.rows.replica.get(row).copied().unwrap_or_default()
}

/// The number under which steps see a variant: another one in each attempt, so that they draw anew,
/// and never that of an original.
fn number_of_attempt(number: u32, attempt: u32) -> u32 {
    number.wrapping_mul(16).wrapping_add(attempt).max(1)
}

fn count_shortfall(wanted: &[Wanted], made: &Made, context: &Context<'_>) {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (wanted, state) in wanted.iter().zip(&made.states) {
        let short = wanted.variants.saturating_sub(state.made);
        if short > 0 {
            let reason = state.reason.unwrap_or("no new variant");
            *reasons.entry(reason).or_default() += u64::from(short);
        }
    }
    for (reason, count) in reasons {
        context.count(&format!("shortfall: {reason}"), count);
    }
}
