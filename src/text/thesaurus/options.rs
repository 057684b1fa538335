//! What a thesaurus may answer.

/// How the words that are drawn relate to the word they are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// The same: "car" and "automobile".
    #[default]
    Synonym,
    /// More general: "car" and "vehicle".
    Hypernym,
    /// More special: "car" and "cab".
    Hyponym,
    /// The opposite: "hot" and "cold".
    Antonym,
}

/// The options of a [`Thesaurus`](super::Thesaurus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each allows something of its own"
)]
pub struct ThesaurusOptions {
    /// How words relate.
    pub relation: Relation,
    /// From how many senses of the word, the most frequent first, others may come.
    pub max_senses: usize,
    /// Whether adjectives are also replaced by those that WordNet lists as similar.
    pub similar_to: bool,
    /// Whether phrases of several words are answered.
    pub multi_word: bool,
    /// Whether rude words are.
    pub offensive: bool,
    /// Whether archaic and dialect words are.
    pub archaic: bool,
    /// Whether stop words are looked up and answered.
    pub stop_words: bool,
}

impl Default for ThesaurusOptions {
    fn default() -> Self {
        Self {
            relation: Relation::Synonym,
            max_senses: 2,
            similar_to: false,
            multi_word: false,
            offensive: false,
            archaic: false,
            stop_words: false,
        }
    }
}
