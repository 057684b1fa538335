//! The files of a model: in a folder, or in memory.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use super::ModelError;
use crate::onnx::{GraphFile, read_file};

/// The files of one model.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// How the model is called in messages.
    name: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Memory(Vec<(String, Cow<'static, [u8]>)>),
}

impl ModelFiles {
    /// The files of a folder and of its sub-folder `onnx`.
    pub fn folder(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            place: Place::Folder(path.to_owned()),
        }
    }

    /// Files by name, for a model that is part of the program.
    pub fn memory(name: &str, files: Vec<(String, Cow<'static, [u8]>)>) -> Self {
        Self {
            name: name.to_owned(),
            place: Place::Memory(files),
        }
    }

    /// How the model is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of all files, sorted, those of the sub-folder with `onnx/` before them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, ModelError> {
        let mut names: Vec<String> = match &self.place {
            Place::Memory(files) => files.iter().map(|(name, _)| name.clone()).collect(),
            Place::Folder(path) => {
                let mut names = Vec::new();
                self.list(path, "", &mut names)?;
                let below = path.join("onnx");
                if below.is_dir() {
                    self.list(&below, "onnx/", &mut names)?;
                }
                names
            }
        };
        names.sort();
        Ok(names)
    }

    fn list(&self, folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), ModelError> {
        let unreadable = |error: std::io::Error| self.unreadable(prefix, &error);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            // Through links: the cache of Hugging Face is made of them.
            if entry.path().is_file() {
                names.push(format!("{prefix}{}", entry.file_name().to_string_lossy()));
            }
        }
        Ok(())
    }

    /// The contents of a file; nothing where it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        match self.graph(name) {
            None => Ok(None),
            Some(GraphFile::Bytes(bytes)) => Ok(Some(bytes)),
            Some(GraphFile::Disk(path)) => read_file(&path)
                .map(|bytes| Some(Cow::Owned(bytes)))
                .map_err(|error| self.unreadable(name, &error)),
        }
    }

    /// The contents of a file that must be there.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn require(&self, name: &str) -> Result<Cow<'_, [u8]>, ModelError> {
        match self.read(name)? {
            Some(bytes) => Ok(bytes),
            None => Err(ModelError::Missing {
                model: self.name.clone(),
                file: name.to_owned(),
                found: listed(&self.names()?),
            }),
        }
    }

    /// A file for the runtime; nothing where it is not there.
    pub(super) fn graph(&self, name: &str) -> Option<GraphFile<'_>> {
        match &self.place {
            Place::Memory(files) => files
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, bytes)| GraphFile::Bytes(Cow::Borrowed(bytes))),
            Place::Folder(path) => {
                let path = path.join(name);
                path.is_file().then_some(GraphFile::Disk(path))
            }
        }
    }

    /// How many bytes a file has; nothing where it is not there, or cannot be looked at.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        match self.graph(name)? {
            GraphFile::Bytes(bytes) => Some(bytes.len() as u64),
            GraphFile::Disk(path) => Some(path.metadata().ok()?.len()),
        }
    }

    /// The runtime cannot use the graph in this file.
    pub(super) fn refused(&self, file: &str, reason: &dyn std::fmt::Display) -> ModelError {
        ModelError::Session {
            model: self.name.clone(),
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn unreadable(&self, file: &str, reason: &dyn std::fmt::Display) -> ModelError {
        ModelError::Unreadable {
            model: self.name.clone(),
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Names for a message.
pub(super) fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no files".to_owned();
    }
    names.join(", ")
}
