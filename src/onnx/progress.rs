//! What is told while something is fetched.

use std::sync::Arc;

/// A step of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A download begins.
    Started {
        /// What is fetched, and how.
        what: &'a str,
        /// Its size, where it is known.
        bytes: Option<u64>,
    },
    /// So much of what was started last has arrived, in bytes, what an earlier run had fetched
    /// included.
    Received(u64),
    /// All of it has arrived.
    Finished {
        /// What was fetched.
        what: &'a str,
    },
    /// Something that a person should know: a line.
    Notice(&'a str),
}

/// Is told about downloads. Called often: whoever prints picks what to print.
pub type Watch = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// Tells nobody.
pub fn silent() -> Watch {
    Arc::new(|_| {})
}
