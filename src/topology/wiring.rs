//! The edges: who gets what, and the ordered fan-in in front of a consumer with several inputs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Feed, Topology};
use crate::batch::Batch;

/// What one consumer works on: the batches of one sequence number, one for each of its inputs that
/// the shard's source reaches, with the positions of the inputs and in their order.
pub(super) type Job = Vec<(usize, Batch)>;

/// What has come so far of jobs that are not complete, by shard and sequence number.
type Waiting = BTreeMap<(usize, u64), Job>;

/// The way into a stage or a sink.
struct Inlet {
    sender: Sender<Job>,
    receiver: Receiver<Job>,
    inputs: Vec<Feed>,
    /// For each source, how many of the inputs it reaches.
    expected: Vec<usize>,
    waiting: Mutex<Waiting>,
}

impl Inlet {
    fn push(&self, source: usize, input: usize, batch: Batch) {
        let expected = self.expected.get(source).copied().unwrap_or(1);
        let job = if expected <= 1 {
            vec![(input, batch)]
        } else {
            let key = (batch.shard.index, batch.seq);
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let parts = waiting.entry(key).or_default();
            parts.push((input, batch));
            if parts.len() < expected {
                return;
            }
            let mut parts = waiting.remove(&key).unwrap_or_default();
            drop(waiting);
            parts.sort_by_key(|(input, _)| *input);
            parts
        };
        // There is room for the whole window, and the other end is held here: this neither blocks
        // nor fails.
        let _ = self.sender.send(job);
    }
}

/// All edges of a topology.
pub(super) struct Wiring {
    stages: Vec<Inlet>,
    sinks: Vec<Inlet>,
    sinks_reached: Vec<usize>,
}

impl Wiring {
    pub(super) fn new(topology: &Topology<'_>, window: usize) -> Self {
        let sources = topology.sources.len();
        // Which sources reach each stage; stages come after what they read.
        let mut reached: Vec<Vec<bool>> = Vec::new();
        let reach = |reached: &[Vec<bool>], source: usize, input: &Feed| match input {
            Feed::Source(other) => *other == source,
            Feed::Stage { stage, .. } => reached
                .get(*stage)
                .and_then(|by| by.get(source))
                .copied()
                .unwrap_or(false),
        };
        let inlet = |reached: &[Vec<bool>], inputs: &[Feed]| {
            let (sender, receiver) = bounded(window);
            let expected = (0..sources)
                .map(|source| {
                    inputs
                        .iter()
                        .filter(|input| reach(reached, source, input))
                        .count()
                })
                .collect();
            Inlet {
                sender,
                receiver,
                inputs: inputs.to_vec(),
                expected,
                waiting: Mutex::default(),
            }
        };
        let mut stages = Vec::new();
        for stage in &topology.stages {
            let inlet = inlet(&reached, &stage.inputs);
            reached.push(inlet.expected.iter().map(|inputs| *inputs > 0).collect());
            stages.push(inlet);
        }
        let sinks: Vec<Inlet> = topology
            .sinks
            .iter()
            .map(|sink| inlet(&reached, &sink.inputs))
            .collect();
        let sinks_reached = (0..sources)
            .map(|source| {
                sinks
                    .iter()
                    .filter(|sink| sink.expected.get(source).is_some_and(|n| *n > 0))
                    .count()
            })
            .collect();
        Self {
            stages,
            sinks,
            sinks_reached,
        }
    }

    /// Hands `batch`, of a shard of `source`, to everything that reads `feed`.
    pub(super) fn send(&self, source: usize, feed: Feed, batch: Batch) {
        let mut readers = self.readers(feed).peekable();
        let mut batch = Some(batch);
        while let Some((inlet, input)) = readers.next() {
            let copy = match readers.peek() {
                Some(_) => batch.clone(),
                None => batch.take(),
            };
            if let Some(copy) = copy {
                inlet.push(source, input, copy);
            }
        }
    }

    /// Whether anything reads `feed` through a channel.
    pub(super) fn is_read(&self, feed: Feed) -> bool {
        self.readers(feed).next().is_some()
    }

    /// What reads `feed`, and as which of its inputs.
    fn readers(&self, feed: Feed) -> impl Iterator<Item = (&Inlet, usize)> {
        let inlets = self.stages.iter().chain(&self.sinks);
        inlets.flat_map(move |inlet| {
            let inputs = inlet.inputs.iter().enumerate();
            inputs
                .filter(move |(_, read)| **read == feed)
                .map(move |(input, _)| (inlet, input))
        })
    }

    /// How many sinks the rows of `source` can end in.
    pub(super) fn sinks_reached(&self, source: usize) -> usize {
        self.sinks_reached.get(source).copied().unwrap_or_default()
    }

    pub(super) fn stage_receivers(&self) -> impl Iterator<Item = &Receiver<Job>> {
        self.stages.iter().map(|inlet| &inlet.receiver)
    }

    pub(super) fn sink_receivers(&self) -> impl Iterator<Item = &Receiver<Job>> {
        self.sinks.iter().map(|inlet| &inlet.receiver)
    }
}
