//! From a reference to files.

use std::fs;
use std::io;
use std::path::Path;

use super::folder::io_error;
use super::{HubSettings, ModelError, ModelFolder, ModelOrigin, ModelReference, Weights};
use super::{builtin, hub, select};
use crate::onnx::{Surroundings, Watch, silent};
use crate::table::nearest;

/// How to come by models, and which of their files are wanted.
#[derive(Clone)]
pub struct ResolveSettings {
    /// Forbids fetching: what is in the cache must do.
    pub offline: bool,
    /// Which weights are wanted.
    pub weights: Weights,
    /// The variant of the ONNX graphs: one of [`VARIANTS`](super::VARIANTS), or nothing for those
    /// whose names tell of none.
    pub variant: Option<String>,
    /// The hub and its cache.
    pub hub: HubSettings,
    /// Is told about the progress of fetching.
    pub progress: Watch,
}

impl ResolveSettings {
    /// Graphs in full precision, from the hub that the environment names, quietly.
    pub fn of(surroundings: &Surroundings) -> Self {
        Self {
            offline: false,
            weights: Weights::default(),
            variant: None,
            hub: HubSettings::of(surroundings),
            progress: silent(),
        }
    }
}

/// The files that `reference` stands for. A relative folder is looked for in `base`, the folder of
/// the pipeline file.
///
/// # Errors
/// When there is no such model, it has no weights of the wanted kind, or it cannot be fetched.
pub fn resolve(
    reference: &ModelReference,
    base: &Path,
    settings: &ResolveSettings,
) -> Result<ModelFolder, ModelError> {
    match reference {
        ModelReference::Builtin(name) => built_in(name),
        ModelReference::Folder(path) => on_disk(&base.join(path), settings),
        ModelReference::Hub {
            repository,
            revision,
        } => hub::resolve(repository, revision, settings),
    }
}

/// A model in the program. It is in the form it was made for: there are no variants.
fn built_in(name: &str) -> Result<ModelFolder, ModelError> {
    let files = builtin::files(name);
    if !files.is_empty() {
        return Ok(ModelFolder::embedded(name, files));
    }
    let known = builtin::builtin_names();
    Err(ModelError::UnknownBuiltin {
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
        known,
    })
}

/// The model in the folder at `path`.
fn on_disk(path: &Path, settings: &ResolveSettings) -> Result<ModelFolder, ModelError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(ModelError::NotFolder { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ModelError::NoFolder {
                path: path.into(),
                nearest: neighbour(path),
            });
        }
        Err(error) => return Err(io_error(path)(error)),
    }
    let names = names_in(path)?;
    let selected = select::select(&names, settings.weights, settings.variant.as_deref());
    let selected = selected.map_err(|expected| ModelError::NoWeights {
        place: path.display().to_string(),
        expected,
        found: names,
    })?;
    let origin = ModelOrigin::Folder { path: path.into() };
    Ok(ModelFolder::on_disk(origin, path, selected))
}

/// The folder, beside where `path` should be, whose name is most like its own.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let beside = path.parent()?;
    let beside = if beside.as_os_str().is_empty() {
        Path::new(".")
    } else {
        beside
    };
    let mut names: Vec<String> = beside
        .read_dir()
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            entry.path().is_dir().then_some(name)
        })
        .collect();
    names.sort();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The names of the files in a folder and its sub-folder `onnx`, sorted.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, ModelError> {
    let mut names = files_in(folder, "")?;
    let graphs = folder.join("onnx");
    if graphs.is_dir() {
        names.extend(files_in(&graphs, "onnx/")?);
    }
    names.sort();
    Ok(names)
}

/// The names of the files in a folder, each after `prefix`. Names that are not UTF-8 belong to no
/// model.
fn files_in(folder: &Path, prefix: &str) -> Result<Vec<String>, ModelError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        // A link counts as what it leads to.
        if entry.path().is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ResolveSettings {
        ResolveSettings::of(&Surroundings::new(None, |_| None))
    }

    fn resolved(text: &str, base: &Path) -> Result<ModelFolder, ModelError> {
        resolve(&text.parse().unwrap(), base, &settings())
    }

    #[test]
    fn a_folder_is_relative_to_the_pipeline() {
        let base = tempfile::tempdir().unwrap();
        let model = base.path().join("models/small");
        fs::create_dir_all(model.join("onnx")).unwrap();
        for name in ["config.json", "notes.txt", "onnx/encoder_model.onnx"] {
            fs::write(model.join(name), name).unwrap();
        }
        let found = resolved("models/small", base.path()).unwrap();
        let names: Vec<&str> = found.names().collect();
        assert_eq!(names, ["config.json", "onnx/encoder_model.onnx"]);
        let graph = found.bytes("onnx/encoder_model.onnx").unwrap();
        assert_eq!(graph.as_ref(), b"onnx/encoder_model.onnx");
        let absolute = resolved(model.to_str().unwrap(), Path::new("/elsewhere")).unwrap();
        assert_eq!(
            absolute.content_hash().unwrap(),
            found.content_hash().unwrap()
        );
    }

    #[test]
    fn what_is_no_model_folder_is_explained() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("file"), "").unwrap();
        fs::create_dir(base.path().join("empty")).unwrap();
        fs::create_dir(base.path().join("bare")).unwrap();
        fs::write(base.path().join("bare/config.json"), "{}").unwrap();
        for (text, part) in [
            ("nowhere", "does not exist"),
            ("file", "is a file"),
            ("empty", "found nothing"),
            ("bare", "or model.safetensors, found config.json"),
        ] {
            let error = resolved(text, base.path()).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
            assert!(!error.help().is_empty());
        }
    }

    #[test]
    fn an_unknown_built_in_model_is_refused() {
        let error = resolved("builtin:nn-xx", Path::new("")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no built-in model `nn-xx`: there are"),
            "{text}"
        );
        for name in builtin::builtin_names() {
            assert!(text.contains(&name), "{text}");
            assert!(resolved(&format!("builtin:{name}"), Path::new("")).is_ok());
        }
    }
}
