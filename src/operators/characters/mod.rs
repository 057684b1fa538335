//! What the operators on characters have in common: which characters of which words they edit.

mod options;
mod spelling;
#[cfg(test)]
mod tests;

pub use options::CharacterOptions;
pub(super) use spelling::{Spelling, single, to_case};

use super::drawn::edit_drawn;
use crate::prelude::*;
use crate::text::Graphemes;

/// Edits one character of a word: what tells one operator on characters from another.
pub(super) trait CharacterEdit: Send {
    /// Why a text is left as it is where no word has a character to edit.
    const NOTHING: &'static str;

    /// Whether the character at `place` is one that could be edited.
    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool;

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
        self.characters.find(text, word.range());
        let length = self.characters.len();
        let open = self.options.places(length);
        let mut spelling = Spelling::new(text, &self.characters, open.clone(), &mut self.taken);
        let edit = &mut self.edit;
        self.eligible.clear();
        self.eligible
            .extend(open.filter(|place| edit.is_eligible(&spelling, *place)));
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
