//! Words drawn one by one, until enough of them are edited.

use crate::prelude::*;

/// Edits `amount` of the words of `text`. Words are drawn and handed to `edit` one by one, with their
/// places, until so many are edited: most texts need but a few looked at. `edit` answers whether it
/// could edit the word; where it could edit none, the text is unchanged for the reason `nothing`.
pub(super) fn edit_drawn(
    text: &Text<'_>,
    amount: Amount,
    places: &mut Places,
    random: &mut Random,
    edits: &mut Edits,
    nothing: &'static str,
    mut edit: impl FnMut(usize, Word, &mut Random, &mut Edits) -> bool,
) -> Outcome {
    let words = text.words();
    let mut wanted = amount.of(words.len());
    // Nothing is asked for, so that nothing can be lacking.
    if wanted == 0 && !words.is_empty() {
        return Outcome::Edited;
    }
    places.reset(words.len());
    while wanted > 0
        && let Some(place) = places.draw(random)
        && let Some(word) = words.get(place)
    {
        wanted -= usize::from(edit(place, word, random, edits));
    }
    if edits.is_empty() {
        Outcome::Unchanged(nothing)
    } else {
        Outcome::Edited
    }
}
