//! The active Python environment, found without starting Python where possible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Surroundings;

/// A Python environment.
#[derive(Debug)]
pub(super) struct Environment {
    /// The folders that its packages are installed in.
    pub(super) site_packages: Vec<PathBuf>,
    /// What to say where it has no library.
    pub(super) note: String,
}

/// What `python3` is asked. `-c` alone imports nothing but `site`, which decides about `sys.path`.
const QUESTION: &str = "import sys; print('\\n'.join(sys.path))";

/// The environment that a shell has activated: a virtual environment, one of conda, else that of
/// the `python3` on the path.
pub(super) fn active(surroundings: &Surroundings) -> Environment {
    let mut site_packages = Vec::new();
    let mut notes = Vec::new();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(root) = surroundings.path(variable) {
            notes.push(format!("{} ({variable})", root.display()));
            site_packages.extend(site_packages_of(&root));
        }
    }
    if !notes.is_empty() {
        return Environment {
            site_packages,
            note: format!("no package onnxruntime in {}", notes.join(", ")),
        };
    }
    let name = if cfg!(windows) { "python" } else { "python3" };
    let Some(python) = surroundings.find_program(name) else {
        return Environment {
            site_packages,
            note: format!("no environment is active, and there is no `{name}` on the path"),
        };
    };
    let answer = Command::new(&python)
        .args(["-c", QUESTION])
        .stdin(Stdio::null())
        .output();
    match answer {
        Ok(output) if output.status.success() => Environment {
            site_packages: packages_in_answer(&String::from_utf8_lossy(&output.stdout)),
            note: format!("no package onnxruntime for {}", python.display()),
        },
        Ok(output) => Environment {
            site_packages,
            note: format!("{} does not answer: {}", python.display(), output.status),
        },
        Err(error) => Environment {
            site_packages,
            note: format!("{} does not start: {error}", python.display()),
        },
    }
}

/// The folder of packages in the environment at `root`.
pub(super) fn site_packages_of(root: &Path) -> Vec<PathBuf> {
    if cfg!(windows) {
        return vec![root.join("Lib").join("site-packages")];
    }
    let mut found = Vec::new();
    for folder in ["lib", "lib64"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        let of_python = |path: &PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("python3"))
        };
        let mut versions: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(of_python)
            .collect();
        versions.sort();
        found.extend(
            versions
                .into_iter()
                .map(|version| version.join("site-packages")),
        );
    }
    found.retain(|folder| folder.is_dir());
    found.dedup_by_key(|folder| folder.canonicalize().unwrap_or_else(|_| folder.clone()));
    found
}

/// The folders in what Python answered: those that packages are installed in, not those of the
/// standard library.
fn packages_in_answer(answer: &str) -> Vec<PathBuf> {
    answer
        .lines()
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute() && folder.join("onnxruntime").is_dir())
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_active_environment_is_found_without_python() {
        let root = tempfile::tempdir().unwrap();
        let packages = root.path().join("lib/python3.12/site-packages");
        fs::create_dir_all(&packages).unwrap();
        for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
            let value = OsString::from(root.path());
            let surroundings =
                Surroundings::new(None, move |name| (name == variable).then(|| value.clone()));
            let environment = active(&surroundings);
            assert_eq!(environment.site_packages, [packages.as_path()]);
            assert!(environment.note.contains(variable), "{}", environment.note);
        }
    }

    /// Surroundings whose path has one folder with a `python3` that runs `script`.
    fn with_python(folder: &Path, script: &str) -> Surroundings {
        let python = folder.join("python3");
        fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let path = OsString::from(folder);
        Surroundings::new(None, move |name| (name == "PATH").then(|| path.clone()))
    }

    #[test]
    fn the_python_on_the_path_is_asked() {
        let root = tempfile::tempdir().unwrap();
        let packages = root.path().join("packages");
        fs::create_dir_all(packages.join("onnxruntime")).unwrap();
        let answer = format!(
            "echo; echo /usr/lib/python3.12; echo {}",
            packages.display()
        );
        let environment = active(&with_python(root.path(), &answer));
        assert_eq!(environment.site_packages, [packages.as_path()]);
        let environment = active(&with_python(root.path(), "exit 3"));
        assert_eq!(environment.site_packages, Vec::<PathBuf>::new());
        assert!(environment.note.contains("does not answer"));
    }

    #[test]
    fn no_python_is_said() {
        let environment = active(&Surroundings::new(None, |_| None));
        assert!(environment.note.contains("no `python3` on the path"));
    }
}
