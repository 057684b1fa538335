//! Fills the template for the rows of a batch.

use std::ops::Range;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;

use super::parse::{Template as Parsed, Values};
use super::shots::Shots;
use super::{ShotsFrom, Template};
use crate::batch::EditRecord;
use crate::operator::{RewrittenRows, TextValues, number_in_place, replica_number};
use crate::operators::neighbours::{Groups, Made, column};
use crate::prelude::*;
use crate::random::OperatorKey;

/// How often a variant is drawn again when it equals an earlier one.
const ATTEMPTS: usize = 10;

pub(super) struct Filler {
    config: Template,
    template: Parsed,
    shot: Option<Parsed>,
    key: OperatorKey,
    position: usize,
    column: usize,
    /// The examples of a batch, one after the other.
    store: String,
    /// Where in `store` the example is that a row makes; nothing where it makes none.
    ready: Vec<Option<Range<usize>>>,
    drawing: Shots,
    /// The examples of a row, and its text.
    shots: String,
    filled: String,
    made: Made,
}

/// What the rows of a batch are made of.
struct Input<'a> {
    batch: &'a Batch,
    texts: &'a TextValues,
    values: &'a [Values<'a>],
    groups: Option<&'a Groups>,
}

impl Filler {
    pub(super) fn new(
        config: Template,
        template: Parsed,
        shot: Option<Parsed>,
        context: &BuildContext<'_>,
    ) -> Self {
        Self {
            config,
            template,
            shot,
            key: context.key(),
            position: context.position,
            column: context.text.index,
            store: String::new(),
            ready: Vec::new(),
            drawing: Shots::default(),
            shots: String::new(),
            filled: String::new(),
            made: Made::default(),
        }
    }

    /// Makes the examples of a batch, and groups its rows by what they are drawn by.
    fn prepare(
        &mut self,
        records: &RecordBatch,
        options: &FormatOptions<'_>,
    ) -> Result<Option<Groups>, OperatorError> {
        let Some(shot) = &self.shot else {
            return Ok(None);
        };
        let values = values(shot, records, options)?;
        self.store.clear();
        self.ready.clear();
        for row in 0..records.num_rows() {
            let start = self.store.len();
            let null = self.config.null.as_deref();
            let is_filled = shot.fill(row, &values, "", null, &mut self.store)?;
            self.ready
                .push(is_filled.then_some(start..self.store.len()));
        }
        let usable = |row: usize| self.ready.get(row).is_some_and(Option::is_some);
        Ok(Some(match (&self.config.label, self.config.shots_from) {
            (Some(label), ShotsFrom::SameLabel | ShotsFrom::Balanced) => {
                Groups::by_label(column(records, label)?, usable)?
            }
            _ => Groups::one(records.num_rows(), usable),
        }))
    }

    /// Puts the text of `row` in `filled`; answers why there is none.
    fn fill(
        &mut self,
        row: usize,
        input: &Input<'_>,
        random: &mut Random,
    ) -> Result<Result<(), &'static str>, ArrowError> {
        self.filled.clear();
        self.shots.clear();
        if let Some(groups) = input.groups {
            let separator = self.config.shot_separator.as_str();
            let of = (row, &input.batch.rows);
            let count = self.config.shots as usize;
            let from = self.config.shots_from;
            let drawn = match self.drawing.draw(count, from, groups, of, random) {
                Ok(drawn) => drawn,
                Err(reason) => return Ok(Err(reason)),
            };
            for (place, shot) in drawn.iter().enumerate() {
                if place > 0 {
                    self.shots.push_str(separator);
                }
                let shot = self.ready.get(*shot as usize).cloned().flatten();
                let shot = shot.and_then(|shot| self.store.get(shot));
                self.shots.push_str(shot.unwrap_or_default());
            }
            if !self.template.places_shots() {
                self.filled.push_str(&self.shots);
                self.filled.push_str(separator);
            }
        }
        let null = self.config.null.as_deref();
        let is_filled =
            self.template
                .fill(row, input.values, &self.shots, null, &mut self.filled)?;
        Ok(if is_filled { Ok(()) } else { Err("null") })
    }

    /// Makes what becomes of one row: how many variants are missing, or why it cannot be filled.
    fn make(
        &mut self,
        row: usize,
        input: &Input<'_>,
        into: &mut RewrittenRows,
    ) -> Result<Result<u32, &'static str>, OperatorError> {
        let rows = &input.batch.rows;
        let index = u32::try_from(row).unwrap_or(u32::MAX);
        let incoming = rows.replica.get(row).copied().unwrap_or_default();
        let old = input.texts.get(row);
        let Some(count) = self.config.replicas else {
            let mut random = self.key.row(rows.key(row), incoming, 0);
            if let Err(reason) = self.fill(row, input, &mut random)? {
                return Ok(Err(reason));
            }
            if old == Some(self.filled.as_str()) {
                into.keep(index, old, incoming);
            } else {
                let edits = self.edits(input.batch, old);
                into.push(index, &self.filled, number_in_place(incoming), &edits);
            }
            return Ok(Ok(0));
        };
        self.made.reset();
        if let Some(old) = old {
            self.made.is_new(old);
        }
        let mut missing = 0;
        for replica in 1..=count {
            let mut random = self.key.row(rows.key(row), incoming, replica);
            let mut is_new = false;
            for _ in 0..ATTEMPTS {
                if let Err(reason) = self.fill(row, input, &mut random)? {
                    return Ok(Err(reason));
                }
                is_new = self.made.is_new(&self.filled);
                if is_new {
                    break;
                }
            }
            if is_new {
                let edits = self.edits(input.batch, old);
                let number = replica_number(incoming, count, replica);
                into.push(index, &self.filled, number, &edits);
            } else {
                missing += 1;
            }
        }
        Ok(Ok(missing))
    }

    /// The text as one edit of the old one, if edits are kept.
    fn edits(&self, batch: &Batch, old: Option<&str>) -> Vec<EditRecord> {
        if batch.rows.edits.is_none() {
            return Vec::new();
        }
        let old = old.unwrap_or_default();
        vec![EditRecord {
            start: 0,
            // The framework refuses texts over 4 GiB.
            end: u32::try_from(old.len()).unwrap_or(u32::MAX),
            old: old.to_owned(),
            new: self.filled.clone(),
            from: None,
        }]
    }
}

/// The columns that a template names.
fn values<'a>(
    template: &Parsed,
    records: &'a RecordBatch,
    options: &FormatOptions<'a>,
) -> Result<Vec<Values<'a>>, OperatorError> {
    let names = template.columns().iter();
    names
        .map(|name| Ok(Values::new(column(records, name)?, options)?))
        .collect()
}

impl Operator for Filler {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        // An error is one, and not the text of the value.
        let options = FormatOptions::new().with_display_error(false);
        let texts = TextValues::new(batch.records.column(self.column))?;
        let values = values(&self.template, &batch.records, &options)?;
        let groups = self.prepare(&batch.records, &options)?;
        let input = Input {
            batch: &batch,
            texts: &texts,
            values: &values,
            groups: groups.as_ref(),
        };
        let expected = texts.len() * self.config.replicas.unwrap_or(1) as usize;
        let mut into = RewrittenRows::new(&batch, expected, texts.bytes() * 2);
        let mut unfilled = Vec::new();
        let (mut shortfall, mut reasons) = (0, Vec::<(&str, u64)>::new());
        for (row, index) in (0..texts.len()).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            match self.make(row, &input, &mut into)? {
                Ok(missing) => shortfall += u64::from(missing),
                Err(reason) => {
                    unfilled.push(index);
                    match reasons.iter_mut().find(|(other, _)| *other == reason) {
                        Some((_, count)) => *count += 1,
                        None => reasons.push((reason, 1)),
                    }
                }
            }
        }
        for (reason, count) in reasons {
            context.count(&format!("rejected: {reason}"), count);
        }
        if shortfall > 0 {
            context.count("shortfall: no new variant", shortfall);
        }
        if !unfilled.is_empty() {
            context.emit_to(1, batch.take(&UInt32Array::from(unfilled))?);
        }
        into.emit(&batch, self.column, self.position, context)
    }
}
