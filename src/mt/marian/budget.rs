//! How much of a model is computed at once.

use super::files::ModelFiles;
use super::layout::Layout;
use crate::inference::Budget;
use crate::mt::optimise::{CACHED, Precision};
use crate::onnx::SessionSource;

/// The budget by which a model is fastest. It depends on the model and the kind of device alone, as
/// translations in few bits may depend on their company.
pub(super) fn usual(
    files: &ModelFiles,
    layout: &Layout,
    precision: Precision,
    sessions: &SessionSource,
) -> Budget {
    if sessions.has_own_memory() {
        // Twice as much is no faster, and takes twice the memory for the past.
        return Budget {
            sources: 16_384,
            tokens: 16_384,
            rows: 512,
        };
    }
    let size = files.size(decoder(layout));
    let is_small = size.is_some_and(|size| size <= CACHED);
    // The weights of a large decoder are read from memory at each step, for as many rows as there
    // are. Those of a small one are at hand, and what the encoder makes of fewer tokens is as well.
    match (is_small, precision) {
        (false, _) => Budget::default(),
        (true, Precision::Int8) => Budget {
            sources: 1_024,
            ..Budget::default()
        },
        (true, Precision::Fp32 | Precision::Fp16) => Budget {
            sources: 1_024,
            tokens: 1_024,
            ..Budget::default()
        },
    }
}

/// The file of the graph that makes the steps after the first.
fn decoder(layout: &Layout) -> &str {
    match layout {
        Layout::Fast { decoder, .. }
        | Layout::Split { decoder, .. }
        | Layout::Merged { decoder, .. }
        | Layout::WithoutPast { decoder, .. } => decoder,
    }
}
