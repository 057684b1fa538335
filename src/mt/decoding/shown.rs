//! What the model shows of the rows of a sentence: all tokens, or the likeliest ones only.
//!
//! The rest of the search does not tell the two apart: a row has places, each with a logit and the
//! token that it belongs to, in the order of the tokens where all are shown, and from the greatest
//! logit to the least where they are not. Equal logits are in the order of their tokens both ways.

use super::model::Scores;
use crate::inference::{Candidate, Normaliser, Selector};

/// The rows of one sentence.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    logits: &'a mut [f32],
    /// Places of a row.
    places: usize,
    likeliest: Option<Likeliest<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Likeliest<'a> {
    tokens: &'a [u32],
    log_probabilities: &'a [f32],
}

impl<'a> Shown<'a> {
    /// The rows of each sentence, `width` for each. Nothing if the model shows other rows than
    /// `rows`, or of all rows other tokens than `vocabulary`, or of some more than of others.
    pub(super) fn of_each_sentence(
        scores: Scores<'a>,
        rows: usize,
        width: usize,
        vocabulary: usize,
    ) -> Option<Vec<Self>> {
        let (logits, likeliest) = match scores {
            Scores::All(logits) if logits.len() == rows * vocabulary => (logits, None),
            Scores::Likeliest {
                logits,
                tokens,
                log_probabilities,
            } if logits.len() == tokens.len()
                && log_probabilities.len() == rows
                && logits.len().is_multiple_of(rows) =>
            {
                let likeliest = Likeliest {
                    tokens,
                    log_probabilities,
                };
                (logits, Some(likeliest))
            }
            _ => return None,
        };
        let places = logits.len().checked_div(rows)?;
        let sentences = logits.chunks_mut((width * places).max(1)).enumerate();
        let of_sentence = sentences.map(|(sentence, logits)| {
            let first = sentence * width;
            let likeliest = likeliest.map(|all| Likeliest {
                tokens: part(all.tokens, first * places, width * places),
                log_probabilities: part(all.log_probabilities, first, width),
            });
            Self {
                logits,
                places,
                likeliest,
            }
        });
        Some(of_sentence.collect())
    }

    /// One row.
    pub(super) fn row(&mut self, number: usize) -> Option<Row<'_>> {
        let start = number * self.places;
        let logits = self.logits.get_mut(start..start + self.places)?;
        let Some(likeliest) = self.likeliest else {
            return Some(Row {
                logits,
                tokens: None,
                log_probability: None,
            });
        };
        Some(Row {
            logits,
            tokens: Some(part(likeliest.tokens, start, self.places)),
            log_probability: Some(*likeliest.log_probabilities.get(number)?),
        })
    }
}

fn part<T>(all: &[T], start: usize, length: usize) -> &[T] {
    all.get(start..start + length).unwrap_or_default()
}

/// What may follow one hypothesis.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) logits: &'a mut [f32],
    /// The token of each place; nothing where places are tokens.
    tokens: Option<&'a [u32]>,
    /// Of the first place, where not all tokens are shown.
    log_probability: Option<f32>,
}

impl Row<'_> {
    /// A row that shows all tokens.
    #[cfg(test)]
    pub(super) fn of_all(logits: &mut [f32]) -> Row<'_> {
        Row {
            logits,
            tokens: None,
            log_probability: None,
        }
    }

    /// Looks through the row. Nothing if it has logits that are not numbers.
    pub(super) fn scan(&self, selector: &mut Selector) -> Option<Normaliser> {
        let Some(log_probability) = self.log_probability else {
            return selector.scan(self.logits);
        };
        let max = selector.look(self.logits);
        log_probability.is_finite().then_some(Normaliser {
            max,
            log_sum: -log_probability,
        })
    }

    /// Where `token` is, if it is shown.
    pub(super) fn place(&self, token: u32) -> Option<usize> {
        match self.tokens {
            Some(tokens) => tokens.iter().position(|other| *other == token),
            None => Some(token as usize).filter(|place| *place < self.logits.len()),
        }
    }

    /// A candidate that was chosen by its place, with its token.
    pub(super) fn at(&self, candidate: Candidate) -> Candidate {
        let Some(tokens) = self.tokens else {
            return candidate;
        };
        let token = tokens.get(candidate.token as usize).copied();
        Candidate {
            token: token.unwrap_or_default(),
            ..candidate
        }
    }
}
