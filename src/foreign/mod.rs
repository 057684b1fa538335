//! What safe Rust cannot say: the one module with `unsafe` code. What it gives out is safe to use.

#[cfg(feature = "polars")]
pub(crate) mod frames;
#[cfg(feature = "onnx")]
pub(crate) mod heap;
#[cfg(feature = "onnx")]
pub(crate) mod mapped;
