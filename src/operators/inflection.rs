//! Another form of the same word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::article;
use super::drawn::edit_drawn;
use crate::prelude::*;
use crate::text::inflection::{Inflection as Form, OtherForms};
use crate::text::part_of_speech::Reader;
use crate::text::wordnet::WordNet;
use crate::text::{Case, is_stop_word};

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 48;

/// Puts nouns, verbs, adjectives and adverbs into another form of the same word.
///
/// This is `WordSwapInflections` of TextAttack, after Morpheus (Tan et al., 2020): "dogs" for
/// "dog", "went" for "goes", "bigger" for "big", as people write who learn the language. WordNet
/// has the lemma of each word, and the words around it tell which part of speech it is: "the run"
/// may become "the runs", "to run" may become "to ran" as well. Each of the other forms is equally
/// likely. Verbs have five forms, nouns two, adjectives and adverbs three if they are short
/// ("beautiful" has one: it stays).
///
/// Words are drawn until as many as `rate` comes to have another form. Capitals are kept, and "a"
/// or "an" before the word follows the new form. Stop words, names and words that WordNet does not
/// know are left alone. It knows English only: see `languages`. The reference implementations call
/// a neural tagger, look forms up in a table of the whole language, and drop the capitals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inflection {
    /// The forms that words are put into; without this option all of them. With `["plural"]` every
    /// word that changes is a noun that becomes plural.
    #[serde(default)]
    pub forms: Vec<InflectionForm>,
}

/// A form of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InflectionForm {
    /// "dog", "go", "big".
    Base,
    /// "dogs".
    Plural,
    /// "goes".
    ThirdPerson,
    /// "went".
    Past,
    /// "gone"; for most verbs the same as the past.
    PastParticiple,
    /// "going".
    PresentParticiple,
    /// "bigger".
    Comparative,
    /// "biggest".
    Superlative,
}

impl InflectionForm {
    fn of(form: Form) -> Self {
        match form {
            Form::Base => Self::Base,
            Form::Plural => Self::Plural,
            Form::ThirdPerson => Self::ThirdPerson,
            Form::Past => Self::Past,
            Form::PastParticiple => Self::PastParticiple,
            Form::PresentParticiple => Self::PresentParticiple,
            Form::Comparative => Self::Comparative,
            Form::Superlative => Self::Superlative,
        }
    }
}

impl TextOperatorConfig for Inflection {
    const NAME: &'static str = "inflection";

    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Inflecter {
            amount: context.amount,
            wanted: self.forms.clone(),
            wordnet: WordNet::english(),
            reader: Reader::english(),
            places: Places::default(),
            lower: String::new(),
            forms: OtherForms::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                columns: &[],
                input: &["The children laughed at the big dogs."],
                output: &["The children laughed at the bigger dogs."],
            },
            Example {
                title: "Only plurals and past forms; capitals stay, names are left alone",
                options: "rate = 1.0\nforms = [\"plural\", \"past\"]",
                columns: &[],
                input: &["The DOG barks, and a mouse runs away from Paris."],
                output: &["The DOGS barked, and a mice ran away from Paris."],
            },
            Example {
                title: "Two variants of each row, and none where no word has another form",
                options: "replicas = 2",
                columns: &[],
                input: &["a difficult exam", "He was with them."],
                output: &["a difficult exams"],
            },
        ]
    }
}

/// The operator behind [`Inflection`].
struct Inflecter {
    amount: Amount,
    /// Forms to put words into; all if empty.
    wanted: Vec<InflectionForm>,
    wordnet: &'static WordNet,
    reader: Reader,
    places: Places,
    /// The word in lower case.
    lower: String,
    forms: OtherForms,
}

impl TextOperator for Inflecter {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        // Lent out, so that the rest of the operator can be used meanwhile.
        let mut places = std::mem::take(&mut self.places);
        let outcome = edit_drawn(
            text,
            self.amount,
            &mut places,
            random,
            edits,
            "no word with another form",
            |_, word, random, edits| self.inflect(text, word, random, edits),
        );
        self.places = places;
        outcome
    }
}

impl Inflecter {
    /// Puts `word` into another form; answers whether it has one.
    fn inflect(
        &mut self,
        text: &Text<'_>,
        word: Word,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        if text.may_be_name(word) || !self.find_forms(text, word) {
            return false;
        }
        let drawn = random.below(self.forms.len());
        let Some(form) = self.forms.get(drawn) else {
            return false;
        };
        let case = Case::of(text.word(word));
        let span = word.range();
        let start = span.start;
        let write = |new: &mut String| {
            case.append(form, new);
            true
        };
        article::replace_if(text, span, start, edits, || true, write);
        true
    }
}

impl Inflecter {
    /// Finds the other forms of a word as what it is in the text; answers whether there is any.
    fn find_forms(&mut self, text: &Text<'_>, word: Word) -> bool {
        let span = word.range();
        let word = text.word(word);
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
        if word.len() > LONGEST || !word.bytes().all(is_letter) || Case::of(word) == Case::Mixed {
            return false;
        }
        self.lower.clear();
        self.lower.push_str(word);
        self.lower.make_ascii_lowercase();
        if is_stop_word(&self.lower) {
            return false;
        }
        let Some(reading) = self.reader.read(text.as_str(), span) else {
            return false;
        };
        let part_of_speech = reading.tag.part_of_speech();
        let lemma = self.wordnet.text(reading.lemma);
        let wanted = &self.wanted;
        self.forms.find(lemma, part_of_speech, &self.lower, |form| {
            wanted.is_empty() || wanted.contains(&InflectionForm::of(form))
        });
        !self.forms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// All that a text may become where every word is drawn.
    fn variants(text: &str, forms: &str) -> BTreeSet<String> {
        let wanted: Vec<InflectionForm> = serde_json::from_str(forms).unwrap();
        let mut operator = Inflecter {
            amount: Amount::new(1.0, 1, None),
            wanted,
            wordnet: WordNet::english(),
            reader: Reader::english(),
            places: Places::default(),
            lower: String::new(),
            forms: OtherForms::default(),
        };
        let mut segmenter = crate::text::Segmenter::default();
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        let variant = |key| {
            let mut edits = Edits::default();
            operator.rewrite(&view, &mut Random::from_key(key), &mut edits);
            edits.applied_to(&view)
        };
        (0..60).map(variant).collect()
    }

    #[test]
    fn a_word_takes_the_forms_of_what_it_is_in_the_text() {
        let set = |list: &[&str]| {
            list.iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(variants("after the run", "[]"), set(&["after the runs"]));
        assert_eq!(
            variants("it is there to run", "[]"),
            set(&[
                "it is there to ran",
                "it is there to runs",
                "it is there to running"
            ])
        );
    }

    #[test]
    fn the_article_follows_the_form() {
        let only = |text, forms| variants(text, forms).into_iter().collect::<Vec<_>>();
        assert_eq!(only("an ill", r#"["comparative"]"#), ["a worse"]);
        assert_eq!(only("AN ILL MAN", r#"["comparative"]"#), ["A WORSE MAN"]);
    }
}
