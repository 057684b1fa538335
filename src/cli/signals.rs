//! Two-step Ctrl-C: the first SIGINT or SIGTERM asks the run to drain and end, the second ends the
//! process at once. What was being written has a hidden, temporary name, so nothing half-written
//! shows either way.

use std::sync::atomic::{AtomicI32, Ordering};
use std::{io, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::topology::Stop;

/// Ends the watch even when the work panics.
struct Watch(Handle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Does `work` while watching for signals: the first one requests `stop` and calls `waiting`, the
/// second one exits with 128 and its number. Gives what the work gave, and the first signal.
///
/// # Errors
/// When the operating system refuses the signal handlers. Nothing has been done then.
pub(super) fn watch<T>(
    stop: &Stop,
    waiting: impl Fn() + Sync,
    work: impl FnOnce() -> T,
) -> io::Result<(T, Option<i32>)> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let first = AtomicI32::new(0);
    let handle = signals.handle();
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            for signal in signals.forever() {
                if first.swap(signal, Ordering::Relaxed) != 0 {
                    signal_hook::low_level::exit(128 + signal);
                }
                stop.request();
                waiting();
            }
        });
        let _watch = Watch(handle);
        work()
    });
    let first = first.into_inner();
    Ok((result, (first != 0).then_some(first)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn the_first_signal_asks_the_run_to_stop() {
        let (stop, asked) = (Stop::default(), AtomicUsize::new(0));
        let waiting = || asked.store(1, Ordering::Relaxed);
        let (result, signal) = watch(&stop, waiting, || {
            signal_hook::low_level::raise(SIGTERM).unwrap();
            while asked.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            stop.is_interrupted()
        })
        .unwrap();
        assert_eq!((result, signal), (true, Some(SIGTERM)));

        let (result, signal) = watch(&Stop::default(), || {}, || 7).unwrap();
        assert_eq!((result, signal), (7, None));
    }
}
