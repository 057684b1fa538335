//! The bridge from row-level operators to batches: finds words, makes replicas, applies edits,
//! counts, and records lineage.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rewritten::{RefusedRows, RewrittenRows, replica_number};
use super::text_column::{TextBuilder, TextValues};
use super::{
    BuildContext, Configured, Context, Edits, Operator, OperatorError, Outcome, Port, Text,
    TextOperator, TextOperatorConfig,
};
use crate::batch::{Batch, EditRecord, Rows};
use crate::diagnostic::Problem;
use crate::random::OperatorKey;
use crate::text::Segmenter;

/// How often a replica is drawn again when it equals the input or an earlier replica.
const ATTEMPTS: usize = 10;

/// The most variants of a row that may be asked for: each is compared with all before it.
const MOST_REPLICAS: u32 = 1_000;

/// Options that every row-level operator understands beside its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextOptions {
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. Fewer are made, and a shortfall counted, where ten draws give nothing new.
    /// Without this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Regular expressions: what they match is never edited. They add to what is always
    /// protected: URLs, e-mail addresses, numbers with their units, mentions, hash tags, code in
    /// back-ticks, XML and HTML tags, and template slots such as `{name}`.
    #[serde(default)]
    pub protect: Vec<String>,
    /// What becomes of a row that the operator cannot process: `fail` fails its shard, `drop`
    /// counts it and leaves it out, `route` counts it and sends it out of the port `errors`.
    #[serde(default)]
    pub on_error: OnError,
}

impl TextOptions {
    /// Looks for problems that need no data.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self
            .replicas
            .is_some_and(|replicas| replicas > MOST_REPLICAS)
        {
            problems.push(Problem::new(
                "replicas",
                format!("`replicas` is more than {MOST_REPLICAS}"),
                "ask for fewer variants, or split the work between several operators",
            ));
        }
        if self.replicas == Some(0) {
            problems.push(Problem::new(
                "replicas",
                "`replicas` must be at least 1",
                "leave it out to change rows in place, or disconnect the operator",
            ));
        }
        for pattern in &self.protect {
            if let Err(error) = regex::Regex::new(pattern) {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default();
                problems.push(Problem::new(
                    "protect",
                    format!("`{pattern}` is not a regular expression: {reason}"),
                    "see https://docs.rs/regex/#syntax",
                ));
            }
        }
        problems
    }
}

/// What becomes of a row that an operator cannot process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The shard fails.
    #[default]
    Fail,
    /// The row is counted and left out.
    Drop,
    /// The row is counted and leaves by the port `errors`.
    Route,
}

/// A row-level operator as the engine sees it: its own options and the common ones.
#[derive(Debug)]
pub(super) struct TextNode<C> {
    pub(super) options: TextOptions,
    pub(super) config: C,
}

impl<C: TextOperatorConfig> Configured for TextNode<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn version(&self) -> u32 {
        C::VERSION
    }

    fn ports(&self) -> Vec<Port> {
        match self.options.on_error {
            OnError::Route => vec![
                Port::main(),
                Port {
                    name: "errors".to_owned(),
                    optional: false,
                },
            ],
            OnError::Fail | OnError::Drop => vec![Port::main()],
        }
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        Ok(vec![Arc::clone(input); self.ports().len()])
    }

    fn expansion(&self, source_rows: u64) -> f64 {
        let replicas = self
            .options
            .replicas
            .or_else(|| self.config.replicas(source_rows));
        f64::from(replicas.unwrap_or(1))
    }

    fn canonical(&self, source_rows: u64) -> Value {
        let mut options = self.options.clone();
        options.replicas = options
            .replicas
            .or_else(|| self.config.replicas(source_rows));
        let resolved = self.config.resolved(source_rows);
        let config = resolved.as_ref().unwrap_or(&self.config);
        serde_json::json!({
            "common": serde_json::to_value(&options).unwrap_or(Value::Null),
            "own": serde_json::to_value(config).unwrap_or(Value::Null),
        })
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(TextWorker {
            operator: self.config.build(context)?,
            replicas: self
                .options
                .replicas
                .or_else(|| self.config.replicas(context.source_rows)),
            on_error: self.options.on_error,
            key: context.key(),
            position: context.position,
            column: context.text.index,
            segmenter: Segmenter::new(&self.options.protect)
                .map_err(|error| OperatorError::Other(error.to_string()))?,
            edits: Edits::default(),
        }))
    }
}

struct TextWorker {
    operator: Box<dyn TextOperator>,
    replicas: Option<u32>,
    on_error: OnError,
    key: OperatorKey,
    position: usize,
    column: usize,
    segmenter: Segmenter,
    edits: Edits,
}

/// What one batch turns into, row by row.
struct Progress {
    texts: TextBuilder,
    /// For each new row, the row it is made of.
    parents: Vec<u32>,
    replica: Vec<u32>,
    altered: Vec<bool>,
    records: Option<Vec<Vec<EditRecord>>>,
    failed: Vec<u32>,
    reasons: Vec<Arc<str>>,
    tally: Tally,
}

impl Progress {
    fn finish_row(&mut self, parent: u32, replica: u32, records: Option<Vec<EditRecord>>) {
        self.parents.push(parent);
        self.replica.push(replica);
        self.altered.push(records.is_some());
        if let Some(all) = &mut self.records {
            all.push(records.unwrap_or_default());
        }
    }
}

/// Counts under reasons, kept out of the shared counters until the batch is done. Reasons are few.
#[derive(Default)]
struct Tally(Vec<(&'static str, &'static str, u64)>);

impl Tally {
    #[inline]
    fn add(&mut self, kind: &'static str, reason: &'static str, count: u64) {
        match self
            .0
            .iter_mut()
            .find(|(k, r, _)| *k == kind && *r == reason)
        {
            Some((_, _, total)) => *total += count,
            None => self.0.push((kind, reason, count)),
        }
    }
}

/// What an attempt at a row gave. The new text stands open at the end of the builder.
enum Attempt {
    Changed,
    Unchanged(&'static str),
    Failed(String),
}

impl Operator for TextWorker {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let column = batch.records.column(self.column);
        let values = TextValues::new(column)?;
        let rows = values.len();
        let expected = rows * self.replicas.unwrap_or(1) as usize;
        let bytes = values.bytes() / rows.max(1) * expected;
        let mut progress = Progress {
            texts: TextBuilder::with_capacity(expected, bytes + bytes / 8),
            parents: Vec::with_capacity(expected),
            replica: Vec::with_capacity(expected),
            altered: Vec::with_capacity(expected),
            records: batch.rows.edits.is_some().then(Vec::new),
            failed: Vec::new(),
            reasons: Vec::new(),
            tally: Tally::default(),
        };
        for row in 0..rows {
            context.at_row(batch.rows.number(row));
            match self.replicas {
                None => self.change_in_place(&values, row, &batch.rows, &mut progress)?,
                Some(count) => self.replicate(&values, row, count, &batch.rows, &mut progress)?,
            }
        }
        self.emit(&batch, progress, context)
    }
}

impl TextWorker {
    fn change_in_place(
        &mut self,
        values: &TextValues,
        row: usize,
        rows: &Rows,
        progress: &mut Progress,
    ) -> Result<(), OperatorError> {
        let incoming = rows.replica.get(row).copied().unwrap_or_default();
        let index = row_index(row);
        let Some(text) = values.get(row) else {
            progress.texts.push(None);
            progress.tally.add("unchanged", "null", 1);
            progress.finish_row(index, incoming, None);
            return Ok(());
        };
        let words = self.segmenter.segment(text);
        let view = Text::new(text, words.words, words.protected, 0);
        let mut random = self.key.row(rows.key(row), incoming, 0);
        match attempt(
            &mut *self.operator,
            &view,
            &mut random,
            &mut self.edits,
            progress,
        ) {
            Attempt::Changed => {
                progress.texts.finish_row();
                let records = records_of(&self.edits, text, progress);
                // An original that was changed is one no longer.
                progress.finish_row(index, incoming.max(1), Some(records));
            }
            Attempt::Unchanged(reason) => {
                progress.texts.push(Some(text));
                progress.tally.add("unchanged", reason, 1);
                progress.finish_row(index, incoming, None);
            }
            Attempt::Failed(message) => fail_row(self.on_error, row, rows, message, progress)?,
        }
        Ok(())
    }

    /// Makes `count` variants of a row that differ from it and from each other.
    fn replicate(
        &mut self,
        values: &TextValues,
        row: usize,
        count: u32,
        rows: &Rows,
        progress: &mut Progress,
    ) -> Result<(), OperatorError> {
        let incoming = rows.replica.get(row).copied().unwrap_or_default();
        let index = row_index(row);
        let Some(text) = values.get(row) else {
            progress.tally.add("shortfall", "null", u64::from(count));
            return Ok(());
        };
        let first = progress.texts.len();
        let mut shortfall = 0;
        let mut last_reason = "no new variant";
        let words = self.segmenter.segment(text);
        for replica in 1..=count {
            let view = Text::new(text, words.words, words.protected, replica);
            let mut random = self.key.row(rows.key(row), incoming, replica);
            let mut made = false;
            for _ in 0..ATTEMPTS {
                match attempt(
                    &mut *self.operator,
                    &view,
                    &mut random,
                    &mut self.edits,
                    progress,
                ) {
                    Attempt::Changed => {
                        let open = progress.texts.open_row();
                        let earlier = first..progress.texts.len();
                        if earlier
                            .into_iter()
                            .any(|other| progress.texts.row(other) == open)
                        {
                            last_reason = "no new variant";
                            progress.texts.discard_row();
                            continue;
                        }
                        made = true;
                        break;
                    }
                    Attempt::Unchanged(reason) => last_reason = reason,
                    Attempt::Failed(message) => {
                        return fail_row(self.on_error, row, rows, message, progress);
                    }
                }
            }
            if made {
                progress.texts.finish_row();
                let records = records_of(&self.edits, text, progress);
                let number = replica_number(incoming, count, replica);
                progress.finish_row(index, number, Some(records));
            } else {
                shortfall += 1;
            }
        }
        if shortfall > 0 {
            progress.tally.add("shortfall", last_reason, shortfall);
        }
        Ok(())
    }

    fn emit(
        &self,
        batch: &Batch,
        progress: Progress,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        for (kind, reason, count) in &progress.tally.0 {
            context.count(&format!("{kind}: {reason}"), *count);
        }
        let port = (self.on_error == OnError::Route).then_some(1);
        let refused = RefusedRows {
            rows: progress.failed,
            reasons: progress.reasons,
        };
        refused.emit(batch, port, context)?;
        let rewritten = RewrittenRows {
            texts: progress.texts,
            parents: progress.parents,
            replica: progress.replica,
            altered: progress.altered,
            records: progress.records,
        };
        rewritten.emit(batch, self.column, self.position, context)
    }
}

/// Applies the `on_error` policy to a row.
fn fail_row(
    on_error: OnError,
    row: usize,
    rows: &Rows,
    message: String,
    progress: &mut Progress,
) -> Result<(), OperatorError> {
    if on_error == OnError::Fail {
        return Err(OperatorError::Row {
            row: rows.number(row),
            message,
        });
    }
    progress.failed.push(row_index(row));
    progress.reasons.push(message.into());
    Ok(())
}

/// The edits just applied, if they are to be kept.
fn records_of(edits: &Edits, text: &str, progress: &Progress) -> Vec<EditRecord> {
    if progress.records.is_some() {
        edits.records(text)
    } else {
        Vec::new()
    }
}

/// Rows of a batch are numbered in 32 bits: the source never makes a larger batch.
fn row_index(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// One try at a text. On success the new text stands open at the end of `progress.texts`.
fn attempt(
    operator: &mut dyn TextOperator,
    text: &Text<'_>,
    random: &mut crate::random::Random,
    edits: &mut Edits,
    progress: &mut Progress,
) -> Attempt {
    edits.reset();
    match operator.rewrite(text, random, edits) {
        Outcome::Unchanged(reason) => Attempt::Unchanged(reason),
        Outcome::Failed(message) => Attempt::Failed(message),
        Outcome::Edited => {
            if !edits.settle(text) {
                return Attempt::Unchanged("no edit drawn");
            }
            edits.apply(text.as_str(), &mut progress.texts);
            if progress.texts.open_row() == text.as_str().as_bytes() {
                progress.texts.discard_row();
                return Attempt::Unchanged("no edit drawn");
            }
            Attempt::Changed
        }
    }
}
