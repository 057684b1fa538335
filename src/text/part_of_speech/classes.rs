//! The classes that the neighbours of a word fall into.

use std::collections::HashMap;

use super::super::wordnet::{LemmaId, PartOfSpeech};
use super::context::is_edge;
use super::{Neighbor, Reading, Tag};

/// What a word or mark is to its neighbours: a function word, a kind of punctuation, or the
/// likeliest tag of any other word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Class(pub(super) u16);

/// The class of a word, as far as its letters tell. Small, for many are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Familiarity {
    /// The number of the class, and [`Familiarity::FIXED`] if a capital changes nothing.
    packed: u16,
}

impl Familiarity {
    const FIXED: u16 = 1 << 15;

    /// Of no word.
    pub const NONE: Self = Self { packed: 0 };

    fn new(class: Class, is_fixed: bool) -> Self {
        Self {
            packed: class.0 | if is_fixed { Self::FIXED } else { 0 },
        }
    }
}

/// The classes by name.
#[derive(Debug)]
pub(super) struct Classes {
    by_name: HashMap<&'static str, Class>,
    edge: Class,
    comma: Class,
    semicolon: Class,
    quote: Class,
    open: Class,
    close: Class,
    dash: Class,
    mark: Class,
    number: Class,
    name: Class,
    unknown: Class,
    /// Per tag: of a word that is surely of this part of speech, and of one that may be of others.
    tags: [[Class; 2]; Tag::COUNT],
}

/// Endings of words that WordNet lacks, with their classes.
const UNKNOWN: [(&str, &str); 4] = [
    ("ing", "<?ing>"),
    ("ed", "<?ed>"),
    ("ly", "<?ly>"),
    ("s", "<?s>"),
];

impl Classes {
    /// From the names in the order of their numbers; nothing if one is missing.
    pub(super) fn new(names: &[&'static str]) -> Option<Self> {
        let numbers = (0..).map(Class);
        let by_name: HashMap<_, _> = names.iter().copied().zip(numbers).collect();
        let class_of = |name: &str| by_name.get(name).copied();
        let mut tags = [[Class::default(); 2]; Tag::COUNT];
        for (tag, classes) in Tag::ALL.into_iter().zip(&mut tags) {
            let name = tag.name();
            *classes = [
                class_of(&format!("<{name}>"))?,
                class_of(&format!("<{name}?>"))?,
            ];
        }
        Some(Self {
            edge: class_of("<edge>")?,
            comma: class_of("<,>")?,
            semicolon: class_of("<;>")?,
            quote: class_of("<quote>")?,
            open: class_of("<open>")?,
            close: class_of("<close>")?,
            dash: class_of("<dash>")?,
            mark: class_of("<mark>")?,
            number: class_of("<number>")?,
            name: class_of("<name>")?,
            unknown: class_of("<?>")?,
            tags,
            by_name,
        })
    }

    /// The class of a word as it is written: with a capital that it alone has, it is a name.
    #[inline]
    pub(super) fn seen_as(&self, familiarity: Familiarity, word: &str) -> Class {
        let class = Class(familiarity.packed & !Familiarity::FIXED);
        // Most words begin with a small letter.
        if word.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            || familiarity.packed & Familiarity::FIXED != 0
        {
            return class;
        }
        let mut letters = word.chars();
        let title = letters.next().is_some_and(char::is_uppercase)
            && !letters.next().is_some_and(char::is_uppercase);
        if title { self.name } else { class }
    }

    /// The class of a neighbour that is no word; nothing for a word.
    #[inline]
    pub(super) fn of_mark(&self, neighbor: Neighbor<'_>) -> Option<Class> {
        Some(match neighbor {
            Neighbor::Word(_) => return None,
            Neighbor::Edge => self.edge,
            Neighbor::Mark(mark) if is_edge(mark) => self.edge,
            Neighbor::Mark(',') => self.comma,
            Neighbor::Mark(';' | ':') => self.semicolon,
            Neighbor::Mark('"' | '“' | '”' | '‘' | '\'' | '’' | '`') => self.quote,
            Neighbor::Mark('(' | '[' | '{') => self.open,
            Neighbor::Mark(')' | ']' | '}') => self.close,
            Neighbor::Mark('-' | '–' | '—') => self.dash,
            Neighbor::Mark(_) => self.mark,
        })
    }

    /// The class of a lower-case form whose readings `list` hands out.
    pub(super) fn of_word(
        &self,
        form: &str,
        list: impl FnOnce(&mut dyn FnMut(Reading)),
    ) -> Familiarity {
        if let Some(class) = self.fixed(form) {
            return Familiarity::new(class, true);
        }
        let mut readings = Vec::new();
        if form.is_ascii() {
            list(&mut |reading| readings.push(reading));
        }
        let class = self
            .of_readings(&readings)
            .unwrap_or_else(|| self.of_unknown(form));
        Familiarity::new(class, false)
    }

    /// The class of a function word, a number or a contraction.
    fn fixed(&self, form: &str) -> Option<Class> {
        // The names of other classes are no words.
        if let Some(class) = self.by_name.get(form).filter(|_| !form.starts_with('<')) {
            return Some(*class);
        }
        if form.starts_with(|first: char| first.is_ascii_digit()) {
            return Some(self.number);
        }
        let name = contraction(form)?;
        self.by_name.get(name).copied()
    }

    /// By the likeliest reading, with doubt unless nine tenths speak for its part of speech.
    fn of_readings(&self, readings: &[Reading]) -> Option<Class> {
        // max_by_key keeps the last of equals: hence the reversal.
        let best = readings
            .iter()
            .rev()
            .max_by_key(|reading| (reading.tag_count, reading.senses))?;
        let part = best.tag.part_of_speech();
        let mut counted: Vec<(LemmaId, PartOfSpeech)> = Vec::new();
        let (mut total, mut of_part) = (0, 0);
        for reading in readings {
            let key = (reading.lemma, reading.tag.part_of_speech());
            if !counted.contains(&key) {
                counted.push(key);
                total += u64::from(reading.tag_count);
                of_part += u64::from(if key.1 == part { reading.tag_count } else { 0 });
            }
        }
        let alone = counted.iter().all(|(_, other)| *other == part);
        let certain = alone || of_part * 10 >= total * 9 && total > 0;
        let classes = self.tags.get(best.tag as usize)?;
        classes.get(usize::from(!certain)).copied()
    }

    fn of_unknown(&self, form: &str) -> Class {
        let by_ending = UNKNOWN
            .iter()
            .find(|(ending, _)| form.is_ascii() && form.ends_with(ending));
        let class = by_ending.and_then(|(_, name)| self.by_name.get(name));
        class.copied().unwrap_or(self.unknown)
    }
}

/// The class as which a contraction or possessive counts.
fn contraction(form: &str) -> Option<&'static str> {
    let (stem, tail) = form.split_once('\'')?;
    Some(match (stem, tail) {
        ("haven" | "hasn" | "hadn", "t") | (_, "ve") => "have",
        ("isn" | "aren" | "wasn" | "weren" | "ain", "t")
        | ("it" | "that" | "he" | "she" | "there" | "what" | "here" | "who" | "this", "s")
        | (_, "m" | "re") => "is",
        (verb, "t") if verb.ends_with('n') => "can",
        (_, "s" | "") => "<possessive>",
        (_, "ll") => "will",
        (_, "d") => "would",
        _ => "<?>",
    })
}
