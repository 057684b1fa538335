//! Files that were damaged, or made to do harm: they end in rows or in an error that says what to do,
//! soon and within bounds.
//!
//! What is drawn depends on the number of the case alone. `tools/fuzz.sh` runs the same for longer.

mod bombs;
mod documents;
mod files;
mod mutate;
mod pipelines;
mod plans;
mod thrift;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use augment::engine::RunSettings;
use augment::operator::RowTextReader;
use augment::random::Random;
use augment::source::parquet::ParquetSourceConfig;
use augment::source::{ReadOptions, ShardReader, discover, ids};
use augment::topology::ShardOutcome;

use crate::allocation::most_bytes;
use crate::scratch::Scratch;
use files::Sample;
use pipelines::has_places;

/// Bytes that reading a damaged file of a few kilobytes may take.
const MOST_BYTES: usize = 1_200 << 20;

/// Which cases are tried.
pub(crate) struct Cases {
    next: u64,
    until: Until,
}

enum Until {
    Case(u64),
    Time(Instant),
}

impl Cases {
    /// So many cases, or as long as `AUGMENT_FUZZ_SECONDS` says, from `AUGMENT_FUZZ_FIRST` on.
    pub(crate) fn usual(cases: u64) -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let next = number("AUGMENT_FUZZ_FIRST").unwrap_or(0);
        let until = match number("AUGMENT_FUZZ_SECONDS") {
            Some(seconds) => Until::Time(Instant::now() + Duration::from_secs(seconds)),
            None => Until::Case(next + cases),
        };
        Self { next, until }
    }
}

impl Iterator for Cases {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let goes_on = match self.until {
            Until::Case(last) => self.next < last,
            Until::Time(end) => Instant::now() < end,
        };
        self.next += 1;
        goes_on.then_some(self.next - 1)
    }
}

/// Reads `a.parquet` in `folder` as a run does, and answers how many rows came.
pub(crate) fn read_all(folder: &Path, config: &ParquetSourceConfig) -> Result<u64, String> {
    let facts = discover(config, folder).map_err(|errors| {
        assert!(!errors.is_empty());
        for error in &errors {
            assert!(!error.help().is_empty(), "{error}");
        }
        errors[0].to_string()
    })?;
    let mut rows = 0;
    for shard in &facts.shards {
        let explain = |error: augment::source::SourceError| {
            assert!(!error.help().is_empty(), "{error}");
            error.to_string()
        };
        // Rows without end may be claimed; what is looked for shows before.
        let options = ReadOptions {
            limit: Some(200_000),
            ..ReadOptions::default()
        };
        let mut reader = ShardReader::open(shard, &facts, &options).map_err(explain)?;
        let texts = RowTextReader::of(&facts.texts, facts.text);
        while let Some((first, batch)) = reader.next_batch().map_err(explain)? {
            assert_eq!(first, rows);
            rows += batch.num_rows() as u64;
            if let Some(id) = facts.id {
                ids(&batch, id).map_err(|error| error.to_string())?;
            }
            texts.joined(&batch).map_err(|error| error.to_string())?;
        }
        assert_eq!(rows, shard.rows.min(200_000), "rows went missing");
    }
    Ok(rows)
}

#[test]
fn samples_are_whole() {
    let scratch = Scratch::new();
    for sample in files::all() {
        let file = scratch.write("a.parquet", &sample.bytes);
        let read = read_all(file.parent().unwrap(), &sample.config);
        assert!(read.is_ok(), "{}: {read:?}", sample.name);
        // Taking a file apart and putting it together again changes nothing that is read.
        let mut random = Random::from_key(1);
        let again = mutate::with_column(&sample.bytes, &mut random, |_, _| false);
        scratch.write("a.parquet", again);
        let again = read_all(file.parent().unwrap(), &sample.config);
        assert_eq!(again, read, "{}", sample.name);
    }
}

#[test]
fn damaged_files_end_in_rows_or_in_an_error() {
    let samples = files::all();
    let scratch = Scratch::new();
    let (mut cases, mut failed, mut most) = (0, 0, 0);
    for case in Cases::usual(400) {
        let mut random = Random::from_key(case);
        let sample = &samples[random.below(samples.len())];
        let other = &samples[random.below(samples.len())];
        let mut bytes = mutate::damage(&sample.bytes, &other.bytes, &mut random);
        if random.below(4) == 0 && bytes.len() > 12 {
            bytes = mutate::damage(&bytes, &other.bytes, &mut random);
        }
        // What is left here when the process is killed is the file that did it.
        let file = scratch.write("a.parquet", bytes);
        let folder = file.parent().unwrap();
        let (read, taken) = most_bytes(|| read_all(folder, &sample.config));
        assert!(
            taken < MOST_BYTES,
            "case {case} ({}): {taken} bytes",
            sample.name
        );
        if case % 25 == 0 {
            run_on(&scratch, sample, case);
        }
        cases += 1;
        failed += u64::from(read.is_err());
        most = most.max(taken);
    }
    tell(&format!(
        "{cases} damaged files, {failed} refused, {} MiB at most",
        most >> 20
    ));
    assert!(failed * 3 > cases, "only {failed} of {cases} were noticed");
}

/// A whole run on a file that may be damaged: it is committed or not, and leaves nothing else.
fn run_on(scratch: &Scratch, sample: &Sample, case: u64) {
    let texts: Vec<String> = sample.config.text.as_slice().to_vec();
    let config = files::config(&texts.join(" "), None, None);
    if discover(&config, scratch.path("").as_path()).is_err() {
        return;
    }
    let out = scratch.path("out");
    if out.exists() {
        fs::remove_dir_all(&out).unwrap();
    }
    let pipeline = format!(
        "version = 1\nseed = 42\n[sources.s]\ntype = \"parquet\"\npaths = [\"a.parquet\"]\n\
         text = {texts:?}\n[operators.o]\ntype = \"random_swap\"\ninputs = [\"s\"]\n\
         [sinks.out]\ntype = \"parquet\"\ninputs = [\"o\"]\npath = \"out/{{shard}}.parquet\"\n"
    );
    let settings = RunSettings {
        keep_going: true,
        limit: Some(1_000),
        ..RunSettings::new(1)
    };
    let report = scratch.run_engine(&pipeline, &settings);
    let record = scratch.path("out/.augment/rejects.jsonl");
    match &report.shards[0].outcome {
        ShardOutcome::Committed => assert!(!record.exists(), "case {case}"),
        ShardOutcome::Failed(reason) => {
            assert!(!reason.is_empty() && record.exists(), "case {case}");
            assert!(scratch.visible("out").is_empty(), "case {case}");
        }
        ShardOutcome::Abandoned => panic!("case {case} was given up"),
    }
    assert!(scratch.leftovers("out").is_empty(), "case {case}");
}

/// Says how much was tried: a test that tried nothing must not look like one that did.
#[expect(clippy::print_stderr, reason = "for those who run it for long")]
pub(crate) fn tell(what: &str) {
    eprintln!("{what}");
}
