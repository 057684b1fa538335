//! The contract between the engine and what works on rows.
//!
//! There are two levels. A [`TextOperator`] sees one text and lists the edits it wants: the
//! framework applies them, keeps every other byte, makes replicas, counts and records lineage.
//! An [`Operator`] sees a whole [`Batch`] and answers with one batch per port.
//!
//! Each has a configuration type, deserialised from the operator's table in the pipeline file:
//! [`TextOperatorConfig`] and [`OperatorConfig`]. A [`Registry`] maps the `type` of a table to it.

mod amount;
mod apply;
mod chosen;
mod composite;
mod configured;
mod context;
mod document;
mod edits;
mod example;
mod kinds;
mod labels;
pub(crate) mod languages;
mod options;
mod registry;
mod resources;
mod rewritten;
mod row_texts;
mod schema;
mod scratch;
mod survey;
mod tally;
mod text;
mod text_column;
mod yields;

pub use crate::columns::TextNames;
pub use amount::{Amount, check_share};
pub use composite::{
    AlternativeTable, CompositeConfig, Layout, Quotas, Selection, StepTable, Wanted,
};
pub use configured::Configured;
pub(crate) use context::current_row;
pub use context::{BuildContext, Context, RowNote, TextColumn};
pub use document::{OperatorDocument, OptionDocument};
pub use edits::Edits;
pub use example::Example;
pub use labels::{LabelCounts, is_label, label_texts};
pub use options::{Defaults, OnError, StopWordList, StopWordOption, TextOptions};
pub use registry::Registry;
pub use resources::{Resources, Shared, Site};
pub use rewritten::{RefusedRows, RewrittenRows, number_in_place, replica_number};
pub(crate) use row_texts::chosen as chosen_texts;
pub use row_texts::{
    NamedTexts, OnAnnotations, RowTextReader, RowTextValues, TextHandling, TextUse, Vary,
};
pub use scratch::ScratchFolder;
pub use survey::{Survey, SurveySite, Surveyed, SurveyedShard, survey_batch};
pub use text::{Outcome, Text, TextOperator, TextOperatorConfig};
pub use text_column::{TextBuilder, TextValues, is_text};
pub use yields::Yield;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::batch::Batch;
use crate::diagnostic::Problem;

/// Works on whole batches: filters, routes, translates.
///
/// One batch in, exactly one batch out for each port: a port for which nothing is emitted gets an
/// empty batch. A worker thread owns its operator, so `process` may keep scratch memory, but the
/// output for a batch must depend on that batch alone; or on the batches of its shard up to it, if
/// the operator says so by [`OperatorConfig::in_order`].
///
/// ```
/// use augment::prelude::*;
///
/// /// Keeps the first rows of each batch.
/// struct Head(usize);
///
/// impl Operator for Head {
///     fn process(&mut self, batch: Batch, context: &mut Context) -> Result<(), OperatorError> {
///         let kept = self.0.min(batch.records.num_rows());
///         let indices: Vec<u32> = (0..kept as u32).collect();
///         context.count("filtered: not at the head", (batch.rows.len() - kept) as u64);
///         context.emit(batch.take(&indices.into())?);
///         Ok(())
///     }
/// }
/// ```
pub trait Operator: Send {
    /// Turns one batch into one batch per port, by [`Context::emit`] and [`Context::emit_to`].
    ///
    /// # Errors
    /// An error fails the whole shard; an error in one row is for the operator to handle, by its
    /// `on_error` policy.
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError>;

    /// Looks at what came from the input at `input`, of [`BuildContext::inputs`], before it is
    /// merged with what came from the others; what it answers is merged. An operator that treats
    /// its inputs alike, as most do, has no use for it.
    ///
    /// # Errors
    /// As for [`Operator::process`].
    fn admit(
        &mut self,
        _input: usize,
        batch: Batch,
        _context: &mut Context<'_>,
    ) -> Result<Batch, OperatorError> {
        Ok(batch)
    }
}

/// Why an operator could not process a batch.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// One row could not be processed, and the policy is to fail.
    #[error("row {row}: {message}")]
    Row {
        /// Number of the source row in its shard, from 0.
        row: u64,
        /// What went wrong, and the remedy.
        message: String,
    },
    /// The arrays could not be built, for example because they outgrow their offset type.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// Something that the operator needs cannot be used, such as a model.
    #[error("{message}")]
    Unusable {
        /// What it is, and what is wrong with it.
        message: String,
        /// The remedy.
        help: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A way out of an operator. Consumers name it as `<operator id>.<port>`; the main output, which
/// comes first, has no name of its own and goes by the id alone. An operator whose outputs are all
/// named, such as `route`, has no main output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Name after the dot; empty for the main output.
    pub name: String,
    /// Whether leaving it unread is worth a warning.
    pub optional: bool,
}

impl Port {
    /// The main output.
    pub fn main() -> Self {
        Self {
            name: String::new(),
            optional: false,
        }
    }

    /// One of several outputs of equal rank: rows that leave by it are lost if nothing reads it.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            optional: false,
        }
    }

    /// A side output that may be left unread: what leaves by it is counted either way.
    pub fn side(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            optional: true,
        }
    }
}

/// The options of a batch-level operator, as its table in a pipeline file gives them.
///
/// Unknown keys are refused before deserialising, so `#[serde(deny_unknown_fields)]` is not needed,
/// but every option must show in the JSON schema. The doc comments of the type and of its fields
/// are what `augment ops NAME` prints. The serialised form, with all defaults filled in, goes into
/// the run's fingerprint.
pub trait OperatorConfig:
    Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The `type` that selects the operator.
    const NAME: &'static str;

    /// Increased when the same options and input give another output. Part of the fingerprint.
    const VERSION: u32 = 1;

    /// The ways out, the main output first if there is one.
    fn ports(&self) -> Vec<Port> {
        vec![Port::main()]
    }

    /// Whether the operator works on the text column. One that does not runs also where the column
    /// has been left out on the way; [`BuildContext::text`] is then [`TextColumn::absent`].
    fn reads_text(&self) -> bool {
        true
    }

    /// Which texts of a row the operator works on, and how, where a row may have several or
    /// annotations. An operator that says nothing runs on one plain column, and refuses rows with
    /// annotations.
    fn handling(&self) -> TextHandling {
        TextHandling::default()
    }

    /// The same options, to change rows in place. An operator that works on each text by itself
    /// gives them: it then gets a batch of texts, and variants of whole rows are made of its
    /// answers.
    fn in_place(&self) -> Option<Self> {
        None
    }

    /// What the operator calls `column` from then on, if it renames it. Operators after it look for
    /// the text under its new name.
    fn renamed(&self, _column: &str) -> Option<&str> {
        None
    }

    /// Whether the operator compares the text with that of the source row, which is then kept in
    /// [`Origins::text`](crate::batch::Origins::text).
    fn compares(&self) -> bool {
        false
    }

    /// Looks for problems that need no data: ranges, contradictions.
    fn validate(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// The schemas of the ports for a given input, in the order of [`OperatorConfig::ports`].
    ///
    /// # Errors
    /// All problems that the operator has with the input's columns.
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        Ok(vec![SchemaRef::clone(input); self.ports().len()])
    }

    /// Looks for problems with the text column, for an operator whose options could make something
    /// else of it. Asked after [`OperatorConfig::schemas`], where that column is among the input's.
    fn check_text(&self, _input: &SchemaRef, _text: &TextColumn) -> Vec<Problem> {
        Vec::new()
    }

    /// Rows out per row in, for estimates, where the sources have so many rows.
    fn expansion(&self, _source_rows: u64) -> f64 {
        1.0
    }

    /// Rows that leave by each port per row in, for estimates.
    fn yields(&self, source_rows: u64) -> Vec<Yield> {
        yields::usual(&self.ports(), self.expansion(source_rows))
    }

    /// Rows that go in for each row that comes by each of `inputs`, for estimates.
    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        vec![Yield::about(1.0); inputs.len()]
    }

    /// Looks for problems that the options have with the names of the inputs.
    fn check_inputs(&self, _inputs: &[String]) -> Vec<Problem> {
        Vec::new()
    }

    /// The options with those filled in that are chosen by the number of rows in the sources, if
    /// there are such: this form goes into the run's fingerprint. To be given by an operator that
    /// looks at [`BuildContext::source_rows`].
    fn resolved(&self, _source_rows: u64) -> Option<Self> {
        None
    }

    /// Looks at the files that the options name, without loading them: what they hold that the
    /// output depends on, say a hash of a model. It becomes part of the run's fingerprint.
    ///
    /// # Errors
    /// Everything that is wrong with the files. The option of a problem may be dotted:
    /// `via.1.forward`.
    fn inspect(&self, _site: Site<'_>) -> Result<Value, Vec<Problem>> {
        Ok(Value::Null)
    }

    /// Rows in a batch, for an operator that takes long over each, or whose output may depend on
    /// which rows it gets together: all batches of the run then have so many, whatever flags say.
    fn batch_rows(&self) -> Option<usize> {
        None
    }

    /// Whether the words of the operator's sources have to be counted before it is built: it then
    /// finds them in [`Resources::word_counts`].
    fn counts_words(&self) -> bool {
        false
    }

    /// Whether what becomes of a row depends on the other rows of its batch: a preview then reads
    /// batches as large as those of a run, to show the same. Such an operator has to give
    /// [`OperatorConfig::batch_rows`].
    fn mixes_rows(&self) -> bool {
        false
    }

    /// Whether the operator, with these options, puts out each row that it gets (or counts why not),
    /// with nothing but its text rewritten: only then can it be a step of `chain` and its like. What
    /// it says by [`Context::note`] decides whether a row is given to it again.
    fn rewrites_in_place(&self) -> bool {
        false
    }

    /// Whether the operator keeps something from batch to batch: it is then made for each shard
    /// anew, sees the batches of that shard alone, in order, and goes with the last. The output must
    /// not depend on how rows are cut into batches. Work on one shard is then done by one worker at
    /// a time, so an operator that can do without should.
    fn in_order(&self) -> bool {
        false
    }

    /// Whether the operator has to see all rows of its sources before the run, by
    /// [`OperatorConfig::survey`]. It must then read sources and nothing else. What it makes of a
    /// row depends on all of them, so a change in the data is a change of the pipeline.
    fn surveys(&self) -> bool {
        false
    }

    /// Begins to look at all rows of the sources, if [`OperatorConfig::surveys`]. What comes of it
    /// is found in [`Resources::surveyed`] when the operator is built.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn survey(&self, _site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        Ok(None)
    }

    /// Makes an operator. Called once for every worker thread, or for every shard where it works
    /// [in order](OperatorConfig::in_order).
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError>;

    /// Runnable examples: they are the operator's documentation and its tests.
    fn examples() -> Vec<Example> {
        Vec::new()
    }
}
