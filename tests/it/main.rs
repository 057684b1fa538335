//! Integration tests: one binary, one module for each promise.

mod allocation;
mod architecture;
mod back_translation;
mod bad_input;
mod check;
mod cli;
mod determinism;
mod fixture;
#[cfg(feature = "onnx")]
mod loopback;
mod lossless;
#[cfg(feature = "onnx")]
mod marian_tokenizer;
mod masked_lm;
mod noise;
mod pipelines;
mod plan;
mod plugin;
mod reference;
mod resume;
#[cfg(feature = "onnx")]
mod runtime;
mod samples;
mod scratch;
mod texts;
mod word_counts;
mod wordnet;
