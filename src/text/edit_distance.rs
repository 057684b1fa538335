//! Edit distance: how many characters have to be inserted, deleted or replaced to make one text of
//! another (Levenshtein 1966).
//!
//! A column of the table of distances is kept as bits, 64 rows at a time: Myers, "A fast bit-vector
//! algorithm for approximate string matching based on dynamic programming", Journal of the ACM 46
//! (1999), with the carry from block to block of Hyyrö, "A bit-vector algorithm for computing
//! Levenshtein and Damerau edit distances", Nordic Journal of Computing 10 (2003). Each block of 64
//! rows is followed along the whole of the other text before the next, so that memory is linear in
//! the length of the texts.

/// Steps of 64 comparisons that two texts are worth, at most: as many as two texts of 65,536
/// characters take, a good part of a second.
const MOST_STEPS: usize = 1 << 26;

/// Compares texts; keeps its memory from text to text.
///
/// What both texts begin with and end with is left out of the comparison. Where more than 65,536
/// characters are left on both sides, or as much work, they are not compared: the distance is then
/// the length of the longer rest, as if nothing in it had stayed.
///
/// ```
/// use augment::text::EditDistance;
/// let mut distance = EditDistance::default();
/// assert_eq!(distance.between("kitten", "sitting"), 3);
/// assert_eq!(distance.between("Größe", "Grösse"), 2);
/// ```
#[derive(Debug, Default)]
pub struct EditDistance {
    one: Vec<char>,
    other: Vec<char>,
    /// By how much the distance grows from column to column, in the last row of a block.
    steps: Vec<i8>,
    places: Places,
}

/// Where each character stands in a block of at most 64: a bit for each place.
#[derive(Debug)]
struct Places {
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            ascii: [0; 128],
            others: Vec::new(),
        }
    }
}

impl Places {
    fn read(&mut self, block: &[char]) {
        self.ascii.fill(0);
        self.others.clear();
        for (place, character) in block.iter().enumerate() {
            let bit = 1 << place;
            match self.ascii.get_mut(*character as usize) {
                Some(places) => *places |= bit,
                None => match self.others.iter_mut().find(|(other, _)| other == character) {
                    Some((_, places)) => *places |= bit,
                    None => self.others.push((*character, bit)),
                },
            }
        }
        self.others
            .sort_unstable_by_key(|(character, _)| *character);
    }

    #[inline]
    fn of(&self, character: char) -> u64 {
        if let Some(places) = self.ascii.get(character as usize) {
            return *places;
        }
        let found = self
            .others
            .binary_search_by_key(&character, |(other, _)| *other);
        let found = found.ok().and_then(|index| self.others.get(index));
        found.map_or(0, |(_, places)| *places)
    }
}

impl EditDistance {
    /// The distance between two texts, in Unicode scalar values.
    pub fn between(&mut self, one: &str, other: &str) -> u64 {
        if one == other {
            return 0;
        }
        self.one.clear();
        self.one.extend(one.chars());
        self.other.clear();
        self.other.extend(other.chars());
        let (one, other) = without_common_ends(&self.one, &self.other);
        let (rows, columns) = if one.len() <= other.len() {
            (one, other)
        } else {
            (other, one)
        };
        let longer = columns.len() as u64;
        let too_much = rows.len().div_ceil(64).saturating_mul(columns.len()) > MOST_STEPS;
        if rows.is_empty() || too_much {
            return longer;
        }
        // In the row above the first, each character of the other text is one insertion more.
        self.steps.clear();
        self.steps.resize(columns.len(), 1);
        for block in rows.chunks(64) {
            self.places.read(block);
            follow(block.len(), columns, &self.places, &mut self.steps);
        }
        let grown: i64 = self.steps.iter().map(|step| i64::from(*step)).sum();
        (rows.len() as u64).saturating_add_signed(grown)
    }
}

/// Follows a block of `rows` rows along `columns`. `steps` are those of the row above the block, and
/// become those of its last row.
fn follow(rows: usize, columns: &[char], places: &Places, steps: &mut [i8]) {
    let last = 1_u64 << (rows - 1);
    // Where the distance grows from one row to the next, and where it shrinks.
    let (mut grows, mut shrinks) = (u64::MAX, 0_u64);
    for (character, step) in columns.iter().zip(steps) {
        let equal = places.of(*character);
        let (above_grows, above_shrinks) = (u64::from(*step > 0), u64::from(*step < 0));
        let vertical = equal | shrinks;
        let equal = equal | above_shrinks;
        let same = ((equal & grows).wrapping_add(grows) ^ grows) | equal;
        let right_grows = shrinks | !(same | grows);
        let right_shrinks = grows & same;
        *step = i8::from(right_grows & last != 0) - i8::from(right_shrinks & last != 0);
        let right_grows = right_grows << 1 | above_grows;
        let right_shrinks = right_shrinks << 1 | above_shrinks;
        grows = right_shrinks | !(vertical | right_grows);
        shrinks = right_grows & vertical;
    }
}

/// Two texts without what both begin with, and then without what both end with.
fn without_common_ends<'a>(mut one: &'a [char], mut other: &'a [char]) -> (&'a [char], &'a [char]) {
    while let ([first, rest @ ..], [same, other_rest @ ..]) = (one, other)
        && first == same
    {
        (one, other) = (rest, other_rest);
    }
    while let ([rest @ .., last], [other_rest @ .., same]) = (one, other)
        && last == same
    {
        (one, other) = (rest, other_rest);
    }
    (one, other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(one: &str, other: &str) -> u64 {
        EditDistance::default().between(one, other)
    }

    #[test]
    fn distances_are_counted_in_characters() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "äöü", 3),
            ("kitten", "sitting", 3),
            ("a b", "b a", 2),
            ("東京", "京都", 2),
            ("😀😁", "😀", 1),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn blocks_are_joined_without_a_seam() {
        let long: String = ('a'..='z').cycle().take(64 * 3 + 5).collect();
        let reversed: String = long.chars().rev().collect();
        let expected = strsim::levenshtein(&long, &reversed) as u64;
        assert_eq!(distance(&long, &reversed), expected);
        assert_eq!(distance(&format!("x{long}y"), &format!("y{long}x")), 2);
    }

    #[test]
    fn a_megabyte_of_other_text_counts_as_replaced_and_a_megabyte_with_one_edit_does_not() {
        let (one, other) = ("x ".repeat(1 << 19), "y".repeat((1 << 20) + 7));
        assert_eq!(distance(&one, &other), (1 << 20) + 7);
        let edited = format!("{one}!{one}");
        assert_eq!(distance(&edited, &format!("{one}?!{one}")), 1);
    }

    proptest! {
        #[test]
        fn the_distance_is_that_of_the_table(
            one in "[abcé]{0,90}", other in "[abcé]{0,200}", any: String, same: String,
        ) {
            let mut distance = EditDistance::default();
            for (one, other) in [(&one, &other), (&other, &one), (&any, &other), (&any, &same)] {
                let expected = strsim::levenshtein(one, other) as u64;
                prop_assert_eq!(distance.between(one, other), expected);
            }
        }
    }
}
