//! augment
pub mod text;
