//! Translates one batch: asks the model for logits, and the sentences for what they make of them.

use super::beams::{Beams, Continuation};
use super::chains::Chains;
use super::model::{Rows, StepError, StepModel};
use super::rules::{Rules, SpecialTokens};
use super::shown::Shown;
use crate::inference::Selector;
use crate::mt::{Decoding, Strategy};
use crate::random::Random;

/// A sentence to translate, as tokens.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// Its tokens, the end of sentence included.
    pub tokens: &'a [u32],
    /// Translations wanted: at most so many are found.
    pub wanted: usize,
    /// The most tokens of a translation, the end of sentence included; at least 1.
    pub limit: usize,
    /// Where draws come from.
    pub random: &'a Random,
}

/// A translation, as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The tokens after the start token, the end of sentence included where it was reached.
    pub tokens: Vec<u32>,
    /// See [`Hypothesis::score`](crate::mt::Hypothesis::score).
    pub score: f32,
    /// Whether the model ended it: if not, it was cut, or its end was forced.
    pub complete: bool,
}

/// Memory and rules that all sentences of a batch use in turn.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) strategy: Strategy,
    pub(super) rules: Rules<'a>,
    pub(super) end: u32,
    pub(super) selector: Selector,
    pub(super) changes: Vec<(usize, f32)>,
    pub(super) continuations: Vec<Continuation>,
}

/// What a step gave for one sentence.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) shown: Shown<'a>,
    /// Whether there is only one row yet.
    pub(super) first: bool,
    /// Whether the translation has its greatest length with this token.
    pub(super) last: bool,
}

/// The search for the translations of one sentence.
#[derive(Debug)]
enum State {
    Chains(Chains),
    Beams(Beams),
}

impl State {
    fn new(source: &Source<'_>, strategy: Strategy, start: u32) -> Self {
        match strategy {
            Strategy::Beam {
                beams,
                length_penalty,
            } if beams > 1 => Self::Beams(Beams::new(start, beams, length_penalty)),
            Strategy::Sample { .. } => {
                Self::Chains(Chains::new(start, source.wanted.max(1), source.random))
            }
            Strategy::Greedy | Strategy::Beam { .. } => {
                Self::Chains(Chains::new(start, 1, source.random))
            }
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Chains(chains) => chains.is_done(),
            Self::Beams(beams) => beams.is_done(),
        }
    }

    /// See [`Rows::enough`].
    fn enough(&self, task: &Task<'_>) -> Option<usize> {
        match self {
            Self::Chains(chains) => chains.enough(task.strategy, &task.rules),
            Self::Beams(beams) => beams.enough(&task.rules),
        }
    }

    fn width(&self, first: bool) -> usize {
        match self {
            Self::Chains(chains) => chains.width(first),
            Self::Beams(beams) => beams.width(),
        }
    }

    fn push_rows(&self, first: bool, rows: &mut Vec<(u32, u32)>) {
        match self {
            Self::Chains(chains) => rows.extend(chains.rows(first)),
            Self::Beams(beams) => rows.extend(beams.rows()),
        }
    }

    fn force(&mut self, end: u32) {
        match self {
            Self::Chains(chains) => chains.force(end),
            Self::Beams(beams) => beams.force(end),
        }
    }

    fn advance(&mut self, place: &mut Place<'_>, task: &mut Task<'_>) -> bool {
        match self {
            Self::Chains(chains) => chains.advance(place, task),
            Self::Beams(beams) => beams.advance(place, task),
        }
    }

    fn finish(self, wanted: usize, strategy: Strategy) -> Vec<Found> {
        match (self, strategy) {
            (Self::Beams(beams), _) => beams.finish(wanted),
            (Self::Chains(chains), Strategy::Beam { length_penalty, .. }) => {
                chains.finish(Some(length_penalty))
            }
            (Self::Chains(chains), _) => chains.finish(None),
        }
    }
}

/// How many rows of a step a sentence takes at most.
pub fn width(strategy: Strategy, wanted: usize) -> usize {
    match strategy {
        Strategy::Greedy => 1,
        Strategy::Beam { beams, .. } => beams.max(1),
        Strategy::Sample { .. } => wanted.max(1),
    }
}

/// The translations of each sentence, best first, in the order of the draws for sampling. What is
/// found for a sentence does not depend on the others (as far as the model's logits do not).
///
/// # Errors
/// When the model fails, or gives what is not a number.
pub fn search<M: StepModel>(
    model: &mut M,
    sources: &[Source<'_>],
    decoding: &Decoding,
    special: &SpecialTokens,
) -> Result<Vec<Vec<Found>>, StepError> {
    let strategy = decoding.strategy;
    let mut task = Task {
        strategy,
        rules: Rules::new(decoding, special),
        end: special.end,
        selector: Selector::default(),
        changes: Vec::new(),
        continuations: Vec::new(),
    };
    let mut states: Vec<State> = sources
        .iter()
        .map(|source| State::new(source, strategy, special.start))
        .collect();
    let tokens: Vec<&[u32]> = sources.iter().map(|source| source.tokens).collect();
    model.start(&tokens)?;
    let mut batch = Batch::new(sources.len());
    let mut position = 0;
    loop {
        for (state, source) in states.iter_mut().zip(sources) {
            if let Some(end) = special.forced_end
                && position + 1 >= source.limit
                && !state.is_done()
            {
                state.force(end);
            }
        }
        if states.iter().all(State::is_done) {
            break;
        }
        if let Some(kept) = batch.compact(&states) {
            model.keep(&kept)?;
        }
        batch.lay_out(&states, position == 0);
        let (rows, vocabulary) = (batch.tokens.len(), model.vocabulary());
        let scores = model.step(Rows {
            tokens: &batch.tokens,
            parents: &batch.parents,
            position,
            enough: enough(&states, &task).filter(|enough| *enough < vocabulary),
        })?;
        let shown = Shown::of_each_sentence(scores, rows, batch.width, vocabulary);
        let shown = shown.ok_or_else(|| {
            let message = format!("the model gave other logits than {rows} rows need");
            StepError::Runtime(message)
        })?;
        for (sentence, shown) in batch.sentences.iter().zip(shown) {
            let (Some(state), Some(source)) = (states.get_mut(*sentence), sources.get(*sentence))
            else {
                continue;
            };
            if state.is_done() {
                continue;
            }
            let mut place = Place {
                shown,
                first: position == 0,
                last: position + 1 >= source.limit,
            };
            if !state.advance(&mut place, &mut task) {
                return Err(StepError::NotNumbers { position });
            }
        }
        position += 1;
    }
    Ok(states
        .into_iter()
        .zip(sources)
        .map(|(state, source)| state.finish(source.wanted, strategy))
        .collect())
}

/// How many of the likeliest tokens of a row are enough for all sentences.
fn enough(states: &[State], task: &Task<'_>) -> Option<usize> {
    let open = states.iter().filter(|state| !state.is_done());
    open.map(|state| state.enough(task))
        .try_fold(1, |most, enough| Some(most.max(enough?)))
}

/// Which sentences and rows the model works on.
#[derive(Debug)]
struct Batch {
    /// The sentences that the model has, finished ones included until they are compacted away.
    sentences: Vec<usize>,
    /// The first row of each of them at the last step.
    first_rows: Vec<u32>,
    /// Rows of each sentence: those that have fewer repeat their first one.
    width: usize,
    tokens: Vec<u32>,
    parents: Vec<u32>,
    rows: Vec<(u32, u32)>,
}

impl Batch {
    fn new(sentences: usize) -> Self {
        Self {
            sentences: (0..sentences).collect(),
            first_rows: (0..).take(sentences).collect(),
            width: 1,
            tokens: Vec::new(),
            parents: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Drops finished sentences where they are so many that it saves more than it costs. Gives the
    /// places of those that remain.
    fn compact(&mut self, states: &[State]) -> Option<Vec<u32>> {
        let open = |sentence: &usize| states.get(*sentence).is_some_and(|state| !state.is_done());
        let remaining = self.sentences.iter().filter(|one| open(one)).count();
        // What is copied (keys and values of the sources) weighs about as much as one step.
        if (self.sentences.len() - remaining) * 8 < self.sentences.len() {
            return None;
        }
        if remaining == self.sentences.len() {
            return None;
        }
        let kept: Vec<u32> = (0_u32..)
            .zip(&self.sentences)
            .filter(|(_, sentence)| open(sentence))
            .map(|(place, _)| place)
            .collect();
        let mut place = 0;
        self.first_rows.retain(|_| {
            let keep = self.sentences.get(place).is_some_and(open);
            place += 1;
            keep
        });
        self.sentences.retain(open);
        Some(kept)
    }

    /// Lines up the rows of the next step.
    fn lay_out(&mut self, states: &[State], first: bool) {
        let open = self.sentences.iter().filter_map(|one| states.get(*one));
        self.width = open
            .filter(|state| !state.is_done())
            .map(|state| state.width(first))
            .max()
            .unwrap_or(1);
        self.tokens.clear();
        self.parents.clear();
        for (sentence, first_row) in self.sentences.iter().zip(&mut self.first_rows) {
            self.rows.clear();
            if let Some(state) = states.get(*sentence)
                && !state.is_done()
            {
                state.push_rows(first, &mut self.rows);
            }
            let filler = self.rows.first().copied().unwrap_or_default();
            self.rows.resize(self.width, filler);
            let next_first_row = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
            for (token, row) in &self.rows {
                self.tokens.push(*token);
                self.parents.push(*first_row + row);
            }
            *first_row = next_first_row;
        }
    }
}
