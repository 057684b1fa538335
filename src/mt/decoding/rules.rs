//! What may not follow, whatever the model says: repetitions, and tokens that are never produced.
//!
//! The order is that of the logits processors of `transformers` 4.57: repetition penalty, repeated
//! n-grams, bad words. Beam search applies them to logarithms of probabilities, which are not
//! normalised again; greedy search and sampling apply them to logits.

use super::shown::Row;
use crate::inference::{Normaliser, Selector};
use crate::mt::Decoding;

/// The tokens of a model that mean something to the search. All come from its configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    /// What a translation begins with: it is fed, and not part of the result.
    pub start: u32,
    /// What a translation ends with.
    pub end: u32,
    /// What is forced at the greatest length, if anything.
    pub forced_end: Option<u32>,
    /// Sequences of which the last token may not follow the others. Padding is one.
    pub bad: Vec<Vec<u32>>,
}

/// What a penalty is applied to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scale {
    Logits,
    LogProbabilities(Normaliser),
}

/// The rules of one call of the search.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    special: &'a SpecialTokens,
    no_repeat_ngram: usize,
    repetition_penalty: f32,
}

impl<'a> Rules<'a> {
    pub(super) fn new(decoding: &Decoding, special: &'a SpecialTokens) -> Self {
        Self {
            special,
            no_repeat_ngram: decoding.no_repeat_ngram,
            repetition_penalty: decoding.repetition_penalty,
        }
    }

    /// How many of its likeliest tokens a row has to show for the `wanted` likeliest that these
    /// rules leave to be among them: nothing where that cannot be said.
    pub(super) fn enough(&self, wanted: usize, history: &[u32]) -> Option<usize> {
        let penalised = if self.has_penalty() { history.len() } else { 0 };
        // A penalty above 1 makes tokens less likely, as the other rules do; one below may raise
        // any token of the history above those that are shown.
        let lowers = self.repetition_penalty >= 1.0;
        let ruled_out = self.repeated(history).count() + self.bad(history).count();
        lowers.then_some(wanted + penalised + ruled_out)
    }

    /// Changes the logits of a row that has been scanned. `history` has the start token first.
    pub(super) fn apply(
        &self,
        row: &mut Row<'_>,
        history: &[u32],
        scale: Scale,
        selector: &mut Selector,
        changes: &mut Vec<(usize, f32)>,
    ) {
        changes.clear();
        if self.has_penalty() {
            // All values are computed before the first is written: a token may occur twice.
            for place in history.iter().filter_map(|token| row.place(*token)) {
                if let Some(logit) = row.logits.get(place) {
                    changes.push((place, penalised(*logit, self.repetition_penalty, scale)));
                }
            }
        }
        let out = self.repeated(history).chain(self.bad(history));
        let out = out.filter_map(|token| row.place(token));
        changes.extend(out.map(|place| (place, f32::NEG_INFINITY)));
        for (place, logit) in changes {
            if let Some(changed) = row.logits.get_mut(*place) {
                *changed = *logit;
                selector.changed(row.logits, *place);
            }
        }
    }

    #[expect(clippy::float_cmp, reason = "1 is the value that switches it off")]
    fn has_penalty(&self) -> bool {
        self.repetition_penalty != 1.0
    }

    /// The tokens that would repeat an n-gram of `history`.
    fn repeated(&self, history: &[u32]) -> impl Iterator<Item = u32> {
        let before = self.no_repeat_ngram.checked_sub(1);
        let tail = before.and_then(|before| history.get(history.len().checked_sub(before)?..));
        let ngrams = tail.map(|tail| {
            let ngrams = history.windows(self.no_repeat_ngram);
            ngrams.filter_map(move |ngram| {
                let (last, start) = ngram.split_last()?;
                (start == tail).then_some(*last)
            })
        });
        ngrams.into_iter().flatten()
    }

    /// The tokens that end a bad sequence after `history`.
    fn bad(&self, history: &[u32]) -> impl Iterator<Item = u32> {
        self.special.bad.iter().filter_map(|bad| {
            let (last, before) = bad.split_last()?;
            history.ends_with(before).then_some(*last)
        })
    }
}

/// Keskar et al. (2019): what is positive is divided, what is negative multiplied.
fn penalised(logit: f32, penalty: f32, scale: Scale) -> f32 {
    let penalise = |value: f32| {
        if value < 0.0 {
            value * penalty
        } else {
            value / penalty
        }
    };
    match scale {
        Scale::Logits => penalise(logit),
        Scale::LogProbabilities(normaliser) => {
            normaliser.logit(penalise(normaliser.log_probability(logit)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mt::Strategy;

    fn applied(decoding: &Decoding, bad: &[&[u32]], history: &[u32], row: &[f32]) -> Vec<f32> {
        let special = SpecialTokens {
            bad: bad.iter().map(|bad| bad.to_vec()).collect(),
            ..SpecialTokens::default()
        };
        let mut row = row.to_vec();
        let mut selector = Selector::default();
        selector.scan(&row);
        Rules::new(decoding, &special).apply(
            &mut Row::of_all(&mut row),
            history,
            Scale::Logits,
            &mut selector,
            &mut Vec::new(),
        );
        let best = selector.first(&row).map(|best| best.logit);
        let expected = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(best, Some(expected), "the maxima were not kept up to date");
        row
    }

    const OUT: f32 = f32::NEG_INFINITY;

    #[test]
    fn a_penalty_is_applied_once() {
        let mut decoding = Decoding::new(Strategy::Greedy);
        decoding.repetition_penalty = 2.0;
        let row = applied(&decoding, &[], &[0, 1, 1, 2], &[1.0, 4.0, -4.0, 3.0]);
        assert_eq!(row, [0.5, 2.0, -8.0, 3.0]);
    }

    #[test]
    fn an_ngram_is_not_repeated() {
        let mut decoding = Decoding::new(Strategy::Greedy);
        decoding.no_repeat_ngram = 2;
        let row = applied(&decoding, &[], &[9, 1, 2, 1, 3, 1], &[0.0; 5]);
        assert_eq!(row, [0.0, 0.0, OUT, OUT, 0.0]);
        decoding.no_repeat_ngram = 3;
        let row = applied(&decoding, &[], &[9, 1, 2, 3, 1, 2], &[0.0; 5]);
        assert_eq!(row, [0.0, 0.0, 0.0, OUT, 0.0]);
        decoding.no_repeat_ngram = 1;
        let row = applied(&decoding, &[], &[4, 1], &[0.0; 5]);
        assert_eq!(row, [0.0, OUT, 0.0, 0.0, OUT]);
        decoding.no_repeat_ngram = 7;
        let row = applied(&decoding, &[], &[4, 1], &[0.0; 5]);
        assert_eq!(row, [0.0; 5]);
    }

    #[test]
    fn bad_words_are_sequences() {
        let decoding = Decoding::new(Strategy::Greedy);
        let row = applied(&decoding, &[&[4], &[1, 2], &[3, 0]], &[9, 1], &[0.0; 5]);
        assert_eq!(row, [0.0, 0.0, OUT, 0.0, OUT]);
    }
}
