//! Objects in stores and files on the web, read and written as files are elsewhere.
//!
//! An object is named by a URL in place of a path: `s3://bucket/key`, `gs://bucket/key`,
//! `az://container/key`, `https://host/file`. Everything here blocks; that requests run on an
//! asynchronous runtime is known to `runtime.rs` and what it is called from in this module alone.
//!
//! A request that fails on the way, or that the server is too busy for, is made again with growing
//! pauses, for a minute or as long as `AUGMENT_STORE_PATIENCE` says. What a server answers is part
//! of the error; credentials never are.

mod address;
#[cfg(feature = "object-store")]
mod client;
#[cfg(feature = "object-store")]
mod credentials;
mod error;
mod held;
#[cfg(feature = "object-store")]
mod object;
#[cfg(feature = "object-store")]
mod requests;
#[cfg(feature = "object-store")]
mod runtime;
#[cfg(not(feature = "object-store"))]
mod unavailable;
#[cfg(feature = "object-store")]
mod upload;

use std::time::SystemTime;

pub(crate) use address::{is_remote, read_problem, resolve, write_problem};
pub(crate) use error::{help, is_changed};
pub(crate) use held::{bytes_in_upload, bytes_read_ahead};
#[cfg(feature = "object-store")]
pub(crate) use object::{Object, ObjectReader, digest_of};
#[cfg(feature = "object-store")]
pub(crate) use requests::{create, facts_of, list, read, read_all, remove, replace, write};
#[cfg(not(feature = "object-store"))]
pub(crate) use unavailable::{
    Object, ObjectReader, Upload, create, digest_of, facts_of, list, read, read_all, remove,
    replace, write,
};
#[cfg(feature = "object-store")]
pub(crate) use upload::Upload;

/// What a store tells of an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// When it was written, by the clock of the store.
    pub(crate) modified: SystemTime,
    /// Which state of it this is.
    pub(crate) mark: Mark,
}

/// What a store calls one state of an object, to be asked for it alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// What changes whenever the bytes do. S3 and Azure compare it.
    pub(crate) tag: Option<String>,
    /// The number of the state. Google compares it.
    pub(crate) version: Option<String>,
}
