//! Which language a text is found to be in.

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::Float64Type;
use proptest::prelude::*;

use super::codes::CODES;
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
