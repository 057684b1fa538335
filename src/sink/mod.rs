//! Output: Parquet files that appear at their final path only when they are complete.

mod error;
mod layout;
pub mod lineage;
pub mod parquet;

pub use error::SinkError;
pub(crate) use error::io_help;
pub use layout::SinkLayout;
