//! One variant of a row on its way: its places, and the words found for them so far.

use std::ops::Range;

use super::Mode;
use super::places::Place;
use crate::batch::EditRecord;
use crate::prelude::Random;
use crate::text::Case;

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

    /// The edits of the text. Here, with all of them known, belongs what sets right the words
    /// beside them.
    pub(super) fn edits(&self, text: &str, places: &[Place]) -> Vec<EditRecord> {
        let edit = |gap: &Gap| {
            let span = places.get(gap.place)?.span.clone();
            Some(EditRecord {
                start: offset(span.start),
                end: offset(span.end),
                old: text.get(span)?.to_owned(),
                new: gap.new.clone()?,
            })
        };
        self.gaps.iter().filter_map(edit).collect()
    }
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

    use super::*;

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
        let edits = draft.edits("a b c", &places);
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
}
