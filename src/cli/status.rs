//! Exit codes.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything asked for is done: 0.
    Success,
    /// It ran, but not everything succeeded; running it again may help: 1.
    Incomplete,
    /// It did not start: something has to be mended first: 2.
    NotStarted,
    /// It was interrupted by the signal of this number and has drained: 128 and the number.
    Interrupted(i32),
}

impl ExitStatus {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Incomplete => 1,
            Self::NotStarted => 2,
            Self::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }

    /// The worse of the two.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        if other.code() > self.code() {
            other
        } else {
            self
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
