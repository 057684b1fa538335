//! What a form can be, by WordNet, morphy and the table of irregular verbs.

use super::super::inflection::{Inflection, Inflector, VerbForms};
use super::super::wordnet::{LemmaId, PartOfSpeech, WordNet};
use super::Tag;

/// A lemma that a form may be a form of, and which form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The lemma.
    pub lemma: LemmaId,
    /// Part of speech and inflection.
    pub tag: Tag,
    /// The inflection in full: a compared adjective is a comparative or a superlative. A past that
    /// may be a participle is a past here.
    pub inflection: Inflection,
    /// How often WordNet's corpora have the lemma as this part of speech.
    pub tag_count: u32,
    /// How many senses it has as this part of speech.
    pub senses: u32,
}

/// Hands the readings of a lower-case `form` to `add`.
pub(super) fn find(
    wordnet: &WordNet,
    inflector: &Inflector,
    form: &str,
    mut add: impl FnMut(Reading),
) {
    for part_of_speech in PartOfSpeech::ALL {
        for &lemma in wordnet.morphy(form, part_of_speech).as_slice() {
            let text = wordnet.text(lemma);
            let mut add_tag = |tag, inflection| {
                add(Reading {
                    lemma,
                    tag,
                    inflection,
                    tag_count: wordnet.tag_count(lemma, part_of_speech),
                    senses: u32::try_from(wordnet.senses(lemma, part_of_speech).len())
                        .unwrap_or(u32::MAX),
                });
            };
            match part_of_speech {
                PartOfSpeech::Noun if form != text => add_tag(Tag::PluralNoun, Inflection::Plural),
                PartOfSpeech::Noun => {
                    add_tag(Tag::Noun, Inflection::Base);
                    if inflector.is_own_plural(text) {
                        add_tag(Tag::PluralNoun, Inflection::Plural);
                    }
                }
                PartOfSpeech::Verb => verb(inflector.verb_forms(form, text), add_tag),
                PartOfSpeech::Adjective | PartOfSpeech::Adverb => {
                    if let Some(inflection) = inflector.detect(form, text, part_of_speech) {
                        add_tag(Tag::of_degree(part_of_speech, inflection), inflection);
                    }
                }
            }
        }
    }
}

fn verb(forms: VerbForms, mut add_tag: impl FnMut(Tag, Inflection)) {
    if forms.base {
        add_tag(Tag::Verb, Inflection::Base);
    }
    if forms.third_person {
        add_tag(Tag::ThirdPerson, Inflection::ThirdPerson);
    }
    match (forms.past, forms.past_participle) {
        (true, true) => add_tag(Tag::PastOrParticiple, Inflection::Past),
        (true, false) => add_tag(Tag::Past, Inflection::Past),
        (false, true) => add_tag(Tag::PastParticiple, Inflection::PastParticiple),
        (false, false) => {}
    }
    if forms.present_participle {
        add_tag(Tag::PresentParticiple, Inflection::PresentParticiple);
    }
}
