//! Which part of speech a word is where it stands: a small tagger for nouns, verbs, adjectives and
//! adverbs.
//!
//! WordNet and morphy say what a form *can* be: "leaves" a plural of "leaf", a plural of "leave" or
//! a verb. Each such [`Reading`] gets a score, and the highest wins. A score is a sum of weights:
//! for the class of the word before, of the one before that and of the one after, each with the
//! tag; for the ending of the form with the tag; and for how often WordNet's corpora have the lemma
//! as this part of speech. A class is one of two hundred function words, a kind of punctuation, or
//! the likeliest tag of any other word. All weights are whole numbers, so every machine gets the
//! same answer. Forms that are both a past and a participle ("walked") are one reading; a second
//! set of weights over the same classes tells which they are.
//!
//! `tools/part_of_speech/` trains the weights: on the example sentences in WordNet's glosses, which
//! hold a word of known part of speech, and on the contexts of words of one part of speech in the
//! sample of reviews that is shipped. Accuracies, in percent of the words that WordNet has under
//! more than one part of speech, beside always taking the one that WordNet's corpora have most
//! often and beside the rule that this took the place of (no verb after a determiner, a verb after
//! "to" and the like):
//!
//! | tested on | words | most frequent | rule | tagger |
//! | --- | --- | --- | --- | --- |
//! | examples of synsets held out from training | 3,871 | 58.1 | 67.7 | 94.0 |
//! | the same, examples weighted by the frequency of their sense | 3,871 | 60.3 | 69.3 | 94.5 |
//! | Brown corpus, tagged by hand | 218,612 | 85.1 | 87.1 | 87.5 |
//! | Brown corpus, without participles that are adjectives too | 181,167 | 83.1 | 86.8 | 92.0 |
//!
//! Of all words that WordNet has, the tagger is right in 97.2 percent of the held-out examples and
//! in 93.2 percent of the Brown corpus (96.0 without those participles). WordNet's counts, on which
//! the second column rests, were gathered in a part of the Brown corpus. Where a participle stands
//! as an adjective ("a moving film") is a convention, and WordNet's is not that of the corpus. Past
//! or participle is told right for 86.8 percent of the regular verbs there.

mod classes;
mod context;
mod reader;
mod readings;
mod tag;
mod weights;

#[cfg(test)]
mod golden;

pub use classes::{Class, Familiarity};
pub use context::{Context, Neighbor};
pub use reader::Reader;
pub use readings::Reading;
pub use tag::Tag;
pub use weights::Surroundings;

use super::inflection::Inflector;
use super::wordnet::WordNet;
use weights::Weights;

/// Tells what forms can be and which of it they are. Read-only, like the tables it looks into.
#[derive(Debug, Clone, Copy)]
pub struct Tagger {
    wordnet: &'static WordNet,
    inflector: &'static Inflector,
    weights: &'static Weights,
}

impl Tagger {
    /// English. The first call decodes WordNet and reads the weights.
    pub fn english() -> Self {
        Self {
            wordnet: WordNet::english(),
            inflector: Inflector::english(),
            weights: Weights::english(),
        }
    }

    /// Hands all readings of a lower-case form to `add`, by part of speech, likelier base forms
    /// first.
    pub fn readings(&self, form: &str, add: impl FnMut(Reading)) {
        readings::find(self.wordnet, self.inflector, form, add);
    }

    /// The class of a word as a neighbour of others. `form` must be in lower case, with straight
    /// apostrophes. See [`Tagger::seen_as`] for what its capitals add.
    pub fn class(&self, form: &str) -> Familiarity {
        self.weights.class(form, |add| self.readings(form, add))
    }

    /// The same, where the readings of the form are known.
    pub fn class_among(&self, form: &str, readings: &[Reading]) -> Familiarity {
        let list = |add: &mut dyn FnMut(Reading)| readings.iter().copied().for_each(add);
        self.weights.class(form, list)
    }

    /// The class of a word as it is written, with its capitals.
    #[inline]
    pub fn seen_as(&self, familiarity: Familiarity, word: &str) -> Class {
        self.weights.classes.seen_as(familiarity, word)
    }

    /// The class of what is no word; nothing for a word.
    #[inline]
    pub fn mark(&self, neighbor: Neighbor<'_>) -> Option<Class> {
        self.weights.mark(neighbor)
    }

    /// What speaks for a reading of a lower-case form wherever it stands.
    pub fn evidence(&self, form: &str, reading: &Reading) -> i32 {
        self.weights.evidence(form, reading)
    }

    /// What the classes around a word speak for its readings; without `second`, that alone of those next to it.
    #[inline]
    pub fn surroundings(
        &self,
        before: Class,
        second: Option<Class>,
        after: Class,
    ) -> Surroundings<'static> {
        self.weights.surroundings(before, second, after)
    }

    /// The most that what stands second before a word can speak for one tag over another.
    #[inline]
    pub fn most_by_second(&self, tag: Tag, over: Tag) -> i32 {
        self.weights.most_by_second(tag, over)
    }
}
