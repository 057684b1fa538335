//! What the plan has to know about files.

use std::path::PathBuf;

use crate::source::parquet::ParquetSourceConfig;
use crate::source::{self, SourceError, SourceFacts};

/// Looks up the files of a source. The plan itself touches no file, so that it can be made and
/// tested without any.
pub trait Catalog {
    /// The files that `config` names, and what they have in common.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>>;
}

/// Looks into the files themselves.
#[derive(Debug, Clone)]
pub struct FileCatalog {
    /// The folder that relative paths start at.
    pub base: PathBuf,
}

impl Catalog for FileCatalog {
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>> {
        source::discover(config, &self.base)
    }
}
