//! The threads that a GPU belongs to.
//!
//! Workers of a run are as many as the host has processors; each with sessions of its own on a GPU
//! they would fill its memory with copies of the weights, and get into each other's way. So a GPU
//! has threads of its own, and workers hand them what is to be computed there, prepared as far as
//! it can be: while one of them waits for its answer, the others prepare what comes next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::ChosenDevice;

/// Threads of a device. The search for translations looks at what a step gives before it can ask
/// for the next one: a second thread computes in the meantime.
const THREADS: usize = 2;

/// Does something on the thread of this number, below [`Owner::threads`].
type Task = Box<dyn FnOnce(usize) + Send>;

/// The threads of one device, which end when nobody has it any more.
#[derive(Debug)]
pub(crate) struct Owner {
    /// Whoever sends a task waits for what comes of it: so many wait as there are workers.
    tasks: Sender<Task>,
}

/// The owners there are.
static OWNERS: Mutex<Vec<(ChosenDevice, Weak<Owner>)>> = Mutex::new(Vec::new());

impl Owner {
    /// The owner of a device: all that compute on it share one.
    pub(crate) fn of(device: ChosenDevice) -> Arc<Self> {
        let mut owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|(_, owner)| owner.strong_count() > 0);
        let known = owners.iter().find(|(other, _)| *other == device);
        if let Some(owner) = known.and_then(|(_, owner)| owner.upgrade()) {
            return owner;
        }
        let owner = Arc::new(Self::new(device));
        owners.push((device, Arc::downgrade(&owner)));
        owner
    }

    fn new(device: ChosenDevice) -> Self {
        let (tasks, waiting) = unbounded();
        for number in 0..THREADS {
            let waiting = waiting.clone();
            let named = thread::Builder::new().name(format!("{device}/{number}"));
            // Without any thread there is nobody to answer, which whoever asks is told.
            let _ = named.spawn(move || serve(number, &waiting));
        }
        Self { tasks }
    }

    /// How many threads there are.
    pub(crate) fn threads() -> usize {
        THREADS
    }

    /// What `work` gives on one of the threads, of which it is told the number. Nothing if it
    /// panicked, or there are no threads.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(usize) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = bounded(1);
        let task = Box::new(move |thread| {
            // Nobody waits for the answer if the one that asked has gone.
            let _ = answer.send(work(thread));
        });
        self.tasks.send(task).ok()?;
        answered.recv().ok()
    }
}

fn serve(thread: usize, waiting: &Receiver<Task>) {
    for task in waiting {
        // A panic is the trouble of whoever sent the task: it gets no answer.
        let _ = catch_unwind(AssertUnwindSafe(|| task(thread)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_get_their_answers_from_few_threads() {
        let owner = Owner::of(ChosenDevice::Cuda(900));
        let answers: Vec<(usize, usize)> = thread::scope(|scope| {
            let asking: Vec<_> = (0..16)
                .map(|number| {
                    let owner = Arc::clone(&owner);
                    scope.spawn(move || owner.run(move |thread| (number, thread)).unwrap())
                })
                .collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for (place, (number, thread)) in answers.into_iter().enumerate() {
            assert_eq!(number, place);
            assert!(thread < Owner::threads());
        }
    }

    #[test]
    fn a_panic_leaves_the_threads_alive() {
        let owner = Owner::of(ChosenDevice::Cuda(901));
        for _ in 0..2 * THREADS {
            let answer = owner.run(|_| -> usize { panic!("on purpose") });
            assert_eq!(answer, None);
        }
        assert_eq!(owner.run(|_| 7), Some(7));
    }

    #[test]
    fn a_device_has_one_owner_while_somebody_has_it() {
        let device = ChosenDevice::Cuda(902);
        let first = Owner::of(device);
        assert!(Arc::ptr_eq(&first, &Owner::of(device)));
        assert!(!Arc::ptr_eq(&first, &Owner::of(ChosenDevice::Cuda(903))));
        drop(first);
        assert_eq!(Owner::of(device).run(|_| 1), Some(1));
    }
}
