//! What presets are made of: operators with their options fixed, of which each replica takes one.

use crate::prelude::*;

/// An operator of type `C` with these options, as TOML, that edits `amount` of a text.
pub(super) fn part<C: TextOperatorConfig>(
    options: &str,
    amount: Amount,
    context: &BuildContext<'_>,
) -> Result<Box<dyn TextOperator>, OperatorError> {
    let config: C = toml::from_str(options)
        .map_err(|error| OperatorError::Other(format!("in the preset's `{}`: {error}", C::NAME)))?;
    config.build(&BuildContext { amount, ..*context })
}

/// Edits each text by one of several operators: replica 1 by the first, replica 2 by the second,
/// and so on in turn; a row that is changed in place by one drawn at random. Where an operator
/// finds nothing to do, the next takes its place.
pub(super) struct OneOf(pub(super) Vec<Box<dyn TextOperator>>);

impl TextOperator for OneOf {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let count = self.0.len();
        let first = match text.replica() {
            0 => random.below(count),
            replica => (replica as usize - 1) % count,
        };
        for turn in 0..count {
            if let Some(operation) = self.0.get_mut((first + turn) % count) {
                let outcome = operation.rewrite(text, random, edits);
                if outcome == Outcome::Edited && !edits.is_empty() {
                    return outcome;
                }
                edits.reset();
            }
        }
        Outcome::Unchanged("no operation applies")
    }
}
