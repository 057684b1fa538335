//! Light English inflection: how a form relates to its lemma, and the same form of another word.
//!
//! "bought" is the past of "buy", so its synonym "purchase" becomes "purchased". Only what the
//! spelling tells is told: a form that is both past and past participle counts as past, and a form
//! equal to its lemma as base. Words that have no such form, or none in one word ("more
//! beautiful"), are refused rather than guessed at.
//!
//! Spelling is American where the two norms differ ("traveled", "gotten").
//!
//! ```
//! use augment::text::inflection::{Inflector, Inflection};
//! use augment::text::wordnet::PartOfSpeech;
//!
//! let inflector = Inflector::english();
//! let form = inflector.detect("bought", "buy", PartOfSpeech::Verb).unwrap();
//! assert_eq!(form, Inflection::Past);
//! let mut word = String::new();
//! assert!(inflector.inflect("purchase", PartOfSpeech::Verb, form, &mut word));
//! assert_eq!(word, "purchased");
//! ```

mod forms;
mod irregular;
mod spelling;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::wordnet::PartOfSpeech;
use irregular::Principal;

pub use forms::{OtherForms, inflections};

/// A grammatical form of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inflection {
    /// The lemma itself; also forms that equal it ("sheep", "they cut").
    Base,
    /// "dogs"
    Plural,
    /// "goes"
    ThirdPerson,
    /// "went"; also "bought" as a participle, for it looks the same
    Past,
    /// "gone"; only where it differs from the past
    PastParticiple,
    /// "going"
    PresentParticiple,
    /// "bigger"
    Comparative,
    /// "biggest"
    Superlative,
}

/// Which forms of a verb a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a word may be several forms at once"
)]
pub struct VerbForms {
    /// "go"
    pub base: bool,
    /// "goes"
    pub third_person: bool,
    /// "went", "walked", "put"
    pub past: bool,
    /// "gone", "walked", "put"
    pub past_participle: bool,
    /// "going"
    pub present_participle: bool,
}

/// The irregular words of English, and the rules for the rest. Read-only.
#[derive(Debug)]
pub struct Inflector {
    plurals: HashMap<Box<str>, Box<str>>,
    verbs: HashMap<Box<str>, Principal>,
    /// Words that double their last consonant: "stopped", "bigger".
    doubling: HashSet<Box<str>>,
}

impl Inflector {
    /// English, from a table of common irregular words and WordNet's exception lists. The first
    /// call builds it, and decodes WordNet if need be.
    pub fn english() -> &'static Self {
        static ENGLISH: LazyLock<Inflector> = LazyLock::new(irregular::english);
        &ENGLISH
    }

    /// Which form of `lemma` the word `form` is; both lower-case. `lemma` must be a base form of
    /// `form` ([`morphy`](super::wordnet::WordNet::morphy) finds it): that is not checked again.
    ///
    /// `None` where no other word has the like: "am", "are", "were" of "be".
    pub fn detect(
        &self,
        form: &str,
        lemma: &str,
        part_of_speech: PartOfSpeech,
    ) -> Option<Inflection> {
        if form == lemma {
            return Some(Inflection::Base);
        }
        match part_of_speech {
            PartOfSpeech::Noun => Some(Inflection::Plural),
            PartOfSpeech::Verb => self.detect_verb(form, lemma),
            PartOfSpeech::Adjective | PartOfSpeech::Adverb => detect_degree(form),
        }
    }

    /// All forms of the verb `lemma` that the word `form` is, as [`Inflector::detect`] has them:
    /// "put" is base, past and past participle. None where no other verb has the like.
    pub fn verb_forms(&self, form: &str, lemma: &str) -> VerbForms {
        let mut forms = VerbForms {
            base: form == lemma,
            ..VerbForms::default()
        };
        if let Some(principal) = self.verbs.get(lemma) {
            forms.past = form == &*principal.past;
            forms.past_participle = form == &*principal.participle;
        }
        if forms == VerbForms::default() {
            match self.detect_verb(form, lemma) {
                Some(Inflection::PresentParticiple) => forms.present_participle = true,
                Some(Inflection::ThirdPerson) => forms.third_person = true,
                Some(_) => (forms.past, forms.past_participle) = (true, true),
                None => {}
            }
        }
        forms
    }

    /// Whether the plural of a noun is the noun itself: "sheep".
    pub fn is_own_plural(&self, noun: &str) -> bool {
        self.plurals
            .get(noun)
            .is_some_and(|plural| &**plural == noun)
    }

    fn detect_verb(&self, form: &str, lemma: &str) -> Option<Inflection> {
        if lemma == "be" && matches!(form, "am" | "are" | "were") {
            return None;
        }
        if let Some(principal) = self.verbs.get(lemma) {
            if form == &*principal.past {
                return Some(Inflection::Past);
            }
            if form == &*principal.participle {
                return Some(Inflection::PastParticiple);
            }
        }
        Some(if form.ends_with("ing") {
            Inflection::PresentParticiple
        } else if form.ends_with('s') {
            Inflection::ThirdPerson
        } else {
            Inflection::Past
        })
    }

    /// Appends the form of `lemma` to `out`; `false`, and `out` unchanged, where there is none or
    /// none of one word. Phrases have only their base form here.
    ///
    /// As the past participle of a regular verb is its past, either may be asked for.
    pub fn inflect(
        &self,
        lemma: &str,
        part_of_speech: PartOfSpeech,
        inflection: Inflection,
        out: &mut String,
    ) -> bool {
        if inflection == Inflection::Base {
            out.push_str(lemma);
            return true;
        }
        if !spelling::is_one_word(lemma) {
            return false;
        }
        match part_of_speech {
            PartOfSpeech::Noun => inflection == Inflection::Plural && self.write_plural(lemma, out),
            PartOfSpeech::Verb => self.write_verb(lemma, inflection, out),
            PartOfSpeech::Adjective | PartOfSpeech::Adverb => {
                self.write_degree(lemma, part_of_speech, inflection, out)
            }
        }
    }

    /// [`Inflector::inflect`] for phrases of several words too: the head of the phrase takes the
    /// form, the first word of a verb ("gave up"), the last of a noun or the one before a
    /// preposition ("ice creams", "rates of exchange").
    pub fn inflect_phrase(
        &self,
        lemma: &str,
        part_of_speech: PartOfSpeech,
        inflection: Inflection,
        out: &mut String,
    ) -> bool {
        if inflection == Inflection::Base || !lemma.contains(' ') {
            return self.inflect(lemma, part_of_speech, inflection, out);
        }
        let (before, head, after) = match part_of_speech {
            PartOfSpeech::Noun => spelling::head_of_noun_phrase(lemma),
            PartOfSpeech::Verb => spelling::head_of_verb_phrase(lemma),
            PartOfSpeech::Adjective | PartOfSpeech::Adverb => return false,
        };
        let start = out.len();
        out.push_str(before);
        let inflected = self.inflect(head, part_of_speech, inflection, out);
        if inflected {
            out.push_str(after);
        } else {
            out.truncate(start);
        }
        inflected
    }

    fn write_plural(&self, noun: &str, out: &mut String) -> bool {
        if let Some(plural) = self.plurals.get(noun) {
            out.push_str(plural);
            return true;
        }
        if irregular::is_uncountable(noun) || spelling::is_phrase_in_hyphens(noun) {
            return false;
        }
        match noun.strip_suffix("man") {
            Some(stem) if irregular::is_compound_of_man(noun) => {
                out.push_str(stem);
                out.push_str("men");
            }
            _ => spelling::write_with_s(noun, irregular::takes_oes(noun), out),
        }
        true
    }

    fn write_verb(&self, verb: &str, inflection: Inflection, out: &mut String) -> bool {
        let principal = self.verbs.get(verb);
        if principal.is_none() && verb.contains('-') {
            return false;
        }
        let doubles = self.doubles(verb);
        match inflection {
            Inflection::ThirdPerson => match irregular::third_person(verb) {
                Some(form) => out.push_str(form),
                None => spelling::write_with_s(verb, spelling::ends_in_consonant_o(verb), out),
            },
            Inflection::PresentParticiple => spelling::write_with_ing(verb, doubles, out),
            Inflection::Past => match principal {
                Some(principal) => out.push_str(&principal.past),
                None => spelling::write_with_e_ending(verb, "ed", doubles, out),
            },
            Inflection::PastParticiple => match principal {
                Some(principal) => out.push_str(&principal.participle),
                None => spelling::write_with_e_ending(verb, "ed", doubles, out),
            },
            _ => return false,
        }
        true
    }

    fn write_degree(
        &self,
        word: &str,
        part_of_speech: PartOfSpeech,
        inflection: Inflection,
        out: &mut String,
    ) -> bool {
        let ending = match inflection {
            Inflection::Comparative => "er",
            Inflection::Superlative => "est",
            _ => return false,
        };
        if let Some((comparative, superlative)) = irregular::degrees(word) {
            out.push_str(if ending == "er" {
                comparative
            } else {
                superlative
            });
            return true;
        }
        let short = match part_of_speech {
            PartOfSpeech::Adverb => irregular::is_comparable_adverb(word),
            _ => spelling::takes_er(word) && !irregular::is_incomparable(word),
        };
        if short {
            spelling::write_with_e_ending(word, ending, self.doubles(word), out);
        }
        short
    }

    fn doubles(&self, word: &str) -> bool {
        self.doubling.contains(word) || spelling::is_short_closed_syllable(word)
    }
}

fn detect_degree(form: &str) -> Option<Inflection> {
    if form.ends_with("st") {
        Some(Inflection::Superlative)
    } else if form.ends_with('r') || form.ends_with("re") || matches!(form, "worse" | "less") {
        Some(Inflection::Comparative)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
