//! Numbers of the same form.

use std::fmt::Write;

use crate::prelude::Random;

/// Years that a number of four digits is taken for.
const YEARS: std::ops::RangeInclusive<u32> = 1500..=2099;
/// How far a year moves, and the last that it moves to from before.
const YEAR_SPAN: u32 = 15;
const LAST_YEAR: u32 = 2030;

/// Number words that are swapped with each other.
pub(super) const NUMBER_WORDS: [&[&str]; 3] = [
    &[
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ],
    &[
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ],
    &[
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ],
];

/// Whether `word` is made of digits alone.
pub(super) fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The year that a word is taken for.
pub(super) fn year(word: &str) -> Option<u32> {
    let year = word
        .parse()
        .ok()
        .filter(|_| word.len() == 4 && is_digits(word))?;
    YEARS.contains(&year).then_some(year)
}

/// The digits of an ordinal such as `21st`.
pub(super) fn ordinal(word: &str) -> Option<&str> {
    let (digits, suffix) = word.split_at_checked(word.len().checked_sub(2)?)?;
    let number: u32 = digits
        .parse()
        .ok()
        .filter(|_| digits.len() <= 3 && is_digits(digits))?;
    (number > 0 && !digits.starts_with('0') && suffix_of(number).eq_ignore_ascii_case(suffix))
        .then_some(digits)
}

/// The letters after an ordinal number.
pub(super) fn suffix_of(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

/// Whether `word` is a number that another of the same form can stand for: not 0, not 1, which what
/// follows agrees with, and no code such as `007` or an account number.
pub(super) fn is_number(word: &str) -> bool {
    let parts = word.split([',', '.']);
    let well_formed = word.len() <= 24 && parts.clone().all(is_digits);
    let whole = is_digits(word);
    let coded = word.starts_with('0') && !word.starts_with("0.") && !word.starts_with("0,");
    well_formed
        && is_grouped(word)
        && !coded
        && !(whole && (word.len() > 9 || matches!(word, "0" | "1")))
        && word.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// Whether separators stand where they do in a number: between groups of three digits, and the last
/// before the decimals. Otherwise it is a version or a list.
fn is_grouped(word: &str) -> bool {
    let separators = [',', '.'];
    let Some((whole, decimals)) = word.rsplit_once(separators) else {
        return true;
    };
    let Some(first) = whole.find(separators) else {
        return true;
    };
    let last = word.as_bytes().get(whole.len());
    let groups = whole.as_bytes().get(first).copied().unwrap_or_default();
    let (_, rest) = whole.split_at_checked(first + 1).unwrap_or_default();
    let in_threes = rest
        .split(char::from(groups))
        .all(|group| group.len() == 3 && is_digits(group));
    in_threes && (last != Some(&groups) || decimals.len() == 3)
}

/// Appends a number of the form of `word`, for which [`is_number`] holds: as many digits, the same
/// separators, zeros at the end where it has zeros at the end.
pub(super) fn write_number(word: &str, random: &mut Random, into: &mut String) {
    let is_single = word.len() == 1;
    let end = word.trim_end_matches(['0', ',', '.']).len();
    let mut is_first = true;
    for (place, character) in word.char_indices() {
        if !character.is_ascii_digit() || place >= end {
            into.push(character);
            continue;
        }
        let least = match (is_single, is_first, place + 1 == end) {
            (true, ..) => 2,
            // A number that begins with 0 is below 1, and stays so.
            (false, true, _) if character == '0' => {
                into.push(character);
                is_first = false;
                continue;
            }
            (false, true, _) | (false, _, true) => 1,
            _ => 0,
        };
        is_first = false;
        push_digit(least + random.below(10 - least), into);
    }
}

fn push_digit(digit: usize, into: &mut String) {
    into.extend(
        u32::try_from(digit)
            .ok()
            .and_then(|digit| char::from_digit(digit, 10)),
    );
}

/// Appends a year near `year`.
pub(super) fn write_year(year: u32, random: &mut Random, into: &mut String) {
    let last = (year + YEAR_SPAN).min(LAST_YEAR.max(year));
    let first = (year - YEAR_SPAN).max(*YEARS.start());
    write_between(first, last, 0, random, into);
}

/// Appends an ordinal of as many digits as `digits`.
pub(super) fn write_ordinal(digits: &str, upper: bool, random: &mut Random, into: &mut String) {
    let start = into.len();
    let (first, last) = match digits.len() {
        1 => (1, 9),
        2 => (10, 99),
        _ => (100, 999),
    };
    write_between(first, last, 0, random, into);
    push_suffix(start, upper, into);
}

/// Appends the letters of an ordinal to the number that begins at `start`.
pub(super) fn push_suffix(start: usize, upper: bool, into: &mut String) {
    let number = into.get(start..).and_then(|digits| digits.parse().ok());
    let suffix = suffix_of(number.unwrap_or_default());
    if upper {
        into.extend(suffix.chars().map(|letter| letter.to_ascii_uppercase()));
    } else {
        into.push_str(suffix);
    }
}

/// Appends a number between `first` and `last`, with zeros before it up to `width` digits.
pub(super) fn write_between(
    first: u32,
    last: u32,
    width: usize,
    random: &mut Random,
    into: &mut String,
) {
    let numbers = last.saturating_sub(first) as usize + 1;
    let drawn = u32::try_from(random.below(numbers)).unwrap_or_default();
    // Writing to a `String` cannot fail.
    let _ = write!(into, "{:0width$}", first + drawn);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_told_from_codes() {
        for number in ["2", "12", "100", "1,234,567", "3.14", "0.5", "1.234,56"] {
            assert!(is_number(number), "{number}");
        }
        for other in [
            "",
            "0",
            "1",
            "007",
            "1234567890",
            "1,",
            "a1",
            "0.0",
            "4x4",
            "١٢",
        ] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn ordinals_have_the_right_letters() {
        let suffixes = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(suffix_of);
        assert_eq!(
            suffixes,
            [
                "st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "st", "th"
            ]
        );
        assert_eq!(
            ["21st", "3RD", "11th"].map(ordinal),
            [Some("21"), Some("3"), Some("11")]
        );
        assert_eq!(["21th", "th", "1s", "é1st", "0th"].map(ordinal), [None; 5]);
    }

    #[test]
    fn articles_are_told_by_sound() {
        assert!(
            ["8", "80", "11", "18", "8,000", "11.5", "11th", "18th"]
                .into_iter()
                .all(crate::text::takes_an)
        );
        assert!(
            !["1", "110", "7", "81st".trim_start_matches('8')]
                .into_iter()
                .any(crate::text::takes_an)
        );
    }

    proptest! {
        #[test]
        fn a_number_keeps_its_form(
            word in "[1-9][0-9]{0,8}|[1-9][0-9]{0,2}(,[0-9]{3}){1,3}|[0-9]\\.[0-9]{0,3}[1-9]",
            key: u64,
        ) {
            prop_assume!(is_number(&word));
            let mut written = String::new();
            write_number(&word, &mut Random::from_key(key), &mut written);
            let form = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "9");
            prop_assert_eq!(form(&written), form(&word));
            prop_assert!(is_number(&written), "{}", written);
            let zeros = |text: &str| text.len() - text.trim_end_matches('0').len();
            prop_assert_eq!(zeros(&written), zeros(&word));
        }

        #[test]
        fn years_stay_near(year in 1500_u32..2100, key: u64) {
            let mut written = String::new();
            write_year(year, &mut Random::from_key(key), &mut written);
            let new: u32 = written.parse().unwrap();
            prop_assert!(new.abs_diff(year) <= YEAR_SPAN && (new <= LAST_YEAR || new <= year));
            prop_assert_eq!(written.len(), 4);
        }
    }
}
