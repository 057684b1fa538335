//! The tagger against `tests/golden/part_of_speech.tsv`: examples that it was not trained on, with
//! the scores that `tools/part_of_speech/train.py` computes.

use super::super::wordnet::{PartOfSpeech, WordNet};
use super::{Class, Context, Neighbor, Reading, Surroundings, Tagger};

const GOLDEN: &str = include_str!("../../../tests/golden/part_of_speech.tsv");

fn class(tagger: Tagger, neighbor: Neighbor<'_>) -> Class {
    match neighbor {
        Neighbor::Word(word) => {
            let form = word.replace('’', "'").to_lowercase();
            tagger.seen_as(tagger.class(&form), word)
        }
        other => tagger.mark(other).unwrap(),
    }
}

fn surroundings(tagger: Tagger, text: &str, start: usize, end: usize) -> Surroundings<'static> {
    let context = Context::around(text, start..end);
    tagger.surroundings(
        class(tagger, context.before),
        Some(class(tagger, context.second())),
        class(tagger, context.after),
    )
}

#[test]
fn scores_are_those_of_the_training_script_and_mostly_right() {
    let tagger = Tagger::english();
    let wordnet = WordNet::english();
    let (mut right, mut total) = (0, 0);
    for line in GOLDEN.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [text, start, end, part, scores, for_past] = fields[..] else {
            panic!("{line}");
        };
        let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
        let form = text[start..end].to_lowercase();
        let around = surroundings(tagger, text, start, end);
        let mut readings: Vec<(i32, Reading)> = Vec::new();
        tagger.readings(&form, |reading| {
            let score = tagger.evidence(&form, &reading) + around.evidence(reading.tag);
            readings.push((score, reading));
        });
        let ours: Vec<String> = readings
            .iter()
            .map(|(score, reading)| {
                format!(
                    "{}/{}:{score}",
                    wordnet.text(reading.lemma),
                    reading.tag.name()
                )
            })
            .collect();
        assert_eq!(ours.join(" "), scores, "{line}");
        assert_eq!(around.past().to_string(), for_past, "{line}");
        let best = readings
            .iter()
            .rev()
            .max_by_key(|(score, _)| *score)
            .unwrap();
        let expected = match part {
            "N" => PartOfSpeech::Noun,
            "V" => PartOfSpeech::Verb,
            "A" => PartOfSpeech::Adjective,
            _ => PartOfSpeech::Adverb,
        };
        right += usize::from(best.1.tag.part_of_speech() == expected);
        total += 1;
    }
    assert!(total > 300);
    assert!(right * 100 >= total * 92, "{right} of {total}");
}

#[test]
fn a_past_is_told_from_a_participle() {
    let tagger = Tagger::english();
    for (text, word, past) in [
        ("He walked home.", "walked", true),
        ("He has walked home.", "walked", false),
        ("The film was directed by a newcomer.", "directed", false),
        ("She opened the door.", "opened", true),
        ("It had been opened before.", "opened", false),
    ] {
        let start = text.find(word).unwrap();
        let around = surroundings(tagger, text, start, start + word.len());
        assert_eq!(around.is_past(), past, "{text}");
    }
}
