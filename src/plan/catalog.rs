//! What the plan has to know about files.

use std::path::PathBuf;

use serde_json::Value;

use crate::diagnostic::Problem;
use crate::inference::ModelSettings;
use crate::operator::{Configured, Site};
use crate::source::parquet::ParquetSourceConfig;
use crate::source::{self, SourceError, SourceFacts};

/// Looks up the files of sources and operators. The plan itself touches no file, so that it can be
/// made and tested without any.
pub trait Catalog {
    /// The files that `config` names, and what they have in common.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>>;

    /// What tells one state of a source's data from another, without reading the data.
    ///
    /// # Errors
    /// When a file cannot be looked at.
    fn digest(&self, _facts: &SourceFacts) -> Result<String, SourceError> {
        Ok(String::new())
    }

    /// What the files that an operator's options name hold that the output depends on.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn inspect(&self, _operator: &dyn Configured) -> Result<Value, Vec<Problem>> {
        Ok(Value::Null)
    }
}

/// Looks into the files themselves.
#[derive(Debug, Clone)]
pub struct FileCatalog {
    /// The folder that relative paths start at.
    pub base: PathBuf,
    /// How models would run, and whether they may be fetched for a look at them.
    pub models: ModelSettings,
}

impl FileCatalog {
    /// A catalog for paths that start at `base`, which fetches nothing.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self {
            base: base.into(),
            models: ModelSettings {
                offline: true,
                ..ModelSettings::default()
            },
        }
    }
}

impl Catalog for FileCatalog {
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>> {
        source::discover(config, &self.base)
    }

    fn digest(&self, facts: &SourceFacts) -> Result<String, SourceError> {
        source::digest(facts)
    }

    fn inspect(&self, operator: &dyn Configured) -> Result<Value, Vec<Problem>> {
        operator.inspect(Site {
            base: &self.base,
            models: &self.models,
        })
    }
}
