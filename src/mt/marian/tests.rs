//! Translation with the real ONNX Runtime and real models. Each test says so where it is skipped.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use half::f16;
use tempfile::TempDir;

use super::*;
use crate::inference::Budget;
use crate::models::{ModelFolder, ModelReference, ResolveSettings, resolve};
use crate::mt::decoding::{Found, Rows, Scores, StepModel};
use crate::mt::optimise::{Options, Precision, export, optimise, optimise_with};
use crate::mt::{Cost, Decoding, Strategy, TranslateError};
use crate::onnx::{ChosenDevice, Device, Surroundings};
use crate::random::Random;

/// Token ids are given, none are asked for.
struct NoTokenizer;

impl Tokenizer for NoTokenizer {
    fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        tokens.extend(text.split(' ').map(|token| token.parse::<u32>().unwrap()));
    }

    fn decode(&self, tokens: &[u32]) -> String {
        let words: Vec<String> = tokens.iter().map(u32::to_string).collect();
        words.join(" ")
    }
}

/// The scores of the first token of one sentence, and which tokens they are of, if not of all.
fn first_step(
    steps: &mut impl StepModel,
    source: &[u32],
    start: u32,
    enough: Option<usize>,
) -> (Vec<f32>, Option<Vec<u32>>) {
    steps.start(&[source]).unwrap();
    let rows = Rows {
        tokens: &[start],
        parents: &[0],
        position: 0,
        enough,
    };
    match steps.step(rows).unwrap() {
        Scores::All(logits) => (logits.to_vec(), None),
        Scores::Likeliest { logits, tokens, .. } => (logits.to_vec(), Some(tokens.to_vec())),
    }
}

/// A model of the program.
fn built_in(name: &str) -> ModelFolder {
    let reference = ModelReference::Builtin(name.to_owned());
    let settings = ResolveSettings::of(&Surroundings::of_process());
    resolve(&reference, Path::new(""), &settings).unwrap()
}

/// The models of the program in 32 bits: `PAIR` as a folder for `transformers`, from which the golden
/// files were made, `fast-PAIR`, the fast layout of it, and `screened-PAIR`, the same as if it had a large
/// vocabulary. Made once for all tests of a process.
static FULL_PRECISION: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let runtime = crate::onnx::trial::runtime()?;
    let root = tempfile::tempdir().unwrap();
    for pair in ["en-de", "de-en"] {
        let plain = root.path().join(pair);
        export(&built_in(pair), &plain).unwrap();
        let fast = root.path().join(format!("fast-{pair}"));
        let options = Options {
            precision: Precision::Fp32,
            ..Options::default()
        };
        optimise(runtime.environment(), &plain, &fast, &options).unwrap();
        let screened = root.path().join(format!("screened-{pair}"));
        let report = optimise_with(runtime.environment(), &plain, &screened, &options, 0);
        assert_eq!(report.unwrap().manifest.format, 4);
    }
    Some(root)
});

/// A built-in model in the fast layout, in 32 bits.
fn full_precision(pair: &str) -> Option<PathBuf> {
    let root = FULL_PRECISION.as_ref()?;
    Some(root.path().join(format!("fast-{pair}")))
}

/// The same, where scores are made by way of products in eight bits.
fn screened(pair: &str) -> Option<PathBuf> {
    let root = FULL_PRECISION.as_ref()?;
    Some(root.path().join(format!("screened-{pair}")))
}

/// A folder of models that is not part of the repository: `tests/golden/marian.md` says how to make it.
fn folder(name: &str) -> Option<PathBuf> {
    let root = env::var_os("AUGMENT_TEST_MODELS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if !folder.join("config.json").is_file() {
        eprintln!("skipped: no model {}", folder.display());
        return None;
    }
    Some(folder)
}

fn sessions() -> Option<SessionSource> {
    let runtime = crate::onnx::trial::runtime()?;
    Some(SessionSource::new(ChosenDevice::Cpu, |weights| {
        runtime
            .session_builder(ChosenDevice::Cpu, Some(weights))
            .map_err(|error| error.to_string())
    }))
}

fn load(files: ModelFiles, budget: Budget) -> Option<Result<Arc<MarianModel>, ModelError>> {
    Some(load_on(sessions()?, files, budget))
}

fn load_on(
    sessions: SessionSource,
    files: ModelFiles,
    budget: Budget,
) -> Result<Arc<MarianModel>, ModelError> {
    let options = LoadOptions {
        variant: None,
        budget: Some(budget),
    };
    MarianModel::load(files, Arc::new(NoTokenizer), sessions, &options)
}

fn translator(folder: &Path, budget: Budget) -> Option<MarianTranslator> {
    let model = load(ModelFiles::folder(folder), budget)?.unwrap();
    Some(model.translator().unwrap())
}

/// One line of the golden file: see `tests/golden/marian_generate.py`.
struct Golden {
    source: Vec<u32>,
    greedy: Vec<u32>,
    beam: Vec<u32>,
    score: f32,
}

fn golden(pair: &str) -> Vec<Golden> {
    let path = format!(
        "{}/tests/golden/marian_{pair}.tsv",
        env!("CARGO_MANIFEST_DIR")
    );
    let ids = |field: &str| field.split(' ').map(|id| id.parse().unwrap()).collect();
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Golden {
                source: ids(fields[1]),
                greedy: ids(fields[2]),
                beam: ids(fields[3]),
                score: fields[4].parse().unwrap(),
            }
        })
        .collect()
}

fn decoding(strategy: Strategy) -> Decoding {
    Decoding {
        max_length_factor: 0.0,
        // `max_length` of the golden cases counts the start token.
        max_length_extra: 255,
        ..Decoding::new(strategy)
    }
}

const BEAM: Strategy = Strategy::Beam {
    beams: 4,
    length_penalty: 1.0,
};

fn translate(
    translator: &mut MarianTranslator,
    golden: &[Golden],
    strategy: Strategy,
) -> (Vec<Found>, Cost) {
    let sentences: Vec<TokenSentence> = golden
        .iter()
        .map(|golden| TokenSentence {
            tokens: golden.source.clone(),
            wanted: 1,
            random: Random::from_key(0),
        })
        .collect();
    let (found, cost) = translator
        .translate_tokens(&sentences, &decoding(strategy))
        .unwrap();
    (
        found.into_iter().map(|found| found[0].clone()).collect(),
        cost,
    )
}

/// Greedy search and beam search find what transformers found.
fn assert_translates(translator: &mut MarianTranslator, golden: &[Golden], what: &str) {
    let (greedy, _) = translate(translator, golden, Strategy::Greedy);
    let (beam, _) = translate(translator, golden, BEAM);
    for ((golden, greedy), beam) in golden.iter().zip(&greedy).zip(&beam) {
        assert_eq!(greedy.tokens, golden.greedy, "{what} {:?}", golden.source);
        assert_eq!(beam.tokens, golden.beam, "{what} {:?}", golden.source);
    }
}

const BUDGETS: [Budget; 3] = [
    Budget {
        sources: 1,
        tokens: 1,
        rows: 1,
    },
    Budget {
        sources: 400,
        tokens: 400,
        rows: 16,
    },
    Budget {
        sources: 1_000_000,
        tokens: 1_000_000,
        rows: 1_000_000,
    },
];

#[test]
fn translations_are_those_of_transformers_whatever_the_batches() {
    for pair in ["en_de", "de_en"] {
        let Some(folder) = full_precision(&pair.replace('_', "-")) else {
            return;
        };
        for budget in BUDGETS {
            let mut translator = translator(&folder, budget).unwrap();
            assert_translates_with_scores(&mut translator, pair, &golden(pair));
        }
    }
}

#[test]
fn scores_by_way_of_eight_bits_change_nothing() {
    for pair in ["en_de", "de_en"] {
        let Some(folder) = screened(&pair.replace('_', "-")) else {
            return;
        };
        // Without optimisation, exact scores take their time.
        let (each, budgets) = if cfg!(debug_assertions) {
            (8, &BUDGETS[1..])
        } else {
            (1, &BUDGETS[..])
        };
        let golden = golden(pair).into_iter().skip(each / 2).step_by(each);
        let golden: Vec<Golden> = golden.collect();
        for budget in budgets {
            let mut translator = translator(&folder, *budget).unwrap();
            assert_translates_with_scores(&mut translator, pair, &golden);
        }
    }
}

/// Greedy search and beam search find what transformers found, and beam search with its scores.
fn assert_translates_with_scores(translator: &mut MarianTranslator, pair: &str, golden: &[Golden]) {
    let (greedy, _) = translate(translator, golden, Strategy::Greedy);
    let (beam, _) = translate(translator, golden, BEAM);
    for ((golden, greedy), beam) in golden.iter().zip(&greedy).zip(&beam) {
        assert_eq!(greedy.tokens, golden.greedy, "{pair} {:?}", golden.source);
        assert_eq!(beam.tokens, golden.beam, "{pair} {:?}", golden.source);
        let difference = (beam.score - golden.score).abs();
        assert!(difference < 2e-4, "{pair} {:?} {difference}", golden.source);
    }
}

/// Where all tokens have to be seen, they have their exact scores; where few are enough, so have those.
#[test]
fn all_scores_and_few_of_them_are_the_same() {
    let (Some(screened), Some(usual)) = (screened("en-de"), full_precision("en-de")) else {
        return;
    };
    let golden = &golden("en_de")[20];
    let step = |folder: &Path, enough| {
        let files = ModelFiles::folder(folder);
        let model = load(files, Budget::default()).unwrap().unwrap();
        let start = model.config().special.start;
        first_step(&mut model.steps().unwrap(), &golden.source, start, enough)
    };
    let (right, none) = step(&usual, Some(3));
    assert_eq!(none, None);
    let (all, none) = step(&screened, None);
    assert_eq!((all.len(), none), (right.len(), None));
    for (token, (right, found)) in right.iter().zip(&all).enumerate() {
        assert!((right - found).abs() < 1e-4, "{token} {right} {found}");
    }
    let (few, tokens) = step(&screened, Some(3));
    let tokens = tokens.unwrap();
    assert_eq!((few.len(), tokens.len()), (3, 3));
    assert_eq!(tokens[0], golden.greedy[0]);
    for (token, logit) in tokens.iter().zip(few) {
        assert!((right[*token as usize] - logit).abs() < 1e-4);
    }
}

#[test]
fn a_screen_that_lacks_something_is_refused() {
    let Some(folder) = screened("en-de") else {
        return;
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let mut bytes = fs::read(entry.path()).unwrap();
        if name == "screen.onnx" {
            // The table of lengths goes by a name of the same size.
            let name = b"row_lengths";
            let place = bytes.windows(name.len()).position(|part| part == name);
            let place = place.unwrap();
            bytes[place..place + name.len()].copy_from_slice(b"row_nothing");
        }
        files.push((name, bytes.into()));
    }
    let model = load(ModelFiles::memory("other", files), Budget::default()).unwrap();
    let error = model.unwrap().translator().unwrap_err().to_string();
    assert!(error.contains("it has no numbers `row_lengths`"), "{error}");
}

#[test]
fn a_screen_that_is_not_there_is_missed() {
    let Some(folder) = screened("en-de") else {
        return;
    };
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        if entry.file_name() != "screen.onnx" {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    let model = load(ModelFiles::folder(copy.path()), Budget::default()).unwrap();
    let error = model.unwrap_err().to_string();
    let missing = "`screen.onnx` beside the other graphs of the fast layout";
    assert!(error.contains(missing), "{error}");
}

/// As on a GPU: outputs are bound to the device, and only logits come to the host.
#[test]
fn what_stays_on_the_device_changes_nothing() {
    for folder in [full_precision("en-de"), screened("en-de")] {
        let (Some(folder), Some(sessions)) = (folder, sessions()) else {
            return;
        };
        let model = load_on(sessions.bound(), ModelFiles::folder(&folder), BUDGETS[1]).unwrap();
        assert!(!model.is_recast());
        let mut translator = model.translator().unwrap();
        assert_translates(&mut translator, &golden("en_de"), "bound");
    }
}

/// As on a GPU: a few tokens come to the host where they are enough, all where they are not, and
/// never those that fill the table up.
#[test]
fn the_decoder_of_a_device_chooses() {
    let Some(sessions) = sessions() else {
        return;
    };
    let files = ModelFiles::memory("builtin:en-de", built_in("en-de").embedded_files());
    let model = load_on(sessions.bound(), files, Budget::default()).unwrap();
    let golden = &golden("en_de")[20];
    let mut steps = model.steps().unwrap();
    let start = model.config().special.start;
    let vocabulary = steps.vocabulary();
    assert_ne!(
        vocabulary % 8,
        0,
        "the table is not filled up: the test has no point"
    );
    let mut step = |enough| first_step(&mut steps, &golden.source, start, enough);
    let (few, tokens) = step(Some(3));
    let tokens = tokens.unwrap();
    assert_eq!(
        (few.len(), tokens.len(), tokens[0]),
        (3, 3, golden.greedy[0])
    );
    let (all, none) = step(None);
    assert_eq!((all.len(), none), (vocabulary, None));
    for (token, logit) in tokens.iter().zip(few) {
        // A CPU computes 16 bits in 32, and rounds what it puts out.
        assert_eq!(f16::from_f32(all[*token as usize]), f16::from_f32(logit));
    }
}

/// As on a GPU: workers hand their sentences to the threads of the device.
#[test]
fn workers_share_the_threads_of_a_device() {
    let (Some(folder), Some(sessions)) = (full_precision("en-de"), sessions()) else {
        return;
    };
    let model = load_on(sessions.bound(), ModelFiles::folder(&folder), BUDGETS[1]).unwrap();
    let golden = golden("en_de");
    std::thread::scope(|scope| {
        for part in golden.chunks(golden.len().div_ceil(5)) {
            let mut translator = model.translator().unwrap();
            scope.spawn(move || {
                let (greedy, _) = translate(&mut translator, part, Strategy::Greedy);
                for (golden, found) in part.iter().zip(&greedy) {
                    assert_eq!(found.tokens, golden.greedy);
                }
            });
        }
    });
}

/// The first GPU, where there is one.
fn gpu() -> Option<SessionSource> {
    let runtime = crate::onnx::trial::runtime()?;
    match runtime.choose(Device::Cuda(0)) {
        Ok((device, _)) => Some(SessionSource::new(device, move |weights| {
            runtime
                .session_builder(device, Some(weights))
                .map_err(|error| error.to_string())
        })),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

#[test]
fn a_gpu_translates_as_transformers_does() {
    let Some(sessions) = gpu() else {
        return;
    };
    for pair in ["en-de", "de-en"] {
        let Some(folder) = full_precision(pair) else {
            return;
        };
        let golden = golden(&pair.replace('-', "_"));
        for budget in &BUDGETS[1..] {
            let files = ModelFiles::folder(&folder);
            let model = load_on(sessions.clone(), files, *budget).unwrap();
            let mut translator = model.translator().unwrap();
            assert_translates(&mut translator, &golden, pair);
        }
        let files = ModelFiles::memory(pair, built_in(pair).embedded_files());
        let model = load_on(sessions.clone(), files, Budget::default()).unwrap();
        let mut translator = model.translator().unwrap();
        let (greedy, _) = translate(&mut translator, &golden, Strategy::Greedy);
        let pairs = golden.iter().zip(&greedy);
        let same = pairs.filter(|(golden, found)| golden.greedy == found.tokens);
        let same = same.count();
        assert!(same * 20 > golden.len() * 19, "{same} of {}", golden.len());
    }
}

#[test]
fn a_gpu_draws_the_same_twice() {
    let Some(sessions) = gpu() else {
        return;
    };
    let files = ModelFiles::memory("en-de", built_in("en-de").embedded_files());
    let model = load_on(sessions, files, Budget::default()).unwrap();
    let golden = golden("en_de");
    let sentences: Vec<TokenSentence> = (0..)
        .zip(&golden)
        .map(|(key, golden)| TokenSentence {
            tokens: golden.source.clone(),
            wanted: 3,
            random: Random::from_key(key),
        })
        .collect();
    for (top_k, top_p) in [(20, 1.0), (0, 0.9), (0, 1.0)] {
        let sample = decoding(Strategy::Sample {
            temperature: 0.9,
            top_k,
            top_p,
        });
        let draw = || {
            let mut translator = model.translator().unwrap();
            translator.translate_tokens(&sentences, &sample).unwrap().0
        };
        assert_eq!(draw(), draw());
    }
}

/// As on a GPU: what is in eight bits for CPUs is computed in 16.
#[test]
fn a_model_in_eight_bits_is_computed_in_16_on_another_device() {
    let Some(sessions) = sessions() else {
        return;
    };
    let files = ModelFiles::memory("builtin:en-de", built_in("en-de").embedded_files());
    let model = load_on(sessions.bound(), files, Budget::default()).unwrap();
    assert!(model.is_recast());
    let mut translator = model.translator().unwrap();
    let golden = golden("en_de");
    let (greedy, _) = translate(&mut translator, &golden, Strategy::Greedy);
    let same = golden
        .iter()
        .zip(&greedy)
        .filter(|(golden, found)| golden.greedy == found.tokens);
    let same = same.count();
    assert!(same * 20 > golden.len() * 19, "{same} of {}", golden.len());
}

#[test]
fn all_layouts_translate_alike() {
    let Some(folder) = folder("optimum-en-de") else {
        return;
    };
    let golden: Vec<Golden> = golden("en_de").into_iter().step_by(5).collect();
    for (graphs, layout) in [
        (&["encoder_model", "decoder_model_merged"][..], "Merged"),
        (
            &["encoder_model", "decoder_model", "decoder_with_past_model"],
            "Split",
        ),
        (&["encoder_model", "decoder_model"], "WithoutPast"),
    ] {
        let mut files: Vec<String> = ["config.json", "generation_config.json"]
            .map(str::to_owned)
            .to_vec();
        files.extend(graphs.iter().map(|graph| format!("{graph}.onnx")));
        let files = files
            .into_iter()
            .map(|name| {
                let bytes = fs::read(folder.join(&name)).unwrap();
                (name, bytes.into())
            })
            .collect();
        let Some(model) = load(ModelFiles::memory("optimum", files), BUDGETS[1]) else {
            return;
        };
        let model = model.unwrap();
        assert!(format!("{:?}", model.layout()).starts_with(layout));
        let mut translator = model.translator().unwrap();
        assert_translates(&mut translator, &golden, layout);
    }
}

#[test]
fn whole_numbers_of_eight_bits_translate_nearly_alike() {
    let golden = golden("en_de");
    let files = ModelFiles::memory("builtin:en-de", built_in("en-de").embedded_files());
    let Some(model) = load(files, Budget::default()) else {
        return;
    };
    let mut translator = model.unwrap().translator().unwrap();
    let (greedy, _) = translate(&mut translator, &golden, Strategy::Greedy);
    let same = golden
        .iter()
        .zip(&greedy)
        .filter(|(golden, found)| golden.greedy == found.tokens);
    let same = same.count();
    assert!(same * 2 > golden.len(), "{same} of {}", golden.len());
}

#[test]
fn repeated_sentences_are_translated_once_and_draws_are_their_own() {
    let Some(folder) = full_precision("en-de") else {
        return;
    };
    let Some(mut translator) = translator(&folder, Budget::default()) else {
        return;
    };
    let golden = golden("en_de");
    let sentence = |place: usize, key: u64, wanted: usize| TokenSentence {
        tokens: golden[place].source.clone(),
        wanted,
        random: Random::from_key(key),
    };
    let sentences = [sentence(20, 1, 1), sentence(90, 2, 3), sentence(20, 3, 3)];
    let (found, cost) = translator
        .translate_tokens(&sentences, &decoding(BEAM))
        .unwrap();
    assert_eq!((cost.sentences, cost.repeated), (2, 1));
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3, 3]);
    assert_eq!(found[0][0], found[2][0]);
    assert!(cost.source_places >= cost.source_tokens && cost.target_tokens > 0);

    let sample = decoding(Strategy::Sample {
        temperature: 1.0,
        top_k: 0,
        top_p: 0.9,
    });
    let (together, cost) = translator.translate_tokens(&sentences, &sample).unwrap();
    assert_eq!((cost.sentences, cost.repeated), (3, 0));
    for (sentence, together) in sentences.iter().zip(&together) {
        let alone = std::slice::from_ref(sentence);
        let (alone, _) = translator.translate_tokens(alone, &sample).unwrap();
        let tokens = |found: &[Found]| -> Vec<Vec<u32>> {
            found.iter().map(|found| found.tokens.clone()).collect()
        };
        assert_eq!(tokens(together), tokens(&alone[0]));
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let Some(folder) = full_precision("en-de") else {
        return;
    };
    let Some(mut translator) = translator(&folder, Budget::default()) else {
        return;
    };
    let sentence = TokenSentence {
        tokens: vec![7; 257],
        wanted: 1,
        random: Random::from_key(0),
    };
    let error = translator.translate_tokens(&[sentence], &decoding(Strategy::Greedy));
    assert!(matches!(
        error,
        Err(TranslateError::TooLong {
            sentence: 0,
            tokens: 257,
            positions: 256,
        })
    ));
}

#[test]
fn a_graph_of_another_model_is_refused() {
    let Some(folder) = full_precision("en-de") else {
        return;
    };
    let config = fs::read_to_string(folder.join("config.json")).unwrap();
    let config = config.replace("\"decoder_layers\": 1", "\"decoder_layers\": 2");
    let mut files = vec![("config.json".to_owned(), config.into_bytes().into())];
    for name in [
        "encoder.onnx",
        "decoder.onnx",
        "compact.onnx",
        "augment-mt.json",
    ] {
        files.push((name.to_owned(), fs::read(folder.join(name)).unwrap().into()));
    }
    let Some(model) = load(ModelFiles::memory("other", files), Budget::default()) else {
        return;
    };
    let error = model.unwrap_err().to_string();
    assert!(
        error.contains("the number of layers is 1 in") && error.contains("and 2 by `config.json`"),
        "{error}"
    );
}
