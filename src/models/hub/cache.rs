//! The layout of the cache: `models--OWNER--NAME` with `blobs`, `snapshots/COMMIT` that link to
//! them, and `refs` that name a commit for a branch or tag.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::onnx::read_file;

/// The folder of a repository in the cache.
#[derive(Debug)]
pub(super) struct Repository {
    root: PathBuf,
    locks: PathBuf,
}

impl Repository {
    pub(super) fn new(cache: &Path, repository: &str) -> Self {
        let name = format!("models--{}", repository.replace('/', "--"));
        Self {
            locks: cache.join(".locks").join(&name),
            root: cache.join(name),
        }
    }

    /// The files of a commit, as the repository names them.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    /// What the files are links to, by the digests that the hub has for them.
    pub(super) fn blob(&self, digest: &str) -> PathBuf {
        self.root.join("blobs").join(digest)
    }

    /// The folder for locks, which is where Python has its own.
    pub(super) fn locks(&self) -> &Path {
        &self.locks
    }

    /// The commit that a revision led to when it was fetched last; a commit leads to itself.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        let reference = self.root.join("refs").join(revision);
        let commit = fs::read_to_string(reference).ok();
        let commit = commit.map(|commit| commit.trim().to_owned());
        commit
            .or_else(|| Some(revision.to_owned()))
            .filter(|commit| is_commit(commit) && self.snapshot(commit).is_dir())
    }
}

/// Whether a text can be a commit: nothing else may become part of a path.
pub(super) fn is_commit(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A translation model in the cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CachedModel {
    /// What names it in a pipeline.
    pub reference: String,
    /// The folder with its files.
    pub path: PathBuf,
}

/// The MarianMT models in the cache, sorted.
pub fn cached_models(cache: &Path) -> Vec<CachedModel> {
    let mut models: Vec<CachedModel> = names_in(cache)
        .iter()
        .filter_map(|folder| Some((folder, folder.strip_prefix("models--")?)))
        .filter_map(|(folder, name)| Some((folder, name.split_once("--")?)))
        .flat_map(|(folder, (owner, name))| {
            let root = cache.join(folder);
            let main = fs::read_to_string(root.join("refs").join("main")).unwrap_or_default();
            let repository = format!("{owner}/{name}");
            let snapshots = root.join("snapshots");
            let model = move |commit: String| {
                let reference = if commit == main.trim() {
                    format!("hf://{repository}")
                } else {
                    format!("hf://{repository}@{commit}")
                };
                let path = snapshots.join(&commit);
                is_marian(&path).then_some(CachedModel { reference, path })
            };
            names_in(&root.join("snapshots"))
                .into_iter()
                .filter_map(model)
        })
        .collect();
    models.sort();
    models
}

/// Whether the model in a folder is a translation model that could be used.
fn is_marian(folder: &Path) -> bool {
    let text = read_file(&folder.join("config.json")).unwrap_or_default();
    let config: Value = serde_json::from_slice(&text).unwrap_or_default();
    config.get("model_type").and_then(Value::as_str) == Some("marian")
}

/// The names in a folder; none if it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_revision_leads_to_its_commit() {
        let cache = tempfile::tempdir().unwrap();
        let repository = Repository::new(cache.path(), "ann/model");
        assert_eq!(repository.commit("main"), None);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        write(repository.snapshot(commit).join("config.json"), "{}");
        assert_eq!(repository.commit("main"), None);
        write(repository.root.join("refs/main"), &format!("{commit}\n"));
        assert_eq!(repository.commit("main").as_deref(), Some(commit));
        assert_eq!(repository.commit(commit).as_deref(), Some(commit));
        write(repository.root.join("refs/odd"), "../../elsewhere");
        assert_eq!(repository.commit("odd"), None);
    }

    #[test]
    fn only_translation_models_are_listed() {
        let cache = tempfile::tempdir().unwrap();
        let marian = r#"{"model_type": "marian"}"#;
        for (repository, commit, config) in [
            ("ann/en-de", "aaa", marian),
            ("ann/en-de", "bbb", marian),
            ("ann/bert", "ccc", r#"{"model_type": "bert"}"#),
            ("ann/odd", "ddd", "no JSON"),
        ] {
            let folder = Repository::new(cache.path(), repository).snapshot(commit);
            write(folder.join("config.json"), config);
        }
        let root = Repository::new(cache.path(), "ann/en-de").root;
        write(root.join("refs/main"), "bbb");
        let models = cached_models(cache.path());
        let found: Vec<&str> = models.iter().map(|model| &*model.reference).collect();
        assert_eq!(found, ["hf://ann/en-de", "hf://ann/en-de@aaa"]);
        assert_eq!(cached_models(&cache.path().join("none")), []);
    }
}
