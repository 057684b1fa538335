//! What the operators on characters have in common: which characters of which words they edit.

mod options;
mod spelling;
#[cfg(test)]
mod tests;

pub use options::CharacterOptions;
pub(super) use spelling::{Spelling, to_case};

use super::drawn::edit_drawn;
use crate::prelude::*;
use crate::text::Graphemes;

/// Edits one character of a word: what tells one operator on characters from another.
pub(super) trait CharacterEdit: Send {
    /// Why a text is left as it is where no word has a character to edit.
    const NOTHING: &'static str;

    /// Whether the character at `place` is one that could be edited.
    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool;

    /// Whether that is the same wherever the character stands, in whatever word. It is then asked once
    /// for each character of ASCII, not again for each word.
    fn is_context_free(&self) -> bool {
        false
    }

    /// Edits the character at `place`, perhaps together with some beside it, which it must
    /// [take](Spelling::take); answers false where it turns out that it cannot.
    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool;
}

/// Draws one of `kinds` that can be done, each equally likely; nothing where none can.
pub(super) fn draw_kind<K: Copy>(
    kinds: &[K],
    random: &mut Random,
    can: impl Fn(K) -> bool,
) -> Option<K> {
    if let [kind] = kinds {
        // It takes one number, as any other list does.
        random.below(1);
        return can(*kind).then_some(*kind);
    }
    let possible = || kinds.iter().copied().filter(|kind| can(*kind));
    possible().nth(random.below(possible().count()))
}

/// The problem with an empty list of kinds, if it is.
pub(super) fn check_kinds<K>(kinds: &[K], example: &str) -> Option<Problem> {
    kinds.is_empty().then(|| {
        Problem::new(
            "kinds",
            "`kinds` is empty: there is nothing to do",
            format!("name at least one, as in `kinds = [\"{example}\"]`"),
        )
    })
}

/// An operator on characters.
pub(super) struct Characters<E> {
    edit: E,
    words: Amount,
    options: CharacterOptions,
    amount: Amount,
    /// Characters of ASCII that could be edited, as bits, where no context decides.
    ascii: Option<u128>,
    /// Words drawn.
    drawn: Places,
    characters: Graphemes,
    taken: Vec<bool>,
    /// Places of the characters of a word that could be edited.
    eligible: Vec<usize>,
    /// Those of them that are drawn.
    places: Places,
}

impl<E: CharacterEdit> Characters<E> {
    /// Edits as many words as `words` comes to, and in each as many characters as `options` say, or
    /// the share `rate` where they do not.
    pub(super) fn new(edit: E, words: Amount, options: &CharacterOptions, rate: f64) -> Self {
        Self {
            ascii: edit.is_context_free().then(|| eligible_of_ascii(&edit)),
            edit,
            words,
            amount: options.amount(rate),
            options: options.clone(),
            drawn: Places::default(),
            characters: Graphemes::default(),
            taken: Vec::new(),
            eligible: Vec::new(),
            places: Places::default(),
        }
    }

    /// Edits one word; answers false where it has nothing to edit.
    fn edit_word(
        &mut self,
        text: &str,
        word: Word,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        // It has at most as many characters as bytes.
        if word.range().len() < self.options.shortest as usize {
            return false;
        }
        self.characters.find(text, word.range());
        let length = self.characters.len();
        let open = self.options.places(length);
        let mut spelling = Spelling::new(text, &self.characters, open.clone(), &mut self.taken);
        let edit = &mut self.edit;
        self.eligible.clear();
        if let (Some(eligible), Some(span)) = (self.ascii, self.characters.ascii()) {
            let letters = text.as_bytes().get(span).unwrap_or_default();
            let is_eligible = |place: &usize| {
                eligible >> letters.get(*place).map_or(0, |letter| *letter) & 1 == 1
            };
            self.eligible.extend(open.clone().filter(is_eligible));
            // Every test of an operator looks whether it says the truth of itself.
            debug_assert!(
                open.filter(|place| edit.is_eligible(&spelling, *place))
                    .eq(self.eligible.iter().copied()),
                "a context decides what can be edited"
            );
        } else {
            let is_eligible = |place: &usize| edit.is_eligible(&spelling, *place);
            self.eligible.extend(open.filter(is_eligible));
        }
        let wanted = self.amount.of(self.eligible.len());
        if wanted == 0 {
            return !self.eligible.is_empty();
        }
        self.places.reset(self.eligible.len());
        let mut done = 0;
        while done < wanted
            && let Some(drawn) = self.places.draw(random)
            && let Some(place) = self.eligible.get(drawn)
        {
            if spelling.is_free(*place) && edit.edit(&mut spelling, *place, random, edits) {
                done += 1;
            }
        }
        done > 0
    }
}

/// The characters of ASCII that could be edited, as bits.
fn eligible_of_ascii(edit: &impl CharacterEdit) -> u128 {
    let (mut characters, mut taken) = (Graphemes::default(), Vec::new());
    let mut is_eligible = |byte: u8| {
        let (mut buffer, length) = ([0; 4], 1);
        let word = char::from(byte).encode_utf8(&mut buffer);
        characters.find(word, 0..length);
        edit.is_eligible(&Spelling::new(word, &characters, 0..length, &mut taken), 0)
    };
    (0..128).fold(0, |bits, byte| bits | u128::from(is_eligible(byte)) << byte)
}

impl<E: CharacterEdit> TextOperator for Characters<E> {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        // Lent out, so that the rest of the operator can be used meanwhile.
        let mut places = std::mem::take(&mut self.drawn);
        let outcome = edit_drawn(
            text,
            self.words,
            &mut places,
            random,
            edits,
            E::NOTHING,
            |_, word, random, edits| self.edit_word(text.as_str(), word, random, edits),
        );
        self.drawn = places;
        outcome
    }
}
