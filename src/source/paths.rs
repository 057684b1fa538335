//! From the entries of `paths` to files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use super::{SourceError, listing};
use crate::store;
use crate::table::nearest;

/// What the entries of `paths` stand for.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    /// The folder that all files lie in or below, as an absolute path.
    pub(super) root: PathBuf,
    /// The files, by their path relative to the root, with `/` between its parts.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// The entries that stand for nothing, and the files that cannot be used.
    pub(super) problems: Vec<SourceError>,
}

/// Finds the files that `entries`, relative to `base`, stand for.
pub(super) fn expand(entries: &[String], base: &Path) -> Expansion {
    let mut expansion = Expansion::default();
    let mut found: BTreeMap<PathBuf, &str> = BTreeMap::new();
    let mut root: Option<PathBuf> = None;
    let mut first: Option<&str> = None;
    for entry in entries {
        if store_of(entry) != store_of(first.get_or_insert(entry)) {
            expansion.problems.push(SourceError::Apart {
                first: first.unwrap_or_default().to_owned(),
                second: entry.clone(),
            });
            continue;
        }
        let matches = match Matches::of(entry, base) {
            Ok(matches) => matches,
            Err(problem) => {
                expansion.problems.push(problem);
                continue;
            }
        };
        expansion.problems.extend(matches.problems);
        let folder = absolute(&matches.folder);
        root = Some(match root {
            None => folder,
            Some(root) => common_ancestor(&root, &folder),
        });
        for file in matches.files {
            match found.get(&file) {
                Some(&first) if first != entry => {
                    expansion.problems.push(SourceError::Duplicate {
                        path: file,
                        first: first.to_owned(),
                        second: entry.clone(),
                    });
                }
                Some(_) => {}
                None => drop(found.insert(file, entry)),
            }
        }
    }
    expansion.root = root.unwrap_or_default();
    for path in found.into_keys() {
        match relative_name(&absolute(&path), &expansion.root) {
            Some(relative) => drop(expansion.files.insert(relative, path)),
            None => expansion.problems.push(SourceError::Name { path }),
        }
    }
    expansion
}

/// What one entry of `paths` stands for.
struct Matches {
    /// The folder that the names of the files are relative to.
    folder: PathBuf,
    files: Vec<PathBuf>,
    problems: Vec<SourceError>,
}

impl Matches {
    fn of(entry: &str, base: &Path) -> Result<Self, SourceError> {
        if store_of(entry).is_some() {
            let (folder, files) = listing::find(entry)?;
            return Ok(Self {
                folder,
                files,
                problems: Vec::new(),
            });
        }
        let path = clean_path(&base.join(entry));
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Self::of_folder(path),
            Ok(_) => {
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                Ok(Self {
                    folder,
                    files: vec![path],
                    problems: Vec::new(),
                })
            }
            Err(_) if entry.contains(['*', '?', '[']) => Self::of_glob(entry, base),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SourceError::NotFound {
                nearest: nearest_sibling(&path),
                path,
            }),
            Err(source) => Err(SourceError::Io { path, source }),
        }
    }

    fn of_folder(folder: PathBuf) -> Result<Self, SourceError> {
        let mut matches = Self {
            folder,
            files: Vec::new(),
            problems: Vec::new(),
        };
        matches.walk(&matches.folder.clone(), &mut Vec::new());
        if matches.files.is_empty() && matches.problems.is_empty() {
            return Err(SourceError::EmptyFolder {
                path: matches.folder,
            });
        }
        Ok(matches)
    }

    fn of_glob(entry: &str, base: &Path) -> Result<Self, SourceError> {
        let is_wild = |part: &&str| part.contains(['*', '?', '[']);
        let wild = entry
            .split('/')
            .position(|part| is_wild(&part))
            .unwrap_or_default();
        let fixed: usize = entry.split('/').take(wild).map(|part| part.len() + 1).sum();
        let (fixed, pattern) = entry.split_at(fixed);
        let folder = clean_path(&base.join(fixed));
        let Some(escaped) = folder.to_str().map(Pattern::escape) else {
            return Err(SourceError::Name { path: folder });
        };
        let whole = match escaped.as_str() {
            "." => pattern.to_owned(),
            escaped => format!("{}/{pattern}", escaped.trim_end_matches('/')),
        };
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let paths = glob_with(&whole, options).map_err(|error| SourceError::Pattern {
            pattern: entry.to_owned(),
            message: error.msg.to_owned(),
        })?;
        let mut matches = Self {
            folder,
            files: Vec::new(),
            problems: Vec::new(),
        };
        for path in paths {
            match path {
                Ok(path) if path.is_dir() => matches.walk(&path, &mut Vec::new()),
                Ok(path) => matches.files.push(clean_path(&path)),
                Err(error) => matches.problems.push(SourceError::Io {
                    path: error.path().to_owned(),
                    source: error.into(),
                }),
            }
        }
        if matches.files.is_empty() && matches.problems.is_empty() {
            return Err(SourceError::NoMatch {
                pattern: matches.folder.join(pattern),
            });
        }
        Ok(matches)
    }

    /// Adds the `*.parquet` files in `folder` and below. `above` are the folders on the way here:
    /// a link to one of them is a circle, and not followed.
    fn walk(&mut self, folder: &Path, above: &mut Vec<PathBuf>) {
        let real = folder.canonicalize();
        let entries = real.and_then(|real| {
            if above.contains(&real) {
                return Ok(Vec::new());
            }
            above.push(real);
            fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()
        });
        let entries = match entries {
            Ok(entries) if entries.is_empty() => return,
            Ok(entries) => entries,
            Err(source) => {
                self.problems.push(SourceError::Io {
                    path: folder.to_owned(),
                    source,
                });
                return;
            }
        };
        for entry in entries {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if path.is_dir() {
                self.walk(&path, above);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "parquet")
            {
                self.files.push(clean_path(&path));
            }
        }
        above.pop();
    }
}

/// The name in the folder of `path` that is most like its own.
fn nearest_sibling(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let names: Vec<String> = fs::read_dir(path.parent()?)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// What the name of an object in a store begins with: `s3://bucket`; nothing for a local path.
fn store_of(entry: &str) -> Option<&str> {
    if !store::is_remote(Path::new(entry)) {
        return None;
    }
    let (end, _) = entry.match_indices('/').nth(2).unwrap_or((entry.len(), ""));
    entry.get(..end)
}

/// `path` from the root of the file system, without detours; the name of an object as it is.
fn absolute(path: &Path) -> PathBuf {
    if store::is_remote(path) {
        return path.to_owned();
    }
    // The folder of a file that is named alone is empty, which means the one we are in.
    let path = clean_path(path);
    clean_path(&std::path::absolute(&path).unwrap_or(path))
}

fn common_ancestor(one: &Path, other: &Path) -> PathBuf {
    if store::is_remote(one) {
        // Taken apart and put together again, a URL would lose one of its slashes.
        let shared = one.ancestors().find(|above| other.starts_with(above));
        return shared.map(Path::to_owned).unwrap_or_default();
    }
    one.components()
        .zip(other.components())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect()
}

/// `path` below `root`, with `/` between its parts; nothing if it is not UTF-8.
fn relative_name(path: &Path, root: &Path) -> Option<String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Option<Vec<&str>> = below
        .components()
        .map(|component| component.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

/// `path` without `.` and, where the folder before it is known by name, without `..`; the name of an
/// object as it is.
pub(crate) fn clean_path(path: &Path) -> PathBuf {
    if store::is_remote(path) {
        return path.to_owned();
    }
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match clean.components().next_back() {
                Some(Component::Normal(_)) => {
                    clean.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => clean.push(".."),
            },
            other => clean.push(other),
        }
    }
    if clean.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files of these names.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn names(entries: &[&str], base: &Path) -> Vec<String> {
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        let expansion = expand(&entries, base);
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
        expansion.files.into_keys().collect()
    }

    fn problem(entries: &[&str], base: &Path) -> SourceError {
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        let mut problems = expand(&entries, base).problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn a_file_beside_a_pipeline_that_is_run_in_its_folder_has_its_plain_name() {
        // Tests run in the folder of the package.
        for entry in ["Cargo.toml", "./Cargo.toml", "src/../Cargo.toml"] {
            assert_eq!(names(&[entry], Path::new("")), ["Cargo.toml"], "{entry}");
        }
    }

    #[test]
    fn names_are_relative_to_what_the_entries_share() {
        let folder = folder(&[
            "data/b.parquet",
            "data/a.parquet",
            "data/deep/c.parquet",
            "data/.hidden.parquet",
            "data/.hidden/d.parquet",
            "data/notes.txt",
            "more/e.parquet",
            "pipelines/x.toml",
        ]);
        let base = folder.path().join("pipelines");
        let all = ["a.parquet", "b.parquet", "deep/c.parquet"];
        assert_eq!(names(&["../data"], &base), all);
        assert_eq!(names(&["../data/"], &base), all);
        assert_eq!(names(&["../data/**/*.parquet"], &base), all);
        assert_eq!(names(&["../data/*.parquet"], &base), all[..2]);
        assert_eq!(names(&["../data/d*"], &base), all[2..]);
        assert_eq!(
            names(&["../data/[a].parquet", "../data/deep/c.parquet"], &base),
            [all[0], all[2]]
        );
        assert_eq!(
            names(&["../more", "../data/*.parquet"], &base),
            ["data/a.parquet", "data/b.parquet", "more/e.parquet"]
        );
        assert_eq!(names(&["*.parquet"], &folder.path().join("data")), all[..2]);
    }

    #[test]
    fn brackets_in_a_name_are_not_a_glob() {
        let folder = folder(&["a[1].parquet", "[x]/b.parquet"]);
        assert_eq!(names(&["a[1].parquet"], folder.path()), ["a[1].parquet"]);
        assert_eq!(
            names(&["*.parquet"], &folder.path().join("[x]")),
            ["b.parquet"]
        );
    }

    #[test]
    fn entries_that_stand_for_nothing_are_named() {
        let folder = folder(&["data/train.parquet", "empty/x.txt"]);
        let base = folder.path();
        let error = problem(&["data/trian.parquet"], base);
        assert_eq!(error.code(), "A401");
        assert!(error.help().contains("train.parquet"), "{}", error.help());
        assert_eq!(problem(&["data/*.pq"], base).code(), "A402");
        assert_eq!(problem(&["data/***"], base).code(), "A403");
        assert_eq!(problem(&["empty"], base).code(), "A404");
        let error = problem(&["data", "data/train.parquet"], base);
        assert_eq!(error.code(), "A405");
        assert!(
            error
                .to_string()
                .contains("by `data` and by `data/train.parquet`"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn circles_of_links_end() {
        let folder = folder(&["data/a.parquet"]);
        std::os::unix::fs::symlink(folder.path().join("data"), folder.path().join("data/again"))
            .unwrap();
        assert_eq!(names(&["data"], folder.path()), ["a.parquet"]);
    }

    #[test]
    fn detours_are_removed() {
        for (path, clean) in [
            ("a/./b/../c", "a/c"),
            ("../a", "../a"),
            ("a/..", "."),
            ("/../a", "/a"),
            ("./a", "a"),
        ] {
            assert_eq!(clean_path(Path::new(path)), Path::new(clean));
        }
    }
}
