//! Cutting a text into sentences, with every byte between them left where it is.

mod boundaries;

use std::ops::Range;

use super::Word;
use boundaries::Boundaries;

/// Words that end in a full stop without ending a sentence, in small letters and without the stop:
/// titles, months and the like, in the languages most translated from.
const ABBREVIATIONS: [&str; 94] = [
    "abs", "adj", "al", "allg", "apr", "approx", "apt", "aug", "ave", "bldg", "blvd", "brig",
    "bspw", "bzgl", "bzw", "ca", "capt", "cf", "co", "col", "comdr", "corp", "cpl", "dec", "dept",
    "dipl", "dr", "ed", "eds", "engl", "esp", "est", "etw", "evtl", "feb", "fr", "frz", "gebr",
    "gen", "ggf", "gov", "hon", "inc", "ing", "inkl", "jan", "jr", "lt", "ltd", "maj", "mar",
    "max", "messrs", "min", "mio", "mlle", "mme", "mr", "mrd", "mrs", "ms", "mt", "nov", "oct",
    "okt", "orig", "ph", "phil", "prof", "rep", "resp", "rev", "sen", "sept", "sgt", "sogen", "sr",
    "sra", "srta", "st", "str", "tel", "tlw", "ung", "univ", "usf", "usw", "vgl", "vs", "zzgl",
    "exkl", "geb", "gest", "etc",
];

/// Words that end in a full stop without ending a sentence where a number follows.
const BEFORE_NUMBERS: [&str; 16] = [
    "abb", "abschn", "art", "bd", "ch", "fig", "figs", "kap", "no", "nos", "nr", "op", "pp", "s",
    "sec", "vol",
];

/// Tags that set what stands before them apart from what stands after.
const BLOCKS: [&str; 24] = [
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
    "title",
];

/// Appends the sentences of `text` to `spans`, in order. `protected` are its protected spans, in
/// order: none of them is cut.
///
/// Boundaries are those of [UAX #29](https://unicode.org/reports/tr29/#Sentence_Boundaries), of
/// which every line break is one; those after abbreviations, initials and dotted letters
/// (`Dr.`, `J.`, `e.g.`), before small letters and before closing quotes are not taken. Tags such
/// as `<br>` are boundaries, too. Not part of any sentence, and so left where they are: white
/// space and list marks around sentences, and tags, links, mentions, hash tags and fenced code at
/// their ends.
///
/// ```
/// use augment::text::{Segmenter, sentences};
/// let text = "- \"Well!\" said Dr. Who.  It is 3.5 kg.\nhttps://example.com #big";
/// let mut segmenter = Segmenter::new(&[])?;
/// let mut spans = Vec::new();
/// sentences(text, segmenter.segment(text).protected, &mut spans);
/// let found: Vec<&str> = spans.iter().map(|span| &text[span.range()]).collect();
/// assert_eq!(found, ["\"Well!\" said Dr. Who.", "It is 3.5 kg."]);
/// # Ok::<(), regex::Error>(())
/// ```
pub fn sentences(text: &str, protected: &[Word], spans: &mut Vec<Word>) {
    let mut start = 0;
    let mut cut = |end: usize| {
        if end > start {
            let span = trim(text, start..end, protected);
            if !span.is_empty() {
                spans.push(Word::new(span.start, span.end));
            }
            start = end;
        }
    };
    let mut blocks = protected
        .iter()
        .map(|span| span.range())
        .filter(|span| is_block(text.get(span.clone()).unwrap_or_default()))
        .peekable();
    let mut inside = protected.iter().peekable();
    for boundary in Boundaries::of(text) {
        while let Some(block) = blocks.next_if(|block| block.start < boundary) {
            cut(block.start);
            cut(block.end);
        }
        while inside
            .next_if(|span| span.range().end <= boundary)
            .is_some()
        {}
        let is_inside = inside
            .peek()
            .is_some_and(|span| span.range().start < boundary);
        if !is_inside && ends_sentence(text, boundary) {
            cut(boundary);
        }
    }
    for block in blocks {
        cut(block.start);
        cut(block.end);
    }
    cut(text.len());
}

/// A tag that parts text, or a fenced block of code.
fn is_block(span: &str) -> bool {
    if span.starts_with("```") {
        return true;
    }
    let Some(tag) = span.strip_prefix('<') else {
        return false;
    };
    let name = tag.strip_prefix('/').unwrap_or(tag);
    let name = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default();
    BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name))
}

/// Whether the sentence before `boundary`, a boundary of UAX #29, is over there.
fn ends_sentence(text: &str, boundary: usize) -> bool {
    let (before, after) = text.split_at_checked(boundary).unwrap_or((text, ""));
    let is_break = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let gap = before.len() - before.trim_end().len();
    let space = before.get(before.len() - gap..).unwrap_or_default();
    if space.contains(is_break) {
        return true;
    }
    if after.starts_with(['»', '”', '’', ')', ']']) {
        return false;
    }
    let next = after
        .chars()
        .find(|c| !matches!(c, '"' | '\'' | '“' | '‘' | '«' | '„' | '(' | '['));
    if next.is_some_and(char::is_lowercase) {
        return false;
    }
    let Some(stem) = before.trim_end().strip_suffix('.') else {
        return true;
    };
    let word = stem
        .rsplit(|c: char| !(c.is_alphanumeric() || c == '.'))
        .next()
        .unwrap_or_default();
    let is_dotted = word.contains('.')
        && word
            .split('.')
            .all(|part| part.chars().count() <= 2 && part.starts_with(char::is_alphabetic));
    // `I` ends sentences, too: "So am I. You know that."
    let is_initial =
        word.chars().count() == 1 && word.starts_with(char::is_uppercase) && word != "I";
    if is_dotted || is_initial {
        return false;
    }
    let word = word.to_lowercase();
    let before_number = next.is_some_and(char::is_numeric);
    !(ABBREVIATIONS.contains(&word.as_str())
        || before_number && BEFORE_NUMBERS.contains(&word.as_str()))
}

/// `span` without white space and list marks at its start, and without what [`is_apart`] at either
/// end.
fn trim(text: &str, mut span: Range<usize>, protected: &[Word]) -> Range<usize> {
    let content = |span: &Range<usize>| text.get(span.clone()).unwrap_or_default();
    loop {
        let before = span.clone();
        span.start = span.end - content(&span).trim_start().len();
        span.end = span.start + content(&span).trim_end().len();
        span.start += list_mark(content(&span));
        for part in protected.iter().map(|part| part.range()) {
            let stands_alone =
                || is_apart(text.get(part.clone()).unwrap_or_default()) && part.end <= span.end;
            if part.start == span.start && stands_alone() {
                span.start = part.end;
            } else if part.end == span.end && part.start >= span.start && stands_alone() {
                span.end = part.start;
            }
        }
        if span == before || span.is_empty() {
            return span;
        }
    }
}

/// Bytes of the mark of a list or a quotation at the start of `line`, its spaces included.
fn list_mark(line: &str) -> usize {
    let rest = line.trim_start_matches(['-', '*', '•', '–', '—', '·', '>', '#', '+', '|']);
    let marked = line.len() - rest.len();
    let spaces = rest.len() - rest.trim_start().len();
    if marked > 0 && spaces > 0 {
        return marked + spaces;
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - rest.len();
    match rest.strip_prefix(['.', ')']) {
        Some(rest) if (1..=3).contains(&digits) => {
            let spaces = rest.len() - rest.trim_start().len();
            if spaces > 0 { digits + 1 + spaces } else { 0 }
        }
        _ => 0,
    }
}

/// Whether a protected span is no part of the sentence that it begins or ends.
fn is_apart(span: &str) -> bool {
    span.starts_with(['<', '@', '#'])
        || span.starts_with("```")
        || span.contains("://")
        || span.starts_with("www.")
}

/// Where to cut `text` in two, as near to its middle as there is a place for it: after the mark
/// that ends a clause, else at white space, else between any two characters. The two ends, between
/// which white space may stand. No span in `protected`, which are relative to `text`, is cut;
/// nothing if there is no such place.
pub fn middle(text: &str, protected: &[Range<usize>]) -> Option<(usize, usize)> {
    let half = text.len() / 2;
    let is_free = |place: usize| {
        !protected
            .iter()
            .any(|span| span.start < place && place < span.end)
    };
    let mut best: [Option<(usize, usize)>; 3] = [None; 3];
    let mut consider = |rank: usize, left: usize, right: usize| {
        if left == 0 || right >= text.len() || !is_free(left) || !is_free(right) {
            return;
        }
        if let Some(best) = best.get_mut(rank)
            && best.is_none_or(|(end, _)| left.abs_diff(half) < end.abs_diff(half))
        {
            *best = Some((left, right));
        }
    };
    let mut before = None;
    for (place, character) in text.char_indices() {
        if place > 0 {
            consider(2, place, place);
        }
        if character.is_whitespace() {
            let rest = text.get(place..).unwrap_or_default();
            let right = text.len() - rest.trim_start().len();
            let is_first = before.is_some_and(|before: char| !before.is_whitespace());
            if is_first {
                consider(1, place, right);
                if before.is_some_and(ends_clause) {
                    consider(0, place, right);
                }
            }
        } else if matches!(character, '、' | '，' | '；' | '：' | '،' | '؛') {
            let after = place + character.len_utf8();
            consider(0, after, after);
        }
        before = Some(character);
    }
    let [clause, space, any] = best;
    // A clause that leaves nearly all on one side is of no use.
    let is_useful = |(left, _): &(usize, usize)| left.abs_diff(half) <= text.len() / 4;
    clause.filter(is_useful).or(space).or(any)
}

/// Whether a clause may be over after this character.
fn ends_clause(character: char) -> bool {
    matches!(
        character,
        ',' | ';' | ':' | '–' | '—' | '-' | '.' | '!' | '?' | '…' | ')' | ']' | '"' | '”' | '»'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Segmenter;

    fn split(text: &str) -> Vec<&str> {
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let mut spans = Vec::new();
        sentences(text, segmenter.segment(text).protected, &mut spans);
        spans.iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("  \n\t ", &[]),
            ("One. Two! Three? Four", &["One.", "Two!", "Three?", "Four"]),
            (
                "Dr. No met Mr. J. R. Smith.",
                &["Dr. No met Mr. J. R. Smith."],
            ),
            (
                "Some, e.g. Paris, i.e. this. Yes.",
                &["Some, e.g. Paris, i.e. this.", "Yes."],
            ),
            ("Z.B. Äpfel, bzw. Birnen.", &["Z.B. Äpfel, bzw. Birnen."]),
            ("Pi is 3.14. No. 5 lives.", &["Pi is 3.14.", "No. 5 lives."]),
            ("He said no. Five left.", &["He said no.", "Five left."]),
            ("So am I. You too.", &["So am I.", "You too."]),
            (
                "\"Stop!\" he said. \"Why?\" I asked.",
                &["\"Stop!\" he said.", "\"Why?\"", "I asked."],
            ),
            (
                "« Bonjour ! » dit-il. Bien.",
                &["« Bonjour ! » dit-il.", "Bien."],
            ),
            (
                "Wait... Really?! (Yes.) Fine",
                &["Wait...", "Really?!", "(Yes.)", "Fine"],
            ),
            ("东京很大。他说好！", &["东京很大。", "他说好！"]),
            (
                "One line\nand another\r\n\r\nand more",
                &["One line", "and another", "and more"],
            ),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_sentence_stays_outside() {
        for (text, expected) in [
            (
                "- one\n* two\n3. Three\n> four",
                &["one", "two", "3.", "Three", "four"][..],
            ),
            ("Good.<br /><br />Bad.<p>So so", &["Good.", "Bad.", "So so"]),
            ("@you look here #now https://example.com", &["look here"]),
            ("<b>Bold</b> words", &["Bold</b> words"]),
            (
                "See https://example.com/a.b?c. Then go.",
                &["See https://example.com/a.b?c.", "Then go."],
            ),
            ("Code:\n```\nx = 1. Y = 2.\n```\nDone.", &["Code:", "Done."]),
            ("12 kg of rice", &["12 kg of rice"]),
            ("Hello {name}", &["Hello {name}"]),
            ("Use `a. B` now", &["Use `a. B` now"]),
            ("-5 is cold", &["-5 is cold"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_clauses_then_spaces_then_anywhere() {
        let halves = |text: &'static str| {
            let (left, right) = middle(text, &[]).unwrap();
            (&text[..left], &text[right..])
        };
        assert_eq!(halves("one two, three four"), ("one two,", "three four"));
        assert_eq!(halves("a, bcde fghi jklm"), ("a, bcde", "fghi jklm"));
        assert_eq!(halves("abcdef"), ("abc", "def"));
        assert_eq!(halves("春天来了，花都开了"), ("春天来了，", "花都开了"));
        assert_eq!(middle("a", &[]), None);
        assert_eq!(middle("", &[]), None);
        // The only space lies in a span that must not be cut.
        let whole = 0..3;
        assert_eq!(middle("a b", &[whole]), None);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_hold_every_letter_outside_of_what_is_protected(
            text in prop_oneof![
                any::<String>(),
                "([A-Za-z]{1,5}([.!?,]| |\n|<br>|https://a.b/c |@me |'|\"){1,2}){0,20}",
            ],
        ) {
            let mut segmenter = Segmenter::new(&[]).unwrap();
            let protected = segmenter.segment(&text).protected.to_vec();
            let mut spans = Vec::new();
            sentences(&text, &protected, &mut spans);
            let mut done = 0;
            let letters_between = |gap: Range<usize>| {
                text[gap.clone()].char_indices().any(|(at, c)| {
                    let at = gap.start + at;
                    c.is_alphabetic() && !protected.iter().any(|span| span.range().contains(&at))
                })
            };
            for span in spans.iter().map(|span| span.range()) {
                prop_assert!(done <= span.start && span.start < span.end);
                prop_assert!(text.get(span.clone()).is_some());
                prop_assert!(!letters_between(done..span.start), "{:?}", &text[done..span.start]);
                for part in protected.iter().map(|part| part.range()) {
                    let cut = part.start < span.start && span.start < part.end
                        || part.start < span.end && span.end < part.end;
                    prop_assert!(!cut);
                }
                done = span.end;
            }
            prop_assert!(!letters_between(done..text.len()));
        }

        #[test]
        fn halves_are_parts_of_the_text(text: String) {
            if let Some((left, right)) = middle(&text, &[]) {
                prop_assert!(0 < left && left <= right && right < text.len());
                prop_assert!(text[left..right].chars().all(char::is_whitespace));
            } else {
                prop_assert!(text.chars().count() <= 2 || text.trim().is_empty()
                    || text.chars().count() < 2, "{:?}", text);
            }
        }
    }
}
