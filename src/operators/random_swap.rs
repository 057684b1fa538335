//! Random swap, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;

/// Swaps two words of the text, drawn at random, several times over.
///
/// This is "random swap" of EDA (Wei and Zou, 2019): as many swaps as `rate`, the paper's alpha,
/// comes to. Unlike the reference implementation it always draws two different places, and leaves
/// everything between the words where it is: capitals travel with their words, punctuation and
/// space do not move. With `adjacent` a word changes places with the one after it, as in nlpaug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomSwap {
    /// Whether only neighbours change places.
    #[serde(default)]
    pub adjacent: bool,
}

impl TextOperatorConfig for RandomSwap {
    const NAME: &'static str = "random_swap";

    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Swap::new(context.amount, self.adjacent)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One swap in a short text; punctuation stays in place",
                options: "",
                columns: &[],
                input: &["Well, the film was long."],
                output: &["Well, the long was film."],
            },
            Example {
                title: "A higher rate",
                options: "rate = 0.5",
                columns: &[],
                input: &["one two three four five six"],
                output: &["six two one three five four"],
            },
            Example {
                title: "Two variants of each row, and none where there is nothing to swap",
                options: "replicas = 2",
                columns: &[],
                input: &["alpha beta gamma", "alone"],
                output: &["beta alpha gamma", "gamma beta alpha"],
            },
        ]
    }
}

/// The operator behind [`RandomSwap`].
pub(super) struct Swap {
    amount: Amount,
    adjacent: bool,
    /// For each place of the text one more than where it is in `touched`; 0 where it is not.
    known: Vec<u32>,
    touched: Vec<Place>,
    /// The places touched, in order.
    sorted: PlaceSet,
}

/// A place whose word may be another.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The word that stands there in the text.
    word: Word,
    /// The word that stands there now.
    now: Word,
}

impl Swap {
    pub(super) fn new(amount: Amount, adjacent: bool) -> Self {
        Self {
            amount,
            adjacent,
            known: Vec::new(),
            touched: Vec::new(),
            sorted: PlaceSet::default(),
        }
    }

    /// Where the place is in `touched`.
    #[inline]
    fn touch(&mut self, number: usize, words: Words<'_>) -> Option<usize> {
        let known = self.known.get_mut(number)?;
        if *known == 0 {
            let word = words.get(number)?;
            self.touched.push(Place { word, now: word });
            self.sorted.insert(number);
            *known = u32::try_from(self.touched.len()).unwrap_or(u32::MAX);
        }
        Some(*known as usize - 1)
    }

    /// Swaps two words of `words`, several times over.
    fn swap(&mut self, words: Words<'_>, random: &mut Random) {
        let count = words.len();
        if self.known.len() < count {
            self.known.resize(count, 0);
        }
        self.touched.clear();
        self.sorted.reset(count);
        for _ in 0..self.amount.of(count) {
            let (first, second) = if self.adjacent {
                let first = random.below(count - 1);
                (first, first + 1)
            } else {
                let first = random.below(count);
                // Any place but the first.
                (first, first + 1 + random.below(count - 1))
            };
            let second = if second < count {
                second
            } else {
                second - count
            };
            let (Some(first), Some(second)) = (self.touch(first, words), self.touch(second, words))
            else {
                continue;
            };
            let of_first = self.touched.get(first).map(|place| place.now);
            if let Some(second) = self.touched.get_mut(second)
                && let Some(of_first) = of_first
            {
                let of_second = std::mem::replace(&mut second.now, of_first);
                if let Some(first) = self.touched.get_mut(first) {
                    first.now = of_second;
                }
            }
        }
    }
}

impl TextOperator for Swap {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.len() < 2 {
            return Outcome::Unchanged("fewer than two words");
        }
        self.swap(words, random);
        for number in self.sorted.iter() {
            // Between texts no place is touched.
            let known = self.known.get_mut(number).map(std::mem::take);
            let index = known.and_then(|known| (known as usize).checked_sub(1));
            let Some(place) = index.and_then(|index| self.touched.get(index)) else {
                continue;
            };
            if place.word != place.now && text.word(place.word) != text.word(place.now) {
                edits.copy(place.word.range(), place.now.range());
            }
        }
        Outcome::Edited
    }
}
