//! Letters of other scripts that look the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::characters::{CharacterEdit, CharacterOptions, Characters, Spelling};
use crate::prelude::*;

/// Sets of letters that look the same, or nearly so, in most typefaces: of Latin, Cyrillic, Greek
/// and Armenian; and the digits and those of fixed width from the mathematical alphabets.
const ALIKE: [&str; 64] = [
    // Small letters.
    "aа", "cсϲ", "dԁ", "eе", "gɡ", "hһ", "iі", "jјϳ", "lӏ", "nո", "oоοօ", "pрρ", "qԛ", "sѕ", "uս",
    "vνѵ", "wԝ", "xх", "yу", "κк", "äӓ", "ëё", "ïї", "öӧ", "ăӑ", "ĕӗ", "æӕ", "əә",
    // Capitals.
    "AАΑ", "BВΒ", "CСϹ", "EЕΕ", "HНΗ", "IІΙӀ", "JЈ", "KКΚ", "MМΜ", "NΝ", "OОΟ", "PРΡ", "QԚ", "SЅ",
    "TТΤ", "WԜ", "XХΧ", "YΥҮ", "ZΖ", "ÄӒ", "ËЁ", "ÏЇ", "ÖӦ", "ГΓ", "ПΠ", "ФΦ",
    // Digits.
    "0𝟶", "1𝟷", "2𝟸", "3𝟹З", "4𝟺", "5𝟻", "6𝟼", "7𝟽", "8𝟾", "9𝟿",
];

/// Replaces letters by letters of other scripts that look the same.
///
/// This is TextAttack's `WordSwapHomoglyphSwap` and AugLy's `ReplaceSimilarUnicodeChars`. People
/// read the text as before, programs see other words: `а` of Cyrillic for `a`. It goes from Latin,
/// Cyrillic and Greek to each of the others, in small letters and capitals; digits become those of
/// fixed width from the mathematical alphabets. The table is our own and holds only what looks
/// the same or nearly so; TextAttack's has `×` for `x` and `Ь` for `b`, which people notice.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Homoglyph {
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::few")]
    pub characters: CharacterOptions,
}

impl TextOperatorConfig for Homoglyph {
    const NAME: &'static str = "homoglyph";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        self.characters.validate()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Characters::new(
            Disguise::new(),
            context.amount,
            &self.characters,
            0.1,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Every second word: it looks the same, and is another",
                options: "rate = 0.5",
                columns: &[],
                input: &["Send money to this account"],
                output: &["Send mօney tο this acсount"],
            },
            Example {
                title: "All letters and digits that have a double",
                options: "rate = 1.0\ncharacters = { rate = 1.0 }",
                columns: &[],
                input: &["Free offer 2024", "Привет"],
                output: &["Frее οffеr 𝟸𝟶𝟸𝟺", "Πpивeт"],
            },
            Example {
                title: "What has no double stays",
                options: "rate = 1.0",
                columns: &[],
                input: &["東京"],
                output: &["東京"],
            },
        ]
    }
}

/// The edits of [`Homoglyph`].
struct Disguise {
    /// Each letter with the set that it is in, sorted by letter.
    letters: Vec<(char, &'static str)>,
}

impl Disguise {
    fn new() -> Self {
        let in_sets = ALIKE
            .iter()
            .flat_map(|set| set.chars().map(move |letter| (letter, *set)));
        let mut letters: Vec<_> = in_sets.collect();
        letters.sort_unstable();
        Self { letters }
    }

    /// The letters that look like the character at `place`, itself among them, and itself.
    fn alike(&self, word: &Spelling<'_>, place: usize) -> Option<(&'static str, char)> {
        let letter = word.single(place)?;
        let found = self
            .letters
            .binary_search_by_key(&letter, |(letter, _)| *letter);
        let (_, set) = self.letters.get(found.ok()?)?;
        Some((set, letter))
    }
}

impl CharacterEdit for Disguise {
    const NOTHING: &'static str = "no letter that has a double";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        self.alike(word, place).is_some()
    }

    fn is_context_free(&self) -> bool {
        true
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let Some((set, letter)) = self.alike(word, place) else {
            return false;
        };
        let others = set.chars().filter(|other| *other != letter);
        let count = set.chars().count() - 1;
        let Some(double) = others.into_iter().nth(random.below(count)) else {
            return false;
        };
        word.replace(place, double.encode_utf8(&mut [0; 4]), edits);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_is_in_two_sets_and_each_has_a_double() {
        let disguise = Disguise::new();
        for pair in disguise.letters.windows(2) {
            assert_ne!(pair[0].0, pair[1].0);
        }
        for set in ALIKE {
            assert!(set.chars().count() >= 2, "{set}");
            let mut letters = set.chars();
            let is_capital = letters.next().is_some_and(char::is_uppercase);
            for letter in letters {
                assert!(letter.is_alphanumeric(), "{letter}");
                // The digits have capitals and letters of neither kind beside them.
                if set.chars().all(char::is_alphabetic) && letter != 'ӏ' && letter != 'Ӏ' {
                    assert_eq!(letter.is_uppercase(), is_capital, "{set}");
                }
            }
        }
    }
}
