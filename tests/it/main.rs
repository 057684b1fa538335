//! Integration tests.

mod bad_input;
mod check;
mod cli;
mod determinism;
mod fixture;
mod lossless;
mod noise;
mod plan;
mod resume;
mod samples;
mod scratch;
