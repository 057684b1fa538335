//! What it takes to run any model: how it is named and found, which sequences go through it
//! together, and choosing among the logits that come out.
//!
//! Nothing here knows what a model is for: translation is in [`mt`](crate::mt), filling blanks in
//! [`masked`](crate::masked).

mod batches;
mod kernel;
#[cfg(feature = "onnx")]
mod load;
mod name;
mod pin;
#[cfg(feature = "onnx")]
mod screen;
mod select;
mod settings;

pub use batches::{Budget, Size, form_batches};
pub(crate) use kernel::Normaliser;
#[cfg(feature = "onnx")]
pub(crate) use load::{find, sessions};
#[cfg(not(feature = "onnx"))]
pub(crate) use name::not_there;
pub use name::{ModelError, ModelName, fake_of, is_folder};
pub use pin::{check_digest, wrong_digest};
#[cfg(feature = "onnx")]
pub(crate) use screen::{Norms, Rounded, Screen, Table, ZERO};
pub use select::{Candidate, Selector};
pub use settings::ModelSettings;
#[cfg(feature = "onnx")]
pub use settings::Watcher;
