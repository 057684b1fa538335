//! Models by reference: `builtin:NAME`, a folder, or a repository on a Hugging Face hub.
//!
//! [`resolve`] turns a [`ModelReference`] into a [`ModelFolder`]: named files, on disk or in the
//! program. What the files mean is the business of who loads them; here it matters only which of
//! them a model needs.

mod builtin;
mod error;
mod folder;
mod hub;
mod reference;
mod resolve;
mod select;

pub use builtin::builtin_names;
pub use error::ModelError;
pub use folder::{ModelFolder, ModelOrigin};
pub use hub::{CachedModel, HubSettings, cached_models};
pub use reference::{ModelReference, ParseReferenceError};
pub use resolve::{ResolveSettings, resolve};
pub use select::{VARIANTS, Weights};
