//! Files of entries: a word, a tab, its replacements.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::digest::sha256;

/// Entries in order: a word or phrase, and its replacements.
pub(super) type Table = Vec<(String, Vec<String>)>;

/// A file that was read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) entries: Table,
    /// The hash of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
}

/// Why a file is none, and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileError {
    pub(super) message: String,
    pub(super) help: String,
}

impl FileError {
    fn new(message: String, help: &str) -> Self {
        Self {
            message,
            help: help.to_owned(),
        }
    }
}

/// Reads the file at `path`.
pub(super) fn read(path: &Path) -> Result<File, FileError> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| {
        FileError::new(
            format!("cannot read `{name}`: {error}"),
            "a relative path starts at the folder of the pipeline file",
        )
    })?;
    let sha256 = sha256(&bytes);
    let entries = parse(&bytes).map_err(|(line, message, help)| {
        FileError::new(format!("`{name}`, line {line}: {message}"), help)
    })?;
    if entries.is_empty() {
        return Err(FileError::new(
            format!("`{name}` has no entry"),
            "write one a line: the word, a tab, its replacement",
        ));
    }
    Ok(File { entries, sha256 })
}

/// The number of a line, from 1; what is wrong with it; the remedy.
type LineError = (usize, String, &'static str);

fn parse(bytes: &[u8]) -> Result<Table, LineError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut entries = Table::new();
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let Ok(line) = std::str::from_utf8(line) else {
            return Err((number, "not UTF-8".to_owned(), "save the file as UTF-8"));
        };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut cells = line.split('\t').map(str::trim);
        let word = cells.next().unwrap_or_default();
        let replacements: Vec<String> = cells.map(str::to_owned).collect();
        if replacements.is_empty() {
            return Err((
                number,
                format!("`{word}` has no replacement"),
                "write the word, a tab, its replacement; a tab with nothing after it deletes the word",
            ));
        }
        if word.is_empty() {
            return Err((
                number,
                "the line begins with a tab".to_owned(),
                "write the word, a tab, its replacement",
            ));
        }
        if let Some(first) = lines.insert(word.to_owned(), number) {
            return Err((
                number,
                format!("`{word}` is an entry already, in line {first}"),
                "write all replacements of a word in one line, each after a tab",
            ));
        }
        entries.push((word.to_owned(), replacements));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_entries() {
        let table =
            parse(b"\xef\xbb\xbf# a comment\n\ncolour\tcolor\r\nper cent\tpercent \t %\nvery\t\n");
        let expected = [
            ("colour", vec!["color"]),
            ("per cent", vec!["percent", "%"]),
            ("very", vec![""]),
        ];
        let expected = expected.map(|(word, all)| {
            let all = all.into_iter().map(str::to_owned).collect();
            (word.to_owned(), all)
        });
        assert_eq!(table.unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (bytes, line, part) in [
            (&b"a\tb\nc"[..], 2, "`c` has no replacement"),
            (b"\tb", 1, "begins with a tab"),
            (b"a\tb\n#\na\tc", 3, "already, in line 1"),
            (b"a\tb\n\xff\tc", 2, "not UTF-8"),
        ] {
            let (number, message, help) = parse(bytes).unwrap_err();
            assert_eq!(number, line);
            assert!(message.contains(part) && !help.is_empty(), "{message}");
        }
    }

    #[test]
    fn a_file_has_a_hash_and_at_least_one_entry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.tsv");
        assert!(read(&path).unwrap_err().message.contains("cannot read"));
        fs::write(&path, "# nothing\n").unwrap();
        assert!(read(&path).unwrap_err().message.contains("has no entry"));
        fs::write(&path, "a\tb\n").unwrap();
        let file = read(&path).unwrap();
        assert_eq!((file.entries.len(), file.sha256.len()), (1, 64));
    }
}
