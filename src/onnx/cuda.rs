//! The libraries of CUDA that Python packages bring along.

use std::fs;
use std::path::{Path, PathBuf};

use ort::ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS};
use ort::util::preload_dylib;

use super::{Surroundings, python};

/// Loads the libraries that ONNX Runtime's CUDA provider needs from the `nvidia-*` packages beside
/// the library at `runtime`, or in the active environment. What is not there is left to the
/// loader.
pub(super) fn preload(runtime: &Path, surroundings: &Surroundings) {
    let mut roots: Vec<PathBuf> = runtime
        .ancestors()
        .filter(|folder| folder.ends_with("site-packages"))
        .map(Path::to_owned)
        .collect();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(root) = surroundings.path(variable) {
            roots.extend(python::site_packages_of(&root));
        }
    }
    let folders: Vec<PathBuf> = roots.iter().flat_map(|root| packages(root)).collect();
    for library in CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS) {
        let found = folders.iter().map(|folder| folder.join(library));
        for path in found.filter(|path| path.is_file()) {
            if preload_dylib(&path).is_ok() {
                break;
            }
        }
    }
}

/// The folders with libraries of the `nvidia-*` packages in `site_packages`.
fn packages(site_packages: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(site_packages.join("nvidia")) else {
        return Vec::new();
    };
    let libraries = if cfg!(windows) { "bin" } else { "lib" };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path().join(libraries))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders
}
