//! Which keys of a keyboard lie next to each other.

/// How the keys of a keyboard are labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// English, as in the United States.
    Qwerty,
    /// German.
    Qwertz,
    /// French.
    Azerty,
}

/// The keys of one row: what they give alone, what they give with shift, and how far to the right
/// the first begins, in quarters of a key.
type Row = (&'static str, &'static str, i32);

// The four rows of a keyboard are not in line: where each begins is the same on all of them, up to
// the key beside the left shift key, which the American one lacks.

const QWERTY: [Row; 4] = [
    ("`1234567890-=", "~!@#$%^&*()_+", 0),
    ("qwertyuiop[]\\", "QWERTYUIOP{}|", 6),
    ("asdfghjkl;'", "ASDFGHJKL:\"", 7),
    ("zxcvbnm,./", "ZXCVBNM<>?", 9),
];

const QWERTZ: [Row; 4] = [
    ("^1234567890ß´", "°!\"§$%&/()=?`", 0),
    ("qwertzuiopü+", "QWERTZUIOPÜ*", 6),
    ("asdfghjklöä#", "ASDFGHJKLÖÄ'", 7),
    ("<yxcvbnm,.-", ">YXCVBNM;:_", 5),
];

const AZERTY: [Row; 4] = [
    ("²&é\"'(-è_çà)=", "~1234567890°+", 0),
    ("azertyuiop^$", "AZERTYUIOP¨£", 6),
    ("qsdfghjklmù*", "QSDFGHJKLM%µ", 7),
    ("<wxcvbn,;:!", ">WXCVBN?./§", 5),
];

/// Quarters of a key from one row to the next.
const ROW: i32 = 4;
/// Square of the distance, in quarters of a key, up to which keys are neighbours: they touch.
const NEAR: i32 = 25;

/// A keyboard, and which characters may come of a finger that hits the key beside the right one.
///
/// What keys are neighbours is reckoned from where they lie: those whose middles are at most one
/// and a quarter keys apart, which are the six around a letter.
///
/// ```
/// use augment::text::{Keyboard, Layout};
/// let keyboard = Keyboard::new(Layout::Qwerty, |_, to| to.is_alphabetic());
/// assert_eq!(keyboard.neighbours('s'), ['a', 'd', 'e', 'w', 'x', 'z']);
/// assert_eq!(keyboard.neighbours('S'), ['A', 'D', 'E', 'W', 'X', 'Z']);
/// assert!(keyboard.neighbours('я').is_empty());
/// ```
#[derive(Debug)]
pub struct Keyboard {
    /// In the order of the characters.
    keys: Vec<(char, Vec<char>)>,
    /// For each ASCII character one more than its place in `keys`; 0 where it is on no key.
    ascii: [u8; 128],
}

impl Keyboard {
    /// The keyboard with this layout; a neighbour is one only if `allows` says so of the character
    /// meant and the one that comes of it.
    pub fn new(layout: Layout, allows: impl Fn(char, char) -> bool) -> Self {
        let rows = match layout {
            Layout::Qwerty => QWERTY,
            Layout::Qwertz => QWERTZ,
            Layout::Azerty => AZERTY,
        };
        let mut keys = Vec::new();
        for layer in 0..2 {
            let placed = placed(&rows, layer);
            keys.extend(placed.iter().map(|&(character, x, y)| {
                let beside = placed.iter().filter(|&&(other, to_x, to_y)| {
                    let distance = (to_x - x).pow(2) + (to_y - y).pow(2);
                    distance > 0 && distance <= NEAR && allows(character, other)
                });
                let mut beside: Vec<char> = beside.map(|(other, _, _)| *other).collect();
                beside.sort_unstable();
                (character, beside)
            }));
        }
        // A character on two keys, as `'` on some layouts, counts where it comes without shift.
        keys.sort_by_key(|(character, _)| *character);
        keys.dedup_by_key(|(character, _)| *character);
        let mut ascii = [0; 128];
        for (place, (character, _)) in keys.iter().enumerate() {
            if let Some(known) = ascii.get_mut(*character as usize) {
                *known = u8::try_from(place + 1).unwrap_or_default();
            }
        }
        Self { keys, ascii }
    }

    /// The characters that come of the keys around the one for `character`, sorted; none where it
    /// is on no key.
    #[inline]
    pub fn neighbours(&self, character: char) -> &[char] {
        let place = match self.ascii.get(character as usize) {
            Some(known) => usize::from(*known).checked_sub(1),
            None => self
                .keys
                .binary_search_by_key(&character, |(key, _)| *key)
                .ok(),
        };
        place
            .and_then(|place| self.keys.get(place))
            .map_or(&[], |(_, beside)| beside)
    }
}

/// The characters of a layer, without shift or with it, and where their keys lie.
fn placed(rows: &[Row; 4], layer: usize) -> Vec<(char, i32, i32)> {
    let mut placed = Vec::new();
    let mut y = 0;
    for (plain, shifted, start) in rows {
        let labels = if layer == 0 { plain } else { shifted };
        let mut x = *start;
        for label in labels.chars() {
            placed.push((label, x, y));
            x += 4;
        }
        y += ROW;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUTS: [Layout; 3] = [Layout::Qwerty, Layout::Qwertz, Layout::Azerty];

    fn of(keyboard: &Keyboard, character: char) -> String {
        keyboard.neighbours(character).iter().collect()
    }

    #[test]
    fn neighbours_are_the_keys_around() {
        let english = Keyboard::new(Layout::Qwerty, |_, _| true);
        assert_eq!(of(&english, 'q'), "12aw");
        assert_eq!(of(&english, 'g'), "bfhtvy");
        assert_eq!(of(&english, 'P'), "):LO_{");
        let german = Keyboard::new(Layout::Qwertz, |_, to| to.is_alphabetic());
        assert_eq!(of(&german, 'z'), "ghtu");
        assert_eq!(of(&german, 'ö'), "lpäü");
        assert_eq!(of(&german, 'Ö'), "LPÄÜ");
        let french = Keyboard::new(Layout::Azerty, |_, to| to.is_alphabetic());
        assert_eq!(of(&french, 'a'), "qzé");
        assert_eq!(of(&french, 'm'), "lpù");
    }

    #[test]
    fn rows_have_as_many_labels_with_shift_as_without() {
        for rows in [QWERTY, QWERTZ, AZERTY] {
            for (plain, shifted, _) in rows {
                assert_eq!(plain.chars().count(), shifted.chars().count(), "{plain}");
            }
        }
    }

    #[test]
    fn neighbours_are_mutual_and_every_letter_has_some() {
        for layout in LAYOUTS {
            let keyboard = Keyboard::new(layout, |from, to| {
                from.is_alphabetic() == to.is_alphabetic()
            });
            for letter in ('a'..='z').chain('A'..='Z') {
                let beside = keyboard.neighbours(letter);
                assert!(beside.len() >= 2, "{layout:?} {letter}");
                for other in beside {
                    assert!(
                        keyboard.neighbours(*other).contains(&letter),
                        "{letter} {other}"
                    );
                    assert_eq!(letter.is_uppercase(), other.is_uppercase());
                }
            }
        }
    }
}
