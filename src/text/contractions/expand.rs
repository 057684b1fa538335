//! From one word to two: "don't", "it's", "let's".

use super::lists::{is_bare_verb, is_participle, is_pronoun, is_sure_participle};
use super::{Change, Surroundings, is_lower, is_upper};
use crate::text::Word;

/// The words that the word at `place` is short for, if that is sure.
///
/// Left alone are: "n't" in a question or before its subject ("isn't it", "why don't people"); "'s"
/// after a noun, and where it may be "has" ("he's gone") or a question of what somebody does; "'d"
/// unless what follows is only ever a participle, or never one; "ain't"; and words of two
/// apostrophes.
pub fn expand(around: Surroundings<'_>, place: usize) -> Option<Change> {
    let (word, text) = around.word(place)?;
    // Most words have no apostrophe; the typographic one begins with this byte.
    if !text.bytes().any(|byte| matches!(byte, b'\'' | 0xe2)) {
        return None;
    }
    let lower = around.lower(place);
    let (host, ending) = lower.as_str().split_once('\'')?;
    let (kept, new) = match ending {
        "t" => negation(around, place, host)?,
        "s" if host == "let" => (3, " us"),
        "s" => (host.len(), is_or_has(around, place, host)?),
        "d" => (host.len(), had_or_would(around, place, host)?),
        "m" if host == "i" => (1, " am"),
        "re" if matches!(host, "you" | "we" | "they" | "who" | "what" | "there") => {
            (host.len(), " are")
        }
        "ve" if takes_have(host) => (host.len(), " have"),
        "ll" if is_pronoun(host) || matches!(host, "that" | "there" | "who" | "what" | "this") => {
            (host.len(), " will")
        }
        _ => return None,
    };
    let (stem, tail) = text.split_at_checked(kept)?;
    let upper = if is_upper(tail) {
        is_upper(stem).then_some(true)
    } else {
        is_lower(tail).then_some(false)
    };
    Some(Change {
        span: Word::new(word.range().start + kept, word.range().end),
        new,
        upper: upper?,
    })
}

/// "n't", of which `host` is what stands before the apostrophe: "don".
fn negation(around: Surroundings<'_>, place: usize, host: &str) -> Option<(usize, &'static str)> {
    let verb = match host {
        "can" => (3, "not"),
        "won" => (1, "ill not"),
        "shan" => (3, "ll not"),
        "isn" | "aren" | "wasn" | "weren" | "hasn" | "haven" | "hadn" | "don" | "doesn"
        | "didn" | "wouldn" | "couldn" | "shouldn" | "mustn" | "mightn" | "needn" | "oughtn"
        | "daren" => (host.len() - 1, " not"),
        _ => return None,
    };
    let next = around.next(place);
    let (next, previous) = (next.as_str(), around.previous(place));
    let previous = previous.as_str();
    let follows_subject = is_pronoun(previous) || matches!(previous, "that" | "who" | "which");
    let asks = around.is_question(place) && !follows_subject
        || matches!(
            previous,
            "why" | "how" | "where" | "when" | "what" | "whom" | "nor" | "neither" | "so"
        );
    // "Don't go" is an order; "Isn't the film great" is a question even without its mark.
    let inverted = host != "don" && around.starts_sentence(place);
    let before_subject =
        is_pronoun(next) || matches!(next, "there" | "this" | "that" | "these" | "those");
    (!asks && !inverted && !before_subject).then_some(verb)
}

fn takes_have(host: &str) -> bool {
    matches!(
        host,
        "i" | "you" | "we" | "they" | "who" | "could" | "should" | "would" | "must" | "might"
    )
}

/// "'s" after `host`.
fn is_or_has(around: Surroundings<'_>, place: usize, host: &str) -> Option<&'static str> {
    let asking = matches!(host, "what" | "who" | "where" | "how" | "when" | "why");
    if !asking && !matches!(host, "it" | "he" | "she" | "that" | "there" | "here") {
        return None;
    }
    let (next, after) = around.after_adverbs(place);
    let has_adverbs = after > place + 1;
    match next.as_str() {
        // "It's really", and no more: "has" would want a participle.
        "" if has_adverbs => Some(" is"),
        "" => None,
        // "What's he want?"
        next if asking && is_pronoun(next) => None,
        "been" | "got" | "gotten" | "had" | "become" => Some(" has"),
        next if is_participle(next) => None,
        _ => Some(" is"),
    }
}

/// "'d" after `host`.
fn had_or_would(around: Surroundings<'_>, place: usize, host: &str) -> Option<&'static str> {
    if !is_pronoun(host) && !matches!(host, "who" | "that" | "there") {
        return None;
    }
    let (next, _) = around.after_adverbs(place);
    let next = next.as_str();
    if next == "better" || is_sure_participle(next) {
        Some(" had")
    } else if is_bare_verb(next) {
        Some(" would")
    } else {
        None
    }
}
