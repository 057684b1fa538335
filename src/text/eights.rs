//! Eight bytes as one number, the first the lowest: short words are compared and changed at a stroke.

/// One in each byte.
pub(super) const EACH: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte: set where one is not ASCII.
pub(super) const HIGH: u64 = 0x80 * EACH;

/// All bits of the lowest `count` bytes; `count` is at most eight.
#[inline]
pub(super) fn first(count: usize) -> u64 {
    u64::MAX
        .checked_shr(64 - 8 * u32::try_from(count).unwrap_or(8))
        .unwrap_or(0)
}

/// Up to eight bytes from `place` on, zeros after them, and how many they are.
///
/// What is shorter than eight is put together from parts that overlap: no loop, and no memory that is
/// written piece by piece and read at once.
#[inline]
pub(super) fn at(bytes: &[u8], place: usize) -> (u64, usize) {
    let rest = bytes.get(place..).unwrap_or_default();
    if let Some(eight) = rest.first_chunk::<8>() {
        return (u64::from_le_bytes(*eight), 8);
    }
    let count = rest.len();
    if count == 0 {
        return (0, 0);
    }
    if let Some(eight) = bytes.last_chunk::<8>() {
        return (u64::from_le_bytes(*eight) >> (8 * (8 - count)), count);
    }
    let value = if let (Some(low), Some(high)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        u64::from(low) | u64::from(high) << (8 * (count - 4))
    } else {
        // One to three: the first, the middle or the last again, the last.
        let byte = |place: usize| rest.get(place).map_or(0, |byte| u64::from(*byte));
        let (middle, last) = (count / 2, count - 1);
        byte(0) | byte(middle) << (8 * middle) | byte(last) << (8 * last)
    };
    (value, count)
}

/// The place of the first byte that is not ASCII.
#[inline]
pub(super) fn first_foreign(bytes: &[u8]) -> Option<usize> {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let foreign = u64::from_le_bytes(*eight) & HIGH;
        if foreign != 0 {
            return Some(8 * number + foreign.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| !byte.is_ascii())?;
    Some(8 * eights.len() + found)
}

/// The highest bits of the bytes that are `byte`, which is ASCII.
#[inline]
pub(super) fn equal(eight: u64, byte: u8) -> u64 {
    let differs = (eight ^ (EACH * u64::from(byte))) & !HIGH;
    // Where nothing differs, nothing carries into the highest bit.
    !(differs + EACH * 0x7f) & !eight & HIGH
}

/// Capitals of ASCII made small; bytes that are not ASCII stay.
#[inline]
pub(super) fn lower_case(bytes: u64) -> u64 {
    let ascii = bytes & !HIGH;
    // The highest bit of a byte is set where it is `A` or above, and where it is above `Z`.
    let from_a = ascii + EACH * u64::from(0x80 - b'A');
    let above_z = ascii + EACH * u64::from(0x80 - b'Z' - 1);
    let capitals = from_a & !above_z & !bytes & HIGH;
    bytes | (capitals >> 2)
}

/// The highest bits of bytes that are letters or digits of ASCII.
#[inline]
pub(super) fn letters_and_digits(bytes: u64) -> u64 {
    let ascii = bytes & !HIGH;
    let small = ascii | (EACH * 0x20);
    // The highest bit of a byte is set where it is the first of a range or above, and where it is above the last.
    let from = |bytes: u64, first: u8| bytes + EACH * u64::from(0x80 - first);
    let letters = from(small, b'a') & !from(small, b'z' + 1);
    let digits = from(ascii, b'0') & !from(ascii, b'9' + 1);
    (letters | digits) & !bytes & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_and_digits_are_told_eight_at_a_time() {
        for byte in 0..=u8::MAX {
            let all = letters_and_digits(u64::from_le_bytes([byte; 8]));
            let expected = if byte.is_ascii_alphanumeric() {
                HIGH
            } else {
                0
            };
            assert_eq!(all, expected, "{byte}");
            let beside = u64::from_le_bytes([255, byte, b'z', b'[', 0, byte, b'9', b'/']);
            let expected = HIGH & 0x00ff_0000_00ff_0000 | expected & 0x0000_ff00_0000_ff00;
            assert_eq!(letters_and_digits(beside), expected, "{byte}");
        }
    }

    #[test]
    fn capitals_are_made_small_eight_at_a_time() {
        for byte in 0..=u8::MAX {
            let lower = lower_case(u64::from_le_bytes([byte; 8])).to_le_bytes();
            assert_eq!(lower, [byte.to_ascii_lowercase(); 8]);
            let beside = lower_case(u64::from_le_bytes([
                b'Q', byte, b'q', byte, 255, 0, 1, b'Z',
            ]));
            assert_eq!(
                beside.to_le_bytes(),
                [b'Q', byte, b'q', byte, 255, 0, 1, b'Z'].map(|byte| byte.to_ascii_lowercase())
            );
        }
    }

    proptest! {
        #[test]
        fn the_first_foreign_byte_is_found(bytes in prop::collection::vec(prop_oneof![9 => 0..=127_u8, 1 => any::<u8>()], 0..40)) {
            prop_assert_eq!(first_foreign(&bytes), bytes.iter().position(|byte| !byte.is_ascii()));
        }

        #[test]
        fn eights_are_the_bytes_and_zeros(bytes in prop::collection::vec(any::<u8>(), 0..20), place in 0_usize..24) {
            let rest = bytes.get(place..).unwrap_or_default();
            let count = rest.len().min(8);
            let mut expected = [0; 8];
            expected[..count].copy_from_slice(&rest[..count]);
            prop_assert_eq!(at(&bytes, place), (u64::from_le_bytes(expected), count));
            prop_assert_eq!(first(count), u64::from_le_bytes(std::array::from_fn(|i| if i < count { 255 } else { 0 })));
        }
    }
}
