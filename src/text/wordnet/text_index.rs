//! An open-addressing hash table from texts to their numbers in a [`TextPool`].

use super::tables::TextPool;

/// Finds the number of a text. Underscores and spaces are the same to it.
///
/// Linear probing at a load of at most two thirds. Every slot carries 32 bits of the hash, so that a
/// miss almost never touches the texts themselves.
#[derive(Debug)]
pub(super) struct TextIndex {
    slots: Vec<Slot>,
    /// The slot a hash belongs to is `hash >> shift`.
    shift: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    fingerprint: u32,
    number: u32,
}

const EMPTY: Slot = Slot {
    fingerprint: 0,
    number: u32::MAX,
};

impl TextIndex {
    /// Indexes the first `count` texts of `pool`.
    pub(super) fn new(pool: &TextPool, count: u32) -> Self {
        let capacity = (count as usize * 3 / 2 + 2).next_power_of_two();
        let mask = capacity - 1;
        let mut index = Self {
            slots: vec![EMPTY; capacity],
            shift: 64 - capacity.trailing_zeros(),
        };
        for number in 0..count.min(pool.count()) {
            let hash = hash(pool.get(number).as_bytes());
            let mut place = index.home(hash);
            while index.slots[place].number != EMPTY.number {
                place = (place + 1) & mask;
            }
            index.slots[place] = Slot {
                fingerprint: fingerprint(hash),
                number,
            };
        }
        index
    }

    /// The number of `form` in `pool`, which must be the pool the index was made of.
    #[inline]
    pub(super) fn find(&self, pool: &TextPool, form: &[u8]) -> Option<u32> {
        let hash = hash(form);
        let fingerprint = fingerprint(hash);
        let mask = self.slots.len() - 1;
        let mut place = self.home(hash);
        loop {
            let slot = self.slots[place];
            if slot.number == EMPTY.number {
                return None;
            }
            if slot.fingerprint == fingerprint && same(pool.get(slot.number).as_bytes(), form) {
                return Some(slot.number);
            }
            place = (place + 1) & mask;
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the shift leaves as many bits as slots"
    )]
    fn home(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
fn fingerprint(hash: u64) -> u32 {
    hash as u32
}

/// Whether `form` is `text`, where `text` holds spaces and `form` spaces or underscores.
#[inline]
fn same(text: &[u8], form: &[u8]) -> bool {
    text == form
        || text.len() == form.len()
            && text
                .iter()
                .zip(form)
                .all(|(a, b)| a == b || (*a == b' ' && *b == b'_'))
}

/// Hashes eight bytes at a step; the last step overlaps the one before it.
#[inline]
fn hash(text: &[u8]) -> u64 {
    let mut state = (text.len() as u64) ^ 0x9e37_79b9_7f4a_7c15;
    if let Some(last) = text.last_chunk::<8>() {
        for chunk in text[..text.len() - 1].chunks_exact(8) {
            // chunks_exact yields eight bytes each, so the default is never taken.
            state = mix(
                state,
                u64::from_le_bytes(chunk.try_into().unwrap_or_default()),
            );
        }
        return mix(state, u64::from_le_bytes(*last));
    }
    let short = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => text
            .iter()
            .fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    mix(state, short)
}

#[inline]
fn mix(state: u64, word: u64) -> u64 {
    let product = (state ^ spaces_for_underscores(word)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    product ^ (product >> 32)
}

/// Turns every byte `_` of `word` into a space.
#[inline]
fn spaces_for_underscores(word: u64) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = word ^ 0x5f5f_5f5f_5f5f_5f5f;
    // The top bit of a byte is set where it differs from '_'.
    let differs = ((difference & LOW_BITS) + LOW_BITS) | difference;
    let underscore = !differs & !LOW_BITS;
    // 0x80 - 0x01 = 0x7f = '_' ^ ' ' in the bytes found.
    word ^ (underscore - (underscore >> 7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool(texts: &[&str]) -> TextPool {
        let mut pool = TextPool::default();
        for text in texts {
            pool.push(text);
        }
        pool
    }

    #[test]
    fn finds_every_text_and_nothing_else() {
        let texts = [
            "",
            "a",
            "ab",
            "abc",
            "abcd",
            "ice cream",
            "a very long text of 31 bytes ok",
        ];
        let pool = pool(&texts);
        let index = TextIndex::new(&pool, pool.count());
        for (number, text) in (0u32..).zip(texts) {
            assert_eq!(index.find(&pool, text.as_bytes()), Some(number));
        }
        for other in ["b", "ba", "ice  cream", "ice cream ", "abcde", "ä"] {
            assert_eq!(index.find(&pool, other.as_bytes()), None);
        }
    }

    #[test]
    fn underscores_are_spaces() {
        let pool = pool(&["a la carte", "x y", "cat-o'-nine-tails of 1"]);
        let index = TextIndex::new(&pool, pool.count());
        assert_eq!(index.find(&pool, b"a_la_carte"), Some(0));
        assert_eq!(index.find(&pool, b"a_la carte"), Some(0));
        assert_eq!(index.find(&pool, b"x_y"), Some(1));
        assert_eq!(index.find(&pool, b"cat-o'-nine-tails_of_1"), Some(2));
        assert_eq!(index.find(&pool, b"alla_carte"), None);
    }

    #[test]
    fn an_empty_index_finds_nothing() {
        let pool = TextPool::default();
        assert_eq!(TextIndex::new(&pool, 0).find(&pool, b"a"), None);
    }

    proptest! {
        #[test]
        fn underscore_folding_works_byte_by_byte(word: [u8; 8]) {
            let folded = word.map(|byte| if byte == b'_' { b' ' } else { byte });
            let word = u64::from_le_bytes(word);
            prop_assert_eq!(spaces_for_underscores(word), u64::from_le_bytes(folded));
        }

        #[test]
        fn agrees_with_a_sorted_list(
            mut texts in prop::collection::vec("[ab ]{0,12}", 0..60),
            probe in "[ab_ ]{0,12}",
        ) {
            texts.sort();
            texts.dedup();
            let pool = pool(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let index = TextIndex::new(&pool, pool.count());
            let expected = texts.binary_search(&probe.replace('_', " ")).ok();
            let found = index.find(&pool, probe.as_bytes());
            prop_assert_eq!(found.map(|number| number as usize), expected);
        }
    }
}
