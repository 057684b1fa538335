//! Runs an operator that makes texts of its own on rows that may have annotations.

use std::sync::Arc;

use arrow::array::UInt32Array;

use super::super::{Context, OnError, Operator, OperatorError, RefusedRows};
use super::{OnAnnotations, TextHandling};
use crate::batch::{Batch, EditLog, Rows};
use crate::columns::{RowTexts, SpanColumn, Spans};

/// An operator that rewrites one column of text, and does not say how.
struct Guarded {
    inner: Box<dyn Operator>,
    spans: Vec<SpanColumn>,
    /// What the text is called on record, where a row may have several.
    text: Option<Arc<str>>,
    on_error: OnError,
    drops: bool,
    ports: usize,
    position: usize,
}

/// `inner`, kept from leaving annotations behind that do not fit any more.
pub(super) fn guarded(
    inner: Box<dyn Operator>,
    texts: RowTexts,
    handling: &TextHandling,
    ports: usize,
    position: usize,
) -> Box<dyn Operator> {
    let text = texts.paths.first().filter(|_| texts.several);
    Box::new(Guarded {
        inner,
        text: text.map(|path| Arc::from(path.name())),
        spans: texts.spans,
        on_error: handling.on_error.unwrap_or(OnError::Fail),
        drops: handling.on_annotations == OnAnnotations::Drop,
        ports,
        position,
    })
}

impl Operator for Guarded {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let batch = if self.drops {
            batch
        } else {
            self.without_annotated(batch, context)?
        };
        let mut inner = context.beside(self.ports);
        self.inner.process(batch, &mut inner)?;
        for (port, output) in inner.into_outputs().into_iter().enumerate() {
            if let Some(mut output) = output {
                self.name_text(&mut output.rows);
                if self.drops {
                    output = self.without_annotations(&output, context)?;
                }
                context.emit_to(port, output);
            }
        }
        Ok(())
    }
}

impl Guarded {
    /// The batch without its rows with annotations, which are refused.
    fn without_annotated(
        &self,
        batch: Batch,
        context: &mut Context<'_>,
    ) -> Result<Batch, OperatorError> {
        let mut lists = Vec::with_capacity(self.spans.len());
        for span in &self.spans {
            lists.push(Spans::new(batch.records.column(span.column), span)?);
        }
        let is_annotated = |row: u32| {
            lists
                .iter()
                .any(|spans| !spans.of_row(row as usize).is_empty())
        };
        let (annotated, rest): (Vec<u32>, Vec<u32>) = (0..u32::MAX)
            .take(batch.rows.len())
            .partition(|row| is_annotated(*row));
        let Some(first) = annotated.first() else {
            return Ok(batch);
        };
        let message = "it has annotations, which would not fit the new text: set `on_annotations = \
                       \"drop\"` to go on without them";
        if self.on_error == OnError::Fail {
            return Err(OperatorError::Row {
                row: batch.rows.number(*first as usize),
                message: message.to_owned(),
            });
        }
        let mut refused = RefusedRows::default();
        for row in annotated {
            refused.push(row, message.to_owned());
        }
        let port = (self.on_error == OnError::Route).then_some(1);
        refused.emit(&batch, port, context)?;
        Ok(batch.take(&UInt32Array::from(rest))?)
    }

    /// Whether the operator changed the row.
    fn changed(&self, rows: &Rows, row: usize) -> bool {
        let changed = rows.changed.get(row).copied().unwrap_or_default();
        changed.iter().any(|position| position == self.position)
    }

    /// The batch, in which rows that were changed have lost their annotations.
    fn without_annotations(
        &self,
        batch: &Batch,
        context: &Context<'_>,
    ) -> Result<Batch, OperatorError> {
        let parents: Vec<u32> = (0..u32::MAX).take(batch.rows.len()).collect();
        let mut columns = batch.records.columns().to_vec();
        for span in &self.spans {
            let Some(column) = columns.get_mut(span.column) else {
                continue;
            };
            let spans = Spans::new(column, span)?;
            let mut dropped = 0;
            let kept = (0..parents.len()).map(|row| {
                let lost = spans.of_row(row).len();
                let is_lost = lost > 0 && self.changed(&batch.rows, row);
                is_lost.then(|| {
                    dropped += lost;
                    Vec::new()
                })
            });
            let kept: Vec<_> = kept.collect();
            if dropped > 0 {
                *column = spans.rebuilt(&parents, &kept)?;
                context.count("dropped: annotation cut", dropped as u64);
            }
        }
        let records = arrow::array::RecordBatch::try_new(batch.records.schema(), columns)?;
        let rows = batch.rows.clone();
        Ok(batch.replaced(records, rows))
    }

    /// Says of the edits of this operator which text they are of.
    fn name_text(&self, rows: &mut Rows) {
        let (Some(text), Some(logs)) = (&self.text, &mut rows.edits) else {
            return;
        };
        for log in logs.iter_mut().flatten() {
            if log.operator == self.position && log.text.is_none() {
                *log = Arc::new(EditLog {
                    previous: log.previous.clone(),
                    operator: log.operator,
                    text: Some(Arc::clone(text)),
                    edits: log.edits.clone(),
                });
            }
        }
    }
}
