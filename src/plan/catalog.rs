//! What the plan has to know about files.

use crate::source::parquet::ParquetSourceConfig;
use crate::source::{SourceError, SourceFacts};

/// Looks up the files of a source. The plan itself touches no file, so that it can be made and
/// tested without any.
pub trait Catalog {
    /// The files that `config` names, and what they have in common.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>>;
}
