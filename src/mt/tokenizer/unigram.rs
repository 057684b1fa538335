//! The likeliest way to cut a normalised text into pieces.
//!
//! Ties and rounding are those of sentencepiece 0.2.3 (`unigram::Model::EncodeOptimized`): scores
//! are added up in single precision from the start of the text, the first of equal paths wins, and
//! far down a long text all running sums are lowered by the same amount.

use super::model_file::{Piece, PieceKind};
use super::normaliser::character_length;
use super::trie::{Entry, Trie};

/// What an unknown character scores below the unlikeliest piece.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Sums beyond this are brought back to zero, so that single precision still tells paths apart.
const FAR: f32 = 100_000.0;

/// Stands for the piece of a character that no piece covers.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// No path ends here.
const NOWHERE: u32 = u32::MAX;

/// The best way to get to a place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    score: f32,
    /// Where its last piece starts.
    start: u32,
    /// What its last piece stands for.
    value: u32,
}

const UNREACHED: Step = Step {
    score: 0.0,
    start: NOWHERE,
    value: UNKNOWN,
};

/// The pieces of a model, and what each stands for.
#[derive(Debug)]
pub(super) struct Unigram {
    pieces: Trie,
    unknown_score: f32,
    /// Bytes of the longest piece.
    longest: usize,
}

impl Unigram {
    /// The pieces of a model that are cut from texts, each with the value that `value_of` gives.
    pub(super) fn new(pieces: &[Piece<'_>], value_of: impl Fn(&Piece<'_>) -> u32) -> Self {
        let mut entries = Vec::with_capacity(pieces.len());
        let mut lowest = f32::MAX;
        for piece in pieces {
            let score = match piece.kind {
                PieceKind::Normal => {
                    lowest = lowest.min(piece.score);
                    piece.score
                }
                PieceKind::UserDefined => user_defined_score(piece.text.len()),
                _ => continue,
            };
            entries.push(Entry {
                key: piece.text,
                value: value_of(piece),
                score,
            });
        }
        Self {
            longest: pieces
                .iter()
                .map(|piece| piece.text.len())
                .max()
                .unwrap_or(0),
            pieces: Trie::new(entries),
            unknown_score: lowest - UNKNOWN_PENALTY,
        }
    }

    /// Cuts `text` and calls `each` with the value and the span of every piece, **from the last to
    /// the first**; the value is [`UNKNOWN`] for a character that no piece covers. `steps` is
    /// memory to work with.
    pub(super) fn cut(
        &self,
        text: &[u8],
        steps: &mut Vec<Step>,
        mut each: impl FnMut(u32, std::ops::Range<usize>),
    ) {
        self.find_path(text, steps);
        let mut end = text.len();
        while end > 0 {
            let step = steps.get(end).copied().unwrap_or(UNREACHED);
            let start = step.start as usize;
            if start >= end {
                // Only in texts beyond 4 GiB, whose places do not fit.
                return;
            }
            each(step.value, start..end);
            end = start;
        }
    }

    fn find_path(&self, text: &[u8], steps: &mut Vec<Step>) {
        steps.clear();
        steps.resize(text.len() + 1, UNREACHED);
        let mut start = 0;
        while let Some(rest) = text.get(start..)
            && let Some(first) = rest.first()
        {
            let mut so_far = steps.get(start).map_or(0.0, |step| step.score);
            if so_far.abs() > FAR {
                lower(steps, start, self.longest, so_far);
                so_far = 0.0;
            }
            let length = character_length(*first).min(rest.len());
            let place = u32::try_from(start).unwrap_or(NOWHERE);
            let mut covered = false;
            let mut walk = self.pieces.walk();
            let ends = steps.get_mut(start + 1..).unwrap_or_default();
            for ((count, byte), end) in (1..).zip(rest).zip(ends.iter_mut()) {
                if !walk.step(*byte) {
                    break;
                }
                if let Some((value, score)) = walk.found() {
                    improve(end, so_far + score, place, value);
                    covered |= count == length;
                }
            }
            if !covered && let Some(end) = ends.get_mut(length - 1) {
                improve(end, so_far + self.unknown_score, place, UNKNOWN);
            }
            start += length;
        }
    }
}

#[inline]
fn improve(end: &mut Step, score: f32, start: u32, value: u32) {
    if end.start == NOWHERE || score > end.score {
        *end = Step {
            score,
            start,
            value,
        };
    }
}

/// Lowers the sums of all paths that end at `start` or later by `amount`.
fn lower(steps: &mut [Step], start: usize, longest: usize, amount: f32) {
    let reached = steps.iter_mut().skip(start).take(longest.max(4) + 1);
    for (position, step) in reached.enumerate() {
        if position == 0 || step.start != NOWHERE {
            step.score -= amount;
        }
    }
}

/// What a user-defined piece of so many bytes scores: more than any way around it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "pieces have less than 8,000 bytes, and sentencepiece rounds alike"
)]
fn user_defined_score(bytes: usize) -> f32 {
    (0.1 * bytes.saturating_sub(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, score: f32) -> Piece<'_> {
        Piece {
            text: text.as_bytes(),
            score,
            kind: PieceKind::Normal,
        }
    }

    fn cut(pieces: &[Piece<'_>], text: &str) -> Vec<String> {
        let unigram = Unigram::new(pieces, |_| 0);
        let mut steps = Vec::new();
        let mut found = Vec::new();
        unigram.cut(text.as_bytes(), &mut steps, |value, span| {
            let mark = if value == UNKNOWN { "?" } else { "" };
            found.push(format!("{mark}{}", &text[span]));
        });
        found.reverse();
        found
    }

    #[test]
    fn the_likeliest_path_wins() {
        let pieces = [
            normal("a", -1.0),
            normal("b", -1.0),
            normal("c", -1.0),
            normal("ab", -1.5),
            normal("bc", -0.5),
        ];
        assert_eq!(cut(&pieces, "abc"), ["a", "bc"]);
        assert_eq!(cut(&pieces, "abab"), ["ab", "ab"]);
        assert_eq!(cut(&pieces, ""), Vec::<String>::new());
    }

    #[test]
    fn of_equal_paths_the_one_with_the_earlier_last_piece_wins() {
        let pieces = [normal("a", -1.0), normal("aa", -2.0)];
        assert_eq!(cut(&pieces, "aaa"), ["a", "aa"]);
    }

    #[test]
    fn characters_without_a_piece_are_unknown() {
        let pieces = [normal("a", -1.0), normal("\u{e4}b", -1.0)];
        assert_eq!(cut(&pieces, "a\u{e4}c"), ["a", "?\u{e4}", "?c"]);
        assert_eq!(cut(&pieces, "a\u{e4}b"), ["a", "\u{e4}b"]);
    }

    #[test]
    fn user_defined_pieces_win_and_unused_ones_are_not_there() {
        let piece = |text: &'static str, kind| Piece {
            text: text.as_bytes(),
            score: -20.0,
            kind,
        };
        let pieces = [
            normal("a", -0.1),
            normal("b", -0.1),
            normal("c", -0.1),
            piece("ab", PieceKind::UserDefined),
            piece("bc", PieceKind::Unused),
            piece("abc", PieceKind::Control),
        ];
        assert_eq!(cut(&pieces, "abc"), ["ab", "c"]);
    }

    #[test]
    fn long_texts_are_cut_to_the_end() {
        let pieces = [
            normal("ab", -900.0),
            normal("a", -500.0),
            normal("b", -500.0),
        ];
        assert_eq!(cut(&pieces, &"ab".repeat(5_000)).len(), 5_000);
        assert_eq!(cut(&pieces, &"\u{e4}".repeat(5_000)).len(), 5_000);
    }
}
