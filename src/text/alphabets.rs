//! The letters of a script.

/// Letters of a script in their small form, without those that stand only at the end of words or
/// that only some of its languages have; or the digits of a script.
struct Alphabet {
    /// The first and the last characters of the blocks that are of the script.
    blocks: &'static [(char, char)],
    letters: &'static str,
}

const ALPHABETS: [Alphabet; 19] = [
    Alphabet {
        blocks: &[
            ('A', 'Z'),
            ('a', 'z'),
            ('À', 'Ö'),
            ('Ø', 'ö'),
            ('ø', 'ɏ'),
            ('Ḁ', 'ỿ'),
        ],
        letters: "abcdefghijklmnopqrstuvwxyz",
    },
    Alphabet {
        blocks: &[('0', '9')],
        letters: "0123456789",
    },
    Alphabet {
        blocks: &[('Ͱ', 'Ͽ'), ('ἀ', '῾')],
        letters: "αβγδεζηθικλμνξοπρστυφχψω",
    },
    Alphabet {
        blocks: &[('Ѐ', 'ԯ')],
        letters: "абвгдежзийклмнопрстуфхцчшщьюя",
    },
    Alphabet {
        blocks: &[('Ա', 'Ֆ'), ('ա', 'և')],
        letters: "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    },
    Alphabet {
        blocks: &[('א', 'ת')],
        letters: "אבגדהוזחטיכלמנסעפצקרשת",
    },
    Alphabet {
        blocks: &[('ء', 'ي'), ('ٮ', 'ۓ')],
        letters: "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    },
    Alphabet {
        blocks: &[('٠', '٩')],
        letters: "٠١٢٣٤٥٦٧٨٩",
    },
    Alphabet {
        blocks: &[('۰', '۹')],
        letters: "۰۱۲۳۴۵۶۷۸۹",
    },
    Alphabet {
        blocks: &[('ऄ', 'ह')],
        letters: "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
    },
    Alphabet {
        blocks: &[('०', '९')],
        letters: "०१२३४५६७८९",
    },
    Alphabet {
        blocks: &[('অ', 'হ')],
        letters: "কখগঘচছজঝটঠডঢণতথদধনপফবভমযরলশষসহ",
    },
    Alphabet {
        blocks: &[('ก', 'ฮ')],
        letters: "กขคงจฉชซดตถทธนบปผฝพฟภมยรลวสหอฮ",
    },
    Alphabet {
        blocks: &[('ა', 'ჰ')],
        letters: "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    },
    Alphabet {
        blocks: &[('ぁ', 'ゖ')],
        letters: "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    },
    Alphabet {
        blocks: &[('ァ', 'ヺ')],
        letters: "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    },
    Alphabet {
        blocks: &[('가', '힣')],
        letters: "가고구그기나노누느니다도두드디라로루르리마모무므미바보부브비사소수스시아오우으이자조주즈지차초추츠치카코쿠크키타토투트티파포푸프피하호후흐히",
    },
    Alphabet {
        blocks: &[('Ａ', 'Ｚ'), ('ａ', 'ｚ')],
        letters: "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ",
    },
    Alphabet {
        blocks: &[('０', '９')],
        letters: "０１２３４５６７８９",
    },
];

/// The letters of the script that `character` is of, in their small form, or the digits if it is
/// one; nothing where the script has no alphabet, as Chinese, or is not known.
///
/// ```
/// use augment::text::alphabet_of;
/// assert!(alphabet_of('É').is_some_and(|letters| letters.starts_with("abc")));
/// assert!(alphabet_of('Я').is_some_and(|letters| letters.starts_with("абв")));
/// assert_eq!(alphabet_of('7'), Some("0123456789"));
/// assert_eq!(alphabet_of('東'), None);
/// ```
pub fn alphabet_of(character: char) -> Option<&'static str> {
    let of = |alphabet: &&Alphabet| {
        let mut blocks = alphabet.blocks.iter();
        blocks.any(|(first, last)| (first..=last).contains(&&character))
    };
    ALPHABETS.iter().find(of).map(|alphabet| alphabet.letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_of_their_own_script_and_none_comes_twice() {
        for alphabet in &ALPHABETS {
            let letters: Vec<char> = alphabet.letters.chars().collect();
            assert!(letters.len() >= 10, "{}", alphabet.letters);
            for (place, letter) in letters.iter().enumerate() {
                assert_eq!(alphabet_of(*letter), Some(alphabet.letters), "{letter}");
                assert!(!letters[..place].contains(letter), "{letter}");
                assert!(
                    letter.is_alphanumeric() && !letter.is_uppercase(),
                    "{letter}"
                );
            }
        }
    }
}
