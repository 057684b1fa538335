//! From the reference in a pipeline file to translators.
//!
//! A reference is `builtin:NAME`, `hf://owner/name[@revision]`, or a folder. [`inspect`] looks at
//! what it names without loading it: what is wrong, and a hash of what is right. [`open`] makes a
//! [`TranslatorFactory`], of which a process has one for each model.
//!
//! `fake:` names [`FakeTranslator`], which takes no model and no runtime; `fake:N` is one of N
//! positions. It is there for tests of pipelines, and for the examples in the documentation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::fake::FakeTranslator;
use super::{ModelSettings, Translator};
use crate::table::nearest;

/// Makes translators that share what is large: the weights of one model, loaded once.
pub trait TranslatorFactory: Send + Sync {
    /// A translator for one thread.
    ///
    /// # Errors
    /// When the runtime cannot make another session.
    fn translator(&self) -> Result<Box<dyn Translator>, ModelError>;
}

/// A model that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What was tried and what was found, in one line without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl ModelError {
    /// An error with its remedy.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }
}

/// Which model is meant: its reference, and which of several files of one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelName<'a> {
    /// `builtin:NAME`, `hf://owner/name[@revision]`, a folder, or `fake:`.
    pub reference: &'a str,
    /// Which precision of a folder that has several, for example `quantized`.
    pub variant: Option<&'a str>,
}

/// What a reference is written as.
#[derive(Debug, PartialEq, Eq)]
enum Reference<'a> {
    Fake(&'a str),
    Builtin(&'a str),
    Hub(&'a str),
    Folder(&'a str),
}

impl<'a> Reference<'a> {
    fn read(text: &'a str) -> Self {
        if let Some(quirk) = text.strip_prefix("fake:") {
            Self::Fake(quirk)
        } else if let Some(name) = text.strip_prefix("builtin:") {
            Self::Builtin(name)
        } else if let Some(name) = text.strip_prefix("hf://") {
            Self::Hub(name)
        } else {
            Self::Folder(text)
        }
    }
}

/// The models that come with the program.
const BUILTIN: [&str; 2] = ["de-en", "en-de"];

fn unknown_builtin(name: &str) -> ModelError {
    let help = match nearest(name, BUILTIN) {
        Some(near) => format!("a similar model exists: `builtin:{near}`"),
        None => format!("the built-in models are: {}", BUILTIN.join(", ")),
    };
    ModelError::new(format!("there is no built-in model `{name}`"), help)
}

/// Whether `reference` is the path of a folder: what it names is then known by its hash alone.
pub fn is_folder(reference: &str) -> bool {
    matches!(Reference::read(reference), Reference::Folder(_))
}

/// Files of a model folder that say what a translation is.
const ENDINGS: [&str; 6] = ["json", "spm", "onnx", "onnx_data", "safetensors", "data"];

/// A hash of the model that `name` names, without loading it: 64 hexadecimal digits, or a name
/// that says as much. Relative folders start at `base`.
///
/// # Errors
/// When there is no such model, or it lacks files.
pub fn inspect(
    name: ModelName<'_>,
    base: &Path,
    _settings: &ModelSettings,
) -> Result<String, ModelError> {
    match Reference::read(name.reference) {
        Reference::Fake(which) => fake(which).map(|_| name.reference.to_owned()),
        Reference::Folder(folder) => inspect_folder(folder, base),
        Reference::Builtin(builtin) if BUILTIN.contains(&builtin) => Ok(name.reference.to_owned()),
        Reference::Builtin(builtin) => Err(unknown_builtin(builtin)),
        Reference::Hub(model) => match model.split_once('/') {
            Some((owner, rest)) if !owner.is_empty() && !rest.is_empty() => {
                Ok(name.reference.to_owned())
            }
            _ => Err(ModelError::new(
                format!("`hf://{model}` is not the name of a model on Hugging Face"),
                "write it as hf://owner/name, or hf://owner/name@revision",
            )),
        },
    }
}

/// The model that `name` names. Relative folders start at `base`.
///
/// # Errors
/// When the model or the runtime cannot be loaded.
pub fn open(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
    match Reference::read(name.reference) {
        Reference::Fake(which) => fake(which),
        Reference::Folder(folder) => {
            inspect_folder(folder, base)?;
            Err(not_there(name.reference, settings))
        }
        Reference::Builtin(_) | Reference::Hub(_) => Err(not_there(name.reference, settings)),
    }
}

impl TranslatorFactory for FakeTranslator {
    fn translator(&self) -> Result<Box<dyn Translator>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

/// The translator for tests that `which` names: of so many positions, or of the usual number.
fn fake(which: &str) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
    #[cfg(test)]
    if let Some(quirky) = super::fake::quirky::factory(which) {
        return Ok(quirky);
    }
    if which.is_empty() {
        return Ok(Arc::new(FakeTranslator::default()));
    }
    match which.parse() {
        Ok(positions) if positions > 1 => Ok(Arc::new(FakeTranslator { positions })),
        _ => Err(ModelError::new(
            format!("there is no fake translator `fake:{which}`"),
            "the fake translator for tests is `fake:`, or `fake:N` for one of N positions",
        )),
    }
}

/// This build has no translator that could load the model.
fn not_there(reference: &str, _settings: &ModelSettings) -> ModelError {
    ModelError::new(
        format!("this program cannot load the model `{reference}`"),
        "it was built without translation models: build it with `--features onnx`",
    )
}

/// A hash of the files of a model folder, which has to have all that a translation takes.
fn inspect_folder(folder: &str, base: &Path) -> Result<String, ModelError> {
    let path = base.join(folder);
    if !path.is_dir() {
        let what = if path.exists() {
            "is not a folder"
        } else {
            "does not exist"
        };
        let help = match neighbour(&path) {
            Some(near) => format!("a similar folder exists: `{near}`"),
            None => "give a folder with a MarianMT model, `builtin:NAME` or `hf://owner/name`"
                .to_owned(),
        };
        return Err(ModelError::new(
            format!("the model folder `{folder}` {what}"),
            help,
        ));
    }
    let files = files_of(&path).map_err(|error| {
        ModelError::new(
            format!("the model folder `{folder}` cannot be read: {error}"),
            "see to it that this user may read it",
        )
    })?;
    let missing = missing(&files);
    if !missing.is_empty() {
        return Err(ModelError::new(
            format!(
                "the model folder `{folder}` lacks {}",
                missing.join(", and ")
            ),
            "export a MarianMT model into it: `optimum-cli export onnx --model NAME FOLDER`",
        ));
    }
    digest(&path, &files).map_err(|error| {
        ModelError::new(
            format!("the model folder `{folder}` cannot be read: {error}"),
            "see to it that this user may read it",
        )
    })
}

/// The name, in the folder that `path` should be in, most like it.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = folder.read_dir().ok()?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            entry.path().is_dir().then_some(name)
        })
        .collect();
    names.sort();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The files of a model folder and its sub-folder `onnx`, relative to it and sorted.
fn files_of(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut files = Vec::new();
    for (prefix, path) in [("", folder.to_owned()), ("onnx/", folder.join("onnx"))] {
        if !path.is_dir() {
            continue;
        }
        for entry in path.read_dir()? {
            let entry = entry?;
            let is_wanted = entry
                .path()
                .extension()
                .and_then(|end| end.to_str())
                .is_some_and(|end| ENDINGS.contains(&end));
            if let (true, Ok(name)) = (
                is_wanted && entry.path().is_file(),
                entry.file_name().into_string(),
            ) {
                files.push(format!("{prefix}{name}"));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What a model folder with these files lacks.
fn missing(files: &[String]) -> Vec<&'static str> {
    let has = |name: &str| files.iter().any(|file| file == name);
    let ends = |end: &str| files.iter().any(|file| file.ends_with(end));
    let mut missing = Vec::new();
    if !has("config.json") {
        missing.push("`config.json`");
    }
    if !(has("source.spm") && has("target.spm") && has("vocab.json") || has("tokenizer.json")) {
        missing.push("a tokenizer (`source.spm`, `target.spm` and `vocab.json`)");
    }
    if !(ends(".onnx") || ends(".safetensors")) {
        missing.push("weights (`*.onnx`, here or in `onnx/`)");
    }
    missing
}

/// The SHA-256 of the names and contents of `files`.
fn digest(folder: &Path, files: &[String]) -> std::io::Result<String> {
    use std::fmt::Write;
    use std::io::Read;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    for name in files {
        let path: PathBuf = folder.join(name);
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        let mut file = std::fs::File::open(path)?;
        hash.update(file.metadata()?.len().to_le_bytes());
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                break;
            }
            hash.update(block.get(..read).unwrap_or_default());
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn name(reference: &str) -> ModelName<'_> {
        ModelName {
            reference,
            variant: None,
        }
    }

    fn look(reference: &str, base: &Path) -> Result<String, ModelError> {
        inspect(name(reference), base, &ModelSettings::default())
    }

    fn model(folder: &Path) {
        fs::create_dir_all(folder.join("onnx")).unwrap();
        for file in ["config.json", "source.spm", "target.spm", "vocab.json"] {
            fs::write(folder.join(file), file).unwrap();
        }
        fs::write(folder.join("onnx/encoder_model.onnx"), "graph").unwrap();
    }

    #[test]
    fn a_reference_is_read_by_its_prefix() {
        assert_eq!(
            Reference::read("builtin:en-de"),
            Reference::Builtin("en-de")
        );
        assert_eq!(Reference::read("hf://a/b@c"), Reference::Hub("a/b@c"));
        assert_eq!(Reference::read("models/a"), Reference::Folder("models/a"));
        assert_eq!(Reference::read("fake:"), Reference::Fake(""));
    }

    #[test]
    fn the_fake_translator_needs_nothing() {
        let settings = ModelSettings::default();
        assert_eq!(look("fake:", Path::new("/nowhere")).unwrap(), "fake:");
        let factory = open(name("fake:"), Path::new("/nowhere"), &settings).unwrap();
        assert_eq!(factory.translator().unwrap().count_tokens("one two"), 3);
        assert!(look("fake:nonsense", Path::new("")).is_err());
    }

    #[test]
    fn a_folder_is_known_by_what_its_files_hold() {
        let base = tempfile::tempdir().unwrap();
        model(&base.path().join("en-de"));
        let first = look("en-de", base.path()).unwrap();
        assert_eq!(first.len(), 64);
        // What a model is does not depend on where it lies, or on notes beside it.
        model(&base.path().join("copy"));
        fs::write(base.path().join("copy/README.md"), "notes").unwrap();
        assert_eq!(look("copy", base.path()).unwrap(), first);
        fs::write(base.path().join("copy/onnx/encoder_model.onnx"), "grapH").unwrap();
        assert_ne!(look("copy", base.path()).unwrap(), first);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_with_the_one_that_was_meant() {
        let base = tempfile::tempdir().unwrap();
        model(&base.path().join("en-de"));
        let error = look("en-ed", base.path()).unwrap_err();
        assert_eq!(error.message, "the model folder `en-ed` does not exist");
        assert_eq!(error.help, "a similar folder exists: `en-de`");
        let error = look("en-de/config.json", base.path()).unwrap_err();
        assert!(error.message.contains("is not a folder"), "{error}");
    }

    #[test]
    fn names_are_checked_without_a_look_at_any_model() {
        let base = Path::new("");
        assert_eq!(look("builtin:en-de", base).unwrap(), "builtin:en-de");
        let error = look("builtin:en-ed", base).unwrap_err();
        assert_eq!(error.help, "a similar model exists: `builtin:en-de`");
        let name = "hf://Helsinki-NLP/opus-mt-en-de@main";
        assert_eq!(look(name, base).unwrap(), name);
        assert!(look("hf://opus-mt-en-de", base).is_err());
    }

    #[test]
    fn everything_that_a_folder_lacks_is_named() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("empty")).unwrap();
        let error = look("empty", base.path()).unwrap_err();
        for part in ["config.json", "source.spm", "*.onnx"] {
            assert!(error.message.contains(part), "{error}");
        }
    }
}
