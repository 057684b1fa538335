//! What the plan has to know about files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::diagnostic::Problem;
use crate::inference::ModelSettings;
use crate::operator::{Configured, Site};
use crate::sink::{SinkError, check_inside};
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

    /// Whether a file at `target`, for a sink that writes to the folder `root`, would lie below it.
    ///
    /// # Errors
    /// When a write to `target` would go elsewhere.
    fn outlet(&self, _root: &Path, _target: &Path) -> Result<(), SinkError> {
        Ok(())
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
    /// Whether files that cannot be read are left to the run, which rejects them.
    pub keep_going: bool,
    /// How models would run, and whether they may be fetched for a look at them.
    pub models: ModelSettings,
}

impl FileCatalog {
    /// A catalog for paths that start at `base`, which fetches nothing.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self {
            base: base.into(),
            keep_going: false,
            models: ModelSettings {
                offline: true,
                ..ModelSettings::default()
            },
        }
    }
}

impl Catalog for FileCatalog {
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>> {
        if self.keep_going {
            source::discover_readable(config, &self.base)
        } else {
            source::discover(config, &self.base)
        }
    }

    fn digest(&self, facts: &SourceFacts) -> Result<String, SourceError> {
        source::digest(facts)
    }

    fn outlet(&self, root: &Path, target: &Path) -> Result<(), SinkError> {
        check_inside(root, target)
    }

    fn inspect(&self, operator: &dyn Configured) -> Result<Value, Vec<Problem>> {
        operator.inspect(Site {
            base: &self.base,
            models: &self.models,
        })
    }
}
