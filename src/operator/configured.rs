//! The options of an operator, read and validated, as the plan and the engine see them.

use arrow::datatypes::SchemaRef;
use serde_json::Value;

use super::{
    BuildContext, Operator, OperatorConfig, OperatorError, Port, Site, Survey, SurveySite,
    TextColumn, TextHandling, Yield, row_texts, yields,
};
use crate::columns::RowTexts;
use crate::diagnostic::Problem;

/// The options of one operator of a pipeline, read and validated.
pub trait Configured: Send + Sync {
    /// The `type` of the operator.
    fn name(&self) -> &'static str;
    /// The version of its behaviour, see [`OperatorConfig::VERSION`].
    fn version(&self) -> u32;
    /// The ways out, the main output first if there is one.
    fn ports(&self) -> Vec<Port>;
    /// Whether the operator works on the text column.
    fn reads_text(&self) -> bool {
        true
    }
    /// Which texts of a row the operator works on, and how.
    fn handling(&self) -> TextHandling {
        TextHandling::default()
    }
    /// What keeps the operator from working on the texts that arrive.
    fn check_texts(&self, texts: &RowTexts) -> Vec<Problem> {
        let chosen = row_texts::chosen(&self.handling(), texts);
        chosen.err().into_iter().collect()
    }
    /// What the operator calls `column` from then on, if it renames it.
    fn renamed(&self, _column: &str) -> Option<&str> {
        None
    }
    /// Whether the operator compares the text with that of the source row.
    fn compares(&self) -> bool {
        false
    }
    /// The schemas of the ports for a given input.
    ///
    /// # Errors
    /// All problems that the operator has with the input's columns.
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>>;
    /// What would become of the text column that must not.
    fn check_text(&self, _input: &SchemaRef, _text: &TextColumn) -> Vec<Problem> {
        Vec::new()
    }
    /// Rows out per row in, for estimates, where the sources have so many rows.
    fn expansion(&self, source_rows: u64) -> f64;
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
    /// All options with their values, defaults included, where the sources have so many rows: part
    /// of the fingerprint.
    fn canonical(&self, source_rows: u64) -> Value;
    /// What the files that the options name hold that the output depends on: part of the
    /// fingerprint. Null where there is nothing of the kind.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    fn inspect(&self, _site: Site<'_>) -> Result<Value, Vec<Problem>> {
        Ok(Value::Null)
    }
    /// Rows in a batch, where the operator has to say.
    fn batch_rows(&self) -> Option<usize> {
        None
    }
    /// Whether the words of the operator's sources have to be counted before it is built.
    fn counts_words(&self) -> bool {
        false
    }
    /// The column whose labels have to be counted, in all rows of the operator's sources, before it
    /// is built.
    fn counts_labels(&self) -> Option<&str> {
        None
    }
    /// Whether what becomes of a row depends on the other rows of its batch.
    fn mixes_rows(&self) -> bool {
        false
    }
    /// Whether the operator puts out each row that it gets, with nothing but its text rewritten: it
    /// can then be a step of another.
    fn rewrites_in_place(&self) -> bool {
        false
    }
    /// The names of the operators inside of it, in the order in which they are numbered in the plan:
    /// their ids are `<its id>/<name>`.
    fn parts(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether the operator keeps something from batch to batch of a shard.
    fn in_order(&self) -> bool {
        false
    }
    /// Whether the operator has to see all rows of its sources before the run.
    fn surveys(&self) -> bool {
        false
    }
    /// What looks at these rows, if the operator asks for it.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn survey(&self, _site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        Ok(None)
    }
    /// Makes an operator for one worker thread, or for one shard where it works in order.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError>;
}

impl<C: OperatorConfig> Configured for C {
    fn name(&self) -> &'static str {
        C::NAME
    }
    fn version(&self) -> u32 {
        C::VERSION
    }
    fn ports(&self) -> Vec<Port> {
        OperatorConfig::ports(self)
    }
    fn reads_text(&self) -> bool {
        OperatorConfig::reads_text(self)
    }
    fn handling(&self) -> TextHandling {
        OperatorConfig::handling(self)
    }
    fn renamed(&self, column: &str) -> Option<&str> {
        OperatorConfig::renamed(self, column)
    }
    fn compares(&self) -> bool {
        OperatorConfig::compares(self)
    }
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        OperatorConfig::schemas(self, input)
    }
    fn check_text(&self, input: &SchemaRef, text: &TextColumn) -> Vec<Problem> {
        OperatorConfig::check_text(self, input, text)
    }
    fn expansion(&self, source_rows: u64) -> f64 {
        OperatorConfig::expansion(self, source_rows)
    }
    fn yields(&self, source_rows: u64) -> Vec<Yield> {
        OperatorConfig::yields(self, source_rows)
    }
    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        OperatorConfig::yields_of_inputs(self, inputs)
    }
    fn check_inputs(&self, inputs: &[String]) -> Vec<Problem> {
        OperatorConfig::check_inputs(self, inputs)
    }
    fn canonical(&self, source_rows: u64) -> Value {
        // A configuration came out of TOML, so it has a JSON form; should a hand-written
        // `Serialize` refuse, the fingerprint still holds the type's name and version.
        serde_json::to_value(self.resolved(source_rows).as_ref().unwrap_or(self))
            .unwrap_or(Value::Null)
    }
    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        OperatorConfig::inspect(self, site)
    }
    fn batch_rows(&self) -> Option<usize> {
        OperatorConfig::batch_rows(self)
    }
    fn counts_words(&self) -> bool {
        OperatorConfig::counts_words(self)
    }
    fn mixes_rows(&self) -> bool {
        OperatorConfig::mixes_rows(self)
    }
    fn rewrites_in_place(&self) -> bool {
        OperatorConfig::rewrites_in_place(self)
    }
    fn in_order(&self) -> bool {
        OperatorConfig::in_order(self)
    }
    fn surveys(&self) -> bool {
        OperatorConfig::surveys(self)
    }
    fn survey(&self, site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        OperatorConfig::survey(self, site)
    }
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        match context.texts {
            Some(texts) if OperatorConfig::reads_text(self) => {
                row_texts::build(self, &OperatorConfig::handling(self), texts, context)
            }
            _ => OperatorConfig::build(self, context),
        }
    }
}
