//! Dates of the same form.

use super::numbers::{is_digits, write_between};
use crate::prelude::Random;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const SHORT_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const DAYS_IN_MONTH: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

pub(super) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const SHORT_WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The last day that new dates have, so that they are valid in each month of each year.
const LAST_DAY: u32 = 28;

/// A name of a month or a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Calendar {
    Month,
    /// `Jan`; May is not one.
    ShortMonth,
    Weekday,
    /// `Mon`
    ShortWeekday,
}

impl Calendar {
    /// What `word` is, whatever its case.
    pub(super) fn of(word: &str) -> Option<Self> {
        let among = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        Some(if among(&MONTHS) {
            Self::Month
        } else if among(&SHORT_MONTHS) || word.eq_ignore_ascii_case("sept") {
            Self::ShortMonth
        } else if among(&WEEKDAYS) {
            Self::Weekday
        } else if among(&SHORT_WEEKDAYS) {
            Self::ShortWeekday
        } else {
            return None;
        })
    }

    /// Whether it is one of a month.
    pub(super) fn is_month(self) -> bool {
        matches!(self, Self::Month | Self::ShortMonth)
    }

    /// A name of the same kind; a month of at least `days` days.
    pub(super) fn draw(self, days: u32, random: &mut Random) -> &'static str {
        let names: &[&str] = match self {
            Self::Month => &MONTHS,
            Self::ShortMonth => &SHORT_MONTHS,
            Self::Weekday => &WEEKDAYS,
            Self::ShortWeekday => &SHORT_WEEKDAYS,
        };
        let start = random.below(names.len());
        for place in (start..names.len()).chain(0..start) {
            let long_enough = !self.is_month() || DAYS_IN_MONTH.get(place) >= Some(&days);
            let is_may = self == Self::ShortMonth && place == 4;
            if let Some(name) = names.get(place).filter(|_| long_enough && !is_may) {
                return name;
            }
        }
        // January has days enough.
        "January"
    }
}

/// The day of a month that a word of digits is.
pub(super) fn day(digits: &str) -> Option<u32> {
    let day = digits
        .parse()
        .ok()
        .filter(|_| digits.len() <= 2 && is_digits(digits))?;
    (1..=31).contains(&day).then_some(day)
}

/// Appends a day of a month that is written like `digits`.
pub(super) fn write_day(digits: &str, random: &mut Random, into: &mut String) {
    let width = if digits.starts_with('0') { 2 } else { 0 };
    write_between(1, LAST_DAY, width, random, into);
}

/// The order of the parts of a date in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
    /// One of the last two: both would do.
    Either,
}

/// A date in digits, such as `2021-05-17`, `17.5.2021` or `5/17/21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumericDate<'a> {
    parts: [&'a str; 3],
    separator: char,
    order: Order,
}

impl<'a> NumericDate<'a> {
    /// Reads a date; nothing where it is none, or not a valid one.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let separator = text.chars().find(|c| !c.is_ascii_digit())?;
        if !matches!(separator, '-' | '/' | '.') {
            return None;
        }
        let mut split = text.split(separator);
        let parts = [split.next()?, split.next()?, split.next()?];
        if split.next().is_some() || !parts.iter().all(|part| is_digits(part)) {
            return None;
        }
        let [first, second, third] = parts;
        let number = |part: &str| part.parse::<u32>().ok();
        let is_month = |part: &str| part.len() <= 2 && matches!(number(part), Some(1..=12));
        let is_year = |part: &str| match part.len() {
            2 => separator != '-',
            4 => matches!(number(part), Some(1500..=2099)),
            _ => false,
        };
        let is_date = |year: &str, month: &str, of_month: &str| {
            let month_days = number(month)
                .filter(|_| is_month(month))
                .and_then(|month| DAYS_IN_MONTH.get(month as usize - 1));
            // A leap day may or may not be one of the year.
            let days = month_days.map(|days| if *days == 28 { 29 } else { *days });
            is_year(year) && day(of_month).is_some_and(|day| Some(day) <= days)
        };
        let order = if first.len() == 4 {
            is_date(first, second, third).then_some(Order::YearMonthDay)?
        } else {
            let day_first = is_date(third, second, first);
            let month_first = separator != '.' && is_date(third, first, second);
            match (day_first, month_first) {
                (true, true) => Order::Either,
                (true, false) => Order::DayMonthYear,
                (false, true) => Order::MonthDayYear,
                (false, false) => return None,
            }
        };
        // `1.2.34` is a version as likely as not.
        if separator == '.' && third.len() != 4 && order != Order::YearMonthDay {
            return None;
        }
        Some(Self {
            parts,
            separator,
            order,
        })
    }

    /// Appends another valid date with parts of the same lengths, of which as much can be told which
    /// is the day.
    pub(super) fn write(&self, random: &mut Random, into: &mut String) {
        let padded = self
            .parts
            .iter()
            .any(|part| part.len() == 2 && part.starts_with('0'));
        let bounds = |part: &str, last: u32| match part.len() {
            1 => (1, last.min(9)),
            _ if padded => (1, last),
            _ => (10, last),
        };
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                into.push(self.separator);
            }
            let (first, last) = match (self.order, place) {
                (Order::YearMonthDay, 0) | (_, 2) if part.len() == 4 => {
                    let year = part.parse().unwrap_or_default();
                    super::numbers::write_year(year, random, into);
                    continue;
                }
                (Order::YearMonthDay, 2) => bounds(part, LAST_DAY),
                (_, 2) => (0, 99),
                (Order::YearMonthDay | Order::DayMonthYear, 1)
                | (Order::MonthDayYear, 0)
                | (Order::Either, _) => bounds(part, 12),
                // What told that it is the day still does.
                (Order::DayMonthYear, 0) | (Order::MonthDayYear, 1) if self.separator != '.' => {
                    (13, LAST_DAY)
                }
                _ => bounds(part, LAST_DAY),
            };
            write_between(first, last, part.len(), random, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_in_digits_are_told_from_other_numbers() {
        let order = |text| NumericDate::read(text).map(|date| date.order);
        for (text, expected) in [
            ("2021-05-17", Some(Order::YearMonthDay)),
            ("2021/5/17", Some(Order::YearMonthDay)),
            ("17.05.2021", Some(Order::DayMonthYear)),
            ("5.5.2021", Some(Order::DayMonthYear)),
            ("5/17/2021", Some(Order::MonthDayYear)),
            ("17/5/21", Some(Order::DayMonthYear)),
            ("5/6/2021", Some(Order::Either)),
            ("29-02-2020", Some(Order::DayMonthYear)),
            ("31/4/2020", None),
            ("30/2/2020", None),
            ("2021-13-01", None),
            ("12-10-11", None),
            ("1.2.3", None),
            ("1.2.34", None),
            ("192.168.1", None),
            ("1/2", None),
            ("1/2/3/4", None),
            ("", None),
        ] {
            assert_eq!(order(text), expected, "{text}");
        }
    }

    #[test]
    fn months_have_days_enough() {
        for key in 0..200 {
            let month = Calendar::Month.draw(31, &mut Random::from_key(key));
            let place = MONTHS.iter().position(|other| *other == month).unwrap();
            assert_eq!(DAYS_IN_MONTH[place], 31, "{month}");
            assert_ne!(
                Calendar::ShortMonth.draw(0, &mut Random::from_key(key)),
                "May"
            );
        }
    }

    #[test]
    fn names_of_the_calendar_are_known_in_any_case() {
        let found = ["may", "SEPT", "Mon", "friday", "mont"].map(Calendar::of);
        let expected = [
            Calendar::Month,
            Calendar::ShortMonth,
            Calendar::ShortWeekday,
            Calendar::Weekday,
        ];
        assert_eq!(found[..4], expected.map(Some));
        assert_eq!(found[4], None);
    }

    proptest! {
        #[test]
        fn a_date_stays_one_of_its_form(
            (year, month, day) in (1500_u32..2100, 1_u32..=12, 1_u32..=28),
            form in 0..7_u8,
            key: u64,
        ) {
            let short = year % 100;
            let text = match form {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{day:02}.{month:02}.{year}"),
                2 => format!("{day}.{month}.{year}"),
                3 => format!("{month}/{day}/{year}"),
                4 => format!("{month:02}/{day:02}/{short:02}"),
                5 => format!("{day}/{month}/{year}"),
                _ => format!("{year}/{month}/{day}"),
            };
            let date = NumericDate::read(&text).unwrap();
            let mut written = String::new();
            date.write(&mut Random::from_key(key), &mut written);
            let again = NumericDate::read(&written);
            prop_assert!(again.is_some(), "{} {}", text, written);
            let lengths = |date: NumericDate<'_>| date.parts.map(str::len);
            let again = again.unwrap();
            prop_assert_eq!(lengths(again), lengths(date), "{} {}", text, written);
            prop_assert_eq!(again.order, date.order, "{} {}", text, written);
        }
    }
}
