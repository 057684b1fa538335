//! The threads that a GPU belongs to.
//!
//! Workers of a run are as many as the host has processors; each with sessions of its own on a GPU
//! they would fill its memory with copies of the weights, and get into each other's way. So a GPU
//! has threads of its own, and workers hand them what is to be computed there, prepared as far as
//! it can be: while one of them waits for its answer, the others prepare what comes next.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::ChosenDevice;

/// Does something on the thread of this number.
type Task = Box<dyn FnOnce(usize) + Send>;

/// The threads of one device, which end when nobody has it any more.
#[derive(Debug)]
pub(crate) struct Owner {
    /// Whoever sends a task waits for what comes of it: so many wait as there are workers.
    tasks: Sender<Task>,
}

/// The owners there are.
static OWNERS: Mutex<Vec<(Key, Weak<Owner>)>> = Mutex::new(Vec::new());

/// A device, and how many threads compute on it.
type Key = (ChosenDevice, NonZeroUsize);

impl Owner {
    /// The search for translations looks at what a step gives before it can ask for the next one,
    /// and the launch of a small kernel takes longer than the kernel: other threads compute in the
    /// meantime. Measured on an H100, four threads are one and a half to two and a half times as fast as one.
    pub(crate) const USUAL_THREADS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    /// The owner of a device with so many threads: all that compute there share one.
    pub(crate) fn of(device: ChosenDevice, threads: NonZeroUsize) -> Arc<Self> {
        let mut owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|(_, owner)| owner.strong_count() > 0);
        let key = (device, threads);
        let known = owners.iter().find(|(other, _)| *other == key);
        if let Some(owner) = known.and_then(|(_, owner)| owner.upgrade()) {
            return owner;
        }
        let owner = Arc::new(Self::new(device, threads.get()));
        owners.push((key, Arc::downgrade(&owner)));
        owner
    }

    fn new(device: ChosenDevice, threads: usize) -> Self {
        let (tasks, waiting) = unbounded();
        for number in 0..threads {
            let waiting = waiting.clone();
            let named = thread::Builder::new().name(format!("{device}/{number}"));
            // Without any thread there is nobody to answer, which whoever asks is told.
            let _ = named.spawn(move || serve(number, &waiting));
        }
        Self { tasks }
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

    /// The owner of a device that no other test has.
    fn owner(number: u16) -> Arc<Owner> {
        Owner::of(ChosenDevice::Cuda(number), NonZeroUsize::new(3).unwrap())
    }

    #[test]
    fn all_get_their_answers_from_few_threads() {
        let owner = owner(900);
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
            assert!(thread < 3);
        }
    }

    #[test]
    fn a_panic_leaves_the_threads_alive() {
        let owner = owner(901);
        for _ in 0..6 {
            let answer = owner.run(|_| -> usize { panic!("on purpose") });
            assert_eq!(answer, None);
        }
        assert_eq!(owner.run(|_| 7), Some(7));
    }

    #[test]
    fn a_device_has_one_owner_while_somebody_has_it() {
        let first = owner(902);
        assert!(Arc::ptr_eq(&first, &owner(902)));
        assert!(!Arc::ptr_eq(&first, &owner(903)));
        drop(first);
        assert_eq!(owner(902).run(|_| 1), Some(1));
    }
}
