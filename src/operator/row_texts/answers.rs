//! Puts texts to the inner operator as rows of a batch, and reads what it made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};

use super::super::{Context, OperatorError, TextBuilder, TextValues};
use super::each::{EachText, Job, Work};
use crate::batch::{self, Batch, EditRecord, Origins, Rows};
use crate::columns::TextPath;
use crate::counters::OperatorCounters;
use crate::random::mix;

/// What became of one text.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) edited: Option<(String, Vec<EditRecord>)>,
    pub(super) reason: Option<&'static str>,
    /// Whether it came back at all.
    pub(super) is_there: bool,
}

/// What became of the texts of a batch.
pub(super) struct Answers {
    pub(super) texts: Vec<Answer>,
    /// Why the rows of some texts were refused.
    pub(super) refused: BTreeMap<usize, Arc<str>>,
}

impl EachText {
    /// Lets the inner operator change the texts of all jobs.
    pub(super) fn ask(
        &mut self,
        work: &Work<'_>,
        jobs: &[Job],
        attempt: u32,
        context: &Context<'_>,
    ) -> Result<Answers, OperatorError> {
        let texts = self.flattened(work, jobs, attempt)?;
        let count = texts.rows.len();
        let counters = OperatorCounters::default();
        let mut inner = Context::of_texts(&counters, 2);
        self.inner.process(texts, &mut inner)?;
        let counts = counters.snapshot();
        for (name, measure) in counts.measures {
            context.pass_on(&name, measure);
        }
        for (reason, number) in counts.reasons {
            // These are said of rows, below.
            let of_rows = ["unchanged: ", "shortfall: ", "error: "];
            if !of_rows.iter().any(|kind| reason.starts_with(kind)) {
                context.count(&reason, number);
            }
        }
        let mut answers = Answers {
            texts: std::iter::repeat_with(Answer::default)
                .take(count)
                .collect(),
            refused: BTreeMap::new(),
        };
        for note in inner.take_notes() {
            if let Some(answer) = answers.texts.get_mut(note.row) {
                answer.reason = note.unchanged;
            }
        }
        let mut outputs = inner.into_outputs().into_iter();
        if let Some(main) = outputs.next().flatten() {
            self.read(&main, &mut answers)?;
        }
        if let Some(errors) = outputs.next().flatten() {
            let reasons = errors.rows.errors.as_deref().unwrap_or_default();
            for (origin, reason) in errors.rows.origin.iter().zip(reasons) {
                if let Some(refusal) = reason {
                    let reason = Arc::clone(&refusal.reason);
                    answers.refused.insert(*origin as usize, reason);
                }
            }
        }
        Ok(answers)
    }

    /// The texts of all jobs as rows of a batch.
    fn flattened(
        &self,
        work: &Work<'_>,
        jobs: &[Job],
        attempt: u32,
    ) -> Result<Batch, OperatorError> {
        let (batch, count) = (work.batch, jobs.iter().map(|job| job.units.len()).sum());
        let mut texts = TextBuilder::with_capacity(count, count * 64);
        let mut rows = Vec::with_capacity(count);
        let mut keys = Vec::with_capacity(count);
        let mut units = batch::Units::default();
        let mut marked = false;
        for job in jobs {
            let row = job.row as usize;
            let of_row = work.units.of_row(row);
            for unit in job.units.iter().filter_map(|unit| of_row.get(*unit)) {
                let Some(path) = self.texts.paths.get(unit.path) else {
                    continue;
                };
                texts.push(Some(work.units.text(*unit)));
                rows.push(job.row);
                let draw = mix(u64::from(job.variant) << 32 | u64::from(attempt));
                let unit_key = work.units.key(*unit, path);
                keys.push(mix(batch.rows.key(row) ^ mix(unit_key ^ draw)));
                units.numbers.push(batch.rows.number(row));
                units.variants.push(job.variant);
                let protected = if self.is_free() {
                    Vec::new()
                } else {
                    work.marks.protected(row, unit.path)
                };
                marked |= work.marks.are_there(row, unit.path);
                units.protected.push(protected);
            }
        }
        let records = self.beside(batch, texts, &rows)?;
        let replica = rows.iter().map(|row| {
            let replica = batch.rows.replica.get(*row as usize);
            replica.copied().unwrap_or_default()
        });
        let replica = replica.collect();
        let origins = Origins {
            first_row: 0,
            keys,
            ids: None,
            text: None,
            roots: Vec::new(),
            units: Some(units),
        };
        let keep_edits = marked || batch.rows.edits.is_some();
        let rows = Rows {
            replica,
            ..Rows::originals(Arc::new(origins), keep_edits)
        };
        Ok(batch.replaced(records, rows))
    }

    /// A batch with `texts`, and beside each what the inner operator needs of the row that it is of.
    fn beside(
        &self,
        batch: &Batch,
        texts: TextBuilder,
        rows: &[u32],
    ) -> Result<RecordBatch, OperatorError> {
        let name = &self.column.name;
        let mut fields = vec![Arc::new(Field::new(name, DataType::LargeUtf8, true))];
        let mut columns: Vec<ArrayRef> = vec![texts.finish(&DataType::LargeUtf8)?];
        let indices = UInt32Array::from(rows.to_vec());
        let roots: BTreeSet<usize> = self.texts.paths.iter().map(TextPath::column).collect();
        let schema = batch.records.schema();
        for (index, field) in schema.fields().iter().enumerate() {
            let is_wanted = match &self.beside {
                Some(names) => names.contains(field.name()),
                None => true,
            };
            if is_wanted && !roots.contains(&index) && field.name() != name {
                fields.push(Arc::clone(field));
                columns.push(take(batch.records.column(index), &indices, None)?);
            }
        }
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(fields)),
            columns,
        )?)
    }

    /// Notes the texts that came back.
    fn read(&self, main: &Batch, answers: &mut Answers) -> Result<(), OperatorError> {
        let values = TextValues::new(main.records.column(0))?;
        for (row, origin) in main.rows.origin.iter().enumerate() {
            let Some(answer) = answers.texts.get_mut(*origin as usize) else {
                continue;
            };
            answer.is_there = true;
            let changed = main.rows.changed.get(row).copied().unwrap_or_default();
            if changed.iter().any(|position| position == self.position) {
                let logs = main.rows.edits.as_deref().unwrap_or_default();
                let log = logs.get(row).and_then(Option::as_ref);
                let edits = log.map(|log| log.edits.to_records()).unwrap_or_default();
                let text = values.get(row).unwrap_or_default().to_owned();
                answer.edited = Some((text, edits));
            }
        }
        Ok(())
    }
}
