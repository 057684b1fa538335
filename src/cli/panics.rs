//! What a panic prints.

use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Printer;

/// Where the last panic outside of the main thread was.
static ELSEWHERE: Mutex<Option<String>> = Mutex::new(None);

/// Asks for a report when augment itself panics; the process then exits with 101.
///
/// The topology catches panics in operators, readers and writers, and fails their shard with a
/// message of its own, so threads other than the main one panic quietly. With `RUST_BACKTRACE` set
/// every panic is printed as usual too.
pub(super) fn install() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            usual(info);
        }
        let mut elsewhere = ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner);
        if thread::current().name() == Some("main") {
            Printer::standard().say(&report(info, elsewhere.as_deref()));
        } else {
            *elsewhere = Some(summary(info));
        }
    }));
}

fn summary(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let place = info
        .location()
        .map_or_else(String::new, |place| format!(" at {place}"));
    format!("{message}{place}")
}

fn report(info: &PanicHookInfo<'_>, elsewhere: Option<&str>) -> String {
    let before = elsewhere.map_or_else(String::new, |place| {
        format!("\n  on another thread: {place}")
    });
    format!(
        "error: this is a bug in augment {}: {}{before}\n  help: please report it with the \
         pipeline file; RUST_BACKTRACE=1 adds what is needed to find it. Nothing half-written is \
         visible, and the next run goes on from what is committed",
        env!("CARGO_PKG_VERSION"),
        summary(info)
    )
}
