//! Runs a batch-level operator on a batch, for the tests of such operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use toml::de::DeTable;

use crate::batch::{EditLog, Origins, Shard};
use crate::operator::{Configured, Resources, TextColumn, TextValues};
use crate::prelude::*;

/// An operator with its options; or messages, each with the option that it is about.
pub(super) fn configured(
    name: &str,
    options: &str,
) -> Result<Box<dyn Configured>, Vec<(String, String)>> {
    let table = DeTable::parse(options).unwrap();
    Registry::builtin()
        .parse(name, table.get_ref(), table.span())
        .unwrap()
        .map_err(|problems| {
            let pair = |problem: crate::diagnostic::Diagnostic| {
                let at = problem.span.and_then(|span| options.get(span));
                (problem.message, at.unwrap_or_default().to_owned())
            };
            problems.into_iter().map(pair).collect()
        })
}

/// What came of a batch.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    /// Parent, replica number and text of each row that left.
    pub(super) rows: Vec<(u64, u32, Option<String>)>,
    /// The same of those that left by the port `errors`, with the reason for a text.
    pub(super) errors: Vec<(u64, String)>,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) edits: Vec<Vec<(u32, u32, String, String)>>,
    /// Measures, as parts and wholes.
    pub(super) measures: BTreeMap<String, (u64, Option<u64>)>,
}

impl Outcome {
    pub(super) fn texts(&self) -> Vec<&str> {
        self.rows
            .iter()
            .map(|(_, _, text)| text.as_deref().unwrap_or("null"))
            .collect()
    }

    pub(super) fn count(&self, reason: &str) -> u64 {
        self.counts.get(reason).copied().unwrap_or_default()
    }
}

/// Rows with these texts.
pub(super) fn records(texts: &[Option<&str>]) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap()
}

/// What leaves by each port where the operator, whose id is `bt`, gets `records`, and what it
/// counts.
pub(super) fn outputs(
    configured: &dyn Configured,
    records: RecordBatch,
) -> (Vec<Option<Batch>>, BTreeMap<String, u64>) {
    let (resources, text) = (
        Resources::default(),
        TextColumn {
            name: "text".to_owned(),
            index: 0,
        },
    );
    let build = BuildContext {
        id: "bt",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        source_rows: 1,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    };
    let mut operator = configured.build(&build).unwrap();
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let origins = Arc::new(Origins::new("demo", 0, records.num_rows(), None));
    let batch = Batch {
        rows: Rows::originals(origins, false),
        records,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, configured.ports().len());
    operator.process(batch, &mut context).unwrap();
    let counts = shard.counters.operator(0).snapshot().reasons;
    (context.into_outputs(), counts)
}

/// Runs the operator, whose id is `bt`, on rows numbered from `first`, which came with the replica
/// number `incoming`.
pub(super) fn run(
    configured: &dyn Configured,
    records: RecordBatch,
    first: u64,
    incoming: u32,
) -> Result<Outcome, OperatorError> {
    let (resources, text) = (
        Resources::default(),
        TextColumn {
            name: "text".to_owned(),
            index: 0,
        },
    );
    let mut operator = configured.build(&BuildContext {
        id: "bt",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        source_rows: 1,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    })?;
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let mut origins = Origins::new("demo", first, records.num_rows(), None);
    origins.text = Some(Arc::clone(records.column(0)));
    let mut rows = Rows::originals(Arc::new(origins), true);
    rows.replica.fill(incoming);
    let batch = Batch {
        records,
        rows,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, configured.ports().len());
    operator.process(batch, &mut context)?;
    let mut outputs = context.into_outputs().into_iter();
    let main = outputs.next().flatten().unwrap();
    let values = TextValues::new(main.records.column(0)).unwrap();
    let row = |row: usize| {
        let text = values.get(row).map(str::to_owned);
        (main.rows.number(row), main.rows.replica[row], text)
    };
    let edits = |log: &Option<Arc<EditLog>>| {
        let edits = log.iter().flat_map(|log| log.edits.iter());
        edits
            .map(|edit| {
                (
                    edit.start,
                    edit.end,
                    edit.old.to_owned(),
                    edit.new.to_owned(),
                )
            })
            .collect()
    };
    let errors = outputs.next().flatten().map(|batch| {
        let reasons = batch.rows.errors.clone().unwrap();
        let reason = |row: usize| reasons[row].as_ref().unwrap().reason.to_string();
        (0..batch.rows.len())
            .map(|row| (batch.rows.number(row), reason(row)))
            .collect()
    });
    let counts = shard.counters.operator(0).snapshot();
    let measures = counts.measures.into_iter();
    Ok(Outcome {
        rows: (0..main.rows.len()).map(row).collect(),
        errors: errors.unwrap_or_default(),
        counts: counts.reasons,
        edits: main
            .rows
            .edits
            .as_ref()
            .unwrap()
            .iter()
            .map(edits)
            .collect(),
        measures: measures
            .map(|(name, measure)| (name, (measure.amount, measure.whole)))
            .collect(),
    })
}

/// The numbers of the rows that leave by each port, and what was counted.
#[cfg(feature = "polars")]
type ByPort = (Vec<Vec<u64>>, BTreeMap<String, u64>);

/// What comes of a batch in an operator with several outputs.
#[cfg(feature = "polars")]
pub(super) fn run_ports(
    configured: &dyn Configured,
    records: RecordBatch,
) -> Result<ByPort, OperatorError> {
    let (resources, text) = (Resources::default(), TextColumn::absent("text"));
    let text = match records.schema().index_of("text") {
        Ok(index) => TextColumn { index, ..text },
        Err(_) => text,
    };
    let mut operator = configured.build(&BuildContext {
        id: "demo",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        source_rows: 1,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    })?;
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let mut origins = Origins::new("demo", 0, records.num_rows(), None);
    origins.text = records.columns().get(text.index).cloned();
    let batch = Batch {
        records,
        rows: Rows::originals(Arc::new(origins), false),
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, configured.ports().len());
    operator.process(batch, &mut context)?;
    let outputs = context.into_outputs().into_iter();
    let numbers = |batch: Option<Batch>| {
        let rows = batch.map(|batch| batch.rows);
        let rows = rows
            .iter()
            .flat_map(|rows| (0..rows.len()).map(|row| rows.number(row)));
        rows.collect()
    };
    let counts = shard.counters.operator(0).snapshot().reasons;
    Ok((outputs.map(numbers).collect(), counts))
}
