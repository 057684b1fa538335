//! Looking at all rows before the run, for operators whose output depends on all of them.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::{Configured, OperatorError, Resources, ScratchFolder, TextColumn};

/// What a survey found out: a value of whatever type the operator expects.
pub type Surveyed = Arc<dyn Any + Send + Sync>;

/// A file that is surveyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedShard {
    /// The id of its source.
    pub source: String,
    /// Its path relative to the root of the source.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
}

/// What is known when a survey begins.
#[derive(Debug, Clone, Copy)]
pub struct SurveySite<'a> {
    /// The columns of the sources.
    pub schema: &'a SchemaRef,
    /// The text column among them.
    pub text: &'a TextColumn,
    /// All shards of the sources, whatever part of them the run works on: sources in the order of
    /// the operator's `inputs`, shards in that of their paths.
    pub shards: &'a [SurveyedShard],
    /// An empty folder for what does not fit into memory. It is removed when the survey is over.
    pub folder: &'a Path,
}

/// Looks at all rows of the sources.
///
/// The result must depend on the rows and their order alone: not on how they are cut into batches,
/// nor on which shard is noted when.
pub trait Survey: Send + Sync {
    /// The positions of the columns that are to be read, ascending.
    fn columns(&self) -> &[usize];

    /// Takes note of rows of the shard at `shard` of [`SurveySite::shards`], the first of which has
    /// the number `first_row` in it. `columns` are those asked for. Many threads call this at a
    /// time, also with batches of one shard, which may come in any order.
    ///
    /// # Errors
    /// A message that names what is wrong and the remedy.
    fn note(&self, shard: usize, first_row: u64, columns: &[ArrayRef])
    -> Result<(), OperatorError>;

    /// What was found out, once all rows are noted; nothing if `stopped` says so meanwhile. May use
    /// so many threads.
    ///
    /// # Errors
    /// A message that names what is wrong and the remedy.
    fn finish(
        &self,
        threads: usize,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Surveyed>, OperatorError>;
}

/// Makes the survey of the operator `id` on a source that is one shard, with the rows of `records`:
/// for operators that run without a pipeline.
///
/// # Errors
/// Those of the survey.
pub fn survey_batch(
    configured: &dyn Configured,
    id: &str,
    text: &TextColumn,
    (source, path): (&str, &str),
    records: &RecordBatch,
    resources: &Resources,
) -> Result<(), OperatorError> {
    let folder = ScratchFolder::temporary()
        .map_err(|error| OperatorError::Other(format!("no temporary folder: {error}")))?;
    let shards = [SurveyedShard {
        source: source.to_owned(),
        path: path.to_owned(),
        rows: records.num_rows() as u64,
    }];
    let survey = configured.survey(&SurveySite {
        schema: &records.schema(),
        text,
        shards: &shards,
        folder: folder.path(),
    })?;
    if let Some(survey) = survey {
        let columns = records.project(survey.columns())?;
        survey.note(0, 0, columns.columns())?;
        if let Some(found) = survey.finish(1, &|| false)? {
            resources.set_surveyed(id, found);
        }
    }
    Ok(())
}
