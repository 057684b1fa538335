//! Output: Parquet files that appear at their final path only when they are complete.

mod chunks;
mod dictionaries;
mod distinct;
mod error;
mod file;
mod inside;
mod layout;
pub mod lineage;
mod lines;
mod pages;
pub mod parquet;
mod plan;
#[cfg(test)]
mod tests;
mod writer;

pub use error::SinkError;
pub(crate) use error::io_help;
pub(crate) use file::{PARTIAL_SUFFIX, create_anew, obstacle, sync_folder};
pub(crate) use inside::check_inside;
pub use layout::SinkLayout;
pub(crate) use lines::LineWriter;
pub(crate) use plan::PAGES_HELD;
pub use plan::SinkPlan;
pub use writer::{Output, Prepared, ShardWriter};
