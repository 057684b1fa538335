//! The WordNet that lies in the binary.

use std::sync::OnceLock;

use rust_embed::RustEmbed;

use super::WordNet;

#[derive(RustEmbed)]
#[folder = "resources/wordnet/"]
struct Resources;

/// The licence of WordNet's data, which goes with every copy of it.
pub const LICENSE: &str = include_str!("../../../resources/wordnet/LICENSE");

static ENGLISH: OnceLock<WordNet> = OnceLock::new();

/// Decodes the embedded blob on the first call.
pub(super) fn english() -> &'static WordNet {
    ENGLISH.get_or_init(|| {
        let blob = Resources::get("wordnet.bin.zst")
            .map(|file| file.data)
            .unwrap_or_default();
        // The bytes are a constant of the build, and the tests decode them.
        WordNet::from_blob(&blob).expect("the embedded WordNet is intact")
    })
}

/// Whether there has been a first call.
pub(super) fn is_loaded() -> bool {
    ENGLISH.get().is_some()
}

#[cfg(test)]
mod tests {
    use super::super::{PartOfSpeech, small};
    use super::*;

    #[test]
    fn the_whole_of_wordnet_is_there() {
        let wordnet = WordNet::english();
        assert_eq!(wordnet.lemmas().len(), 147_478);
        let mut senses = [0; 4];
        for lemma in wordnet.lemmas() {
            for part in PartOfSpeech::ALL {
                senses[part as usize] += wordnet.senses(lemma, part).len();
            }
        }
        assert_eq!(senses.iter().sum::<usize>(), 207_235);
        assert_eq!(wordnet.synsets().len(), 117_791);
        assert!(small::walk(wordnet) > 0);
    }

    #[test]
    fn every_lemma_is_found_by_its_text() {
        let wordnet = WordNet::english();
        for lemma in wordnet.lemmas() {
            let text = wordnet.text(lemma);
            assert_eq!(wordnet.lemma(text), Some(lemma), "{text}");
            assert!(!wordnet.parts_of_speech(lemma).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_licence_is_princetons() {
        assert!(LICENSE.contains("WordNet 3.1 Copyright 2011 by Princeton University"));
    }

    #[test]
    fn threads_may_share_it() {
        fn shared<T: Send + Sync>(_: &T) -> bool {
            true
        }
        assert!(shared(WordNet::english()));
    }
}
