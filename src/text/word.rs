//! A span of text.

use std::ops::Range;

/// A span of bytes of a text, usually a word of it. Texts are under 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Word {
    /// The span `start..end`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The span as a range of `usize`, to index the text with.
    #[inline]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
