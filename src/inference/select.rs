//! The likeliest tokens of a row of logits, and draws from it.
//!
//! A row has tens of thousands of logits, and nearly none of them matters: the maxima of its
//! blocks, which are found beside the normaliser in one pass, say where candidates can be.

use super::kernel::{self, BLOCK, Normaliser};

/// Logits of a block that are compared at once.
const PART: usize = 32;

/// Blocks for each token that is looked for, at least, for their maxima to be a good sieve.
const SETS_FOR_EACH: usize = 4;

/// A token and its logit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The token.
    pub token: u32,
    /// Its logit.
    pub logit: f32,
}

/// Looks at one row of logits at a time, for which it is made ready first. Its memory is kept from
/// row to row.
#[derive(Debug, Default)]
pub struct Selector {
    maxima: Vec<f32>,
    ordered: Vec<f32>,
    sums: Vec<f64>,
    candidates: Vec<Candidate>,
}

impl Selector {
    /// Looks through a row. Nothing if it has logits that are not numbers.
    pub(crate) fn scan(&mut self, row: &[f32]) -> Option<Normaliser> {
        self.maxima.resize(row.len().div_ceil(BLOCK), 0.0);
        let normaliser = kernel::scan(row, &mut self.maxima);
        normaliser.log_sum.is_finite().then_some(normaliser)
    }

    /// Gets ready for a row of few logits whose normaliser is known: gives the greatest of them.
    pub(crate) fn look(&mut self, row: &[f32]) -> f32 {
        self.maxima.clear();
        self.maxima.extend(row.chunks(BLOCK).map(kernel::maximum));
        self.maxima
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }

    /// To be called when the logit at `place` has been changed after a scan or a look.
    pub(crate) fn changed(&mut self, row: &[f32], place: usize) {
        let block = place / BLOCK;
        let end = row.len().min((block + 1) * BLOCK);
        if let (Some(maximum), Some(logits)) =
            (self.maxima.get_mut(block), row.get(block * BLOCK..end))
        {
            *maximum = kernel::maximum(logits);
        }
    }

    /// The token with the greatest logit, the lowest of those; nothing if all are ruled out.
    pub(crate) fn first(&self, row: &[f32]) -> Option<Candidate> {
        let (mut block, mut best) = (0, f32::NEG_INFINITY);
        for (number, maximum) in self.maxima.iter().enumerate() {
            if *maximum > best {
                (block, best) = (number, *maximum);
            }
        }
        let start = block * BLOCK;
        let place = row
            .get(start..)?
            .iter()
            .take(BLOCK)
            .position(|logit| *logit >= best && best > f32::NEG_INFINITY)?;
        Some(Candidate {
            token: token(start + place),
            logit: best,
        })
    }

    /// The `count` tokens with the greatest logits, best first, of equal ones the lower first.
    /// Fewer if all others are ruled out.
    pub(crate) fn best(&mut self, row: &[f32], count: usize) -> &[Candidate] {
        let threshold = self.threshold(row, count);
        self.collect(row, threshold);
        by_logit(&mut self.candidates, count)
    }

    /// The tokens whose logits are not below `threshold`, the lower first; none that are ruled out.
    #[cfg(feature = "onnx")]
    pub(crate) fn at_least(&mut self, row: &[f32], threshold: f32) -> &[Candidate] {
        self.collect(row, threshold);
        &self.candidates
    }

    fn collect(&mut self, row: &[f32], threshold: f32) {
        self.candidates.clear();
        for (number, block) in row.chunks(BLOCK).enumerate() {
            if self.maxima.get(number).is_none_or(|max| *max < threshold) {
                continue;
            }
            for (part, logits) in block.chunks(PART).enumerate() {
                // Without a branch for each: nearly all parts have nothing.
                if logits.iter().filter(|logit| **logit >= threshold).count() == 0 {
                    continue;
                }
                let start = number * BLOCK + part * PART;
                for (place, logit) in logits.iter().enumerate() {
                    if *logit >= threshold && *logit > f32::NEG_INFINITY {
                        self.candidates.push(Candidate {
                            token: token(start + place),
                            logit: *logit,
                        });
                    }
                }
            }
        }
    }

    /// At least `count` logits are not below this: as many disjoint sets of them have such a maximum.
    /// Where blocks are few, as in a small vocabulary, smaller sets leave fewer candidates.
    pub(super) fn threshold(&mut self, row: &[f32], count: usize) -> f32 {
        // A sieve costs more than it leaves out where nearly all are looked for.
        if row.len() <= count * SETS_FOR_EACH {
            return f32::NEG_INFINITY;
        }
        if count * SETS_FOR_EACH <= self.maxima.len() {
            self.ordered.clone_from(&self.maxima);
        } else {
            kernel::fine_maxima(row, &mut self.ordered);
        }
        if count == 0 || count > self.ordered.len() {
            return f32::NEG_INFINITY;
        }
        let (_, threshold, _) = self
            .ordered
            .select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        *threshold
    }

    /// Draws a token: `unit` in 0..1 says which. The temperature comes first, then `top_k` (0 for
    /// all), then `top_p` of what is left, as in `transformers`. Nothing if all are ruled out.
    pub(crate) fn draw(
        &mut self,
        row: &[f32],
        temperature: f32,
        top_k: usize,
        top_p: f32,
        unit: f64,
    ) -> Option<Candidate> {
        let max = self.first(row)?.logit;
        let scale = temperature.recip();
        if !scale.is_finite() {
            return self.first(row);
        }
        if top_k > 0 {
            let candidates = self.best(row, top_k);
            let total = candidates
                .iter()
                .map(|candidate| kernel::weight(candidate.logit, max, scale))
                .sum();
            return walk(candidates, max, scale, total, f64::from(top_p), unit).ok();
        }
        self.sums.resize(row.len().div_ceil(BLOCK), 0.0);
        let total = kernel::sum(row, max, scale, &mut self.sums);
        if top_p >= 1.0 {
            return self.draw_of_all(row, max, scale, unit * total);
        }
        // Few tokens have most of the probability: how many is not known before.
        let mut count = 64;
        loop {
            let candidates = self.best(row, count);
            let all = candidates.len() < count || count >= row.len();
            match walk(candidates, max, scale, total, f64::from(top_p), unit) {
                Ok(found) => return Some(found),
                Err(last) if all => return last,
                Err(_) => count *= 8,
            }
        }
    }

    fn draw_of_all(&self, row: &[f32], max: f32, scale: f32, target: f64) -> Option<Candidate> {
        let mut left = target;
        let mut last = None;
        for (number, (block, sum)) in row.chunks(BLOCK).zip(&self.sums).enumerate() {
            // The last block takes what rounding left over.
            if left >= *sum && number + 1 < self.sums.len() {
                left -= sum;
                continue;
            }
            for (place, logit) in block.iter().enumerate() {
                if *logit > f32::NEG_INFINITY {
                    last = Some(Candidate {
                        token: token(number * BLOCK + place),
                        logit: *logit,
                    });
                    left -= kernel::weight(*logit, max, scale);
                    if left < 0.0 {
                        return last;
                    }
                }
            }
            if last.is_some() {
                return last;
            }
        }
        // Only ruled-out tokens are left at the end.
        self.first(row)
    }
}

/// Finds the token that `unit` falls on among the likeliest ones that have `top_p` of `total`
/// together. `Err` if the candidates have not so much: with the last of them, for want of others.
fn walk(
    candidates: &[Candidate],
    max: f32,
    scale: f32,
    total: f64,
    top_p: f64,
    unit: f64,
) -> Result<Candidate, Option<Candidate>> {
    let weights = candidates
        .iter()
        .map(|candidate| kernel::weight(candidate.logit, max, scale));
    let (mut kept, mut mass) = (0, 0.0);
    for weight in weights.clone() {
        if kept > 0 && mass >= top_p * total {
            break;
        }
        kept += 1;
        mass += weight;
    }
    // Rounding must not make a whole of the candidates look like less than the whole.
    let enough = mass >= top_p.min(1.0 - 1e-12) * total;
    let mut left = unit * mass;
    let chosen = candidates
        .iter()
        .zip(weights)
        .take(kept)
        .find(|(_, weight)| {
            left -= weight;
            left < 0.0
        })
        .map(|(candidate, _)| *candidate)
        .or_else(|| candidates.get(kept.wrapping_sub(1)).copied());
    match chosen {
        Some(chosen) if enough => Ok(chosen),
        other => Err(other),
    }
}

/// The `count` candidates with the greatest logits, best first, of equal ones the lower token first.
pub(super) fn by_logit(candidates: &mut Vec<Candidate>, count: usize) -> &[Candidate] {
    let order =
        |a: &Candidate, b: &Candidate| b.logit.total_cmp(&a.logit).then(a.token.cmp(&b.token));
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count, order);
        candidates.truncate(count);
    }
    candidates.sort_unstable_by(order);
    candidates
}

/// Vocabularies are far smaller than 2^32.
fn token(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Random;

    fn by_sorting(row: &[f32], count: usize) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = row
            .iter()
            .zip(0..)
            .filter(|(logit, _)| **logit > f32::NEG_INFINITY)
            .map(|(logit, token)| Candidate {
                token,
                logit: *logit,
            })
            .collect();
        all.sort_by(|a, b| b.logit.total_cmp(&a.logit));
        all.truncate(count);
        all
    }

    /// Few different values, so that there are many ties.
    fn rows() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec((-20_i8..20).prop_map(|x| f32::from(x) / 4.0), 1..2500)
    }

    proptest! {
        #[test]
        fn the_best_are_those_of_a_sort(
            mut row in rows(),
            count in 1_usize..40,
            ruled_out in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut selector = Selector::default();
            selector.scan(&row).unwrap();
            for place in ruled_out {
                let place = place.index(row.len());
                row[place] = f32::NEG_INFINITY;
                selector.changed(&row, place);
            }
            let expected = by_sorting(&row, count);
            prop_assert_eq!(selector.best(&row, count), &expected[..]);
            prop_assert_eq!(selector.first(&row), expected.first().copied());
        }

        #[test]
        fn draws_stay_among_the_likeliest(
            row in rows(),
            unit in 0.0_f64..1.0,
            top_k in 0_usize..5,
            top_p in 0.05_f32..1.0,
        ) {
            let mut selector = Selector::default();
            selector.scan(&row).unwrap();
            let drawn = selector.draw(&row, 0.7, top_k, top_p, unit).unwrap();
            prop_assert_eq!(row[drawn.token as usize].to_bits(), drawn.logit.to_bits());
            let mut kept = by_sorting(&row, if top_k == 0 { row.len() } else { top_k });
            let weight = |candidate: &Candidate| (f64::from(candidate.logit) / 0.7).exp();
            let total: f64 = kept.iter().map(weight).sum();
            let mut mass = 0.0;
            kept.retain(|candidate| {
                let keep = mass <= f64::from(top_p) * total + 1e-6 * total;
                mass += weight(candidate);
                keep
            });
            prop_assert!(kept.contains(&drawn));
        }
    }

    #[test]
    fn draws_follow_the_distribution() {
        let mut row = vec![f32::NEG_INFINITY; 700];
        row[3] = 1.0;
        row[300] = 0.0;
        row[699] = 2.0;
        for (top_k, top_p, tokens) in [
            (0, 1.0, vec![3, 300, 699]),
            (0, 0.8, vec![3, 699]),
            (2, 1.0, vec![3, 699]),
            (1, 1.0, vec![699]),
        ] {
            let mut selector = Selector::default();
            selector.scan(&row).unwrap();
            let mut random = Random::from_key(5);
            let mut counts = vec![0_u32; row.len()];
            for _ in 0..20_000 {
                let drawn = selector.draw(&row, 2.0, top_k, top_p, random.unit());
                counts[drawn.unwrap().token as usize] += 1;
            }
            let weight = |token: &usize| f64::from(row[*token] / 2.0).exp();
            let total: f64 = tokens.iter().map(weight).sum();
            for token in &tokens {
                let share = f64::from(counts[*token]) / 20_000.0;
                assert!(
                    (share - weight(token) / total).abs() < 0.02,
                    "{token} {share}"
                );
            }
            let others: u32 =
                counts.iter().sum::<u32>() - tokens.iter().map(|token| counts[*token]).sum::<u32>();
            assert_eq!(others, 0);
        }
    }

    #[test]
    fn nothing_comes_of_a_row_that_is_ruled_out() {
        let row = vec![f32::NEG_INFINITY; 300];
        let mut selector = Selector::default();
        selector.scan(&row);
        assert_eq!(selector.first(&row), None);
        assert!(selector.best(&row, 3).is_empty());
        assert_eq!(selector.draw(&row, 1.0, 0, 1.0, 0.5), None);
    }
}
