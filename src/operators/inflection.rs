//! Another form of the same word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::inflection::{Inflection as Form, OtherForms, Reading};
use crate::text::wordnet::WordNet;
use crate::text::{Case, is_stop_word};

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 48;

/// Puts nouns, verbs, adjectives and adverbs into another form of the same word.
///
/// This is `WordSwapInflections` of TextAttack, after Morpheus (Tan and others, 2020): "dogs" for
/// "dog", "went" for "goes", "bigger" for "big", as people write who learn the language. The
/// lemma is found in WordNet, in the part of speech in which the word is most frequent; each of its
/// other forms is equally likely. The reference implementations call a neural tagger, look forms up in
/// a table of the whole language, and drop the capitals; here capitals stay. Verbs have five forms,
/// nouns two, adjectives and adverbs three if they are short ("beautiful" has one: it stays). Words are
/// drawn until as many as `rate` comes to have another form. Stop words, names and words that WordNet does
/// not know are left alone. It knows English only: see `languages`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inflection {
    /// The forms that words are put into; all where there is none. With `["plural"]` every word
    /// drawn is a noun that becomes plural.
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
    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Inflecter {
            amount: context.amount,
            wanted: self.forms.clone(),
            wordnet: WordNet::english(),
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
                input: &["Dogs BITE, and a mouse runs away from Paris."],
                output: &["Dogs BIT, and a mice ran away from Paris."],
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
    places: Places,
    /// The word in lower case.
    lower: String,
    forms: OtherForms,
}

impl TextOperator for Inflecter {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let mut wanted = self.amount.of(words.len());
        self.places.reset(words.len());
        // Words are drawn one by one and looked up only then: most texts need but a few.
        while wanted > 0 {
            let Some(place) = self.places.draw(random) else {
                break;
            };
            let Some(word) = words.get(place) else {
                break;
            };
            if text.may_be_name(word) || !self.find_forms(text.word(word)) {
                continue;
            }
            let drawn = random.below(self.forms.len());
            if let Some(form) = self.forms.get(drawn) {
                let case = Case::of(text.word(word));
                edits.replace_if(word.range(), |new| {
                    case.append(form, new);
                    true
                });
                wanted -= 1;
            }
        }
        if edits.is_empty() {
            Outcome::Unchanged("no word with another form")
        } else {
            Outcome::Edited
        }
    }
}

impl Inflecter {
    /// Finds the other forms of `word`; answers whether there is any.
    fn find_forms(&mut self, word: &str) -> bool {
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
        let Some(reading) = Reading::likeliest(self.wordnet, &self.lower) else {
            return false;
        };
        let lemma = self.wordnet.text(reading.lemma);
        let wanted = &self.wanted;
        self.forms
            .find(lemma, reading.part_of_speech, &self.lower, |form| {
                wanted.is_empty() || wanted.contains(&InflectionForm::of(form))
            });
        !self.forms.is_empty()
    }
}
