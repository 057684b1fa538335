//! Which characters of a word are edited.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::check_share;
use crate::prelude::*;

/// Which characters of a word are edited, and how many.
///
/// The rule is the same in all operators on characters. `rate`, `min` and `max` of the operator say
/// how many *words* of the text are edited, as everywhere. `characters` says how many *characters*
/// of each of these words: `max(min, round(rate * eligible))`, halves rounded up, but at most
/// `max`. A character is a grapheme cluster: a letter with its marks, an emoji with what is joined
/// to it. Eligible are those that the operator could edit. A word that has none does not count:
/// another is drawn in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CharacterOptions {
    /// Share of the eligible characters of a word to edit, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Characters to edit in a word, at least.
    #[serde(default = "one")]
    pub min: u32,
    /// Characters to edit in a word, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Whether the first character of a word may be edited.
    #[serde(default = "yes")]
    pub first: bool,
    /// Whether the last character of a word may be edited.
    #[serde(default = "yes")]
    pub last: bool,
    /// Words of fewer characters are left alone.
    #[serde(default = "one")]
    pub shortest: u32,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

impl CharacterOptions {
    /// As many characters of a word as the operator sees fit, but at least one.
    pub(in crate::operators) fn unsaid() -> Self {
        Self {
            rate: None,
            min: one(),
            max: None,
            first: yes(),
            last: yes(),
            shortest: one(),
        }
    }

    /// One character in ten, but at least one: in most words, one.
    pub(in crate::operators) fn few() -> Self {
        Self {
            rate: Some(0.1),
            ..Self::unsaid()
        }
    }

    /// All characters of a word.
    pub(in crate::operators) fn all() -> Self {
        Self {
            rate: Some(1.0),
            ..Self::unsaid()
        }
    }

    /// What is wrong with the options.
    pub(in crate::operators) fn validate(&self) -> Vec<Problem> {
        let rate = self
            .rate
            .and_then(|rate| check_share("characters.rate", rate));
        let bounds = self.max.filter(|max| *max < self.min).map(|max| {
            Problem::new(
                "characters.max",
                format!(
                    "`characters.max` is {max}, and `characters.min` is {}",
                    self.min
                ),
                "give a `max` that is at least `min`; the same for a fixed number of characters",
            )
        });
        rate.into_iter().chain(bounds).collect()
    }

    /// How many characters of a word are edited; `rate` where the options have none.
    pub(in crate::operators) fn amount(&self, rate: f64) -> Amount {
        Amount::new(self.rate.unwrap_or(rate), self.min, self.max)
    }

    /// The places of the characters that may be edited in a word of `length` characters.
    pub(in crate::operators) fn places(&self, length: usize) -> Range<usize> {
        if length < self.shortest as usize {
            return 0..0;
        }
        usize::from(!self.first)..length.saturating_sub(usize::from(!self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_how_many_characters_and_which() {
        let options = CharacterOptions {
            max: Some(2),
            first: false,
            last: false,
            shortest: 3,
            ..CharacterOptions::few()
        };
        assert_eq!(
            [1, 20, 50].map(|length| options.amount(0.5).of(length)),
            [1, 2, 2]
        );
        assert!(options.places(2).is_empty());
        assert_eq!(options.places(3), 1..2);
        assert_eq!(CharacterOptions::all().places(3), 0..3);
        let problems = CharacterOptions {
            rate: Some(1.5),
            min: 3,
            ..options
        }
        .validate();
        let places: Vec<_> = problems.iter().map(|problem| &*problem.option).collect();
        assert_eq!(places, ["characters.rate", "characters.max"]);
    }
}
