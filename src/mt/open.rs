//! From the reference in a pipeline file to translators.
//!
//! A reference is `builtin:NAME`, `hf://owner/name[@revision]`, or a folder. [`inspect`] looks at
//! what it names without loading it: what is wrong, and a hash of what is right. [`open`] makes a
//! [`TranslatorFactory`], of which a process has one for each model.
//!
//! `fake:` names [`FakeTranslator`], which takes no model and no runtime; `fake:N` is one of N
//! positions. It is there for tests of pipelines, and for the examples in the documentation.

use std::path::Path;
use std::sync::Arc;

use super::Translator;
use super::fake::FakeTranslator;
#[cfg(feature = "onnx")]
use super::load;
use crate::inference::{ModelError, ModelName, ModelSettings, fake_of};

/// Makes translators that share what is large: the weights of one model, loaded once.
pub trait TranslatorFactory: Send + Sync {
    /// A translator for one thread.
    ///
    /// # Errors
    /// When the runtime cannot make another session.
    fn translator(&self) -> Result<Box<dyn Translator>, ModelError>;
}

/// A hash of the model that `name` names, without loading it: 64 hexadecimal digits, or a name
/// that says as much. Relative folders start at `base`.
///
/// # Errors
/// When there is no such model, it lacks files, or they are not those of a translation model.
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
) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
    match fake_of(name.reference) {
        Some(which) => fake(which),
        None => load::open(name, base, settings),
    }
}

impl TranslatorFactory for FakeTranslator {
    fn translator(&self) -> Result<Box<dyn Translator>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

/// The translator for tests that `which` names: of so many positions, or of the usual number.
fn fake(which: &str) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
    #[cfg(test)]
    if let Some(quirky) = super::fake::quirky::factory(which) {
        return Ok(quirky);
    }
    if which.is_empty() {
        return Ok(Arc::new(FakeTranslator::default()));
    }
    match which.parse() {
        Ok(positions) if positions > 1 => Ok(Arc::new(FakeTranslator { positions })),
        _ => Err(ModelError::new(
            format!("there is no fake translator `fake:{which}`"),
            "the fake translator for tests is `fake:`, or `fake:N` for one of N positions",
        )),
    }
}

/// A build without ONNX Runtime has no other translators.
#[cfg(not(feature = "onnx"))]
mod load {
    use std::path::Path;
    use std::sync::Arc;

    use super::{ModelError, ModelName, ModelSettings, TranslatorFactory};
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
    ) -> Result<Arc<dyn TranslatorFactory>, ModelError> {
        Err(not_there(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(reference: &str) -> ModelName<'_> {
        ModelName {
            reference,
            variant: None,
        }
    }

    #[test]
    fn the_fake_translator_needs_nothing() {
        let settings = ModelSettings::default();
        let nowhere = Path::new("/nowhere");
        assert_eq!(inspect(name("fake:"), nowhere, &settings).unwrap(), "fake:");
        let factory = open(name("fake:"), nowhere, &settings).unwrap();
        assert_eq!(factory.translator().unwrap().count_tokens("one two"), 3);
        assert!(inspect(name("fake:nonsense"), nowhere, &settings).is_err());
    }
}
