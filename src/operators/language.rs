//! Which language a text is in.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, RecordBatch, StringBuilder, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use whatlang::{Detector, Lang};

use crate::operator::TextValues;
use crate::prelude::*;
use crate::table::nearest;

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

/// What is wrong with the code of a language, if it is not known.
fn unknown_code(option: &str, code: &str) -> Option<Problem> {
    if language_of(code).is_some() {
        return None;
    }
    let known = CODES.map(|(code, _)| code);
    let help = match nearest(code, known) {
        Some(near) if code.len() > 2 => format!("write `{near}`: codes are those of ISO 639-1"),
        _ => format!("known are {}", known.join(", ")),
    };
    Some(Problem::new(
        option,
        format!("there is no language `{code}`"),
        help,
    ))
}

fn language_of(code: &str) -> Option<Lang> {
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map(|(_, language)| *language)
}

fn code_of(language: Lang) -> Option<&'static str> {
    let found = CODES.iter().find(|(_, known)| *known == language);
    found.map(|(code, _)| *code)
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

/// The languages that are known, by their codes in ISO 639-1.
const CODES: [(&str, Lang); 70] = [
    ("af", Lang::Afr),
    ("ak", Lang::Aka),
    ("am", Lang::Amh),
    ("ar", Lang::Ara),
    ("az", Lang::Aze),
    ("be", Lang::Bel),
    ("bg", Lang::Bul),
    ("bn", Lang::Ben),
    ("ca", Lang::Cat),
    ("cs", Lang::Ces),
    ("cy", Lang::Cym),
    ("da", Lang::Dan),
    ("de", Lang::Deu),
    ("el", Lang::Ell),
    ("en", Lang::Eng),
    ("eo", Lang::Epo),
    ("es", Lang::Spa),
    ("et", Lang::Est),
    ("fa", Lang::Pes),
    ("fi", Lang::Fin),
    ("fr", Lang::Fra),
    ("gu", Lang::Guj),
    ("he", Lang::Heb),
    ("hi", Lang::Hin),
    ("hr", Lang::Hrv),
    ("hu", Lang::Hun),
    ("hy", Lang::Hye),
    ("id", Lang::Ind),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("jv", Lang::Jav),
    ("ka", Lang::Kat),
    ("km", Lang::Khm),
    ("kn", Lang::Kan),
    ("ko", Lang::Kor),
    ("la", Lang::Lat),
    ("lt", Lang::Lit),
    ("lv", Lang::Lav),
    ("mk", Lang::Mkd),
    ("ml", Lang::Mal),
    ("mr", Lang::Mar),
    ("my", Lang::Mya),
    ("nb", Lang::Nob),
    ("ne", Lang::Nep),
    ("nl", Lang::Nld),
    ("or", Lang::Ori),
    ("pa", Lang::Pan),
    ("pl", Lang::Pol),
    ("pt", Lang::Por),
    ("ro", Lang::Ron),
    ("ru", Lang::Rus),
    ("si", Lang::Sin),
    ("sk", Lang::Slk),
    ("sl", Lang::Slv),
    ("sn", Lang::Sna),
    ("sr", Lang::Srp),
    ("sv", Lang::Swe),
    ("ta", Lang::Tam),
    ("te", Lang::Tel),
    ("th", Lang::Tha),
    ("tk", Lang::Tuk),
    ("tl", Lang::Tgl),
    ("tr", Lang::Tur),
    ("uk", Lang::Ukr),
    ("ur", Lang::Urd),
    ("uz", Lang::Uzb),
    ("vi", Lang::Vie),
    ("yi", Lang::Yid),
    ("zh", Lang::Cmn),
    ("zu", Lang::Zul),
];

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, StringArray};
    use arrow::datatypes::Float64Type;
    use proptest::prelude::*;

    use super::*;
    use crate::operators::trial;

    const SENTENCES: [(&str, &str); 12] = [
        (
            "en",
            "The train to the coast leaves every morning at seven, except on Sundays.",
        ),
        (
            "de",
            "Der Zug an die Küste fährt jeden Morgen um sieben, außer an Sonntagen.",
        ),
        (
            "fr",
            "Le train pour la côte part tous les matins à sept heures, sauf le dimanche.",
        ),
        (
            "es",
            "El tren a la costa sale todas las mañanas a las siete, excepto los domingos.",
        ),
        (
            "it",
            "Il treno per la costa parte ogni mattina alle sette, tranne la domenica.",
        ),
        (
            "nl",
            "De trein naar de kust vertrekt elke ochtend om zeven uur, behalve op zondag.",
        ),
        (
            "pl",
            "Pociąg na wybrzeże odjeżdża codziennie rano o siódmej, z wyjątkiem niedziel.",
        ),
        (
            "fi",
            "Juna rannikolle lähtee joka aamu kello seitsemän, paitsi sunnuntaisin.",
        ),
        (
            "tr",
            "Sahile giden tren, pazar günleri hariç her sabah saat yedide kalkıyor.",
        ),
        (
            "ru",
            "Поезд на побережье отправляется каждое утро в семь часов, кроме воскресенья.",
        ),
        ("ja", "海岸行きの電車は日曜日を除いて毎朝七時に出発します。"),
        (
            "el",
            "Το τρένο για την ακτή φεύγει κάθε πρωί στις επτά, εκτός από τις Κυριακές.",
        ),
    ];

    fn identifier(options: &str) -> Identifier {
        let config: Language = toml::from_str(options).unwrap();
        assert_eq!(config.validate(), []);
        let languages = |codes: &[String]| -> Vec<Lang> {
            codes
                .iter()
                .map(|code| language_of(code).unwrap())
                .collect()
        };
        let among = languages(&config.among);
        Identifier {
            keep: languages(&config.keep),
            detector: if among.is_empty() {
                Detector::new()
            } else {
                Detector::with_allowlist(among.clone())
            },
            among,
            config,
            column: 0,
        }
    }

    fn code(options: &str, text: &str) -> Option<&'static str> {
        let (language, _) = identifier(options).identify(text)?;
        code_of(language)
    }

    #[test]
    fn sentences_in_twelve_languages_are_told_apart() {
        for (language, sentence) in SENTENCES {
            assert_eq!(code("", sentence), Some(language), "{sentence}");
        }
    }

    /// What the documentation says of short texts.
    #[test]
    fn short_texts_get_a_language_only_where_it_is_likely() {
        let identifier = identifier("");
        let least = identifier.config.least_confidence;
        let (mut pieces, mut right, mut sure, mut sure_and_right) = (0, 0, 0, 0);
        for words in [2, 3, 5, 7] {
            for (language, sentence) in &SENTENCES[..10] {
                let all: Vec<&str> = sentence.split(' ').collect();
                for piece in all.chunks_exact(words) {
                    let found = identifier.identify(&piece.join(" "));
                    let is_right = found.is_some_and(|(of, _)| code_of(of) == Some(language));
                    let is_sure = found.is_some_and(|(_, confidence)| confidence >= least);
                    pieces += 1;
                    right += u32::from(is_right);
                    sure += u32::from(is_sure);
                    sure_and_right += u32::from(is_sure && is_right);
                }
            }
        }
        assert_eq!([pieces, right, sure, sure_and_right], [130, 85, 56, 54]);
    }

    #[test]
    fn every_language_has_one_code() {
        for (code, language) in CODES {
            assert_eq!(language_of(code), Some(language));
            assert_eq!(code_of(language), Some(code));
        }
        for language in Lang::all() {
            assert!(code_of(*language).is_some(), "{language:?}");
        }
        assert!(CODES.is_sorted_by_key(|(code, _)| code));
    }

    #[test]
    fn only_languages_among_those_asked_for_are_found() {
        let (_, german) = SENTENCES[1];
        assert_eq!(code("among = [\"en\", \"nl\", \"de\"]", german), Some("de"));
        assert_ne!(code("among = [\"en\", \"nl\"]", german), Some("de"));
        // Scripts with one language, or two.
        for (_, sentence) in &SENTENCES[10..] {
            assert_eq!(code("among = [\"en\"]", sentence), None);
        }
        assert_eq!(
            code("among = [\"zh\", \"ja\"]", SENTENCES[10].1),
            Some("ja")
        );
    }

    #[test]
    fn what_has_no_letter_is_in_no_language() {
        for text in ["", " ", "12:45", "😀👍🏽", "?!", "\u{301}", "\0"] {
            assert_eq!(code("", text), None, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_costs_no_more_than_its_beginning() {
        let long = SENTENCES[1].1.repeat(100) + &SENTENCES[0].1.repeat(10_000);
        assert_eq!(code("", &long), Some("de"));
        // The cut does not go through a character.
        assert_eq!(
            code("", &"é".repeat(MOST_BYTES)),
            code("", &"é".repeat(MOST_BYTES / 2))
        );
    }

    #[test]
    fn every_letter_alone_is_survived() {
        let identifier = identifier("");
        // Chinese and Korean ones are all alike.
        let letters = ('\0'..'\u{3400}')
            .chain('\u{a000}'..'\u{ac00}')
            .chain('\u{f900}'..'\u{2ffff}');
        let mut found = 0;
        for letter in letters.filter(|c| c.is_alphabetic()) {
            found += usize::from(
                identifier
                    .identify(letter.encode_utf8(&mut [0; 4]))
                    .is_some(),
            );
        }
        assert!(found > 1000, "{found}");
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_told_alike(text: String) {
            let first = identifier("").identify(&text);
            prop_assert_eq!(identifier("").identify(&text), first);
            if let Some((_, confidence)) = first {
                prop_assert!((0.0..=1.0).contains(&confidence), "{}", confidence);
            }
        }
    }

    fn run(options: &str, records: RecordBatch) -> (Vec<Option<Batch>>, Vec<(String, u64)>) {
        let configured = trial::configured("language", options).unwrap();
        configured.schemas(&records.schema()).unwrap();
        let (outputs, counts) = trial::outputs(&*configured, records);
        let schema = configured.schemas(&trial::records(&[]).schema()).unwrap();
        assert_eq!(schema.len(), outputs.len());
        (outputs, counts.into_iter().collect())
    }

    #[test]
    fn the_columns_say_what_was_found_and_rejected_rows_have_them_too() {
        let texts: Vec<Option<&str>> = SENTENCES[..3]
            .iter()
            .map(|(_, sentence)| Some(*sentence))
            .chain([None, Some("123")])
            .collect();
        let options = "keep = [\"en\", \"fr\"]\nconfidence_column = \"sure\"\ncolumn = \"lang\"";
        let (outputs, counts) = run(options, trial::records(&texts));
        let column = |port: usize, name: &str| -> ArrayRef {
            let batch = outputs[port].as_ref().unwrap();
            Arc::clone(batch.records.column_by_name(name).unwrap())
        };
        let codes = |port: usize| -> Vec<Option<String>> {
            let column = column(port, "lang");
            let codes: &StringArray = column.as_string();
            codes.iter().map(|code| code.map(str::to_owned)).collect()
        };
        let expected = [Some("en"), Some("fr"), None, None];
        assert_eq!(codes(0), expected.map(|code| code.map(str::to_owned)));
        assert_eq!(codes(1), [Some("de".to_owned())]);
        let sure = column(0, "sure");
        let sure = sure.as_primitive::<Float64Type>();
        assert!(sure.value(0) > 0.5 && sure.is_null(2) && sure.is_null(3));
        assert_eq!(counts, [("filtered: language".to_owned(), 1)]);

        let (outputs, counts) = run("on_unknown = \"reject\"", trial::records(&texts));
        assert_eq!(outputs[1].as_ref().unwrap().rows.len(), 2);
        assert_eq!(counts, [("filtered: unknown language".to_owned(), 2)]);
    }

    #[test]
    fn a_column_that_exists_is_replaced_only_if_that_is_asked_for() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![SENTENCES[0].1]));
        let old: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![7]));
        let columns = [("text", texts, true), ("language", old, true)];
        let records = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let configured = trial::configured("language", "").unwrap();
        let problems = configured.schemas(&records.schema()).unwrap_err();
        assert_eq!(problems[0].option, "column");
        assert!(problems[0].help.contains("replace = true"));
        let (outputs, _) = run("replace = true", records);
        let output = &outputs[0].as_ref().unwrap().records;
        assert_eq!(output.num_columns(), 2);
        assert_eq!(output.column(1).as_string::<i32>().value(0), "en");
    }

    #[test]
    fn wrong_options_are_named() {
        for (options, option, message) in [
            (
                "keep = [\"english\"]",
                "keep",
                "there is no language `english`",
            ),
            ("keep = [\"no\"]", "keep", "there is no language `no`"),
            (
                "among = [\"en\"]\nkeep = [\"de\"]",
                "keep",
                "which `among` leaves out",
            ),
            ("least_confidence = 90", "least_confidence", "is 90"),
            (
                "confidence_column = \"language\"",
                "confidence_column",
                "both columns",
            ),
        ] {
            let config: Language = toml::from_str(options).unwrap();
            let problems = config.validate();
            assert_eq!(problems.len(), 1, "{options}");
            assert_eq!(problems[0].option, option);
            assert!(
                problems[0].message.contains(message),
                "{}",
                problems[0].message
            );
        }
    }
}
