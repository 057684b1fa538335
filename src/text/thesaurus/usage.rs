//! Words that are seldom wanted: rude, archaic, no words at all.

use super::super::wordnet::{LemmaId, PartOfSpeech, SynsetId, WordNet};

/// Labels of WordNet for words that offend in any sense they have.
const RUDE_ANYWHERE: [&str; 3] = ["ethnic slur", "obscenity", "disparagement"];
/// Labels for words that are rude, or of low style, in this sense.
const RUDE_HERE: [&str; 2] = ["slang", "street name"];
/// Labels for words that sound out of time or place.
const ARCHAIC_HERE: [&str; 3] = ["archaism", "dialect", "regionalism"];
/// Labels for what is no plain word of English.
const NO_WORD: [&str; 8] = [
    "combining form",
    "trade name",
    "trademark",
    "acronym",
    "abbreviation",
    "French",
    "Yiddish",
    "African American Vernacular English",
];

/// Rude words that WordNet does not label, or not in all their senses. Sorted.
pub(super) const RUDE: [&str; 121] = [
    "arse",
    "arsehole",
    "ass",
    "asshole",
    "ballock",
    "bang",
    "bastard",
    "bimbo",
    "bitch",
    "bitchery",
    "bitchy",
    "bloody",
    "bollock",
    "bollocks",
    "bonk",
    "boob",
    "boobs",
    "bosom",
    "bugger",
    "bullshit",
    "bum",
    "bunghole",
    "buns",
    "butt",
    "chink",
    "cock",
    "cocksucker",
    "coon",
    "cooze",
    "crap",
    "cripple",
    "cunt",
    "damn",
    "darkie",
    "darky",
    "dick",
    "dickhead",
    "dike",
    "dyke",
    "eff",
    "faeces",
    "fag",
    "faggot",
    "fairy",
    "fanny",
    "fart",
    "fatso",
    "feces",
    "floozie",
    "floozy",
    "fuck",
    "fucker",
    "fucking",
    "gimp",
    "goddam",
    "goddamn",
    "gook",
    "gyp",
    "harlot",
    "ho",
    "homo",
    "hooker",
    "hump",
    "hussy",
    "idiot",
    "imbecile",
    "jew",
    "jism",
    "jizz",
    "keister",
    "kike",
    "knocker",
    "lech",
    "lesbo",
    "midget",
    "moron",
    "motherfucker",
    "nance",
    "nates",
    "nigga",
    "nigger",
    "nooky",
    "paki",
    "pansy",
    "piss",
    "poof",
    "poove",
    "pouf",
    "prat",
    "prick",
    "pussy",
    "puta",
    "queer",
    "rape",
    "retard",
    "retarded",
    "roger",
    "screw",
    "screwing",
    "shag",
    "shit",
    "sissy",
    "slag",
    "slut",
    "spastic",
    "spic",
    "spick",
    "squaw",
    "stinker",
    "strumpet",
    "tit",
    "tits",
    "tooshie",
    "tranny",
    "trollop",
    "turd",
    "tush",
    "tushie",
    "whore",
    "wog",
    "wop",
];

/// Archaic, poetic and learned words that WordNet does not label. Sorted.
const ARCHAIC: [&str; 98] = [
    "afeard",
    "aliment",
    "anent",
    "anon",
    "apace",
    "athwart",
    "aught",
    "aver",
    "befall",
    "begird",
    "behold",
    "belike",
    "beseech",
    "betake",
    "betide",
    "betimes",
    "betoken",
    "bewray",
    "bide",
    "bourn",
    "brethren",
    "burthen",
    "chide",
    "cleave",
    "clime",
    "comely",
    "coney",
    "cozen",
    "damosel",
    "damsel",
    "doth",
    "eke",
    "ere",
    "erst",
    "eventide",
    "fain",
    "fere",
    "forbear",
    "forenoon",
    "forsooth",
    "forswear",
    "gainsay",
    "girt",
    "hark",
    "hereunto",
    "hie",
    "hither",
    "howbeit",
    "ilk",
    "kine",
    "lief",
    "lo",
    "mayhap",
    "methinks",
    "morrow",
    "naught",
    "nay",
    "nigh",
    "oft",
    "ofttimes",
    "peradventure",
    "perchance",
    "perforce",
    "personate",
    "plenteous",
    "prithee",
    "quaff",
    "quoth",
    "raiment",
    "rearward",
    "rearwards",
    "shew",
    "slay",
    "smite",
    "sooth",
    "swain",
    "thee",
    "thence",
    "thine",
    "thither",
    "thou",
    "thrice",
    "tidings",
    "travail",
    "troth",
    "twain",
    "unto",
    "vesture",
    "victual",
    "victuals",
    "vouchsafe",
    "wax",
    "wench",
    "wend",
    "whence",
    "wherefore",
    "whilom",
    "whither",
];

/// Whether a word offends, in this sense or, for the worst, in any of this part of speech.
pub(super) fn is_rude(
    wordnet: &WordNet,
    lemma: LemmaId,
    part_of_speech: PartOfSpeech,
    synset: SynsetId,
) -> bool {
    is_listed(&RUDE, wordnet.text(lemma))
        || has_label(wordnet, lemma, synset, &RUDE_HERE)
        || wordnet
            .senses(lemma, part_of_speech)
            .any(|sense| has_label(wordnet, lemma, sense.synset, &RUDE_ANYWHERE))
}

/// Whether a word offends where nothing tells its sense: it is listed, or its most frequent sense is
/// labelled so. What is but slang does not offend.
pub(super) fn is_rude_by_itself(wordnet: &WordNet, lemma: LemmaId) -> bool {
    let first = || {
        let part_of_speech = wordnet.dominant_part_of_speech(lemma)?;
        wordnet.senses(lemma, part_of_speech).next()
    };
    is_listed(&RUDE, wordnet.text(lemma))
        || first().is_some_and(|sense| has_label(wordnet, lemma, sense.synset, &RUDE_ANYWHERE))
}

/// Whether a word is archaic or of a dialect in this sense.
pub(super) fn is_archaic(wordnet: &WordNet, lemma: LemmaId, synset: SynsetId) -> bool {
    is_listed(&ARCHAIC, wordnet.text(lemma)) || has_label(wordnet, lemma, synset, &ARCHAIC_HERE)
}

/// Whether a spelling is that of a plain word in lower case, or a phrase of such words, and in this
/// sense neither a name nor an abbreviation.
pub(super) fn is_plain(
    wordnet: &WordNet,
    lemma: LemmaId,
    synset: SynsetId,
    spelling: &str,
) -> bool {
    let letters = spelling
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b' '));
    letters
        && spelling
            .split([' ', '-'])
            .all(|part| part.len() > 1 || part == "a")
        && !is_abbreviation(spelling)
        && !has_label(wordnet, lemma, synset, &NO_WORD)
}

/// Two letters, no vowel, or a Roman number.
fn is_abbreviation(spelling: &str) -> bool {
    let real = matches!(
        spelling,
        "be" | "do" | "go" | "ox" | "up" | "mix" | "ill" | "civil" | "civic"
    );
    let vowel = |byte: u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    !real
        && (spelling.len() < 3
            || !spelling.bytes().any(vowel)
            || spelling
                .bytes()
                .all(|byte| matches!(byte, b'i' | b'v' | b'x' | b'l' | b'c')))
}

fn has_label(wordnet: &WordNet, lemma: LemmaId, synset: SynsetId, labels: &[&str]) -> bool {
    let mut found = wordnet.usage_labels(lemma, synset);
    found.any(|(_, label)| labels.contains(&wordnet.spelling(label)))
}

fn is_listed(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(RUDE.is_sorted());
        assert!(ARCHAIC.is_sorted());
    }

    #[test]
    fn abbreviations_are_told_from_words() {
        for word in ["cm", "tv", "pc", "ii", "xxiii", "kg", "id", "psst"] {
            assert!(is_abbreviation(word), "{word}");
        }
        for word in ["go", "mix", "dry", "car", "ill-fed", "civic", "mild"] {
            assert!(!is_abbreviation(word), "{word}");
        }
    }
}
