//! Places of a list: drawn without replacement, and put in order.

use super::Random;

/// Draws places of a list one by one, none twice, each order equally likely; keeps its memory from
/// list to list.
///
/// ```
/// use augment::random::{Places, Random};
/// let (mut places, mut random) = (Places::default(), Random::from_key(1));
/// places.reset(3);
/// let mut drawn: Vec<usize> = std::iter::from_fn(|| places.draw(&mut random)).collect();
/// drawn.sort();
/// assert_eq!(drawn, [0, 1, 2]);
/// ```
#[derive(Debug, Default)]
pub struct Places {
    order: Vec<u32>,
    drawn: usize,
    sorted: PlaceSet,
}

impl Places {
    /// Forgets what was drawn: the next list has `count` places, fewer than 2^32.
    pub fn reset(&mut self, count: usize) {
        self.order.clear();
        self.order.extend((0..u32::MAX).take(count));
        self.drawn = 0;
    }

    /// The next place; nothing when all are drawn.
    #[inline]
    pub fn draw(&mut self, random: &mut Random) -> Option<usize> {
        let other = self.drawn + random.below(self.order.len() - self.drawn);
        let place = *self.order.get(other)?;
        self.order.swap(self.drawn, other);
        self.drawn += 1;
        Some(place as usize)
    }

    /// Draws `count` places of a list of `of`, or all if it has fewer: they come in the order of
    /// the list.
    pub fn sample(&mut self, of: usize, count: usize, random: &mut Random) -> &[u32] {
        self.reset(of);
        if count >= of {
            // All of them, in order already. As much is drawn as if one after the other were, and that there
            // are no more were found out by a draw.
            for _ in 0..count.min(of + 1) {
                random.below(1);
            }
            self.drawn = of;
            return &self.order;
        }
        while self.drawn < count && self.draw(random).is_some() {}
        let drawn = self.order.get_mut(..self.drawn).unwrap_or_default();
        self.sorted.reset(of);
        for place in &*drawn {
            self.sorted.insert(*place as usize);
        }
        for (place, next) in drawn.iter_mut().zip(self.sorted.iter()) {
            *place = u32::try_from(next).unwrap_or(u32::MAX);
        }
        drawn
    }
}

/// A set of places of a list, which hands them out in order: to sort a few of them would take longer, for
/// which way a comparison goes could not be predicted. Keeps its memory from list to list.
///
/// ```
/// use augment::random::PlaceSet;
/// let mut places = PlaceSet::default();
/// places.reset(100);
/// [70, 3, 70, 12].into_iter().for_each(|place| places.insert(place));
/// assert_eq!(places.iter().collect::<Vec<_>>(), [3, 12, 70]);
/// ```
#[derive(Debug, Default)]
pub struct PlaceSet {
    /// A bit for each place, the first the lowest.
    blocks: Vec<u64>,
}

impl PlaceSet {
    const BITS: usize = u64::BITS as usize;

    /// No place of a list of `count`.
    #[inline]
    pub fn reset(&mut self, count: usize) {
        self.blocks.clear();
        self.blocks.resize(count.div_ceil(Self::BITS), 0);
    }

    /// Adds a place, if the list has it.
    #[inline]
    pub fn insert(&mut self, place: usize) {
        if let Some(block) = self.blocks.get_mut(place / Self::BITS) {
            *block |= 1 << (place % Self::BITS);
        }
    }

    /// The places, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().enumerate().flat_map(|(index, block)| {
            let mut rest = *block;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (bit < Self::BITS).then(|| {
                    rest &= rest - 1;
                    index * Self::BITS + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sample_is_what_was_drawn_in_order(key: u64, of in 0_usize..300, count in 0_usize..40) {
            let mut places = Places::default();
            let mut random = Random::from_key(key);
            places.reset(of);
            let drawn = std::iter::from_fn(|| places.draw(&mut random)).take(count);
            let mut drawn: Vec<u32> = drawn.map(|place| u32::try_from(place).unwrap()).collect();
            drawn.sort_unstable();
            let mut again = Random::from_key(key);
            prop_assert_eq!(places.sample(of, count, &mut again), drawn);
            // What is drawn afterwards is the same, too.
            prop_assert_eq!(again, random);
        }

        #[test]
        fn a_set_hands_out_each_place_of_the_list_once(
            count in 0_usize..200,
            places in prop::collection::vec(0_usize..250, 0..30),
        ) {
            let mut set = PlaceSet::default();
            set.reset(count);
            for place in &places {
                set.insert(*place);
            }
            let mut expected = places;
            expected.retain(|place| *place < set.blocks.len() * PlaceSet::BITS);
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected);
        }
    }
}
