//! Beam search, as `transformers` 4.57 does it with `early_stopping = False`.
//!
//! At each step the best 2 * beams continuations of all beams are looked at, best first. Of those
//! that end the sentence, the ones among the first `beams` become finished hypotheses, scored by
//! their sum of logarithms divided by the length to the power of the length penalty; the first
//! `beams` of the others go on. The search ends when there are `beams` finished hypotheses and the
//! best open one, scored by its present length, is not better than the worst finished one.
//!
//! Ties: the lower beam first, then the lower token; of finished hypotheses the earlier first.

use super::chains::penalise_length;
use super::rules::{Rules, Scale};
use super::search::{Found, Place, Task};

/// An open hypothesis.
#[derive(Debug, Clone)]
struct Beam {
    /// The start token, and what follows it.
    tokens: Vec<u32>,
    /// Sum of the logarithms of the probabilities.
    score: f32,
    /// Its parent's row at the last step, within the sentence.
    row: u32,
}

/// A way to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Continuation {
    score: f32,
    beam: u32,
    token: u32,
}

/// The beams of one sentence.
#[derive(Debug)]
pub(super) struct Beams {
    beams: usize,
    length_penalty: f32,
    open: Vec<Beam>,
    /// Best first, at most `beams`.
    finished: Vec<Found>,
    done: bool,
}

impl Beams {
    pub(super) fn new(start: u32, beams: usize, length_penalty: f32) -> Self {
        Self {
            beams,
            length_penalty,
            open: vec![Beam {
                tokens: vec![start],
                score: 0.0,
                row: 0,
            }],
            finished: Vec::with_capacity(beams + 1),
            done: false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// How many of the likeliest tokens of each row are looked at.
    fn wanted(&self) -> usize {
        2 * self.beams
    }

    /// See [`Rows::enough`](super::Rows::enough).
    pub(super) fn enough(&self, rules: &Rules<'_>) -> Option<usize> {
        let each = self.open.iter();
        each.map(|beam| rules.enough(self.wanted(), &beam.tokens))
            .try_fold(0, |most, enough| Some(most.max(enough?)))
    }

    /// Rows of the next step.
    pub(super) fn width(&self) -> usize {
        self.open.len()
    }

    /// The last token of each row of the next step, and the row of the last step that it goes on
    /// from.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, u32)> {
        self.open
            .iter()
            .map(|beam| (beam.tokens.last().copied().unwrap_or_default(), beam.row))
    }

    /// Ends the search with a token that needs no model: its probability is 1.
    pub(super) fn force(&mut self, end: u32) {
        for mut beam in std::mem::take(&mut self.open) {
            beam.tokens.push(end);
            self.add_finished(beam, false);
        }
        self.done = true;
    }

    /// Takes in the logits of the rows of the last step. False if they are not numbers.
    pub(super) fn advance(&mut self, place: &mut Place<'_>, task: &mut Task<'_>) -> bool {
        let wanted = self.wanted();
        task.continuations.clear();
        for (row, (beam, number)) in self.open.iter().zip(0..).enumerate() {
            let Some(mut row) = place.shown.row(row) else {
                return false;
            };
            let Some(normaliser) = row.scan(&mut task.selector) else {
                return false;
            };
            task.rules.apply(
                &mut row,
                &beam.tokens,
                Scale::LogProbabilities(normaliser),
                &mut task.selector,
                &mut task.changes,
            );
            let best = task.selector.best(row.logits, wanted).iter();
            let best = best.map(|candidate| row.at(*candidate));
            task.continuations
                .extend(best.map(|candidate| Continuation {
                    score: beam.score + normaliser.log_probability(candidate.logit),
                    beam: number,
                    token: candidate.token,
                }));
        }
        task.continuations.sort_unstable_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.beam.cmp(&b.beam))
                .then(a.token.cmp(&b.token))
        });
        task.continuations.truncate(wanted);
        self.go_on(&task.continuations, task.end, place.last);
        true
    }

    fn go_on(&mut self, continuations: &[Continuation], end: u32, last: bool) {
        let open = std::mem::take(&mut self.open);
        for (rank, continuation) in continuations.iter().enumerate() {
            let Some(parent) = open.get(continuation.beam as usize) else {
                continue;
            };
            let ends = continuation.token == end;
            let finishes = (ends || last) && rank < self.beams;
            let goes_on = !ends && !last && self.open.len() < self.beams;
            if !finishes && !goes_on {
                continue;
            }
            let mut tokens = Vec::with_capacity(parent.tokens.len() + 1);
            tokens.extend_from_slice(&parent.tokens);
            tokens.push(continuation.token);
            let beam = Beam {
                tokens,
                score: continuation.score,
                row: continuation.beam,
            };
            if finishes {
                self.add_finished(beam, ends);
            } else {
                self.open.push(beam);
            }
        }
        if continuations.is_empty() {
            // Everything that could follow is ruled out.
            for beam in open {
                self.add_finished(beam, false);
            }
        }
        self.done = self.open.first().is_none_or(|best| {
            let length = best.tokens.len() - 1;
            let possible = best.score / penalise_length(length, self.length_penalty);
            self.finished.len() == self.beams
                && self
                    .finished
                    .last()
                    .is_some_and(|worst| possible <= worst.score)
        });
    }

    fn add_finished(&mut self, beam: Beam, complete: bool) {
        let mut tokens = beam.tokens;
        tokens.remove(0);
        let score = beam.score / penalise_length(tokens.len().max(1), self.length_penalty);
        let place = self
            .finished
            .partition_point(|other| other.score.total_cmp(&score).is_ge());
        let found = Found {
            tokens,
            score,
            complete,
        };
        self.finished.insert(place, found);
        self.finished.truncate(self.beams);
    }

    /// The best `wanted` hypotheses.
    pub(super) fn finish(mut self, wanted: usize) -> Vec<Found> {
        self.finished.truncate(wanted.max(1));
        self.finished
    }
}
