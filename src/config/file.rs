//! Reading a pipeline file, and refusing what cannot be one.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Document;
use crate::diagnostic::{Diagnostic, Report, Texts};

/// The largest pipeline file that is read, in bytes. A pipeline of 128 operators takes some 30 KiB.
pub const LARGEST_FILE: u64 = 1 << 20;

/// Reads the pipeline file at `path`. `overrides` are the values of `--set` flags.
///
/// # Errors
/// A report of one problem when there is no such file, or it cannot be one of ours: it is too
/// large, not text, or empty.
pub fn read(path: &Path, overrides: &[String]) -> Result<Document, Report> {
    let name = path.to_string_lossy();
    let refuse = |problem| Report::new(Texts::new(name.as_ref(), ""), vec![problem]);
    let bytes = read_bytes(path).map_err(refuse)?;
    let text = text_of(bytes).map_err(refuse)?;
    let base = path.parent().unwrap_or(Path::new(""));
    Ok(Document::new(&name, &text, base, overrides))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    if path.is_dir() {
        let help = "name one of the pipeline files in it, for example `pipelines/eda.toml`";
        return Err(Diagnostic::error("A441", "this is a folder, not a pipeline file").help(help));
    }
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let diagnostic = Diagnostic::error("A440", format!("cannot read the file: {error}"));
        return Err(match error.kind() {
            ErrorKind::NotFound => diagnostic.help("check the path and the folder you are in"),
            ErrorKind::PermissionDenied => diagnostic.help("check the permissions of the file"),
            _ => diagnostic,
        });
    }
    if bytes.len() as u64 > LARGEST_FILE {
        let limit = LARGEST_FILE >> 20;
        let message = format!("the file is larger than {limit} MiB: it is no pipeline file");
        let help = "a pipeline file is TOML of a few kilobytes; data goes into a source's `paths`";
        return Err(Diagnostic::error("A443", message).help(help));
    }
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>) -> Result<String, Diagnostic> {
    if bytes.starts_with(b"PAR1") {
        let help = "data goes into a source's `paths`; name a pipeline file (TOML) here";
        return Err(Diagnostic::error("A442", "this is a Parquet file, not a pipeline").help(help));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let byte = error.as_bytes().get(valid).copied().unwrap_or_default();
        let message = format!("the file is not UTF-8: byte {byte:#04x} in line {line}");
        Diagnostic::error("A442", message)
            .help("save it as UTF-8; if it is not text at all, it is no pipeline file")
    })?;
    if text.trim().is_empty() {
        let help = "start from one of the files in `pipelines/`";
        return Err(Diagnostic::error("A114", "the file is empty").help(help));
    }
    Ok(text)
}
