//! How large a file of a model may be that is read into memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Surroundings;

/// The variable that raises the limits: a number of bytes.
const VARIABLE: &str = "AUGMENT_MODEL_FILE_LIMIT";

/// Bytes of a configuration, a tokenizer or a vocabulary, at most. The largest in use have 35 MB.
const DESCRIPTION: u64 = 128 << 20;

/// Bytes of a graph or of tensors, at most: a graph cannot be larger than 2 GiB, the format of its
/// file does not allow it.
const WEIGHTS: u64 = 4 << 30;

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Settings, a tokenizer, a vocabulary.
    Description,
    /// A graph, or tensors.
    Weights,
}

impl Kind {
    /// What a file of this name holds.
    pub(crate) fn of(name: &str) -> Self {
        let is_weights = [".onnx", ".onnx_data", ".onnx.data", ".safetensors"]
            .iter()
            .any(|ending| name.ends_with(ending));
        if is_weights {
            Self::Weights
        } else {
            Self::Description
        }
    }

    fn limit(self, surroundings: &Surroundings) -> u64 {
        let usual = match self {
            Self::Description => DESCRIPTION,
            Self::Weights => WEIGHTS,
        };
        let asked = surroundings.variable(VARIABLE);
        let asked = asked.and_then(|bytes| bytes.to_str()?.trim().parse::<u64>().ok());
        asked.map_or(usual, |asked| asked.max(usual))
    }
}

/// Refuses a file of so many bytes that is too large.
pub(crate) fn check_size(kind: Kind, bytes: u64) -> io::Result<()> {
    check(bytes, kind.limit(&Surroundings::of_process()))
}

/// What is in a file of a model, unless it is too large.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let limit = Kind::of(&name).limit(&Surroundings::of_process());
    read_at_most(path, limit)
}

fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    check(length, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // What calls itself small may have no end: a pipe, say.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    check(bytes.len() as u64, limit)?;
    Ok(bytes)
}

fn check(bytes: u64, limit: u64) -> io::Result<()> {
    if bytes <= limit {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!(
            "it has {bytes} bytes, and such files of models may have {limit}; if it is what it \
             should be, set {VARIABLE} to a larger number"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_read_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, "0123456789").unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), b"0123456789");
        let error = read_at_most(&path, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let text = error.to_string();
        assert!(
            text.contains("10 bytes") && text.contains(VARIABLE),
            "{text}"
        );
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vocab.json");
        // It takes no room on disk.
        File::create(&path)
            .unwrap()
            .set_len(DESCRIPTION + 1)
            .unwrap();
        assert!(read(&path).is_err());
    }

    #[test]
    fn the_variable_raises_limits_and_lowers_none() {
        let with = |value: &'static str| Surroundings::new(None, move |_| Some(value.into()));
        for (value, description, weights) in [
            ("8589934592", 8 << 30, 8 << 30),
            ("1073741824", 1 << 30, WEIGHTS),
            ("1", DESCRIPTION, WEIGHTS),
            ("much", DESCRIPTION, WEIGHTS),
        ] {
            assert_eq!(
                Kind::Description.limit(&with(value)),
                description,
                "{value}"
            );
            assert_eq!(Kind::of("a.onnx").limit(&with(value)), weights, "{value}");
        }
    }
}
