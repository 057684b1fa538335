//! From the reference in a pipeline file to masked language models.
//!
//! [`inspect`] looks at what a reference names without loading it: what is wrong, and a hash of
//! what is right. [`open`] makes a [`MaskedModelFactory`], of which a process has one for each
//! model. `fake:` names [`FakeModel`], which takes no model and no runtime.

use std::path::Path;
use std::sync::Arc;

use super::MaskedModel;
use super::fake::FakeModel;
#[cfg(feature = "onnx")]
use super::load;
use crate::inference::{ModelError, ModelName, ModelSettings, fake_of};

/// Makes models for one thread each that share what is large: the weights, loaded once.
pub trait MaskedModelFactory: Send + Sync {
    /// A model for one thread.
    ///
    /// # Errors
    /// When the runtime cannot make another session.
    fn model(&self) -> Result<Box<dyn MaskedModel>, ModelError>;
}

/// A hash of the model that `name` names, without loading it: 64 hexadecimal digits, or a name
/// that says as much. Relative folders start at `base`.
///
/// # Errors
/// When there is no such model, it lacks files, or they are not those of a masked language model.
pub fn inspect(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<String, ModelError> {
    match fake_of(name.reference) {
        Some(which) => fake(which).map(|_| name.reference.to_owned()),
        None => load::inspect(name, base, settings),
    }
}

/// The model that `name` names. Relative folders start at `base`.
///
/// # Errors
/// When the model or the runtime cannot be loaded.
pub fn open(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<Arc<dyn MaskedModelFactory>, ModelError> {
    match fake_of(name.reference) {
        Some(which) => fake(which),
        None => load::open(name, base, settings),
    }
}

impl MaskedModelFactory for FakeModel {
    fn model(&self) -> Result<Box<dyn MaskedModel>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

/// The model for tests that `which` names.
fn fake(which: &str) -> Result<Arc<dyn MaskedModelFactory>, ModelError> {
    #[cfg(test)]
    if let Some(quirky) = FakeModel::quirky(which) {
        return Ok(Arc::new(quirky));
    }
    if which.is_empty() {
        return Ok(Arc::new(FakeModel::default()));
    }
    Err(ModelError::new(
        format!("there is no fake model `fake:{which}`"),
        "the fake model for tests is `fake:`",
    ))
}

/// A build without ONNX Runtime has no other models.
#[cfg(not(feature = "onnx"))]
mod load {
    use std::path::Path;
    use std::sync::Arc;

    use super::{MaskedModelFactory, ModelError, ModelName, ModelSettings};
    use crate::inference::not_there;

    pub(super) fn inspect(
        name: ModelName<'_>,
        _base: &Path,
        _settings: &ModelSettings,
    ) -> Result<String, ModelError> {
        Err(not_there(name))
    }

    pub(super) fn open(
        name: ModelName<'_>,
        _base: &Path,
        _settings: &ModelSettings,
    ) -> Result<Arc<dyn MaskedModelFactory>, ModelError> {
        Err(not_there(name))
    }
}
