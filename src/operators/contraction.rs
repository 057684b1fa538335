//! Contractions, made and undone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::contractions::{Change, Surroundings, contract, expand};

/// Contracts and expands verbs: "do not" to "don't", "it's" to "it is".
///
/// TextAttack's CheckList recipe (Ribeiro et al., 2020), NL-Augmenter and AugLy do this by a list
/// of strings, everywhere at once. That makes "Yes, I'm." of "Yes, I am.", "I've a dog" of "I have
/// a dog", "Is not it?" of "Isn't it?" and "he is gone" of "he's gone". Here a place counts only
/// where the result is sure to be English and to mean the same; it is left alone otherwise.
///
/// Contracted are: "not" after an auxiliary, and "cannot"; "am", "are", "is", "would" and "will"
/// after a pronoun that is the subject, unless the clause may end there; "have", "has" and "had"
/// after a pronoun and before a participle; "let us" where it proposes something. "Do Not" and "do
/// NOT" stay. Expanded are: "n't", but not in questions nor before the subject; "'m", "'re", "'ve"
/// and "'ll" after pronouns; "'s" after "it", "he", "she", "that", "there", "here" and question
/// words, unless a participle follows that goes with "is" and "has"; "'d" before a verb that tells
/// "had" from "would"; "let's". "Ain't" and possessives stay. Eligible are the places that can
/// change: with the default rate all of them do. Capitals stay, and a text with typographic
/// apostrophes gets no others. It knows English only: see `languages`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contraction {
    /// `contract` makes contractions, `expand` undoes them, `both` does either where it can.
    #[serde(default)]
    pub mode: ContractionMode,
}

/// Which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractionMode {
    /// Two words to one.
    Contract,
    /// One word to two.
    Expand,
    /// Both.
    #[default]
    Both,
}

impl TextOperatorConfig for Contraction {
    const NAME: &'static str = "contraction";
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Contractor {
            amount: context.amount,
            mode: self.mode,
            words: Vec::new(),
            changes: Vec::new(),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Both ways, wherever it is sure; a question keeps its order",
                options: "",
                columns: &[],
                input: &[
                    "I do not know what it's about, but it is good, isn't it?",
                    "I'd like a dog. I have a cat.",
                ],
                output: &[
                    "I don't know what it is about, but it's good, isn't it?",
                    "I would like a dog. I have a cat.",
                ],
            },
            Example {
                title: "Only contractions are made; capitals and the kind of apostrophe stay",
                options: "mode = \"contract\"",
                columns: &[],
                input: &["DO NOT PANIC: Tom’s here, and I am not afraid."],
                output: &["DON’T PANIC: Tom’s here, and I’m not afraid."],
            },
            Example {
                title: "Only undone, one at most, and none where \"'s\" may be \"has\"",
                options: "mode = \"expand\"\nmax = 1",
                columns: &[],
                input: &["We can't say that it won't work.", "He's gone."],
                output: &["We can't say that it will not work.", "He's gone."],
            },
        ]
    }
}

/// The operator behind [`Contraction`].
struct Contractor {
    amount: Amount,
    mode: ContractionMode,
    words: Vec<Word>,
    /// Where the text can change.
    changes: Vec<Change>,
    places: Places,
}

impl Contractor {
    fn find_changes(&mut self, text: &str) {
        let around = Surroundings {
            text,
            words: &self.words,
        };
        self.changes.clear();
        for place in 0..self.words.len() {
            let change = match self.mode {
                ContractionMode::Contract => contract(around, place),
                ContractionMode::Expand => expand(around, place),
                ContractionMode::Both => contract(around, place).or_else(|| expand(around, place)),
            };
            self.changes.extend(change);
        }
    }
}

impl TextOperator for Contractor {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.words.clear();
        self.words.extend(text.words());
        self.find_changes(text.as_str());
        if self.changes.is_empty() {
            return Outcome::Unchanged("nothing to contract or expand");
        }
        let count = self.changes.len();
        let wanted = self.amount.of(count);
        let drawn = self.places.sample(count, wanted, random);
        if drawn.is_empty() {
            return Outcome::Edited;
        }
        let apostrophe = if text.as_str().contains('’') {
            '’'
        } else {
            '\''
        };
        for change in drawn
            .iter()
            .filter_map(|place| self.changes.get(*place as usize))
        {
            edits.replace_if(change.span.range(), |new| {
                change.write(apostrophe, new);
                true
            });
        }
        Outcome::Edited
    }
}
