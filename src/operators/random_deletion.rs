//! Random deletion, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;

/// Deletes words drawn at random.
///
/// This is "random deletion" of EDA (Wei and Zou, 2019), with as many words as `rate` comes to, as
/// in TextAttack; the paper deletes each word with a probability, and so does the preset `eda`. One
/// word at least is always left. Unlike the reference implementation it keeps capitals, digits,
/// punctuation and every script: EDA lower-cases the text and throws away what is not a letter from
/// a to z. A deleted word takes the space before it along. With `placeholders` a word leaves one of
/// them in its place: that is the blank noising of Xie et al. (2017), and `substitute` of nlpaug's
/// `RandomWordAug`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomDeletion {
    /// What stands in for a deleted word, each equally likely, for example `["_"]` or `["[MASK]"]`.
    /// By default nothing does.
    #[serde(default)]
    pub placeholders: Vec<String>,
}

impl TextOperatorConfig for RandomDeletion {
    const NAME: &'static str = "random_deletion";
    const VERSION: u32 = 3;
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let mut deletion = Deletion::new(Share::Exactly(context.amount));
        deletion.placeholders.clone_from(&self.placeholders);
        Ok(Box::new(deletion))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Every third word or so goes, and what stays is as it was",
                options: "rate = 0.3",
                columns: &[],
                input: &["The film, (it SEEMS) was shot in 3 weeks; and that shows!"],
                output: &[", (it SEEMS) shot 3 weeks; and that shows!"],
            },
            Example {
                title: "A single word is never deleted",
                options: "rate = 1.0",
                columns: &[],
                input: &["Superb!"],
                output: &["Superb!"],
            },
            Example {
                title: "A placeholder for each word that goes",
                options: "rate = 0.3\nplaceholders = [\"_\"]",
                columns: &[],
                input: &["The film, (it SEEMS) was shot in 3 weeks; and that shows!"],
                output: &["_ _, (it SEEMS) _ shot _ 3 weeks; and that shows!"],
            },
            Example {
                title: "Three variants of each row",
                options: "rate = 0.2\nreplicas = 3",
                columns: &[],
                input: &["one two three four five six seven"],
                output: &[
                    "one two four five six seven",
                    "one two three four six seven",
                    "one two three four five seven",
                ],
            },
        ]
    }
}

/// Which words go.
pub(super) enum Share {
    /// So many.
    Exactly(Amount),
    /// Each with this probability.
    Each(f64),
}

/// The operator behind [`RandomDeletion`].
pub(super) struct Deletion {
    share: Share,
    /// What stands in for a word, if anything does.
    placeholders: Vec<String>,
    places: Places,
    /// Places of the words drawn.
    drawn: Vec<u32>,
}

impl Deletion {
    pub(super) fn new(share: Share) -> Self {
        Self {
            share,
            placeholders: Vec::new(),
            places: Places::default(),
            drawn: Vec::new(),
        }
    }

    /// Draws from `count` words: `drawn` has their places. One at least is spared.
    fn draw(&mut self, count: usize, random: &mut Random) {
        self.drawn.clear();
        match self.share {
            Share::Exactly(amount) => {
                let wanted = amount.of(count).min(count - 1);
                let drawn = self.places.sample(count, wanted, random);
                self.drawn.extend_from_slice(drawn);
            }
            Share::Each(probability) => self.draw_each(probability, count, random),
        }
    }

    /// Puts placeholders for the words drawn.
    fn blank(&self, words: Words<'_>, random: &mut Random, edits: &mut Edits) {
        let drawn = self.drawn.iter();
        for word in drawn.filter_map(|place| words.get(*place as usize)) {
            if let Some(placeholder) = random.choose(&self.placeholders) {
                edits.replace(word.range(), placeholder);
            }
        }
    }

    fn draw_each(&mut self, probability: f64, count: usize, random: &mut Random) {
        for first in (0..count).step_by(64) {
            let mut drawn = random.chances(probability, count - first);
            while drawn != 0 {
                let place = first + drawn.trailing_zeros() as usize;
                self.drawn.push(u32::try_from(place).unwrap_or(u32::MAX));
                drawn &= drawn - 1;
            }
        }
        if self.drawn.len() == count {
            self.drawn.remove(random.below(count));
        }
    }
}

impl TextOperator for Deletion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.len() < 2 {
            return Outcome::Unchanged("fewer than two words");
        }
        self.draw(words.len(), random);
        if !self.placeholders.is_empty() {
            self.blank(words, random, edits);
            return Outcome::Edited;
        }
        // Neighbours with nothing but space between them go as one, with one of the spaces around.
        let mut run: Option<std::ops::Range<usize>> = None;
        let drawn = self.drawn.iter();
        for word in drawn.filter_map(|place| words.get(*place as usize)) {
            let next = word.range();
            run = Some(match run.take() {
                Some(run) if text.is_space(run.end..next.start) => run.start..next.end,
                run => {
                    if let Some(run) = run {
                        edits.delete(text.with_space(run));
                    }
                    next
                }
            });
        }
        if let Some(run) = run {
            edits.delete(text.with_space(run));
        }
        Outcome::Edited
    }
}
