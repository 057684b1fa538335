//! What operators count while they work: per shard, so that a committed shard's counts can be
//! stored with it, and a failed shard's thrown away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// The counts of one operator in one shard. Every row that enters leaves by a port, or is counted
/// under a reason.
#[derive(Debug, Default)]
pub struct OperatorCounters {
    /// Rows that reached the operator.
    pub rows_in: AtomicU64,
    /// Rows that left by the main output.
    pub rows_out: AtomicU64,
    /// Rows, among those that left, whose text the operator changed.
    pub changed: AtomicU64,
    reasons: Mutex<BTreeMap<String, u64>>,
    measures: Mutex<BTreeMap<String, Measure>>,
}

/// What was measured of the work of an operator. Measures add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// How much there was.
    pub amount: u64,
    /// What that is a share of; nothing where it is an amount of its own.
    pub whole: Option<u64>,
}

impl Measure {
    /// Adds another measure of the same kind.
    pub fn add(&mut self, other: Self) {
        self.amount += other.amount;
        if let Some(whole) = other.whole {
            *self.whole.get_or_insert(0) += whole;
        }
    }
}

impl OperatorCounters {
    /// Adds `count` rows under `reason`, for example `filtered: words`.
    pub fn count(&self, reason: &str, count: u64) {
        if count == 0 {
            return;
        }
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        match reasons.get_mut(reason) {
            Some(total) => *total += count,
            None => drop(reasons.insert(reason.to_owned(), count)),
        }
    }

    /// Adds to the measure `name`: an amount, or a share of `whole`.
    pub fn measure(&self, name: &str, amount: u64, whole: Option<u64>) {
        let more = Measure { amount, whole };
        let mut measures = self.measures.lock().unwrap_or_else(PoisonError::into_inner);
        match measures.get_mut(name) {
            Some(total) => total.add(more),
            None => drop(measures.insert(name.to_owned(), more)),
        }
    }

    /// The counts as they stand.
    pub fn snapshot(&self) -> Counts {
        Counts {
            rows_in: self.rows_in.load(Ordering::Relaxed),
            rows_out: self.rows_out.load(Ordering::Relaxed),
            changed: self.changed.load(Ordering::Relaxed),
            reasons: self
                .reasons
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            measures: self
                .measures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// Counts of one operator, added up or about to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that reached the operator.
    pub rows_in: u64,
    /// Rows that left by the main output.
    pub rows_out: u64,
    /// Rows whose text the operator changed.
    pub changed: u64,
    /// Why rows were left alone, left out or cut short: reason to number of rows.
    pub reasons: BTreeMap<String, u64>,
    /// What was measured of the work. Not stored: how much padding there was, say, depends on the
    /// size of batches, and what a finished run leaves behind must not.
    #[serde(skip)]
    pub measures: BTreeMap<String, Measure>,
}

impl Counts {
    /// Adds `other` to these.
    pub fn add(&mut self, other: &Self) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        self.changed += other.changed;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
        for (name, measure) in &other.measures {
            self.measures.entry(name.clone()).or_default().add(*measure);
        }
    }
}

/// The counters of all operators of a plan in one shard.
#[derive(Debug)]
pub struct ShardCounters {
    operators: Box<[OperatorCounters]>,
    /// Stands in for a position that no operator has, so that counting never fails.
    spare: OperatorCounters,
}

impl ShardCounters {
    /// Counters for `operators` operators, all at zero.
    pub fn new(operators: usize) -> Self {
        Self {
            operators: (0..operators)
                .map(|_| OperatorCounters::default())
                .collect(),
            spare: OperatorCounters::default(),
        }
    }

    /// The counters of the operator at `position` in the plan.
    pub fn operator(&self, position: usize) -> &OperatorCounters {
        self.operators.get(position).unwrap_or(&self.spare)
    }

    /// The counts of every operator, in the order of the plan.
    pub fn snapshot(&self) -> Vec<Counts> {
        self.operators
            .iter()
            .map(OperatorCounters::snapshot)
            .collect()
    }
}
