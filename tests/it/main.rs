//! Integration tests.

mod check;
mod cli;
mod fixture;
mod noise;
mod plan;
