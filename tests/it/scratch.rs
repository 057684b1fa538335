//! A folder with data and pipelines for one test, and runs in it: of the engine in this process,
//! and of the program in one of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use augment::config::Document;
use augment::engine::{self, RunReport, RunSettings};
use augment::operator::Registry;
use augment::plan::{self, FileCatalog};
use augment::topology::{ShardOutcome, Silent, Stop};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder that goes with the test.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a Parquet file of one row group for each batch.
    pub(crate) fn parquet(&self, name: &str, groups: &[RecordBatch]) -> PathBuf {
        self.parquet_with(name, groups, WriterProperties::default())
    }

    pub(crate) fn parquet_with(
        &self,
        name: &str,
        groups: &[RecordBatch],
        properties: WriterProperties,
    ) -> PathBuf {
        let path = self.write(name, []);
        let file = File::create(&path).unwrap();
        let schema = groups[0].schema();
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).unwrap();
        for group in groups {
            writer.write(group).unwrap();
            writer.flush().unwrap();
        }
        writer.close().unwrap();
        path
    }

    /// Copies shards of the sample into `data`.
    pub(crate) fn sample(&self, shards: usize) {
        for number in 0..shards {
            let name = format!("reviews-0000{number}-of-00004.parquet");
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/sample");
            self.write(
                &format!("data/{name}"),
                fs::read(source.join(name)).unwrap(),
            );
        }
    }

    /// Runs a pipeline text, as a file in this folder would be, in this process.
    pub(crate) fn run_engine(&self, text: &str, settings: &RunSettings) -> RunReport {
        let plan = self.plan(text);
        engine::run(&plan, settings, &Silent, &Stop::default())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Like [`Scratch::run_engine`], where every shard has to be committed.
    pub(crate) fn commit_all(&self, text: &str, settings: &RunSettings) -> RunReport {
        let report = self.run_engine(text, settings);
        for shard in &report.shards {
            assert_eq!(shard.outcome, ShardOutcome::Committed, "{}", shard.path);
        }
        report
    }

    /// The plan of a pipeline text that is known to be right.
    pub(crate) fn plan(&self, text: &str) -> plan::Plan {
        let base = self.0.path();
        let document = Document::new("test.toml", text, base, &[]);
        let catalog = FileCatalog::new(base.to_owned());
        let (plan, report) =
            plan::check(&document, None, &|_| None, &Registry::builtin(), &catalog);
        plan.unwrap_or_else(|| panic!("{}", report.render(false)))
    }

    /// The program, about to run in this folder.
    pub(crate) fn command(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_augment"));
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// Lets `command` run in this folder, with nothing in its environment that changes what the
    /// program says.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.current_dir(self.0.path());
        for variable in ["NO_COLOR", "TERM", "COLUMNS", "RUST_BACKTRACE"] {
            command.env_remove(variable);
        }
    }

    /// Runs the program in this folder and waits for it.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Finished {
        Finished::of(self.command(arguments).output().unwrap())
    }

    /// All files below `folder`, hidden ones too: their paths relative to it, and their SHA-256.
    pub(crate) fn digests(&self, folder: &str) -> BTreeMap<String, String> {
        let mut digests = BTreeMap::new();
        let root = self.path(folder);
        for path in files_below(&root) {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let digest = Sha256::digest(fs::read(&path).unwrap());
            let digest: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            digests.insert(name.to_owned(), digest.concat());
        }
        digests
    }

    /// The files below `folder` that a reader would find: those whose names do not begin with a
    /// dot and do not lie in a folder of such a name.
    pub(crate) fn visible(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut names: Vec<String> = files_below(&root)
            .iter()
            .map(|path| {
                path.strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .filter(|name| !name.split('/').any(|part| part.starts_with('.')))
            .collect();
        names.sort();
        names
    }

    /// Unfinished files below `folder`: hidden ones outside of the ledger's folder, and those of
    /// the ledger that should have been renamed.
    pub(crate) fn leftovers(&self, folder: &str) -> Vec<PathBuf> {
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let known = |path: &Path| {
            let in_ledger = path
                .parent()
                .is_some_and(|above| above.ends_with(".augment"));
            in_ledger && ["ledger.jsonl", "lock", "rejects.jsonl"].contains(&name(path).as_str())
        };
        let mut files = files_below(&self.path(folder));
        files.retain(|path| !known(path) && (name(path).starts_with('.') || in_hidden(path)));
        files
    }

    /// All rows of a Parquet file.
    pub(crate) fn read(&self, name: &str) -> RecordBatch {
        read_parquet(&self.path(name))
    }
}

fn in_hidden(path: &Path) -> bool {
    path.parent()
        .is_some_and(|above| above.ends_with(".augment"))
}

/// All rows of the Parquet file at `path`.
pub(crate) fn read_parquet(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// All files below `folder`, sorted; none if it does not exist.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if !folder.exists() {
        return files;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; nothing if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code, an empty stdout, and that stderr says every one of `parts`.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, parts: &[&str]) {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(code), ""),
            "{}",
            self.stderr
        );
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "`{part}` is not in:\n{}",
                self.stderr
            );
        }
    }
}
