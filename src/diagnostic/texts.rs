//! The texts that a pipeline is written in, and how to find a place in them.

use std::ops::Range;

/// The texts of one pipeline: its file, and the `--set` flags of the command line.
///
/// They are laid end to end, with one byte between two, so that a single span tells both the text
/// and the bytes in it. The file comes first: its spans are its own byte offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    text: String,
    /// Offset of the text's first byte.
    start: usize,
    /// Offset, in the text, of the first byte of every line.
    lines: Vec<usize>,
}

/// Where a span stands, in the terms of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The path of the file as it was given, or the name of the flag.
    pub name: &'a str,
    /// Whether it is the pipeline file, and not a flag.
    pub in_file: bool,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line, without its end.
    pub content: &'a str,
    /// Bytes of `content` before the span.
    pub start: usize,
    /// First byte of `content` after the part of the span that lies on this line.
    pub end: usize,
    /// Lines that the span covers.
    pub lines: usize,
}

impl Texts {
    /// The texts of a pipeline whose file is `name` and holds `text`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut texts = Self { parts: Vec::new() };
        texts.add(name.into(), text.into());
        texts
    }

    /// Adds a flag, and gives the offset of its first byte.
    pub(crate) fn add(&mut self, name: String, text: String) -> usize {
        let start = self
            .parts
            .last()
            .map_or(0, |part| part.start + part.text.len() + 1);
        let breaks = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(_, next)| next))
            .collect();
        self.parts.push(Part {
            name,
            text,
            start,
            lines,
        });
        start
    }

    /// The name of the pipeline file.
    pub fn name(&self) -> &str {
        self.parts.first().map_or("", |part| &part.name)
    }

    /// All texts, the file first, each with the offset of its first byte.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        self.parts
            .iter()
            .map(|part| (part.start, part.text.as_str()))
    }

    /// The bytes of `span`; nothing if it does not lie in one text, on character boundaries.
    pub fn slice(&self, span: &Range<usize>) -> Option<&str> {
        let part = self.part(span.start)?;
        part.text
            .get(span.start.checked_sub(part.start)?..span.end.checked_sub(part.start)?)
    }

    /// Where `span` stands. A span that lies outside of the texts or cuts a character is moved to
    /// the nearest place that exists.
    pub fn locate(&self, span: &Range<usize>) -> Option<Place<'_>> {
        let part = self.part(span.start)?;
        let text = part.text.as_str();
        let start = text.floor_char_boundary(span.start - part.start);
        let end = span.end.saturating_sub(part.start).max(start);
        let end = text.floor_char_boundary(end).max(start);
        let line = part.line_of(start);
        let last_line = if end > start {
            part.line_of(end - 1)
        } else {
            line
        };
        let first = part.lines.get(line).copied().unwrap_or_default();
        let content = text.get(first..)?.split('\n').next().unwrap_or_default();
        let content = content.strip_suffix('\r').unwrap_or(content);
        let (start, end) = (
            (start - first).min(content.len()),
            (end - first).min(content.len()),
        );
        Some(Place {
            name: &part.name,
            in_file: part.start == 0,
            line: line + 1,
            column: content.get(..start)?.chars().count() + 1,
            content,
            start,
            end,
            lines: last_line - line + 1,
        })
    }

    /// The offset of the first byte of the text that holds `offset`.
    pub(super) fn origin(&self, offset: usize) -> Option<usize> {
        self.part(offset).map(|part| part.start)
    }

    fn part(&self, offset: usize) -> Option<&Part> {
        self.parts.iter().rfind(|part| part.start <= offset)
    }
}

impl Part {
    /// The line, from 0, that the byte at `offset` is on.
    fn line_of(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|first| *first <= offset)
            .saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_in_the_file_has_its_own_line_and_column() {
        let texts = Texts::new("p.toml", "a = 1\nö = \"x\"\r\nlast");
        let place = texts.locate(&(11..14)).unwrap();
        assert_eq!(
            (place.line, place.column, place.content),
            (2, 5, "ö = \"x\"")
        );
        assert_eq!(&place.content[place.start..place.end], "\"x\"");
        assert!(place.in_file);
    }

    #[test]
    fn a_span_beyond_the_file_is_in_a_flag() {
        let mut texts = Texts::new("p.toml", "a = 1\n");
        let start = texts.add("--set".into(), "seed=x".into());
        let place = texts.locate(&(start + 5..start + 6)).unwrap();
        assert_eq!((place.name, place.line, place.column), ("--set", 1, 6));
        assert!(!place.in_file);
    }

    #[test]
    fn a_span_that_cuts_a_character_or_leaves_the_text_is_moved() {
        let texts = Texts::new("p.toml", "ö\nab");
        assert_eq!(texts.locate(&(1..1)).unwrap().column, 1);
        assert_eq!(texts.locate(&(90..99)).unwrap().column, 3);
    }

    #[test]
    fn a_span_over_lines_ends_with_its_first_line() {
        let texts = Texts::new("p.toml", "a = [\n1,\n]\n");
        let place = texts.locate(&(4..10)).unwrap();
        assert_eq!(
            (place.line, place.start, place.end, place.lines),
            (1, 4, 5, 3)
        );
    }
}
