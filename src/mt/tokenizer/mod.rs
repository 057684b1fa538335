//! Texts to ids and back, exactly as `MarianTokenizer` of transformers does it.
//!
//! A model was trained on certain ids for certain texts; other ids make translations worse without
//! anyone noticing. So this follows transformers 4.57 and sentencepiece 0.2.3 to the letter, ties
//! and rounding included, and is held to them by golden files.
//!
//! A text goes through these steps: written-out special tokens are split off (`added`), a language
//! code such as `>>fra<<` at the start becomes a token, the rest is normalised (`normaliser`) and
//! cut into the likeliest pieces of `source.spm` (`unigram`), whose *spellings* are looked up in
//! `vocab.json` (`vocabulary`); then comes the end of the sentence.

mod added;
mod decode;
mod error;
mod merged;
mod model_file;
mod normaliser;
mod protobuf;
mod python;
mod settings;
mod trie;
mod unigram;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;

pub use error::TokenizerError;

use added::{Added, AddedTokens};
use decode::Decoder;
use merged::MergedFile;
use model_file::{ModelFile, PieceKind, byte_piece};
use normaliser::Normaliser;
use settings::{Settings, SettingsFiles};
use trie::{Entry, Trie};
use unigram::{Step, UNKNOWN, Unigram};
use vocabulary::Vocabulary;

use crate::onnx::read_file;

/// The files that make an exact tokenizer.
const NEEDED: [&str; 3] = ["source.spm", "target.spm", "vocab.json"];

/// The files of a tokenizer, for [`MarianTokenizer::from_bytes`]. Those that a model does not have
/// are left out:
///
/// ```
/// use augment::mt::tokenizer::TokenizerFiles;
/// let files = TokenizerFiles { vocabulary: br#"{"</s>": 0}"#, ..TokenizerFiles::default() };
/// assert!(files.tokenizer_config.is_none());
/// ```
#[derive(Debug, Default, Clone, Copy)]
pub struct TokenizerFiles<'a> {
    /// `source.spm`: the pieces of the language that is translated from.
    pub source_spm: &'a [u8],
    /// `target.spm`: the pieces of the language that is translated to.
    pub target_spm: &'a [u8],
    /// `vocab.json`: the ids of pieces.
    pub vocabulary: &'a [u8],
    /// `target_vocab.json`: the ids of the target's pieces, where `separate_vocabs` is set.
    pub target_vocabulary: Option<&'a [u8]>,
    /// `tokenizer_config.json`.
    pub tokenizer_config: Option<&'a [u8]>,
    /// `special_tokens_map.json`, read where `tokenizer_config.json` does not list added tokens.
    pub special_tokens_map: Option<&'a [u8]>,
    /// `added_tokens.json`, read where `tokenizer_config.json` does not list added tokens.
    pub added_tokens: Option<&'a [u8]>,
    /// `tokenizer.json`, whose added tokens are read in the same case.
    pub tokenizer: Option<&'a [u8]>,
}

/// A tokenizer was made of `tokenizer.json` alone and may cut texts otherwise than the model was
/// taught. Its text is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inexact {
    /// The files that an exact tokenizer would have been made of, and that are absent.
    pub missing: Vec<&'static str>,
}

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "without {} texts are cut by tokenizer.json, which is not quite how the model was \
             trained: translations may be worse; put the missing files beside it",
            self.missing.join(" and ")
        )
    }
}

/// Memory that encoding works with. Kept from text to text it saves allocations.
#[derive(Debug, Default)]
pub struct Workspace {
    normalised: Vec<u8>,
    steps: Vec<Step>,
    ids: Vec<u32>,
}

/// Texts to ids of a MarianMT model and back. It does not change, and threads can share it.
#[derive(Debug)]
pub struct MarianTokenizer {
    added: AddedTokens,
    normaliser: Normaliser,
    pieces: Unigram,
    /// The ids of bytes, where they stand for what no piece covers.
    bytes: Option<Vec<u32>>,
    source: Vocabulary,
    /// The target's own vocabulary, if it has one.
    target: Option<Vocabulary>,
    decoder: Decoder,
    unknown: u32,
    end_of_sentence: u32,
    padding: u32,
    inexact: Option<Inexact>,
}

impl MarianTokenizer {
    /// The tokenizer of a model folder: of `source.spm`, `target.spm`, `vocab.json` and the files
    /// beside them, or, where one of these is absent, of `tokenizer.json`
    /// ([`MarianTokenizer::inexact`] tells).
    ///
    /// # Errors
    /// When files are absent, cannot be read, or are damaged.
    pub fn from_folder(folder: &Path) -> Result<Self, TokenizerError> {
        let [source_spm, target_spm, vocabulary] = NEEDED.map(|name| read(folder, name));
        let (source_spm, target_spm, vocabulary) = (source_spm?, target_spm?, vocabulary?);
        let target_vocabulary = read(folder, "target_vocab.json")?;
        let tokenizer_config = read(folder, "tokenizer_config.json")?;
        let special_tokens_map = read(folder, "special_tokens_map.json")?;
        let added_tokens = read(folder, "added_tokens.json")?;
        let tokenizer = read(folder, "tokenizer.json")?;
        let mut files = TokenizerFiles {
            target_vocabulary: target_vocabulary.as_deref(),
            tokenizer_config: tokenizer_config.as_deref(),
            special_tokens_map: special_tokens_map.as_deref(),
            added_tokens: added_tokens.as_deref(),
            tokenizer: tokenizer.as_deref(),
            ..TokenizerFiles::default()
        };
        if let (Some(source), Some(target), Some(ids)) = (&source_spm, &target_spm, &vocabulary) {
            files.source_spm = source;
            files.target_spm = target;
            files.vocabulary = ids;
            return Self::from_bytes(&files);
        }
        let there = [&source_spm, &target_spm, &vocabulary];
        let absent = there.iter().zip(NEEDED).filter(|(file, _)| file.is_none());
        let missing: Vec<&'static str> = absent.map(|(_, name)| name).collect();
        match &tokenizer {
            Some(json) => Self::from_merged(&files, json, Inexact { missing }),
            None => Err(TokenizerError::Missing {
                folder: folder.to_owned(),
                missing: missing.join(", "),
            }),
        }
    }

    /// The tokenizer of these files.
    ///
    /// # Errors
    /// When one is damaged.
    pub fn from_bytes(files: &TokenizerFiles<'_>) -> Result<Self, TokenizerError> {
        let settings = Settings::read(&files.settings())?;
        let source_model = model("source.spm", files.source_spm)?;
        let target_model = model("target.spm", files.target_spm)?;
        let listed = settings.listed_tokens();
        let source = Vocabulary::read(files.vocabulary, &listed)
            .map_err(|message| TokenizerError::invalid("vocab.json", message))?;
        let target = match (settings.separate_vocabularies, files.target_vocabulary) {
            (false, _) => None,
            (true, Some(json)) => Some(
                Vocabulary::read(json, &listed)
                    .map_err(|message| TokenizerError::invalid("target_vocab.json", message))?,
            ),
            (true, None) => {
                let message = "it is absent, and `separate_vocabs` in tokenizer_config.json says \
                               that the model has it";
                return Err(TokenizerError::invalid("target_vocab.json", message));
            }
        };
        let tokens = Tokens::find(&settings, &source, "vocab.json")?;
        let wrong = |message| TokenizerError::invalid("source.spm", message);
        Ok(Self {
            normaliser: Normaliser::new(
                &source_model.normaliser,
                source_model.whitespace_as_suffix,
                user_defined(&source_model),
            )
            .map_err(wrong)?,
            pieces: Unigram::new(&source_model.pieces, |piece| {
                source.id(piece.text).unwrap_or(tokens.unknown)
            }),
            bytes: source_model.byte_fallback.then(|| {
                let id = |byte| source.id(byte_piece(byte).as_bytes());
                let ids = (0..=u8::MAX).map(|byte| id(byte).unwrap_or(tokens.unknown));
                ids.collect()
            }),
            decoder: tokens
                .decoder(
                    &settings,
                    target.as_ref().unwrap_or(&source),
                    Some(&target_model),
                )
                .map_err(|message| TokenizerError::invalid("target.spm", message))?,
            added: AddedTokens::new(tokens.added),
            unknown: tokens.unknown,
            end_of_sentence: tokens.end_of_sentence,
            padding: tokens.padding,
            source,
            target,
            inexact: None,
        })
    }

    fn from_merged(
        files: &TokenizerFiles<'_>,
        json: &[u8],
        inexact: Inexact,
    ) -> Result<Self, TokenizerError> {
        let wrong = |message| TokenizerError::invalid("tokenizer.json", message);
        let settings = Settings::read(&files.settings())?;
        let file = MergedFile::read(json).map_err(wrong)?;
        let pieces = file.pieces().map_err(wrong)?;
        let model = file.as_model(&pieces);
        let spellings = pieces.iter().map(|(spelling, _)| spelling.as_str());
        let source = Vocabulary::from_list(spellings, &settings.listed_tokens()).map_err(wrong)?;
        let tokens = Tokens::find(&settings, &source, "tokenizer.json")?;
        let charsmap = file.charsmap().map_err(wrong)?;
        let normaliser = Normaliser::new(&merged::spec(&charsmap), false, Trie::default());
        Ok(Self {
            normaliser: normaliser.map_err(wrong)?,
            pieces: Unigram::new(&model, |piece| {
                source.id(piece.text).unwrap_or(tokens.unknown)
            }),
            bytes: None,
            decoder: tokens.decoder(&settings, &source, None).map_err(wrong)?,
            added: AddedTokens::new(tokens.added),
            unknown: tokens.unknown,
            end_of_sentence: tokens.end_of_sentence,
            padding: tokens.padding,
            source,
            target: None,
            inexact: Some(inexact),
        })
    }

    /// The ids of `text`, the end of the sentence included. A text may start with a language code,
    /// as `>>fra<< Good morning.`
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        self.encode_into(text, &mut Workspace::default(), &mut ids);
        ids
    }

    /// Appends the ids of `text` to `ids`: [`MarianTokenizer::encode`] without allocations once
    /// `workspace` has seen a text as long.
    pub fn encode_into(&self, text: &str, workspace: &mut Workspace, ids: &mut Vec<u32>) {
        if self.added.occur_in(text) {
            let mut state = (workspace, &mut *ids);
            self.added.split(
                text,
                &mut state,
                |(_, ids), token| ids.push(token),
                |(workspace, ids), text| self.encode_text(text, workspace, ids),
            );
        } else {
            self.encode_text(text, workspace, ids);
        }
        ids.push(self.end_of_sentence);
    }

    /// How many ids `text` has, the end of the sentence included.
    pub fn count(&self, text: &str) -> usize {
        self.count_with(text, &mut Workspace::default())
    }

    /// [`MarianTokenizer::count`] without allocations once `workspace` has seen a text as long.
    pub fn count_with(&self, text: &str, workspace: &mut Workspace) -> usize {
        let mut ids = std::mem::take(&mut workspace.ids);
        ids.clear();
        self.encode_into(text, workspace, &mut ids);
        let count = ids.len();
        workspace.ids = ids;
        count
    }

    /// Appends the ids of a text without special tokens.
    fn encode_text(&self, text: &str, workspace: &mut Workspace, ids: &mut Vec<u32>) {
        let (code, text) = split_language(text);
        ids.extend(code.map(|code| self.source_id(code.as_bytes())));
        let Workspace {
            normalised, steps, ..
        } = workspace;
        self.normaliser.normalise(text, normalised);
        let from = ids.len();
        // The pieces come from the last to the first.
        let mut run: Option<std::ops::Range<usize>> = None;
        self.pieces.cut(normalised, steps, |value, span| {
            if value == UNKNOWN {
                run = Some(match run.take() {
                    Some(run) if self.bytes.is_none() => span.start..run.end,
                    Some(run) => {
                        self.push_unknown(normalised, run, ids);
                        span
                    }
                    None => span,
                });
            } else {
                if let Some(run) = run.take() {
                    self.push_unknown(normalised, run, ids);
                }
                ids.push(value);
            }
        });
        if let Some(run) = run {
            self.push_unknown(normalised, run, ids);
        }
        if let Some(ids) = ids.get_mut(from..) {
            ids.reverse();
        }
    }

    /// Appends, in reverse, what stands for characters that no piece covers. Together they may be
    /// in the vocabulary all the same: it has the pieces of the other language, too.
    fn push_unknown(&self, text: &[u8], run: std::ops::Range<usize>, ids: &mut Vec<u32>) {
        let run = text.get(run).unwrap_or_default();
        match &self.bytes {
            Some(bytes) => {
                let id = |byte: &u8| bytes.get(usize::from(*byte)).copied();
                ids.extend(
                    run.iter()
                        .rev()
                        .map(|byte| id(byte).unwrap_or(self.unknown)),
                );
            }
            None => ids.push(self.source_id(run)),
        }
    }

    fn source_id(&self, spelling: &[u8]) -> u32 {
        self.source.id(spelling).unwrap_or(self.unknown)
    }

    fn target(&self) -> &Vocabulary {
        self.target.as_ref().unwrap_or(&self.source)
    }

    /// The text of ids that the model put out. Special tokens, and ids that no token has, are left
    /// out.
    pub fn decode(&self, ids: &[u32]) -> String {
        self.decoder.decode(self.target(), ids)
    }

    /// The id at the end of each sentence.
    pub fn end_of_sentence(&self) -> u32 {
        self.end_of_sentence
    }

    /// The id that fills up batches.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// The id of what the vocabulary lacks.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// One more than the highest id that encoding can give.
    pub fn vocabulary_size(&self) -> usize {
        self.source.places()
    }

    /// One more than the highest id that decoding knows.
    pub fn target_vocabulary_size(&self) -> usize {
        self.target().places()
    }

    /// The language codes, as `>>fra<<`, of a model that translates to several languages.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        let is_code = |token: &&str| token.starts_with(">>") && token.ends_with("<<");
        self.source.spellings().filter(is_code)
    }

    /// The id of a token by its spelling, as of a language code.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.source.id(token.as_bytes())
    }

    /// Why the ids may be others than those that the model was trained on, if they may.
    pub fn inexact(&self) -> Option<&Inexact> {
        self.inexact.as_ref()
    }
}

impl<'a> TokenizerFiles<'a> {
    fn settings(&self) -> SettingsFiles<'a> {
        SettingsFiles {
            tokenizer_config: self.tokenizer_config,
            special_tokens_map: self.special_tokens_map,
            added_tokens: self.added_tokens,
            tokenizer: self.tokenizer,
        }
    }
}

/// The tokens that settings name, with their ids.
struct Tokens {
    unknown: u32,
    end_of_sentence: u32,
    padding: u32,
    added: Vec<Added>,
}

impl Tokens {
    fn find(
        settings: &Settings,
        vocabulary: &Vocabulary,
        file: &'static str,
    ) -> Result<Self, TokenizerError> {
        let find = |token: &str, what: &str| {
            vocabulary
                .id(token.as_bytes())
                .ok_or_else(|| TokenizerError::invalid(file, format!("it lacks `{token}`, {what}")))
        };
        let mut tokens = Self {
            unknown: find(&settings.unknown, "which stands for the unknown")?,
            end_of_sentence: find(&settings.end_of_sentence, "which ends sentences")?,
            padding: find(&settings.padding, "which fills up batches")?,
            added: Vec::new(),
        };
        if settings.split_special_tokens {
            return Ok(tokens);
        }
        for token in &settings.added {
            // transformers gives a token that no file has an id for one beyond all others, with
            // which the model would fail: it is text here.
            if let Some(id) = vocabulary.id(token.content.as_bytes()) {
                tokens.added.push(Added {
                    content: token.content.clone(),
                    id,
                    lstrip: token.lstrip,
                    rstrip: token.rstrip,
                    single_word: token.single_word,
                });
            }
        }
        Ok(tokens)
    }

    fn decoder(
        &self,
        settings: &Settings,
        target: &Vocabulary,
        model: Option<&ModelFile<'_>>,
    ) -> Result<Decoder, String> {
        let special: BTreeSet<&str> = settings.special.iter().map(String::as_str).collect();
        let added: BTreeSet<&str> = settings
            .added
            .iter()
            .map(|token| token.content.as_str())
            .collect();
        let special_ids: BTreeSet<u32> = self
            .added
            .iter()
            .filter(|token| special.contains(token.content.as_str()))
            .map(|token| token.id)
            .chain([self.unknown, self.end_of_sentence, self.padding])
            .collect();
        Decoder::new(
            target,
            model,
            |spelling, id| special_ids.contains(&id) || special.contains(spelling),
            |spelling| added.contains(spelling),
            settings.clean_up_spaces,
        )
    }
}

impl Settings {
    /// The tokens whose ids are stated.
    fn listed_tokens(&self) -> Vec<(&str, u32)> {
        let tokens = self.added.iter();
        tokens
            .filter_map(|token| Some((token.content.as_str(), token.id?)))
            .collect()
    }
}

/// The content of a file, or `None` where there is no such file.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, TokenizerError> {
    let path = folder.join(name);
    match read_file(&path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TokenizerError::Io { path, source }),
    }
}

fn model<'a>(file: &'static str, bytes: &'a [u8]) -> Result<ModelFile<'a>, TokenizerError> {
    ModelFile::read(bytes).map_err(|message| TokenizerError::invalid(file, message))
}

/// The pieces that are kept as they are when texts are normalised.
fn user_defined(model: &ModelFile<'_>) -> Trie {
    let pieces = model.pieces.iter();
    let entries = pieces
        .filter(|piece| piece.kind == PieceKind::UserDefined)
        .map(|piece| Entry {
            key: piece.text,
            value: 0,
            score: 0.0,
        });
    Trie::new(entries.collect())
}

/// The language code at the start of a text, if it has one, and the rest.
fn split_language(text: &str) -> (Option<&str>, &str) {
    if text.starts_with(">>")
        && let Some(end) = text.find("<<")
        && let Some((code, rest)) = text.split_at_checked(end + 2)
    {
        return (Some(code), rest);
    }
    (None, text)
}
