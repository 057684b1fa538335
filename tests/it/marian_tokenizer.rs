//! The tokenizer gives the ids and the texts that transformers gives, on golden files made by
//! `tests/golden/marian_tokenizer.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use augment::mt::tokenizer::{MarianTokenizer, TokenizerFiles, Workspace};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A text (none where only ids are decoded), its ids, and what they are decoded to.
#[derive(Debug, Deserialize)]
struct Line(Option<String>, Vec<u32>, String);

/// A tokenizer with uncommon settings.
#[derive(Debug, Deserialize)]
struct Made {
    name: String,
    files: BTreeMap<String, String>,
    lines: Vec<Line>,
}

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The values of a file that has one a line.
fn golden<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let content = fs::read(tests_folder().join("golden").join(name)).unwrap();
    let content = if has_end(name, "zst") {
        zstd::decode_all(content.as_slice()).unwrap()
    } else {
        content
    };
    let lines = content.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn has_end(name: &str, end: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found == end)
}

/// What differs from the golden lines, in words.
fn differences(tokenizer: &MarianTokenizer, lines: &[Line]) -> Vec<String> {
    let mut workspace = Workspace::default();
    let mut differences = Vec::new();
    for (number, Line(text, ids, decoded)) in (1..).zip(lines) {
        let shown = |text: &str| text.chars().take(120).collect::<String>();
        if let Some(text) = text {
            let mut found = Vec::new();
            tokenizer.encode_into(text, &mut workspace, &mut found);
            if found != *ids {
                let place = found
                    .iter()
                    .zip(ids)
                    .take_while(|(one, other)| one == other)
                    .count();
                let rest = |ids: &[u32]| {
                    format!(
                        "{:?}",
                        &ids[place.saturating_sub(2)..ids.len().min(place + 6)]
                    )
                };
                differences.push(format!(
                    "line {number}: {:?}: ids {} instead of {} at {place}",
                    shown(text),
                    rest(&found),
                    rest(ids)
                ));
            }
        }
        let found = tokenizer.decode(ids);
        if found != *decoded {
            differences.push(format!(
                "line {number}: {:?} instead of {:?}",
                shown(&found),
                shown(decoded)
            ));
        }
    }
    differences
}

#[test]
fn the_english_german_model_is_exact() {
    let folder = tests_folder().join("fixtures/marian-en-de");
    let file = |name: &str| fs::read(folder.join(name)).unwrap();
    let model = file("source.spm");
    let tokenizer = MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: &model,
        target_spm: &model,
        vocabulary: &file("vocab.json"),
        tokenizer_config: Some(&file("tokenizer_config.json")),
        ..TokenizerFiles::default()
    })
    .unwrap();
    let lines: Vec<Line> = golden("marian_tokenizer_en_de.jsonl");
    assert_eq!(lines.len(), 560);
    assert_eq!(differences(&tokenizer, &lines), Vec::<String>::new());
}

/// The folder of real models that are not committed: `AUGMENT_TEST_MODELS`, or `shared/models`
/// beside the crate.
fn models_folder() -> PathBuf {
    match std::env::var_os("AUGMENT_TEST_MODELS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models"),
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
#[test]
fn the_published_english_malagasy_model_is_exact() {
    let folder = models_folder().join("opus-mt-en-mg-tokenizer");
    if !folder.join("source.spm").exists() {
        eprintln!(
            "skipped: {} is absent, the tokenizer of Helsinki-NLP/opus-mt-en-mg; \
             AUGMENT_TEST_MODELS says where models are",
            folder.display()
        );
        return;
    }
    let tokenizer = MarianTokenizer::from_folder(&folder).unwrap();
    let lines: Vec<Line> = golden("marian_tokenizer_opus.jsonl.zst");
    assert_eq!(lines.len(), 2_300);
    let long = |line: &&Line| {
        line.0
            .as_ref()
            .is_some_and(|text| text.chars().count() >= 9_999)
    };
    assert_eq!(lines.iter().filter(long).count(), 24);
    // Not one line differs; if one has to, its number and the reason belong here.
    assert_eq!(differences(&tokenizer, &lines), Vec::<String>::new());
}

#[test]
fn tokenizers_with_uncommon_settings_are_exact() {
    let made: Vec<Made> = golden("marian_tokenizer_made.jsonl.zst");
    assert_eq!(made.len(), 26);
    for Made { name, files, lines } in made {
        let scratch = tempfile::tempdir().unwrap();
        for (file, content) in &files {
            let content = if has_end(file, "spm") {
                unhex(content)
            } else {
                content.clone().into_bytes()
            };
            fs::write(scratch.path().join(file), content).unwrap();
        }
        let tokenizer = MarianTokenizer::from_folder(scratch.path()).unwrap();
        assert_eq!(
            differences(&tokenizer, &lines),
            Vec::<String>::new(),
            "{name}"
        );
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let pairs = digits.map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}
