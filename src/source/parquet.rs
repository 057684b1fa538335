//! The options of a Parquet source.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ShardUnit;
use crate::columns::{SpanNames, SpanTable, TextNames};
use crate::diagnostic::Problem;
use crate::store::read_problem;

/// Reads Parquet files. A file, or a part of a large one, is a shard: the unit of commit and resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParquetSourceConfig {
    /// Files, globs and folders, relative to the pipeline file. A folder stands for all
    /// `*.parquet` files in it and below; hidden files and folders are skipped. Shards are read in
    /// the order of their names. Objects in stores are named by URLs: `s3://bucket/folder/*.parquet`,
    /// `gs://bucket/folder/`, `az://container/file.parquet`, single files of servers of the web
    /// `https://host/file.parquet`. All of a source must be in one store. Credentials come from the
    /// usual environment variables.
    pub paths: Vec<String>,
    /// The column that operators rewrite: `Utf8`, `LargeUtf8`, `Utf8View`, or a dictionary of one
    /// of these. All other columns ride along unchanged. Several texts are a list:
    /// `["premise", "hypothesis"]`. A path leads to nested ones: `meta.summary` is a field of a
    /// struct, `answers[]` the items of a list, `messages[].content` a field of each of its structs.
    pub text: TextNames,
    /// The column that identifies a row. Random draws then follow the id, wherever the row stands.
    /// Without it a row is identified by the name of its shard and its number.
    #[serde(default)]
    pub id: Option<String>,
    /// Columns of annotations: lists of structs that say where in a text something starts and ends,
    /// which are kept in step with it. A name, a table with the keys `column`, `text`, `unit`
    /// (`characters` or `bytes`), `on_cut` (`protect`: annotated text is not edited; `drop`: an
    /// annotation that is cut goes, and is counted), `start` and `end` (the names of the fields), or
    /// a list of such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<SpanNames>,
    /// What is one shard, which is read, written and committed alone: `file`, `row_group`, or `auto`
    /// for files of up to 256 MiB (decompressed) and, where a file is larger, ranges of its row groups
    /// of about that size. An interrupted run repeats at most the shards that it was working on. The
    /// rows are the same either way, and so are their identities and all draws; only the output files
    /// are others: where `{shard}` is `big` for the whole file, it is `big-00003-of-00012` for a part.
    #[serde(default)]
    pub shard: ShardUnit,
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
            } else if let Some((message, help)) = read_problem(path) {
                problems.push(Problem::new("paths", message, help));
            }
        }
        if let Some((message, help)) = self.text.problem() {
            problems.push(Problem::new("text", message, help));
        }
        if self.id.as_ref().is_some_and(String::is_empty) {
            problems.push(Problem::new(
                "id",
                "`id` is empty",
                "give the name of a column",
            ));
        }
        let spans = self.span_tables();
        for (place, table) in spans.iter().enumerate() {
            let is_same = |earlier: &SpanTable| earlier.column == table.column;
            if spans.iter().take(place).any(is_same) {
                problems.push(Problem::new(
                    &format!("spans.{place}"),
                    format!("`spans` names `{}` twice", table.column),
                    "name each column once",
                ));
            }
        }
        problems
    }

    /// The columns of annotations.
    pub fn span_tables(&self) -> Vec<SpanTable> {
        self.spans
            .as_ref()
            .map(SpanNames::tables)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_problems_at_once() {
        let config = ParquetSourceConfig {
            paths: vec![String::new(), "ftp://host/a.parquet".to_owned()],
            text: TextNames::from(""),
            id: Some(String::new()),
            spans: None,
            shard: ShardUnit::Auto,
        };
        let options: Vec<_> = config
            .validate()
            .into_iter()
            .map(|problem| problem.option)
            .collect();
        assert_eq!(options, ["paths", "paths", "text", "id"]);
        let none = ParquetSourceConfig {
            paths: vec![],
            text: TextNames::from("text"),
            id: None,
            spans: None,
            shard: ShardUnit::Auto,
        };
        assert_eq!(none.validate().len(), 1);
    }
}
