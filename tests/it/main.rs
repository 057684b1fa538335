//! Integration tests: one binary, one module for each promise.

mod allocation;
mod architecture;
mod back_translation;
mod bad_input;
mod check;
mod cli;
mod composite;
mod dag;
mod deduplicate;
mod determinism;
mod fixture;
mod folder;
mod hostile;
mod kills;
#[cfg(feature = "onnx")]
mod loopback;
mod lossless;
#[cfg(feature = "onnx")]
mod marian_tokenizer;
mod masked_lm;
mod memory;
mod noise;
mod pinning;
mod pipeline_tests;
mod pipelines;
mod plan;
mod plugin;
mod reference;
mod rejects;
mod resume;
mod row_groups;
#[cfg(feature = "onnx")]
mod runtime;
mod samples;
mod scratch;
#[cfg(feature = "polars")]
mod sql_errors;
#[cfg(feature = "polars")]
mod sql_pipeline;
#[cfg(feature = "object-store")]
mod store_record;
#[cfg(feature = "object-store")]
mod store_server;
#[cfg(feature = "object-store")]
mod stores;
mod surroundings;
mod texts;
mod word_counts;
mod wordnet;
