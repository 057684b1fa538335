//! What names a model.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A model, by the text that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelReference {
    /// `builtin:NAME`: a model in the program.
    Builtin(String),
    /// A folder; a relative path is relative to the folder of the pipeline file.
    Folder(PathBuf),
    /// `hf://owner/name` or `hf://owner/name@revision`.
    Hub {
        /// `owner/name`.
        repository: String,
        /// A branch, a tag or a commit; `main` where none was given.
        revision: String,
    },
}

/// A text that cannot name a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no model: {problem}")]
pub struct ParseReferenceError {
    text: String,
    problem: &'static str,
}

impl ParseReferenceError {
    /// What a text that names a model looks like.
    pub fn help(&self) -> String {
        "write `builtin:NAME`, the path of a folder, or `hf://OWNER/NAME` with an optional \
         `@REVISION`"
            .to_owned()
    }
}

impl FromStr for ModelReference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, ParseReferenceError> {
        let wrong = |problem| ParseReferenceError {
            text: text.to_owned(),
            problem,
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(wrong("it is empty"));
        }
        if let Some(name) = trimmed.strip_prefix("builtin:") {
            return if is_plain(name) {
                Ok(Self::Builtin(name.to_owned()))
            } else {
                Err(wrong("a name has letters, digits, `-`, `_` and `.`"))
            };
        }
        if let Some(rest) = trimmed.strip_prefix("hf://") {
            return hub(rest).map_err(wrong);
        }
        if trimmed.starts_with("hf:") {
            return Err(wrong("after `hf:` come two slashes"));
        }
        if trimmed.starts_with("https://") || trimmed.starts_with("http://") {
            return Err(wrong("a web address is not one of the ways to name it"));
        }
        // Paths may have spaces at their ends.
        Ok(Self::Folder(text.into()))
    }
}

/// Reads what stands after `hf://`.
fn hub(rest: &str) -> Result<ModelReference, &'static str> {
    let (repository, revision) = match rest.split_once('@') {
        Some((repository, revision)) => (repository, revision),
        None => (rest, "main"),
    };
    let two_names = repository
        .split_once('/')
        .is_some_and(|(owner, name)| is_plain(owner) && is_plain(name));
    if !two_names {
        return Err("a repository is OWNER/NAME, of letters, digits, `-`, `_` and `.`");
    }
    // A branch may have slashes in its name, but none that lead out of a folder.
    if revision.is_empty() || !revision.split('/').all(is_plain) {
        return Err("a revision is a branch, a tag or a commit");
    }
    Ok(ModelReference::Hub {
        repository: repository.to_owned(),
        revision: revision.to_owned(),
    })
}

/// Whether a name has nothing in it that means something in a path or an address.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed) && !name.bytes().all(|byte| byte == b'.')
}

impl fmt::Display for ModelReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(formatter, "builtin:{name}"),
            Self::Folder(path) => path.display().fmt(formatter),
            Self::Hub {
                repository,
                revision,
            } if revision == "main" => write!(formatter, "hf://{repository}"),
            Self::Hub {
                repository,
                revision,
            } => write!(formatter, "hf://{repository}@{revision}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hub(repository: &str, revision: &str) -> ModelReference {
        ModelReference::Hub {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
        }
    }

    #[test]
    fn the_three_kinds_are_told_apart() {
        for (text, reference) in [
            ("builtin:en-de", ModelReference::Builtin("en-de".to_owned())),
            (
                "models/en-de",
                ModelReference::Folder("models/en-de".into()),
            ),
            ("../builtin", ModelReference::Folder("../builtin".into())),
            (
                "hf://Helsinki-NLP/opus-mt-en-de",
                hub("Helsinki-NLP/opus-mt-en-de", "main"),
            ),
            ("hf://a/b.c@refs/pr/1", hub("a/b.c", "refs/pr/1")),
            ("hf://a/b@0123abc", hub("a/b", "0123abc")),
        ] {
            assert_eq!(text.parse(), Ok(reference.clone()), "{text}");
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn what_names_nothing_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("  ", "empty"),
            ("builtin:", "a name has"),
            ("builtin:../x", "a name has"),
            ("hf:a/b", "two slashes"),
            ("hf://a", "OWNER/NAME"),
            ("hf://a/b/c", "OWNER/NAME"),
            ("hf://../b", "OWNER/NAME"),
            ("hf:///b", "OWNER/NAME"),
            ("hf://a/b@", "a revision"),
            ("hf://a/b@../../x", "a revision"),
            ("https://huggingface.co/a/b", "a web address"),
        ] {
            let error = text.parse::<ModelReference>().unwrap_err();
            assert!(error.to_string().contains(reason), "{text}: {error}");
            assert!(error.help().contains("hf://OWNER/NAME"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_repository_that_leads_elsewhere(text in "hf://[a./@\\-:%?#\\\\]{0,12}") {
            if let Ok(ModelReference::Hub { repository, revision }) = text.parse() {
                for part in repository.split('/').chain(revision.split('/')) {
                    prop_assert!(part != "." && part != ".." && !part.is_empty());
                }
                prop_assert!(!revision.contains(['?', '#', '%', '\\', ':']));
            }
        }
    }
}
