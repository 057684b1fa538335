//! Against what is slow and plainly right, whatever the batches, the shards and the bounds.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;

use super::keys::Key;
use super::minhash::Signer;
use super::partitions::Limits;
use super::*;
use crate::batch::{Origins, Shard};
use crate::operator::{Resources, ScratchFolder, SurveyedShard, TextColumn, TextValues};
use crate::operators::trial;

fn text_column() -> TextColumn {
    TextColumn {
        name: "text".to_owned(),
        index: 0,
    }
}

fn near() -> Deduplicate {
    Deduplicate {
        mode: DuplicateMode::Near,
        ngram: 2,
        bands: 4,
        rows: 2,
        ..Deduplicate::default()
    }
}

/// Which rows leave by `duplicates`, where the rows come in batches of these lengths, the last
/// with what is left; and what is counted and measured.
fn in_shard(
    config: &Deduplicate,
    records: &RecordBatch,
    batches: &[usize],
) -> (Vec<bool>, BTreeMap<String, u64>, u64) {
    let mut operator = config
        .build(&BuildContext {
            id: "demo",
            inputs: &[],
            position: 0,
            seed: 1,
            text: &text_column(),
            source_rows: 1,
            texts: None,
            amount: Amount::NONE,
            resources: &Resources::default(),
        })
        .unwrap();
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let mut repeats = vec![None; records.num_rows()];
    let (mut first, mut seq) = (0, 0);
    let lengths = batches.iter().copied().chain([records.num_rows()]);
    for length in lengths {
        let length = length.min(records.num_rows() - first);
        if length == 0 {
            continue;
        }
        let origins = Arc::new(Origins::new("demo", first as u64, length, None));
        let batch = Batch {
            records: records.slice(first, length),
            rows: Rows::originals(origins, false),
            shard: Arc::clone(&shard),
            seq,
            last: false,
            ticket: None,
        };
        let mut context = Context::new(&shard, 0, 2);
        operator.process(batch, &mut context).unwrap();
        for (port, output) in context.into_outputs().into_iter().enumerate() {
            let rows = output.iter().flat_map(|batch| {
                (0..batch.rows.len()).map(|row| usize::try_from(batch.rows.number(row)).unwrap())
            });
            for row in rows {
                assert_eq!(
                    repeats[row].replace(port == 1),
                    None,
                    "row {row} came twice"
                );
            }
        }
        first += length;
        seq += 1;
    }
    let counts = shard.counters.operator(0).snapshot();
    let forgotten = counts.measures.get("forgotten");
    let repeats: Option<Vec<bool>> = repeats.into_iter().collect();
    (
        repeats.expect("every row leaves"),
        counts.reasons,
        forgotten.map_or(0, |measure| measure.amount),
    )
}

/// Which rows are duplicates in the data set of these shards, which are noted from the last to the
/// first in batches of so many rows; and how many keys were held at a time, in how many files.
fn in_dataset<K: Key>(
    config: &Deduplicate,
    shards: &[RecordBatch],
    batch_rows: usize,
    threads: usize,
    limits: Limits,
) -> (Vec<bool>, (usize, usize)) {
    let named: Vec<SurveyedShard> = shards
        .iter()
        .zip(0..)
        .map(|(records, number)| SurveyedShard {
            source: "demo".to_owned(),
            path: format!("{number}"),
            rows: records.num_rows() as u64,
        })
        .collect();
    let folder = ScratchFolder::temporary().unwrap();
    let schema = shards[0].schema();
    let site = SurveySite {
        schema: &schema,
        text: &text_column(),
        shards: &named,
        folder: folder.path(),
    };
    let compared = Compared::new(config, &schema, &text_column()).unwrap();
    let survey = DuplicateSurvey::<K>::within(compared, &site, limits);
    for (shard, records) in shards.iter().enumerate().rev() {
        for first in (0..records.num_rows()).step_by(batch_rows) {
            let length = batch_rows.min(records.num_rows() - first);
            let columns = records
                .slice(first, length)
                .project(survey.columns())
                .unwrap();
            survey.note(shard, first as u64, columns.columns()).unwrap();
        }
    }
    let found = survey.finish(threads, &|| false).unwrap().unwrap();
    let duplicates = found.downcast::<Duplicates>().unwrap();
    let repeats = named.iter().flat_map(|shard| {
        let first = duplicates.first(&shard.source, &shard.path).unwrap();
        (first..first + shard.rows).map(|row| duplicates.contains(row))
    });
    (repeats.collect(), survey.figures())
}

fn texts(records: &RecordBatch) -> Vec<Option<String>> {
    let values = TextValues::new(records.column(0)).unwrap();
    (0..values.len())
        .map(|row| values.get(row).map(str::to_owned))
        .collect()
}

/// Rows that equal an earlier one.
fn plainly_exact(records: &RecordBatch) -> Vec<bool> {
    let mut known = HashSet::new();
    let mut repeats = |text: Option<String>| text.is_some_and(|text| !known.insert(text));
    texts(records).into_iter().map(&mut repeats).collect()
}

/// Rows that share a band with an earlier one.
fn plainly_near(config: &Deduplicate, records: &RecordBatch) -> Vec<bool> {
    let signer = Signer::new(config.ngram, config.bands, config.rows);
    let mut signing = signer.begin();
    let bands: Vec<Option<Vec<u64>>> = texts(records)
        .iter()
        .map(|text| Some(signer.bands_of(text.as_deref()?, &mut signing).collect()))
        .collect();
    let alike = |one: &Option<Vec<u64>>, two: &Option<Vec<u64>>| match (one, two) {
        (Some(one), Some(two)) => one.iter().zip(two).any(|(one, two)| one == two),
        _ => false,
    };
    let repeats = |row: usize| {
        bands[..row]
            .iter()
            .any(|earlier| alike(earlier, &bands[row]))
    };
    (0..bands.len()).map(repeats).collect()
}

/// Texts of few words, so that many are alike; some are null.
fn records() -> impl Strategy<Value = RecordBatch> {
    let text = prop_oneof![
        9 => "([abc],? ){0,6}[A-Cabc]?".prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec(text, 1..60).prop_map(|texts| {
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        trial::records(&texts)
    })
}

/// So little memory that everything has to be done in many goes.
const TINY: Limits = Limits {
    held: 6,
    in_file: 7,
    files: 5,
    waiting: 100,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exact_is_a_set_of_texts_whatever_the_batches(
        records in records(), batches in prop::collection::vec(0_usize..20, 0..8)
    ) {
        let expected = plainly_exact(&records);
        let (repeats, counts, forgotten) = in_shard(&Deduplicate::default(), &records, &batches);
        let count = expected.iter().filter(|repeats| **repeats).count() as u64;
        prop_assert_eq!(&repeats, &expected);
        prop_assert_eq!(counts.get("filtered: duplicate").copied().unwrap_or_default(), count);
        prop_assert_eq!(forgotten, 0);
    }

    #[test]
    fn near_is_a_comparison_of_all_pairs_whatever_the_batches(
        records in records(), batches in prop::collection::vec(0_usize..20, 0..8)
    ) {
        let (repeats, ..) = in_shard(&near(), &records, &batches);
        prop_assert_eq!(&repeats, &plainly_near(&near(), &records));
        // Equal texts share all bands.
        for (near, exact) in repeats.iter().zip(plainly_exact(&records)) {
            prop_assert!(*near || !exact);
        }
    }

    #[test]
    fn a_data_set_is_its_shards_one_after_the_other(
        records in records(), cut in 0_usize..60, batch_rows in 1_usize..20, threads in 1_usize..4
    ) {
        let cut = cut.min(records.num_rows());
        let shards = [
            records.slice(0, cut),
            records.slice(0, 0),
            records.slice(cut, records.num_rows() - cut),
        ];
        for limits in [TINY, Limits::USUAL] {
            let exact = Deduplicate::default();
            let (repeats, (held, _)) =
                in_dataset::<u128>(&exact, &shards, batch_rows, threads, limits);
            prop_assert_eq!(&repeats, &plainly_exact(&records));
            prop_assert!(held <= limits.held);
            let (repeats, (held, _)) =
                in_dataset::<u64>(&near(), &shards, batch_rows, threads, limits);
            prop_assert_eq!(&repeats, &plainly_near(&near(), &records));
            prop_assert!(held <= limits.held);
        }
    }

    #[test]
    fn one_shard_is_a_data_set(records in records()) {
        let shards = std::slice::from_ref(&records);
        let (streamed, ..) = in_shard(&near(), &records, &[7, 7]);
        let (surveyed, _) = in_dataset::<u64>(&near(), shards, 5, 2, TINY);
        prop_assert_eq!(streamed, surveyed);
    }

    #[test]
    fn what_is_remembered_depends_on_the_rows_alone(
        records in records(), batches in prop::collection::vec(0_usize..20, 0..8), remember in 1_usize..6
    ) {
        for config in [Deduplicate::default(), near()] {
            let config = Deduplicate { remember, ..config };
            let whole = in_shard(&config, &records, &[]);
            prop_assert_eq!(in_shard(&config, &records, &batches), whole);
        }
    }
}

#[test]
fn memory_is_bounded_however_many_rows_there_are() {
    let texts: Vec<String> = (0..3000)
        .map(|row| format!("text {}", row % 2000))
        .collect();
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
    let records = trial::records(&texts);
    let limits = Limits {
        held: 100,
        in_file: 50,
        files: 16,
        waiting: 4096,
    };
    for threads in [1, 3] {
        let shards = std::slice::from_ref(&records);
        let config = Deduplicate::default();
        let (repeats, (held, files)) = in_dataset::<u128>(&config, shards, 64, threads, limits);
        assert_eq!(repeats.iter().filter(|repeats| **repeats).count(), 1000);
        // 125 different texts for each file, so every file takes more than one go.
        assert_eq!(files, 16);
        assert!((50..=100).contains(&held), "{held}");
    }
}

#[test]
fn a_survey_that_is_stopped_finds_nothing() {
    let folder = ScratchFolder::temporary().unwrap();
    let records = trial::records(&[Some("one"), Some("one")]);
    let shards = [SurveyedShard {
        source: "demo".to_owned(),
        path: "demo".to_owned(),
        rows: 2,
    }];
    let site = SurveySite {
        schema: &records.schema(),
        text: &text_column(),
        shards: &shards,
        folder: folder.path(),
    };
    let survey = Deduplicate {
        scope: DuplicateScope::Dataset,
        ..Deduplicate::default()
    };
    let survey = survey.survey(&site).unwrap().unwrap();
    survey.note(0, 0, records.columns()).unwrap();
    assert!(survey.finish(2, &|| true).unwrap().is_none());
    // What cannot be written is told with its place and a remedy.
    let gone = folder.path().join("keys-0000");
    drop(folder);
    survey.note(0, 0, records.columns()).unwrap();
    let error = survey.finish(2, &|| false).err().unwrap().to_string();
    assert!(
        error.contains(gone.to_str().unwrap()) && error.contains("scope"),
        "{error}"
    );
}

#[test]
fn the_oldest_rows_are_forgotten_and_that_is_measured() {
    let records = trial::records(&["a", "b", "c", "a", "c"].map(Some));
    let config = Deduplicate {
        remember: 2,
        ..Deduplicate::default()
    };
    let (repeats, counts, forgotten) = in_shard(&config, &records, &[]);
    assert_eq!(repeats, [false, false, false, false, true]);
    assert_eq!(forgotten, 2);
    assert_eq!(counts["filtered: duplicate"], 1);
}

#[test]
fn columns_are_compared_by_their_values_and_rows_of_nulls_are_not() {
    let labels: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(1),
        Some(1),
        Some(2),
        None,
        None,
        Some(1),
    ]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![
        Some("A cat."),
        Some("a cat"),
        Some("a cat"),
        None,
        None,
        None,
    ]));
    let columns = [("text", texts, true), ("label", labels, true)];
    let records = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let repeats = |by: &[&str], normalise: bool, mode: DuplicateMode| {
        let config = Deduplicate {
            by: by.iter().map(|name| (*name).to_owned()).collect(),
            normalise,
            mode,
            ..near()
        };
        let rows = in_shard(&config, &records, &[2]).0;
        rows.iter()
            .map(|repeats| u8::from(*repeats))
            .collect::<Vec<_>>()
    };
    let (exact, near) = (DuplicateMode::Exact, DuplicateMode::Near);
    assert_eq!(repeats(&[], false, exact), [0, 0, 1, 0, 0, 0]);
    assert_eq!(repeats(&[], true, exact), [0, 1, 1, 0, 0, 0]);
    assert_eq!(repeats(&["label"], false, exact), [0, 1, 0, 0, 0, 1]);
    assert_eq!(repeats(&["text", "label"], false, exact), [0; 6]);
    assert_eq!(repeats(&["label", "text"], true, exact), [0, 1, 0, 0, 0, 0]);
    // Near texts, of the same label; a row without text is not compared.
    assert_eq!(repeats(&["label"], false, near), [0, 1, 0, 0, 0, 0]);
    assert_eq!(repeats(&[], false, near), [0, 1, 1, 0, 0, 0]);
}

/// Two texts of words that occur once, so that with n-grams of one word their similarity is known.
fn pair(number: usize, shared: usize, own: usize) -> [String; 2] {
    let words = |of: &str, count: usize| -> Vec<String> {
        (0..count)
            .map(|word| format!("{of}{number}x{word}"))
            .collect()
    };
    let both = words("both", shared);
    [words("one", own), words("two", own)].map(|own| [both.clone(), own].concat().join(" "))
}

/// The share of pairs that have a band in common follows the formula. Expected is the mean of a
/// binomial distribution; five standard deviations off come once in a million.
#[test]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn pairs_are_found_with_the_probability_that_the_documentation_says() {
    const PAIRS: usize = 600;
    for (bands, rows) in [(14, 8), (9, 13), (32, 4)] {
        let signer = Signer::new(1, bands, rows);
        let mut signing = signer.begin();
        // Similarities 0.33, 0.5, 0.6, 0.71, 0.82 and 0.9.
        for (shared, own) in [(10, 10), (20, 10), (24, 8), (30, 6), (36, 4), (36, 2)] {
            let found = (0..PAIRS).filter(|number| {
                let [one, two] = pair(*number, shared, own);
                let one: Vec<u64> = signer.bands_of(&one, &mut signing).collect();
                let two = signer.bands_of(&two, &mut signing);
                one.into_iter().zip(two).any(|(one, two)| one == two)
            });
            let found = found.count() as f64 / PAIRS as f64;
            let similarity = shared as f64 / (shared + 2 * own) as f64;
            let in_band = similarity.powi(i32::try_from(rows).unwrap());
            let expected = 1.0 - (1.0 - in_band).powi(i32::try_from(bands).unwrap());
            let deviation = (expected * (1.0 - expected) / PAIRS as f64).sqrt();
            assert!(
                (found - expected).abs() <= 5.0 * deviation + 0.002,
                "{bands} bands of {rows} at {similarity:.2}: {found:.3}, not {expected:.3}"
            );
        }
    }
}

#[test]
fn short_texts_have_one_n_gram_and_those_without_a_word_are_compared_as_they_are() {
    let texts = [
        "One two",
        "one, two!",
        "one two three",
        "?!",
        "?!",
        "!",
        "",
        "",
    ];
    let config = Deduplicate {
        mode: DuplicateMode::Near,
        ..Deduplicate::default()
    };
    let (repeats, ..) = in_shard(&config, &trial::records(&texts.map(Some)), &[]);
    let repeats: Vec<u8> = repeats.into_iter().map(u8::from).collect();
    assert_eq!(repeats, [0, 1, 0, 0, 1, 0, 0, 1]);
}

#[test]
fn wrong_options_and_columns_are_named() {
    for (options, option, message) in [
        ("bands = 0", "bands", "`bands` is 0"),
        ("rows = 257", "rows", "`rows` is 257"),
        ("ngram = 0", "ngram", "`ngram` is 0"),
        ("remember = 0", "remember", "`remember` is 0"),
        ("by = [\"a\", \"b\", \"a\"]", "by", "`by` names `a` twice"),
    ] {
        let config: Deduplicate = toml::from_str(options).unwrap();
        let problems = config.validate();
        assert_eq!(problems.len(), 1, "{options}");
        assert_eq!(
            (&*problems[0].option, &*problems[0].message),
            (option, message)
        );
    }
    let config: Deduplicate = toml::from_str("by = [\"txt\", \"text\"]").unwrap();
    let problems = OperatorConfig::schemas(&config, &trial::records(&[]).schema()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "there is no column `txt`");
    assert!(problems[0].help.contains("`text`"));
    // Columns that are named make do without a text column.
    assert!(!OperatorConfig::reads_text(&config));
    assert!(
        OperatorConfig::reads_text(&Deduplicate::default()) && OperatorConfig::reads_text(&near())
    );
}
