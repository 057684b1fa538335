//! Finding numbers, dates, names and places.

use super::EntityKind;
use super::dates::{self, Calendar, NumericDate};
use super::lists::{Class, Lists, Meanings};
use super::numbers::{self, NUMBER_WORDS};
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

/// Words after which a capital makes a month of what may be another word, too.
const BEFORE_MONTHS: [&str; 11] = [
    "in", "since", "until", "till", "by", "last", "next", "of", "during", "early", "late",
];

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

/// What an entity looks like: it is swapped for one of the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Number,
    /// A number that is taken for a year.
    Year,
    /// `21st`
    Ordinal,
    /// A word of one of the lists of [`NUMBER_WORDS`].
    NumberWord(usize),
    /// A date in digits.
    Date,
    /// The day beside the name of a month, with the letters of an ordinal or without.
    Day,
    Calendar(Calendar),
    Name(Class),
}

/// An entity of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) span: Word,
    pub(super) form: Form,
    pub(super) kind: EntityKind,
    /// The days that a month must have, at least.
    pub(super) days: u32,
}

/// Finds entities; keeps its memory from text to text.
pub(super) struct Finder {
    kinds: Vec<EntityKind>,
    lists: Option<&'static Lists>,
    words: Vec<Word>,
    folded: String,
    found: Vec<Found>,
}

impl Finder {
    pub(super) fn new(kinds: &[EntityKind]) -> Self {
        let listed = |kind: &EntityKind| matches!(kind, EntityKind::Name | EntityKind::Place);
        Self {
            kinds: kinds.to_vec(),
            lists: kinds.iter().any(listed).then(Lists::embedded),
            words: Vec::new(),
            folded: String::new(),
            found: Vec::new(),
        }
    }

    /// The entities of `text`.
    pub(super) fn find(&mut self, text: &Text<'_>) -> &[Found] {
        self.words.clear();
        self.words.extend(text.words());
        self.found.clear();
        let mut place = 0;
        while let Some(word) = self.words.get(place).copied() {
            let scan = Scan {
                text: *text,
                words: &self.words,
                lists: self.lists,
            };
            let (found, more) = scan.find_at(place, word, &mut self.folded);
            let wanted = found.into_iter().chain(more);
            let mut end = word.end;
            for found in wanted {
                end = end.max(found.span.end);
                if self.kinds.contains(&found.kind) {
                    self.found.push(found);
                }
            }
            while self.words.get(place).is_some_and(|word| word.start < end) {
                place += 1;
            }
        }
        self.find_again(text);
        &self.found
    }

    /// Adds words that are not clear by themselves, but are names that stand elsewhere in the text:
    /// "I saw Mark. Mark was there."
    fn find_again(&mut self, text: &Text<'_>) {
        /// Names that are looked for.
        const MOST: usize = 64;
        let first_pass = self.found.len();
        let is_name = |found: &&Found| found.kind == EntityKind::Name;
        if !self.found.iter().any(|found| is_name(&found)) {
            return;
        }
        let mut known = 0;
        for word in &self.words {
            while self
                .found
                .get(known)
                .is_some_and(|found| known < first_pass && found.span.end <= word.start)
            {
                known += 1;
            }
            let here = self.found.get(known).filter(|_| known < first_pass);
            let content = without_possessive(text.word(*word));
            if here.is_some_and(|found| found.span.start < word.end)
                || !content.starts_with(char::is_uppercase)
            {
                continue;
            }
            let names = self
                .found
                .iter()
                .take(first_pass)
                .filter(is_name)
                .take(MOST);
            let same = |found: &&Found| text.word(found.span).eq_ignore_ascii_case(content);
            if let Some(found) = names.into_iter().find(same).copied() {
                let end = word.start + (found.span.end - found.span.start);
                let span = Word {
                    start: word.start,
                    end,
                };
                self.found.push(Found { span, ..found });
            }
        }
    }
}

/// One text, looked at word by word.
struct Scan<'a> {
    text: Text<'a>,
    words: &'a [Word],
    lists: Option<&'static Lists>,
}

/// An entity, and one right after it that was found with it.
type Pair = (Option<Found>, Option<Found>);

const NOTHING: Pair = (None, None);

fn one(span: Word, form: Form, kind: EntityKind) -> Pair {
    let found = Found {
        span,
        form,
        kind,
        days: 0,
    };
    (Some(found), None)
}

impl<'a> Scan<'a> {
    fn find_at(&self, place: usize, word: Word, folded: &mut String) -> Pair {
        let content = self.text.word(word);
        match content.as_bytes().first() {
            Some(byte) if byte.is_ascii_digit() => self.number(place, word),
            Some(byte) if byte.is_ascii_lowercase() => number_word(word, content),
            _ if content.starts_with(char::is_uppercase) => self.capital(place, word, folded),
            _ => NOTHING,
        }
    }

    /// The text of the word at `place`; empty where there is none.
    fn content(&self, place: Option<usize>) -> &'a str {
        let word = place.and_then(|place| self.words.get(place));
        word.map_or("", |word| self.text.word(*word))
    }

    /// What stands between the word at `place` and the next.
    fn gap(&self, place: usize) -> Option<&'a str> {
        let (word, next) = (self.words.get(place)?, self.words.get(place + 1)?);
        self.text.as_str().get(word.range().end..next.range().start)
    }

    /// The word before the one at `place`, if what parts them is `allowed`.
    fn before(&self, place: usize, allowed: impl Fn(&str) -> bool) -> &'a str {
        let before = place.checked_sub(1);
        let near = before
            .and_then(|before| self.gap(before))
            .is_some_and(allowed);
        self.content(before.filter(|_| near))
    }

    /// The word after the one at `place`, if what parts them is `allowed`.
    fn after(&self, place: usize, allowed: impl Fn(&str) -> bool) -> &'a str {
        let near = self.gap(place).is_some_and(allowed);
        self.content(Some(place + 1).filter(|_| near))
    }

    /// Whether `span` is a part of something longer, such as a range, a code or a time.
    fn is_joined(&self, span: Word) -> bool {
        let range = span.range();
        let before = self.text.as_str().get(..range.start).unwrap_or_default();
        let after = self.text.as_str().get(range.end..).unwrap_or_default();
        let joins = |c: char| {
            matches!(
                c,
                '-' | '–'
                    | '/'
                    | ':'
                    | '.'
                    | ','
                    | '_'
                    | '#'
                    | '\''
                    | '’'
                    | '+'
                    | '*'
                    | '='
                    | '^'
                    | '\\'
            )
        };
        let mut backwards = before.chars().rev();
        let joined_before = match backwards.next() {
            Some('.' | '#' | '_' | '^') => true,
            Some(c) if joins(c) => backwards.next().is_some_and(char::is_alphanumeric),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        let mut forwards = after.chars();
        let joined_after = match forwards.next() {
            Some('_') => true,
            Some(c) if joins(c) => forwards.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        joined_before || joined_after
    }

    /// Whether a hyphen makes a longer name of it: `Guinea-Bissau`, but not `Paris-born`.
    fn is_hyphenated(&self, word: Word) -> bool {
        let range = word.range();
        let before = self.text.as_str().get(..range.start).unwrap_or_default();
        let after = self.text.as_str().get(range.end..).unwrap_or_default();
        let goes_on = after
            .strip_prefix('-')
            .is_some_and(|after| after.starts_with(char::is_uppercase));
        goes_on
            || before
                .strip_suffix('-')
                .is_some_and(|before| before.ends_with(char::is_alphabetic))
    }

    fn number(&self, place: usize, word: Word) -> Pair {
        let content = self.text.word(word);
        // `2021-05-17` is three words, `17.5.2021` is one.
        let separator = self.gap(place).filter(|gap| matches!(*gap, "-" | "/"));
        let span = match separator.zip(self.gap(place + 1)) {
            Some((one, other)) if one == other => self.words.get(place + 2).map(|last| Word {
                start: word.start,
                end: last.end,
            }),
            _ => None,
        };
        let span = span.unwrap_or(word);
        if !self.is_joined(span) && NumericDate::read(self.text.word(span)).is_some() {
            return one(span, Form::Date, EntityKind::Date);
        }
        if self.is_joined(word) {
            return NOTHING;
        }
        let digits = numbers::ordinal(content);
        if dates::day(digits.unwrap_or(content)).is_some() && self.is_beside_month(place) {
            return one(word, Form::Day, EntityKind::Date);
        }
        if digits.is_some() {
            return one(word, Form::Ordinal, EntityKind::Number);
        }
        if numbers::year(content).is_some() {
            let spaced = |gap: &str| matches!(gap, " " | ", " | ". ");
            let before = self.before(place, spaced);
            if is_month(before) {
                return one(word, Form::Year, EntityKind::Date);
            }
            let day = numbers::ordinal(before).unwrap_or(before);
            if let Some(day) = dates::day(day)
                && let Some(before) = place.checked_sub(1)
                && self.is_beside_month(before)
            {
                // The 29th of February is not one of every year.
                return if day == 29 {
                    NOTHING
                } else {
                    one(word, Form::Year, EntityKind::Date)
                };
            }
            return one(word, Form::Year, EntityKind::Number);
        }
        if numbers::is_number(content) {
            return one(word, Form::Number, EntityKind::Number);
        }
        NOTHING
    }

    /// Whether the name of a month stands beside the word at `place`: "May 21", "21st of May".
    fn is_beside_month(&self, place: usize) -> bool {
        let after = self.after(place, is_blank);
        let after = if after == "of" {
            self.after(place + 1, is_blank)
        } else {
            after
        };
        is_month(after) || is_month(self.before(place, |gap| matches!(gap, " " | ". ")))
    }

    fn capital(&self, place: usize, word: Word, folded: &mut String) -> Pair {
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

    /// The name of a month or a day of the week, if it is clear that it is one.
    fn calendar(&self, place: usize, word: Word, base: &str) -> Option<Found> {
        let singular = base.strip_suffix(['s', 'S']).unwrap_or(base);
        let (base, calendar) = match Calendar::of(base) {
            Some(calendar) => (base, calendar),
            None => (
                singular,
                Calendar::of(singular).filter(|found| *found == Calendar::Weekday)?,
            ),
        };
        let next = self.after(place, |gap| matches!(gap, " " | ". " | ", "));
        let before = self.before(place, is_blank);
        let number = |word: &str| {
            let digits = numbers::ordinal(word).unwrap_or(word);
            dates::day(digits).or(numbers::year(word))
        };
        let of = before == "of"
            && place
                .checked_sub(1)
                .is_some_and(|of| number(self.before(of, is_blank)).is_some());
        let beside = number(next).or(number(before));
        let is_clear = match calendar {
            Calendar::Weekday => true,
            Calendar::ShortWeekday => number(next).is_some() || is_month(next),
            _ if beside.is_some() || of => true,
            Calendar::ShortMonth => false,
            Calendar::Month => {
                let is_verb = ["may", "march"]
                    .iter()
                    .any(|verb| verb.eq_ignore_ascii_case(base));
                !is_verb || self.text.may_be_name(word) && is_among(before, &BEFORE_MONTHS)
            }
        };
        let of_day = of
            .then(|| number(self.before(place.checked_sub(1)?, is_blank)))
            .flatten();
        let days = [number(next), number(before), of_day].into_iter().flatten();
        is_clear.then(|| Found {
            span: Word {
                start: word.start,
                end: word.start + u32::try_from(base.len()).unwrap_or_default(),
            },
            form: Form::Calendar(calendar),
            kind: EntityKind::Date,
            days: days.filter(|day| *day <= 31).max().unwrap_or_default(),
        })
    }

    /// A place of several words that begins with the word at `place`, which is `folded`.
    fn long_place(
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
    fn name(&self, place: usize, span: Word, meanings: Meanings, next: Meanings) -> Pair {
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

fn number_word(word: Word, content: &str) -> Pair {
    // Shorter than the shortest, longer than the longest, or with another first letter than all.
    let first = content.as_bytes().first().map(u8::to_ascii_lowercase);
    let may_be_one = matches!(first, Some(b'e' | b'f' | b'n' | b's' | b't'));
    if !may_be_one || !(3..=9).contains(&content.len()) {
        return NOTHING;
    }
    let list = NUMBER_WORDS.iter().position(|list| is_among(content, list));
    list.map_or(NOTHING, |list| {
        one(word, Form::NumberWord(list), EntityKind::Number)
    })
}

fn is_among(word: &str, list: &[&str]) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(word))
}

fn is_blank(gap: &str) -> bool {
    gap == " "
}

/// Whether `word` is the name of a month with a capital.
fn is_month(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && Calendar::of(word).is_some_and(Calendar::is_month)
}

/// `word` without `'s`.
fn without_possessive(word: &str) -> &str {
    ["'s", "’s", "'S", "’S"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .unwrap_or(word)
}

/// Puts `name` in small letters in `folded`.
fn fold(name: &str, folded: &mut String) {
    folded.clear();
    folded.extend(name.chars().flat_map(char::to_lowercase));
}
