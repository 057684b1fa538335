//! How models run, as plain data: what the flags of a run say, and no model by name.

#[cfg(feature = "onnx")]
use std::fmt;
use std::path::PathBuf;

/// How models run. The default is what a run does where no flag says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelSettings {
    /// Where models compute.
    #[cfg(feature = "onnx")]
    pub device: crate::onnx::Device,
    /// Threads that compute on a GPU, each with a copy of the models; nothing for the usual number.
    #[cfg(feature = "onnx")]
    pub gpu_threads: Option<std::num::NonZeroUsize>,
    /// Whether nothing may be fetched: what is not on this machine is missing.
    pub offline: bool,
    /// The ONNX Runtime library to load; it is looked for where there is none.
    pub ort_library: Option<PathBuf>,
    /// Is told what is fetched, and what a person should know.
    #[cfg(feature = "onnx")]
    pub watch: Watcher,
}

/// Whom to tell about fetching. It does not change what models do, so any two are alike.
#[cfg(feature = "onnx")]
#[derive(Clone)]
pub struct Watcher(pub crate::onnx::Watch);

#[cfg(feature = "onnx")]
impl Default for Watcher {
    fn default() -> Self {
        Self(crate::onnx::silent())
    }
}

#[cfg(feature = "onnx")]
impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watcher")
    }
}

#[cfg(feature = "onnx")]
impl PartialEq for Watcher {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

#[cfg(feature = "onnx")]
impl Eq for Watcher {}
