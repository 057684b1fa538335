//! What a search asks of a model.

/// Why a search could not go on.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The runtime failed.
    #[error("{0}")]
    Runtime(String),
    /// The model gave something that is not a number as the logit of a token.
    #[error(
        "the model gave logits that are not numbers at position {position}: its weights are damaged, \
         or its half precision overflows (try another variant)"
    )]
    NotNumbers {
        /// Tokens of the translation before the one that was looked for.
        position: usize,
    },
}

/// The rows of one step: hypotheses, in groups of the same size for each sentence in the batch.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The last token of each row.
    pub tokens: &'a [u32],
    /// The row of the step before that each row continues; at the first step, its sentence.
    pub parents: &'a [u32],
    /// Tokens before the last one: the same for all rows.
    pub position: usize,
    /// How many of the likeliest tokens of each row the search can do with, fewer than there are;
    /// nothing where it has to see all.
    pub enough: Option<usize>,
}

/// What a model says of the tokens that may follow each row.
#[derive(Debug)]
pub enum Scores<'a> {
    /// The logits of all tokens, row after row. The search may overwrite them.
    All(&'a mut [f32]),
    /// The likeliest tokens of each row, as many for each as the search can do with: from a model
    /// that selects on its device, so that the rest never comes to the host.
    Likeliest {
        /// Their logits, row after row, each row from the greatest to the least. The search may
        /// overwrite them.
        logits: &'a mut [f32],
        /// The tokens they belong to; of equal logits the lower token comes first.
        tokens: &'a [u32],
        /// The natural logarithm of the probability of the first token of each row, among all
        /// tokens.
        log_probabilities: &'a [f32],
    },
}

/// A model that translates a batch of sentences token by token, for many hypotheses at a time.
///
/// The model keeps what it remembers of the rows of the last step ("the past"); the search says
/// which row continues which, so that a model on another device reorders its past there. Likewise
/// the search says how many of the likeliest tokens it can do with, so that such a model need not
/// hand over the rest.
pub trait StepModel {
    /// How many tokens there are: the length of a row of logits.
    fn vocabulary(&self) -> usize;

    /// Takes in a batch of sentences, the end of sentence included, and forgets the last batch.
    ///
    /// # Errors
    /// When the runtime fails.
    fn start(&mut self, sources: &[&[u32]]) -> Result<(), StepError>;

    /// What may follow each row. A model may show all tokens where fewer are enough.
    ///
    /// # Errors
    /// When the runtime fails.
    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError>;

    /// Goes on with these sentences of the batch only, given by their places in it, in ascending
    /// order. The past keeps its rows: the next step's `parents` drop those that are not needed.
    ///
    /// # Errors
    /// When the runtime fails.
    fn keep(&mut self, sentences: &[u32]) -> Result<(), StepError>;
}
