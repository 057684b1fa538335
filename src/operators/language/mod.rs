//! Which language a text is in.

mod codes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, RecordBatch, StringBuilder, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use whatlang::{Detector, Lang};

use crate::operator::TextValues;
use crate::prelude::*;

use codes::{code_of, language_of, unknown_code};

/// Bytes of a text that are looked at.
const MOST_BYTES: usize = 4096;

/// Says what language each text is in, in a column of its own, and keeps the languages asked for.
///
/// The column holds the ISO 639-1 code of the language (`en`, `de`, `zh`), or null where it is not
/// known: where the text is null or has no letter, or the confidence is below `least_confidence`.
/// Operators that come after can name the column in `language_column`. With `keep`, rows in other
/// languages leave by the port `rejected` and are counted as `filtered: language`; rows of unknown
/// language stay, unless `on_unknown = "reject"`, and are then counted as `filtered: unknown
/// language`. Both ports have the new columns.
///
/// Languages are told apart by the crate `whatlang`: by the script first, and where several
/// languages share one, by letters and by the 300 commonest groups of three letters (Cavnar and
/// Trenkle, 1994). It knows 70 languages: af, ak, am, ar, az, be, bg, bn, ca, cs, cy, da, de, el, en,
/// eo, es, et, fa, fi, fr, gu, he, hi, hr, hu, hy, id, it, ja, jv, ka, km, kn, ko, la, lt, lv, mk, ml,
/// mr, my, nb, ne, nl, or, pa, pl, pt, ro, ru, si, sk, sl, sn, sr, sv, ta, te, th, tk, tl, tr, uk, ur,
/// uz, vi, yi, zh and zu.
///
/// It is quick and needs no model, but it has its limits. A sentence of ten words is mostly told
/// right; with fewer it often goes wrong among languages of one script that are alike (Danish and
/// Norwegian, Spanish and Portuguese, Czech and Slovak), and a word or two say little. Of 130 pieces of
/// 2 to 7 words from sentences in ten languages, 85 are told right if every guess is taken; with the
/// default of `least_confidence` 56 get a language, and 54 the right one. Name the languages that occur
/// in `among`: that helps more than anything else. A text in several languages gets one of them. Only
/// the first 4,096 bytes of a text are looked at. The confidence is no probability: it says how far the
/// best language is ahead of the next for a text of this length, and is 1 where a script has one
/// language or `among` leaves one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Language {
    /// The column for the code of the language.
    #[serde(default = "default_column")]
    pub column: String,
    /// A column for the confidence, from 0 to 1; null where no language was found. Without this
    /// option there is none.
    #[serde(default)]
    pub confidence_column: Option<String>,
    /// The languages to keep, for example `["en", "de"]`. Without it all are kept.
    #[serde(default)]
    pub keep: Vec<String>,
    /// The only languages that texts can be in. Without it, all that are known.
    #[serde(default)]
    pub among: Vec<String>,
    /// The confidence below which a language counts as unknown; 0 to take any guess.
    #[serde(default = "default_least_confidence")]
    pub least_confidence: f64,
    /// What becomes of rows of unknown language: `keep` or `reject`.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// Whether columns that exist already are replaced: what was in them is lost.
    #[serde(default)]
    pub replace: bool,
}

fn default_column() -> String {
    "language".to_owned()
}

fn default_least_confidence() -> f64 {
    0.2
}

/// What becomes of rows of unknown language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// They stay.
    #[default]
    Keep,
    /// They leave by the port `rejected`.
    Reject,
}

impl Language {
    /// The columns that are added, and the options that name them.
    fn added(&self) -> impl Iterator<Item = (&'static str, &str, DataType)> {
        let language = ("column", self.column.as_str(), DataType::Utf8);
        let confidence = self.confidence_column.as_deref();
        let confidence = confidence.map(|name| ("confidence_column", name, DataType::Float64));
        std::iter::once(language).chain(confidence)
    }

    /// The columns that leave, where those of `input` come in.
    fn schema(&self, input: &Schema) -> Schema {
        let mut fields: Vec<Arc<Field>> = input.fields().iter().cloned().collect();
        for (_, name, kind) in self.added() {
            let field = Arc::new(Field::new(name, kind, true));
            match fields.iter_mut().find(|other| other.name() == name) {
                Some(other) => *other = field,
                None => fields.push(field),
            }
        }
        Schema::new_with_metadata(fields, input.metadata().clone())
    }
}

impl OperatorConfig for Language {
    const NAME: &'static str = "language";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("rejected")]
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (option, codes) in [("keep", &self.keep), ("among", &self.among)] {
            problems.extend(codes.iter().filter_map(|code| unknown_code(option, code)));
        }
        if !self.among.is_empty()
            && let Some(code) = self.keep.iter().find(|code| !self.among.contains(code))
        {
            let message = format!("`keep` names `{code}`, which `among` leaves out");
            problems.push(Problem::new("keep", message, "name it in `among` too"));
        }
        if !(0.0..=1.0).contains(&self.least_confidence) {
            let message = format!("`least_confidence` is {}", self.least_confidence);
            problems.push(Problem::new(
                "least_confidence",
                message,
                "give a number from 0 to 1",
            ));
        }
        if self.confidence_column.as_ref() == Some(&self.column) {
            let message = format!("both columns are called `{}`", self.column);
            problems.push(Problem::new(
                "confidence_column",
                message,
                "give it another name",
            ));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let taken = |(option, name, _): (&'static str, &str, DataType)| {
            let exists = input.column_with_name(name).is_some() && !self.replace;
            exists.then(|| {
                Problem::new(
                    option,
                    format!("there is a column `{name}` already"),
                    "choose another name, or let it be replaced: `replace = true`",
                )
            })
        };
        let problems: Vec<Problem> = self.added().filter_map(taken).collect();
        if problems.is_empty() {
            let schema = Arc::new(self.schema(input));
            Ok(self.ports().iter().map(|_| Arc::clone(&schema)).collect())
        } else {
            Err(problems)
        }
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::Reads,
            ..TextHandling::default()
        }
    }

    fn yields(&self, _source_rows: u64) -> Vec<Yield> {
        // Without a list, only texts whose language is not known may leave by the side.
        let kept = if self.keep.is_empty() && self.on_unknown == OnUnknown::Keep {
            Yield::about(1.0)
        } else {
            Yield::up_to(1.0)
        };
        vec![kept, Yield::up_to(1.0)]
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        if self.added().any(|(_, name, _)| name == context.text.name) {
            let message = format!("it would replace the text in `{}`", context.text.name);
            return Err(OperatorError::Other(message));
        }
        let languages = |codes: &[String]| -> Vec<Lang> {
            codes.iter().filter_map(|code| language_of(code)).collect()
        };
        let among = languages(&self.among);
        let detector = if among.is_empty() {
            Detector::new()
        } else {
            Detector::with_allowlist(among.clone())
        };
        Ok(Box::new(Identifier {
            config: self.clone(),
            keep: languages(&self.keep),
            among,
            detector,
            column: context.text.index,
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "English and German texts stay; one without a letter is in no language",
                options: "keep = [\"en\", \"de\"]",
                columns: &[],
                input: &[
                    "The weather was better than anybody had expected.",
                    "Das Wetter war besser, als irgendjemand erwartet hatte.",
                    "Le temps était meilleur que ce que tout le monde attendait.",
                    "12:45",
                ],
                output: &[
                    "The weather was better than anybody had expected.",
                    "Das Wetter war besser, als irgendjemand erwartet hatte.",
                    "12:45",
                ],
            },
            Example {
                title: "Short texts are told apart better among few languages",
                options: "among = [\"en\", \"es\"]\nkeep = [\"es\"]",
                columns: &[],
                input: &["¿Dónde está el libro?", "Where is the book?"],
                output: &["¿Dónde está el libro?"],
            },
            Example {
                title: "What is not known goes too",
                options: "keep = [\"ru\", \"uk\"]\non_unknown = \"reject\"\nleast_confidence = 0.5",
                columns: &[],
                input: &[
                    "Погода сегодня лучше, чем мы ожидали.",
                    "😀 12",
                    "Какая погода",
                ],
                output: &["Погода сегодня лучше, чем мы ожидали."],
            },
        ]
    }
}

struct Identifier {
    config: Language,
    keep: Vec<Lang>,
    among: Vec<Lang>,
    detector: Detector,
    column: usize,
}

impl Identifier {
    /// The likeliest language of a text, and how far it is ahead.
    fn identify(&self, text: &str) -> Option<(Lang, f64)> {
        let text = text.get(..text.floor_char_boundary(MOST_BYTES))?;
        if !text.contains(char::is_alphabetic) {
            return None;
        }
        let info = self.detector.detect(text)?;
        // A script that has one language gives that, whatever was asked for.
        let possible = self.among.is_empty() || self.among.contains(&info.lang());
        possible.then(|| (info.lang(), info.confidence()))
    }

    /// Why a row is rejected, if it is.
    fn rejection(&self, language: Option<Lang>) -> Option<&'static str> {
        match (language, self.config.on_unknown) {
            (None, OnUnknown::Keep) => None,
            (None, OnUnknown::Reject) => Some("filtered: unknown language"),
            (Some(language), _) => {
                let kept = self.keep.is_empty() || self.keep.contains(&language);
                (!kept).then_some("filtered: language")
            }
        }
    }

    /// The rows with the new columns.
    fn with(
        &self,
        records: &RecordBatch,
        new: Vec<ArrayRef>,
    ) -> Result<RecordBatch, OperatorError> {
        let schema = self.config.schema(&records.schema());
        let mut columns = records.columns().to_vec();
        columns.truncate(schema.fields().len());
        for ((_, name, _), column) in self.config.added().zip(new) {
            let place = schema.index_of(name)?;
            match columns.get_mut(place) {
                Some(old) => *old = column,
                None => columns.push(column),
            }
        }
        Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
    }
}

impl Operator for Identifier {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let texts = TextValues::new(batch.records.column(self.column))?;
        let mut codes = StringBuilder::with_capacity(texts.len(), texts.len() * 2);
        let mut confidences = Float64Builder::with_capacity(texts.len());
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        let mut unknown = 0;
        for (row, index) in (0..texts.len()).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            let found = texts.get(row).and_then(|text| self.identify(text));
            confidences.append_option(found.map(|(_, confidence)| confidence));
            let sure = found.filter(|(_, sure)| *sure >= self.config.least_confidence);
            let language = sure.map(|(language, _)| language);
            codes.append_option(language.and_then(code_of));
            unknown += u64::from(language.is_none());
            match self.rejection(language) {
                None => kept.push(index),
                Some(reason) => {
                    rejected.push(index);
                    context.count(reason, 1);
                }
            }
        }
        if unknown > 0 {
            context.measure("unknown", unknown);
        }
        let new: Vec<ArrayRef> = vec![Arc::new(codes.finish()), Arc::new(confidences.finish())];
        let records = self.with(&batch.records, new)?;
        let batch = batch.replaced(records, batch.rows.clone());
        if rejected.is_empty() {
            context.emit(batch);
            return Ok(());
        }
        context.emit_to(1, batch.take(&UInt32Array::from(rejected))?);
        context.emit(batch.take(&UInt32Array::from(kept))?);
        Ok(())
    }
}
