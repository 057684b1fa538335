//! What may not follow, whatever the model says: repetitions, and tokens that are never produced.
//!
//! The order is that of the logits processors of `transformers` 4.57: repetition penalty, repeated
//! n-grams, bad words. Beam search applies them to logarithms of probabilities, which are not
//! normalised again; greedy search and sampling apply them to logits.

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

    /// Changes the logits of a row that has been scanned. `history` has the start token first.
    pub(super) fn apply(
        &self,
        row: &mut [f32],
        history: &[u32],
        scale: Scale,
        selector: &mut Selector,
        changes: &mut Vec<(u32, f32)>,
    ) {
        changes.clear();
        #[expect(clippy::float_cmp, reason = "1 is the value that switches it off")]
        if self.repetition_penalty != 1.0 {
            // All values are computed before the first is written: a token may occur twice.
            for token in history {
                if let Some(logit) = row.get(*token as usize) {
                    changes.push((*token, penalised(*logit, self.repetition_penalty, scale)));
                }
            }
        }
        self.repeated_ngrams(history, changes);
        for bad in &self.special.bad {
            if let Some((last, before)) = bad.split_last()
                && history.ends_with(before)
            {
                changes.push((*last, f32::NEG_INFINITY));
            }
        }
        for (token, logit) in changes {
            if let Some(place) = row.get_mut(*token as usize) {
                *place = *logit;
                selector.changed(row, *token);
            }
        }
    }

    fn repeated_ngrams(&self, history: &[u32], changes: &mut Vec<(u32, f32)>) {
        let Some(before) = self.no_repeat_ngram.checked_sub(1) else {
            return;
        };
        let Some(end) = history.len().checked_sub(before) else {
            return;
        };
        let tail = history.get(end..).unwrap_or_default();
        for ngram in history.windows(self.no_repeat_ngram) {
            if let Some((last, start)) = ngram.split_last()
                && start == tail
            {
                changes.push((*last, f32::NEG_INFINITY));
            }
        }
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
            &mut row,
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
