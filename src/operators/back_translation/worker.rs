//! Translates the rows of a batch there and back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::gates::{Judge, Rejection};
use super::options::{Decode, OnLoss};
use super::pieces::pieces;
use super::requests::Requests;
use super::row::{Row, Translated, Variant};
use crate::mt::{Hypothesis, TranslateError, Translator};
use crate::operator::{
    RefusedRows, RewrittenRows, RowNote, TextValues, number_in_place, replica_number,
};
use crate::prelude::{Batch, Context, Operator, OperatorError, Random};
use crate::random::OperatorKey;
use crate::text::Segmenter;

/// How often variants that were turned down are drawn again.
const REDRAWS: u64 = 2;

/// Everything that decides what a worker does, beside its translators.
pub(super) struct Setup {
    pub(super) decode: Decode,
    pub(super) decode_back: Decode,
    pub(super) replicas: Option<u32>,
    pub(super) on_loss: OnLoss,
    pub(super) key: OperatorKey,
    pub(super) position: usize,
    pub(super) column: usize,
}

/// One direction by way of a pivot.
pub(super) struct Leg {
    /// Position of its translator.
    pub(super) translator: usize,
    /// What the model is called.
    pub(super) name: String,
    /// The token that tells the model its language.
    pub(super) lang: Option<String>,
}

impl Leg {
    /// `text` as the model takes it.
    fn source<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        match &self.lang {
            Some(lang) => Cow::Owned(format!("{lang} {text}")),
            None => text,
        }
    }
}

/// A language to go through: the way there and the way back.
pub(super) struct Way {
    pub(super) forward: Leg,
    pub(super) backward: Leg,
}

/// Translates rows there and back.
pub(super) struct Worker {
    pub(super) setup: Setup,
    pub(super) ways: Vec<Way>,
    pub(super) translators: Vec<Box<dyn Translator>>,
    pub(super) segmenter: Segmenter,
    pub(super) judge: Judge,
}

/// Counts under reasons.
type Tally = BTreeMap<&'static str, u64>;

/// The translations that were asked for, of one piece of a row.
struct Drawn {
    /// Place of the row among those of the batch.
    row: usize,
    /// Place of the piece among those of the row.
    piece: usize,
    /// How many translations each request is good for here: another row may have asked for more.
    wanted: usize,
    /// Where the answers are.
    places: Vec<usize>,
}

impl Setup {
    /// How many variants of a row each of `pivots` pivots is to make.
    fn wanted(&self, key: u64, incoming: u32, pivots: usize) -> Vec<usize> {
        let mut wanted = vec![0; pivots];
        // Replicas go through the pivots in turn, a row that changes in place through one that is
        // drawn for it.
        let (first, count) = match self.replicas {
            Some(count) => (0, count as usize),
            None => (self.key.row(key, incoming, 0).below(pivots), 1),
        };
        for replica in first..first + count {
            if let Some(wanted) = wanted.get_mut(replica % pivots.max(1)) {
                *wanted += 1;
            }
        }
        wanted
    }

    /// The generator for one draw of a row by one pivot.
    fn draw(&self, row: &Row<'_>, pivot: usize, part: u64) -> Option<Random> {
        let pivot = u32::try_from(pivot).ok()?;
        Some(self.key.part(row.key, row.incoming, pivot, part))
    }
}

impl Operator for Worker {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let values = TextValues::new(batch.records.column(self.setup.column))?;
        let mut rows = self.read(&values, &batch, context);
        let mut rejected = Tally::new();
        let samples = self.setup.decode.samples() || self.setup.decode_back.samples();
        let redraws = if samples { REDRAWS } else { 0 };
        for round in 0..=redraws {
            for pivot in 0..self.ways.len() {
                self.draw(&mut rows, pivot, round, &mut rejected, context)?;
            }
            if rows.iter().all(Row::is_complete) {
                break;
            }
        }
        for (reason, count) in rejected {
            context.count(&format!("rejected: {reason}"), count);
        }
        self.emit(&batch, &values, rows, context)
    }
}

impl Worker {
    /// The rows of a batch, cut into pieces.
    fn read<'t>(
        &mut self,
        values: &'t TextValues,
        batch: &Batch,
        context: &Context<'_>,
    ) -> Vec<Row<'t>> {
        let pivots = self.ways.len();
        let mut rows = Vec::with_capacity(values.len());
        for (place, index) in (0..values.len()).zip(0_u32..) {
            let number = batch.rows.number(place);
            context.at_row(number);
            let (key, text) = (batch.rows.key(place), values.get(place));
            let incoming = batch.rows.replica.get(place).copied().unwrap_or_default();
            let pieces = text.map_or_else(Vec::new, |text| self.cut(text));
            rows.push(Row {
                index,
                number,
                key,
                incoming,
                text,
                reason: match text {
                    None => "null",
                    Some(_) if pieces.is_empty() => "nothing to translate",
                    Some(_) => "no new variant",
                },
                pieces,
                wanted: self.setup.wanted(key, incoming, pivots),
                made: vec![0; pivots],
                tried: vec![0; pivots],
                variants: Vec::new(),
            });
        }
        rows
    }

    /// The pieces of `text`, each short enough for every model on the way there.
    fn cut(&mut self, text: &str) -> Vec<Translated> {
        let Self {
            segmenter,
            translators,
            ways,
            ..
        } = self;
        let segments = segmenter.segment(text);
        let fits = |piece: &str| {
            ways.iter().all(|way| {
                let translator = translators.get(way.forward.translator);
                translator.is_none_or(|translator| {
                    let source = way.forward.source(Cow::Borrowed(piece));
                    translator.count_tokens(&source) <= translator.positions()
                })
            })
        };
        pieces(text, segments.words, segments.protected, &fits)
            .into_iter()
            .map(|piece| Translated {
                piece,
                round_trips: vec![Vec::new(); ways.len()],
                lost: None,
            })
            .collect()
    }

    /// Translates, there and back through `pivot`, what rows lack variants of, and makes variants
    /// of what passes.
    fn draw(
        &mut self,
        rows: &mut [Row<'_>],
        pivot: usize,
        round: u64,
        rejected: &mut Tally,
        context: &Context<'_>,
    ) -> Result<(), OperatorError> {
        let Self {
            setup,
            ways,
            translators,
            judge,
            ..
        } = self;
        let Some(way) = ways.get(pivot) else {
            return Ok(());
        };
        let (there, drawn) = ask_forward(setup, way, rows, pivot, round);
        let forward = translator(translators, &way.forward)?;
        let answers = there
            .translate(forward, &setup.decode.decoding(), context)
            .map_err(|error| failed(&way.forward, &error))?;

        let backward = translator(translators, &way.backward)?;
        let asking = Asking {
            setup,
            way,
            pivot,
            round,
            translator: backward,
        };
        let (back, drawn) = asking.ask_backward(rows, &drawn, &answers, rejected);
        let answers = back
            .translate(backward, &setup.decode_back.decoding(), context)
            .map_err(|error| failed(&way.backward, &error))?;

        let same_row = |one: &Drawn, other: &Drawn| one.row == other.row;
        for drawn in drawn.chunk_by(same_row) {
            let Some(row) = drawn.first().and_then(|first| rows.get_mut(first.row)) else {
                continue;
            };
            context.at_row(row.number);
            // The best way back of every draw comes first; the next best only where that is not
            // enough.
            for rank in 0..setup.decode_back.hypotheses() {
                for drawn in drawn {
                    let places = drawn.places.iter();
                    for hypothesis in places.filter_map(|place| answers.get(*place)?.get(rank)) {
                        let judged = admit(judge, row, drawn.piece, pivot, hypothesis);
                        note(judged, row, rejected);
                    }
                }
                combine(setup, judge, row, pivot, rejected);
                if row.missing(pivot) == 0 {
                    break;
                }
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
        let Setup {
            decode,
            decode_back,
            ..
        } = &self.setup;
        let draws = decode.samples() || decode_back.samples() || self.ways.len() > 1;
        let mut counts = Tally::new();
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for mut row in rows {
            context.at_row(row.number);
            let lost = row.lost().filter(|_| row.variants.is_empty());
            if let (Some(lost), false) = (lost, self.setup.on_loss == OnLoss::Keep) {
                let message = format!("the translation loses `{lost}`");
                if self.setup.on_loss == OnLoss::Fail {
                    let message = format!(
                        "{message}: set `on_error` to `keep`, `drop` or `route` to go on without it"
                    );
                    let row = row.number;
                    return Err(OperatorError::Row { row, message });
                }
                refused.push(row.index, message);
                continue;
            }
            let reason = row.reason;
            if let Some(count) = self.setup.replicas {
                let short = (count as usize).saturating_sub(row.variants.len());
                *reasons.entry(format!("shortfall: {reason}")).or_default() += short as u64;
                row.variants.sort_by_key(|variant| variant.replica);
                for variant in row.variants {
                    let number = replica_number(row.incoming, count, variant.replica);
                    rewritten.push(row.index, &variant.text, number, &variant.edits);
                }
            } else if let Some(variant) = row.variants.pop() {
                let number = number_in_place(row.incoming);
                context.note(RowNote {
                    row: row.index as usize,
                    unchanged: None,
                    drawn: draws,
                });
                rewritten.push(row.index, &variant.text, number, &variant.edits);
            } else {
                *counts.entry(reason).or_default() += 1;
                context.note(RowNote {
                    row: row.index as usize,
                    unchanged: Some(reason),
                    drawn: draws && !row.pieces.is_empty(),
                });
                rewritten.keep(row.index, row.text, row.incoming);
            }
        }
        for (reason, count) in counts {
            context.count(&format!("unchanged: {reason}"), count);
        }
        for (reason, count) in reasons {
            context.count(&reason, count);
        }
        let port = (self.setup.on_loss == OnLoss::Route).then_some(1);
        refused.emit(batch, port, context)?;
        rewritten.emit(batch, self.setup.column, self.setup.position, context)
    }
}

/// The translator of `leg`.
fn translator<'a>(
    translators: &'a mut [Box<dyn Translator>],
    leg: &Leg,
) -> Result<&'a mut dyn Translator, OperatorError> {
    match translators.get_mut(leg.translator) {
        Some(translator) => Ok(&mut **translator),
        None => Err(OperatorError::Other(format!(
            "there is no translator for `{}`: this is a bug",
            leg.name
        ))),
    }
}

/// A translator gave up.
fn failed(leg: &Leg, error: &TranslateError) -> OperatorError {
    OperatorError::Other(format!("translating with `{}`: {error}", leg.name))
}

/// The number of a draw among those of one row by one pivot: by round, direction, translation that
/// is translated back, and piece.
fn part(round: u64, back: Option<usize>, piece: usize) -> u64 {
    let way = back.map_or(0, |draw| 1 + draw as u64);
    round << 60 | way << 32 | piece as u64
}

/// Asks for translations of the pieces of all rows that lack variants by `pivot`.
fn ask_forward<'t>(
    setup: &Setup,
    way: &Way,
    rows: &[Row<'t>],
    pivot: usize,
    round: u64,
) -> (Requests<'t>, Vec<Drawn>) {
    let mut requests = Requests::default();
    let mut drawn = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let (missing, text) = (row.missing(pivot), row.text.unwrap_or_default());
        if missing == 0 {
            continue;
        }
        // A search in a beam cannot be drawn again, so it gets one to spare.
        let wanted = if setup.decode.samples() {
            missing
        } else {
            setup.decode.hypotheses().min(missing + 1)
        };
        for (number, piece) in row.pieces.iter().enumerate() {
            let source = text.get(piece.piece.span.clone()).unwrap_or_default();
            let source = way.forward.source(Cow::Borrowed(source));
            let draw = setup
                .draw(row, pivot, part(round, None, number))
                .filter(|_| setup.decode.samples());
            drawn.push(Drawn {
                row: place,
                piece: number,
                wanted,
                places: vec![requests.ask(source, wanted, draw)],
            });
        }
    }
    (requests, drawn)
}

/// What it takes to ask for the way back.
struct Asking<'a> {
    setup: &'a Setup,
    way: &'a Way,
    pivot: usize,
    round: u64,
    translator: &'a dyn Translator,
}

impl Asking<'_> {
    /// Asks for the way back of the translations in `answers`.
    fn ask_backward<'a>(
        &self,
        rows: &mut [Row<'_>],
        drawn: &[Drawn],
        answers: &'a [Vec<Hypothesis>],
        rejected: &mut Tally,
    ) -> (Requests<'a>, Vec<Drawn>) {
        let mut requests = Requests::default();
        let mut back = Vec::with_capacity(drawn.len());
        let wanted = self.setup.decode_back.hypotheses();
        for drawn in drawn {
            let Some(row) = rows.get_mut(drawn.row) else {
                continue;
            };
            let answers = drawn.places.iter().filter_map(|place| answers.get(*place));
            let hypotheses = answers.flat_map(|all| all.iter().take(drawn.wanted));
            let mut places = Vec::with_capacity(drawn.wanted);
            for (number, hypothesis) in hypotheses.enumerate() {
                let source = Cow::Borrowed(hypothesis.text.as_str());
                let source = self.way.backward.source(source);
                if let Err(rejection) = self.check(hypothesis, &source) {
                    note(Err(rejection), row, rejected);
                    continue;
                }
                let draw = self
                    .setup
                    .draw(row, self.pivot, part(self.round, Some(number), drawn.piece))
                    .filter(|_| self.setup.decode_back.samples());
                places.push(requests.ask(source, wanted, draw));
            }
            back.push(Drawn {
                row: drawn.row,
                piece: drawn.piece,
                wanted,
                places,
            });
        }
        (requests, back)
    }

    /// Whether a translation can be translated back.
    fn check(&self, hypothesis: &Hypothesis, source: &str) -> Result<(), Rejection> {
        if hypothesis.text.trim().is_empty() {
            Err(Rejection::Empty)
        } else if !hypothesis.complete {
            Err(Rejection::CutShort)
        } else if self.translator.count_tokens(source) > self.translator.positions() {
            Err(Rejection::TooLong)
        } else {
            Ok(())
        }
    }
}

/// Judges a round trip of a piece, and keeps it if it passes and is new.
fn admit(
    judge: &mut Judge,
    row: &mut Row<'_>,
    piece: usize,
    pivot: usize,
    hypothesis: &Hypothesis,
) -> Result<(), Rejection> {
    let text = row.text.unwrap_or_default();
    let Some(translated) = row.pieces.get_mut(piece) else {
        return Ok(());
    };
    if hypothesis.text.trim().is_empty() {
        return Err(Rejection::Empty);
    }
    if !hypothesis.complete {
        return Err(Rejection::CutShort);
    }
    let source = text.get(translated.piece.span.clone()).unwrap_or_default();
    let protected = translated.piece.protected.iter();
    let protected = protected.filter_map(|span| text.get(span.clone()));
    let judged = judge.sentence(source, protected, &hypothesis.text);
    if let Err(Rejection::Lost(lost)) = &judged {
        translated.lost = Some(lost.clone());
    }
    judged?;
    if let Some(passed) = translated.round_trips.get_mut(pivot)
        && !passed.contains(&hypothesis.text)
    {
        passed.push(hypothesis.text.clone());
    }
    Ok(())
}

/// Makes variants of the round trips that passed, until there are enough or no more.
fn combine(
    setup: &Setup,
    judge: &mut Judge,
    row: &mut Row<'_>,
    pivot: usize,
    rejected: &mut Tally,
) {
    if row.is_blocked(pivot, setup.on_loss) {
        return;
    }
    let text = row.text.unwrap_or_default();
    judge.set_text(text);
    for number in row.tried.get(pivot).copied().unwrap_or_default()..row.combinations(pivot) {
        if row.missing(pivot) == 0 {
            return;
        }
        if let Some(tried) = row.tried.get_mut(pivot) {
            *tried = number + 1;
        }
        let (made, edits) = row.compose(pivot, number);
        let mut judged = judge.text(text, &made);
        if row.variants.iter().any(|variant| variant.text == made) {
            judged = Err(Rejection::Again);
        }
        if judged.is_ok() {
            let before = row.made.get(pivot).copied().unwrap_or_default();
            let replica = pivot + 1 + before * row.made.len();
            row.variants.push(Variant {
                replica: u32::try_from(replica).unwrap_or(u32::MAX),
                text: made,
                edits,
            });
            if let Some(made) = row.made.get_mut(pivot) {
                *made += 1;
            }
        }
        note(judged, row, rejected);
    }
}

/// Counts what was turned down.
fn note(judged: Result<(), Rejection>, row: &mut Row<'_>, rejected: &mut Tally) {
    if let Err(rejection) = judged {
        row.reason = rejection.reason();
        *rejected.entry(rejection.reason()).or_default() += 1;
    }
}
