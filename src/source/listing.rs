//! From an entry of `paths` that names objects in a store to the objects.

use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::SourceError;
use crate::store;

/// What one entry stands for: the folder that names are relative to, and the objects.
pub(super) fn find(entry: &str) -> Result<(PathBuf, Vec<PathBuf>), SourceError> {
    let is_single = entry.starts_with("http://") || entry.starts_with("https://");
    if !is_single && entry.contains(['*', '?', '[']) {
        return by_pattern(entry);
    }
    let path = PathBuf::from(entry.trim_end_matches('/'));
    let has_key = entry
        .splitn(4, '/')
        .nth(3)
        .is_some_and(|key| !key.is_empty());
    if has_key && !entry.ends_with('/') {
        match store::facts_of(&path) {
            Ok(_) => {
                let folder = entry.rsplit_once('/').map_or(entry, |(folder, _)| folder);
                return Ok((PathBuf::from(folder), vec![path]));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_single => {}
            Err(source) => return Err(SourceError::Io { path, source }),
        }
    }
    let files: Vec<PathBuf> = below(&path)?
        .into_iter()
        .filter(|(_, name)| is_shard(name))
        .map(|(file, _)| file)
        .collect();
    if files.is_empty() {
        return Err(SourceError::EmptyFolder { path });
    }
    Ok((path, files))
}

/// The objects below `folder`, with their names below it.
fn below(folder: &Path) -> Result<Vec<(PathBuf, String)>, SourceError> {
    let listed = store::list(folder).map_err(|source| SourceError::Io {
        path: folder.to_owned(),
        source,
    })?;
    let prefix = format!("{}/", folder.display());
    let named = listed.into_iter().filter_map(|(file, _)| {
        let name = file.to_str()?.strip_prefix(&prefix)?.to_owned();
        Some((file, name))
    });
    Ok(named.collect())
}

/// Whether a folder stands for the object `name` below it: as for files, no part of it is hidden.
fn is_shard(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|end| end == "parquet")
        && !name.split('/').any(|part| part.starts_with('.'))
}

fn by_pattern(entry: &str) -> Result<(PathBuf, Vec<PathBuf>), SourceError> {
    let is_wild = |part: &str| part.contains(['*', '?', '[']);
    let fixed: usize = entry
        .split('/')
        .take_while(|part| !is_wild(part))
        .map(|part| part.len() + 1)
        .sum();
    let (folder, wild) = entry.split_at(fixed.min(entry.len()));
    let folder = PathBuf::from(folder.trim_end_matches('/'));
    let pattern = Pattern::new(wild).map_err(|error| SourceError::Pattern {
        pattern: entry.to_owned(),
        message: error.msg.to_owned(),
    })?;
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let matches = |name: &str| pattern.matches_with(name, options);
    let in_match = |name: &str| {
        let mut folders = name.match_indices('/');
        folders.any(|(end, _)| {
            let (above, rest) = name.split_at(end);
            matches(above) && is_shard(rest.trim_start_matches('/'))
        })
    };
    let files: Vec<PathBuf> = below(&folder)?
        .into_iter()
        .filter(|(_, name)| matches(name) || in_match(name))
        .map(|(file, _)| file)
        .collect();
    if files.is_empty() {
        return Err(SourceError::NoMatch {
            pattern: PathBuf::from(entry),
        });
    }
    Ok((folder, files))
}
