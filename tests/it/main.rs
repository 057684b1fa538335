//! Integration tests: one binary, one module for each promise.

mod check;
mod cli;
mod fixture;
mod noise;
mod plan;
