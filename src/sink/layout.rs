//! Where a sink's files go.

use std::path::{Path, PathBuf};

use super::parquet::ParquetSinkConfig;
use crate::diagnostic::Problem;
use crate::source::clean_path;
use crate::store;

/// The placeholders of a path template.
const PLACEHOLDERS: [&str; 2] = ["{shard}", "{source}"];

/// A sink's path template, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkLayout {
    /// The folder that all files of the sink lie in or below: what stands before the first part of
    /// the path with a placeholder.
    pub root: PathBuf,
    /// The rest of the path, with its placeholders.
    template: String,
}

impl SinkLayout {
    /// The layout of a sink in a pipeline file in the folder `base`.
    pub fn new(config: &ParquetSinkConfig, base: &Path) -> Self {
        let fixed = config
            .path
            .find('{')
            .and_then(|placeholder| config.path.get(..placeholder))
            .unwrap_or(&config.path)
            .rfind('/')
            .map_or(0, |slash| slash + 1);
        let (root, template) = config.path.split_at(fixed);
        Self {
            root: clean_path(&store::resolve(base, root)),
            template: template.to_owned(),
        }
    }

    /// The file for a shard, given by the id of its source and by its path relative to the root of
    /// the source, without `.parquet`.
    pub fn target(&self, source: &str, shard: &str) -> PathBuf {
        let mut target = String::with_capacity(self.template.len() + shard.len());
        let mut rest = self.template.as_str();
        // In one pass, so that a placeholder in the name of a shard stays as it is.
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            target.push_str(before);
            rest = if let Some(after) = from.strip_prefix("{shard}") {
                target.push_str(shard);
                after
            } else if let Some(after) = from.strip_prefix("{source}") {
                target.push_str(source);
                after
            } else {
                target.push('{');
                from.strip_prefix('{').unwrap_or_default()
            };
        }
        target.push_str(rest);
        self.root.join(target)
    }
}

/// What is wrong with a path template.
pub(super) fn template_problems(template: &str) -> Vec<Problem> {
    const EXAMPLE: &str = "write for example `path = \"out/{shard}.parquet\"`";
    let mut problems = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let from = rest.get(open..).unwrap_or_default();
        let close = from.find('}').map_or(from.len(), |close| close + 1);
        let (placeholder, after) = from.split_at(close);
        if !PLACEHOLDERS.contains(&placeholder) {
            problems.push(Problem::new(
                "path",
                format!("`{placeholder}` is not a placeholder"),
                "the placeholders are `{shard}` and `{source}`",
            ));
        }
        rest = after;
    }
    if let Some((message, help)) = store::write_problem(template) {
        problems.push(Problem::new("path", message, help));
    }
    if !template.contains("{shard}") {
        problems.push(Problem::new(
            "path",
            "`path` has no `{shard}`: all shards would go to one file",
            EXAMPLE,
        ));
    }
    if template.ends_with('/') || template.is_empty() {
        problems.push(Problem::new("path", "`path` names no file", EXAMPLE));
    }
    if template
        .split('/')
        .skip_while(|part| !part.contains('{'))
        .any(|part| part == "..")
    {
        problems.push(Problem::new(
            "path",
            "`path` has a `..` after a placeholder",
            "all files of a sink must lie below one folder: put `..` at the front",
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(path: &str) -> SinkLayout {
        SinkLayout::new(&ParquetSinkConfig::new(path), Path::new("pipelines"))
    }

    #[test]
    fn root_is_the_folder_before_the_first_placeholder() {
        for (path, root, target) in [
            (
                "out/{shard}.parquet",
                "pipelines/out",
                "pipelines/out/sub/a.parquet",
            ),
            (
                "../out/x-{source}/{shard}.pq",
                "out",
                "out/x-train/sub/a.pq",
            ),
            ("{shard}.parquet", "pipelines", "pipelines/sub/a.parquet"),
            (
                "/abs/{source}.{shard}.parquet",
                "/abs",
                "/abs/train.sub/a.parquet",
            ),
        ] {
            let layout = layout(path);
            assert_eq!(layout.root, Path::new(root));
            assert_eq!(layout.target("train", "sub/a"), Path::new(target));
        }
    }

    #[test]
    fn names_of_shards_are_not_templates() {
        let target = layout("out/{shard}-{source}.parquet").target("s", "{source}{");
        assert_eq!(target, Path::new("pipelines/out/{source}{-s.parquet"));
    }

    #[test]
    fn wrong_templates_are_refused() {
        for (path, problems) in [
            ("out/{shard}.parquet", 0),
            ("out/{source}.parquet", 1),
            ("out/{shard}/{name}.parquet", 1),
            ("out/{shard}/", 1),
            ("out/{shard", 2),
            ("ftp://out/{shard}.parquet", 1),
            ("out/{shard}/../x.parquet", 1),
            ("../out/{shard}.parquet", 0),
            ("", 2),
        ] {
            assert_eq!(template_problems(path).len(), problems, "{path}");
        }
    }
}
