//! The annotations of a batch: read, and written again after texts were edited.

use std::ops::Range;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use super::made::Edited;
use super::remap::Remap;
use super::units::Units;
use crate::columns::{Moved, OnCut, RowTexts, SpanColumn, Spans, as_bytes, in_unit};

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    /// Which one of its column it is.
    element: usize,
    /// The bytes that it covers; nothing where it is null, and covers none.
    span: Option<Range<usize>>,
}

/// The annotations in one column.
#[derive(Debug)]
struct Marked {
    column: SpanColumn,
    /// Which path leads to the text that they are of.
    path: usize,
    spans: Spans,
    /// Those of each row.
    rows: Vec<Vec<Mark>>,
}

/// The annotations of the texts of a batch.
#[derive(Debug, Default)]
pub(super) struct Marks {
    columns: Vec<Marked>,
    /// The rows with annotations that are wrong, and what is wrong with them.
    pub(super) wrong: Vec<(u32, String)>,
}

impl Marks {
    /// The annotations of `units`, which are the texts of `records`.
    pub(super) fn of(
        records: &RecordBatch,
        texts: &RowTexts,
        units: &Units,
    ) -> Result<Self, ArrowError> {
        let mut marks = Self::default();
        for column in &texts.spans {
            let Some(path) = texts
                .paths
                .iter()
                .position(|path| path.name() == column.text)
            else {
                continue;
            };
            let array = records.columns().get(column.column).ok_or_else(|| {
                ArrowError::SchemaError(format!("column `{}` is missing", column.name))
            })?;
            let spans = Spans::new(array, column)?;
            let mut rows = Vec::with_capacity(records.num_rows());
            for (row, index) in (0..records.num_rows()).zip(0_u32..) {
                let unit = units.of_row(row).iter().find(|unit| unit.path == path);
                let text = unit.map(|unit| units.text(*unit));
                match read(&spans, row, column, text) {
                    Ok(read) => rows.push(read),
                    Err(message) => {
                        if marks.wrong.last().is_none_or(|(last, _)| *last != index) {
                            marks.wrong.push((index, message));
                        }
                        rows.push(Vec::new());
                    }
                }
            }
            marks.columns.push(Marked {
                column: column.clone(),
                path,
                spans,
                rows,
            });
        }
        marks.wrong.sort();
        marks.wrong.dedup_by_key(|(row, _)| *row);
        Ok(marks)
    }

    /// Whether the text of `row` at `path` has annotations.
    pub(super) fn are_there(&self, row: usize, path: usize) -> bool {
        self.columns.iter().any(|marked| {
            marked.path == path && marked.rows.get(row).is_some_and(|marks| !marks.is_empty())
        })
    }

    /// The bytes of the text of `row` at `path` that no edit may touch.
    pub(super) fn protected(&self, row: usize, path: usize) -> Vec<[u32; 2]> {
        let protecting = self
            .columns
            .iter()
            .filter(|marked| marked.path == path && marked.column.on_cut == OnCut::Protect);
        let marks = protecting
            .filter_map(|marked| marked.rows.get(row))
            .flatten();
        let spans = marks.filter_map(|mark| mark.span.as_ref());
        spans
            .map(|span| [span.start, span.end].map(|byte| u32::try_from(byte).unwrap_or(u32::MAX)))
            .collect()
    }

    /// Puts the annotations of new rows into `columns`. `made` has, for each, the row that it is made
    /// of and its edited texts. Answers how many annotations were dropped; with `freely`, all of an
    /// edited text are.
    pub(super) fn write(
        &self,
        columns: &mut [ArrayRef],
        parents: &[u32],
        made: &[&[Edited]],
        units: &Units,
        freely: bool,
    ) -> Result<u64, ArrowError> {
        let mut dropped = 0;
        for marked in &self.columns {
            let kept: Vec<Option<Vec<Moved>>> = parents
                .iter()
                .zip(made)
                .map(|(parent, edited)| {
                    let row = *parent as usize;
                    let texts = units.of_row(row);
                    let is_of = |edited: &&Edited| {
                        texts
                            .get(edited.unit)
                            .is_some_and(|unit| unit.path == marked.path)
                    };
                    let edited = edited.iter().find(is_of)?;
                    let marks = marked.rows.get(row).filter(|marks| !marks.is_empty())?;
                    let (kept, lost) = marked.moved(marks, edited, freely);
                    dropped += lost;
                    Some(kept)
                })
                .collect();
            if kept.iter().any(Option::is_some)
                && let Some(column) = columns.get_mut(marked.column.column)
            {
                *column = marked.spans.rebuilt(parents, &kept)?;
            }
        }
        Ok(dropped)
    }
}

impl Marked {
    /// What is left of the annotations of a text that was edited, and how many are lost.
    fn moved(&self, marks: &[Mark], edited: &Edited, freely: bool) -> (Vec<Moved>, u64) {
        let remap = Remap::new(&edited.edits);
        let mut kept = Vec::with_capacity(marks.len());
        let mut lost = 0;
        for mark in marks {
            let offsets = match &mark.span {
                None => Some(None),
                Some(_) if freely => None,
                Some(span) => remap
                    .of(span)
                    .map(|span| Some(in_unit(&span, self.column.unit, &edited.text))),
            };
            match offsets {
                Some(offsets) => kept.push(Moved {
                    element: mark.element,
                    offsets,
                }),
                None => lost += 1,
            }
        }
        (kept, lost)
    }
}

/// The annotations of one row.
fn read(
    spans: &Spans,
    row: usize,
    column: &SpanColumn,
    text: Option<&str>,
) -> Result<Vec<Mark>, String> {
    let of_row = spans.of_row(row);
    let mut marks = Vec::with_capacity(of_row.len());
    for (number, element) in of_row.enumerate() {
        let wrong =
            |message: String| format!("annotation {number} in column `{}` {message}", column.name);
        let span = if spans.is_null(element) {
            None
        } else {
            let offsets = spans.offsets(element).map_err(wrong)?;
            let text = text.ok_or_else(|| wrong("is of a text that is null".to_owned()))?;
            Some(as_bytes(offsets, column.unit, text).map_err(wrong)?)
        };
        marks.push(Mark { element, span });
    }
    Ok(marks)
}
