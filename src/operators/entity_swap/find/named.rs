//! Names and places: what begins with a capital.

use super::dated::number_word;
use super::lists::{Class, Lists, Meanings};
use super::scan::{NOTHING, Pair, Scan, fold, is_among, is_blank, one, without_possessive};
use super::{EntityKind, Form};
use crate::prelude::*;
use crate::text::Case;

/// Words after which a capital makes a place of what may be a person, too.
const BEFORE_PLACES: [&str; 14] = [
    "in",
    "at",
    "from",
    "to",
    "near",
    "around",
    "across",
    "through",
    "outside",
    "inside",
    "into",
    "towards",
    "toward",
    "throughout",
];

/// Words before the name of a person.
const TITLES: [&str; 12] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "judge",
    "senator",
    "president",
];

/// Words after which a common word with a capital is no name.
const DETERMINERS: [&str; 16] = [
    "a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our",
    "their", "no", "every",
];

impl Scan<'_> {
    /// What the word at `place` is, which begins with a capital.
    pub(super) fn capital(&self, place: usize, word: Word, folded: &mut String) -> Pair {
        let content = self.text.word(word);
        let base = without_possessive(content);
        let span = Word {
            start: word.start,
            end: word.start + u32::try_from(base.len()).unwrap_or_default(),
        };
        if let Some(found) = self.calendar(place, word, base) {
            return (Some(found), None);
        }
        if let found @ (Some(_), _) = number_word(word, content) {
            return found;
        }
        let Some(lists) = self.lists.filter(|_| !self.is_hyphenated(word)) else {
            return NOTHING;
        };
        fold(base, folded);
        if let Some(span) = self.long_place(lists, place, span, folded) {
            return span;
        }
        fold(base, folded);
        let meanings = lists.meanings(folded);
        if meanings == Meanings::default() {
            return NOTHING;
        }
        fold(without_possessive(self.after(place, is_blank)), folded);
        let next = lists.meanings(folded);
        self.name(place, span, meanings, next)
    }

    /// A place of several words that begins with the word at `place`, which is `folded`.
    pub(super) fn long_place(
        &self,
        lists: &Lists,
        place: usize,
        span: Word,
        folded: &mut String,
    ) -> Option<Pair> {
        if !lists.begins(folded) {
            return None;
        }
        for more in [2, 1] {
            let parts = place..place + more;
            let last = self.words.get(place + more).copied();
            let Some(last) = last.filter(|_| parts.clone().all(|part| self.gap(part) == Some(" ")))
            else {
                continue;
            };
            let base = without_possessive(self.text.word(last));
            let whole = Word {
                start: span.start,
                end: last.start + u32::try_from(base.len()).unwrap_or_default(),
            };
            fold(self.text.word(whole), folded);
            if let Some(meaning) = lists.meanings(folded).place
                && base.starts_with(char::is_uppercase)
            {
                return Some(one(whole, Form::Name(meaning.class), EntityKind::Place));
            }
        }
        None
    }

    /// What the word at `place`, which can be what `meanings` say, is; `next` are those of the next.
    pub(super) fn name(
        &self,
        place: usize,
        span: Word,
        meanings: Meanings,
        next: Meanings,
    ) -> Pair {
        let name = |class: Class| one(span, Form::Name(class), EntityKind::Name);
        let before = self.before(place, |gap| matches!(gap, " " | ". "));
        let after = self.after(place, is_blank);
        let shouted = Case::of(self.text.word(span)) == Case::Upper;
        let is_clear = |is_word: bool| !is_word || !shouted && self.text.may_be_name(span);
        if is_among(before, &TITLES) && before.starts_with(char::is_uppercase) {
            let meaning = meanings.last.or(meanings.first);
            return meaning.map_or(NOTHING, |meaning| name(meaning.class));
        }
        let after_is_capital = after.starts_with(char::is_uppercase);
        if let (Some(first), Some(last)) = (meanings.first, next.last)
            && after_is_capital
            && (is_clear(first.is_word) || !last.is_word)
            && let Some(word) = self.words.get(place + 1)
        {
            let base = without_possessive(after);
            let span = Word {
                start: word.start,
                end: word.start + u32::try_from(base.len()).unwrap_or_default(),
            };
            let last = one(span, Form::Name(last.class), EntityKind::Name);
            return (name(first.class).0, last.0);
        }
        let is_person = meanings.first.is_some() || meanings.last.is_some();
        if let Some(place) = meanings.place {
            let is_place = if is_person {
                is_among(before, &BEFORE_PLACES)
            } else {
                // Before another capital it is part of a longer name.
                is_clear(place.is_word) && !after_is_capital
            };
            return if is_place {
                one(span, Form::Name(place.class), EntityKind::Place)
            } else {
                NOTHING
            };
        }
        let Some(meaning) = meanings.first.or(meanings.last) else {
            return NOTHING;
        };
        let stands_alone =
            !before.starts_with(char::is_uppercase) && !is_among(before, &DETERMINERS);
        if is_clear(meaning.is_word) && (stands_alone || !meaning.is_word) {
            name(meaning.class)
        } else {
            NOTHING
        }
    }
}
