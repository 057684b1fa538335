//! The operator on batches, and what it says of options that are wrong.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::*;
use crate::batch::{Origins, Shard};
use crate::operator::{Resources, TextColumn, TextValues};

fn config(template: &str) -> Template {
    Template {
        on_annotations: OnAnnotations::default(),
        template: template.to_owned(),
        shots: 0,
        shot_template: None,
        shot_separator: " ".to_owned(),
        shots_from: ShotsFrom::AnyLabel,
        label: None,
        null: None,
        replicas: None,
    }
}

fn with_shots(shots: u32, from: ShotsFrom) -> Template {
    Template {
        shots,
        shot_template: Some("{text}".to_owned()),
        shots_from: from,
        label: Some("label".to_owned()),
        ..config("for {text}: {shots}")
    }
}

/// The texts that leave, the rows that are left over, and the counts.
fn run(
    config: &Template,
    texts: &[Option<&str>],
    labels: &[Option<i64>],
    origins: &[u32],
) -> (Vec<String>, Vec<u64>, Vec<(String, u64)>) {
    assert_eq!(config.validate(), []);
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let context = BuildContext {
        id: "demo",
        inputs: &[],
        position: 0,
        seed: 1,
        text: &text,
        source_rows: 4,
        texts: None,
        amount: Amount::NONE,
        resources: &Resources::default(),
    };
    let mut operator = config.build(&context).unwrap();
    let columns: [(&str, ArrayRef, bool); 2] = [
        ("text", Arc::new(StringArray::from(texts.to_vec())), true),
        ("label", Arc::new(Int64Array::from(labels.to_vec())), true),
    ];
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let origin = Arc::new(Origins::new("demo", 0, texts.len(), None));
    let mut rows = Rows::originals(origin, true);
    rows.origin = origins.to_vec();
    let batch = Batch {
        records: RecordBatch::try_from_iter_with_nullable(columns).unwrap(),
        rows,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, 2);
    operator.process(batch, &mut context).unwrap();
    let mut outputs = context.into_outputs().into_iter();
    let main = outputs.next().flatten().unwrap();
    let values = TextValues::new(main.records.column(0)).unwrap();
    let filled = (0..values.len()).map(|row| values.get(row).unwrap().to_owned());
    let unfilled = outputs.next().flatten();
    let unfilled = unfilled.map_or_else(Vec::new, |batch| {
        (0..batch.rows.len())
            .map(|row| batch.rows.number(row))
            .collect()
    });
    let counts = shard.counters.operator(0).snapshot().reasons;
    (filled.collect(), unfilled, counts.into_iter().collect())
}

/// The examples in a text.
fn shots(text: &str) -> Vec<&str> {
    text.split_once(": ").unwrap().1.split(' ').collect()
}

#[test]
fn a_row_that_lacks_a_value_leaves_by_its_own_port_unless_null_has_a_text() {
    let (texts, labels) = ([Some("a"), Some("b"), None], [Some(1), None, Some(3)]);
    let mut config = config("{text} {label}");
    let (filled, unfilled, counts) = run(&config, &texts, &labels, &[0, 1, 2]);
    assert_eq!((filled, unfilled), (vec!["a 1".to_owned()], vec![1, 2]));
    assert_eq!(counts, [("rejected: null".to_owned(), 2)]);
    config.null = Some("-".to_owned());
    let (filled, unfilled, _) = run(&config, &texts, &labels, &[0, 1, 2]);
    assert_eq!(
        (filled, unfilled),
        (
            vec!["a 1".to_owned(), "b -".to_owned(), "- 3".to_owned()],
            vec![]
        )
    );
}

#[test]
fn no_example_is_of_the_row_itself_or_there_twice() {
    let texts = [Some("a"), Some("A"), Some("b"), Some("c"), None];
    let labels = [Some(1); 5];
    for from in [
        ShotsFrom::AnyLabel,
        ShotsFrom::SameLabel,
        ShotsFrom::Balanced,
    ] {
        let (filled, unfilled, counts) =
            run(&with_shots(2, from), &texts, &labels, &[0, 0, 2, 3, 4]);
        assert_eq!(unfilled, [4]);
        assert_eq!(counts, [("rejected: null".to_owned(), 1)]);
        for text in &filled {
            let mut found = shots(text);
            found.sort_unstable();
            let own = text
                .strip_prefix("for ")
                .unwrap()
                .split(':')
                .next()
                .unwrap();
            let allowed = if own.eq_ignore_ascii_case("a") {
                vec!["b", "c"]
            } else {
                vec!["A", "a", "b", "c"]
            };
            assert!(found[0] != found[1] && !found.contains(&own), "{text}");
            assert!(found.iter().all(|shot| allowed.contains(shot)), "{text}");
        }
    }
}

#[test]
fn examples_have_the_labels_that_are_asked_for() {
    let texts = ["a1", "a2", "a3", "b1", "b2", "c1", "x"].map(Some);
    let labels = [Some(1), Some(1), Some(1), Some(2), Some(2), Some(3), None];
    let origins = [0, 1, 2, 3, 4, 5, 6];
    let (filled, unfilled, counts) = run(
        &with_shots(1, ShotsFrom::SameLabel),
        &texts,
        &labels,
        &origins,
    );
    for text in filled {
        assert_eq!(shots(&text)[0][..1], text[4..5], "{text}");
    }
    assert_eq!(unfilled, [5, 6]);
    let reasons = ["null label", "too few rows for the shots"];
    assert_eq!(
        counts,
        reasons.map(|reason| (format!("rejected: {reason}"), 1))
    );

    let (filled, unfilled, _) = run(
        &with_shots(3, ShotsFrom::Balanced),
        &texts,
        &labels,
        &origins,
    );
    assert!(unfilled.is_empty());
    for text in &filled {
        let mut kinds: Vec<&str> = shots(text).iter().map(|shot| &shot[..1]).collect();
        kinds.sort_unstable();
        // Where the row is the only one of its label, another label has two.
        assert!(
            kinds == ["a", "b", "c"] || text.starts_with("for c1"),
            "{text}"
        );
    }
}

#[test]
fn variants_have_other_examples_and_what_is_missing_is_counted() {
    let texts = ["a", "b", "c"].map(Some);
    let config = Template {
        replicas: Some(3),
        ..with_shots(1, ShotsFrom::AnyLabel)
    };
    let (filled, unfilled, counts) = run(&config, &texts, &[Some(1); 3], &[0, 1, 2]);
    assert_eq!((filled.len(), unfilled.len()), (6, 0));
    assert_eq!(counts, [("shortfall: no new variant".to_owned(), 3)]);
    let mut distinct = filled.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), filled.len());
}

#[test]
fn all_that_is_wrong_with_options_is_said_at_the_option() {
    let options = |config: &Template| -> Vec<String> {
        config
            .validate()
            .into_iter()
            .map(|problem| problem.option)
            .collect()
    };
    assert_eq!(options(&config("{text")), ["template"]);
    assert_eq!(
        options(&Template {
            shots: 2,
            ..config("{text}")
        }),
        ["shots"]
    );
    assert_eq!(
        options(&Template {
            replicas: Some(2),
            ..config("{text}")
        }),
        ["replicas"]
    );
    assert_eq!(
        options(&Template {
            shot_template: Some("{a".to_owned()),
            ..config("{text}")
        }),
        ["shot_template"]
    );
    let unlabelled = Template {
        label: None,
        ..with_shots(2, ShotsFrom::Balanced)
    };
    assert_eq!(options(&unlabelled), ["shots_from"]);
    assert_eq!(options(&with_shots(257, ShotsFrom::AnyLabel)), ["shots"]);
}

#[test]
fn columns_that_are_not_there_are_reported_at_the_option_that_names_them() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("label", DataType::Int64, true),
    ]));
    let config = Template {
        template: "{txt} {label} {shots}".to_owned(),
        shot_template: Some("{text} {shots}".to_owned()),
        label: Some("labels".to_owned()),
        ..with_shots(2, ShotsFrom::AnyLabel)
    };
    let problems = config.schemas(&schema).unwrap_err();
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (&*problem.option, &*problem.message))
        .collect();
    assert_eq!(
        found,
        [
            ("template", "there is no column `txt`"),
            ("shot_template", "there is no column `shots`"),
            ("label", "there is no column `labels`"),
        ]
    );
    assert_eq!(
        problems[0].help,
        "a similar one is `text`; there are: text, label"
    );
    assert!(with_shots(2, ShotsFrom::AnyLabel).schemas(&schema).is_ok());
}
