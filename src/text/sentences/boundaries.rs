//! Where sentences may end, by UAX #29.

use std::iter::Skip;

use unicode_segmentation::{USentenceBoundIndices, UnicodeSegmentation};

/// The boundaries of sentences in a text, those of
/// [UAX #29](https://unicode.org/reports/tr29/#Sentence_Boundaries), without its start and end.
///
/// In ASCII they are found by a loop of our own, which looks closely at what ends a sentence or a line and
/// at nothing else; in other texts by the crate `unicode-segmentation`. Both find the same.
pub(super) enum Boundaries<'a> {
    Ascii { bytes: &'a [u8], position: usize },
    Any(Skip<USentenceBoundIndices<'a>>),
}

impl<'a> Boundaries<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        if text.is_ascii() {
            return Self::Ascii {
                bytes: text.as_bytes(),
                position: 0,
            };
        }
        Self::Any(text.split_sentence_bound_indices().skip(1))
    }
}

impl Iterator for Boundaries<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Any(bounds) => bounds.next().map(|(boundary, _)| boundary),
            Self::Ascii { bytes, position } => {
                let boundary = next_in_ascii(bytes, *position);
                *position = boundary.unwrap_or(bytes.len());
                boundary
            }
        }
    }
}

/// The first boundary after `from`, which is the start of the text or a boundary itself.
fn next_in_ascii(bytes: &[u8], from: usize) -> Option<usize> {
    let mut position = from;
    loop {
        let rest = bytes.get(position..)?;
        position += rest
            .iter()
            .position(|byte| is_line_break(*byte) || is_terminator(*byte))?;
        let end = if bytes.get(position).copied().is_some_and(is_line_break) {
            Some(after_line_break(bytes, position))
        } else {
            end_by_terminator(bytes, position)
        };
        match end {
            Some(end) if end < bytes.len() => return Some(end),
            Some(_) => return None,
            None => position += 1,
        }
    }
}

/// SB3 and SB4.
fn after_line_break(bytes: &[u8], position: usize) -> usize {
    let is_pair = bytes
        .get(position..)
        .is_some_and(|rest| rest.starts_with(b"\r\n"));
    position + 1 + usize::from(is_pair)
}

/// Where the sentence ends that the `.`, `!` or `?` at `position` may end, if it does: SB6 to SB11.
fn end_by_terminator(bytes: &[u8], position: usize) -> Option<usize> {
    let at = |place: usize| bytes.get(place).copied();
    let run = |from: usize, class: fn(u8) -> bool| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| class(**byte)).count()
    };
    let is_full_stop = at(position) == Some(b'.');
    let before = position.checked_sub(1).and_then(at);
    let after = at(position + 1);
    if is_full_stop
        && (after.is_some_and(|after| after.is_ascii_digit())
            || after.is_some_and(|after| after.is_ascii_uppercase())
                && before.is_some_and(|before| before.is_ascii_alphabetic()))
    {
        return None;
    }
    let end = run(run(position + 1, is_closing), is_space);
    match at(end) {
        Some(next) if is_line_break(next) => return Some(after_line_break(bytes, end)),
        Some(next) if continues(next) || is_terminator(next) => return None,
        _ => {}
    }
    let decides = at(run(end, |byte| {
        !(byte.is_ascii_alphabetic() || is_line_break(byte) || is_terminator(byte))
    }));
    let goes_on = is_full_stop && decides.is_some_and(|letter| letter.is_ascii_lowercase());
    (!goes_on).then_some(end)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_terminator(byte: u8) -> bool {
    matches!(byte, b'.' | b'!' | b'?')
}

fn is_closing(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

/// Whether a mark shows that a sentence goes on.
fn continues(byte: u8) -> bool {
    matches!(byte, b',' | b'-' | b':' | b';')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_crate(text: &str) -> Vec<usize> {
        let bounds = text.split_sentence_bound_indices().skip(1);
        bounds.map(|(boundary, _)| boundary).collect()
    }

    #[test]
    fn no_byte_of_ascii_is_mistaken() {
        for byte in 0..128_u8 {
            for around in [
                ("a.", "b"),
                ("a. ", "B"),
                ("A.", " b"),
                ("1.", "1"),
                ("a!", " b"),
                ("a? ", "b"),
                ("", ".b"),
                ("a.", ".b"),
                ("a.\"", " B"),
                ("a. ", "\nb"),
                ("a!", "\r\nB"),
                ("a.", "1 b"),
                ("a. ", " ) b"),
            ] {
                let text = format!("{}{}{}", around.0, char::from(byte), around.1);
                let found: Vec<usize> = Boundaries::of(&text).collect();
                assert_eq!(found, by_the_crate(&text), "{text:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn boundaries_in_ascii_are_those_of_uax_29(text in "([ -~\t\n\r]|[.!? \n\r]|[a-c A1,\"'(.]){0,60}") {
            let found: Vec<usize> = Boundaries::of(&text).collect();
            prop_assert_eq!(found, by_the_crate(&text));
        }
    }
}
