//! Integration tests: one binary, one module for each promise.

mod allocation;
mod architecture;
mod back_translation;
mod bad_input;
mod check;
mod cli;
mod determinism;
mod fixture;
mod lossless;
mod noise;
mod pipelines;
mod plan;
mod plugin;
mod reference;
mod resume;
mod samples;
mod scratch;
mod wordnet;
