//! MarianMT models by reference: their files, their tokenizer, the runtime.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::marian::{LoadOptions, MarianModel, ModelFiles, Tokenizer};
use super::tokenizer::{MarianTokenizer, TokenizerFiles, Workspace};
use super::{Translator, TranslatorFactory};
use crate::inference::{ModelError, ModelName, ModelSettings, find, sessions};
use crate::models::{ModelFolder, ModelOrigin};
use crate::onnx::{ChosenDevice, Progress, SessionSource};

/// A hash of what the model holds, if it is a model that could translate as far as shows without
/// the runtime: configuration, tokenizer and graphs fit together.
pub(super) fn inspect(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<String, ModelError> {
    let folder = find(name, base, settings)?;
    let refuse = |_: &_| Err("a session was asked for".to_owned());
    let sessions = SessionSource::new(ChosenDevice::Cpu, refuse);
    model(&folder, name, settings, sessions)?;
    folder
        .content_hash()
        .map_err(|error| ModelError::new(error.to_string(), error.help()))
}

/// The model, ready to make translators.
pub(super) fn open(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
    let folder = find(name, base, settings)?;
    let sessions = sessions(settings)?;
    Ok(Arc::new(Loaded(model(&folder, name, settings, sessions)?)))
}

fn model(
    folder: &ModelFolder,
    name: ModelName<'_>,
    settings: &ModelSettings,
    sessions: SessionSource,
) -> Result<Arc<MarianModel>, ModelError> {
    let unusable = |error: super::marian::ModelError| {
        ModelError::new(
            error.to_string(),
            "give a folder with a MarianMT model, or one that comes with the program: \
             `augment models list`",
        )
    };
    let files = match folder.origin() {
        ModelOrigin::Folder { path } | ModelOrigin::Hub { path, .. } => ModelFiles::folder(path),
        ModelOrigin::Builtin { name } => {
            ModelFiles::memory(&format!("builtin:{name}"), folder.embedded_files())
        }
    };
    let tokenizer = tokenizer(&files, folder).map_err(|message| {
        ModelError::new(
            message,
            "put source.spm, target.spm and vocab.json of the model into its folder",
        )
    })?;
    if let Some(inexact) = tokenizer.inexact() {
        (settings.watch.0)(Progress::Notice(&format!("{}: {inexact}", files.name())));
    }
    let options = LoadOptions {
        variant: name.variant.map(str::to_owned),
        budget: None,
    };
    let called = files.name().to_owned();
    let model = MarianModel::load(files, Arc::new(Text(tokenizer)), sessions, &options);
    let model = model.map_err(unusable)?;
    if model.is_recast() {
        let notice = format!("{called} computes in 16 bits here: its 8 bits are for CPUs");
        (settings.watch.0)(Progress::Notice(&notice));
    }
    Ok(model)
}

/// The tokenizer of a model. Where both languages have the same pieces, `target.spm` may be left
/// out of a model in the program.
fn tokenizer(files: &ModelFiles, folder: &ModelFolder) -> Result<MarianTokenizer, String> {
    let read = |name: &str| files.read(name).map_err(|error| error.to_string());
    let source = read("source.spm")?;
    let target = read("target.spm")?.or_else(|| source.clone());
    let vocabulary = read("vocab.json")?;
    let (Some(source), Some(target), Some(vocabulary)) = (&source, &target, &vocabulary) else {
        return match folder.origin() {
            ModelOrigin::Folder { path } | ModelOrigin::Hub { path, .. } => {
                MarianTokenizer::from_folder(path).map_err(|error| error.to_string())
            }
            ModelOrigin::Builtin { name } => Err(format!("builtin:{name} has no tokenizer")),
        };
    };
    let optional = |name: &str| -> Result<Option<Cow<'_, [u8]>>, String> { read(name) };
    let target_vocabulary = optional("target_vocab.json")?;
    let tokenizer_config = optional("tokenizer_config.json")?;
    let special_tokens_map = optional("special_tokens_map.json")?;
    let added_tokens = optional("added_tokens.json")?;
    let merged = optional("tokenizer.json")?;
    MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: source,
        target_spm: target,
        vocabulary,
        target_vocabulary: target_vocabulary.as_deref(),
        tokenizer_config: tokenizer_config.as_deref(),
        special_tokens_map: special_tokens_map.as_deref(),
        added_tokens: added_tokens.as_deref(),
        tokenizer: merged.as_deref(),
    })
    .map_err(|error| format!("{}: {error}", files.name()))
}

/// The tokenizer as the model wants it.
struct Text(MarianTokenizer);

impl Tokenizer for Text {
    fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        self.0.encode_into(text, &mut Workspace::default(), tokens);
    }

    fn decode(&self, tokens: &[u32]) -> String {
        self.0.decode(tokens)
    }
}

/// A model on the runtime.
struct Loaded(Arc<MarianModel>);

impl TranslatorFactory for Loaded {
    fn translator(&self) -> Result<Box<dyn Translator>, ModelError> {
        match self.0.translator() {
            Ok(translator) => Ok(Box::new(translator)),
            Err(error) => Err(ModelError::new(
                error.to_string(),
                "see `augment models doctor` for the state of the runtime",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn look(reference: &str, base: &Path) -> Result<String, ModelError> {
        let name = ModelName {
            reference,
            variant: None,
        };
        inspect(name, base, &ModelSettings::default())
    }

    /// The built-in model as a folder.
    fn write_model(folder: &Path) {
        let name = ModelName {
            reference: "builtin:en-de",
            variant: None,
        };
        let model = find(name, Path::new(""), &ModelSettings::default()).unwrap();
        fs::create_dir_all(folder).unwrap();
        for (name, bytes) in model.embedded_files() {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    #[test]
    fn a_folder_is_known_by_what_its_files_hold() {
        let base = tempfile::tempdir().unwrap();
        write_model(&base.path().join("en-de"));
        let first = look("en-de", base.path()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(look("builtin:en-de", base.path()).unwrap(), first);
        // What a model is does not depend on where it lies, or on notes beside it.
        write_model(&base.path().join("copy"));
        fs::write(base.path().join("copy/README.md"), "notes").unwrap();
        assert_eq!(look("copy", base.path()).unwrap(), first);
        let config = base.path().join("copy/generation_config.json");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n")).unwrap();
        assert_ne!(look("copy", base.path()).unwrap(), first);
    }

    #[test]
    fn a_folder_that_is_no_model_is_refused_with_what_it_lacks() {
        let base = tempfile::tempdir().unwrap();
        let error = look("en-ed", base.path()).unwrap_err();
        assert!(error.message.contains("does not exist"), "{error}");
        fs::create_dir(base.path().join("empty")).unwrap();
        let error = look("empty", base.path()).unwrap_err();
        assert!(error.message.contains(".onnx"), "{error}");
        let folder = base.path().join("partial");
        write_model(&folder);
        fs::remove_file(folder.join("vocab.json")).unwrap();
        let error = look("partial", base.path()).unwrap_err();
        assert!(error.message.contains("vocab.json"), "{error}");
        write_model(&folder);
        fs::write(folder.join("decoder.onnx"), "no graph").unwrap();
        assert!(look("partial", base.path()).is_err());
        let error = look("builtin:en-ed", base.path()).unwrap_err();
        assert!(error.help.contains("en-de"), "{}", error.help);
        assert!(look("hf://opus-mt-en-de", base.path()).is_err());
    }
}
