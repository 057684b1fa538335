//! Names that may have been meant by one that does not exist.

/// Longest name that is compared with others: longer ones are noise, and comparing is quadratic.
const LONGEST_NAME: usize = 64;

/// The name among `candidates` that is most like `name`, if one is like enough to be what was
/// meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.chars().count();
            let (longer, most) = (length.max(other), (length.max(other) / 3).max(1));
            // Names of lengths that differ by more than is allowed need no comparing.
            if longer > LONGEST_NAME || length.abs_diff(other) > most {
                return None;
            }
            Some((distance(name, candidate), candidate)).filter(|(distance, _)| *distance <= most)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// What `candidates`, each a `kind` such as `type`, has for somebody who wrote `name`: the one that is most
/// like it, else those that share a word with it; nothing where there is none, or too many to help.
pub fn suggestion(name: &str, kind: &str, candidates: &[&str]) -> Option<String> {
    /// More are a list to read, not a hint.
    const MOST: usize = 8;
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return Some(format!("a similar {kind} exists: `{near}`"));
    }
    let akin: Vec<String> = candidates
        .iter()
        .filter(|candidate| share_a_word(name, candidate))
        .map(|candidate| format!("`{candidate}`"))
        .collect();
    match &akin[..] {
        [] => None,
        [one] => Some(format!("a similar {kind} exists: {one}")),
        several if several.len() <= MOST => {
            Some(format!("similar {kind}s exist: {}", several.join(", ")))
        }
        _ => None,
    }
}

/// Whether a word of one name is one of the other, or the beginning of one but for its last letter (as
/// `delete` and `deletion`), or misspelt by a letter.
fn share_a_word(name: &str, candidate: &str) -> bool {
    if name.len() > LONGEST_NAME {
        return false;
    }
    let name = name.to_lowercase();
    let words = |name: &str| -> Vec<String> {
        let words = name.split(['-', '_', ' ']);
        words.map(str::to_owned).collect()
    };
    let alike = |one: &str, other: &str| {
        let short = one.len().min(other.len());
        one == other && short > 2
            || short > 3 && (one.starts_with(other) || other.starts_with(one))
            || short > 5 && in_common(one, other) + 1 >= short
            || short > 4 && strsim::damerau_levenshtein(one, other) == 1
    };
    let others = words(candidate);
    words(&name)
        .iter()
        .any(|word| others.iter().any(|other| alike(word, other)))
}

/// Bytes that two words begin with alike.
fn in_common(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes());
    pairs.take_while(|(one, other)| one == other).count()
}

/// How unlike two names are: edits by character, where case and the choice between `-` and `_`
/// count for nothing.
fn distance(name: &str, candidate: &str) -> usize {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    strsim::damerau_levenshtein(&plain(name), &plain(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        assert_eq!(nearest("trian", ["test", "train"]), Some("train"));
        assert_eq!(
            nearest("Random-Swap", ["random_swap", "random_deletion"]),
            Some("random_swap")
        );
        assert_eq!(nearest("zzz", ["test", "train"]), None);
    }

    #[test]
    fn a_suggestion_is_the_nearest_name_or_those_with_a_word_of_it() {
        let names = [
            "random_swap",
            "random_deletion",
            "entity_swap",
            "eda",
            "synonym_replacement",
            "mix",
        ];
        let suggested = |name: &str| suggestion(name, "type", &names);
        let one = |name: &str| Some(format!("a similar type exists: `{name}`"));
        assert_eq!(suggested("random_swp"), one("random_swap"));
        for name in ["synonym", "synonim", "Synonyms", "wordnet-synonym"] {
            assert_eq!(suggested(name), one("synonym_replacement"), "{name}");
        }
        assert_eq!(suggested("delete"), one("random_deletion"));
        assert_eq!(suggested("SynonymAug"), one("synonym_replacement"));
        assert_eq!(suggested("del"), None);
        assert_eq!(
            suggested("word swap").as_deref(),
            Some("similar types exist: `random_swap`, `entity_swap`")
        );
        assert_eq!(suggested(&"swap_".repeat(20)), None);
        let many = ["swap"; 9];
        assert_eq!(suggestion("word_swap", "type", &many), None);
    }
}
