//! The command line as types. Nothing here decides anything: the doc comments are what `--help`
//! prints, and each command's module says what comes of it.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

#[cfg(feature = "onnx")]
use crate::onnx::Device;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Augment text data: Parquet in, a graph of operators, augmented Parquet out.
///
/// A pipeline is a TOML file that names sources, operators and sinks. The same file, seed and
/// input give the same output bytes, however many workers there are and however often the run was
/// interrupted.
#[derive(Debug, Parser)]
#[command(
    name = "augment",
    version,
    styles = STYLES,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "\
Exit codes:
  0    everything is committed
  1    it ran, but not everything succeeded: running it again may help
  2    it did not start: usage, pipeline or environment have to be mended first
  101  a bug in augment
  130, 143  interrupted: running it again goes on where it stopped

Examples:
  augment check pipelines/eda.toml
  augment preview pipelines/eda.toml --at eda -n 5
  augment run pipelines/eda.toml"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command understands.
#[derive(Debug, Args)]
pub(crate) struct GlobalArguments {
    /// When to colour what is printed.
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_enum,
        default_value_t,
        value_name = "WHEN"
    )]
    pub(crate) color: Color,
    /// Print no progress and no summary: only problems.
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Global options",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// Say more: what became of each shard.
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArguments),
    Check(CheckArguments),
    Plan(PlanArguments),
    Graph(GraphArguments),
    Preview(PreviewArguments),
    Test(TestArguments),
    Ops(OpsArguments),
    Status(StatusArguments),
    Verify(VerifyArguments),
    #[cfg(feature = "onnx")]
    Models(ModelsArguments),
    #[command(after_help = "\
Examples:
  augment schema > pipeline.schema.json

Then `#:schema pipeline.schema.json` in the first line of a pipeline file makes editors that know
TOML complete it and check it.")]
    /// Print the JSON schema of pipeline files, for editors.
    Schema,
    Completions(CompletionsArguments),
}

/// What every command on one pipeline needs to know.
#[derive(Debug, Args)]
pub(crate) struct PipelineArguments {
    /// The pipeline file (TOML).
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) pipeline: PathBuf,
    /// Replace a value of the pipeline, for example `operators.swap.rate=0.2`. VALUE is TOML, so
    /// text needs quotes: 'sources.train.text="body"'. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Replace the seed of the pipeline: short for `--set seed=N`.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// How models are run and come by.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
pub(crate) struct RuntimeArguments {
    /// The shared library of ONNX Runtime, 1.24 or later, or the folder that it is in. Without
    /// this it is looked for (ORT_DYLIB_PATH, beside the program, the cache, the Python
    /// environment, the system), and fetched where there is none.
    #[arg(
        long,
        value_name = "PATH",
        value_hint = ValueHint::AnyPath,
        help_heading = "Models"
    )]
    pub(crate) ort_lib: Option<PathBuf>,
    /// Fetch nothing: neither ONNX Runtime nor models.
    #[arg(long, help_heading = "Models")]
    pub(crate) offline: bool,
    /// Where models run: `cpu`, `cuda` or `cuda:N`, or `auto` for the first CUDA GPU where there
    /// is one, else the CPU.
    #[arg(long, value_name = "DEVICE", default_value_t, help_heading = "Models")]
    pub(crate) device: Device,
}

/// How the models of a pipeline are run and come by.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
pub(crate) struct ModelRunArguments {
    #[command(flatten)]
    pub(crate) runtime: RuntimeArguments,
    /// How many threads compute on a GPU, each with its own copy of the models there: 4 if not
    /// given. Fewer are slower and need less of its memory; what comes out is the same.
    #[arg(long, value_name = "N", help_heading = "Models")]
    pub(crate) gpu_threads: Option<std::num::NonZeroUsize>,
}

/// Look after translation models and the runtime they need.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  augment models doctor
  augment models fetch hf://Xenova/opus-mt-en-de --variant quantized"
)]
pub(crate) struct ModelsArguments {
    #[command(subcommand)]
    pub(crate) command: ModelsCommand,
}

/// What to do about models.
#[cfg(feature = "onnx")]
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    Doctor(DoctorArguments),
    List(ListArguments),
    Fetch(FetchArguments),
    Optimize(super::optimize::OptimizeArguments),
    Export(super::export::ExportArguments),
}

/// Say whether models can run here.
///
/// Shows each place that ONNX Runtime is looked for in, its version and execution providers, the
/// caches and the models. Fetches nothing. Exits 2 if there is no library that can be used, or not
/// on the device that is asked for.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) runtime: RuntimeArguments,
}

/// List the models that are at hand.
///
/// Those are the built-in ones, and the translation models in the cache of Hugging Face.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
pub(crate) struct ListArguments {}

/// Fetch a model, or ONNX Runtime, ahead of need, and print where it is.
#[cfg(feature = "onnx")]
#[derive(Debug, Args)]
#[command(after_help = "\
HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE mean what they do for huggingface_hub. A fetch
that broke off goes on where it stopped.

Examples:
  augment models fetch hf://Helsinki-NLP/opus-mt-en-de
  augment models fetch hf://Xenova/opus-mt-en-de@main --variant quantized
  augment models fetch onnxruntime")]
pub(crate) struct FetchArguments {
    /// `hf://OWNER/NAME` with an optional `@REVISION`, `builtin:NAME`, a folder, or `onnxruntime`.
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The kind of ONNX graphs to fetch, where there are several: `quantized`, `fp16` and so on.
    #[arg(long, value_name = "VARIANT", value_parser = crate::models::VARIANTS)]
    pub(crate) variant: Option<String>,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArguments,
}

/// Run a pipeline.
///
/// Each input file is a shard. The outputs of a shard become visible together, once all of it is
/// written; shards that an earlier run has committed are not read again.
#[derive(Debug, Args)]
#[command(after_help = "\
Ctrl-C stops reading, lets what is on its way finish, and ends; a second one quits at once. Either
way no half-written file is visible, and the next run goes on from there.

Examples:
  augment run pipelines/eda.toml
  augment run pipelines/eda.toml -j 4 --set operators.eda.replicas=2
  augment run pipelines/eda.toml --shard 3/16 --report reports/3.json")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,
    /// How many threads compute at a time [default: the number of cores].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) workers: Option<u32>,
    /// Read at most this many rows of each source, for a trial.
    #[arg(long, value_name = "ROWS")]
    pub(crate) limit: Option<u64>,
    /// Work on part I of N parts of the shards (I from 1), for clusters: N runs with the same
    /// pipeline, one for each I, write what a single run would.
    #[arg(long, value_name = "I/N", value_parser = share)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Forget what earlier runs have committed to the output folders, and write everything again.
    #[arg(long, conflicts_with = "force")]
    pub(crate) fresh: bool,
    /// Go on in output folders that another pipeline, seed or version has written to: what is
    /// committed there stays as it is.
    #[arg(long)]
    pub(crate) force: bool,
    /// When a shard fails, go on with the others. A file that cannot be read at all is such a shard.
    /// Without this the run stops at the first failure.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Rows in a batch, at most. More is a little faster and takes more memory. The output is the
    /// same for any number: where it could depend on it, as with translation, the operator sets
    /// its own [default: 4096].
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) batch_rows: Option<u32>,
    /// Batches in flight, at most: this bounds the memory of the run [default: 3 for each worker].
    #[arg(long, value_name = "BATCHES", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) window: Option<u32>,
    /// Stay within this much memory: `256MiB`, `2GB`, or a share of what there is, such as `50%`.
    /// Batches become smaller and fewer, row groups wait in files beside the output, and, unless
    /// `--workers` is given, there are fewer workers. The output is the same. Models come on top,
    /// and what an operator has to know of all rows.
    #[arg(long, value_name = "SIZE", value_parser = super::memory::amount)]
    pub(crate) memory: Option<super::memory::Amount>,
    /// How to show progress on stderr.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) progress: ProgressMode,
    /// Write the summary as JSON to this file, whose folder has to exist.
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath)]
    pub(crate) report: Option<PathBuf>,
    #[cfg(feature = "onnx")]
    #[command(flatten)]
    pub(crate) models: ModelRunArguments,
}

/// Look for everything that is wrong with pipelines, without running them.
///
/// All problems are reported at once, each with its place in the file and a remedy. The footers of
/// the input files are read; nothing is written. Exits 2 if a pipeline has an error.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment check pipelines/eda.toml
  augment check pipelines/*.toml --deny-warnings --format github")]
pub(crate) struct CheckArguments {
    /// The pipeline files (TOML).
    #[arg(required = true, value_hint = ValueHint::FilePath, value_name = "PIPELINE")]
    pub(crate) pipelines: Vec<PathBuf>,
    /// How to print problems: `text` goes to stderr, `json` (one object a line) and `github`
    /// (workflow commands) to stdout.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) format: ReportFormat,
    /// Exit 1 if there are warnings.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

/// Show what a pipeline will do: columns, rows, stages, memory, and what is left to do.
///
/// Rows are estimates from the footers of the input files and the options of the operators. Nothing
/// is read but footers, and the records of finished shards in the output folders.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment plan pipelines/eda.toml
  augment plan pipelines/eda.toml -j 8")]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,
    /// The number of threads to reckon memory for [default: the number of cores].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) workers: Option<u32>,
}

/// Say what an output folder holds: finished shards, counts, what a killed run left behind.
///
/// Reads the record of finished shards and looks at names and sizes, not into files. Changes nothing.
/// Exits 1 if recorded files are missing or have another size.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  augment status out/eda")]
pub(crate) struct StatusArguments {
    /// The output folder: what a sink's `path` begins with, before its first placeholder.
    #[arg(value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

/// Compare every file of an output folder with its recorded check sum.
///
/// Says which shards would have to be done again. Exits 1 if a file is not as it was written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment verify out/eda
  augment verify out/eda --forget && augment run pipelines/eda.toml")]
pub(crate) struct VerifyArguments {
    /// The output folder: what a sink's `path` begins with, before its first placeholder.
    #[arg(value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Take shards with damaged files out of the record, so that the next run does them again.
    /// Without this nothing is changed.
    #[arg(long)]
    pub(crate) forget: bool,
}

/// Draw the graph of a pipeline.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment graph pipelines/eda.toml >> README.md
  augment graph pipelines/eda.toml --format dot | dot -Tsvg > eda.svg")]
pub(crate) struct GraphArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,
    /// The language of the drawing.
    #[arg(long, value_enum, default_value_t, value_name = "LANGUAGE")]
    pub(crate) format: GraphFormat,
}

/// Show rows before and after the operators, without writing anything.
#[derive(Debug, Args)]
#[command(after_help = "\
Without colour, what goes is shown as [-old-] and what comes as {+new+}.

Examples:
  augment preview pipelines/eda.toml --at eda
  augment preview pipelines/eda.toml --at usable.rejected -n 20 --set operators.usable.words=[9,99]")]
pub(crate) struct PreviewArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,
    /// The node whose output to show: the id of a source, operator or sink, or `ID.PORT`.
    #[arg(long, value_name = "ID[.PORT]")]
    pub(crate) at: String,
    /// How many rows to show.
    #[arg(short = 'n', long, value_name = "ROWS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rows: u32,
    #[cfg(feature = "onnx")]
    #[command(flatten)]
    pub(crate) models: ModelRunArguments,
}

/// Run the tests of a pipeline.
///
/// Each [[tests]] table of the file puts a few rows into a node, and says what has to come out of
/// it, or of a node after it. Nothing is written but snapshots, and these only with --update.
#[derive(Debug, Args)]
#[command(after_help = "\
Exits 1 if a test fails, 2 if there is none or the pipeline has an error. Without colour, what was
expected and is missing is shown as [-old-] and what came in its place as {+new+}.

Examples:
  augment test pipelines/eda.toml
  augment test pipelines/eda.toml 'short *' --junit eda.xml
  augment test pipelines/eda.toml --update")]
pub(crate) struct TestArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,
    /// The tests to run, by name; `*` stands for anything. Without a name all are run.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Write the snapshots of tests with `snapshot = true` anew, into the folder NAME.snapshots
    /// beside the pipeline file NAME.toml.
    #[arg(long)]
    pub(crate) update: bool,
    /// Write the outcome as JUnit XML to this file, whose folder has to exist.
    #[arg(long, value_name = "FILE.xml", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
    #[cfg(feature = "onnx")]
    #[command(flatten)]
    pub(crate) models: ModelRunArguments,
}

/// List the operators, or say everything about one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment ops
  augment ops random_deletion")]
pub(crate) struct OpsArguments {
    /// The `type` of an operator.
    pub(crate) name: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) format: DocumentFormat,
}

/// Print a script that completes commands and flags in a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  augment completions bash > ~/.local/share/bash-completion/completions/augment
  augment completions fish > ~/.config/fish/completions/augment.fish")]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// When to colour what is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into a file or a pipe.
    Always,
    /// Not at all.
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// `bar` on a terminal, `plain` elsewhere.
    #[default]
    Auto,
    /// A bar for each source and a line for each operator.
    Bar,
    /// A line every ten seconds.
    Plain,
    /// A JSON object a line, every second and at the end.
    Json,
    /// Nothing.
    None,
}

/// How problems are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For Markdown.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// How the documentation of operators is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// Reads `I/N`.
fn share(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(part, of)| {
        Some((
            part.trim().parse::<usize>().ok()?,
            of.trim().parse::<usize>().ok()?,
        ))
    });
    match parts {
        Some((part, of)) if (1..=of).contains(&part) => Ok((part, of)),
        Some(_) => Err("I must be from 1 to N".to_owned()),
        None => Err("expected two whole numbers, for example 3/16".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn shares_count_from_one() {
        assert_eq!(share("3/16"), Ok((3, 16)));
        assert_eq!(share("1/1"), Ok((1, 1)));
        for wrong in ["0/4", "5/4", "0/0", "3", "a/b", "-1/2", ""] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
