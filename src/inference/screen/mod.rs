//! The likeliest tokens, exactly, without the exact scores of all others.
//!
//! The scores of tokens are products of a row of numbers, the state, with each row of a large table:
//! in translation they are half of the work, and nearly all of them do not matter. Products in eight
//! bits take a quarter of the time, and it is known by how much they can be wrong: for a state h
//! and a row w, and what eight bits make of them, h' and w', it is
//!
//! |hw - h'w'| = |(h - h')w + h'(w - w')| <= ‖h - h'‖‖w‖ + ‖h'‖‖w - w'‖
//!
//! by the inequality of Cauchy and Schwarz. So what can be among the likeliest is known for certain,
//! and is computed anew, in 32 bits. Tokens that have a part in the sum of probabilities are, too;
//! what the others add to it is as eight bits have it.
//!
//! The errors of unlikely tokens would not cancel out in that sum: rows have much in common, and so
//! have their errors. So the error of the mean of all rows is added to each score, and w and w' above
//! are what is left of a row without the mean. In a trained model of 4,000 tokens this makes logarithms
//! of probabilities more than ten times as precise: they are off by 4e-5 (standard deviation, of the
//! likeliest token of a row). That model is kept in eight bits, which hold its rows as they are;
//! with noise of a step's size on them it is 5e-5.
//!
//! Each state is rounded by itself, and whole numbers add up to the same in any order: scores do not
//! depend on what else is in a batch, nor on the processor.

mod kernel;
#[cfg(test)]
mod tests;

use super::select::{Candidate, Selector, by_logit};

/// What stands for zero in a state of eight bits.
pub(crate) const ZERO: u8 = 128;

/// The greatest number of a state in eight bits, on both sides of zero.
const GREATEST: f32 = 127.0;

/// Tokens more likely than this are scored exactly, whether they are among the likeliest or not.
const PROBABLE: f32 = 3e-5;

/// So many of them at most, the likeliest: where more are as likely, none of them matters much.
const MOST: usize = 256;

/// By how much more than bounds say scores may differ, in parts of the greatest possible score: sums in
/// 32 bits are rounded, too.
const ROUNDING: f32 = 4e-6;

/// The table of tokens: a row of numbers for each, and what eight bits made of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    /// Row after row.
    pub(crate) rows: &'a [f32],
    /// What is added to the score of each token.
    pub(crate) bias: &'a [f32],
    /// What the eight bits of each token are to be multiplied with.
    pub(crate) scales: &'a [f32],
    /// The mean of all rows.
    pub(crate) mean: &'a [f32],
    /// The mean of what eight bits left out of them.
    pub(crate) mean_error: &'a [f32],
    /// How far each row is from these.
    pub(crate) norms: &'a [Norms],
    /// The greatest of them.
    pub(crate) greatest: Norms,
}

/// Lengths: square roots of sums of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Norms {
    /// Of a row, less the mean.
    pub(crate) length: f32,
    /// Of what eight bits left out of it, less the mean of that.
    pub(crate) error: f32,
}

impl Norms {
    /// Norms that none of `all` exceed.
    pub(crate) fn greatest(all: &[Self]) -> Self {
        let most = |of: fn(&Self) -> f32| all.iter().map(of).fold(0.0, f32::max);
        Self {
            length: most(|norms| norms.length),
            error: most(|norms| norms.error),
        }
    }
}

impl Table<'_> {
    /// Whether there is one of everything for each token and for each number of a row.
    pub(crate) fn fits(&self) -> bool {
        let (tokens, width) = (self.bias.len(), self.mean.len());
        self.rows.len() == tokens * width
            && [self.scales.len(), self.norms.len()] == [tokens; 2]
            && self.mean_error.len() == width
    }

    /// The exact score of a token: what all scores would be compared with.
    pub(crate) fn score(&self, state: &[f32], token: usize) -> f32 {
        let row = self.rows.get(token * state.len()..).unwrap_or_default();
        let row = row.get(..state.len()).unwrap_or_default();
        kernel::dot(state, row) + self.bias.get(token).copied().unwrap_or_default()
    }
}

/// A state in eight bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rounded {
    /// What its numbers, less [`ZERO`], are to be multiplied with.
    scale: f32,
    /// Its length.
    length: f32,
    /// The length of what was left out.
    error: f32,
    /// What is wrong with the score of the mean of all rows.
    correction: f32,
    /// How much of it there is, at most.
    of_mean: f32,
}

impl Rounded {
    /// The score of a token by its product in eight bits, and the most by which it can be wrong.
    pub(crate) fn score(&self, table: &Table<'_>, token: usize, product: i32) -> Option<[f32; 2]> {
        let mut score = [0.0];
        let (scales, bias) = (table.scales.get(token..)?, table.bias.get(token..)?);
        self.rescale(&[product], scales, bias, &mut score);
        Some([score[0], self.bound(*table.norms.get(token)?)])
    }

    /// Rounds a state, whose eight bits are appended to `bytes`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers between 1 and 255; what is not a number becomes 0"
    )]
    pub(crate) fn new(state: &[f32], table: &Table<'_>, bytes: &mut Vec<u8>) -> Self {
        let greatest = state.iter().fold(0.0_f32, |most, one| most.max(one.abs()));
        let scale = if greatest > 0.0 {
            greatest / GREATEST
        } else {
            1.0
        };
        let (mut length, mut error, mut correction, mut of_mean) = (0.0, 0.0, 0.0, 0.0);
        let means = table.mean.iter().zip(table.mean_error);
        for (value, (mean, mean_error)) in state.iter().zip(means) {
            let whole = (value / scale).round_ties_even();
            bytes.push((whole + f32::from(ZERO)) as u8);
            let (rounded, left_out) = (whole * scale, value - whole * scale);
            length += rounded * rounded;
            error += left_out * left_out;
            correction += left_out * mean + rounded * mean_error;
            of_mean += mean * mean;
        }
        Self {
            scale,
            length: length.sqrt(),
            error: error.sqrt(),
            correction,
            of_mean: of_mean.sqrt(),
        }
    }

    /// What products say of tokens with these scales and biases.
    fn rescale(&self, products: &[i32], scales: &[f32], bias: &[f32], to: &mut [f32]) {
        kernel::rescale(products, [self.scale, self.correction], scales, bias, to);
    }

    /// The most by which the score of a token can be wrong.
    fn bound(&self, token: Norms) -> f32 {
        let most = (self.length + self.error) * (token.length + self.of_mean);
        self.error * token.length + self.length * token.error + most * ROUNDING
    }
}

/// Finds the likeliest tokens of one row at a time. Its memory is kept from row to row.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    scores: Vec<f32>,
    ordered: Vec<f32>,
    selector: Selector,
    likeliest: Vec<Candidate>,
    /// Tokens that were scored exactly, in the last row.
    #[cfg(test)]
    pub(crate) exact: usize,
}

impl Screen {
    /// The `count` likeliest tokens with their exact scores, best first, of equal ones the lower first;
    /// and the natural logarithm of the probability of the first. `products` are those of the state
    /// and each token, both in eight bits. Nothing if there are scores that are not numbers.
    pub(crate) fn likeliest(
        &mut self,
        table: &Table<'_>,
        state: &[f32],
        rounded: &Rounded,
        products: &[i32],
        count: usize,
    ) -> Option<(&[Candidate], f32)> {
        let Table { bias, scales, .. } = *table;
        self.scores.resize(products.len(), 0.0);
        rounded.rescale(products, scales, bias, &mut self.scores);
        // A state with something that is no number is rounded to something without.
        let whole = rounded.length.is_finite() && rounded.error.is_finite();
        let normaliser = self.selector.scan(&self.scores).filter(|_| whole)?;

        let first = self.selector.best(&self.scores, count);
        let exact = |token: u32| table.score(state, token as usize);
        let firsts = first.iter().map(|candidate| exact(candidate.token));
        // The least of them is not above the score of the last of the likeliest.
        let reached = firsts.fold(f32::INFINITY, f32::min);
        // It costs little to leave out what cannot be among those that many.
        let sieve = self.selector.threshold(&self.scores, MOST);
        let probable = normaliser.logit(PROBABLE.ln()).max(sieve);
        let least = probable.min(reached - rounded.bound(table.greatest));
        let candidates = self.selector.at_least(&self.scores, least);
        self.ordered.clear();
        let logits = candidates.iter().map(|candidate| candidate.logit);
        self.ordered
            .extend(logits.filter(|logit| *logit >= probable));
        let probable = if self.ordered.len() > MOST {
            let nth = self
                .ordered
                .select_nth_unstable_by(MOST - 1, |a, b| b.total_cmp(a));
            *nth.1
        } else {
            probable
        };

        self.likeliest.clear();
        let mut sum = f64::from(normaliser.log_sum).exp();
        for candidate in candidates {
            let Candidate { token, logit } = *candidate;
            let bounds = table.norms.get(token as usize);
            let most = bounds.map_or(f32::INFINITY, |norms| logit + rounded.bound(*norms));
            if most >= reached || logit >= probable {
                let scored = exact(token);
                let relative = |logit: f32| f64::from(logit - normaliser.max).exp();
                sum += relative(scored) - relative(logit);
                self.likeliest.push(Candidate {
                    token,
                    logit: scored,
                });
            }
        }
        #[cfg(test)]
        {
            self.exact = self.likeliest.len();
        }
        let likeliest = by_logit(&mut self.likeliest, count);
        let first = likeliest.first()?;
        let relative = f64::from(first.logit - normaliser.max);
        #[expect(clippy::cast_possible_truncation, reason = "precise enough")]
        let log_probability = (relative - sum.ln()) as f32;
        // The first has a part in the sum: rounding must not make the sum less than that.
        let log_probability = log_probability
            .is_finite()
            .then(|| log_probability.min(0.0))?;
        Some((likeliest, log_probability))
    }
}
