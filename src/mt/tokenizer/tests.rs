//! The tokenizer as a whole, on small models made here. What transformers says is held in
//! `tests/it/marian_tokenizer.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::model_file::tests::{bytes_field, piece};
use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/marian-en-de");
    fs::read(folder.join(name)).unwrap()
}

/// The committed English-German tokenizer.
fn english_german() -> MarianTokenizer {
    let model = fixture("source.spm");
    MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: &model,
        target_spm: &model,
        vocabulary: &fixture("vocab.json"),
        tokenizer_config: Some(&fixture("tokenizer_config.json")),
        ..TokenizerFiles::default()
    })
    .unwrap()
}

/// A model with these pieces, the less likely the further behind.
fn small_model(pieces: &[&str]) -> Vec<u8> {
    let mut file = [piece("<unk>", 0.0, 2), piece("</s>", 0.0, 3)].concat();
    for (text, place) in pieces.iter().zip(1u8..) {
        file.extend(piece(text, -f32::from(place), 1));
    }
    file
}

const VOCABULARY: &str =
    r#"{"<unk>": 0, "<pad>": 1, "\u2581a": 2, "b": 3, "\u00e4": 4, ">>x<<": 5, "</s>": 9}"#;

fn small() -> MarianTokenizer {
    MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: &small_model(&["\u{2581}a", "b", "c"]),
        target_spm: &small_model(&["\u{e4}"]),
        vocabulary: VOCABULARY.as_bytes(),
        ..TokenizerFiles::default()
    })
    .unwrap()
}

#[test]
fn a_sentence_becomes_ids_and_comes_back() {
    let tokenizer = english_german();
    let ids = tokenizer.encode("Tom doesn't know you.");
    assert_eq!(ids.last(), Some(&tokenizer.end_of_sentence()));
    assert_eq!(ids.len(), tokenizer.count("Tom doesn't know you."));
    assert_eq!(tokenizer.decode(&ids), "Tom doesn't know you.");
    assert_eq!(tokenizer.vocabulary_size(), 4001);
    assert_eq!(tokenizer.padding(), 4000);
    assert_eq!(tokenizer.inexact(), None);
}

#[test]
fn special_ids_come_from_the_vocabulary() {
    let tokenizer = small();
    assert_eq!(tokenizer.end_of_sentence(), 9);
    assert_eq!(tokenizer.unknown(), 0);
    assert_eq!(tokenizer.padding(), 1);
    assert_eq!(tokenizer.encode(""), [9]);
    assert_eq!(tokenizer.encode("ab"), [2, 3, 9]);
}

#[test]
fn pieces_of_the_target_alone_have_their_ids_in_the_source() {
    let tokenizer = small();
    // One character is in the vocabulary, two in a row are not: the run is looked up as one.
    assert_eq!(tokenizer.encode("a\u{e4}b"), [2, 4, 3, 9]);
    assert_eq!(tokenizer.encode("a\u{e4}\u{e4}b"), [2, 0, 3, 9]);
    // A piece of the source model that the vocabulary lacks is no part of a run.
    assert_eq!(tokenizer.encode("ac\u{e4}"), [2, 0, 4, 9]);
}

#[test]
fn language_codes_are_tokens() {
    let tokenizer = small();
    assert_eq!(tokenizer.encode(">>x<< a"), [5, 2, 9]);
    assert_eq!(tokenizer.encode(">>y<< a"), [0, 2, 9]);
    assert_eq!(tokenizer.encode("a>>x<<b>>y<<"), [2, 5, 3, 0, 9]);
    assert_eq!(tokenizer.languages().collect::<Vec<_>>(), [">>x<<"]);
    assert_eq!(tokenizer.id(">>x<<"), Some(5));
}

#[test]
fn written_out_tokens_are_tokens() {
    let tokenizer = small();
    assert_eq!(tokenizer.encode("a</s>ab<pad>"), [2, 9, 2, 3, 1, 9]);
    assert_eq!(tokenizer.decode(&[2, 9, 2, 3, 1, 77]), "a ab");
}

#[test]
fn a_workspace_changes_nothing() {
    let tokenizer = english_german();
    let mut workspace = Workspace::default();
    let mut ids = vec![7];
    for text in [
        "A long sentence, to fill the memory.",
        "",
        "</s> ok </s>",
        "x",
    ] {
        ids.truncate(1);
        tokenizer.encode_into(text, &mut workspace, &mut ids);
        assert_eq!(ids[1..], tokenizer.encode(text), "{text:?}");
        assert_eq!(tokenizer.count_with(text, &mut workspace), ids.len() - 1);
    }
}

fn error(files: &TokenizerFiles<'_>) -> String {
    MarianTokenizer::from_bytes(files).unwrap_err().to_string()
}

#[test]
fn errors_name_the_file_and_what_is_wrong_with_it() {
    let model = small_model(&["a"]);
    let good = TokenizerFiles {
        source_spm: &model,
        target_spm: &model,
        vocabulary: VOCABULARY.as_bytes(),
        ..TokenizerFiles::default()
    };
    assert!(MarianTokenizer::from_bytes(&good).is_ok());
    let source = TokenizerFiles {
        source_spm: b"version https://git-lfs.github.com/spec/v1",
        ..good
    };
    assert!(error(&source).starts_with("source.spm cannot be used: it is no sentencepiece model"));
    let target = TokenizerFiles {
        target_spm: &[],
        ..good
    };
    assert!(error(&target).starts_with("target.spm cannot be used: it has no pieces"));
    let vocabulary = TokenizerFiles {
        vocabulary: br#"{"<unk>": 0, "<pad>": 1}"#,
        ..good
    };
    assert!(error(&vocabulary).starts_with("vocab.json cannot be used: it lacks `</s>`"));
    let separate = TokenizerFiles {
        tokenizer_config: Some(br#"{"separate_vocabs": true}"#),
        ..good
    };
    assert!(error(&separate).starts_with("target_vocab.json cannot be used: it is absent"));
}

/// A folder with these files, that goes when it is dropped.
fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(scratch.path().join(name), content).unwrap();
    }
    let path = scratch.path().to_owned();
    (scratch, path)
}

#[test]
fn a_folder_is_read() {
    let model = fixture("source.spm");
    let (_scratch, path) = folder(&[
        ("source.spm", &model),
        ("target.spm", &model),
        ("vocab.json", &fixture("vocab.json")),
    ]);
    let tokenizer = MarianTokenizer::from_folder(&path).unwrap();
    let text = "Why not?";
    assert_eq!(tokenizer.encode(text), english_german().encode(text));
}

#[test]
fn a_folder_without_files_says_which_are_missing() {
    let (_scratch, path) = folder(&[("vocab.json", b"{}")]);
    let error = MarianTokenizer::from_folder(&path).unwrap_err().to_string();
    assert!(
        error.contains("has no source.spm, target.spm, and no tokenizer.json"),
        "{error}"
    );
}

#[test]
fn tokenizer_json_is_a_stand_in_with_a_warning() {
    let json = r#"{"added_tokens": [{"id": 0, "content": "</s>", "special": true}],
        "normalizer": null, "model": {"type": "Unigram", "unk_id": 1, "vocab":
        [["</s>", 0.0], ["<unk>", 0.0], ["\u2581a", -1.0], ["b", -2.0], ["<pad>", 0.0]]}}"#;
    let (_scratch, path) = folder(&[("tokenizer.json", json.as_bytes()), ("vocab.json", b"{}")]);
    let tokenizer = MarianTokenizer::from_folder(&path).unwrap();
    assert_eq!(tokenizer.encode(" ab  a</s>c"), [2, 3, 2, 0, 1, 0]);
    assert_eq!(tokenizer.decode(&[2, 3, 2, 0, 4]), "ab a");
    let inexact = tokenizer.inexact().unwrap();
    assert_eq!(inexact.missing, ["source.spm", "target.spm"]);
    assert!(
        inexact
            .to_string()
            .starts_with("without source.spm and target.spm texts are")
    );
}

/// A small model of every kind of piece, to damage.
fn whole_model() -> Vec<u8> {
    let mut file = small_model(&["\u{2581}a", "b", "\u{e4}"]);
    file.extend(piece("ab", 0.0, 4));
    file.extend(piece("c", 0.0, 5));
    file.extend(bytes_field(2, &[3 << 3, 1, 0xc0, 0x01, 1]));
    file.extend(bytes_field(3, &[3 << 3, 1, 4 << 3, 1]));
    file
}

fn is_sound(tokenizer: &MarianTokenizer, text: &str) -> Result<(), TestCaseError> {
    let ids = tokenizer.encode(text);
    prop_assert!(
        ids.iter()
            .all(|id| (*id as usize) < tokenizer.vocabulary_size())
    );
    prop_assert_eq!(ids.last(), Some(&tokenizer.end_of_sentence()));
    prop_assert_eq!(ids.len(), tokenizer.count(text));
    tokenizer.decode(&ids);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_ids_of_the_vocabulary(
        text in "(\\PC|[\\x00-\\x20\u{300}-\u{36f}\u{2581}<>/s]|</s>|<unk>|>>|<<){0,60}"
    ) {
        is_sound(&small(), &text)?;
    }

    #[test]
    fn any_ids_decode(ids in prop::collection::vec(prop_oneof![0u32..12, any::<u32>()], 0..20)) {
        let text = small().decode(&ids);
        prop_assert_eq!(text.trim(), text.as_str());
    }

    #[test]
    fn damaged_models_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        text in "[ab\u{e4}c ]{0,20}",
    ) {
        let good = whole_model();
        let mut damaged = good.clone();
        for (place, byte) in changes {
            let place = place.index(damaged.len());
            damaged[place] = byte;
        }
        if cut {
            damaged.truncate(length.index(damaged.len()));
        }
        for (source_spm, target_spm) in [(&good, &damaged), (&damaged, &good)] {
            let files = TokenizerFiles {
                source_spm,
                target_spm,
                vocabulary: VOCABULARY.as_bytes(),
                ..TokenizerFiles::default()
            };
            if let Ok(tokenizer) = MarianTokenizer::from_bytes(&files) {
                is_sound(&tokenizer, &text)?;
            }
        }
    }

    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = ModelFile::read(&bytes);
        prop_assert!(read.is_err() || read.is_ok_and(|model| model.pieces.len() < bytes.len()));
    }
}

/// Damage that random changes rarely find: the tables of a real model.
#[test]
fn damaged_tables_of_a_real_model_never_panic() {
    let good = fixture("source.spm");
    let vocabulary = fixture("vocab.json");
    let mut refused = 0;
    for step in 0..40usize {
        let mut damaged = good.clone();
        let start = step * 7_919 % good.len();
        for place in (start..good.len()).step_by(997 + step).take(50) {
            damaged[place] ^= u8::try_from(1 + step % 255).unwrap();
        }
        let files = TokenizerFiles {
            source_spm: &damaged,
            target_spm: &good,
            vocabulary: &vocabulary,
            ..TokenizerFiles::default()
        };
        match MarianTokenizer::from_bytes(&files) {
            Ok(tokenizer) => {
                is_sound(&tokenizer, "Caf\u{e9} e\u{301} \u{fb01} \u{ff21} 1\u{b2}").unwrap();
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0, "the table was never damaged");
}
