//! Sentences that change places.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::sentences;

/// Puts sentences of the text in another order.
///
/// As many sentences as `rate` comes to are drawn and put in random order among their places; 1
/// counts as 2, for one alone cannot move, and `rate = 1.0` shuffles the whole text, which is the
/// "sentence reordering" of NL-Augmenter. With `adjacent` they are drawn in pairs of neighbours,
/// each of which changes places: this is `RandomSentAug` of nlpaug, whose modes `neighbor`, `left`
/// and `right` differ in what a swap is called only.
///
/// What lies between sentences stays where it is: line breaks, list marks, mark-up. Unlike nlpaug,
/// which joins sentences by a space, it loses none. Sentences move whole, with the URLs and other
/// protected spans in them; a protected span is never cut, so what it holds together counts as one
/// sentence. Where a sentence ends is told by Unicode rules (UAX #29) and a list of abbreviations;
/// each line break ends one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SentenceShuffle {
    /// Whether only neighbours change places.
    #[serde(default)]
    pub adjacent: bool,
}

impl TextOperatorConfig for SentenceShuffle {
    const NAME: &'static str = "sentence_shuffle";
    const DEFAULTS: Defaults = Defaults {
        min: 2,
        ..Defaults::rate(0.3)
    };

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Shuffle {
            amount: context.amount,
            adjacent: self.adjacent,
            sentences: Vec::new(),
            order: Vec::new(),
            mixed: Vec::new(),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Two sentences change places; space and line breaks stay in theirs",
                options: "",
                columns: &[],
                input: &["It rained.  We stayed in, as planned.\n\nWho cares? Dr. No was on."],
                output: &["Who cares?  We stayed in, as planned.\n\nIt rained. Dr. No was on."],
            },
            Example {
                title: "The whole text, with a link that moves along",
                options: "rate = 1.0",
                columns: &[],
                input: &["First, unpack it. Then see https://example.com/start first. Have fun!"],
                output: &["Have fun! Then see https://example.com/start first. First, unpack it."],
            },
            Example {
                title: "Neighbours alone",
                options: "adjacent = true",
                columns: &[],
                input: &["- one\n- two\n- three\n- four"],
                output: &["- one\n- three\n- two\n- four"],
            },
            Example {
                title: "A single sentence stays as it is",
                options: "",
                columns: &[],
                input: &["Nothing here, i.e. no more than one sentence."],
                output: &["Nothing here, i.e. no more than one sentence."],
            },
        ]
    }
}

struct Shuffle {
    amount: Amount,
    adjacent: bool,
    sentences: Vec<Word>,
    /// For each place the sentence that comes there.
    order: Vec<u32>,
    /// The sentences drawn, in their new order.
    mixed: Vec<u32>,
    places: Places,
}

impl Shuffle {
    /// Gives `wanted` of the sentences, which are in order, a new order.
    fn shuffle(&mut self, wanted: usize, random: &mut Random) {
        /// How often an order that changes nothing is drawn again.
        const TRIES: usize = 8;
        let drawn = self.places.sample(self.order.len(), wanted.max(2), random);
        self.mixed.clear();
        self.mixed.extend_from_slice(drawn);
        for _ in 0..TRIES {
            random.partial_shuffle(&mut self.mixed, drawn.len());
            if self.mixed != drawn {
                break;
            }
        }
        for (place, sentence) in drawn.iter().zip(&self.mixed) {
            if let Some(at) = self.order.get_mut(*place as usize) {
                *at = *sentence;
            }
        }
    }

    /// Swaps neighbours among the sentences, which are in order: `wanted` of them, if so many find
    /// a neighbour that has not moved.
    fn swap_neighbours(&mut self, wanted: usize, random: &mut Random) {
        let mut pairs = wanted.div_ceil(2);
        self.places.reset(self.order.len() - 1);
        while pairs > 0
            && let Some(first) = self.places.draw(random)
        {
            let neighbours = self.order.get_mut(first..first + 2);
            if let Some([one, other]) = neighbours
                && *one as usize == first
                && *other as usize == first + 1
            {
                std::mem::swap(one, other);
                pairs -= 1;
            }
        }
    }
}

impl TextOperator for Shuffle {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.sentences.clear();
        sentences(text.as_str(), text.protected(), &mut self.sentences);
        let count = self.sentences.len();
        if count < 2 {
            return Outcome::Unchanged("fewer than two sentences");
        }
        let wanted = self.amount.of(count);
        if wanted == 0 {
            return Outcome::Edited;
        }
        self.order.clear();
        self.order.extend((0..u32::MAX).take(count));
        if self.adjacent {
            self.swap_neighbours(wanted, random);
        } else {
            self.shuffle(wanted, random);
        }
        edits.rearrange(&self.sentences, &self.order);
        Outcome::Edited
    }
}
