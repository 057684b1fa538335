//! Which model is meant, and why it cannot be used.

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

/// The number or quirk of a fake model, if that is what is meant.
pub fn fake_of(reference: &str) -> Option<&str> {
    reference.strip_prefix("fake:")
}

/// Whether `reference` is the path of a folder: what it names is then known by its hash alone.
pub fn is_folder(reference: &str) -> bool {
    !["fake:", "builtin:", "hf://"]
        .iter()
        .any(|prefix| reference.starts_with(prefix))
}

/// The error of a build without ONNX Runtime.
#[cfg(not(feature = "onnx"))]
pub(crate) fn not_there(name: ModelName<'_>) -> ModelError {
    ModelError::new(
        format!("this program cannot load the model `{}`", name.reference),
        "it was built without ONNX Runtime: build it with `--features onnx`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_prefix_is_a_folder() {
        for (reference, folder) in [
            ("builtin:en-de", false),
            ("hf://a/b@c", false),
            ("fake:", false),
            ("models/a", true),
        ] {
            assert_eq!(is_folder(reference), folder, "{reference}");
        }
    }
}
