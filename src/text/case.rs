//! The pattern of capitals in a word, to give to the word that takes its place.

/// How a word is capitalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `word`, and what has no letters.
    Lower,
    /// `Word`.
    Title,
    /// `WORD`, of at least two letters.
    Upper,
    /// `wOrd`, `iPhone`.
    Mixed,
}

impl Case {
    /// The pattern of `word`.
    pub fn of(word: &str) -> Self {
        let mut letters = word.chars().filter(|c| c.is_alphabetic());
        let Some(first) = letters.next() else {
            return Self::Lower;
        };
        let (mut upper, mut lower) = (0, 0);
        for letter in letters {
            if letter.is_uppercase() {
                upper += 1;
            } else {
                lower += 1;
            }
        }
        match (first.is_uppercase(), upper, lower) {
            (false, 0, _) => Self::Lower,
            (true, 0, _) => Self::Title,
            (true, _, 0) => Self::Upper,
            _ => Self::Mixed,
        }
    }

    /// Appends `word`, which is in its dictionary spelling, with this pattern to `into`.
    pub fn append(self, word: &str, into: &mut String) {
        match self {
            Self::Lower | Self::Mixed => into.push_str(word),
            Self::Title => {
                let mut letters = word.chars();
                into.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                into.push_str(letters.as_str());
            }
            Self::Upper => into.extend(word.chars().flat_map(char::to_uppercase)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn patterns_are_told_apart_and_transferred() {
        for (word, case, as_this) in [
            ("house", Case::Lower, "home"),
            ("House", Case::Title, "Home"),
            ("A", Case::Title, "Home"),
            ("HOUSE", Case::Upper, "HOME"),
            ("iPhone", Case::Mixed, "home"),
            ("McDonald", Case::Mixed, "home"),
            ("42", Case::Lower, "home"),
        ] {
            assert_eq!(Case::of(word), case, "{word}");
            let mut new = String::new();
            case.append("home", &mut new);
            assert_eq!(new, as_this, "{word}");
        }
    }
}
