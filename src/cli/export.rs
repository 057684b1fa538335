//! `augment models export`: a model of the fast layout for programs that do not know it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::models::resolved;
use super::optimize::megabytes;
use super::{ExitStatus, Printer, Volume};
use crate::mt::optimise::{Exported, OptimiseError, Precision, export};

/// Write a built-in model, or what `optimize` has made, as a folder for transformers.
///
/// The folder has the weights in 32 bits as `model.safetensors`, `config.json` and the tokenizer, as
/// MarianMT models on Hugging Face do. `MarianMTModel.from_pretrained` loads it, converters to other
/// formats take it, and so does `augment models optimize`. ONNX Runtime is not needed.
#[derive(Debug, Args)]
#[command(after_help = "\
The built-in models have weights in 8 bits; what was lost when they were rounded does not come back.

Examples:
  augment models export builtin:en-de en-de
  augment models optimize en-de fast-en-de --fp16
  ct2-transformers-converter --model en-de --output_dir en-de-ct2")]
pub(crate) struct ExportArguments {
    /// `builtin:NAME`, a folder that `augment models optimize` made, or `hf://OWNER/NAME`.
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The folder to write. It must not exist.
    #[arg(value_name = "OUT", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// Fetch nothing.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Does what `augment models export` is asked to.
pub(super) fn export_model(
    arguments: &ExportArguments,
    volume: Volume,
    printer: &Printer,
) -> ExitStatus {
    let reference = &arguments.reference;
    let Some(model) = resolved(reference, None, arguments.offline, volume, printer) else {
        return ExitStatus::NotStarted;
    };
    match export(&model, &arguments.output) {
        Ok(exported) => {
            if volume != Volume::Quiet {
                printer.say(&describe(&exported, reference, &arguments.output));
            }
            ExitStatus::Success
        }
        Err(error) => {
            printer.error(&error.to_string(), help(&error));
            ExitStatus::NotStarted
        }
    }
}

/// What was written, in a line or two.
fn describe(exported: &Exported, reference: &str, output: &Path) -> String {
    let rounded = match exported.manifest.precision {
        Precision::Fp32 => "",
        Precision::Int8 => "\nits weights are those of 8 bits, written in 32",
        Precision::Fp16 => "\nits weights are those of 16 bits, written in 32",
    };
    format!(
        "{}: {:.1} million numbers of {reference}, {:.1} MB{rounded}",
        output.display(),
        megabytes(exported.parameters as u64),
        megabytes(exported.bytes),
    )
}

/// What to do about an error.
fn help(error: &OptimiseError) -> Option<&'static str> {
    match error {
        OptimiseError::Export { .. } => Some(
            "only built-in models and folders that `augment models optimize` made need this: \
             others are as transformers has them",
        ),
        OptimiseError::Exists(_)
        | OptimiseError::Model { .. }
        | OptimiseError::Io { .. }
        | OptimiseError::Runtime(_)
        | OptimiseError::Disagrees(_) => None,
    }
}
