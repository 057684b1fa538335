//! What is read when: a read takes a place in the window and a shard that nobody is reading from.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::BatchReader;
use crate::batch::{Shard, Ticket};

/// A shard that is being read.
pub(super) struct Reading {
    pub(super) source: usize,
    pub(super) shard: Arc<Shard>,
    /// Nothing before the first batch: opening a shard is part of reading it.
    pub(super) reader: Option<Box<dyn BatchReader>>,
    /// Number of the next batch.
    pub(super) seq: u64,
}

/// The next batch of a shard, to be read by whoever receives this.
pub(super) struct Read {
    pub(super) from: Reading,
    /// The place in the window that the batch will have.
    pub(super) ticket: Ticket,
}

/// Bounds the batches in flight, and with them the memory of a run: a batch is not read before
/// there is a place for it, and keeps its place until the last thing made of it is written.
pub(super) struct Intake {
    places: Arc<Places>,
    reads: Receiver<Read>,
}

struct Places {
    state: Mutex<State>,
    changed: Condvar,
    capacity: isize,
}

struct State {
    /// Below 0 where batches turned out to take more than one place.
    free: isize,
    /// Shards that nobody is reading from at the moment.
    idle: Vec<Reading>,
    /// Shards that are being read, idle or not.
    open: usize,
    /// The way to the workers; nothing once the run is over.
    ready: Option<Sender<Read>>,
}

/// A place in the window. What is made of a batch shares its ticket.
struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.update(|state| state.free += 1);
    }
}

/// A place in the window and more of them.
struct WidePlace {
    places: Arc<Places>,
    more: isize,
    _first: Ticket,
}

impl Drop for WidePlace {
    fn drop(&mut self) {
        self.places.update(|state| state.free += self.more);
    }
}

impl Places {
    /// Changes the state, and sends out every read that has become possible.
    fn update(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        while state.free > 0
            && let Some(from) = state.idle.pop()
        {
            state.free -= 1;
            let ticket: Ticket = Arc::new(Place(Arc::clone(self)));
            let read = Read { from, ticket };
            // There is room for all shards that can be open, so this neither blocks nor fails.
            drop(state.ready.as_ref().map(|workers| workers.send(read)));
        }
        if state.is_over(self.capacity) {
            self.changed.notify_all();
        }
    }
}

impl State {
    /// Whether nothing is being read and nothing is in flight.
    fn is_over(&self, capacity: isize) -> bool {
        self.open == 0 && self.free == capacity
    }
}

impl Intake {
    /// An intake with `window` places, for at most `shards` that are read at a time.
    pub(super) fn new(window: usize, shards: usize) -> Self {
        let (ready, receiver) = bounded(shards.max(1));
        let window = isize::try_from(window).unwrap_or(isize::MAX);
        let state = State {
            free: window,
            idle: Vec::new(),
            open: 0,
            ready: Some(ready),
        };
        Self {
            places: Arc::new(Places {
                state: Mutex::new(state),
                changed: Condvar::new(),
                capacity: window,
            }),
            reads: receiver,
        }
    }

    /// Where the workers receive what is to be read.
    pub(super) fn reads(&self) -> &Receiver<Read> {
        &self.reads
    }

    /// The ticket of a batch that takes so many places. It has been read, so it takes them whether
    /// they are free or not: nothing more is read until they are.
    pub(super) fn widened(&self, ticket: Ticket, places: usize) -> Ticket {
        let capacity = self.places.capacity;
        let more = isize::try_from(places).map_or(capacity, |places| places.min(capacity)) - 1;
        if more < 1 {
            return ticket;
        }
        self.places.update(|state| state.free -= more);
        Arc::new(WidePlace {
            places: Arc::clone(&self.places),
            more,
            _first: ticket,
        })
    }

    /// Begins with a shard.
    pub(super) fn open(&self, reading: Reading) {
        self.places.update(|state| {
            state.open += 1;
            state.idle.push(reading);
        });
    }

    /// The shard has more batches, to be read when there is a place.
    pub(super) fn put_back(&self, reading: Reading) {
        self.places.update(|state| state.idle.push(reading));
    }

    /// A shard has been read to its end; in its place comes `next`, if there is one.
    pub(super) fn close(&self, next: Option<Reading>) {
        self.places.update(|state| match next {
            Some(next) => state.idle.push(next),
            None => state.open -= 1,
        });
    }

    /// Waits until nothing is being read and nothing is in flight, and tells the workers.
    pub(super) fn wait_until_over(&self) {
        let places = &self.places;
        let mut state = places.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.is_over(places.capacity) {
            state = places
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.ready = None;
    }
}
