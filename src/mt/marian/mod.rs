//! MarianMT models on ONNX Runtime.
//!
//! [`MarianModel::load`] looks at the files of a model: its configuration, and its graphs in one
//! of several layouts. [`MarianModel::translator`] makes a worker.

mod budget;
mod config;
mod error;
mod fast;
mod files;
mod layout;
mod model;
mod optimum;
mod roles;
mod screened;
mod session;
mod translator;

#[cfg(test)]
mod tests;

pub use crate::onnx::SessionSource;
pub use config::ModelConfig;
pub use error::ModelError;
pub use files::ModelFiles;
pub use layout::Layout;
pub use model::{LoadOptions, MarianModel, Tokenizer};
pub use translator::{MarianTranslator, TokenSentence};
