//! Numbers and dates.

use super::dates::{self, Calendar, NumericDate};
use super::numbers::{self, NUMBER_WORDS};
use super::scan::{NOTHING, Pair, Scan, is_among, is_blank, one};
use super::{EntityKind, Form, Found};
use crate::prelude::*;

/// Words after which a capital makes a month of what may be another word, too.
const BEFORE_MONTHS: [&str; 11] = [
    "in", "since", "until", "till", "by", "last", "next", "of", "during", "early", "late",
];

impl Scan<'_> {
    /// A number or a date in digits that begins with the word at `place`.
    pub(super) fn number(&self, place: usize, word: Word) -> Pair {
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
    pub(super) fn is_beside_month(&self, place: usize) -> bool {
        let after = self.after(place, is_blank);
        let after = if after == "of" {
            self.after(place + 1, is_blank)
        } else {
            after
        };
        is_month(after) || is_month(self.before(place, |gap| matches!(gap, " " | ". ")))
    }

    /// The name of a month or a day of the week, if it is clear that it is one.
    pub(super) fn calendar(&self, place: usize, word: Word, base: &str) -> Option<Found> {
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
}

/// A number in letters.
pub(super) fn number_word(word: Word, content: &str) -> Pair {
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

/// Whether `word` is the name of a month with a capital.
pub(super) fn is_month(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && Calendar::of(word).is_some_and(Calendar::is_month)
}
