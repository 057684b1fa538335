//! The runtime for tests: a process can have one, so all of them take this.

use std::env;

use super::{Runtime, RuntimeOptions};

/// ONNX Runtime, where `ORT_DYLIB_PATH` names it; where it does not, says so.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn runtime() -> Option<&'static Runtime> {
    if env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH names no library of ONNX Runtime");
        return None;
    }
    let options = RuntimeOptions {
        offline: true,
        ..RuntimeOptions::default()
    };
    Some(Runtime::load(&options).unwrap())
}
