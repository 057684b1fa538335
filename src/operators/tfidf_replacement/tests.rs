//! Which words are replaced, and by what.

use std::sync::Arc;

use super::*;
use crate::text::{Segmenter, WordCounts};

fn replacement(amount: Amount) -> Replacement {
    let counts = WordCounts::of(golden::texts());
    Replacement::new(
        Share::Exactly(amount),
        Arc::new(Vocabulary::new(&counts, usize::MAX)),
    )
}

#[test]
fn places_are_as_likely_as_the_paper_says() {
    let mut replacement = replacement(Amount::new(0.1, 1, None));
    let mut segmenter = Segmenter::default();
    for (number, text) in golden::texts().into_iter().enumerate() {
        let segments = segmenter.segment(text);
        replacement.weigh(&Text::new(text, segments.words, segments.protected, 0));
        let found = replacement.drawn.likelihoods();
        let expected = golden::replaced(number);
        assert_eq!(found.len(), expected.len());
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (found - expected).abs() < 1e-4,
                "{number} {place}: {found} {expected}"
            );
        }
    }
}

#[test]
fn what_tells_most_stays_and_a_new_word_is_another_one() {
    let example = |options: String| Example {
        title: "",
        options: options.leak(),
        columns: &[],
        input: &[
            "the film was weary",
            "The week was the week",
            "The weary WEEK",
        ],
        output: &[],
    };
    let registry = Registry::builtin();
    let run = |options| {
        example(options)
            .run(&registry, TfidfReplacement::NAME)
            .unwrap()
    };
    for replicas in 1..4 {
        for text in run(format!("rate = 1.0\nreplicas = {replicas}")) {
            assert!(!text.to_lowercase().starts_with("the "), "{text}");
            let most_telling = ["film", "week", "WEEK", "weary"];
            assert!(
                most_telling.iter().any(|word| text.contains(word)),
                "{text}"
            );
        }
    }
}

#[test]
fn a_text_whose_words_tell_the_same_stays_as_it_is() {
    let mut replacement = replacement(Amount::new(1.0, 1, None));
    let mut segmenter = Segmenter::default();
    for text in ["", "!?", "film", "the the", "weary crew", "unheard thing"] {
        let segments = segmenter.segment(text);
        let mut edits = Edits::default();
        let outcome = replacement.rewrite(
            &Text::new(text, segments.words, segments.protected, 0),
            &mut Random::from_key(1),
            &mut edits,
        );
        assert!(
            matches!(outcome, Outcome::Unchanged(_)),
            "{text}: {outcome:?}"
        );
        assert!(edits.is_empty());
    }
}

#[test]
fn problems_stand_at_their_options() {
    let wrong = TfidfReplacement {
        statistics: Some(PathBuf::new()),
        vocabulary: 0,
    };
    let options: Vec<String> = wrong.validate().into_iter().map(|of| of.option).collect();
    assert_eq!(options, ["vocabulary", "statistics"]);
    let folder = tempfile::tempdir().unwrap();
    let config = TfidfReplacement {
        statistics: Some("words.tsv".into()),
        vocabulary: 9,
    };
    let models = crate::inference::ModelSettings::default();
    let site = Site {
        base: folder.path(),
        models: &models,
    };
    let [problem] = &config.inspect(site).unwrap_err()[..] else {
        panic!("not one problem");
    };
    assert_eq!(problem.option, "statistics");
    assert!(problem.message.contains("words.tsv"), "{problem:?}");
    std::fs::write(folder.path().join("words.tsv"), "\t3\nthe\t2\n").unwrap();
    let first = config.inspect(site).unwrap();
    assert_eq!(first["statistics"].as_str().map(str::len), Some(64));
    std::fs::write(folder.path().join("words.tsv"), "\t3\nthe\t1\n").unwrap();
    assert_ne!(config.inspect(site).unwrap(), first);
}
