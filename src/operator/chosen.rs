//! The option `text` of batch-level operators that do not have it themselves.

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    BuildContext, Configured, Operator, OperatorConfig, OperatorError, Port, Site, Survey,
    SurveySite, TextColumn, TextHandling, Yield, row_texts,
};
use crate::columns::TextNames;
use crate::diagnostic::Problem;

/// What every batch-level operator understands that works on texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) struct ChosenText {
    /// Which of the texts of a row the operator works on, where its source names several: one of
    /// them, or a list. Without this option, all; an operator that works on one text needs it then.
    #[serde(default)]
    pub(super) text: Option<TextNames>,
}

/// An operator with its options, and the texts that it is to work on.
pub(super) struct Chosen<C> {
    pub(super) text: TextNames,
    pub(super) config: C,
}

impl<C: OperatorConfig> Chosen<C> {
    /// Whether operators of this type work on texts, as far as their examples tell.
    pub(super) fn reads_text() -> bool {
        let examples = C::examples();
        let configs = examples
            .iter()
            .map(|example| toml::from_str::<C>(example.options));
        configs
            .flatten()
            .next()
            .is_none_or(|config| config.reads_text())
    }
}

impl<C: OperatorConfig> Configured for Chosen<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }
    fn version(&self) -> u32 {
        C::VERSION
    }
    fn ports(&self) -> Vec<Port> {
        self.config.ports()
    }
    fn reads_text(&self) -> bool {
        self.config.reads_text()
    }
    fn handling(&self) -> TextHandling {
        TextHandling {
            text: Some(self.text.clone()),
            ..self.config.handling()
        }
    }
    fn renamed(&self, column: &str) -> Option<&str> {
        self.config.renamed(column)
    }
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        self.config.schemas(input)
    }
    fn expansion(&self, source_rows: u64) -> f64 {
        self.config.expansion(source_rows)
    }
    fn canonical(&self, source_rows: u64) -> Value {
        serde_json::json!({
            "own": Configured::canonical(&self.config, source_rows),
            "text": self.text,
        })
    }
    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        self.config.inspect(site)
    }
    fn batch_rows(&self) -> Option<usize> {
        self.config.batch_rows()
    }
    fn counts_words(&self) -> bool {
        self.config.counts_words()
    }
    fn mixes_rows(&self) -> bool {
        self.config.mixes_rows()
    }
    fn compares(&self) -> bool {
        self.config.compares()
    }
    fn check_text(&self, input: &SchemaRef, text: &TextColumn) -> Vec<Problem> {
        self.config.check_text(input, text)
    }
    fn yields(&self, source_rows: u64) -> Vec<Yield> {
        self.config.yields(source_rows)
    }
    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        self.config.yields_of_inputs(inputs)
    }
    fn check_inputs(&self, inputs: &[String]) -> Vec<Problem> {
        self.config.check_inputs(inputs)
    }
    fn rewrites_in_place(&self) -> bool {
        self.config.rewrites_in_place()
    }
    fn in_order(&self) -> bool {
        self.config.in_order()
    }
    fn surveys(&self) -> bool {
        self.config.surveys()
    }
    fn survey(&self, site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        self.config.survey(site)
    }
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        match context.texts {
            Some(texts) => row_texts::build(&self.config, &self.handling(), texts, context),
            None => self.config.build(context),
        }
    }
}
