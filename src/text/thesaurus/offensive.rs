//! Whether a word offends, whatever its sense: for words of which nobody knows the sense.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::super::inflection::{Inflector, inflections};
use super::super::wordnet::WordNet;
use super::usage;

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 48;

/// All forms of the words that offend.
static FORMS: LazyLock<HashSet<Box<str>>> = LazyLock::new(|| {
    let (wordnet, inflector) = (WordNet::english(), Inflector::english());
    let mut forms: HashSet<Box<str>> = usage::RUDE.map(Into::into).into();
    let is_innocent = |form: &str| {
        wordnet
            .lemma(form)
            .is_some_and(|lemma| !usage::is_rude_by_itself(wordnet, lemma))
    };
    let mut form = String::new();
    for lemma in wordnet.lemmas() {
        let text = wordnet.text(lemma);
        if text.contains(' ') || !usage::is_rude_by_itself(wordnet, lemma) {
            continue;
        }
        for part_of_speech in wordnet.parts_of_speech(lemma).iter() {
            for inflection in inflections(part_of_speech) {
                form.clear();
                let exists = inflector.inflect(text, part_of_speech, *inflection, &mut form);
                // "Butcher" is more than one who is more butch than another.
                if exists && !is_innocent(&form) {
                    forms.insert(form.as_str().into());
                }
            }
        }
    }
    forms
});

/// Whether an English word is an obscenity, a slur or otherwise rude, in whatever form and case.
pub fn is_offensive(word: &str) -> bool {
    let mut buffer = [0; LONGEST];
    let Some(lower) = buffer.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| FORMS.contains(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rude_words_offend_in_every_form_and_case() {
        for word in [
            "shit", "Shit", "BITCHES", "fucked", "fucking", "assholes", "morons",
        ] {
            assert!(is_offensive(word), "{word}");
        }
    }

    #[test]
    fn other_words_do_not() {
        for word in [
            "",
            "good",
            "bad",
            "film",
            "class",
            "assume",
            "black",
            "boy",
            "red",
            "old",
            "hell",
            "kill",
            "suit",
            "tools",
            "queen",
            "butcher",
            "dirt",
            "bull",
            "sobs",
            "war",
            "woman",
            "ape",
            "banana",
            "frog",
            "boche\u{301}",
            "été",
        ] {
            assert!(!is_offensive(word), "{word}");
        }
        assert!(!is_offensive(&"shit".repeat(40)));
    }
}
