//! What the operators know about text: words, their forms and their meanings.

pub mod inflection;
pub mod wordnet;
