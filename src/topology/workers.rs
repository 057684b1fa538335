//! Workers: each takes whatever is furthest on its way, and reads only when nothing else is to do.

use std::sync::atomic::AtomicU64;

use crossbeam_channel::{Receiver, Select, TryRecvError};

use super::intake::Read;
use super::stage::Crew;
use super::wiring::Job;
use super::{Run, readers, stage, writing};

/// The operators of one worker: for each stage, one of each of its steps.
pub(super) type Crews = Vec<Crew>;

/// Something to do.
enum Task {
    Write(usize, Job),
    Process(usize, Job),
    Read(Read),
}

/// The channels that a worker serves, those that lead out of the graph first. Finishing what is in
/// flight before reading more keeps a batch in the caches of the core that read it, and few batches
/// in flight.
struct Inbox<'a> {
    sinks: Vec<&'a Receiver<Job>>,
    stages: Vec<&'a Receiver<Job>>,
    reads: &'a Receiver<Read>,
}

/// Works until the run is over.
pub(super) fn work(run: Run<'_>, next_shard: &AtomicU64, mut crews: Crews) {
    let inbox = Inbox {
        sinks: run.wiring.sink_receivers().collect(),
        stages: run.wiring.stage_receivers().collect(),
        reads: run.intake.reads(),
    };
    while let Some(task) = inbox.wait() {
        match task {
            Task::Write(sink, job) => writing::work(run, sink, job),
            Task::Process(position, job) => {
                if let Some(crew) = crews.get_mut(position) {
                    stage::work(run, position, crew, job);
                }
            }
            Task::Read(read) => readers::read(run, next_shard, read),
        }
    }
}

impl Inbox<'_> {
    /// The next task, as soon as there is one; nothing when the run is over.
    fn wait(&self) -> Option<Task> {
        let mut all = Select::new();
        for receiver in self.sinks.iter().chain(&self.stages) {
            all.recv(receiver);
        }
        all.recv(self.reads);
        loop {
            match self.take() {
                Ok(task) => return Some(task),
                // Reads end last: nothing is in flight then.
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => all.ready(),
            };
        }
    }

    /// A task that is there already.
    fn take(&self) -> Result<Task, TryRecvError> {
        for (sink, jobs) in self.sinks.iter().enumerate() {
            if let Ok(job) = jobs.try_recv() {
                return Ok(Task::Write(sink, job));
            }
        }
        // A stage comes after those that it reads.
        for (stage, jobs) in self.stages.iter().enumerate().rev() {
            if let Ok(job) = jobs.try_recv() {
                return Ok(Task::Process(stage, job));
            }
        }
        self.reads.try_recv().map(Task::Read)
    }
}
