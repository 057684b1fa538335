//! The rules of English spelling where an ending meets a word.

/// Words that part after a hyphen into these are phrases: "runner-up", "jack-of-all-trades".
const SMALL_WORDS: [&str; 12] = [
    "of", "in", "up", "by", "on", "to", "at", "off", "out", "and", "over", "down",
];

/// Whether the word is one word of letters, hyphens and apostrophes that ends in an ASCII letter, so
/// that the rules may cut that letter off.
pub(super) fn is_one_word(word: &str) -> bool {
    let letters = word
        .chars()
        .all(|c| c.is_alphabetic() || c == '-' || c == '\'');
    letters && word.ends_with(|last: char| last.is_ascii_alphabetic())
}

/// Whether the word is a phrase written with hyphens, whose head need not be its last part.
pub(super) fn is_phrase_in_hyphens(word: &str) -> bool {
    word.split('-')
        .skip(1)
        .any(|part| SMALL_WORDS.contains(&part))
}

/// What stands before the head of a noun phrase of several words, the head, and what stands after.
pub(super) fn head_of_noun_phrase(phrase: &str) -> (&str, &str, &str) {
    let end = phrase
        .match_indices(' ')
        .find(|(place, _)| {
            let rest = phrase.get(place + 1..).unwrap_or_default();
            let next = rest.split(' ').next().unwrap_or_default();
            SMALL_WORDS.contains(&next)
        })
        .map_or(phrase.len(), |(place, _)| place);
    let (front, after) = phrase.split_at(end);
    let (before, head) = front.split_at(front.rfind(' ').map_or(0, |place| place + 1));
    (before, head, after)
}

/// The same of a verb with particles or objects: its first word is the head.
pub(super) fn head_of_verb_phrase(phrase: &str) -> (&str, &str, &str) {
    let (head, after) = phrase.split_at(phrase.find(' ').unwrap_or(phrase.len()));
    ("", head, after)
}

fn is_vowel(letter: u8) -> bool {
    matches!(
        letter.to_ascii_lowercase(),
        b'a' | b'e' | b'i' | b'o' | b'u'
    )
}

fn ends_in_consonant_y(word: &str) -> bool {
    matches!(word.as_bytes(), [.., before, b'y'] if !is_vowel(*before) && before.is_ascii_alphabetic())
}

/// "go", "echo", but not "radio".
pub(super) fn ends_in_consonant_o(word: &str) -> bool {
    matches!(word.as_bytes(), [.., before, b'o'] if !is_vowel(*before))
}

/// Words whose -ch is a k: no sibilant.
const HARD_CH: [&str; 10] = [
    "epoch",
    "eunuch",
    "loch",
    "matriarch",
    "monarch",
    "oligarch",
    "patriarch",
    "stomach",
    "tech",
    "triptych",
];

fn is_sibilant(word: &str) -> bool {
    ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|ending| word.ends_with(ending))
        && !HARD_CH.contains(&word)
}

/// One syllable that ends in one vowel and one consonant that doubles: "stop", "big", "quit".
pub(super) fn is_short_closed_syllable(word: &str) -> bool {
    let letters = word.as_bytes();
    let [start @ .., vowel, last] = letters else {
        return false;
    };
    let consonants = match start {
        [rest @ .., b'q', b'u'] => rest,
        _ => start,
    };
    (is_vowel(*vowel) || *vowel == b'y' && !start.is_empty())
        && last.is_ascii_alphabetic()
        && !is_vowel(*last)
        && !matches!(last, b'w' | b'x' | b'y' | b'h')
        && consonants
            .iter()
            .all(|&letter| letter.is_ascii_alphabetic() && !is_vowel(letter))
        && !(consonants.contains(&b'y') && consonants.len() > 1)
}

/// Appends `word` and the -s of plural or third person; -es after a sibilant and on demand.
pub(super) fn write_with_s(word: &str, es: bool, out: &mut String) {
    // Names keep their y: "the Kennedys".
    if ends_in_consonant_y(word) && word.starts_with(|first: char| !first.is_uppercase()) {
        out.push_str(&word[..word.len() - 1]);
        out.push_str("ies");
    } else {
        out.push_str(word);
        out.push_str(if es || is_sibilant(word) { "es" } else { "s" });
    }
}

/// Appends `word` and -ing.
pub(super) fn write_with_ing(word: &str, doubles: bool, out: &mut String) {
    if let Some(stem) = word.strip_suffix("ie") {
        out.push_str(stem);
        out.push('y');
    } else if let Some(stem) = word.strip_suffix('e')
        && !keeps_e(word)
    {
        out.push_str(stem);
    } else {
        write_doubled(word, doubles, out);
    }
    out.push_str("ing");
}

/// "see", "shoe", "dye", "be", and verbs that would turn into others: "singe".
fn keeps_e(verb: &str) -> bool {
    ["ee", "oe", "ye"]
        .iter()
        .any(|ending| verb.ends_with(ending))
        || matches!(
            verb,
            "be" | "singe" | "tinge" | "swinge" | "binge" | "whinge"
        )
}

/// Appends `word` and an ending that starts with e: -ed, -er, -est.
pub(super) fn write_with_e_ending(word: &str, ending: &str, doubles: bool, out: &mut String) {
    if word.ends_with('e') {
        out.push_str(word);
        out.push_str(&ending[1..]);
    } else if ends_in_consonant_y(word) {
        out.push_str(&word[..word.len() - 1]);
        out.push('i');
        out.push_str(ending);
    } else {
        write_doubled(word, doubles, out);
        out.push_str(ending);
    }
}

/// Appends `word`, its last consonant twice if it doubles; the double of c is ck.
fn write_doubled(word: &str, doubles: bool, out: &mut String) {
    out.push_str(word);
    if doubles && let Some(last) = word.chars().next_back() {
        out.push(if last == 'c' { 'k' } else { last });
    }
}

/// Whether an adjective is short enough for -er and -est: one syllable, or two of which the second
/// is -y, -le or -ow ("happy", "gentle", "narrow").
pub(super) fn takes_er(adjective: &str) -> bool {
    if adjective.contains(['-', '\'']) || adjective.starts_with(char::is_uppercase) {
        return false;
    }
    match syllables(adjective) {
        0 | 1 => !adjective.ends_with("ed"),
        2 => {
            ends_in_consonant_y(adjective) || adjective.ends_with("le") || adjective.ends_with("ow")
        }
        3 => adjective.starts_with("un") && ends_in_consonant_y(adjective),
        _ => false,
    }
}

/// Groups of vowels, without a silent e at the end. A guess, but a good one for short words.
pub(super) fn syllables(word: &str) -> usize {
    let letters = word.as_bytes();
    let sounded = |letter: u8| is_vowel(letter) || letter == b'y';
    let starts = (0..letters.len())
        .filter(|&i| sounded(letters[i]) && (i == 0 || !sounded(letters[i - 1])))
        .count();
    let silent = match letters {
        [.., before, b'l', b'e'] => sounded(*before),
        [.., before, b'e'] => !sounded(*before),
        _ => false,
    };
    starts - usize::from(silent && starts > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_counted() {
        for (word, count) in [
            ("big", 1),
            ("large", 1),
            ("whole", 1),
            ("happy", 2),
            ("gentle", 2),
            ("narrow", 2),
            ("beautiful", 3),
            ("the", 1),
            ("", 0),
            ("unhappy", 3),
            ("free", 1),
            ("dry", 1),
        ] {
            assert_eq!(syllables(word), count, "{word}");
        }
    }

    #[test]
    fn closed_syllables_are_told_from_others() {
        for word in ["stop", "big", "quit", "gym", "plan", "up"] {
            assert!(is_short_closed_syllable(word), "{word}");
        }
        for word in [
            "open", "fix", "play", "rain", "show", "go", "fast", "", "a", "visit", "look",
        ] {
            assert!(!is_short_closed_syllable(word), "{word}");
        }
    }
}
