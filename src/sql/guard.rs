//! Calls into polars that neither panic nor print.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use polars::error::{PolarsResult, set_warning_function};

use super::{SqlError, stack, syntax};

/// polars prints its warnings, about functions that a later version drops, where progress is shown.
static SILENCE: Once = Once::new();

/// Runs `work`, and makes an error of a panic: polars panics where a feature is not compiled in.
pub(super) fn guard<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, SqlError> {
    SILENCE.call_once(|| set_warning_function(|_, _| {}));
    // Nothing that `work` reaches is used after a panic: it owns its frame, and only reads the rest.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(SqlError::Evaluation(syntax::plain(&error.to_string()))),
        Err(panic) => Err(SqlError::Evaluation(stack::message_of(&*panic))),
    }
}
