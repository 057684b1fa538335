//! The lines of a ledger.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use super::{Entry, FORMAT, Header, LedgerError, Mode};
use crate::failpoint;

/// Reads the lines of a ledger. A torn last line is left out.
pub(super) fn parse(
    path: &Path,
    bytes: &[u8],
    root: &Path,
    fingerprint: &str,
    mode: Mode,
) -> Result<Lines, LedgerError> {
    let length = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    let complete = bytes.get(..length).unwrap_or_default();
    let mut lines = complete.split_inclusive(|&byte| byte == b'\n');
    let corrupt = |line: usize, error: serde_json::Error| LedgerError::Corrupt {
        path: path.to_owned(),
        line,
        message: error.to_string(),
    };
    let header: Header = serde_json::from_slice(lines.next().unwrap_or_default())
        .map_err(|error| corrupt(1, error))?;
    let same_pipeline = (header.format, header.fingerprint.as_str()) == (FORMAT, fingerprint);
    if !same_pipeline && mode != Mode::Force {
        return Err(LedgerError::OtherPipeline {
            root: root.to_owned(),
            found: header.fingerprint,
            expected: fingerprint.to_owned(),
        });
    }
    let mut entries = BTreeMap::new();
    for (position, line) in lines.enumerate() {
        let entry: Entry =
            serde_json::from_slice(line).map_err(|error| corrupt(position + 2, error))?;
        entries.insert(entry.shard.clone(), entry);
    }
    Ok(Lines {
        entries,
        same_pipeline,
        length: length as u64,
    })
}

/// What a ledger file holds.
pub(super) struct Lines {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) same_pipeline: bool,
    /// Bytes up to the end of the last complete line.
    pub(super) length: u64,
}

/// Adds a line to the file, or leaves it as it was.
pub(super) fn append_line(file: &mut File, entry: &Entry) -> io::Result<()> {
    let end = file.stream_position()?;
    let line = line_of(entry)?;
    failpoint::torn("ledger-line-torn", &line, file)?;
    file.write_all(&line)
        .and_then(|()| {
            failpoint::reached("ledger-line-written");
            file.sync_data()
        })
        .inspect_err(|_| {
            // Should this fail as well, the next run removes the rest of the line.
            drop(
                file.set_len(end)
                    .and_then(|()| file.seek(SeekFrom::Start(end))),
            );
        })
}

pub(super) fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
