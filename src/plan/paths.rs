//! Where files would be written: never twice to one path, never over an input, and under a name by which
//! they are found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::Catalog;
use super::nodes::Nodes;
use super::reach::Reach;
use crate::config::{RawNode, RawPipeline};
use crate::diagnostic::Diagnostic;
use crate::sink::{SinkError, SinkLayout};
use crate::source::clean_path;
use crate::store;

/// Checks the paths of all sinks against each other and against the files of the sources.
pub(super) fn check(
    raw: &RawPipeline<'_>,
    nodes: &Nodes,
    reach: &Reach,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) {
    let inputs = Inputs::new(raw, nodes);
    let mut layouts: Vec<(&RawNode<'_>, SinkLayout)> = Vec::new();
    let mut written: BTreeMap<PathBuf, (&str, String)> = BTreeMap::new();
    for (sink, (node, config)) in raw.sinks.iter().zip(&nodes.sinks).enumerate() {
        let Some(config) = config else { continue };
        problems.extend(without_ending(node, &config.path));
        let layout = SinkLayout::new(config, raw.document.base());
        if let Some((other, _)) = layouts.iter().find(|(_, other)| *other == layout) {
            problems.push(same_path(node, &other.id));
            continue;
        }
        layouts.push((node, layout.clone()));
        let sources = &reach.sinks[sink];
        if sources.len() > 1 && !config.path.contains("{source}") {
            problems.push(needs_source(raw, node, sources, &config.path));
            continue;
        }
        let found = sources.iter().find_map(|&source| {
            let id = &raw.sources.get(source)?.id;
            let facts = nodes.sources.get(source)?.facts.as_ref()?;
            facts.shards.iter().find_map(|shard| {
                let target = layout.target(id, &shard.stem());
                if let Err(error) = catalog.outlet(&layout.root, &target) {
                    return Some(leads_elsewhere(node, &error));
                }
                let target = absolute(&target);
                if let Some(problem) = inputs.clash(node, &target) {
                    return Some(problem);
                }
                let from = format!("{id}/{}", shard.name());
                match written.insert(target, (&node.id, from.clone())) {
                    Some((other, _)) if other != node.id => Some(same_path(node, other)),
                    Some((_, earlier)) => Some(same_file(node, &earlier, &from)),
                    None => None,
                }
            })
        });
        problems.extend(found);
    }
}

/// A warning where files would get no ending: whoever looks for `*.parquet` would not find them.
fn without_ending(node: &RawNode<'_>, path: &str) -> Option<Diagnostic> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ends = name.contains('.') || name.is_empty();
    (!ends).then(|| {
        let message = format!("the files of sink `{}` have no ending", node.id);
        Diagnostic::warning("A224", message)
            .at(node.place_of("path"))
            .label("`*.parquet` will not find them")
            .help(format!("write `path = \"{path}.parquet\"`"))
    })
}

fn leads_elsewhere(node: &RawNode<'_>, error: &SinkError) -> Diagnostic {
    Diagnostic::error(error.code(), error.to_string())
        .at(node.place_of("path"))
        .label("leads elsewhere")
        .help(error.help())
}

fn same_path(node: &RawNode<'_>, other: &str) -> Diagnostic {
    Diagnostic::error(
        "A210",
        format!("sinks `{other}` and `{}` write to the same files", node.id),
    )
    .at(node.place_of("path"))
    .label(format!("`{other}` writes there too"))
    .help("give each a folder of its own, or let one sink read the inputs of both")
}

fn needs_source(
    raw: &RawPipeline<'_>,
    node: &RawNode<'_>,
    sources: &BTreeSet<usize>,
    path: &str,
) -> Diagnostic {
    let names: Vec<String> = sources
        .iter()
        .filter_map(|source| raw.sources.get(*source))
        .map(|source| format!("`{}`", source.id))
        .collect();
    let message = format!(
        "rows of {} reach sink `{}`, but its path has no `{{source}}`",
        names.join(", "),
        node.id
    );
    Diagnostic::error("A211", message)
        .at(node.place_of("path"))
        .label("shards of the same name would collide")
        .help(format!(
            "write `path = \"{}\"`",
            path.replacen("{shard}", "{source}/{shard}", 1)
        ))
}

fn same_file(node: &RawNode<'_>, earlier: &str, later: &str) -> Diagnostic {
    let message = format!(
        "the shards `{earlier}` and `{later}` go to one file of sink `{}`",
        node.id
    );
    Diagnostic::error("A212", message)
        .at(node.place_of("path"))
        .label("two shards, one file")
        .help("rename one of the input files, or read them as two sources and put `{source}` in the path")
}

/// The files that are read, and the patterns by which they are found.
struct Inputs<'a> {
    files: BTreeMap<PathBuf, &'a str>,
    places: Vec<(&'a str, &'a str, Place)>,
}

enum Place {
    Folder(PathBuf),
    Glob(Pattern),
}

impl<'a> Inputs<'a> {
    fn new(raw: &'a RawPipeline<'_>, nodes: &'a Nodes) -> Self {
        let mut inputs = Self {
            files: BTreeMap::new(),
            places: Vec::new(),
        };
        for (node, source) in raw.sources.iter().zip(&nodes.sources) {
            for shard in source.facts.iter().flat_map(|facts| &facts.files) {
                inputs.files.insert(absolute(&shard.path), &node.id);
            }
            for path in source.config.iter().flat_map(|config| &config.paths) {
                let joined = absolute(&store::resolve(raw.document.base(), path));
                let place = if path.contains(['*', '?', '[']) {
                    Pattern::new(&joined.to_string_lossy())
                        .ok()
                        .map(Place::Glob)
                } else {
                    Some(Place::Folder(joined))
                };
                inputs
                    .places
                    .extend(place.map(|place| (node.id.as_str(), path.as_str(), place)));
            }
        }
        inputs
    }

    /// What is wrong with writing to `target`, if it is, or would become, an input.
    fn clash(&self, node: &RawNode<'_>, target: &Path) -> Option<Diagnostic> {
        if let Some(source) = self.files.get(target) {
            let message = format!(
                "sink `{}` would overwrite the files of source `{source}`",
                node.id
            );
            return Some(
                Diagnostic::error("A213", message)
                    .at(node.place_of("path"))
                    .label("leads back to the input")
                    .help("write to another folder, for example `path = \"out/{shard}.parquet\"`"),
            );
        }
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let (source, path, _) = self.places.iter().find(|(_, _, place)| match place {
            Place::Folder(folder) => {
                target.starts_with(folder) && target.extension().is_some_and(|end| end == "parquet")
            }
            Place::Glob(pattern) => pattern.matches_path_with(target, options),
        })?;
        let message = format!(
            "sink `{}` writes where source `{source}` reads: the next run would read its output",
            node.id
        );
        Some(
            Diagnostic::error("A214", message)
                .at(node.place_of("path"))
                .label(format!("matched by `{path}`"))
                .help("write to a folder that no source reads, for example `path = \"out/{shard}.parquet\"`"),
        )
    }
}

/// The path from the root of the file system on, without detours. Links are not followed.
fn absolute(path: &Path) -> PathBuf {
    if store::is_remote(path) {
        return path.to_owned();
    }
    let absolute = std::path::absolute(path);
    clean_path(absolute.as_deref().unwrap_or(path))
}
