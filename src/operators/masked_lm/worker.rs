//! Edits the rows of a batch, all of them together.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::article;
use super::Mode;
use super::choose::Taste;
use super::draft::{Draft, applied, written};
use super::places::{Place, places};
use super::requests::Requests;
use crate::batch::EditRecord;
use crate::masked::MaskedModel;
use crate::operator::languages::Languages;
use crate::operator::{
    Amount, OnError, RefusedRows, RewrittenRows, RowNote, Text, TextOptions, TextValues,
    number_in_place, replica_number,
};
use crate::prelude::{Batch, Context, Operator, OperatorError};
use crate::random::OperatorKey;
use crate::text::{Segmenter, StopWords, Word};

/// How often a variant that is missing is drawn again.
const REDRAWS: u64 = 2;

/// Everything that decides what a worker does, beside its model.
pub(super) struct Setup {
    pub(super) mode: Mode,
    pub(super) amount: Amount,
    pub(super) taste: Taste,
    pub(super) stop_words: StopWords,
    pub(super) common: TextOptions,
    pub(super) key: OperatorKey,
    pub(super) position: usize,
    pub(super) column: usize,
    /// What the model is called.
    pub(super) name: String,
}

/// Edits rows.
pub(super) struct Worker {
    pub(super) setup: Setup,
    pub(super) model: Box<dyn MaskedModel>,
    pub(super) segmenter: Segmenter,
}

/// A row of a batch.
struct Row<'t> {
    /// Its place in the batch, its number in the shard, the key of its identity, and the number of
    /// the replica that came in.
    index: u32,
    number: u64,
    key: u64,
    incoming: u32,
    /// Its text; nothing where it is null.
    text: Option<&'t str>,
    words: usize,
    places: Vec<Place>,
    /// The protected spans, where the text is English: its articles follow the words after them.
    articles: Option<Vec<Word>>,
    variants: Vec<Variant>,
    /// Why there are no more variants.
    reason: &'static str,
    /// Why the model cannot read it.
    unreadable: Option<String>,
}

/// A text made of a row.
struct Variant {
    replica: u32,
    text: String,
    edits: Vec<EditRecord>,
}

impl Row<'_> {
    /// The numbers of the variants that are still to be made, of `replicas`.
    fn missing(&self, replicas: Option<u32>) -> impl Iterator<Item = u32> {
        let (first, end) = match replicas {
            _ if self.places.is_empty() || self.unreadable.is_some() => (0, 0),
            Some(count) => (1, count + 1),
            None => (0, 1),
        };
        (first..end).filter(|replica| {
            let mut made = self.variants.iter();
            !made.any(|variant| variant.replica == *replica)
        })
    }

    /// The text of a span.
    fn word(&self, span: Option<&Range<usize>>) -> &str {
        let text = self.text.unwrap_or_default();
        span.and_then(|span| text.get(span.clone()))
            .unwrap_or_default()
    }

    /// Keeps a draft as a variant if it has an edit and is new.
    fn keep(&mut self, draft: &Draft) {
        let text = self.text.unwrap_or_default();
        let edits = draft.edits(text, &self.places, self.articles.as_deref());
        if edits.is_empty() {
            self.reason = if draft.gaps.is_empty() {
                "no edit drawn"
            } else {
                "no word fits"
            };
            return;
        }
        let made = applied(text, &edits);
        if made == text || self.variants.iter().any(|other| other.text == made) {
            self.reason = "no new variant";
            return;
        }
        self.variants.push(Variant {
            replica: draft.replica,
            text: made,
            edits,
        });
    }
}

impl Operator for Worker {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let values = TextValues::new(batch.records.column(self.setup.column))?;
        let languages = Languages::of(&batch, &self.setup.common)?;
        let mut rows = self.read(&values, &languages, &batch, context);
        for attempt in 0..=REDRAWS {
            let mut drafts = self.plan(&rows, attempt);
            if drafts.is_empty() {
                break;
            }
            let rounds = drafts.iter().map(Draft::rounds).max().unwrap_or_default();
            for round in 0..rounds {
                self.fill(&mut rows, &mut drafts, (attempt, round), context)?;
            }
            for draft in &drafts {
                if let Some(row) = rows.get_mut(draft.row) {
                    row.keep(draft);
                }
            }
        }
        self.emit(&batch, &values, rows, context)
    }
}

/// The number of a draw among those of one variant: which words are edited, or the word for one
/// of them.
fn part(attempt: u64, word: Option<usize>) -> u64 {
    attempt << 32 | word.map_or(0, |word| 1 + word as u64)
}

impl Worker {
    /// The rows of a batch, with their places.
    fn read<'t>(
        &mut self,
        values: &'t TextValues,
        languages: &Languages,
        batch: &Batch,
        context: &Context<'_>,
    ) -> Vec<Row<'t>> {
        let mut rows = Vec::with_capacity(values.len());
        for (place, index) in (0..values.len()).zip(0_u32..) {
            let number = batch.rows.number(place);
            context.at_row(number);
            let text = values.get(place);
            let spoken = self.setup.common.speaks(languages.get(place));
            let edited = text.filter(|_| spoken).unwrap_or_default();
            let (_, protected) = batch.rows.unit(place).unwrap_or_default();
            let segments = self.segmenter.segment_beside(edited, protected);
            let view = Text::new(edited, segments.words, segments.protected, 0);
            let places = places(&view, self.setup.mode, &self.setup.stop_words);
            rows.push(Row {
                index,
                number,
                key: batch.rows.key(place),
                incoming: batch.rows.replica.get(place).copied().unwrap_or_default(),
                text,
                words: segments.words.len(),
                reason: match (text, self.setup.mode) {
                    (None, _) => "null",
                    _ if !spoken => "another language",
                    (Some(_), Mode::Replace) => "no word to replace",
                    (Some(_), Mode::Insert) => "no place for a word",
                },
                places,
                articles: article::is_english(languages.get(place), edited)
                    .then(|| segments.protected.to_vec()),
                variants: Vec::new(),
                unreadable: None,
            });
        }
        rows
    }

    /// The variants that are missing, with the places that each will be edited at.
    fn plan(&self, rows: &[Row<'_>], attempt: u64) -> Vec<Draft> {
        let Setup {
            amount,
            common,
            key,
            ..
        } = &self.setup;
        let mut drafts = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            for replica in row.missing(common.replicas) {
                let mut random = key.part(row.key, row.incoming, replica, part(attempt, None));
                drafts.push(Draft::new(
                    number,
                    replica,
                    (&row.places, row.words),
                    amount.of(row.places.len()),
                    &mut random,
                ));
            }
        }
        drafts
    }

    /// Fills the blanks of one round of all drafts.
    fn fill(
        &mut self,
        rows: &mut [Row<'_>],
        drafts: &mut [Draft],
        (attempt, round): (u64, usize),
        context: &Context<'_>,
    ) -> Result<(), OperatorError> {
        let Self { setup, model, .. } = self;
        let mut requests = Requests::default();
        let mut waiting: Vec<(&mut Draft, usize)> = Vec::new();
        for draft in drafts {
            let Some(row) = rows.get(draft.row) else {
                continue;
            };
            if draft.rounds() > round && row.unreadable.is_none() {
                let text = row.text.unwrap_or_default();
                let place = requests.ask(draft.passage(text, &row.places, round));
                waiting.push((draft, place));
            }
        }
        let fillings = requests
            .fill(&mut **model, setup.taste.limit(), context)
            .map_err(|error| {
                OperatorError::Other(format!("filling blanks with `{}`: {error}", setup.name))
            })?;
        for (draft, place) in waiting {
            let (Some(row), Some(filling)) = (rows.get_mut(draft.row), fillings.get(place)) else {
                continue;
            };
            context.at_row(row.number);
            let blanks = match filling {
                Ok(blanks) => blanks,
                Err(reason) => {
                    row.unreadable = Some(reason.clone());
                    continue;
                }
            };
            let replica = draft.replica;
            let gaps = draft.gaps.iter_mut().filter(|gap| gap.round == round);
            for (gap, choices) in gaps.zip(blanks) {
                let Some(place) = row.places.get(gap.place) else {
                    continue;
                };
                let old = row.word(Some(&place.span));
                let beside = place.beside.each_ref().map(|span| row.word(span.as_ref()));
                let part = part(attempt, Some(place.word));
                let mut random = setup.key.part(row.key, row.incoming, replica, part);
                let not_these = [old, beside[0], beside[1]];
                let word = setup.taste.draw(choices, &not_these, &**model, &mut random);
                gap.new = word.map(|word| written(setup.mode, word, old, beside));
            }
        }
        Ok(())
    }

    /// Sends out what became of the rows.
    fn emit(
        &self,
        batch: &Batch,
        values: &TextValues,
        rows: Vec<Row<'_>>,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        let variants = rows.iter().map(|row| row.variants.len().max(1)).sum();
        let mut rewritten = RewrittenRows::new(batch, variants, values.bytes() * 2);
        let mut refused = RefusedRows::default();
        let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for mut row in rows {
            context.at_row(row.number);
            if let Some(message) = row.unreadable {
                if self.setup.common.on_error == OnError::Fail {
                    let message =
                        format!("{message}: set `on_error` to `drop` or `route` to go on");
                    let row = row.number;
                    return Err(OperatorError::Row { row, message });
                }
                refused.push(row.index, message);
                continue;
            }
            if let Some(count) = self.setup.common.replicas {
                let short = (count as usize).saturating_sub(row.variants.len()) as u64;
                if short > 0 {
                    *counts.entry(("shortfall", row.reason)).or_default() += short;
                }
                row.variants.sort_by_key(|variant| variant.replica);
                for variant in row.variants {
                    let number = replica_number(row.incoming, count, variant.replica);
                    rewritten.push(row.index, &variant.text, number, &variant.edits);
                }
            } else if let Some(variant) = row.variants.pop() {
                let number = number_in_place(row.incoming);
                rewritten.push(row.index, &variant.text, number, &variant.edits);
            } else {
                *counts.entry(("unchanged", row.reason)).or_default() += 1;
                context.note(RowNote {
                    row: row.index as usize,
                    unchanged: Some(row.reason),
                    drawn: !row.places.is_empty(),
                });
                rewritten.keep(row.index, row.text, row.incoming);
            }
        }
        for ((kind, reason), count) in counts {
            context.count(&format!("{kind}: {reason}"), count);
        }
        let port = (self.setup.common.on_error == OnError::Route).then_some(1);
        refused.emit(batch, port, context)?;
        rewritten.emit(batch, self.setup.column, self.setup.position, context)
    }
}
