//! Examples that are documentation and tests at once.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use toml::de::DeTable;

use super::{
    Amount, BuildContext, Configured, Context, LabelCounts, OperatorError, Registry, Resources,
    TextColumn, TextValues, survey_batch,
};
use crate::batch::{Batch, Origins, Rows, Shard};
use crate::random::OperatorKey;
use crate::text::WordCounts;

/// The seed that examples run with.
const SEED: u64 = 42;

/// A documented and tested use of an operator. It runs with `seed = 42` and the operator id `demo`;
/// its texts are the whole source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What the example shows, in one line.
    pub title: &'static str,
    /// The options, as TOML lines without `type` and `inputs`.
    pub options: &'static str,
    /// Other columns of the rows that go in, by name, each of text.
    pub columns: &'static [(&'static str, &'static [&'static str])],
    /// The texts that go in, one a row.
    pub input: &'static [&'static str],
    /// The texts that leave by the main output.
    pub output: &'static [&'static str],
}

impl Example {
    /// The other columns of the row `row` that goes in: names and values.
    pub fn beside(&self, row: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
        let value = move |values: &[&'static str]| values.get(row).copied().unwrap_or_default();
        let columns = self.columns.iter();
        columns.map(move |(name, values)| (*name, value(values)))
    }

    /// Runs the example with the operator `name` of `registry`: the texts that leave by its main
    /// output. A test of an operator compares them with `output`.
    ///
    /// # Errors
    /// When there is no such operator, its options are wrong, or it fails.
    pub fn run(&self, registry: &Registry, name: &str) -> Result<Vec<String>, OperatorError> {
        let other = |message: String| OperatorError::Other(message);
        let table = DeTable::parse(self.options).map_err(|error| other(error.to_string()))?;
        let span = table.span();
        let configured = registry
            .parse(name, table.get_ref(), span)
            .ok_or_else(|| other(format!("there is no operator `{name}`")))?
            .map_err(|problems| {
                let messages: Vec<_> = problems
                    .into_iter()
                    .map(|problem| problem.message)
                    .collect();
                other(messages.join("; "))
            })?;
        run_on_texts(&*configured, self.input, self.columns)
    }
}

/// Runs an operator on one batch of texts.
fn run_on_texts(
    configured: &dyn Configured,
    texts: &[&str],
    columns: &[(&str, &[&str])],
) -> Result<Vec<String>, OperatorError> {
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let resources = Resources::default();
    if configured.counts_words() {
        let counts = Arc::new(WordCounts::of(texts.iter().copied()));
        resources.set_word_counts("demo", Arc::clone(&counts));
        for part in configured.parts() {
            resources.set_word_counts(&format!("demo/{part}"), Arc::clone(&counts));
        }
    }
    let mut origins = Origins::new("demo", 0, texts.len(), None);
    if let Some(labels) = configured.counts_labels() {
        let labels = columns.iter().find(|(name, _)| *name == labels);
        let labels = labels.map_or(&[][..], |(_, labels)| labels);
        let counts = label_counts(labels, &origins);
        resources.set_label_counts("demo", Arc::new(counts));
    }
    let all = [("text", texts)];
    let all = || all.iter().chain(columns);
    let fields: Vec<Field> = all()
        .map(|(name, _)| Field::new(*name, DataType::Utf8, true))
        .collect();
    let arrays = all().map(|(_, values)| Arc::new(StringArray::from(values.to_vec())) as ArrayRef);
    let records = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays.collect())?;
    if configured.surveys() {
        survey_batch(
            configured,
            "demo",
            &text,
            ("demo", "demo"),
            &records,
            &resources,
        )?;
    }
    let mut operator = configured.build(&BuildContext {
        id: "demo",
        inputs: &["demo".to_owned()],
        position: 0,
        seed: SEED,
        text: &text,
        source_rows: texts.len() as u64,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    })?;
    let positions = 1 + configured.parts().len();
    let shard = Arc::new(Shard::new(0, "demo", "demo", positions));
    origins.text = Some(Arc::clone(records.column(0)));
    let rows = Rows::originals(Arc::new(origins), false);
    let batch = Batch {
        records,
        rows,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, configured.ports().len());
    let batch = operator.admit(0, batch, &mut context)?;
    operator.process(batch, &mut context)?;
    let Some(output) = context.into_outputs().into_iter().next().flatten() else {
        return Ok(Vec::new());
    };
    let values = TextValues::new(output.records.column(0))?;
    Ok((0..values.len())
        .map(|row| values.get(row).unwrap_or_default().to_owned())
        .collect())
}

/// The labels of rows, counted as the engine counts them.
fn label_counts(labels: &[&str], origins: &Origins) -> LabelCounts {
    let key = OperatorKey::new(SEED, "demo");
    let mut counts = LabelCounts::default();
    for (label, row) in labels.iter().zip(&origins.keys) {
        let bin = LabelCounts::bin(LabelCounts::place(key, *row));
        counts.add(Some(label), bin, 1);
    }
    counts
}
