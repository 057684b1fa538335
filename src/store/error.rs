//! What a store refused, as an error of the operating system would say it.

use std::fmt;
use std::io;

/// What went wrong with an object. It travels inside of an [`io::Error`].
#[derive(Debug, Clone)]
pub(super) struct StoreError {
    pub(super) kind: Kind,
    pub(super) message: String,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "object-store"),
    expect(dead_code, reason = "a build without stores has one error alone")
)]
pub(super) enum Kind {
    NotFound,
    Exists,
    /// The object is another than the one that was looked at.
    Changed,
    Refused,
    /// The server could not be reached, or did not answer.
    Unreachable,
    /// The settings of the store are not complete, or wrong.
    Settings,
    Other,
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            Kind::NotFound => io::ErrorKind::NotFound,
            Kind::Exists => io::ErrorKind::AlreadyExists,
            Kind::Refused => io::ErrorKind::PermissionDenied,
            Kind::Unreachable => io::ErrorKind::HostUnreachable,
            Kind::Changed | Kind::Settings | Kind::Other => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

fn inner(error: &io::Error) -> Option<&StoreError> {
    error.get_ref()?.downcast_ref()
}

/// Whether the object is another than the one that was looked at.
pub(crate) fn is_changed(error: &io::Error) -> bool {
    inner(error).is_some_and(|error| error.kind == Kind::Changed)
}

/// The remedy, if it was a store that refused.
pub(crate) fn help(error: &io::Error) -> Option<&'static str> {
    Some(match inner(error)?.kind {
        Kind::NotFound => "check the bucket and the name of the object",
        Kind::Exists | Kind::Changed => {
            "let nothing else write there during a run, and run again: finished shards are kept"
        }
        Kind::Refused => {
            "check the credentials in the environment (for S3 AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for Google GOOGLE_APPLICATION_CREDENTIALS; for \
             Azure AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY), and what they may do"
        }
        Kind::Unreachable => {
            "check the network and the address (for S3 AWS_ENDPOINT_URL and AWS_REGION), and run \
             again: finished shards are kept"
        }
        Kind::Settings => {
            "give the store's settings in the environment: for S3 AWS_REGION, AWS_ENDPOINT_URL, \
             AWS_PROFILE; for Google GOOGLE_APPLICATION_CREDENTIALS; for Azure \
             AZURE_STORAGE_ACCOUNT_NAME"
        }
        Kind::Other => "run again when the store is well: finished shards are kept",
    })
}
