//! The one bound on what is in flight.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::batch::Ticket;

#[derive(Debug)]
struct State {
    in_flight: Mutex<usize>,
    changed: Condvar,
}

/// Bounds the number of batches between the sources and the sinks.
#[derive(Debug)]
pub(super) struct Window {
    state: Arc<State>,
    capacity: usize,
}

/// A place in the window. What is made of a batch shares its ticket.
struct Place(Arc<State>);

impl Drop for Place {
    fn drop(&mut self) {
        *self
            .0
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.changed.notify_all();
    }
}

impl Window {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            in_flight: Mutex::new(0),
            changed: Condvar::new(),
        };
        Self {
            state: Arc::new(state),
            capacity,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Waits for a place.
    pub(super) fn enter(&self) -> Ticket {
        let mut in_flight = self
            .state
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *in_flight >= self.capacity {
            in_flight = self
                .state
                .changed
                .wait(in_flight)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *in_flight += 1;
        Arc::new(Place(Arc::clone(&self.state)))
    }

    /// Waits until nothing is in flight.
    pub(super) fn wait_until_empty(&self) {
        let mut in_flight = self
            .state
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *in_flight > 0 {
            in_flight = self
                .state
                .changed
                .wait(in_flight)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
