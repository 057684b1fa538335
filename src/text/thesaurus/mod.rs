//! From a word of a text to another that may stand in its place.

mod candidates;
mod dictionary;
mod form;
mod lexicon;
mod memo;
mod memory;
mod offensive;
mod options;
mod usage;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::Case;
use super::part_of_speech::{Class, Context, Neighbor, Surroundings, Tag};
use crate::random::Random;

use dictionary::Dictionary;
use form::{Form, MOST};
use memo::{Entry, Memo};
use memory::{List, Memory, Stored};

pub use lexicon::{Lexicon, LexiconError};
pub use offensive::is_offensive;
pub use options::{Relation, ThesaurusOptions};

/// Finds words that can take the place of others as they stand in a text, in the embedded
/// [`WordNet`](super::wordnet::WordNet) or in a [`Lexicon`].
///
/// The word is lower-cased, stop words are refused, and `morphy` finds what it can be a form of.
/// The words around it tell which of these it is ([`part_of_speech`](super::part_of_speech)).
/// Candidates come from the first senses of the lemma that they leave, each the likelier the more
/// often its sense is tagged in WordNet's corpora, and take the form of the word: plural for
/// plural, past for past, participle for participle.
///
/// What is left out: other forms of the word itself; names, abbreviations, single letters; words
/// that are far rarer than the word, or nearly always another part of speech or of another sense;
/// and, as long as the options do not let them in, phrases, stop words, and rude and archaic words.
/// Left alone are parts of compounds with a hyphen, words with capitals inside, and words with a
/// capital that are mostly names.
#[derive(Debug)]
pub struct Thesaurus {
    source: Source,
}

#[derive(Debug)]
enum Source {
    WordNet(Box<English>),
    Lexicon {
        lexicon: Arc<Lexicon>,
        /// The word in lower case.
        form: String,
    },
}

#[derive(Debug)]
struct English {
    dictionary: Dictionary,
    memo: Memo,
}

impl Thesaurus {
    /// A thesaurus of English.
    pub fn new(options: ThesaurusOptions) -> Self {
        Self {
            source: Source::WordNet(Box::new(English {
                dictionary: Dictionary::english(options),
                memo: Memo::new(),
            })),
        }
    }

    /// The words of a lexicon, of whatever language: as they stand there, for no grammar is known.
    pub fn with_lexicon(lexicon: Arc<Lexicon>) -> Self {
        Self {
            source: Source::Lexicon {
                lexicon,
                form: String::new(),
            },
        }
    }

    /// Whether its words are English: those of a lexicon may be of any language.
    pub fn is_english(&self) -> bool {
        matches!(self.source, Source::WordNet(_))
    }

    /// Draws a word for the one at `span` of `text`, and appends it as the dictionary spells it to
    /// `into`. Answers whether there was one; if not, `into` is as it was.
    pub fn draw(
        &mut self,
        text: &str,
        span: Range<usize>,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let drawn = self.find(text, span, random);
        into.push_str(drawn.map_or("", |(drawn, _)| drawn));
        drawn.is_some()
    }

    /// [`Thesaurus::draw`], with the capitals of the word.
    pub fn draw_like(
        &mut self,
        text: &str,
        span: Range<usize>,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let drawn = self.find(text, span, random);
        if let Some((drawn, case)) = drawn {
            case.append(drawn, into);
        }
        drawn.is_some()
    }

    #[inline]
    fn find(
        &mut self,
        text: &str,
        span: Range<usize>,
        random: &mut Random,
    ) -> Option<(&str, Case)> {
        match &mut self.source {
            Source::WordNet(english) => english.find(text, span, random),
            Source::Lexicon { lexicon, form } => {
                let word = text.get(span)?;
                form.clear();
                form.extend(word.chars().flat_map(char::to_lowercase));
                let candidates = lexicon.synonyms(form);
                let drawn = candidates.get(random.below(candidates.len()))?;
                Some((drawn, Case::of(word)))
            }
        }
    }
}

impl English {
    #[inline]
    fn find(
        &mut self,
        text: &str,
        span: Range<usize>,
        random: &mut Random,
    ) -> Option<(&str, Case)> {
        let word = text.get(span.clone())?;
        let form = Form::of_word(text, span.clone())?;
        let entry = self.entry(&form);
        if entry.is_barren() || is_part_of_compound(text, &span) {
            return None;
        }
        let case = if form.was_lower() {
            Case::Lower
        } else {
            Case::of(word)
        };
        if case == Case::Mixed || case == Case::Title && entry.is_name {
            return None;
        }
        let list = self.choose(&form, entry, || Context::around(text, span))?;
        let weight = usize::try_from(list.weight()).unwrap_or(usize::MAX);
        let number = u32::try_from(random.below(weight)).unwrap_or(0);
        let drawn = self.memo.memory().pick(list, number)?;
        Some((drawn, case))
    }

    #[inline]
    fn entry(&mut self, form: &Form<'_>) -> Entry {
        let dictionary = &self.dictionary;
        let learn = |memory: &mut Memory| dictionary.learn(form.write(&mut [0; MOST]), memory);
        let entry = self.memo.entry(form, learn);
        if entry.is_looked_up() {
            entry
        } else {
            self.memo.relearn(form, learn)
        }
    }

    /// The candidates for the likeliest reading of a word, if it has any.
    #[inline]
    fn choose<'a>(
        &mut self,
        form: &Form<'_>,
        entry: Entry,
        context: impl FnOnce() -> Context<'a>,
    ) -> Option<List> {
        if entry.readings == 1
            && let Some(only) = self.memo.memory().readings(entry).next()
            && only.list == only.participles
        {
            return (!only.list.is_empty()).then_some(only.list);
        }
        let generation = self.memo.generation();
        let context = context();
        let before = self.class(context.before);
        let after = self.class(context.after);
        let entry = self.still(form, entry, generation);
        let surroundings = self.dictionary.tagger.surroundings(before, None, after);
        let (list, is_settled) = self.likeliest(entry, surroundings)?;
        if is_settled {
            return Some(list).filter(|list| !list.is_empty());
        }
        let second = Some(self.class(context.second()));
        let entry = self.still(form, entry, generation);
        let tagger = &self.dictionary.tagger;
        let surroundings = tagger.surroundings(before, second, after);
        let (list, _) = self.likeliest(entry, surroundings)?;
        Some(list).filter(|list| !list.is_empty())
    }

    /// What is known of a word, which was `entry` in that generation: if learning others made the memo forget, the
    /// word is learned anew.
    #[inline]
    fn still(&mut self, form: &Form<'_>, entry: Entry, generation: u32) -> Entry {
        if self.memo.generation() == generation {
            entry
        } else {
            self.entry(form)
        }
    }

    /// The candidates for the likeliest reading, of equals the first, if there is one; and whether they are the same
    /// whatever stands in second place.
    #[inline]
    fn likeliest(&self, entry: Entry, surroundings: Surroundings<'_>) -> Option<(List, bool)> {
        let readings = || self.memo.memory().readings(entry).enumerate();
        let score = |reading: &Stored| reading.evidence + surroundings.evidence(reading.tag);
        let mut best: Option<(i32, usize, Tag)> = None;
        for (number, reading) in readings() {
            let score = score(&reading);
            if best.is_none_or(|(highest, ..)| score > highest) {
                best = Some((score, number, reading.tag));
            }
        }
        let (highest, best, tag) = best?;
        let (_, likeliest) = readings().nth(best)?;
        if tag == Tag::PastOrParticiple {
            let is_past = surroundings.is_past();
            let list = if is_past {
                likeliest.list
            } else {
                likeliest.participles
            };
            return Some((list, false));
        }
        let is_settled = readings().all(|(number, other)| {
            let most = self.dictionary.tagger.most_by_second(other.tag, tag);
            number == best || highest - score(&other) > most
        });
        Some((likeliest.list, is_settled))
    }

    #[inline]
    fn class(&mut self, neighbor: Neighbor<'_>) -> Class {
        match neighbor {
            Neighbor::Word(word) => {
                let form = Form::of_neighbor(word);
                let dictionary = &self.dictionary;
                let entry = self.memo.entry(&form, |memory| {
                    dictionary.meet(form.write(&mut [0; MOST]), memory)
                });
                dictionary.tagger.seen_as(entry.familiarity, word)
            }
            mark => self.dictionary.tagger.mark(mark).unwrap_or_default(),
        }
    }
}

/// Whether a hyphen ties what stands at `span` to another word.
#[inline]
fn is_part_of_compound(text: &str, span: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let at = |place: usize| bytes.get(place).copied().unwrap_or(b' ');
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    at(span.end) == b'-' && is_letter(at(span.end + 1))
        || span.start > 1 && at(span.start - 1) == b'-' && is_letter(at(span.start - 2))
}
