//! From two words to one: "do not", "it is", "let us".

use super::lists::{
    ASKING, is_mark_of_ellipsis, is_participle, is_regular_participle, is_sure_participle,
    starts_new_phrase,
};
use super::{Change, Surroundings, is_lower, is_upper};
use crate::text::Word;

/// How the first word changes: how many of its letters stay, and what follows them.
type Joined = (usize, &'static str);

/// The contraction of the word at `place` with the one after it, or of "cannot", if it is sure.
///
/// Left alone are: a verb that ends its clause ("than I am", "where he is now"), also where that is
/// only likely, after "how", "what", "than" and the like; "have", "has" and "had" unless a participle
/// follows ("I have a dog"); "us" after a "let" that may mean "allow"; "not only" and "not just"; and
/// words one of which is stressed by capitals ("do NOT").
pub fn contract(around: Surroundings<'_>, place: usize) -> Option<Change> {
    let (first, first_text) = around.word(place)?;
    // Most words do not begin any.
    if first_text.len() > 6 {
        return None;
    }
    let lower = around.lower(place);
    if lower.as_str() == "cannot" {
        let span = Word {
            start: first.start + 3,
            end: first.end,
        };
        return Some(Change {
            span,
            new: "'t",
            upper: is_upper(first_text),
        })
        .filter(|_| !is_not_only(around, place));
    }
    if !around.joins_next(place) {
        return None;
    }
    let (second, second_text) = around.word(place + 1)?;
    let next = match second_text.len() {
        2..=5 => around.lower(place + 1),
        _ => return None,
    };
    let (kept, new) = match next.as_str() {
        "not" if is_not_only(around, place + 1) => return None,
        "not" => with_not(lower.as_str())?,
        "us" if lower.as_str() == "let" && is_proposal(around, place) => (3, "'s"),
        verb => (
            lower.length,
            with_verb(around, place, lower.as_str(), verb)?,
        ),
    };
    let upper = case_of_both(first_text, second_text)?;
    let start = first.range().start + kept;
    Some(Change {
        span: Word::new(start, second.range().end),
        new,
        upper,
    })
}

/// Whether the contraction is in capitals; nothing where capitals stress one of the words.
fn case_of_both(first: &str, second: &str) -> Option<bool> {
    let title = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.get(1..).is_some_and(is_lower)
    };
    if is_upper(second) {
        is_upper(first).then_some(true)
    } else if is_lower(second) {
        (is_lower(first) || title(first)).then_some(false)
    } else {
        (title(first) && title(second)).then_some(false)
    }
}

fn with_not(verb: &str) -> Option<Joined> {
    let joined = match verb {
        "is" | "are" | "was" | "were" | "has" | "have" | "had" | "do" | "does" | "did"
        | "would" | "could" | "should" | "must" | "might" | "need" | "ought" => (verb.len(), "n't"),
        "can" => (3, "'t"),
        "will" => (1, "on't"),
        "shall" => (3, "n't"),
        _ => return None,
    };
    Some(joined)
}

/// "You can not only see it" is not "you can't only see it".
fn is_not_only(around: Surroundings<'_>, not: usize) -> bool {
    let next = around.next(not);
    matches!(next.as_str(), "only" | "just" | "merely" | "simply")
}

/// Whether the "let us" at `place` proposes something to do, and does not ask for leave.
fn is_proposal(around: Surroundings<'_>, place: usize) -> bool {
    let previous = around.previous(place);
    let starts = around.starts_sentence(place)
        || matches!(
            previous.as_str(),
            "and" | "so" | "but" | "now" | "then" | "please"
        );
    let next = around.next(place + 1);
    let asks = matches!(
        next.as_str(),
        "" | "know"
            | "in"
            | "out"
            | "off"
            | "through"
            | "into"
            | "alone"
            | "help"
            | "pass"
            | "show"
            | "tell"
            | "have"
            | "down"
    );
    // "Let us show you the way."
    let names_you = (place + 2..place + 8)
        .take_while(|after| around.joins_next(*after - 1))
        .any(|after| matches!(around.lower(after).as_str(), "you" | "your"));
    starts && !asks && !names_you
}

/// What becomes of `verb` after `host`, the word at `place`.
fn with_verb(
    around: Surroundings<'_>,
    place: usize,
    host: &str,
    verb: &str,
) -> Option<&'static str> {
    let plural = matches!(host, "you" | "we" | "they");
    let singular = matches!(host, "he" | "she" | "it");
    let pointing = matches!(host, "that" | "there" | "who");
    let (new, needs) = match verb {
        "am" if host == "i" => ("'m", Needs::Anything),
        "are" if plural => ("'re", Needs::Predicate),
        "is" if singular || pointing || matches!(host, "here" | "what" | "where" | "how") => {
            ("'s", Needs::Predicate)
        }
        "has" if singular || pointing => ("'s", Needs::Participle),
        "have" if plural || host == "i" => ("'ve", Needs::Participle),
        "had" if plural || singular || host == "i" => ("'d", Needs::SureParticiple),
        "would" if plural || host == "i" || matches!(host, "he" | "she") => ("'d", Needs::Verb),
        "will" if plural || singular || pointing || host == "i" => ("'ll", Needs::Verb),
        _ => return None,
    };
    let next = around.next(place + 1);
    let next = next.as_str();
    let fits = match needs {
        Needs::Anything => !next.is_empty() && !is_mark_of_ellipsis(next),
        // "It isn't" is likelier than "it's not".
        Needs::Predicate => !next.is_empty() && next != "not" && !is_mark_of_ellipsis(next),
        Needs::Participle | Needs::SureParticiple if next == "not" => false,
        Needs::Participle => is_perfect(around, place + 1, is_participle),
        Needs::SureParticiple => {
            next == "better" || is_perfect(around, place + 1, is_sure_participle)
        }
        Needs::Verb => !next.is_empty() && next != "not" && !starts_new_phrase(next),
    };
    (fits && !may_end_clause(around, place)).then_some(new)
}

/// Whether a participle follows the verb at `place`, and is no adjective: "have mixed feelings".
fn is_perfect(around: Surroundings<'_>, place: usize, is_participle: fn(&str) -> bool) -> bool {
    let (verb, after) = around.after_adverbs(place);
    let verb = verb.as_str();
    let next = around.next(after);
    is_participle(verb)
        && (!is_regular_participle(verb)
            || next.as_str().is_empty()
            || starts_new_phrase(next.as_str()))
}

/// What must follow a contracted verb.
#[derive(Debug, Clone, Copy)]
enum Needs {
    Anything,
    Predicate,
    Participle,
    SureParticiple,
    Verb,
}

/// Whether one of the three words before asks for something that the verb may stand without: "how
/// old you are in this picture", "taller than I am by far".
fn may_end_clause(around: Surroundings<'_>, place: usize) -> bool {
    (1..=3)
        .map_while(|back| place.checked_sub(back))
        .take_while(|before| around.joins_next(*before))
        .any(|before| ASKING.contains(&around.lower(before).as_str()))
}
