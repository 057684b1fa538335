//! Texts as tokens, and blanks among them.

use std::ops::Range;

use serde_json::Value;
use tokenizers::Tokenizer;

use super::config::ModelConfig;
use super::files::unusable;
use crate::inference::ModelError;
use crate::models::ModelFolder;

/// The mask of models that do not name it.
const USUAL_MASKS: [&str; 2] = ["[MASK]", "<mask>"];

/// Cuts texts into the tokens of a model.
#[derive(Debug)]
pub(super) struct Cutter {
    tokenizer: Tokenizer,
    /// What stands in a blank.
    mask: u32,
    /// What stands before and after every text.
    before: Vec<u32>,
    after: Vec<u32>,
}

/// A text with masks in its blanks, without what stands around every text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Masked {
    pub(super) tokens: Vec<u32>,
    /// Where the mask of each blank is: nothing where the blank does not lie between tokens.
    pub(super) masks: Vec<Option<usize>>,
}

impl Cutter {
    /// The tokenizer of a model, and the `tokenizer.json` that describes it.
    pub(super) fn read(
        folder: &ModelFolder,
        config: &ModelConfig,
    ) -> Result<(Self, Value), ModelError> {
        let wrong = |reason: String| unusable(folder, format!("`tokenizer.json`: {reason}"));
        let bytes = folder
            .bytes("tokenizer.json")
            .map_err(|error| unusable(folder, format!("expected `tokenizer.json`: {error}")))?;
        let description: Value =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        let mut tokenizer =
            Tokenizer::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?;
        // Long texts are looked at in windows, short ones are filled up batch by batch.
        tokenizer
            .with_truncation(None)
            .map_err(|error| wrong(error.to_string()))?;
        tokenizer.with_padding(None);
        // What looks like a special token in a text is text.
        tokenizer.set_encode_special_tokens(true);
        let name = mask_name(folder)?;
        let known = |name: &str| tokenizer.token_to_id(name);
        let mask = match &name {
            Some(name) => known(name),
            None => USUAL_MASKS.into_iter().find_map(known),
        };
        let mask = mask.ok_or_else(|| {
            let name = name.as_deref().unwrap_or(USUAL_MASKS[0]);
            wrong(format!(
                "it has no token `{name}` to put into a blank, so the model ({}) was not trained \
                 to fill any",
                config.kind
            ))
        })?;
        let (before, after) = ends(&tokenizer).map_err(wrong)?;
        let highest = before.iter().chain(&after).chain([&mask]).max();
        if let Some(token) = highest.filter(|token| **token as usize >= config.vocabulary) {
            return Err(wrong(format!(
                "it has a token {token}, and `config.json` says that there are {}",
                config.vocabulary
            )));
        }
        if before.len() + after.len() + 1 > config.positions {
            return Err(unusable(
                folder,
                format!(
                    "{} positions by `config.json` have no room for a text",
                    config.positions
                ),
            ));
        }
        let cutter = Self {
            tokenizer,
            mask,
            before,
            after,
        };
        Ok((cutter, description))
    }

    /// The tokenizer itself.
    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Tokens that stand around every text.
    pub(super) fn around(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Tokens of a text, or of a part of it, as the model takes them, and how many come first.
    pub(super) fn complete(&self, tokens: &[u32]) -> (Vec<u32>, usize) {
        let all = [&self.before[..], tokens, &self.after[..]].concat();
        (all, self.before.len())
    }

    /// The tokens of a text with masks in its blanks. A mask takes the place of all tokens of what
    /// was there.
    pub(super) fn mask(&self, text: &str, blanks: &[Range<usize>]) -> Result<Masked, String> {
        let encoding = self
            .tokenizer
            .encode(text, false)
            .map_err(|error| format!("the tokenizer cannot read it: {error}"))?;
        let mut rest: Vec<(u32, Range<usize>)> = encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .map(|(token, (start, end))| (*token, without_space(text, *start..*end)))
            .collect();
        rest.reverse();
        let mut masked = Masked {
            tokens: Vec::with_capacity(rest.len() + blanks.len()),
            masks: Vec::with_capacity(blanks.len()),
        };
        for blank in blanks {
            while let Some((token, _)) = rest.pop_if(|(_, span)| span.end <= blank.start) {
                masked.tokens.push(token);
            }
            let within = rest
                .iter()
                .rev()
                .take_while(|(_, span)| span.start < blank.end);
            let (mut count, mut fits) = (0, true);
            for (_, span) in within {
                count += 1;
                fits &= span.start >= blank.start && span.end <= blank.end;
            }
            if !fits || count == 0 && !blank.is_empty() {
                masked.masks.push(None);
                continue;
            }
            rest.truncate(rest.len() - count);
            masked.masks.push(Some(masked.tokens.len()));
            masked.tokens.push(self.mask);
        }
        masked
            .tokens
            .extend(rest.into_iter().rev().map(|(token, _)| token));
        Ok(masked)
    }
}

/// What a token stands for, without the space before it that some tokenizers count in.
fn without_space(text: &str, span: Range<usize>) -> Range<usize> {
    let piece = text.get(span.clone()).unwrap_or_default();
    let space = piece.len() - piece.trim_start().len();
    span.start + space..span.end
}

/// The tokens before and after every text.
fn ends(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), String> {
    let encoding = tokenizer
        .encode("a", true)
        .map_err(|error| format!("it cannot read `a`: {error}"))?;
    let ids = encoding.get_ids();
    let special = encoding.get_special_tokens_mask();
    let first = special.iter().position(|flag| *flag == 0);
    let last = special.iter().rposition(|flag| *flag == 0);
    let (Some(first), Some(last)) = (first, last) else {
        return Err("it makes no token of `a`".to_owned());
    };
    let (before, rest) = ids.split_at(first);
    Ok((before.to_vec(), rest.split_at(last + 1 - first).1.to_vec()))
}

/// The name of the mask token, if one of the files says it.
fn mask_name(folder: &ModelFolder) -> Result<Option<String>, ModelError> {
    for file in ["special_tokens_map.json", "tokenizer_config.json"] {
        if !folder.has(file) {
            continue;
        }
        let wrong = |reason: String| unusable(folder, format!("cannot read `{file}`: {reason}"));
        let bytes = folder
            .bytes(file)
            .map_err(|error| wrong(error.to_string()))?;
        let fields: Value =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        let field = &fields["mask_token"];
        let name = field.as_str().or_else(|| field["content"].as_str());
        if let Some(name) = name {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A tokenizer of the kind of SentencePiece, whose tokens count in the space before them.
    fn cutter() -> Cutter {
        let pieces = ["<mask>", "<unk>", "▁", "▁a", "▁film", "▁good", "s", "."];
        let vocabulary: Vec<Value> = pieces.iter().map(|piece| json!([piece, -1.0])).collect();
        let metaspace = json!({
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true,
        });
        let description = json!({
            "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
            "added_tokens": [{
                "id": 0, "content": "<mask>", "single_word": false, "lstrip": true,
                "rstrip": false, "normalized": false, "special": true,
            }],
            "pre_tokenizer": metaspace, "decoder": metaspace, "post_processor": null,
            "model": {
                "type": "Unigram", "unk_id": 1, "vocab": vocabulary, "byte_fallback": false,
            },
        });
        let tokenizer = Tokenizer::from_bytes(description.to_string()).unwrap();
        let (before, after) = ends(&tokenizer).unwrap();
        Cutter {
            tokenizer,
            mask: 0,
            before,
            after,
        }
    }

    #[test]
    fn the_space_that_a_token_counts_in_is_no_part_of_the_word() {
        let cutter = cutter();
        assert_eq!(cutter.around(), 0);
        let masked = cutter.mask("a good films.", &[2..6, 12..12]).unwrap();
        assert_eq!(masked.tokens, [3, 0, 4, 6, 0, 7]);
        assert_eq!(masked.masks, [Some(1), Some(4)]);
        // A word that the model cuts elsewhere cannot be blank.
        let masked = cutter
            .mask("a good film", std::slice::from_ref(&(3..6)))
            .unwrap();
        assert_eq!(masked.masks, [None]);
        assert_eq!(masked.tokens, [3, 5, 4]);
    }
}
