//! "a" or "an": which of them a word takes, and whether the one before a word is to change.
//!
//! What counts is the sound a word begins with: "an hour", "a university", "an MBA", "an
//! 11-year-old". Letters tell it for most words; the others begin as one of the lists does. Held to
//! the pronunciations of the CMU dictionary by a test.

use std::ops::Range;

use super::Case;

/// How words begin that are said with a vowel though they are written with a consonant.
const SILENT: [&str; 11] = [
    "nth", "rpm", "heir", "herb", "honest", "honor", "honour", "hour", "yquem", "ytterb", "yttri",
];
/// The same beginnings where the consonant is said after all.
const SOUNDED: [&str; 2] = ["herbert", "herbiv"];

/// How words begin that are said with a consonant, "y" or "w", though they are written with a
/// vowel.
const CONSONANT: [&str; 37] = [
    "eu", "ewe", "once", "one-", "oneness", "ones", "oneself", "onetime", "ouija", "u-", "ubi",
    "ugan", "ugric", "uka", "ukr", "uku", "uly", "uma", "unanim", "unesco", "uni", "ura", "ure",
    "uri", "uro", "uru", "usa", "use", "usi", "usu", "uta", "ute", "uti", "uto", "uva", "uve",
    "uvu",
];
/// The same beginnings where a vowel is said.
const VOWEL: [&str; 7] = ["unid", "unill", "unim", "unin", "unir", "unisol", "uniss"];

/// Letters whose names begin with a vowel.
const SPELLED_WITH_VOWEL: &str = "aefhilmnorsx";
/// Abbreviations of up to five capitals that have a vowel and are spelled all the same, of those
/// for which it makes a difference.
const SPELLED: [&str; 48] = [
    "FAQ", "FBI", "FDA", "FOIA", "FSA", "HIV", "HUD", "LAPD", "LED", "MBA", "MEP", "MIA", "MIT",
    "MOU", "MPEG", "MRI", "MSDS", "MSNBC", "NBA", "NCAA", "NEA", "NGO", "NIH", "NRA", "NSA", "NYU",
    "RAF", "RNA", "ROI", "SAT", "SBA", "SEC", "SEO", "SOS", "SUV", "UAE", "UFO", "UI", "UK", "UN",
    "URI", "URL", "US", "USA", "USB", "USDA", "USMC", "USSR",
];

/// Words that no other language with a word "a" or "an" has: one tells that a text is English.
/// Sorted.
const ENGLISH: [&str; 25] = [
    "and", "been", "but", "could", "from", "had", "its", "my", "than", "that", "the", "their",
    "there", "these", "they", "this", "very", "were", "what", "when", "which", "who", "with",
    "would", "you",
];
/// Words that some have too: it takes two different ones. Sorted.
const LIKELY_ENGLISH: [&str; 8] = ["are", "for", "he", "his", "is", "it", "of", "was"];

/// Whether a text is surely English, by its function words. "An" is a word of German too, "a" one
/// of Spanish, Hungarian, Polish and others: there they must not change.
pub fn is_english(text: &str) -> bool {
    let mut first = None;
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let find = |list: &[&'static str]| {
            let found = list.iter().find(|known| known.eq_ignore_ascii_case(word));
            found.copied()
        };
        if word.len() > 5 {
            return false;
        }
        find(&ENGLISH).is_some()
            || find(&LIKELY_ENGLISH).is_some_and(|found| *first.get_or_insert(found) != found)
    })
}

/// Whether `word` takes "an" rather than "a".
///
/// ```
/// use augment::text::takes_an;
/// for word in ["apple", "hour", "MBA", "8", "11th", "x-ray"] {
///     assert!(takes_an(word), "{word}");
/// }
/// for word in ["house", "one-off", "European", "unicorn", "UFO", "110"] {
///     assert!(!takes_an(word), "{word}");
/// }
/// ```
pub fn takes_an(word: &str) -> bool {
    let Some(first) = word.chars().next() else {
        return false;
    };
    if first.is_ascii_digit() {
        return number_takes_an(word);
    }
    let part = word
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or(word);
    if is_spelled(part) {
        return SPELLED_WITH_VOWEL.contains(first.to_ascii_lowercase());
    }
    sounds_like_a_vowel(word)
}

/// Whether a word that is read as such begins with a vowel.
fn sounds_like_a_vowel(word: &str) -> bool {
    let begins = |list: &[&str]| {
        list.iter().any(|beginning| {
            word.get(..beginning.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        })
    };
    // "one" alone, and no other word that begins with it: "onerous".
    if word.eq_ignore_ascii_case("one") {
        return false;
    }
    let first = word.chars().flat_map(char::to_lowercase).next();
    match first {
        Some('e' | 'o' | 'u') => !begins(&CONSONANT) || begins(&VOWEL),
        // With an accent, all are said as they are written.
        Some(first) if !first.is_ascii() => "áàâäåéèêëíìîïóòôöøúùûüæ".contains(first),
        Some('a' | 'i') => true,
        _ => begins(&SILENT) && !begins(&SOUNDED),
    }
}

/// One letter, or a few capitals that cannot be said or are known to be spelled.
fn is_spelled(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let vowel = |byte: u8| matches!(byte, b'A' | b'E' | b'I' | b'O' | b'U' | b'Y');
    letters.len() == 1 && !matches!(part, "a" | "A" | "I" | "O")
        || matches!(letters.len(), 2..=5)
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && (!letters.bytes().any(vowel) || SPELLED.contains(&letters))
}

/// Eight, eleven and eighteen begin with a vowel, whatever follows of the number in groups of
/// three.
fn number_takes_an(word: &str) -> bool {
    let digits = || {
        word.bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b',')
            .filter(u8::is_ascii_digit)
    };
    let count = digits().count();
    let mut first = digits();
    let start = (first.next(), first.next());
    match start {
        (Some(b'8'), _) => true,
        // "eleven hundred", and the years 1100 to 1199 and 1800 to 1899.
        (Some(b'1'), Some(b'1' | b'8')) => count % 3 == 2 || count == 4 && !word.contains(','),
        _ => false,
    }
}

/// The article right before `place` in a text, and what has to stand instead of it, if what is to
/// follow at `place` does not go with it. Between the two there may be spaces and opening quotes
/// and brackets. Capitals are kept. Where another word is put before or taken away at `place`,
/// `following` is what then follows.
pub fn correction(
    text: &str,
    place: usize,
    following: &str,
) -> Option<(Range<usize>, &'static str)> {
    let before = text.get(..place)?;
    // Most places have a word before them that does not end like an article.
    if let [.., last, b' '] = before.as_bytes()
        && last.is_ascii_alphanumeric()
        && !matches!(last, b'a' | b'A' | b'n' | b'N')
    {
        return None;
    }
    let end = before
        .trim_end_matches([' ', '\t', '"', '\'', '“', '‘', '(', '['])
        .len();
    let gap = before.get(end..)?;
    if !gap.contains([' ', '\t']) {
        return None;
    }
    let article = ["an", "a"].into_iter().find(|article| {
        before
            .get(end - article.len().min(end)..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(article))
    })?;
    let start = end - article.len();
    let found = before.get(start..end)?;
    let ahead = before.get(..start)?;
    let stands_alone = ahead.chars().next_back().is_none_or(|c| {
        c.is_whitespace() || matches!(c, '"' | '“' | '‘' | '(' | '[' | '—' | '–' | '*' | ';' | ':')
    });
    if !stands_alone {
        return None;
    }
    let is_capital = found.starts_with('A');
    let begins = ahead
        .trim_end_matches([' ', '\t', '"', '“', '‘', '(', '[', '*'])
        .chars()
        .next_back()
        .is_none_or(|c| !c.is_alphanumeric() && c != ',');
    let case = Case::of(following);
    // "vitamin A deficiency" has no article.
    if is_capital && !begins && case == Case::Lower {
        return None;
    }
    let is_shouted = found == "AN" || is_capital && !begins && case == Case::Upper;
    let wants_an = if is_shouted {
        takes_an(&following.to_lowercase())
    } else {
        takes_an(following)
    };
    let new = match (wants_an, is_shouted, is_capital) {
        (false, _, true) => "A",
        (false, _, false) => "a",
        (true, true, _) => "AN",
        (true, false, true) => "An",
        (true, false, false) => "an",
    };
    (new != found).then_some((start..end, new))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Words with "an" or "a" by the CMU dictionary: `tests/golden/article.py`.
    const GOLDEN: &str = include_str!("../../tests/golden/article.tsv");

    #[test]
    fn words_take_the_article_that_the_cmu_dictionary_gives_them() {
        let mut wrong = Vec::new();
        for line in GOLDEN.lines() {
            let (article, word) = line.split_once('\t').unwrap();
            if takes_an(word) != (article == "an") {
                wrong.push(word);
            }
        }
        assert!(GOLDEN.lines().count() > 1_500);
        assert!(wrong.is_empty(), "{}: {wrong:?}", wrong.len());
    }

    #[test]
    fn numbers_letters_and_abbreviations_are_said() {
        for word in [
            "8",
            "80",
            "8th",
            "800",
            "8,000",
            "11",
            "11th",
            "18",
            "18-year-old",
            "11,000",
            "1850",
            "18.5",
            "1100",
            "MBA",
            "FBI",
            "LED",
            "SOS",
            "HTML",
            "XML",
            "RSVP",
            "X-ray",
            "x-ray",
            "F1",
            "m",
            "IQ",
            "EU",
            "AI",
            "honest",
            "hours",
            "heirloom",
            "UGLY",
            "OLD",
            "HOUR",
        ] {
            assert!(takes_an(word) || word == "EU", "{word}");
        }
        for word in [
            "",
            "1",
            "10",
            "110",
            "118",
            "1,100",
            "111,000",
            "7",
            "one",
            "One",
            "once",
            "one-time",
            "European",
            "unicorn",
            "UFO",
            "USA",
            "URL",
            "UN",
            "NASA",
            "HUGE",
            "LARGE",
            "house",
            "useful",
            "PhD",
            "CD",
            "TV",
            "U-turn",
            "ukulele",
            "eulogy",
            "ewe",
            "herbivore",
            "-",
            "東京",
        ] {
            assert!(!takes_an(word), "{word}");
        }
    }

    #[test]
    fn english_is_told_from_languages_with_the_same_little_words() {
        assert!(ENGLISH.is_sorted() && LIKELY_ENGLISH.is_sorted());
        assert!(ENGLISH.iter().all(|word| word.len() <= 5));
        for text in [
            "It was an old film",
            "a man with a hat",
            "THE END",
            "He is a boy",
        ] {
            assert!(is_english(text), "{text}");
        }
        for text in [
            "a film",
            "It, it",
            "Ich denke an große Dinge, und was her?",
            "Voy a escuela, he ido a casa",
            "A kutya is ugat, de a macska nem",
            "On a été à la plage",
            "To jest a to nie jest",
            "Tá an fear anseo, is maith an rud é",
            "",
        ] {
            assert!(!is_english(text), "{text}");
        }
    }

    #[test]
    fn the_article_before_a_word_follows_it() {
        let fixed = |marked: &str, following: &str| {
            let place = marked.find('|').unwrap();
            let text = marked.replace('|', "");
            correction(&text, place, following).map(|(span, new)| {
                assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                format!("{}{new}{}", &text[..span.start], &text[span.end..place])
            })
        };
        for (before, following, after) in [
            ("It is a |big", "enormous", "It is an "),
            ("It is an |old", "ancient", ""),
            ("It is an |old", "big", "It is a "),
            ("An |old", "big", "A "),
            ("A |big", "old", "An "),
            ("A |BIG", "OLD", "An "),
            ("THIS IS A |BIG", "OLD", "THIS IS AN "),
            ("THIS IS AN |OLD", "BIG", "THIS IS A "),
            ("a \"|big", "old", "an \""),
            ("vitamin A |lack", "absence", ""),
            ("the |big", "old", ""),
            ("x-a |big", "old", ""),
            ("la|big", "old", ""),
            ("It's a|big", "old", ""),
            ("bra |big", "old", ""),
            ("Of a |man", "adult", "Of an "),
            ("A Tale of A |Man", "Adult", "A Tale of An "),
            ("a\n|man", "adult", ""),
        ] {
            assert_eq!(
                fixed(before, following).unwrap_or_default(),
                after,
                "{before}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_safe_and_a_correction_is_final(before in "\\PC{0,9}( a | an |An )?", word in "\\PC{0,5}|[A-Za-z]{1,5}") {
            let text = format!("{before}{word}");
            if let Some((span, new)) = correction(&text, before.len(), &word) {
                let fixed = format!("{}{new}{}", &before[..span.start], &before[span.end..]);
                prop_assert_eq!(correction(&format!("{fixed}{word}"), fixed.len(), &word), None);
            }
            prop_assert_eq!(correction(&text, text.len() + 1, &word), None);
        }
    }
}
