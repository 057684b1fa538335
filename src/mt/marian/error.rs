//! Why a model cannot be used.

/// Why a folder is not a model that can translate.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is not there.
    #[error("{model}: no file `{file}`; the model has {found}")]
    Missing {
        /// The folder, or the name of the built-in model.
        model: String,
        /// The file looked for.
        file: String,
        /// The files that there are.
        found: String,
    },
    /// A file cannot be read.
    #[error("{model}: cannot read `{file}`: {reason}")]
    Unreadable {
        /// The folder, or the name of the built-in model.
        model: String,
        /// The file.
        file: String,
        /// What the system or the parser said.
        reason: String,
    },
    /// It is a model of another kind.
    #[error(
        "{model}: `config.json` says model_type = {found}: only MarianMT models (model_type = \
         \"marian\", such as Helsinki-NLP/opus-mt-en-de) can translate here"
    )]
    Architecture {
        /// The folder, or the name of the built-in model.
        model: String,
        /// What `config.json` says.
        found: String,
    },
    /// The graphs do not make up a layout that is known.
    #[error(
        "{model}: expected {expected}; found {found}. Export the model with `optimum-cli export onnx \
         --task text2text-generation-with-past`, or run `augment models optimize` on the folder with \
         its `model.safetensors`"
    )]
    Layout {
        /// The folder, or the name of the built-in model.
        model: String,
        /// The graphs that were looked for.
        expected: String,
        /// What there is, and what it was taken for.
        found: String,
    },
    /// A graph and the configuration do not fit together.
    #[error("{model}: {what} is {found} in {place}, and {expected} by `config.json`")]
    Mismatch {
        /// The folder, or the name of the built-in model.
        model: String,
        /// What differs.
        what: String,
        /// Where it differs.
        place: String,
        /// What there is.
        found: String,
        /// What the configuration asks for.
        expected: String,
    },
    /// ONNX Runtime refuses a graph.
    #[error("{model}: ONNX Runtime cannot load `{file}`: {reason}")]
    Session {
        /// The folder, or the name of the built-in model.
        model: String,
        /// The graph.
        file: String,
        /// What ONNX Runtime said.
        reason: String,
    },
}
