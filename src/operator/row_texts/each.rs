//! Runs an operator for one column of text on each text of a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{
    BuildContext, Context, OnError, Operator, OperatorError, RefusedRows, TextColumn,
    number_in_place, replica_number,
};
use super::answers::Answers;
use super::made::{Edited, MadeRow, Site};
use super::marks::Marks;
use super::units::Units;
use super::{OnAnnotations, TextHandling, TextUse, Vary, chosen, failed};
use crate::batch::Batch;
use crate::columns::RowTexts;
use crate::random::OperatorKey;

/// How often a variant is made again that equals its row or an earlier variant.
const ATTEMPTS: u32 = 10;

/// The part of a row's draws that says which of its texts changes in place.
const WHICH_TEXT: u64 = 0x7465_7874;

/// An operator on all texts of a row, made of one that changes a column of text in place.
pub(in super::super) struct EachText {
    pub(super) inner: Box<dyn Operator>,
    /// The column that the texts are put into for the inner operator.
    pub(super) column: TextColumn,
    pub(super) texts: RowTexts,
    handling: TextHandling,
    /// The columns that the inner operator needs beside the text; nothing for all.
    pub(super) beside: Option<Vec<String>>,
    key: OperatorKey,
    pub(super) position: usize,
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
    pub(super) fn is_free(&self) -> bool {
        self.handling.uses == TextUse::EachFreely
    }
}

/// A row, or a variant of one, that is being made.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) row: u32,
    /// Which variant it is, from 1; 0 in place.
    pub(super) variant: u32,
    /// Which of the texts of the row are edited.
    pub(super) units: Vec<usize>,
    /// Why it was not made so far.
    reason: &'static str,
}

/// Everything about one batch.
pub(super) struct Work<'a> {
    pub(super) batch: &'a Batch,
    pub(super) units: &'a Units,
    pub(super) marks: &'a Marks,
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
                        job.reason = if edited.is_empty() {
                            reason.unwrap_or("no edit drawn")
                        } else {
                            "no new variant"
                        };
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
