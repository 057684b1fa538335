//! What tells one state of a source's data from another without reading the data.

use sha2::{Digest, Sha256};

use super::input::InputFile;
use super::{SourceError, SourceFacts, footer};
use crate::digest::hexadecimal;

/// A SHA-256, in hexadecimal, over names, sizes and footers of all files of a source. Footers hold
/// where everything lies and, as a rule, bounds and null counts of each column, so that hardly any
/// change leaves all of that as it was.
///
/// # Errors
/// When a file cannot be read any more.
pub fn digest(facts: &SourceFacts) -> Result<String, SourceError> {
    let mut whole = Sha256::new();
    for shard in &facts.files {
        let io_error = |source| SourceError::Io {
            path: shard.path.clone(),
            source,
        };
        let file = InputFile::open(&shard.path).map_err(io_error)?;
        if shard.footer.is_empty() {
            // It could not be read before: whoever needs its rows is told why.
            footer::read(&shard.path, &file)?;
        }
        let footer = footer::bytes(&file).map_err(io_error)?;
        // No name has a zero byte, and the rest has a fixed length.
        whole.update(shard.relative.as_bytes());
        whole.update([0]);
        whole.update(shard.rows.to_le_bytes());
        whole.update(shard.bytes.to_le_bytes());
        whole.update(Sha256::digest(footer));
    }
    Ok(hexadecimal(&whole.finalize()))
}
