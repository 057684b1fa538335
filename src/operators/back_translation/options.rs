//! The tables among the options: how to search, what to turn down, which languages to go through.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mt::{Decoding, Strategy};
use crate::prelude::Problem;

/// How tokens are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// The likeliest token at each step.
    Greedy,
    /// The likeliest translation that a beam finds.
    Beam,
    /// Drawn from the model's distribution.
    Sample,
}

/// How to search for translations in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    /// How tokens are chosen.
    pub strategy: Search,
    /// `beam`: hypotheses kept at each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beams: Option<usize>,
    /// `beam`: exponent of the length by which scores are divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_penalty: Option<f64>,
    /// `sample`: below 1 draws what is likely more often, above 1 less often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// `sample`: draws from so many of the likeliest tokens; 0 for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// `sample`: draws from the likeliest tokens that have this probability together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// A token may follow the same `no_repeat_ngram - 1` tokens only once; 0 for no such rule.
    #[serde(default)]
    pub no_repeat_ngram: usize,
    /// Makes tokens that occurred already less likely; 1 does not.
    #[serde(default = "one")]
    pub repetition_penalty: f64,
    /// Tokens in a translation, at most, for each of the source.
    #[serde(default = "two")]
    pub max_length_factor: f64,
}

fn one() -> f64 {
    1.0
}

fn two() -> f64 {
    2.0
}

/// What an option of [`Decode`] is where it is not given.
const BEAMS: usize = 4;
const LENGTH_PENALTY: f64 = 1.0;
const TEMPERATURE: f64 = 0.9;
const TOP_K: usize = 20;
const TOP_P: f64 = 1.0;

/// The most beams, far more than are of use.
const MOST_BEAMS: usize = 64;

impl Decode {
    /// A search with the usual options.
    pub fn new(strategy: Search) -> Self {
        Self {
            strategy,
            beams: None,
            length_penalty: None,
            temperature: None,
            top_k: None,
            top_p: None,
            no_repeat_ngram: 0,
            repetition_penalty: one(),
            max_length_factor: two(),
        }
    }

    /// Whether translations depend on draws.
    pub fn samples(&self) -> bool {
        self.strategy == Search::Sample
    }

    /// How many translations one search gives beside the first at no further cost.
    pub fn hypotheses(&self) -> usize {
        match self.strategy {
            Search::Beam => self.beams.unwrap_or(BEAMS),
            Search::Greedy | Search::Sample => 1,
        }
    }

    /// The same with every option given that the strategy looks at.
    pub(super) fn filled(&self) -> Self {
        let mut filled = self.clone();
        match self.strategy {
            Search::Greedy => {}
            Search::Beam => {
                filled.beams.get_or_insert(BEAMS);
                filled.length_penalty.get_or_insert(LENGTH_PENALTY);
            }
            Search::Sample => {
                filled.temperature.get_or_insert(TEMPERATURE);
                filled.top_k.get_or_insert(TOP_K);
                filled.top_p.get_or_insert(TOP_P);
            }
        }
        filled
    }

    /// The same for a translator.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "models compute in single precision"
    )]
    pub(super) fn decoding(&self) -> Decoding {
        let strategy = match self.strategy {
            Search::Greedy => Strategy::Greedy,
            Search::Beam => Strategy::Beam {
                beams: self.beams.unwrap_or(BEAMS),
                length_penalty: self.length_penalty.unwrap_or(LENGTH_PENALTY) as f32,
            },
            Search::Sample => Strategy::Sample {
                temperature: self.temperature.unwrap_or(TEMPERATURE) as f32,
                top_k: self.top_k.unwrap_or(TOP_K),
                top_p: self.top_p.unwrap_or(TOP_P) as f32,
            },
        };
        Decoding {
            no_repeat_ngram: self.no_repeat_ngram,
            repetition_penalty: self.repetition_penalty as f32,
            max_length_factor: self.max_length_factor as f32,
            ..Decoding::new(strategy)
        }
    }

    /// What is wrong with these options, which are the value of `option`.
    pub(super) fn validate(&self, option: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |name: &str, is_wrong: bool, message: &str, help: &str| {
            if is_wrong {
                let message = format!("`{option}.{name}` {message}");
                problems.push(Problem::new(&format!("{option}.{name}"), message, help));
            }
        };
        for (name, is_given, strategy) in [
            ("beams", self.beams.is_some(), Search::Beam),
            (
                "length_penalty",
                self.length_penalty.is_some(),
                Search::Beam,
            ),
            ("temperature", self.temperature.is_some(), Search::Sample),
            ("top_k", self.top_k.is_some(), Search::Sample),
            ("top_p", self.top_p.is_some(), Search::Sample),
        ] {
            let (of, help) = match strategy {
                Search::Sample => ("sample", "leave it out, or set `strategy = \"sample\"`"),
                _ => ("beam", "leave it out, or set `strategy = \"beam\"`"),
            };
            let message = format!("is an option of the strategy `{of}`, which is not asked for");
            wrong(name, is_given && strategy != self.strategy, &message, help);
        }
        let beams = self.beams.unwrap_or(BEAMS);
        wrong(
            "beams",
            !(1..=MOST_BEAMS).contains(&beams),
            "must lie between 1 and 64",
            "4 is usual",
        );
        let penalty = self.length_penalty.unwrap_or(LENGTH_PENALTY);
        wrong(
            "length_penalty",
            !penalty.is_finite(),
            "must be a number",
            "1 is usual",
        );
        let temperature = self.temperature.unwrap_or(TEMPERATURE);
        wrong(
            "temperature",
            !(temperature > 0.0 && temperature.is_finite()),
            "must be above 0",
            "0.9 is usual; for the likeliest token alone set `strategy = \"greedy\"`",
        );
        let top_p = self.top_p.unwrap_or(TOP_P);
        wrong(
            "top_p",
            !(top_p > 0.0 && top_p <= 1.0),
            "must be above 0 and at most 1",
            "1 draws from all tokens",
        );
        let penalty = self.repetition_penalty;
        wrong(
            "repetition_penalty",
            !(penalty > 0.0 && penalty.is_finite()),
            "must be above 0",
            "1 is no penalty, 1.2 a strong one",
        );
        let factor = self.max_length_factor;
        wrong(
            "max_length_factor",
            !(factor > 0.0 && factor.is_finite()),
            "must be above 0",
            "2 lets a translation have twice as many tokens as its source",
        );
        problems
    }
}

/// Bounds of a measure, both included; or none, written as `false`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band(pub Option<[f64; 2]>);

impl Band {
    /// Whether `value` is below the band, in it, or above.
    pub(super) fn compare(self, value: f64) -> std::cmp::Ordering {
        match self.0 {
            Some([least, _]) if value < least => std::cmp::Ordering::Less,
            Some([_, most]) if value > most => std::cmp::Ordering::Greater,
            _ => std::cmp::Ordering::Equal,
        }
    }
}

impl Serialize for Band {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(bounds) => bounds.serialize(serializer),
            None => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Band {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BandVisitor;

        impl<'de> Visitor<'de> for BandVisitor {
            type Value = Band;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("two numbers, the least and the most, or `false`")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Band, E> {
                if value {
                    return Err(E::invalid_value(de::Unexpected::Bool(value), &self));
                }
                Ok(Band(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Band, A::Error> {
                let (least, most) = (items.next_element()?, items.next_element()?);
                match (least, most, items.next_element::<f64>()?) {
                    (Some(least), Some(most), None) => Ok(Band(Some([least, most]))),
                    _ => Err(de::Error::invalid_length(1, &self)),
                }
            }
        }

        deserializer.deserialize_any(BandVisitor)
    }
}

impl JsonSchema for Band {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Band")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
                { "const": false },
            ]
        })
    }
}

/// What is turned down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Length of the round trip of a sentence to that of the sentence.
    pub length: Band,
    /// Whether a round trip that says the same thing four times in a row is turned down.
    pub repetition: bool,
    /// Whether a round trip has to have the same numbers of three digits and more.
    pub numbers: bool,
    /// Whether a text that differs in case, punctuation and space only is turned down.
    pub copied: bool,
    /// chrF of the new text against the text, from 0 to 1.
    pub chrf: Band,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            length: Band(Some([0.5, 2.0])),
            repetition: true,
            numbers: true,
            copied: true,
            chrf: Band(Some([0.3, 0.95])),
        }
    }
}

impl Gates {
    pub(super) fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, band) in [("length", self.length), ("chrf", self.chrf)] {
            if let Band(Some([least, most])) = band
                && least
                    .partial_cmp(&most)
                    .is_none_or(std::cmp::Ordering::is_gt)
            {
                problems.push(Problem::new(
                    &format!("gates.{name}"),
                    format!("nothing is at least {least} and at most {most}"),
                    format!("swap them: `{name} = [{most}, {least}]`"),
                ));
            }
        }
        problems
    }
}

/// A language to go through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pivot {
    /// The model that translates into it.
    pub forward: String,
    /// The model that translates back.
    pub backward: String,
    /// The token that tells a multilingual `forward` its language.
    #[serde(default)]
    pub lang: Option<String>,
    /// The same for `backward`.
    #[serde(default)]
    pub lang_back: Option<String>,
    /// Which precision of `forward` to take.
    #[serde(default)]
    pub variant: Option<String>,
    /// The same for `backward`.
    #[serde(default)]
    pub variant_back: Option<String>,
    /// The SHA-256 of what `forward` holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The same for `backward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_back: Option<String>,
}

/// What becomes of a row with protected text that no translation keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnLoss {
    /// The sentence with that text stays as it is; the others are translated.
    #[default]
    Keep,
    /// The shard fails.
    Fail,
    /// The row is counted and left out.
    Drop,
    /// The row is counted and leaves by the port `errors`.
    Route,
}
