//! The search against a model that computes logits from the history of a row.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers of tests are small"
)]

use proptest::prelude::*;

use super::*;
use crate::inference::Selector;
use crate::mt::{Decoding, Strategy as Search};
use crate::random::{Random, mix};

const END: u32 = 0;
const START: u32 = 1;

/// Logits are a hash of the source and of all tokens before. It keeps the rows' histories as a
/// real model keeps its past, so that a wrong parent shows.
struct Toy {
    vocabulary: usize,
    /// Raises the end of sentence.
    eagerness: f32,
    /// Whether it shows no more than the likeliest tokens where they are enough.
    chooses: bool,
    sources: Vec<Vec<u32>>,
    histories: Vec<Vec<u32>>,
    logits: Vec<f32>,
    tokens: Vec<u32>,
    log_probabilities: Vec<f32>,
    /// Steps at which it showed all tokens.
    shown: usize,
    /// Rows of all steps.
    rows: usize,
}

impl Toy {
    fn new(vocabulary: usize, eagerness: f32) -> Self {
        Self {
            vocabulary,
            eagerness,
            chooses: false,
            sources: Vec::new(),
            histories: Vec::new(),
            logits: Vec::new(),
            tokens: Vec::new(),
            log_probabilities: Vec::new(),
            shown: 0,
            rows: 0,
        }
    }

    /// Goes on with the likeliest tokens of each row.
    fn choose(&mut self, count: usize) {
        let all = std::mem::take(&mut self.logits);
        self.tokens.clear();
        self.log_probabilities.clear();
        for row in all.chunks(self.vocabulary) {
            let mut selector = Selector::default();
            let normaliser = selector.scan(row).unwrap();
            self.log_probabilities.push(-normaliser.log_sum);
            for candidate in selector.best(row, count) {
                self.logits.push(candidate.logit);
                self.tokens.push(candidate.token);
            }
        }
    }

    fn row(&self, source: &[u32], history: &[u32]) -> Vec<f32> {
        let key = |key: u64, token: &u32| mix(key ^ u64::from(*token));
        let key = source.iter().chain([&u32::MAX]).chain(history).fold(0, key);
        (0..self.vocabulary)
            .map(|token| {
                let unit = Random::from_key(mix(key ^ token as u64)).unit();
                let eager = if token == END as usize {
                    self.eagerness
                } else {
                    0.0
                };
                (unit * 4.0) as f32 + eager
            })
            .collect()
    }

    /// The logarithms of the probabilities of a row, computed plainly.
    fn log_probabilities(&self, source: &[u32], history: &[u32]) -> Vec<f64> {
        let row = self.row(source, history);
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        row.iter().map(|x| f64::from(*x) - sum.ln()).collect()
    }
}

impl StepModel for Toy {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn start(&mut self, sources: &[&[u32]]) -> Result<(), StepError> {
        self.sources = sources.iter().map(|source| source.to_vec()).collect();
        self.histories = vec![Vec::new(); sources.len()];
        Ok(())
    }

    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError> {
        assert_eq!(rows.tokens.len() % self.sources.len(), 0);
        let width = rows.tokens.len() / self.sources.len();
        let mut histories = Vec::new();
        self.logits.clear();
        for (row, (token, parent)) in rows.tokens.iter().zip(rows.parents).enumerate() {
            let mut history = self.histories[*parent as usize].clone();
            history.push(*token);
            assert_eq!(history.len(), rows.position + 1);
            self.logits
                .extend(self.row(&self.sources[row / width], &history));
            histories.push(history);
        }
        self.histories = histories;
        self.rows += rows.tokens.len();
        let Some(count) = rows.enough.filter(|_| self.chooses) else {
            self.shown += 1;
            return Ok(Scores::All(&mut self.logits));
        };
        assert!((1..self.vocabulary).contains(&count));
        self.choose(count);
        Ok(Scores::Likeliest {
            logits: &mut self.logits,
            tokens: &self.tokens,
            log_probabilities: &self.log_probabilities,
        })
    }

    fn keep(&mut self, sentences: &[u32]) -> Result<(), StepError> {
        let kept = |place: &u32| self.sources[*place as usize].clone();
        self.sources = sentences.iter().map(kept).collect();
        Ok(())
    }
}

fn special() -> SpecialTokens {
    SpecialTokens {
        start: START,
        end: END,
        forced_end: Some(END),
        bad: vec![vec![START]],
    }
}

fn decode(
    toy: &mut Toy,
    sources: &[Vec<u32>],
    decoding: &Decoding,
    wanted: usize,
    limit: usize,
) -> Vec<Vec<Found>> {
    let randoms: Vec<Random> = sources
        .iter()
        .map(|source| Random::from_key(u64::from(source[0])))
        .collect();
    let sources: Vec<Source<'_>> = sources
        .iter()
        .zip(&randoms)
        .map(|(tokens, random)| Source {
            tokens,
            wanted,
            limit,
            random,
        })
        .collect();
    search(toy, &sources, decoding, &special()).unwrap()
}

fn beam(beams: usize, length_penalty: f32) -> Decoding {
    Decoding::new(Search::Beam {
        beams,
        length_penalty,
    })
}

fn sample() -> Decoding {
    Decoding::new(Search::Sample {
        temperature: 1.3,
        top_k: 0,
        top_p: 0.95,
    })
}

/// All translations of at most `limit` tokens, with their scores, best first.
fn exhaustive(toy: &Toy, source: &[u32], limit: usize, penalty: f32) -> Vec<(Vec<u32>, f64)> {
    let mut all = Vec::new();
    let mut open = vec![(vec![START], 0.0)];
    while let Some((history, score)) = open.pop() {
        let length = history.len();
        let norm = |score: f64| score / (length as f64).powf(f64::from(penalty));
        if length == limit {
            let mut tokens = history[1..].to_vec();
            tokens.push(END);
            all.push((tokens, norm(score)));
            continue;
        }
        for (token, log_probability) in (0..).zip(toy.log_probabilities(source, &history)) {
            let mut longer = history.clone();
            longer.push(token);
            let score = score + log_probability;
            match token {
                START => {}
                END => all.push((longer[1..].to_vec(), norm(score))),
                _ => open.push((longer, score)),
            }
        }
    }
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[test]
fn a_wide_beam_finds_what_an_exhaustive_search_finds() {
    for seed in 0..30_u32 {
        for penalty in [0.0, 1.0, 1.5] {
            let mut toy = Toy::new(5, 1.0);
            let source = vec![seed, END];
            // As many beams as there are ways to go on without an end, in four steps of three.
            let found = decode(
                &mut toy,
                std::slice::from_ref(&source),
                &beam(81, penalty),
                81,
                5,
            );
            let expected = exhaustive(&toy, &source, 5, penalty);
            for (found, (tokens, score)) in found[0].iter().zip(&expected).take(20) {
                assert_eq!(found.tokens, *tokens, "{seed} {penalty}");
                assert!((f64::from(found.score) - score).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn greedy_search_takes_the_likeliest_token() {
    let mut toy = Toy::new(40, 1.5);
    let sources: Vec<Vec<u32>> = (0..20).map(|seed| vec![seed, END]).collect();
    let all = decode(&mut toy, &sources, &Decoding::new(Search::Greedy), 1, 12);
    for (source, found) in sources.iter().zip(all) {
        let mut history = vec![START];
        let mut score = 0.0;
        while history.len() < 12 && *history.last().unwrap() != END {
            let mut row = toy.log_probabilities(source, &history);
            row[START as usize] = f64::NEG_INFINITY;
            let best = (0..row.len())
                .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                .unwrap();
            score += row[best];
            history.push(best as u32);
        }
        let complete = *history.last().unwrap() == END;
        if !complete {
            history.push(END);
        }
        assert_eq!(found[0].tokens, history[1..]);
        assert!((f64::from(found[0].score) - score).abs() < 1e-4);
        assert_eq!(found[0].complete, complete);
    }
}

#[test]
fn one_beam_is_greedy_search() {
    let sources: Vec<Vec<u32>> = (0..20).map(|seed| vec![seed, END]).collect();
    let greedy = Decoding::new(Search::Greedy);
    let greedy = decode(&mut Toy::new(40, 1.5), &sources, &greedy, 1, 12);
    let beam = decode(&mut Toy::new(40, 1.5), &sources, &beam(1, 1.0), 1, 12);
    for (greedy, beam) in greedy.iter().zip(&beam) {
        assert_eq!(greedy[0].tokens, beam[0].tokens);
        let length = greedy[0].tokens.len() as f32;
        assert!((greedy[0].score / length - beam[0].score).abs() < 1e-5);
    }
}

#[test]
fn finished_sentences_are_not_computed_any_more() {
    let sources: Vec<Vec<u32>> = (0..64).map(|seed| vec![seed, END]).collect();
    let mut toy = Toy::new(40, 2.0);
    let found = decode(&mut toy, &sources, &Decoding::new(Search::Greedy), 1, 60);
    let needed: usize = found.iter().map(|found| found[0].tokens.len()).sum();
    let longest = found
        .iter()
        .map(|found| found[0].tokens.len())
        .max()
        .unwrap();
    assert!(longest * 64 > 2 * needed, "the test has no point");
    assert!(
        toy.rows < needed + needed / 6,
        "{} rows, {needed} needed",
        toy.rows
    );
}

#[test]
fn a_limit_without_a_forced_end_cuts() {
    let special = SpecialTokens {
        forced_end: None,
        ..special()
    };
    let random = Random::from_key(0);
    for decoding in [Decoding::new(Search::Greedy), beam(3, 1.0), sample()] {
        let source = Source {
            tokens: &[3, END],
            wanted: 2,
            limit: 4,
            random: &random,
        };
        let mut toy = Toy::new(9, -50.0);
        let found = search(&mut toy, &[source], &decoding, &special).unwrap();
        for found in &found[0] {
            assert_eq!(found.tokens.len(), 4);
            assert!(!found.tokens.contains(&END) && !found.complete);
        }
    }
}

#[test]
fn what_is_ruled_out_altogether_ends_the_search() {
    let special = SpecialTokens {
        bad: (0..9).map(|token| vec![token]).collect(),
        ..special()
    };
    let random = Random::from_key(0);
    for decoding in [Decoding::new(Search::Greedy), beam(3, 1.0), sample()] {
        let source = Source {
            tokens: &[3, END],
            wanted: 2,
            limit: 9,
            random: &random,
        };
        let found = search(&mut Toy::new(9, 0.0), &[source], &decoding, &special).unwrap();
        assert!(
            found[0]
                .iter()
                .all(|found| found.tokens.is_empty() && !found.complete)
        );
        assert_eq!(found[0].len(), 1);
    }
}

#[test]
fn logits_that_are_not_numbers_are_an_error() {
    struct Broken(Vec<f32>);
    impl StepModel for Broken {
        fn vocabulary(&self) -> usize {
            5
        }
        fn start(&mut self, _: &[&[u32]]) -> Result<(), StepError> {
            Ok(())
        }
        fn step(&mut self, _: Rows<'_>) -> Result<Scores<'_>, StepError> {
            Ok(Scores::All(&mut self.0))
        }
        fn keep(&mut self, _: &[u32]) -> Result<(), StepError> {
            Ok(())
        }
    }
    let random = Random::from_key(0);
    for decoding in [Decoding::new(Search::Greedy), beam(3, 1.0), sample()] {
        let source = Source {
            tokens: &[3, END],
            wanted: 2,
            limit: 9,
            random: &random,
        };
        let mut model = Broken(vec![0.0, f32::NAN, 1.0, 2.0, 3.0]);
        let error = search(
            &mut model,
            std::slice::from_ref(&source),
            &decoding,
            &special(),
        );
        assert!(matches!(error, Err(StepError::NotNumbers { position: 0 })));
        let mut model = Broken(vec![0.0; 3]);
        let error = search(&mut model, &[source], &decoding, &special());
        assert!(matches!(error, Err(StepError::Runtime(_))));
    }
}

fn decodings() -> impl proptest::strategy::Strategy<Value = Decoding> {
    let any = prop_oneof![
        Just(Decoding::new(Search::Greedy)),
        Just(beam(4, 1.0)),
        Just(beam(3, 0.6)),
        Just(sample()),
    ];
    (any, 0_usize..3, prop_oneof![Just(1.0_f32), Just(1.4)]).prop_map(
        |(decoding, ngram, penalty)| Decoding {
            no_repeat_ngram: ngram,
            repetition_penalty: penalty,
            ..decoding
        },
    )
}

/// With draws from the likeliest tokens, and from all of them.
fn all_decodings() -> impl proptest::strategy::Strategy<Value = Decoding> {
    let top_k = prop_oneof![Just(0_usize), 1_usize..20];
    (decodings(), top_k).prop_map(|(mut decoding, chosen)| {
        if let Search::Sample { top_k, .. } = &mut decoding.strategy {
            *top_k = chosen;
        }
        decoding
    })
}

proptest! {
    #[test]
    fn the_likeliest_tokens_are_enough(
        decoding in all_decodings(),
        raises: bool,
        seeds in prop::collection::vec(0_u32..1000, 1..12),
        wanted in 1_usize..5,
        limit in 1_usize..15,
    ) {
        let mut decoding = decoding;
        if raises {
            decoding.repetition_penalty = decoding.repetition_penalty.recip();
        }
        let sources: Vec<Vec<u32>> = seeds.iter().map(|seed| vec![*seed, END]).collect();
        let mut all = Toy::new(300, 1.5);
        let expected = decode(&mut all, &sources, &decoding, wanted, limit);
        let mut toy = Toy::new(300, 1.5);
        toy.chooses = true;
        let found = decode(&mut toy, &sources, &decoding, wanted, limit);
        prop_assert_eq!(found, expected);
        let from_all = matches!(decoding.strategy, Search::Sample { top_k: 0, .. });
        let needs_all = from_all || decoding.repetition_penalty < 1.0;
        prop_assert_eq!(toy.shown, if needs_all { all.shown } else { 0 });
    }

    #[test]
    fn found_translations_are_distinct_and_within_bounds(
        decoding in decodings(),
        seeds in prop::collection::vec(0_u32..1000, 1..12),
        wanted in 1_usize..5,
        limit in 1_usize..15,
        eagerness in 0.0_f32..3.0,
    ) {
        let sources: Vec<Vec<u32>> = seeds.iter().map(|seed| vec![*seed, END]).collect();
        let mut toy = Toy::new(30, eagerness);
        let all = decode(&mut toy, &sources, &decoding, wanted, limit);
        prop_assert_eq!(all.len(), sources.len());
        for found in &all {
            prop_assert!(!found.is_empty() && found.len() <= wanted);
            for (place, one) in found.iter().enumerate() {
                prop_assert!(one.tokens.len() <= limit);
                prop_assert!(!one.tokens.contains(&START));
                prop_assert_eq!(one.tokens.last(), Some(&END));
                prop_assert_eq!(one.tokens.iter().filter(|token| **token == END).count(), 1);
                prop_assert!(!found[..place].iter().any(|other| other.tokens == one.tokens));
                if decoding.no_repeat_ngram == 2 {
                    let pairs: Vec<&[u32]> = one.tokens.windows(2).collect();
                    let distinct: std::collections::BTreeSet<&[u32]> =
                        pairs.iter().copied().collect();
                    prop_assert_eq!(pairs.len(), distinct.len());
                }
            }
            if matches!(decoding.strategy, Search::Beam { .. }) {
                prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            }
        }
    }

    #[test]
    fn the_company_of_a_sentence_does_not_matter(
        decoding in decodings(),
        seeds in prop::collection::vec(0_u32..1000, 1..20),
        wanted in 1_usize..4,
        limit in 1_usize..12,
    ) {
        let sources: Vec<Vec<u32>> = seeds.iter().map(|seed| vec![*seed, END]).collect();
        let together = decode(&mut Toy::new(30, 1.5), &sources, &decoding, wanted, limit);
        for (source, together) in sources.iter().zip(together) {
            let mut toy = Toy::new(30, 1.5);
            let alone = decode(&mut toy, std::slice::from_ref(source), &decoding, wanted, limit);
            prop_assert_eq!(&together, &alone[0]);
        }
    }

    #[test]
    fn more_draws_begin_with_the_same_draws(seed in 0_u32..1000, limit in 2_usize..8) {
        let sources = vec![vec![seed, END]];
        let few = decode(&mut Toy::new(300, 0.0), &sources, &sample(), 2, limit);
        let many = decode(&mut Toy::new(300, 0.0), &sources, &sample(), 5, limit);
        let few: Vec<&Vec<u32>> = few[0].iter().map(|found| &found.tokens).collect();
        let many: Vec<&Vec<u32>> = many[0].iter().map(|found| &found.tokens).collect();
        prop_assert!(many.starts_with(&few));
    }
}
