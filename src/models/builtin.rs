//! The models in the program.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "resources/models/"]
struct Resources;

/// The names of the built-in models, sorted.
pub fn builtin_names() -> Vec<String> {
    let folders: BTreeSet<String> = Resources::iter()
        .filter_map(|path| path.split_once('/').map(|(folder, _)| folder.to_owned()))
        .collect();
    folders.into_iter().collect()
}

/// The files of a built-in model, by their names; none if there is no such model.
pub(super) fn files(name: &str) -> BTreeMap<String, Cow<'static, [u8]>> {
    let within = |path: &str| -> Option<String> {
        let rest = path.strip_prefix(name)?.strip_prefix('/')?;
        Some(rest.to_owned())
    };
    Resources::iter()
        .filter_map(|path| Some((within(&path)?, Resources::get(&path)?.data)))
        .collect()
}
