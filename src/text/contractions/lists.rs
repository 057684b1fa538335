//! Words that tell how a verb before them is to be read.

/// Words after which a clause may end in its verb: "what it is", "than I am".
pub(super) const ASKING: [&str; 13] = [
    "as",
    "how",
    "however",
    "than",
    "what",
    "whatever",
    "where",
    "wherever",
    "which",
    "whichever",
    "who",
    "whoever",
    "whom",
];

/// Words that may stand between an auxiliary and its verb. Those in -ly are known by their ending.
const ADVERBS: [&str; 21] = [
    "all",
    "already",
    "also",
    "always",
    "both",
    "even",
    "ever",
    "just",
    "maybe",
    "never",
    "not",
    "now",
    "often",
    "once",
    "quite",
    "since",
    "sometimes",
    "soon",
    "still",
    "then",
    "yet",
];

/// Irregular participles that may be other words, or the verb itself, too.
const PARTICIPLES: [&str; 46] = [
    "become", "bent", "bought", "bound", "bred", "built", "burnt", "burst", "cast", "caught",
    "come", "cost", "cut", "dealt", "felt", "fit", "found", "gotten", "ground", "had", "heard",
    "held", "hit", "hurt", "kept", "laid", "led", "left", "lent", "let", "lost", "made", "meant",
    "met", "paid", "put", "read", "run", "sent", "set", "shut", "split", "spread", "struck",
    "wound", "wrought",
];

/// Irregular participles that are not the base form of any verb.
const SURE_PARTICIPLES: [&str; 62] = [
    "arisen",
    "beaten",
    "been",
    "begun",
    "bitten",
    "blown",
    "born",
    "broken",
    "brought",
    "chosen",
    "done",
    "drawn",
    "driven",
    "drunk",
    "eaten",
    "fallen",
    "fled",
    "flown",
    "forbidden",
    "forgiven",
    "forgotten",
    "fought",
    "frozen",
    "given",
    "gone",
    "grown",
    "hidden",
    "hung",
    "kept",
    "known",
    "learnt",
    "made",
    "mistaken",
    "overcome",
    "proven",
    "ridden",
    "risen",
    "rung",
    "said",
    "seen",
    "shaken",
    "shown",
    "slept",
    "sold",
    "sought",
    "spent",
    "spoilt",
    "spoken",
    "stolen",
    "stood",
    "sung",
    "sunk",
    "sworn",
    "taken",
    "taught",
    "thought",
    "thrown",
    "told",
    "understood",
    "woken",
    "worn",
    "written",
];

/// Verbs in their base form that are no participle of any verb.
const BARE_VERBS: [&str; 59] = [
    "add",
    "agree",
    "appreciate",
    "ask",
    "be",
    "believe",
    "buy",
    "call",
    "choose",
    "consider",
    "do",
    "enjoy",
    "expect",
    "find",
    "forget",
    "get",
    "give",
    "go",
    "guess",
    "happen",
    "hate",
    "have",
    "help",
    "hope",
    "imagine",
    "keep",
    "know",
    "leave",
    "like",
    "look",
    "lose",
    "love",
    "make",
    "mind",
    "miss",
    "need",
    "pay",
    "pick",
    "play",
    "prefer",
    "rather",
    "recommend",
    "say",
    "see",
    "sell",
    "send",
    "sit",
    "spend",
    "start",
    "stay",
    "suggest",
    "take",
    "tell",
    "think",
    "try",
    "use",
    "want",
    "work",
    "write",
];

/// Words in -ed that are not participles.
const NOT_PARTICIPLES: [&str; 9] = [
    "hundred", "indeed", "kindred", "naked", "sacred", "shred", "sled", "wicked", "wretched",
];

/// Whether `word` is an adverb that may stand between an auxiliary and its verb, or looks like one.
pub(super) fn is_adverb(word: &str) -> bool {
    ADVERBS.contains(&word) || word.ends_with("ly") && word.len() > 3
}

/// Whether `word` is, or may be, the participle of a verb.
pub(super) fn is_participle(word: &str) -> bool {
    is_sure_participle(word) || word == "got" || PARTICIPLES.contains(&word)
}

/// Whether `word` is a participle in -ed, and may as well be an adjective: "mixed feelings".
pub(super) fn is_regular_participle(word: &str) -> bool {
    // "need", "exceed", "shed" and "embed" are base forms.
    word.len() >= 5
        && word.ends_with("ed")
        && !word.ends_with("eed")
        && !matches!(word, "embed" | "imbed" | "biped")
        && !NOT_PARTICIPLES.contains(&word)
}

/// Whether `word` is a participle and no base form.
pub(super) fn is_sure_participle(word: &str) -> bool {
    is_regular_participle(word) || SURE_PARTICIPLES.binary_search(&word).is_ok()
}

/// Whether `word` is a verb in its base form, or goes before one after "would" alone: "rather".
pub(super) fn is_bare_verb(word: &str) -> bool {
    BARE_VERBS.binary_search(&word).is_ok()
}

/// Whether `word` is a personal pronoun that may be a subject.
pub(super) fn is_pronoun(word: &str) -> bool {
    matches!(word, "i" | "you" | "he" | "she" | "it" | "we" | "they")
}

/// Whether a verb before `word` likely stands for a whole clause: "you are and", "it is too".
pub(super) fn is_mark_of_ellipsis(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "but"
            | "nor"
            | "too"
            | "if"
            | "when"
            | "while"
            | "because"
            | "though"
            | "although"
            | "than"
            | "until"
            | "unless"
            | "which"
            | "who"
    )
}

/// Whether `word` is no verb nor adverb, but the start of another phrase: "I would if I could".
pub(super) fn starts_new_phrase(word: &str) -> bool {
    is_mark_of_ellipsis(word)
        || is_pronoun(word)
        || matches!(
            word,
            "the"
                | "a"
                | "an"
                | "my"
                | "your"
                | "his"
                | "her"
                | "its"
                | "our"
                | "their"
                | "this"
                | "that"
                | "these"
                | "those"
                | "in"
                | "on"
                | "at"
                | "by"
                | "for"
                | "from"
                | "with"
                | "of"
                | "to"
                | "as"
                | "so"
                | "about"
                | "into"
                | "after"
                | "before"
                | "since"
                | "either"
                | "neither"
                | "today"
                | "tomorrow"
                | "here"
                | "there"
                | "then"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_are_searched_are_sorted() {
        assert!(SURE_PARTICIPLES.is_sorted() && BARE_VERBS.is_sorted());
    }

    #[test]
    fn no_verb_is_both_a_base_form_and_surely_a_participle() {
        for verb in BARE_VERBS {
            assert!(!is_sure_participle(verb), "{verb}");
        }
        for word in ["need", "indeed", "red", "proceed", "put"] {
            assert!(!is_sure_participle(word), "{word}");
        }
        assert!(is_sure_participle("walked") && is_sure_participle("gone"));
    }
}
