//! The command line: arguments in, an exit code out.
//!
//! A program with operators of its own has the whole command line in four lines:
//!
//! ```no_run
//! use augment::operator::Registry;
//!
//! fn main() -> std::process::ExitCode {
//!     let registry = Registry::builtin();
//!     augment::cli::main(registry)
//! }
//! ```

mod args;
mod check;
mod diff;
#[cfg(feature = "onnx")]
mod export;
#[cfg(feature = "onnx")]
mod fetching;
mod folder;
mod inspect;
mod memory;
#[cfg(feature = "onnx")]
mod models;
mod ops;
#[cfg(feature = "onnx")]
mod optimize;
mod panics;
mod pipeline;
mod preview;
mod printer;
mod run;
mod signals;
mod status;
mod test;

pub use printer::{Captured, Printer};
pub use status::ExitStatus;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches};

use crate::operator::Registry;
use crate::plan::json_schema;
use args::{Arguments, Color, Command, CompletionsArguments};

/// Does what the process's arguments say, with the operators of `registry`.
pub fn main(registry: Registry) -> ExitCode {
    panics::install();
    let status = run_with(&registry, std::env::args_os(), &Printer::standard());
    drop(registry);
    status.into()
}

/// Does what `arguments` say; the first of them is the name of the program.
pub fn run_with(
    registry: &Registry,
    arguments: impl IntoIterator<Item = OsString>,
    printer: &Printer,
) -> ExitStatus {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    printer.set_color(color_of(&arguments));
    let parsed = Arguments::command()
        // The printer decides about colour, for each stream.
        .color(ColorChoice::Always)
        .try_get_matches_from(&arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(message) => return explain(&message, printer),
    };
    let volume = match (arguments.global.quiet, arguments.global.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    printer.set_color(arguments.global.color);
    match arguments.command {
        Command::Run(arguments) => run::run(registry, &arguments, volume, printer),
        Command::Check(arguments) => check::check(registry, &arguments, volume, printer),
        Command::Plan(arguments) => inspect::plan(registry, &arguments, printer),
        Command::Graph(arguments) => inspect::graph(registry, &arguments, printer),
        Command::Preview(arguments) => preview::preview(registry, &arguments, volume, printer),
        Command::Test(arguments) => test::test(registry, &arguments, volume, printer),
        Command::Ops(arguments) => ops::ops(registry, &arguments, printer),
        Command::Status(arguments) => folder::status(&arguments, printer),
        Command::Verify(arguments) => folder::check_sums(&arguments, printer),
        #[cfg(feature = "onnx")]
        Command::Models(arguments) => models::models(&arguments, volume, printer),
        Command::Schema => schema(registry, printer),
        Command::Completions(arguments) => completions(&arguments, printer),
    }
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Volume {
    /// Only problems.
    Quiet,
    /// Progress and a summary.
    Normal,
    /// What became of each shard, too.
    Verbose,
}

/// Prints help or the version to stdout, and a usage error to stderr.
fn explain(message: &clap::Error, printer: &Printer) -> ExitStatus {
    let styled = message.render();
    let text = |colour| {
        if colour {
            styled.ansi().to_string()
        } else {
            styled.to_string()
        }
    };
    if message.use_stderr() {
        printer.say(text(printer.err_palette().has_colour()).trim_end());
        ExitStatus::NotStarted
    } else {
        written(printer, &text(printer.out_palette().has_colour()))
    }
}

/// Looks for `--color` where the arguments may not be well-formed.
fn color_of(arguments: &[OsString]) -> Color {
    let arguments: Vec<&str> = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .collect();
    let value = arguments
        .iter()
        .enumerate()
        .find_map(|(position, argument)| match *argument {
            "--color" => arguments.get(position + 1).copied(),
            argument => argument.strip_prefix("--color="),
        });
    match value {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    }
}

/// Does what `augment schema` is asked to.
fn schema(registry: &Registry, printer: &Printer) -> ExitStatus {
    written(printer, &format!("{:#}\n", json_schema(registry)))
}

/// Does what `augment completions` is asked to.
fn completions(arguments: &CompletionsArguments, printer: &Printer) -> ExitStatus {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "augment",
        &mut script,
    );
    written(printer, &String::from_utf8_lossy(&script))
}

/// Writes data to stdout, and says so if that fails.
fn written(printer: &Printer, text: &str) -> ExitStatus {
    match printer.data(text) {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            printer.error(&format!("cannot write to stdout: {error}"), None);
            ExitStatus::Incomplete
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> (ExitStatus, String, String) {
        let (printer, out, err) = Printer::captured();
        let arguments = ["augment"].iter().chain(arguments).map(OsString::from);
        let status = run_with(&Registry::empty(), arguments, &printer);
        (status, out.text(), err.text())
    }

    #[test]
    fn help_is_data_and_a_usage_error_is_not() {
        let (status, out, err) = run(&["--help"]);
        assert_eq!((status, err.as_str()), (ExitStatus::Success, ""));
        assert!(
            out.contains("Usage: augment") && !out.contains('\u{1b}'),
            "{out}"
        );
        let (status, out, err) = run(&["run"]);
        assert_eq!((status, out.as_str()), (ExitStatus::NotStarted, ""));
        assert!(
            err.contains("<PIPELINE>") && !err.contains('\u{1b}'),
            "{err}"
        );
        let (_, _, err) = run(&["run", "--color=always"]);
        assert!(err.contains('\u{1b}'), "{err}");
    }

    #[test]
    fn completions_know_the_commands() {
        let (status, out, _) = run(&["completions", "bash"]);
        assert_eq!(status, ExitStatus::Success);
        assert!(out.contains("preview") && out.contains("--keep-going"));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        let (status, _, err) = run(&["ops", "random_swop"]);
        assert_eq!(status, ExitStatus::NotStarted);
        assert!(err.contains("`random_swop`"), "{err}");
    }

    #[test]
    fn a_missing_pipeline_is_named() {
        let (status, out, err) = run(&["check", "no/such.toml"]);
        assert_eq!((status, out.as_str()), (ExitStatus::NotStarted, ""));
        assert!(err.contains("no/such.toml"), "{err}");
    }
}
