//! The folder that fetched libraries stay in.

use std::path::PathBuf;

use super::{Surroundings, pinned};

/// The cache folder of this program: `AUGMENT_CACHE`, or `augment` in the user's cache folder
/// (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows).
/// Nothing where the environment names none of them.
pub fn cache_folder(surroundings: &Surroundings) -> Option<PathBuf> {
    if let Some(folder) = surroundings.path("AUGMENT_CACHE") {
        return Some(folder);
    }
    let caches = if cfg!(windows) {
        surroundings.path("LOCALAPPDATA")
    } else {
        // The standard has relative paths ignored.
        let named = surroundings.path("XDG_CACHE_HOME");
        let usual = if cfg!(target_os = "macos") {
            "Library/Caches"
        } else {
            ".cache"
        };
        named
            .filter(|path| path.is_absolute())
            .or_else(|| surroundings.home().map(|home| home.join(usual)))
    };
    caches.map(|caches| caches.join("augment"))
}

/// Where the library of the pinned version is kept.
pub(super) fn library_folder(surroundings: &Surroundings) -> Option<PathBuf> {
    let name = format!("onnxruntime-{}", pinned::VERSION);
    cache_folder(surroundings).map(|folder| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(variables: &[(&'static str, &'static str)]) -> Option<PathBuf> {
        let variables = variables.to_vec();
        let surroundings = Surroundings::new(None, move |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        });
        cache_folder(&surroundings)
    }

    #[test]
    fn an_explicit_folder_is_taken_as_it_is() {
        assert_eq!(
            folder(&[("AUGMENT_CACHE", "here"), ("HOME", "/home/ann")]),
            Some("here".into())
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_users_cache_is_the_default() {
        let home = ("HOME", "/home/ann");
        assert_eq!(folder(&[home]), Some("/home/ann/.cache/augment".into()));
        assert_eq!(
            folder(&[("XDG_CACHE_HOME", "/fast"), ("HOME", "/home/ann")]),
            Some("/fast/augment".into())
        );
        assert_eq!(
            folder(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/home/ann")]),
            Some("/home/ann/.cache/augment".into())
        );
        assert_eq!(folder(&[]), None);
    }
}
