//! What `filter` keeps, and what it says of what it cannot use.

use super::*;

fn filter(sql: &str) -> Filter {
    Filter {
        words: None,
        characters: None,
        condition: Some(sql.to_owned()),
    }
}

#[test]
fn the_option_is_called_where() {
    let canonical = serde_json::to_value(filter("id > 1")).unwrap();
    assert_eq!(canonical["where"], "id > 1");
    let read: Filter = serde_json::from_value(canonical).unwrap();
    assert_eq!(read, filter("id > 1"));
}

#[cfg(not(feature = "polars"))]
#[test]
fn without_polars_the_option_is_refused_with_the_remedy() {
    let problems = filter("id > 1").validate();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].option, "where");
    assert!(problems[0].message.contains("without the feature `polars`"));
    assert!(problems[0].help.contains("--features polars"));
}

#[cfg(feature = "polars")]
mod with_polars {
    use std::sync::Arc;

    use arrow::array::{
        Array, ArrayRef, Int64Array, RecordBatch, StringArray, StringDictionaryBuilder,
    };
    use arrow::datatypes::Int32Type;

    use super::*;
    use crate::batch::{Origins, Shard};
    use crate::operator::{Resources, TextColumn};

    fn records() -> RecordBatch {
        let mut labels = StringDictionaryBuilder::<Int32Type>::new();
        labels.extend([Some("ham"), Some("spam"), None, Some("ham")]);
        let columns: [(&str, ArrayRef); 3] = [
            ("label", Arc::new(labels.finish())),
            (
                "text",
                Arc::new(StringArray::from(vec![
                    Some("one two"),
                    Some("three"),
                    Some("four five six"),
                    None,
                ])),
            ),
            ("score", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .unwrap()
    }

    /// The texts as they were read.
    fn parents() -> ArrayRef {
        Arc::new(StringArray::from(vec![
            Some("one two"),
            Some("thorax"),
            Some(""),
            Some("four"),
        ]))
    }

    /// The scores that are kept and those that are rejected, and the counts.
    fn run(config: &Filter, records: &RecordBatch) -> (Vec<i64>, Vec<i64>, Vec<(String, u64)>) {
        assert_eq!(config.validate(), []);
        config.schemas(&records.schema()).unwrap();
        let text = TextColumn {
            name: "text".to_owned(),
            index: 1,
        };
        let rows = records.num_rows();
        let mut operator = config
            .build(&BuildContext {
                id: "demo",
                inputs: &[],
                position: 0,
                seed: 1,
                text: &text,
                source_rows: rows as u64,
                texts: None,
                amount: Amount::NONE,
                resources: &Resources::default(),
            })
            .unwrap();
        let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
        let mut origins = Origins::new("demo", 0, rows, None);
        origins.text = Some(parents());
        let origins = Arc::new(origins);
        let batch = Batch {
            records: records.clone(),
            rows: Rows::originals(origins, false),
            shard: Arc::clone(&shard),
            seq: 0,
            last: false,
            ticket: None,
        };
        let mut context = Context::new(&shard, 0, 2);
        operator.process(batch, &mut context).unwrap();
        let scores = |batch: Option<Batch>| -> Vec<i64> {
            let Some(batch) = batch else {
                return Vec::new();
            };
            assert_eq!(batch.records.schema(), records.schema());
            let scores = batch.records.column(2).as_any();
            let scores = scores.downcast_ref::<Int64Array>().unwrap();
            scores.values().to_vec()
        };
        let mut outputs = context.into_outputs().into_iter();
        let kept = scores(outputs.next().flatten());
        let rejected = scores(outputs.next().flatten());
        let counts = shard.counters.operator(0).snapshot().reasons;
        (kept, rejected, counts.into_iter().collect())
    }

    #[test]
    fn rows_leave_by_the_port_that_the_condition_says_with_types_unchanged() {
        let (kept, rejected, counts) = run(&filter("label <> 'spam'"), &records());
        assert_eq!((kept, rejected), (vec![1, 4], vec![2, 3]));
        assert_eq!(counts, [("filtered: where".to_owned(), 2)]);
    }

    #[test]
    fn a_null_text_is_for_the_condition_to_judge_where_no_bound_is_set() {
        let (kept, ..) = run(&filter("text IS NULL OR words > 2"), &records());
        assert_eq!(kept, [3, 4]);
    }

    #[test]
    fn bounds_and_condition_must_all_hold() {
        let config = Filter {
            words: Some([2, 9]),
            ..filter("score <> 3")
        };
        let (kept, rejected, counts) = run(&config, &records());
        assert_eq!((kept, rejected), (vec![1], vec![2, 3, 4]));
        let expected = ["null text", "where", "words"].map(|r| (format!("filtered: {r}"), 1));
        assert_eq!(counts, expected);
    }

    #[test]
    fn measures_are_of_the_text_unless_the_data_has_such_a_column() {
        let sql = filter("words = 2 AND characters = 7");
        assert_eq!(run(&sql, &records()).0, [1]);
        let records = records();
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (field, column) in records.schema().fields().iter().zip(records.columns()) {
            columns.push((field.name().clone(), Arc::clone(column)));
        }
        let own: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b"]));
        columns.push(("words".to_owned(), own));
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        let records = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        assert_eq!(run(&filter("words = 'b'"), &records).0, [2, 4]);
    }

    #[test]
    fn a_column_that_is_not_there_is_reported_with_the_nearest_and_all() {
        let problems = filter("lable = 'x'")
            .schemas(&records().schema())
            .unwrap_err();
        assert_eq!(problems[0].option, "where");
        assert!(problems[0].message.contains("`lable`"));
        assert_eq!(
            problems[0].help,
            "a similar one is `label`; there are: label, text, score, words, characters, changed, \
             length_ratio, chrf, edit_distance"
        );
    }

    #[test]
    fn syntax_is_reported_before_the_data_is_known() {
        let problems = filter("score >").validate();
        assert_eq!(problems[0].option, "where");
        assert!(problems[0].message.contains("found: EOF"), "{problems:?}");
        let problems = filter("SUM(score) OVER () > 1").validate();
        assert!(problems[0].message.contains("an aggregate"), "{problems:?}");
    }

    #[test]
    fn measures_compare_with_the_text_as_it_was_read() {
        for (sql, kept) in [
            ("changed", &[2, 3][..]),
            ("NOT changed", &[1]),
            ("changed IS NULL", &[4]),
            ("edit_distance = 3", &[2]),
            ("edit_distance = 13", &[3]),
            ("length_ratio = 1", &[1]),
            ("length_ratio < 0.9", &[2]),
            ("length_ratio IS NULL", &[3, 4]),
            ("chrf = 1.0", &[1]),
            ("chrf BETWEEN 0.1 AND 0.9", &[2]),
            ("chrf = 0", &[3]),
            ("chrf IS NULL AND edit_distance IS NULL", &[4]),
        ] {
            assert_eq!(run(&filter(sql), &records()).0, kept, "{sql}");
            assert!(filter(sql).compares() && filter(sql).reads_text(), "{sql}");
        }
        assert!(!filter("words > 1").compares());
        assert!(!filter("label = 'spam'").reads_text());
    }

    #[test]
    fn a_column_that_is_not_there_is_found_in_the_condition() {
        let problem = &filter("score > 1 AND lable = 'lable'")
            .schemas(&records().schema())
            .unwrap_err()[0];
        assert_eq!(problem.within, Some(14..19));
    }
}
