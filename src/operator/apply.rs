//! The bridge from row-level operators to batches: finds words, makes replicas, applies edits,
//! counts, and records lineage.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use serde_json::Value;

use super::languages::{self, Languages};
use super::rewritten::{RefusedRows, RewrittenRows, replica_number};
use super::row_texts::EachText;
use super::tally::Tally;
use super::text_column::{TextBuilder, TextValues};
use super::{
    BuildContext, Configured, Context, Edits, OnAnnotations, OnError, Operator, OperatorError,
    Outcome, Port, RowNote, Site, StopWordOption, Text, TextHandling, TextOperator,
    TextOperatorConfig, TextOptions, TextUse,
};
use crate::batch::{Batch, EditList, Rows};
use crate::diagnostic::Problem;
use crate::random::OperatorKey;
use crate::text::Segmenter;

/// How often a replica is drawn again when it equals the input or an earlier replica.
pub(super) const ATTEMPTS: usize = 10;

/// A row-level operator as the engine sees it: its own options and the common ones.
#[derive(Debug)]
pub(super) struct TextNode<C> {
    pub(super) options: TextOptions,
    pub(super) config: C,
    /// Whether it is a step of another operator: it then changes rows in place, whatever it does by
    /// itself.
    pub(super) is_step: bool,
}

impl<C: TextOperatorConfig> TextNode<C> {
    /// Variants to make of each row; nothing where rows are changed in place.
    fn replicas(&self, source_rows: u64) -> Option<u32> {
        if self.is_step {
            return None;
        }
        let own = || self.config.replicas(source_rows);
        self.options.replicas.or_else(own)
    }
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
        if let Some(problem) = languages::problem(&self.options, input) {
            return Err(vec![problem]);
        }
        Ok(vec![Arc::clone(input); self.ports().len()])
    }

    fn expansion(&self, source_rows: u64) -> f64 {
        f64::from(self.replicas(source_rows).unwrap_or(1))
    }

    fn canonical(&self, source_rows: u64) -> Value {
        let mut options = self.options.or(C::DEFAULTS);
        options.replicas = self.replicas(source_rows);
        let resolved = self.config.resolved(source_rows);
        let config = resolved.as_ref().unwrap_or(&self.config);
        serde_json::json!({
            "common": serde_json::to_value(&options).unwrap_or(Value::Null),
            "own": serde_json::to_value(config).unwrap_or(Value::Null),
        })
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        self.config.inspect(site)
    }

    fn counts_words(&self) -> bool {
        self.config.counts_words()
    }

    fn rewrites_in_place(&self) -> bool {
        self.is_step || self.replicas(0).is_none()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let options = self.options.or(C::DEFAULTS);
        let context = &BuildContext {
            amount: options.amount(),
            ..*context
        };
        let replicas = self.replicas(context.source_rows);
        let Some(texts) = context.texts else {
            return self.worker(options, replicas, context);
        };
        let handling = TextHandling {
            replicas,
            ..self.handling()
        };
        let beside = Some(vec![options.language_column.clone()]);
        EachText::build(texts, handling, beside, context, |context| {
            self.worker(options, None, context)
        })
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::Each,
            text: self.options.text.clone(),
            replicas: self.options.replicas,
            vary: self.options.vary,
            on_error: Some(self.options.on_error),
            on_annotations: OnAnnotations::default(),
        }
    }
}

impl<C: TextOperatorConfig> TextNode<C> {
    /// An operator for one column of text.
    fn worker(
        &self,
        options: TextOptions,
        replicas: Option<u32>,
        context: &BuildContext<'_>,
    ) -> Result<Box<dyn Operator>, OperatorError> {
        let stop_words = options.stop_words.as_ref().map(StopWordOption::stop_words);
        Ok(Box::new(TextWorker {
            operator: self.config.build(context)?,
            replicas,
            key: context.key(),
            position: context.position,
            column: context.text.index,
            segmenter: Segmenter::new(&self.options.protect)
                .map_err(|error| OperatorError::Other(error.to_string()))?
                .without(stop_words.unwrap_or_default()),
            options,
            edits: Edits::default(),
        }))
    }
}

struct TextWorker {
    operator: Box<dyn TextOperator>,
    replicas: Option<u32>,
    options: TextOptions,
    key: OperatorKey,
    position: usize,
    column: usize,
    segmenter: Segmenter,
    edits: Edits,
}

/// One row as it comes in.
struct Input<'a> {
    text: Option<&'a str>,
    /// The bytes of the column from the text on.
    column: &'a [u8],
    language: Option<&'a str>,
    /// Whether the operator is to edit rows in this language.
    spoken: bool,
    row: usize,
}

impl<'a> Input<'a> {
    /// The text to edit, or why there is nothing to edit.
    fn editable(&self) -> Result<&'a str, &'static str> {
        match self.text {
            None => Err("null"),
            Some(_) if !self.spoken => Err("another language"),
            Some(text) => Ok(text),
        }
    }
}

/// What one batch turns into, row by row.
struct Progress {
    texts: TextBuilder,
    /// For each new row, the row it is made of.
    parents: Vec<u32>,
    replica: Vec<u32>,
    altered: Vec<bool>,
    records: Option<Vec<EditList>>,
    failed: Vec<u32>,
    reasons: Vec<Arc<str>>,
    tally: Tally,
}

impl Progress {
    fn finish_row(&mut self, parent: u32, replica: u32, records: Option<EditList>) {
        self.parents.push(parent);
        self.replica.push(replica);
        self.altered.push(records.is_some());
        if let Some(all) = &mut self.records {
            all.push(records.unwrap_or_default());
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
        let languages = Languages::of(&batch, &self.options)?;
        for row in 0..rows {
            context.at_row(batch.rows.number(row));
            let language = languages.get(row);
            let (text, column) = values.get_in_column(row).unzip();
            let input = Input {
                text,
                column: column.unwrap_or_default(),
                language,
                spoken: self.options.speaks(language),
                row,
            };
            match self.replicas {
                None => {
                    let note = self.change_in_place(&input, &batch.rows, &mut progress)?;
                    context.note(note);
                }
                Some(count) => self.replicate(&input, count, &batch.rows, &mut progress)?,
            }
        }
        self.emit(&batch, progress, context)
    }
}

impl TextWorker {
    fn change_in_place(
        &mut self,
        input: &Input<'_>,
        rows: &Rows,
        progress: &mut Progress,
    ) -> Result<RowNote, OperatorError> {
        let row = input.row;
        let incoming = rows.replica.get(row).copied().unwrap_or_default();
        let index = row_index(row);
        let note = |unchanged, drawn| RowNote {
            row,
            unchanged,
            drawn,
        };
        let text = match input.editable() {
            Ok(text) => text,
            Err(reason) => {
                progress.texts.push(input.text);
                progress.tally.add("unchanged", reason, 1);
                progress.finish_row(index, incoming, None);
                return Ok(note(Some(reason), false));
            }
        };
        let (replica, protected) = rows.unit(row).unwrap_or_default();
        let words = self.segmenter.segment_beside(text, protected);
        let view = Text::new(text, words.words, words.protected, replica)
            .in_column(input.column)
            .in_language(input.language);
        let mut random = self.key.row(rows.key(row), incoming, 0);
        let before = random.clone();
        let attempt = attempt(
            &mut *self.operator,
            &view,
            &mut random,
            &mut self.edits,
            progress,
        );
        // Whoever does not draw does the same again.
        let drawn = random != before;
        match attempt {
            Attempt::Changed => {
                progress.texts.finish_row();
                let records = records_of(&self.edits, text, progress);
                // An original that was changed is one no longer.
                progress.finish_row(index, incoming.max(1), Some(records));
                Ok(note(None, drawn))
            }
            Attempt::Unchanged(reason) => {
                progress.texts.push(Some(text));
                progress.tally.add("unchanged", reason, 1);
                progress.finish_row(index, incoming, None);
                Ok(note(Some(reason), drawn))
            }
            Attempt::Failed(message) => {
                fail_row(self.options.on_error, row, rows, message, progress)?;
                Ok(note(None, drawn))
            }
        }
    }

    /// Makes `count` variants of a row that differ from it and from each other.
    fn replicate(
        &mut self,
        input: &Input<'_>,
        count: u32,
        rows: &Rows,
        progress: &mut Progress,
    ) -> Result<(), OperatorError> {
        let row = input.row;
        let incoming = rows.replica.get(row).copied().unwrap_or_default();
        let index = row_index(row);
        let text = match input.editable() {
            Ok(text) => text,
            Err(reason) => {
                progress.tally.add("shortfall", reason, u64::from(count));
                return Ok(());
            }
        };
        let first = progress.texts.len();
        let mut shortfall = 0;
        let mut last_reason = "no new variant";
        let words = self.segmenter.segment(text);
        for replica in 1..=count {
            let view = Text::new(text, words.words, words.protected, replica)
                .in_column(input.column)
                .in_language(input.language);
            let mut random = self.key.row(rows.key(row), incoming, replica);
            let mut made = false;
            for _ in 0..ATTEMPTS {
                let before = random.clone();
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
                        } else {
                            made = true;
                            break;
                        }
                    }
                    Attempt::Unchanged(reason) => last_reason = reason,
                    Attempt::Failed(message) => {
                        return fail_row(self.options.on_error, row, rows, message, progress);
                    }
                }
                // Whoever does not draw does the same again.
                if random == before {
                    break;
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
        for (kind, reason, count) in progress.tally.counts() {
            context.count(&format!("{kind}: {reason}"), *count);
        }
        let port = (self.options.on_error == OnError::Route).then_some(1);
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
fn records_of(edits: &Edits, text: &str, progress: &Progress) -> EditList {
    if progress.records.is_some() {
        edits.records(text)
    } else {
        EditList::default()
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
            if !edits.apply(text, &mut progress.texts) {
                return Attempt::Unchanged("no edit drawn");
            }
            if progress.texts.open_row() == text.as_str().as_bytes() {
                progress.texts.discard_row();
                return Attempt::Unchanged("no edit drawn");
            }
            Attempt::Changed
        }
    }
}
