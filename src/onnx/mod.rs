//! ONNX Runtime: finding its library, fetching it where there is none, loading it.
//!
//! The library is not part of the program, which therefore runs with whichever version 1.24 or
//! later is at hand: see [`Place`] for where it is looked for, and [`Runtime::load`]. Nothing
//! here knows what a model is for: a graph has inputs, outputs and weights.

mod archive;
mod cache;
mod cuda;
mod device;
mod error;
mod external;
mod extract;
mod fetch;
mod graph;
mod limit;
mod lock;
mod owner;
mod pinned;
mod place;
mod probe;
mod progress;
mod providers;
mod python;
mod runtime;
mod session;
mod signature;
mod surroundings;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trial;
mod weights;

pub use cache::cache_folder;
pub use device::{ChosenDevice, Device, ParseDeviceError};
pub use error::{Attempt, RuntimeError};
pub use graph::{GraphError, SessionSource};
pub use pinned::VERSION as FETCHED_VERSION;
pub use place::{Finding, Place, survey};
pub use progress::{Progress, Watch, silent};
pub use runtime::{Runtime, RuntimeOptions};
pub use surroundings::Surroundings;

pub(crate) use archive::explain as explain_http;
pub(crate) use graph::{Graph, GraphFile, Input, failed, integers, named, side_by_side};
pub(crate) use limit::read as read_file;
pub(crate) use lock::lock;
pub(crate) use owner::Owner;
pub(crate) use signature::{Element, Port, Signature};
pub(crate) use weights::GraphWeights;
