//! The tiny model beside the tests, and folders that are no model. What takes the runtime says so
//! where it is skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::load::{inspect, open};
use super::model::{BertModel, Parts, Worker};
use super::{MaskedModel, Passage};
use crate::inference::{ModelError, ModelName, ModelSettings, find, sessions};

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert")
}

fn name(folder: &Path) -> ModelName<'_> {
    ModelName {
        reference: folder.to_str().unwrap(),
        variant: None,
    }
}

/// What describes the tiny model.
fn parts() -> Parts {
    let folder = find(name(&tiny()), Path::new(""), &ModelSettings::default()).unwrap();
    Parts::read(&folder).unwrap()
}

fn worker() -> Option<Worker> {
    crate::onnx::trial::runtime()?;
    let settings = ModelSettings::default();
    let folder = find(name(&tiny()), Path::new(""), &settings).unwrap();
    let parts = Parts::read(&folder).unwrap();
    let model = BertModel::new(folder, parts, sessions(&settings).unwrap());
    Some(Worker::new(Arc::new(model)).unwrap())
}

/// One line of the golden file: see `tests/golden/masked_lm.py`.
struct Golden {
    text: String,
    blank: std::ops::Range<usize>,
    ids: Vec<u32>,
    top: Vec<(u32, f32)>,
}

fn golden() -> Vec<Golden> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/masked_lm.jsonl");
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let token = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "compared roughly")]
    let pair = |pair: &Value| (token(&pair[0]), pair[1].as_f64().unwrap() as f32);
    let lines = fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        Golden {
            text: value["text"].as_str().unwrap().to_owned(),
            blank: number(&value["span"][0])..number(&value["span"][1]),
            ids: value["ids"].as_array().unwrap().iter().map(token).collect(),
            top: value["top"].as_array().unwrap().iter().map(pair).collect(),
        }
    };
    let all: Vec<Golden> = lines.lines().map(line).collect();
    assert_eq!(all.len(), 30);
    all
}

#[test]
fn tokens_are_those_of_transformers() {
    let Parts { cutter, .. } = parts();
    for golden in golden() {
        let masked = cutter
            .mask(&golden.text, std::slice::from_ref(&golden.blank))
            .unwrap();
        assert!(masked.masks[0].is_some());
        let (tokens, _) = cutter.complete(&masked.tokens);
        assert_eq!(tokens, golden.ids, "{}", golden.text);
    }
}

#[test]
fn predictions_are_those_of_transformers() {
    let Some(mut worker) = worker() else {
        return;
    };
    let all = golden();
    // One by one, and all at once, which makes padding.
    let passages: Vec<Passage<'_>> = all
        .iter()
        .map(|golden| Passage {
            text: &golden.text,
            blanks: std::slice::from_ref(&golden.blank),
        })
        .collect();
    let (together, cost) = worker.fill(&passages, 8).unwrap();
    assert_eq!(cost.sequences, 30);
    assert!(cost.places > cost.tokens);
    for ((golden, passage), filling) in all.iter().zip(&passages).zip(together) {
        let alone = worker.fill(&[*passage], 8).unwrap().0.remove(0).unwrap();
        // All tokens, as transformers has them.
        let every = worker.likeliest(passage, 10).unwrap();
        for ((token, expected), found) in golden.top.iter().zip(&every) {
            assert_eq!(*token, found.token, "{}", golden.text);
            let difference = (expected - found.log_probability).abs();
            assert!(difference < 2e-4, "{}: {difference}", golden.text);
        }
        // Of these, the words.
        let words: Vec<u32> = golden
            .top
            .iter()
            .map(|(token, _)| *token)
            .filter(|token| !worker.word(*token).is_empty())
            .collect();
        let tokens = |choices: &[super::Choice]| -> Vec<u32> {
            let tokens = choices.iter().map(|choice| choice.token);
            tokens.take(words.len()).collect()
        };
        let shared = words.len().min(8);
        assert_eq!(tokens(&alone[0])[..shared], words[..shared]);
        assert_eq!(tokens(&filling.unwrap()[0])[..shared], words[..shared]);
    }
}

#[test]
fn long_texts_are_looked_at_in_windows() {
    let Some(mut worker) = worker() else {
        return;
    };
    let text = "The plot is predictable, and the film is too long. ".repeat(40);
    let blanks: Vec<_> = (0..40)
        .step_by(13)
        .map(|number| number * 51 + 4..number * 51 + 8)
        .collect();
    assert!(blanks.iter().all(|blank| &text[blank.clone()] == "plot"));
    let passage = Passage {
        text: &text,
        blanks: &blanks,
    };
    let (mut fillings, cost) = worker.fill(&[passage], 5).unwrap();
    assert_eq!(cost.sequences, 4);
    assert_eq!(cost.tokens, 4 * 64);
    let choices = fillings.remove(0).unwrap();
    assert!(choices.iter().all(|choices| choices.len() == 5));
    // The context is the same for each but at the ends.
    assert_eq!(choices[1], choices[2]);
}

#[test]
fn nothing_stands_for_what_is_no_word() {
    let Parts { cutter, words, .. } = parts();
    let tokenizer = cutter.tokenizer();
    let word = |token: &str| words.get(tokenizer.token_to_id(token).unwrap()).to_owned();
    assert_eq!(word("film"), "film");
    for token in ["##ing", "[MASK]", "[UNK]", ".", "s", "'"] {
        assert_eq!(word(token), "", "{token}");
    }
    assert_eq!(words.get(u32::MAX), "");
}

#[test]
fn blanks_take_the_place_of_whole_tokens() {
    let Parts { cutter, .. } = parts();
    let mask = cutter.tokenizer().token_to_id("[MASK]").unwrap();
    let masks = |text: &str, blanks: &[(usize, usize)]| {
        let blanks: Vec<_> = blanks.iter().map(|(start, end)| *start..*end).collect();
        let masked = cutter.mask(text, &blanks).unwrap();
        let found = masked.tokens.iter().filter(|token| **token == mask).count();
        assert_eq!(found, masked.masks.iter().flatten().count());
        masked.masks
    };
    // A word of several tokens is one mask; two blanks are two; a text may end in one.
    let text = "An extraordinarily good film";
    assert_eq!(masks(text, &[(3, 18), (24, 28)]), [Some(1), Some(3)]);
    // One word more, behind a word and at the end.
    assert_eq!(masks("a film", &[(1, 1), (6, 6)]), [Some(1), Some(3)]);
    // In the middle of a token there is no blank, nor where there is no token at all.
    assert_eq!(masks("a film", &[(3, 6)]), [None]);
    assert_eq!(masks("a film", &[(3, 3)]), [None]);
    assert_eq!(masks("a  film", &[(1, 3)]), [None]);
    // What looks like a mask is text.
    assert!(masks("a [MASK] film", &[(9, 13)])[0] > Some(3));
    assert_eq!(masks("", &[(0, 0)]), [Some(0)]);
}

/// A copy of the tiny model, changed.
fn changed(change: impl FnOnce(&Path)) -> ModelError {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(tiny()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    change(folder.path());
    let settings = ModelSettings::default();
    inspect(name(folder.path()), Path::new(""), &settings).unwrap_err()
}

/// Replaces text in a file of a folder.
fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_folder_that_is_no_model_is_refused_with_what_it_lacks() {
    let remove =
        |file: &'static str| move |folder: &Path| fs::remove_file(folder.join(file)).unwrap();
    let wrong = |file: &'static str, from: &'static str, to: &'static str| {
        move |folder: &Path| edit(folder, file, from, to)
    };
    let errors = [
        (
            changed(remove("model.onnx")),
            "found README.md, config.json",
        ),
        (changed(remove("config.json")), "expected `config.json`"),
        (
            changed(remove("tokenizer.json")),
            "expected `tokenizer.json`",
        ),
        (
            changed(wrong(
                "config.json",
                "\"vocab_size\": 1555",
                "\"vocab_size\": 1600",
            )),
            "expected a graph that takes `input_ids` and `attention_mask` and gives `logits` \
             [batch, length, 1600]; found `model.onnx` (its `logits` are [?, ?, 1555])",
        ),
        (
            changed(wrong(
                "config.json",
                "\"max_position_embeddings\": 64",
                "\"x\": 64",
            )),
            "`config.json`: `max_position_embeddings` is null, expected a whole number",
        ),
        (
            changed(wrong(
                "config.json",
                "\"max_position_embeddings\": 64",
                "\"max_position_embeddings\": 2",
            )),
            "2 positions by `config.json` have no room for a text",
        ),
        (
            changed(wrong("special_tokens_map.json", "[MASK]", "<blank>")),
            "it has no token `<blank>` to put into a blank",
        ),
        (
            changed(|folder| fs::write(folder.join("tokenizer.json"), "{}").unwrap()),
            "`tokenizer.json`: ",
        ),
        (
            changed(|folder| fs::write(folder.join("model.onnx"), "no graph").unwrap()),
            "cannot read `model.onnx`: this is no ONNX graph",
        ),
    ];
    for (error, part) in errors {
        assert!(error.message.contains(part), "{part}\n{error}");
        assert!(!error.help.is_empty());
    }
}

#[test]
fn a_model_that_translates_fills_no_blanks() {
    let settings = ModelSettings::default();
    let name = ModelName {
        reference: "builtin:en-de",
        variant: None,
    };
    let error = inspect(name, Path::new(""), &settings).unwrap_err();
    assert!(error.message.contains("it gives "), "{error}");
    assert!(open(name, Path::new(""), &settings).is_err());
}

#[test]
fn a_model_is_known_by_what_its_files_hold() {
    let settings = ModelSettings::default();
    let first = inspect(name(&tiny()), Path::new(""), &settings).unwrap();
    assert_eq!(first.len(), 64);
    let relative = Path::new("fixtures/tiny-bert");
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    assert_eq!(inspect(name(relative), &base, &settings).unwrap(), first);
}
