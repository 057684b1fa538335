//! Machine translation: sentences in, translations out.
//!
//! A [`Translator`] is what the operator sees: it takes sentences and says how they go on in the
//! other language. What stands behind it is a MarianMT model on ONNX Runtime, or [`fake`], which
//! needs neither model nor runtime. Cutting texts into sentences, batching rows and judging
//! translations is not its business.

pub mod decoding;
pub mod fake;
#[cfg(feature = "onnx")]
mod load;
#[cfg(feature = "onnx")]
pub mod marian;
mod open;
#[cfg(feature = "onnx")]
pub mod optimise;
#[cfg(feature = "onnx")]
mod past;
#[cfg(feature = "onnx")]
pub mod tokenizer;

pub use open::{TranslatorFactory, inspect, open};

use crate::random::Random;

/// How to search for translations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// The likeliest token at each step.
    Greedy,
    /// Beam search, as `transformers` does it with `early_stopping = false`.
    Beam {
        /// Hypotheses kept at each step; 1 is greedy search.
        beams: usize,
        /// Exponent of the length by which scores are divided: above 1 favours long translations.
        length_penalty: f32,
    },
    /// Draws each token from the model's distribution.
    Sample {
        /// Divides the logits: below 1 sharpens the distribution.
        temperature: f32,
        /// Draws from so many of the likeliest tokens only; 0 for all.
        top_k: usize,
        /// Draws from the likeliest tokens that have this probability together; 1 for all.
        top_p: f32,
    },
}

/// Everything that decides what a translation is, beside the model and the sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decoding {
    /// How tokens are chosen.
    pub strategy: Strategy,
    /// A token may follow the same `no_repeat_ngram - 1` tokens only once in a translation; 0 for
    /// no such rule.
    pub no_repeat_ngram: usize,
    /// Divides the logits of tokens that occurred already (Keskar et al., 2019); 1 for none.
    pub repetition_penalty: f32,
    /// A translation has at most `max_length_factor * source tokens + max_length_extra` tokens,
    /// and never more than the positions of the model.
    pub max_length_factor: f32,
    /// See `max_length_factor`.
    pub max_length_extra: usize,
}

impl Decoding {
    /// The usual limits, with this strategy.
    pub fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            no_repeat_ngram: 0,
            repetition_penalty: 1.0,
            max_length_factor: 2.0,
            max_length_extra: 20,
        }
    }
}

/// A sentence to translate.
#[derive(Debug, Clone)]
pub struct Sentence<'a> {
    /// Its text. Longer than the positions of the model allow is an error of the caller: see
    /// [`Translator::count_tokens`].
    pub text: &'a str,
    /// How many different translations are wanted: the n best of a beam, or n draws.
    pub wanted: usize,
    /// Where draws come from; used for sampling only.
    pub random: Random,
}

/// One translation of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// The translation as text.
    pub text: String,
    /// Sum of the natural logarithms of the probabilities of its tokens, divided by the length
    /// penalty where the strategy has one.
    pub score: f32,
    /// Tokens in it, the end of sentence included.
    pub tokens: usize,
    /// Whether it ended by itself: if not, it was cut at the greatest length.
    pub complete: bool,
}

/// What translating cost, for progress and reports. Figures add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Sentences that the model translated.
    pub sentences: u64,
    /// Tokens of their sources, without padding.
    pub source_tokens: u64,
    /// Places in the batches of the encoder, padding included.
    pub source_places: u64,
    /// Tokens that were decoded and kept.
    pub target_tokens: u64,
    /// Sentences that were not translated because the same one had been in the batch.
    pub repeated: u64,
}

impl Cost {
    /// Adds the figures of `other`.
    pub fn add(&mut self, other: Self) {
        self.sentences += other.sentences;
        self.source_tokens += other.source_tokens;
        self.source_places += other.source_places;
        self.target_tokens += other.target_tokens;
        self.repeated += other.repeated;
    }
}

/// Why sentences could not be translated.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// A sentence has more tokens than the model has positions.
    #[error("sentence {sentence} has {tokens} tokens, and the model has positions for {positions}")]
    TooLong {
        /// Position of the sentence in the call.
        sentence: usize,
        /// Its tokens.
        tokens: usize,
        /// Tokens that the model takes, the end of sentence included.
        positions: usize,
    },
    /// The runtime or the model failed.
    #[error("{0}")]
    Runtime(String),
}

/// Translates sentences from one language to another.
///
/// The output depends on the sentences of the call, in their order, on the decoding and on the
/// model, and on nothing else. An implementation forms its own batches inside one call, sorted by
/// length and bounded in tokens, and need not be told how many sentences go together.
///
/// ```
/// use augment::mt::fake::FakeTranslator;
/// use augment::mt::{Decoding, Sentence, Strategy, Translator};
/// use augment::random::Random;
///
/// let mut translator = FakeTranslator::default();
/// let sentence = Sentence { text: "one two", wanted: 1, random: Random::from_key(1) };
/// let decoding = Decoding::new(Strategy::Greedy);
/// let (translations, cost) = translator.translate(&[sentence], &decoding)?;
/// assert_eq!(translations[0][0].text, "eno owt");
/// assert_eq!(cost.sentences, 1);
/// # Ok::<(), augment::mt::TranslateError>(())
/// ```
pub trait Translator: Send {
    /// The translations of each sentence, best first (in the order of the draws for sampling), at
    /// most as many as it wants and at least one, no two alike.
    ///
    /// # Errors
    /// When a sentence is too long, or the runtime fails.
    fn translate(
        &mut self,
        sentences: &[Sentence<'_>],
        decoding: &Decoding,
    ) -> Result<(Vec<Vec<Hypothesis>>, Cost), TranslateError>;

    /// Tokens of `text`, the end of sentence included.
    fn count_tokens(&self, text: &str) -> usize;

    /// The most tokens that a sentence may have, the end of sentence included.
    fn positions(&self) -> usize;
}
