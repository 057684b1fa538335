//! The files of a model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ModelError;
use crate::digest::{digest_of_file, hexadecimal};
use crate::onnx::{GraphFile, read_file};

/// The files that a model needs, by their names: paths with `/` between their parts.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    origin: ModelOrigin,
    files: BTreeMap<String, Content>,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelOrigin {
    /// The program.
    Builtin {
        /// Its name.
        name: String,
    },
    /// A folder.
    Folder {
        /// Its path.
        path: PathBuf,
    },
    /// A repository on a hub.
    Hub {
        /// `owner/name`.
        repository: String,
        /// The commit that the revision led to, in hexadecimal.
        commit: String,
        /// The folder of the cache that has the files.
        path: PathBuf,
    },
}

/// A file.
#[derive(Debug, Clone)]
enum Content {
    Disk(PathBuf),
    Embedded(Cow<'static, [u8]>),
}

impl ModelFolder {
    /// The named files in the folder at `root`.
    pub(super) fn on_disk(origin: ModelOrigin, root: &Path, names: Vec<String>) -> Self {
        let place = |name: String| {
            let path = name
                .split('/')
                .fold(root.to_owned(), |path, part| path.join(part));
            (name, Content::Disk(path))
        };
        Self {
            origin,
            files: names.into_iter().map(place).collect(),
        }
    }

    /// Files in the program.
    pub(super) fn embedded(name: &str, files: BTreeMap<String, Cow<'static, [u8]>>) -> Self {
        let files = files
            .into_iter()
            .map(|(name, bytes)| (name, Content::Embedded(bytes)))
            .collect();
        Self {
            origin: ModelOrigin::Builtin {
                name: name.to_owned(),
            },
            files,
        }
    }

    /// The files of a model in the program, which are not copied; none of one on disk.
    pub fn embedded_files(&self) -> Vec<(String, Cow<'static, [u8]>)> {
        let embedded = |(name, content): (&String, &Content)| match content {
            Content::Embedded(bytes) => Some((name.clone(), bytes.clone())),
            Content::Disk(_) => None,
        };
        self.files.iter().filter_map(embedded).collect()
    }

    /// Where the model comes from.
    pub fn origin(&self) -> &ModelOrigin {
        &self.origin
    }

    /// The names of its files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether there is a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The path of a file that lies on disk; nothing for one in the program, or that is not there.
    pub fn path(&self, name: &str) -> Option<&Path> {
        match self.files.get(name)? {
            Content::Disk(path) => Some(path),
            Content::Embedded(_) => None,
        }
    }

    /// What a file holds. A file in the program is not copied.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn bytes(&self, name: &str) -> Result<Cow<'_, [u8]>, ModelError> {
        match self.files.get(name) {
            Some(Content::Embedded(bytes)) => Ok(Cow::Borrowed(bytes)),
            Some(Content::Disk(path)) => read_file(path).map(Cow::Owned).map_err(io_error(path)),
            None => Err(ModelError::NoFile {
                place: self.to_string(),
                name: name.to_owned(),
                found: self.names().map(str::to_owned).collect(),
            }),
        }
    }

    /// A graph for the runtime; nothing where it is not there.
    pub(crate) fn graph(&self, name: &str) -> Option<GraphFile<'_>> {
        Some(match self.files.get(name)? {
            Content::Disk(path) => GraphFile::Disk(path.clone()),
            Content::Embedded(bytes) => GraphFile::Bytes(Cow::Borrowed(bytes)),
        })
    }

    /// SHA-256 over the names and contents of the files, in hexadecimal: what an output
    /// depends on as far as the model goes, wherever the model lies.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn content_hash(&self) -> Result<String, ModelError> {
        let mut whole = Sha256::new();
        for (name, content) in &self.files {
            // The digest has a fixed length, and no name has a zero byte: no two sets of files
            // look alike.
            whole.update(name.as_bytes());
            whole.update([0]);
            whole.update(match content {
                Content::Embedded(bytes) => Sha256::digest(bytes),
                Content::Disk(path) => digest_of_file(path).map_err(io_error(path))?,
            });
        }
        Ok(hexadecimal(&whole.finalize()))
    }
}

impl std::fmt::Display for ModelFolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.origin {
            ModelOrigin::Builtin { name } => write!(formatter, "builtin:{name}"),
            ModelOrigin::Folder { path } => path.display().fmt(formatter),
            ModelOrigin::Hub {
                repository, commit, ..
            } => write!(formatter, "hf://{repository}@{commit}"),
        }
    }
}

/// An error with the path it is about.
pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ModelError {
    let path = path.to_owned();
    move |source| ModelError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, ModelFolder) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let origin = ModelOrigin::Folder {
            path: root.path().to_owned(),
        };
        let names = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let model = ModelFolder::on_disk(origin, root.path(), names);
        (root, model)
    }

    #[test]
    fn the_hash_is_of_names_and_contents_alone() {
        let hash = |files: &[(&str, &str)]| folder(files).1.content_hash().unwrap();
        let first = hash(&[("a", "one"), ("onnx/b", "two")]);
        assert_eq!(first.len(), 64);
        assert_eq!(first, hash(&[("onnx/b", "two"), ("a", "one")]));
        assert_ne!(first, hash(&[("a", "two"), ("onnx/b", "one")]));
        assert_ne!(first, hash(&[("a", "one"), ("b", "two")]));
        assert_ne!(first, hash(&[("a", "one")]));
        let bytes = |text: &'static str| Cow::Borrowed(text.as_bytes());
        let files = [("a", "one"), ("onnx/b", "two")];
        let files = files.map(|(name, text)| (name.to_owned(), bytes(text)));
        let embedded = ModelFolder::embedded("x", files.into());
        assert_eq!(embedded.content_hash().unwrap(), first);
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_those_that_are() {
        let (_root, model) = folder(&[("config.json", "{}"), ("vocab.json", "{}")]);
        assert_eq!(model.bytes("config.json").unwrap().as_ref(), b"{}");
        assert!(model.path("config.json").unwrap().is_file());
        let error = model.bytes("source.spm").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no source.spm: it has config.json, vocab.json"),
            "{text}"
        );
        assert_eq!(model.path("source.spm"), None);
    }
}
