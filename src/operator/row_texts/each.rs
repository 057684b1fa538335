//! Runs an operator for one column of text on each text of a row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};

use super::super::{
    BuildContext, Context, OnError, Operator, OperatorError, RefusedRows, TextBuilder, TextColumn,
    TextValues, number_in_place, replica_number,
};
use super::made::{Edited, MadeRow, Site};
use super::marks::Marks;
use super::units::Units;
use super::{OnAnnotations, TextHandling, TextUse, Vary, chosen, failed};
use crate::batch::{self, Batch, EditRecord, Origins, Rows};
use crate::columns::{RowTexts, TextPath};
use crate::counters::OperatorCounters;
use crate::random::{OperatorKey, mix};

/// How often a variant is made again that equals its row or an earlier variant.
const ATTEMPTS: u32 = 10;

/// The part of a row's draws that says which of its texts changes in place.
const WHICH_TEXT: u64 = 0x7465_7874;

/// An operator on all texts of a row, made of one that changes a column of text in place.
pub(in super::super) struct EachText {
    inner: Box<dyn Operator>,
    /// The column that the texts are put into for the inner operator.
    column: TextColumn,
    texts: RowTexts,
    handling: TextHandling,
    /// The columns that the inner operator needs beside the text; nothing for all.
    beside: Option<Vec<String>>,
    key: OperatorKey,
    position: usize,
}

impl EachText {
    /// An operator on those of `texts` that `handling` chooses; `build` makes the inner one, which
    /// sees `beside` of the other columns, or all.
    pub(in super::super) fn build(
        texts: &RowTexts,
        handling: TextHandling,
        beside: Option<Vec<String>>,
        context: &BuildContext<'_>,
        build: impl FnOnce(&BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError>,
    ) -> Result<Box<dyn Operator>, OperatorError> {
        let texts = chosen(&handling, texts).map_err(|problem| failed(&problem))?;
        let column = TextColumn {
            name: texts
                .paths
                .first()
                .map_or("text", |path| path.name())
                .to_owned(),
            index: 0,
        };
        let inner = build(&BuildContext {
            text: &column,
            texts: None,
            ..*context
        })?;
        Ok(Box::new(Self {
            inner,
            column,
            texts,
            handling,
            beside,
            key: context.key(),
            position: context.position,
        }))
    }

    /// Whether the outcome does not tell where annotated text has gone.
    fn is_free(&self) -> bool {
        self.handling.uses == TextUse::EachFreely
    }
}

/// A row, or a variant of one, that is being made.
#[derive(Debug)]
struct Job {
    row: u32,
    /// Which variant it is, from 1; 0 in place.
    variant: u32,
    /// Which of the texts of the row are edited.
    units: Vec<usize>,
    /// Why it was not made so far.
    reason: &'static str,
}

/// What became of one text.
#[derive(Debug, Default)]
struct Answer {
    edited: Option<(String, Vec<EditRecord>)>,
    reason: Option<&'static str>,
    /// Whether it came back at all.
    is_there: bool,
}

/// What became of the texts of a batch.
struct Answers {
    texts: Vec<Answer>,
    /// Why the rows of some texts were refused.
    refused: BTreeMap<usize, Arc<str>>,
}

/// Everything about one batch.
struct Work<'a> {
    batch: &'a Batch,
    units: &'a Units,
    marks: &'a Marks,
}

/// What became of the rows of a batch.
#[derive(Default)]
struct Outcome {
    made: Vec<(u32, MadeRow)>,
    /// Where in `made` the variants of each row are.
    places: BTreeMap<u32, Vec<usize>>,
    /// Rows that pass as they are, and why.
    set_aside: BTreeMap<u32, &'static str>,
    refused: BTreeMap<u32, Arc<str>>,
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

impl Outcome {
    fn count(&mut self, kind: &'static str, reason: &'static str) {
        *self.counts.entry((kind, reason)).or_default() += 1;
    }

    /// Whether no other variant of the row has these texts.
    fn is_new(&self, row: u32, edited: &[Edited]) -> bool {
        let same = |other: &[Edited]| {
            other.len() == edited.len()
                && other
                    .iter()
                    .zip(edited)
                    .all(|(one, two)| one.unit == two.unit && one.text == two.text)
        };
        let mut others = self.places.get(&row).into_iter().flatten();
        !others.any(|place| {
            self.made
                .get(*place)
                .is_some_and(|(_, made)| same(&made.edited))
        })
    }

    fn keep_variant(&mut self, variant: u32, made: MadeRow) {
        self.places
            .entry(made.parent)
            .or_default()
            .push(self.made.len());
        self.made.push((variant, made));
    }
}

impl Operator for EachText {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let units = Units::of(&batch.records, &self.texts.paths)?;
        let mut marks = Marks::of(&batch.records, &self.texts, &units)?;
        let mut outcome = Outcome::default();
        for (row, message) in std::mem::take(&mut marks.wrong) {
            if self.handling.on_error.is_none() {
                outcome.set_aside.insert(row, "annotation out of place");
                continue;
            }
            self.refuse(row, message.into(), &batch, &mut outcome)?;
        }
        let work = Work {
            batch: &batch,
            units: &units,
            marks: &marks,
        };
        let mut jobs = self.jobs(&work, &mut outcome)?;
        let attempts = match (self.handling.replicas, self.handling.uses) {
            (Some(_), TextUse::Each) => ATTEMPTS,
            // Where a draw is dear, the operator itself draws again.
            (Some(_), _) => 2,
            (None, _) => 1,
        };
        for attempt in 0..attempts {
            if jobs.is_empty() {
                break;
            }
            let answers = self.ask(&work, &jobs, attempt, context)?;
            jobs = self.settle(&work, jobs, answers, &mut outcome)?;
        }
        for job in jobs {
            outcome.count("shortfall", job.reason);
        }
        self.emit(&work, outcome, context)
    }
}

impl EachText {
    /// Applies the `on_error` policy to a row.
    fn refuse(
        &self,
        row: u32,
        message: Arc<str>,
        batch: &Batch,
        outcome: &mut Outcome,
    ) -> Result<(), OperatorError> {
        if matches!(self.handling.on_error, Some(OnError::Fail) | None) {
            return Err(OperatorError::Row {
                row: batch.rows.number(row as usize),
                message: message.to_string(),
            });
        }
        outcome.refused.entry(row).or_insert(message);
        Ok(())
    }

    /// What is to be made of the rows of a batch. Rows without a text to edit are made already.
    fn jobs(&self, work: &Work<'_>, outcome: &mut Outcome) -> Result<Vec<Job>, OperatorError> {
        let mut jobs = Vec::new();
        for (row, index) in (0..work.batch.rows.len()).zip(0_u32..) {
            if outcome.refused.contains_key(&index) {
                continue;
            }
            let all = work.units.of_row(row);
            let annotated =
                self.is_free() && all.iter().any(|unit| work.marks.are_there(row, unit.path));
            let mut reason = match &self.texts.paths[..] {
                [only] if only.is_plain() => "null",
                _ => "no text",
            };
            let mut count = all.len();
            if let Some(why) = outcome.set_aside.get(&index) {
                (reason, count) = (why, 0);
            }
            if annotated && self.handling.on_annotations == OnAnnotations::Refuse {
                if self.handling.on_error.is_some() {
                    let message = "it has annotations, which would not fit the new text: set \
                                   `on_annotations = \"drop\"` to go on without them";
                    self.refuse(index, message.into(), work.batch, outcome)?;
                    continue;
                }
                (reason, count) = ("annotated", 0);
            }
            let incoming = work
                .batch
                .rows
                .replica
                .get(row)
                .copied()
                .unwrap_or_default();
            if count == 0 {
                if let Some(replicas) = self.handling.replicas {
                    *outcome.counts.entry(("shortfall", reason)).or_default() +=
                        u64::from(replicas);
                } else {
                    outcome.count("unchanged", reason);
                    let kept = MadeRow {
                        parent: index,
                        replica: incoming,
                        edited: Vec::new(),
                    };
                    outcome.made.push((0, kept));
                }
                continue;
            }
            let variants = self.handling.replicas.map_or(0..=0, |count| 1..=count);
            for variant in variants {
                let units = match (self.handling.vary, variant) {
                    (Vary::Together, _) => (0..count).collect(),
                    (Vary::One, 0) => {
                        let key = work.batch.rows.key(row);
                        let mut random = self.key.part(key, incoming, 0, WHICH_TEXT);
                        vec![random.below(count)]
                    }
                    (Vary::One, variant) => vec![(variant as usize - 1) % count],
                };
                jobs.push(Job {
                    row: index,
                    variant,
                    units,
                    reason: "no new variant",
                });
            }
        }
        Ok(jobs)
    }

    /// Lets the inner operator change the texts of all jobs.
    fn ask(
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
        for (text, reason) in inner.take_left_alone() {
            if let Some(answer) = answers.texts.get_mut(text as usize) {
                answer.reason = Some(reason);
            }
        }
        let mut outputs = inner.into_outputs().into_iter();
        if let Some(main) = outputs.next().flatten() {
            self.read(&main, &mut answers)?;
        }
        if let Some(errors) = outputs.next().flatten() {
            let reasons = errors.rows.errors.as_deref().unwrap_or_default();
            for (origin, reason) in errors.rows.origin.iter().zip(reasons) {
                if let Some(reason) = reason {
                    answers.refused.insert(*origin as usize, Arc::clone(reason));
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
                let edits = log.map(|log| log.edits.clone()).unwrap_or_default();
                let text = values.get(row).unwrap_or_default().to_owned();
                answer.edited = Some((text, edits));
            }
        }
        Ok(())
    }

    /// Makes rows of the answers; what is left has to be tried again.
    fn settle(
        &self,
        work: &Work<'_>,
        jobs: Vec<Job>,
        mut answers: Answers,
        outcome: &mut Outcome,
    ) -> Result<Vec<Job>, OperatorError> {
        let mut place = 0;
        let mut again = Vec::new();
        for mut job in jobs {
            let row = job.row as usize;
            let (mut edited, mut reason, mut refused) = (Vec::new(), None, None);
            for unit in &job.units {
                let answer = answers
                    .texts
                    .get_mut(place)
                    .map(std::mem::take)
                    .unwrap_or_default();
                if !answer.is_there {
                    let why = answers.refused.remove(&place);
                    refused = refused.or(Some(why.unwrap_or_else(|| "it was left out".into())));
                }
                place += 1;
                reason = reason.or(answer.reason);
                if let Some((text, edits)) = answer.edited {
                    edited.push(Edited {
                        unit: *unit,
                        text,
                        edits,
                    });
                }
            }
            if let Some(message) = refused {
                self.refuse(job.row, message, work.batch, outcome)?;
                continue;
            }
            let incoming = work
                .batch
                .rows
                .replica
                .get(row)
                .copied()
                .unwrap_or_default();
            let replica = match self.handling.replicas {
                None if edited.is_empty() => {
                    outcome.count("unchanged", reason.unwrap_or("no edit drawn"));
                    incoming
                }
                None => number_in_place(incoming),
                Some(count) => {
                    let is_new = !edited.is_empty() && outcome.is_new(job.row, &edited);
                    if !is_new {
                        if edited.is_empty() {
                            job.reason = reason.unwrap_or("no edit drawn");
                        }
                        again.push(job);
                        continue;
                    }
                    replica_number(incoming, count, job.variant)
                }
            };
            let made = MadeRow {
                parent: job.row,
                replica,
                edited,
            };
            outcome.keep_variant(job.variant, made);
        }
        Ok(again)
    }

    /// Sends out what became of the rows.
    fn emit(
        &self,
        work: &Work<'_>,
        mut outcome: Outcome,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        for ((kind, reason), count) in &outcome.counts {
            context.count(&format!("{kind}: {reason}"), *count);
        }
        let mut refused = RefusedRows::default();
        for (row, reason) in &outcome.refused {
            refused.push(*row, reason.to_string());
        }
        let port = (self.handling.on_error == Some(OnError::Route)).then_some(1);
        refused.emit(work.batch, port, context)?;
        outcome
            .made
            .retain(|(_, made)| !outcome.refused.contains_key(&made.parent));
        outcome
            .made
            .sort_by_key(|(variant, made)| (made.parent, *variant));
        let made: Vec<MadeRow> = outcome.made.into_iter().map(|(_, made)| made).collect();
        let site = Site {
            batch: work.batch,
            texts: &self.texts,
            units: work.units,
            marks: work.marks,
            position: self.position,
            freely: self.is_free(),
        };
        site.emit(&made, context)
    }
}
