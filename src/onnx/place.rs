//! Where the library is looked for.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Surroundings, cache, python};

/// A place that may hold the library of ONNX Runtime. The order of [`Place::ALL`] is the order of
/// the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `--ort-lib`.
    Flag,
    /// The variable `ORT_DYLIB_PATH`.
    Variable,
    /// The folder of the running program.
    Program,
    /// Our cache folder.
    Cache,
    /// The package `onnxruntime` of the active Python environment.
    Python,
    /// Where the system keeps its libraries.
    System,
}

impl Place {
    /// All places, in the order of the search.
    pub const ALL: [Self; 6] = [
        Self::Flag,
        Self::Variable,
        Self::Program,
        Self::Cache,
        Self::Python,
        Self::System,
    ];

    /// Whether a person has named the library here: then it is this one or none.
    pub(super) fn is_explicit(self) -> bool {
        matches!(self, Self::Flag | Self::Variable)
    }

    /// What is there. Nothing is loaded.
    pub(super) fn look(self, flag: Option<&Path>, surroundings: &Surroundings) -> Finding {
        let finding = |libraries: Vec<PathBuf>, note: String| Finding {
            place: self,
            libraries,
            note,
        };
        match self {
            Self::Flag => named(self, flag.map(Path::to_owned)),
            Self::Variable => named(self, surroundings.path("ORT_DYLIB_PATH")),
            Self::Program => match surroundings.program_folder() {
                Some(folder) => finding(libraries_in(folder), none_in(folder)),
                None => finding(
                    Vec::new(),
                    "the system does not tell which folder that is".to_owned(),
                ),
            },
            Self::Cache => match cache::library_folder(surroundings) {
                Some(folder) => finding(libraries_in(&folder), none_in(&folder)),
                None => finding(
                    Vec::new(),
                    "no cache folder is known: set AUGMENT_CACHE".to_owned(),
                ),
            },
            Self::Python => {
                let environment = python::active(surroundings);
                let libraries = environment
                    .site_packages
                    .iter()
                    .flat_map(|folder| libraries_in(&folder.join("onnxruntime").join("capi")))
                    .collect();
                finding(libraries, environment.note)
            }
            Self::System => finding(
                system_libraries(surroundings),
                "no name to look for".to_owned(),
            ),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flag => "--ort-lib",
            Self::Variable => "ORT_DYLIB_PATH",
            Self::Program => "beside the program",
            Self::Cache => "the cache",
            Self::Python => "the Python environment",
            Self::System => "the system",
        })
    }
}

/// What a place holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The place.
    pub place: Place,
    /// Libraries that may be ONNX Runtime, in the order of trial. A bare name is looked for by
    /// the loader.
    pub libraries: Vec<PathBuf>,
    /// What to say where there are none.
    pub note: String,
}

fn none_in(folder: &Path) -> String {
    format!("no library in {}", folder.display())
}

/// What every place holds, in the order of the search.
pub fn survey(flag: Option<&Path>, surroundings: &Surroundings) -> Vec<Finding> {
    let look = |place: &Place| place.look(flag, surroundings);
    Place::ALL.iter().map(look).collect()
}

/// What a person has named: a library, or a folder with one.
fn named(place: Place, path: Option<PathBuf>) -> Finding {
    let Some(path) = path else {
        return Finding {
            place,
            libraries: Vec::new(),
            note: "not given".to_owned(),
        };
    };
    let within = if path.is_dir() {
        libraries_in(&path)
    } else {
        Vec::new()
    };
    Finding {
        place,
        note: none_in(&path),
        libraries: if within.is_empty() {
            vec![path]
        } else {
            within
        },
    }
}

/// Whether a file of this name is the library: `libonnxruntime.so`, `libonnxruntime.so.1.31.1`,
/// `libonnxruntime.1.31.1.dylib`, `onnxruntime.dll`.
fn is_library(name: &str) -> bool {
    let is_version = |text: &str| {
        text.is_empty()
            || text.starts_with('.')
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    if cfg!(windows) {
        return name.eq_ignore_ascii_case("onnxruntime.dll");
    }
    let Some(rest) = name.strip_prefix("libonnxruntime") else {
        return false;
    };
    if cfg!(target_os = "macos") {
        rest.strip_suffix(".dylib").is_some_and(is_version)
    } else {
        rest.strip_prefix(".so").is_some_and(is_version)
    }
}

/// The version in the name of a library, as numbers; empty if there is none.
pub(super) fn version_of(name: &str) -> Vec<u32> {
    name.split(|character: char| !character.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// The libraries in `folder`, the newest first. Links to the same file count once.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_library(name))
        .map(|name| (version_of(&name), folder.join(name)))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    let mut seen = Vec::new();
    found.retain(|(_, path)| {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    found.into_iter().map(|(_, path)| path).collect()
}

/// Libraries of the system: those that the loader lists, then the names that it may know.
fn system_libraries(surroundings: &Surroundings) -> Vec<PathBuf> {
    let mut libraries = Vec::new();
    if cfg!(target_os = "linux") {
        let program = surroundings.find_program("ldconfig");
        let listed = Command::new(program.unwrap_or_else(|| "/sbin/ldconfig".into()))
            .arg("-p")
            .output();
        if let Ok(output) = listed {
            libraries = listed_libraries(&String::from_utf8_lossy(&output.stdout));
        }
    }
    if cfg!(target_os = "macos") {
        for folder in ["/opt/homebrew/lib", "/usr/local/lib"] {
            libraries.extend(libraries_in(Path::new(folder)));
        }
    }
    let names: &[&str] = if cfg!(windows) {
        // Windows itself ships an old one under this name: it is refused for its version.
        &["onnxruntime.dll"]
    } else if cfg!(target_os = "macos") {
        &["libonnxruntime.dylib"]
    } else {
        &["libonnxruntime.so.1", "libonnxruntime.so"]
    };
    libraries.extend(names.iter().map(PathBuf::from));
    libraries
}

/// The libraries in what `ldconfig -p` prints: lines like
/// `libonnxruntime.so.1 (libc6,x86-64) => /usr/lib/libonnxruntime.so.1`.
fn listed_libraries(text: &str) -> Vec<PathBuf> {
    text.lines()
        .filter_map(|line| line.trim().split_once(" => "))
        .filter(|(name, _)| name.split(' ').next().is_some_and(is_library))
        .map(|(_, path)| PathBuf::from(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn libraries_are_known_by_their_names() {
        for name in [
            "libonnxruntime.so",
            "libonnxruntime.so.1",
            "libonnxruntime.so.1.31.1",
        ] {
            assert!(is_library(name), "{name}");
        }
        for name in [
            "libonnxruntime_providers_cuda.so",
            "libonnxruntime_providers_shared.so",
            "libonnxruntime4j_jni.so",
            "libonnxruntime.so.debug",
            "onnxruntime.dll",
            "libonnxruntime.dylib",
        ] {
            assert!(!is_library(name), "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_newest_library_comes_first_and_links_count_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.31.1",
            "x.so",
        ] {
            fs::write(path(name), name).unwrap();
        }
        std::os::unix::fs::symlink("libonnxruntime.so.1.31.1", path("libonnxruntime.so")).unwrap();
        assert_eq!(
            libraries_in(folder.path()),
            [
                path("libonnxruntime.so.1.31.1"),
                path("libonnxruntime.so.1.9.0")
            ]
        );
        assert_eq!(libraries_in(&path("none")), Vec::<PathBuf>::new());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_loader_lists_is_read() {
        let text = "3 libs found in cache `/etc/ld.so.cache'\n\
                    \tlibz.so.1 (libc6,x86-64) => /lib/libz.so.1\n\
                    \tlibonnxruntime.so.1.21 (libc6,x86-64) => /usr/lib/libonnxruntime.so.1.21\n\
                    \tlibonnxruntime_providers_shared.so (libc6) => /usr/lib/x.so\n";
        assert_eq!(
            listed_libraries(text),
            [PathBuf::from("/usr/lib/libonnxruntime.so.1.21")]
        );
    }

    #[test]
    fn a_named_folder_stands_for_the_library_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let empty = named(Place::Flag, Some(folder.path().to_owned()));
        assert_eq!(empty.libraries, [folder.path()]);
        let name = if cfg!(windows) {
            "onnxruntime.dll"
        } else if cfg!(target_os = "macos") {
            "libonnxruntime.dylib"
        } else {
            "libonnxruntime.so"
        };
        fs::write(folder.path().join(name), "").unwrap();
        let found = named(Place::Flag, Some(folder.path().to_owned()));
        assert_eq!(found.libraries, [folder.path().join(name)]);
        assert_eq!(named(Place::Flag, None).libraries, Vec::<PathBuf>::new());
    }
}
