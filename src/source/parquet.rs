//! The options of a Parquet source.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Problem;

/// Reads Parquet files. Each file is one shard: the unit of commit and resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParquetSourceConfig {
    /// Files, globs and folders, relative to the pipeline file. A folder stands for all
    /// `*.parquet` files in it and below; hidden files and folders are skipped. Shards are read in
    /// the order of their names.
    pub paths: Vec<String>,
    /// The column that operators rewrite: `Utf8`, `LargeUtf8`, `Utf8View`, or a dictionary of one
    /// of these. All other columns ride along unchanged.
    pub text: String,
    /// The column that identifies a row. Random draws then follow the id, wherever the row stands.
    /// Without it a row is identified by the name of its shard and its number.
    #[serde(default)]
    pub id: Option<String>,
}

impl ParquetSourceConfig {
    /// Looks for problems that need no data.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.paths.is_empty() {
            problems.push(Problem::new(
                "paths",
                "`paths` names no file",
                "give at least one file, glob or folder, for example `paths = [\"data/*.parquet\"]`",
            ));
        }
        for path in &self.paths {
            if path.trim().is_empty() {
                problems.push(Problem::new(
                    "paths",
                    "`paths` holds an empty path",
                    "take it out, or write `.` for the folder of the pipeline file",
                ));
            } else if path.contains("://") {
                problems.push(Problem::new(
                    "paths",
                    format!("`{path}` is not a local path"),
                    "copy or mount the files, and give the path of the copy",
                ));
            }
        }
        for (option, name) in [("text", Some(&self.text)), ("id", self.id.as_ref())] {
            if name.is_some_and(String::is_empty) {
                problems.push(Problem::new(
                    option,
                    format!("`{option}` is empty"),
                    "give the name of a column",
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_problems_at_once() {
        let config = ParquetSourceConfig {
            paths: vec![String::new(), "s3://bucket/a.parquet".to_owned()],
            text: String::new(),
            id: Some(String::new()),
        };
        let options: Vec<_> = config
            .validate()
            .into_iter()
            .map(|problem| problem.option)
            .collect();
        assert_eq!(options, ["paths", "paths", "text", "id"]);
        let none = ParquetSourceConfig {
            paths: vec![],
            text: "text".to_owned(),
            id: None,
        };
        assert_eq!(none.validate().len(), 1);
    }
}
