use std::fs;

use super::*;
use crate::operator::{Resources, Shared, TextColumn};

/// What becomes of a text.
fn run(options: &str, text: &str) -> String {
    fn leak(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
    let example = Example {
        title: "",
        options: leak(options),
        columns: &[],
        input: vec![leak(text)].leak(),
        output: &[],
    };
    let output = example.run(&Registry::builtin(), "dictionary_replacement");
    output.unwrap().remove(0)
}

#[test]
fn phrases_are_found_whole_and_the_longest_first() {
    let options = r#"words = { "per cent" = "percent", per = "for", "point of view" = "opinion", "C++" = "Rust", "e.g." = "say", "don't" = "do not" }"#;
    for (text, expected) in [
        ("ten per  cent per centum", "ten percent for centum"),
        ("per\ncent", "for\ncent"),
        (
            "my point of\tview; point of views",
            "my opinion; point of views",
        ),
        ("C++ or C+ or C", "Rust or C+ or C"),
        ("cats, e.g. lions", "cats, say lions"),
        ("I don’t", "I do not"),
        ("super percent", "super percent"),
        ("Per Cent PER CENT pEr", "Percent PERCENT for"),
    ] {
        assert_eq!(run(options, text), expected);
    }
}

#[test]
fn marks_are_entries_too() {
    let options = r#"words = { "&" = "and", ":-)" = "happy", "😀" = "smile", "&c" = "etc" }"#;
    for (text, expected) in [
        ("you & me :-) 😀", "you and me happy smile"),
        ("this &c that &cat", "this etc that andcat"),
        ("`a & b` & c", "`a & b` and c"),
    ] {
        assert_eq!(run(options, text), expected);
    }
}

#[test]
fn other_scripts_are_found_in_whatever_case() {
    let options = r#"words = { "straße" = "gasse", "école" = "lycée" }"#;
    assert_eq!(run(options, "Straße, ÉCOLE, École"), "Gasse, LYCÉE, Lycée");
}

#[test]
fn what_is_written_as_the_entry_is_replaced_as_given() {
    let options = r#"words = { NYC = "New York City", usa = "states" }"#;
    assert_eq!(
        run(options, "NYC, USA, Usa"),
        "New York City, STATES, States"
    );
}

#[test]
fn articles_follow_in_english_and_only_there() {
    let options = r#"words = { old = "new", big = "enormous", very = "", quite = "", movie = "art film", an = "one", gross = "nett", casa = "edificio" }"#;
    for (text, expected) in [
        ("It was a big movie", "It was an enormous art film"),
        ("This is a movie", "This is an art film"),
        (
            "That is a very interesting film",
            "That is an interesting film",
        ),
        ("That is a quite very big film", "That is an enormous film"),
        ("A very old and a quite very", "A new and a"),
        ("with a very, as it is", "with a, as it is"),
        ("That is an old film", "That is one new film"),
        ("Er denkt an gross", "Er denkt one nett"),
        ("Voy a casa", "Voy a edificio"),
    ] {
        assert_eq!(run(options, text), expected);
    }
}

#[test]
fn entries_that_are_wrong_are_named() {
    let config = |words: &str, case_sensitive: bool| DictionaryReplacement {
        words: serde_json::from_str(words).unwrap(),
        file: None,
        case_sensitive,
    };
    for (words, part) in [
        ("{}", "there is no entry"),
        (r#"{" ": "a"}"#, "no word"),
        (r#"{"a": []}"#, "`a` has no replacement"),
        (r#"{"A": "b", "a": "c"}"#, "`A` and `a` are the same entry"),
    ] {
        let problems = config(words, false).validate();
        assert!(
            problems.len() == 1 && problems[0].message.contains(part),
            "{problems:?}"
        );
    }
    assert!(
        config(r#"{"A": "b", "a": ["c", ""]}"#, true)
            .validate()
            .is_empty()
    );
}

#[test]
fn a_file_is_read_once_and_its_hash_is_known_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let config = DictionaryReplacement {
        words: BTreeMap::new(),
        file: Some("words.tsv".to_owned()),
        case_sensitive: false,
    };
    let resources = Resources {
        base: folder.path().to_owned(),
        shared: Shared::default(),
        ..Resources::default()
    };
    let site = Site {
        base: folder.path(),
        models: &resources.models,
    };
    let problems = config.inspect(site).unwrap_err();
    assert_eq!(problems[0].option, "file");
    fs::write(folder.path().join("words.tsv"), "colour\tcolor\n").unwrap();
    let first = config.inspect(site).unwrap();
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let context = BuildContext {
        id: "a",
        inputs: &[],
        position: 0,
        seed: 1,
        text: &text,
        source_rows: 1,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    };
    assert!(config.build(&context).is_ok());
    fs::write(folder.path().join("words.tsv"), "colour\n").unwrap();
    // The second worker gets what the first read; another operator does not.
    assert!(config.build(&context).is_ok());
    let other = BuildContext { id: "b", ..context };
    let error = config.build(&other).err().unwrap().to_string();
    assert!(error.contains("line 1"), "{error}");
    fs::write(folder.path().join("words.tsv"), "colour\thue\n").unwrap();
    assert_ne!(config.inspect(site).unwrap(), first);
}
