//! What the operators that put one word of a thesaurus in the place of another have in common.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::article;
use super::drawn::edit_drawn;
use crate::digest::sha256;
use crate::operator::Site;
use crate::prelude::*;
use crate::text::thesaurus::{Lexicon, LexiconError, Relation, Thesaurus, ThesaurusOptions};

/// A thesaurus that the parts of one operator have in common: what one of them learns of a word, the
/// others know. They take turns.
pub(super) type SharedThesaurus = Arc<Mutex<Thesaurus>>;

/// One that nobody else has yet.
pub(super) fn shared(thesaurus: Thesaurus) -> SharedThesaurus {
    Arc::new(Mutex::new(thesaurus))
}

/// Calls `work` with the thesaurus. Whoever panicked with it left it as good as any.
pub(super) fn with<T>(shared: &SharedThesaurus, work: impl FnOnce(&mut Thesaurus) -> T) -> T {
    work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Replaces words by what a thesaurus draws for them.
pub(super) struct Replacement {
    amount: Amount,
    thesaurus: SharedThesaurus,
    places: Places,
    /// Why a text is left as it is.
    reason: &'static str,
}

impl Replacement {
    pub(super) fn new(amount: Amount, options: ThesaurusOptions) -> Self {
        let reason = match options.relation {
            Relation::Synonym => "no word with a synonym",
            Relation::Hypernym => "no word with a hypernym",
            Relation::Hyponym => "no word with a hyponym",
            Relation::Antonym => "no word with an antonym",
        };
        Self::by(amount, shared(Thesaurus::new(options)), reason)
    }

    /// Replacement by what `thesaurus` draws; where it draws nothing, a text is left for `reason`.
    pub(super) fn by(amount: Amount, thesaurus: SharedThesaurus, reason: &'static str) -> Self {
        Self {
            amount,
            thesaurus,
            places: Places::default(),
            reason,
        }
    }
}

/// Replaces a word, and the article before it where the new word takes the other one. Answers whether
/// there was a word to take its place.
#[inline]
fn replace(
    thesaurus: &mut Thesaurus,
    text: &Text<'_>,
    word: Word,
    random: &mut Random,
    edits: &mut Edits,
) -> bool {
    let span = word.range();
    // The words of a lexicon may be those of any language.
    let knows_english = thesaurus.is_english();
    article::replace_if(
        text,
        span.clone(),
        span.start,
        edits,
        || knows_english || article::is_english(text.language(), text.as_str()),
        |new| thesaurus.draw_like(text.as_str(), span.clone(), random, new),
    )
}

impl TextOperator for Replacement {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        with(&self.thesaurus, |thesaurus| {
            edit_drawn(
                text,
                self.amount,
                &mut self.places,
                random,
                edits,
                self.reason,
                |_, word, random, edits| {
                    !text.may_be_name(word) && replace(thesaurus, text, word, random, edits)
                },
            )
        })
    }
}

pub(super) fn default_max_senses() -> usize {
    ThesaurusOptions::default().max_senses
}

/// The problem with `max_senses = 0`, if it is.
pub(super) fn check_max_senses(max_senses: usize) -> Option<Problem> {
    (max_senses == 0).then(|| {
        Problem::new(
            "max_senses",
            "`max_senses` must be at least 1",
            "1 takes words of the most frequent sense only",
        )
    })
}

/// Looks at the lexicon that an option names: the hash of what it holds.
pub(super) fn inspect_lexicon(
    lexicon: Option<&Path>,
    multi_word: bool,
    site: Site<'_>,
) -> Result<Value, Vec<Problem>> {
    let Some(lexicon) = lexicon else {
        return Ok(Value::Null);
    };
    let path = site.base.join(lexicon);
    let problem = |error: &LexiconError| {
        vec![Problem::new(
            "lexicon",
            error.to_string(),
            "a lexicon is a file of lines `word<TAB>synonym, synonym`",
        )]
    };
    let bytes = std::fs::read(&path).map_err(|source| {
        problem(&LexiconError::Unreadable {
            path: path.clone(),
            source,
        })
    })?;
    Lexicon::parse(&bytes, &path, multi_word).map_err(|error| problem(&error))?;
    Ok(json!({ "lexicon": sha256(&bytes) }))
}

/// The lexicon that an option names, read by the first worker of the run that asks for it.
pub(super) fn load_lexicon(
    lexicon: &Path,
    multi_word: bool,
    context: &BuildContext<'_>,
) -> Result<Arc<Lexicon>, OperatorError> {
    let path = context.resources.base.join(lexicon);
    let key = format!("{multi_word} {}", path.display());
    context
        .resources
        .shared
        .get_or_try_insert(&key, || Lexicon::read(&path, multi_word))
        .map_err(|error| OperatorError::Other(error.to_string()))
}

/// What stands for the path of a lexicon in the fingerprint: its hash is there, and where it lies
/// is nobody's business.
pub(super) fn any_file() -> PathBuf {
    PathBuf::from("file")
}
