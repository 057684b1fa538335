//! What people and programs get to know about a run: progress while it goes on, a summary at the
//! end.

mod figures;
mod json;
mod junit;
mod palette;
mod progress;
mod summary;
mod table;
mod wrap;

pub use json::{JsonError, RunIdentity, to_json, write_json};
pub use junit::{JunitCase, to_junit};
pub use palette::Palette;
pub use progress::{Progress, Say, Show, SourceTotal};
pub use summary::{describe_failures, summarize};
pub(crate) use table::Table;
pub use wrap::wrapped;
