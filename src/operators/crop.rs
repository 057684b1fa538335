//! A window of the text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::prelude::*;
use crate::text::sentences;

/// Keeps one stretch of the text and cuts off what stands before and after it.
///
/// How long the stretch is, `keep` says, in `unit`s of words, sentences or characters: at least one
/// is kept. Where it lies, `from` says. This is the "paragraph subset" of augmenty; `crop` of
/// nlpaug is the reverse, and cuts such a stretch out of the text.
///
/// Nothing protected is ever cut off, be it a URL or a template slot. A window that is drawn is
/// drawn from those that hold all protected spans, and where none does, or where `from` fixes the
/// place, it grows until it holds them. A text that is protected from end to end stays as it is.
/// Punctuation that is attached to the first or the last word stays with it. Characters are those
/// that people see (extended grapheme clusters), space included. Stop words do not count as words,
/// but go with the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Crop {
    /// What is counted, and never cut in two.
    #[serde(default)]
    pub unit: CropUnit,
    /// Share of the units to keep, above 0 and up to 1; or the least and the most, `[0.5, 0.9]`,
    /// between which it is drawn for each text.
    #[serde(default)]
    pub keep: Keep,
    /// Which part is kept: `start` is the first so many units, `end` the last; with `random` the
    /// place is drawn.
    #[serde(default)]
    pub from: CropFrom,
}

/// What [`Crop`] counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CropUnit {
    /// Words outside of protected spans.
    #[default]
    Words,
    /// Sentences.
    Sentences,
    /// Characters as people see them.
    Characters,
}

/// The share of a text that [`Crop`] keeps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`keep` takes a share, or a list of two: the least and the most"
)]
pub enum Keep {
    /// Always the same.
    Share(f64),
    /// Drawn between the least and the most.
    Between([f64; 2]),
}

impl Default for Keep {
    fn default() -> Self {
        Self::Share(0.8)
    }
}

impl Keep {
    fn bounds(self) -> [f64; 2] {
        match self {
            Self::Share(share) => [share; 2],
            Self::Between(bounds) => bounds,
        }
    }
}

/// Which part of a text [`Crop`] keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CropFrom {
    /// Any.
    #[default]
    Random,
    /// The first units.
    Start,
    /// The last units.
    End,
}

impl TextOperatorConfig for Crop {
    const NAME: &'static str = "crop";

    fn validate(&self) -> Vec<Problem> {
        let [least, most] = self.keep.bounds();
        if 0.0 < least && least <= most && most <= 1.0 {
            return Vec::new();
        }
        let said = match self.keep {
            Keep::Share(share) => format!("no share to keep is {share}"),
            Keep::Between(_) => format!("no share to keep is at least {least} and at most {most}"),
        };
        vec![Problem::new(
            "keep",
            said,
            "give a share above 0 and up to 1, such as 0.8, or the least and the most: [0.5, 0.9]",
        )]
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Cropper {
            config: self.clone(),
            units: Vec::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Four words of five, any",
                options: "",
                columns: &[],
                input: &["Well, (this) \"film\" was long!"],
                output: &["(this) \"film\" was long!"],
            },
            Example {
                title: "Two variants of a few sentences each",
                options: "unit = \"sentences\"\nkeep = [0.4, 0.8]\nreplicas = 2",
                columns: &[],
                input: &["It rained. We stayed in.\nThe film was on. Who cares?"],
                output: &[
                    "It rained. We stayed in.",
                    "We stayed in.\nThe film was on. Who cares?",
                ],
            },
            Example {
                title: "The first half, and more where something protected stands after it",
                options: "keep = 0.5\nfrom = \"start\"",
                columns: &[],
                input: &[
                    "one two three four five six",
                    "Dear customer, your parcel {number} is on its way",
                ],
                output: &["one two three", "Dear customer, your parcel {number}"],
            },
            Example {
                title: "Characters; an emoji is one",
                options: "unit = \"characters\"\nkeep = 0.4\nfrom = \"start\"",
                columns: &[],
                input: &["Hi 👩‍👩‍👧‍👦 there"],
                output: &["Hi 👩\u{200d}👩\u{200d}👧\u{200d}👦"],
            },
            Example {
                title: "One word is the least",
                options: "keep = 0.1",
                columns: &[],
                input: &["Superb!", "{all} of it is {protected}"],
                output: &["Superb!", "{all} of it is {protected}"],
            },
        ]
    }
}

struct Cropper {
    config: Crop,
    /// The units of the text.
    units: Vec<Word>,
}

impl Cropper {
    fn find_units(&mut self, text: &Text<'_>) {
        self.units.clear();
        match self.config.unit {
            CropUnit::Words => self.units.extend(text.words()),
            CropUnit::Sentences => sentences(text.as_str(), text.protected(), &mut self.units),
            CropUnit::Characters => {
                let characters = text.as_str().grapheme_indices(true);
                let spans = characters.map(|(at, unit)| Word::new(at, at + unit.len()));
                self.units.extend(spans);
            }
        }
    }

    /// How many of `count` units are kept.
    fn draw_size(&self, count: usize, random: &mut Random) -> usize {
        let [least, most] = self.config.keep.bounds();
        let share = if least < most {
            least + random.unit() * (most - least)
        } else {
            least
        };
        Amount::new(share, 1, None).of(count)
    }

    /// The units that are kept, of which `size` are wanted: the first of them and one past the
    /// last. The window must begin at unit `latest` or before and reach unit `earliest_end`.
    fn window(
        &self,
        size: usize,
        latest: usize,
        earliest_end: usize,
        random: &mut Random,
    ) -> (usize, usize) {
        let last = self.units.len() - size;
        match self.config.from {
            CropFrom::Start => (0, size.max(earliest_end)),
            CropFrom::End => (last.min(latest), self.units.len()),
            CropFrom::Random => {
                let (low, high) = (earliest_end.saturating_sub(size), last.min(latest));
                if low > high {
                    return (latest, earliest_end);
                }
                let start = low + random.below(high - low + 1);
                (start, start + size)
            }
        }
    }
}

impl TextOperator for Cropper {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.find_units(text);
        let count = self.units.len();
        let size = self.draw_size(count, random);
        if size >= count {
            return Outcome::Unchanged("too short to crop");
        }
        // What is protected, from the first span to the last, is kept.
        let protected = text.protected();
        let (latest, earliest_end) = match (protected.first(), protected.last()) {
            (Some(first), Some(last)) => (
                self.units.partition_point(|unit| unit.start < first.start),
                self.units.partition_point(|unit| unit.start < last.end),
            ),
            _ => (count, 0),
        };
        let (first, past) = self.window(size, latest, earliest_end, random);
        let length = text.as_str().len();
        let (mut start, mut end) = (0, length);
        if first > 0 {
            start = self
                .units
                .get(first)
                .map_or(length, |unit| unit.range().start);
        }
        if past < count {
            end = past
                .checked_sub(1)
                .and_then(|last| self.units.get(last))
                .map_or(0, |unit| unit.range().end);
        }
        if let (Some(first), Some(last)) = (protected.first(), protected.last()) {
            start = start.min(first.range().start);
            end = end.max(last.range().end);
        }
        if self.config.unit == CropUnit::Words {
            start = start_of_marks(text.as_str(), start);
            end = end_of_marks(text.as_str(), end);
        }
        if (start, end) == (0, length) {
            return Outcome::Unchanged("protected from end to end");
        }
        if start > 0 {
            edits.delete(0..start);
        }
        if end < length {
            edits.delete(end..length);
        }
        Outcome::Edited
    }
}

/// Neither part of a word nor space.
fn is_mark(character: char) -> bool {
    !character.is_alphanumeric() && !character.is_whitespace()
}

/// Where the marks begin that stand before the word at `start` and belong to no word before it.
fn start_of_marks(text: &str, start: usize) -> usize {
    let before = text
        .get(..start)
        .unwrap_or_default()
        .trim_end_matches(is_mark);
    if before.is_empty() || before.ends_with(char::is_whitespace) {
        before.len()
    } else {
        start
    }
}

/// Where the marks end that stand after the word that ends at `end` and belong to no word after it.
fn end_of_marks(text: &str, end: usize) -> usize {
    let after = text
        .get(end..)
        .unwrap_or_default()
        .trim_start_matches(is_mark);
    if after.is_empty() || after.starts_with(char::is_whitespace) {
        text.len() - after.len()
    } else {
        end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_that_keep_nothing_or_more_than_all_are_refused() {
        let problems = |keep| {
            let crop = Crop {
                unit: CropUnit::Words,
                keep,
                from: CropFrom::Random,
            };
            crop.validate().len()
        };
        assert_eq!(problems(Keep::Share(0.8)), 0);
        assert_eq!(problems(Keep::Between([0.1, 1.0])), 0);
        for keep in [
            Keep::Share(0.0),
            Keep::Share(1.1),
            Keep::Share(f64::NAN),
            Keep::Between([0.9, 0.1]),
            Keep::Between([0.0, 0.5]),
        ] {
            assert_eq!(problems(keep), 1, "{keep:?}");
        }
    }

    #[test]
    fn marks_go_with_the_word_that_they_are_attached_to() {
        let text = "\"(one)\" two-three, 四。五";
        let starts = [0, 2, 8, 12, 19].map(|start| start_of_marks(text, start));
        assert_eq!(starts, [0, 0, 8, 12, 19]);
        let ends = [5, 11, 17, 22].map(|end| end_of_marks(text, end));
        assert_eq!(ends, [7, 11, 18, 22]);
    }

    proptest! {
        #[test]
        fn a_crop_is_a_stretch_of_the_text_with_all_that_is_protected(
            pieces in prop::collection::vec("[a-zé]{1,4}[.,!]?|\\{x\\}|12 kg|👩‍👩‍👧|\n", 0..12),
            unit in prop::sample::select(vec!["words", "sentences", "characters"]),
            from in prop::sample::select(vec!["random", "start", "end"]),
            keep in 1..=10_u8,
        ) {
            let text = pieces.join(" ");
            let options = format!("unit = \"{unit}\"\nfrom = \"{from}\"\nkeep = {:.1}", f64::from(keep) / 10.0);
            let example = Example {
                title: "",
                options: options.leak(),
                columns: &[],
                input: vec![&*text.clone().leak()].leak(),
                output: &[],
            };
            let output = example.run(&Registry::builtin(), "crop").unwrap();
            prop_assert!(text.contains(&output[0]), "{:?}", output);
            for protected in ["{x}", "12 kg"] {
                let count = |text: &str| text.matches(protected).count();
                prop_assert_eq!(count(&output[0]), count(&text), "{:?}", output);
            }
        }
    }
}
