//! Masked language models by reference.

use std::path::Path;
use std::sync::Arc;

use super::model::{BertModel, Parts, Worker};
use super::{MaskedModel, MaskedModelFactory};
use crate::inference::{ModelError, ModelName, ModelSettings, find, sessions};

/// A hash of what the model holds, if it is a model that could fill blanks as far as shows without
/// the runtime: configuration, tokenizer and graph fit together.
pub(super) fn inspect(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<String, ModelError> {
    let folder = find(name, base, settings)?;
    Parts::read(&folder)?;
    folder
        .content_hash()
        .map_err(|error| ModelError::new(error.to_string(), error.help()))
}

/// The model, ready to make workers.
pub(super) fn open(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<Arc<dyn MaskedModelFactory>, ModelError> {
    let folder = find(name, base, settings)?;
    // What is wrong with a folder is said before a runtime is fetched for it.
    let parts = Parts::read(&folder)?;
    let model = BertModel::new(folder, parts, sessions(settings)?);
    Ok(Arc::new(Loaded(Arc::new(model))))
}

/// A model on the runtime.
struct Loaded(Arc<BertModel>);

impl MaskedModelFactory for Loaded {
    fn model(&self) -> Result<Box<dyn MaskedModel>, ModelError> {
        Ok(Box::new(Worker::new(Arc::clone(&self.0))?))
    }
}
