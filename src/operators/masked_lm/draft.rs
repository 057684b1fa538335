//! One variant of a row on its way: its places, and the words found for them so far.

use std::ops::Range;

use super::Mode;
use super::places::Place;
use crate::batch::EditRecord;
use crate::prelude::Random;
use crate::text::{Case, Word, article};

/// One word in so many is hidden at once: models of this kind are trained with 15 % hidden.
const HIDDEN: (usize, usize) = (3, 20);

/// A variant that is being made.
#[derive(Debug)]
pub(super) struct Draft {
    /// Position of its row among those of the batch.
    pub(super) row: usize,
    /// Which variant it is, from 1; 0 where the row is changed in place.
    pub(super) replica: u32,
    /// Its places in the order of the text, each with the run of the model in which it is blank.
    pub(super) gaps: Vec<Gap>,
}

/// A place that was drawn.
#[derive(Debug)]
pub(super) struct Gap {
    /// Its number among the places of the row.
    pub(super) place: usize,
    pub(super) round: usize,
    /// What is put there; nothing as long as nothing was found.
    pub(super) new: Option<String>,
}

impl Draft {
    /// A variant in which `count` of `places`, in a text of `words` words, are edited.
    pub(super) fn new(
        row: usize,
        replica: u32,
        (places, words): (&[Place], usize),
        count: usize,
        random: &mut Random,
    ) -> Self {
        let mut order: Vec<usize> = (0..places.len()).collect();
        random.partial_shuffle(&mut order, count);
        order.truncate(count);
        let together = (words * HIDDEN.0 / HIDDEN.1).max(1);
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        let mut gaps = Vec::with_capacity(order.len());
        for place in order {
            let Some(word) = places.get(place).map(|place| place.word) else {
                continue;
            };
            let fits = |round: &Vec<usize>| {
                round.len() < together && !round.iter().any(|other| other.abs_diff(word) < 2)
            };
            let round = rounds.iter().position(fits).unwrap_or(rounds.len());
            match rounds.get_mut(round) {
                Some(words) => words.push(word),
                None => rounds.push(vec![word]),
            }
            gaps.push(Gap {
                place,
                round,
                new: None,
            });
        }
        gaps.sort_unstable_by_key(|gap| gap.place);
        Self { row, replica, gaps }
    }

    /// How many runs of the model it takes.
    pub(super) fn rounds(&self) -> usize {
        let last = self.gaps.iter().map(|gap| gap.round).max();
        last.map_or(0, |last| last + 1)
    }

    /// The text with what was found so far, and the blanks of this round in it.
    pub(super) fn passage(
        &self,
        text: &str,
        places: &[Place],
        round: usize,
    ) -> (String, Vec<Range<usize>>) {
        let mut made = String::with_capacity(text.len() + text.len() / 8);
        let mut blanks = Vec::new();
        let mut done = 0;
        for gap in &self.gaps {
            let Some(place) = places.get(gap.place) else {
                continue;
            };
            made.push_str(text.get(done..place.span.start).unwrap_or_default());
            let start = made.len();
            let old = text.get(place.span.clone()).unwrap_or_default();
            made.push_str(gap.new.as_deref().unwrap_or(old));
            if gap.round == round {
                blanks.push(start..made.len());
            }
            done = place.span.end;
        }
        made.push_str(text.get(done..).unwrap_or_default());
        (made, blanks)
    }

    /// The edits of the text, in order. With `articles`, "a" and "an" before new words are among
    /// them, except in the spans it has.
    pub(super) fn edits(
        &self,
        text: &str,
        places: &[Place],
        articles: Option<&[Word]>,
    ) -> Vec<EditRecord> {
        let mut edits: Vec<EditRecord> = Vec::with_capacity(self.gaps.len());
        let mut made = String::with_capacity(text.len() + text.len() / 8);
        let mut done = 0;
        for gap in &self.gaps {
            let (Some(place), Some(new)) = (places.get(gap.place), &gap.new) else {
                continue;
            };
            let span = place.span.clone();
            let between = made.len();
            made.push_str(text.get(done..span.start).unwrap_or_default());
            made.push_str(new);
            let word = made.len() - new.trim_start().len();
            let following = made.get(word..).unwrap_or_default();
            if let Some(protected) = articles
                && let Some((found, article)) = article::correction(&made, word, following)
            {
                match found.start.checked_sub(between) {
                    Some(ahead) => {
                        let start = done + ahead;
                        let article_span = start..start + found.len();
                        if !is_protected(protected, &article_span) {
                            edits.push(record(text, article_span, article.to_owned()));
                        }
                    }
                    None => {
                        if let Some(last) = edits.last_mut() {
                            put_article(last, article);
                        }
                    }
                }
            }
            edits.push(record(text, span.clone(), new.clone()));
            done = span.end;
        }
        edits
    }
}

/// `text` with edits, which are in order.
pub(super) fn applied(text: &str, edits: &[EditRecord]) -> String {
    let mut made = String::with_capacity(text.len() + text.len() / 8);
    let mut done = 0;
    for edit in edits {
        made.push_str(text.get(done..edit.start as usize).unwrap_or_default());
        made.push_str(&edit.new);
        done = edit.end as usize;
    }
    made.push_str(text.get(done..).unwrap_or_default());
    made
}

fn record(text: &str, span: Range<usize>, new: String) -> EditRecord {
    EditRecord {
        start: offset(span.start),
        end: offset(span.end),
        old: text.get(span).unwrap_or_default().to_owned(),
        new,
        from: None,
    }
}

/// Puts `article` in place of an article that was drawn.
fn put_article(drawn: &mut EditRecord, article: &str) {
    let word = drawn.new.trim_start();
    if ["a", "an"]
        .into_iter()
        .any(|known| word.eq_ignore_ascii_case(known))
    {
        drawn.new.truncate(drawn.new.len() - word.len());
        drawn.new.push_str(article);
    }
}

fn is_protected(protected: &[Word], span: &Range<usize>) -> bool {
    protected.iter().any(|other| {
        let other = other.range();
        other.start < span.end && span.start < other.end
    })
}

/// What is written at a place for a word that was drawn: with the capitals of the old word, or, if
/// it is inserted, behind a space, and in capitals where the words beside it are.
pub(super) fn written(mode: Mode, word: &str, old: &str, beside: [&str; 2]) -> String {
    match mode {
        Mode::Replace => {
            let mut new = String::with_capacity(word.len());
            Case::of(old).append(word, &mut new);
            new
        }
        Mode::Insert => {
            let mut new = " ".to_owned();
            let shouted = beside.iter().all(|word| Case::of(word) == Case::Upper);
            let case = if shouted { Case::Upper } else { Case::Lower };
            case.append(word, &mut new);
            new
        }
    }
}

/// Texts are under 4 GiB.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::places::places;
    use super::*;
    use crate::operator::Text;
    use crate::text::{Segmenter, StopWords};

    fn every_word(words: usize) -> Vec<Place> {
        (0..words)
            .map(|word| Place {
                word,
                span: word * 2..word * 2 + 1,
                beside: [None, None],
            })
            .collect()
    }

    proptest! {
        #[test]
        fn few_words_are_blank_at_once_and_no_neighbours(
            words in 1_usize..60,
            count in 0_usize..60,
            key: u64,
        ) {
            let count = count.min(words);
            let places = every_word(words);
            let mut random = Random::from_key(key);
            let draft = Draft::new(0, 0, (&places, words), count, &mut random);
            prop_assert_eq!(draft.gaps.len(), count);
            let mut all = 0;
            let text = "a ".repeat(words);
            for round in 0..draft.rounds() {
                let (passage, blanks) = draft.passage(&text, &places, round);
                prop_assert_eq!(&passage, &text);
                prop_assert!(!blanks.is_empty());
                prop_assert!(blanks.len() == 1 || blanks.len() * 20 <= words * 3);
                prop_assert!(blanks.windows(2).all(|two| two[1].start - two[0].start > 2));
                all += blanks.len();
            }
            prop_assert_eq!(all, count);
        }
    }

    #[test]
    fn later_blanks_see_earlier_words() {
        let places = every_word(3);
        let gap = |place, round, new: Option<&str>| Gap {
            place,
            round,
            new: new.map(str::to_owned),
        };
        let draft = Draft {
            row: 0,
            replica: 1,
            gaps: vec![gap(0, 0, Some("one")), gap(1, 1, None), gap(2, 0, None)],
        };
        let (passage, blanks) = draft.passage("a b c", &places, 1);
        assert_eq!(
            (passage.as_str(), &blanks[..]),
            ("one b c", std::slice::from_ref(&(4..5)))
        );
        let edits = draft.edits("a b c", &places, None);
        assert_eq!(edits.len(), 1);
        assert_eq!((edits[0].old.as_str(), edits[0].new.as_str()), ("a", "one"));
    }

    #[test]
    fn capitals_are_those_of_what_was_there() {
        let replaced = |old| written(Mode::Replace, "film", old, ["", ""]);
        assert_eq!(replaced("Movie"), "Film");
        assert_eq!(replaced("MOVIE"), "FILM");
        assert_eq!(replaced("movie"), "film");
        let inserted = |beside| written(Mode::Insert, "film", "", beside);
        assert_eq!(inserted(["A", "movie"]), " film");
        assert_eq!(inserted(["GREAT", "MOVIE"]), " FILM");
    }

    #[test]
    fn articles_follow_the_words_after_them() {
        let edited = |text: &str, articles: Option<&[Word]>, new: &[(usize, &str)], mode: Mode| {
            let mut segmenter = Segmenter::default();
            let segments = segmenter.segment(text);
            let view = Text::new(text, segments.words, segments.protected, 0);
            let places = places(&view, mode, &StopWords::none());
            let gaps = new.iter().map(|(place, new)| Gap {
                place: *place,
                round: 0,
                new: Some((*new).to_owned()),
            });
            let draft = Draft {
                row: 0,
                replica: 0,
                gaps: gaps.collect(),
            };
            let edits = draft.edits(text, &places, articles);
            assert!(edits.is_sorted_by(|one, next| one.end <= next.start));
            for edit in &edits {
                assert_eq!(edit.old, text[edit.start as usize..edit.end as usize]);
            }
            applied(text, &edits)
        };
        let english = Some(&[][..]);
        let text = "It was an old film, a big one";
        for (articles, new, expected) in [
            (english, &[(3, "new")][..], "It was a new film, a big one"),
            (
                english,
                &[(3, "ugly"), (6, "only")],
                "It was an ugly film, an only one",
            ),
            (
                english,
                &[(2, "a"), (3, "odd")],
                "It was an odd film, a big one",
            ),
            (None, &[(3, "new")], "It was an new film, a big one"),
            (
                Some(&[Word::new(7, 9)][..]),
                &[(3, "new")],
                "It was an new film, a big one",
            ),
        ] {
            assert_eq!(edited(text, articles, new, Mode::Replace), expected);
        }
        for (new, expected) in [
            (&[(2, " new")][..], "It was a new old film, a big one"),
            (
                &[(3, " new"), (5, " own")],
                "It was an old new film, an own big one",
            ),
        ] {
            assert_eq!(edited(text, english, new, Mode::Insert), expected);
        }
    }
}
