//! Room for the recursion of the SQL parser.
//!
//! polars turns SQL into an expression by recursion, a level for each operator of a chain such as
//! `a OR b OR c`, and takes more than 20 kB of stack for a level where it is not optimised. An
//! overflow is no error that could be caught: it ends the process.

use std::any::Any;
use std::thread;

use super::syntax::plain;

/// Bytes of stack to parse with: enough for [`LONGEST`] bytes of SQL, with an operator at every
/// second one. Only what is used of it takes memory.
const ROOM: usize = 256 << 20;

/// Bytes of SQL in an expression, at most.
pub(super) const LONGEST: usize = 10_000;

/// Runs `work` on a large stack.
///
/// # Errors
/// What to say when `work` panics, or when there is no memory for the stack.
pub(super) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let parser = thread::Builder::new()
            .name("sql".to_owned())
            .stack_size(ROOM)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("there is no thread to parse it: {error}"))?;
        parser.join().map_err(|panic| message_of(&*panic))
    })
}

/// What to say of a panic in polars.
pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let message = if let Some(message) = panic.downcast_ref::<String>() {
        message
    } else if let Some(message) = panic.downcast_ref::<&str>() {
        message
    } else {
        "without a message"
    };
    format!("polars gave up: {}", plain(message))
}
