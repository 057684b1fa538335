//! Hypotheses that do not compete: greedy search and sampling.

use super::rules::{Rules, Scale};
use super::search::{Found, Place, Task};
use crate::inference::Normaliser;
use crate::mt::Strategy;
use crate::random::Random;
use rand::Rng;

/// A hypothesis that grows by itself.
#[derive(Debug)]
struct Chain {
    /// The start token, and what follows it.
    tokens: Vec<u32>,
    score: f32,
    ended: bool,
    complete: bool,
    /// Its row at the last step.
    row: u32,
    random: Random,
}

/// Greedy search has one chain, sampling one for each draw.
#[derive(Debug)]
pub(super) struct Chains {
    chains: Vec<Chain>,
}

impl Chains {
    /// Chain i draws from a generator whose key is the i-th number of `random`: it draws the same
    /// whatever becomes of the others.
    pub(super) fn new(start: u32, count: usize, random: &Random) -> Self {
        let mut random = random.clone();
        let chains = (0..count)
            .map(|_| Chain {
                tokens: vec![start],
                score: 0.0,
                ended: false,
                complete: false,
                row: 0,
                random: Random::from_key(random.next_u64()),
            })
            .collect();
        Self { chains }
    }

    pub(super) fn is_done(&self) -> bool {
        self.chains.iter().all(|chain| chain.ended)
    }

    fn open(&self) -> impl Iterator<Item = &Chain> {
        self.chains.iter().filter(|chain| !chain.ended)
    }

    /// See [`Rows::enough`](super::Rows::enough).
    pub(super) fn enough(&self, strategy: Strategy, rules: &Rules<'_>) -> Option<usize> {
        let wanted = match strategy {
            Strategy::Greedy | Strategy::Beam { .. } => 1,
            Strategy::Sample { top_k: 0, .. } => return None,
            Strategy::Sample { top_k, .. } => top_k,
        };
        self.open()
            .map(|chain| rules.enough(wanted, &chain.tokens))
            .try_fold(0, |most, enough| Some(most.max(enough?)))
    }

    /// Rows of the next step.
    pub(super) fn width(&self, first: bool) -> usize {
        let open = self.open().count();
        if first { open.min(1) } else { open }
    }

    /// The last token of each row of the next step, and the row of the last step that it goes on
    /// from.
    pub(super) fn rows(&self, first: bool) -> impl Iterator<Item = (u32, u32)> {
        self.open()
            .take(if first { 1 } else { usize::MAX })
            .map(|chain| (chain.tokens.last().copied().unwrap_or_default(), chain.row))
    }

    /// Ends all chains with a token that needs no model.
    pub(super) fn force(&mut self, end: u32) {
        for chain in self.chains.iter_mut().filter(|chain| !chain.ended) {
            chain.tokens.push(end);
            chain.ended = true;
        }
    }

    /// Takes in the logits of the rows of the last step. False if they are not numbers.
    pub(super) fn advance(&mut self, place: &mut Place<'_>, task: &mut Task<'_>) -> bool {
        let (first, last) = (place.first, place.last);
        let strategy = task.strategy;
        let mut number = 0_u32;
        let mut normaliser = None::<Normaliser>;
        for chain in self.chains.iter_mut().filter(|chain| !chain.ended) {
            let Some(mut row) = place.shown.row(number as usize) else {
                return false;
            };
            // At the first step all chains look at the same row.
            if normaliser.is_none() || !first {
                normaliser = row.scan(&mut task.selector);
                let Some(_) = normaliser else {
                    return false;
                };
                task.rules.apply(
                    &mut row,
                    &chain.tokens,
                    Scale::Logits,
                    &mut task.selector,
                    &mut task.changes,
                );
            }
            chain.row = number;
            if !first {
                number += 1;
            }
            let chosen = match strategy {
                Strategy::Greedy | Strategy::Beam { .. } => task.selector.first(row.logits),
                Strategy::Sample {
                    temperature,
                    top_k,
                    top_p,
                } => {
                    let unit = chain.random.unit();
                    let selector = &mut task.selector;
                    selector.draw(row.logits, temperature, top_k, top_p, unit)
                }
            };
            let Some(chosen) = chosen.map(|chosen| row.at(chosen)) else {
                chain.ended = true;
                continue;
            };
            chain.tokens.push(chosen.token);
            if let Some(normaliser) = normaliser {
                chain.score += normaliser.log_probability(chosen.logit);
            }
            chain.complete = chosen.token == task.end;
            chain.ended = chain.complete || last;
        }
        true
    }

    /// What was found: sampling drops what was drawn twice.
    pub(super) fn finish(self, length_penalty: Option<f32>) -> Vec<Found> {
        let mut all: Vec<Found> = Vec::with_capacity(self.chains.len());
        for chain in self.chains {
            let mut tokens = chain.tokens;
            tokens.remove(0);
            let score = match length_penalty {
                Some(penalty) => chain.score / penalise_length(tokens.len(), penalty),
                None => chain.score,
            };
            if !all.iter().any(|other| other.tokens == tokens) {
                all.push(Found {
                    tokens,
                    score,
                    complete: chain.complete,
                });
            }
        }
        all
    }
}

/// What the score of a hypothesis of so many tokens is divided by, the end of sentence included.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "as `transformers` computes it"
)]
pub(super) fn penalise_length(tokens: usize, penalty: f32) -> f32 {
    (tokens as f64).powf(f64::from(penalty)) as f32
}
