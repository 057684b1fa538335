//! How much of its time `pipelines/backtranslate.toml` translates: the speed of the whole pipeline as
//! a share of that of its bare translators.
//!
//! ```sh
//! export ORT_DYLIB_PATH=.../libonnxruntime.so
//! cargo bench --bench backtranslate [-- --shards 4] [--workers 2] [--rounds 3]
//! ```
//!
//! A first run notes all that the operator asks its translators for. Then, round after round, the
//! pipeline runs from Parquet to Parquet, and the same requests, cut into tokens beforehand, go
//! through translators on as many threads, with nothing around them: no rows, no sentences to find,
//! no pieces of words, no gates, no files. Both make the same tokens, which is checked.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
#![expect(clippy::cast_precision_loss, reason = "sentences are few")]

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use augment::config::Document;
use augment::engine::{self, RunSettings};
use augment::inference::{ModelName, ModelSettings};
use augment::mt::marian::{
    LoadOptions, MarianModel, MarianTranslator, ModelFiles, SessionSource, TokenSentence, Tokenizer,
};
use augment::mt::tokenizer::{MarianTokenizer, TokenizerFiles, Workspace};
use augment::mt::{
    self, Cost, Decoding, Hypothesis, Sentence, TranslateError, Translator, TranslatorFactory,
};
use augment::onnx::{Device, Runtime, RuntimeOptions};
use augment::operator::{Registry, Site, TextHandling};
use augment::operators::BackTranslation;
use augment::plan::{self, FileCatalog};
use augment::prelude::*;
use augment::topology::{ShardOutcome, Silent, Stop};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

const MODELS: [&str; 2] = ["en-de", "de-en"];

fn main() -> Result<(), Failure> {
    let (mut shards, mut workers, mut rounds) = (4, 2, 3);
    let mut arguments = env::args().skip(1).filter(|flag| flag != "--bench");
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or("a flag lacks its value")?.parse()?;
        match flag.as_str() {
            "--shards" => shards = value,
            "--workers" => workers = value,
            "--rounds" => rounds = value,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    if env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("skipped: ORT_DYLIB_PATH does not name the library of ONNX Runtime");
        return Ok(());
    }
    let (_, rows) = run_pipeline(shards, workers)?;
    let recorder = recorder();
    let asked = std::mem::take(&mut *lock(&recorder.asked));
    let sentences: usize = asked.iter().map(|asked| asked.sentences.len()).sum();
    let tokens = recorder.tokens.swap(0, Ordering::Relaxed);
    println!(
        "{shards} shards, {rows} rows out, {sentences} sentences in {} calls, {tokens} tokens decoded, \
         {workers} workers of one thread, {rounds} rounds",
        asked.len(),
    );
    let mut bare = Bare::load(&asked, workers)?;
    let (mut pipelines, mut ratios) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let alone = bare.translate()?;
        let (whole, _) = run_pipeline(shards, workers)?;
        lock(&recorder.asked).clear();
        for made in [recorder.tokens.swap(0, Ordering::Relaxed), bare.tokens()] {
            if made != tokens {
                return Err(format!("{made} tokens were decoded, not {tokens}").into());
            }
        }
        println!("  round {round}: pipeline {whole:.1} s, bare translators {alone:.1} s");
        pipelines.push(whole);
        ratios.push(alone / whole);
    }
    println!(
        "pipeline: {:.1} rows out a second; {:.3} of the speed of its bare translators",
        rows as f64 / median(&mut pipelines),
        median(&mut ratios),
    );
    Ok(())
}

/// Runs the pipeline over the first shards of the sample: seconds, and rows written.
fn run_pipeline(shards: usize, workers: usize) -> Result<(f64, u64), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = fs::read_dir(root.join("resources/sample"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .collect();
    paths.sort();
    paths.truncate(shards);
    let output = tempfile::tempdir()?;
    let text = fs::read_to_string(root.join("pipelines/backtranslate.toml"))?
        .replace("type = \"back_translation\"", "type = \"recorded\"");
    let overrides = [
        format!("sources.reviews.paths={paths:?}"),
        format!(
            "sinks.augmented.path=\"{}/{{shard}}.parquet\"",
            output.path().display()
        ),
    ];
    let document = Document::new("backtranslate", &text, &root.join("pipelines"), &overrides);
    let mut registry = Registry::builtin();
    registry.register::<Recorded>();
    let catalog = FileCatalog::new(root.join("pipelines"));
    let start = Instant::now();
    let (plan, report) = plan::check(&document, None, &|_| None, &registry, &catalog);
    let plan = plan.ok_or_else(|| report.render(false))?;
    let report = engine::run(&plan, &RunSettings::new(workers), &Silent, &Stop::default())?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(shard) = report
        .shards
        .iter()
        .find(|shard| shard.outcome != ShardOutcome::Committed)
    {
        return Err(format!("{}: {:?}", shard.path, shard.outcome).into());
    }
    Ok((
        seconds,
        report.rows_written.iter().map(|(_, rows)| rows).sum(),
    ))
}

/// The one in the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What the operator asked one of the translators for at once.
struct Asked {
    /// Place of the model in `MODELS`.
    model: usize,
    sentences: Vec<(String, usize, Random)>,
    decoding: Decoding,
}

/// What the translators of the operator were asked for, in the order of the questions.
#[derive(Default)]
struct Recorder {
    asked: Mutex<Vec<Asked>>,
    tokens: AtomicU64,
}

fn recorder() -> &'static Recorder {
    static RECORDER: OnceLock<Recorder> = OnceLock::new();
    RECORDER.get_or_init(Recorder::default)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Back-translation whose translators note what they are asked for.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Recorded {
    #[serde(flatten)]
    inner: BackTranslation,
}

impl OperatorConfig for Recorded {
    const NAME: &'static str = "recorded";

    fn handling(&self) -> TextHandling {
        self.inner.handling()
    }

    fn expansion(&self, source_rows: u64) -> f64 {
        self.inner.expansion(source_rows)
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        self.inner.inspect(site)
    }

    fn batch_rows(&self) -> Option<usize> {
        self.inner.batch_rows()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        for (place, name) in MODELS.iter().enumerate() {
            let factory = RecordingFactory::of(place, name)?;
            let reference = format!("builtin:{name}");
            let model = ModelName {
                reference: &reference,
                variant: None,
            };
            BackTranslation::provide(context.resources, model, &factory);
        }
        self.inner.build(context)
    }

    fn examples() -> Vec<Example> {
        Vec::new()
    }
}

struct RecordingFactory {
    model: usize,
    inner: Arc<dyn TranslatorFactory>,
}

impl RecordingFactory {
    /// The factory of a model, which is loaded once for all runs.
    fn of(place: usize, name: &str) -> Result<Arc<dyn TranslatorFactory>, OperatorError> {
        static LOADED: Mutex<[Option<Arc<dyn TranslatorFactory>>; 2]> = Mutex::new([None, None]);
        if let Some(loaded) = &lock(&LOADED)[place] {
            return Ok(Arc::clone(loaded));
        }
        let reference = format!("builtin:{name}");
        let model = ModelName {
            reference: &reference,
            variant: None,
        };
        let inner = mt::open(model, Path::new("."), &ModelSettings::default())
            .map_err(|error| OperatorError::Other(error.to_string()))?;
        let made: Arc<dyn TranslatorFactory> = Arc::new(Self {
            model: place,
            inner,
        });
        lock(&LOADED)[place] = Some(Arc::clone(&made));
        Ok(made)
    }
}

impl TranslatorFactory for RecordingFactory {
    fn translator(&self) -> Result<Box<dyn Translator>, augment::inference::ModelError> {
        Ok(Box::new(Recording {
            model: self.model,
            inner: self.inner.translator()?,
        }))
    }
}

struct Recording {
    model: usize,
    inner: Box<dyn Translator>,
}

impl Translator for Recording {
    fn translate(
        &mut self,
        sentences: &[Sentence<'_>],
        decoding: &Decoding,
    ) -> Result<(Vec<Vec<Hypothesis>>, Cost), TranslateError> {
        let kept = sentences
            .iter()
            .map(|asked| (asked.text.to_owned(), asked.wanted, asked.random.clone()));
        lock(&recorder().asked).push(Asked {
            model: self.model,
            sentences: kept.collect(),
            decoding: *decoding,
        });
        let (hypotheses, cost) = self.inner.translate(sentences, decoding)?;
        recorder()
            .tokens
            .fetch_add(cost.target_tokens, Ordering::Relaxed);
        Ok((hypotheses, cost))
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.inner.count_tokens(text)
    }

    fn positions(&self) -> usize {
        self.inner.positions()
    }
}

/// A call of a bare translator.
struct Call {
    model: usize,
    sentences: Vec<TokenSentence>,
    decoding: Decoding,
}

/// The requests as tokens, and translators of both models for each thread.
struct Bare {
    calls: Vec<Call>,
    workers: Vec<Vec<MarianTranslator>>,
    tokens: AtomicU64,
}

impl Bare {
    fn load(asked: &[Asked], workers: usize) -> Result<Self, Failure> {
        let runtime = Runtime::load(&RuntimeOptions::default())?;
        let (device, _) = runtime.choose(Device::Cpu)?;
        let mut models = Vec::new();
        for name in MODELS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("resources/models")
                .join(name);
            let tokenizer: Arc<dyn Tokenizer> = Arc::new(Pieces(tokenizer(&folder)?));
            let sessions = SessionSource::new(device, move |weights| {
                let builder = runtime.session_builder(device, Some(weights));
                builder.map_err(|error| error.to_string())
            });
            let files = ModelFiles::folder(&folder);
            let model =
                MarianModel::load(files, tokenizer.clone(), sessions, &LoadOptions::default())?;
            models.push((model, tokenizer));
        }
        let as_call = |asked: &Asked| Call {
            model: asked.model,
            sentences: asked
                .sentences
                .iter()
                .map(|(text, wanted, random)| {
                    let mut tokens = Vec::new();
                    models[asked.model].1.encode(text, &mut tokens);
                    TokenSentence {
                        tokens,
                        wanted: *wanted,
                        random: random.clone(),
                    }
                })
                .collect(),
            decoding: asked.decoding,
        };
        let calls = asked.iter().map(as_call).collect();
        let crew = || models.iter().map(|(model, _)| model.translator()).collect();
        Ok(Self {
            calls,
            workers: (0..workers).map(|_| crew()).collect::<Result<_, _>>()?,
            tokens: AtomicU64::new(0),
        })
    }

    /// Translates everything: seconds.
    fn translate(&mut self) -> Result<f64, Failure> {
        let Self {
            calls,
            workers,
            tokens,
        } = self;
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        std::thread::scope(|scope| {
            let threads: Vec<_> = workers
                .iter_mut()
                .map(|crew| {
                    scope.spawn(|| -> Result<(), TranslateError> {
                        while let Some(call) = calls.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let (_, cost) = crew[call.model]
                                .translate_tokens(&call.sentences, &call.decoding)?;
                            tokens.fetch_add(cost.target_tokens, Ordering::Relaxed);
                        }
                        Ok(())
                    })
                })
                .collect();
            threads.into_iter().try_for_each(|thread| {
                let done = thread.join();
                done.unwrap_or_else(|_| Err(TranslateError::Runtime("a panic".to_owned())))
            })
        })?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// Tokens that were decoded since the last call.
    fn tokens(&self) -> u64 {
        self.tokens.swap(0, Ordering::Relaxed)
    }
}

/// The tokenizer of a built-in model, whose languages have the same pieces.
fn tokenizer(folder: &Path) -> Result<MarianTokenizer, Failure> {
    let pieces = fs::read(folder.join("source.spm"))?;
    let config = fs::read(folder.join("tokenizer_config.json"))?;
    Ok(MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: &pieces,
        target_spm: &pieces,
        vocabulary: &fs::read(folder.join("vocab.json"))?,
        target_vocabulary: None,
        tokenizer_config: Some(&config),
        special_tokens_map: None,
        added_tokens: None,
        tokenizer: None,
    })?)
}

/// The tokenizer as the model wants it.
struct Pieces(MarianTokenizer);

impl Tokenizer for Pieces {
    fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        self.0.encode_into(text, &mut Workspace::default(), tokens);
    }

    fn decode(&self, tokens: &[u32]) -> String {
        self.0.decode(tokens)
    }
}
