//! The weights of the tagger, as `tools/part_of_speech/train.py` writes them.
//!
//! A table of whole numbers in columns parted by tabs, with a line of titles: the place (`before`,
//! `second` and `after` for neighbours, `ending`, `bias`, `count`, `senses`), the class or ending,
//! one number for each [`Tag`], and, for neighbours and bias, one for a past against a participle.
//! `count` and `senses` have a number for each part of speech: by them the logarithms, in sixteenths,
//! of twice the tag count and one and of the number of senses are multiplied.

use std::sync::LazyLock;

use super::classes::Classes;
use super::{Class, Familiarity, Neighbor, Reading, Tag};

const TABLE: &str = include_str!("../../../resources/part_of_speech/weights.tsv");

/// Numbers in a line of a neighbour: the tags, and past against participle.
const COLUMNS: usize = Tag::COUNT + 1;

type Row = [i16; COLUMNS];

/// All weights.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) classes: Classes,
    /// Per class.
    before: Vec<Row>,
    second: Vec<Row>,
    after: Vec<Row>,
    /// For each tag, and each that it is held against, the most that a class in second place speaks for it.
    by_second: [[i32; Tag::COUNT]; Tag::COUNT],
    /// Endings, the first that fits counts; the last fits all.
    endings: Vec<(&'static str, Row)>,
    bias: Row,
    count: Row,
    senses: Row,
}

impl Weights {
    pub(super) fn english() -> &'static Self {
        static ENGLISH: LazyLock<Weights> = LazyLock::new(|| {
            // The table is a constant of the build, and the tests read it.
            Weights::parse(TABLE).expect("the embedded weights are intact")
        });
        &ENGLISH
    }

    fn parse(table: &'static str) -> Option<Self> {
        let mut names = Vec::new();
        let (mut before, mut second, mut after) = (Vec::new(), Vec::new(), Vec::new());
        let mut endings = Vec::new();
        let [mut bias, mut count, mut senses] = [[0; COLUMNS]; 3];
        for line in table.lines().skip(1) {
            let mut fields = line.split('\t');
            let (place, name) = (fields.next()?, fields.next()?);
            let mut row = [0; COLUMNS];
            for (to, from) in row.iter_mut().zip(fields) {
                *to = from.parse().ok()?;
            }
            match place {
                "before" => {
                    names.push(name);
                    before.push(row);
                }
                "second" => second.push(row),
                "after" => after.push(row),
                "ending" => endings.push((name, row)),
                "bias" => bias = row,
                "count" => count = row,
                "senses" => senses = row,
                _ => return None,
            }
        }
        Some(Self {
            classes: Classes::new(&names)?,
            before,
            by_second: differences(&second),
            second,
            after,
            endings,
            bias,
            count,
            senses,
        })
    }

    /// See [`Tagger::class`](super::Tagger::class).
    pub(super) fn class(
        &self,
        form: &str,
        list: impl FnOnce(&mut dyn FnMut(Reading)),
    ) -> Familiarity {
        self.classes.of_word(form, list)
    }

    /// See [`Tagger::evidence`](super::Tagger::evidence).
    pub(super) fn evidence(&self, form: &str, reading: &Reading) -> i32 {
        let tag = reading.tag as usize;
        let part = reading.tag.part_of_speech() as usize;
        let at = |row: &Row, column: usize| row.get(column).copied().map_or(0, i32::from);
        let ending = self
            .endings
            .iter()
            .find(|(ending, _)| form.ends_with(ending));
        let numbers = at(&self.count, part) * logarithm(2 * u64::from(reading.tag_count) + 1)
            + at(&self.senses, part) * logarithm(u64::from(reading.senses).max(1));
        at(&self.bias, tag) + ending.map_or(0, |(_, row)| at(row, tag)) + numbers.div_euclid(16)
    }

    /// See [`Tagger::surroundings`](super::Tagger::surroundings).
    #[inline]
    pub(super) fn surroundings(
        &self,
        before: Class,
        second: Option<Class>,
        after: Class,
    ) -> Surroundings<'_> {
        Surroundings {
            rows: [
                self.before.get(usize::from(before.0)),
                second.and_then(|second| self.second.get(usize::from(second.0))),
                self.after.get(usize::from(after.0)),
            ],
            bias: &self.bias,
        }
    }

    /// See [`Tagger::most_by_second`](super::Tagger::most_by_second).
    #[inline]
    pub(super) fn most_by_second(&self, tag: Tag, over: Tag) -> i32 {
        let row = self.by_second.get(tag as usize);
        let most = row.and_then(|row| row.get(over as usize));
        most.copied().unwrap_or(i32::MAX)
    }

    /// The class of what is no word.
    #[inline]
    pub(super) fn mark(&self, neighbor: Neighbor<'_>) -> Option<Class> {
        self.classes.of_mark(neighbor)
    }
}

/// The most by which the weight of one tag is above that of another, and of none, in any of the rows.
fn differences(rows: &[Row]) -> [[i32; Tag::COUNT]; Tag::COUNT] {
    let mut most = [[0; Tag::COUNT]; Tag::COUNT];
    for row in rows {
        for (weight, most) in row.iter().zip(&mut most) {
            for (other, most) in row.iter().zip(most) {
                *most = (*most).max(i32::from(*weight) - i32::from(*other));
            }
        }
    }
    most
}

/// The binary logarithm of a number over 0 in sixteenths, by straight lines between powers of two.
fn logarithm(number: u64) -> i32 {
    let bits = number.max(1).ilog2();
    // From 16 to 31.
    let rest = i32::try_from(u128::from(number) << 4 >> bits).unwrap_or(0);
    16 * i32::try_from(bits).unwrap_or(0) + rest - 16
}

/// What stands around a word speaks for its tags.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    rows: [Option<&'a Row>; 3],
    bias: &'a Row,
}

impl Surroundings<'_> {
    /// What they speak for a tag.
    #[inline]
    pub fn evidence(self, tag: Tag) -> i32 {
        self.sum(tag as usize)
    }

    /// Whether a form that is both is a past here, and not a participle.
    #[inline]
    pub fn is_past(self) -> bool {
        self.past() >= 0
    }

    /// What they speak for a past.
    #[inline]
    pub(super) fn past(self) -> i32 {
        self.sum(Tag::COUNT) + self.bias.get(Tag::COUNT).copied().map_or(0, i32::from)
    }

    #[inline]
    fn sum(self, column: usize) -> i32 {
        let number = |row: &Row| row.get(column).copied().map_or(0, i32::from);
        self.rows.iter().flatten().copied().map(number).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_second_place_speaks_more_for_a_tag_than_is_reckoned_with() {
        let weights = Weights::english();
        let edge = Class::default();
        let without = weights.surroundings(edge, None, edge);
        // One number is beyond all classes.
        let mut reached = 0;
        for class in (0..).map(Class).take(weights.second.len() + 1) {
            let with = weights.surroundings(edge, Some(class), edge);
            let gain = |tag| with.evidence(tag) - without.evidence(tag);
            for tag in Tag::ALL {
                for over in Tag::ALL {
                    let most = weights.most_by_second(tag, over);
                    assert!(gain(tag) - gain(over) <= most, "{tag:?} over {over:?}");
                    reached += usize::from(most > 0 && gain(tag) - gain(over) == most);
                }
            }
        }
        // Nor is more reckoned with than there is.
        assert!(reached >= Tag::COUNT * (Tag::COUNT - 1));
    }
}
