//! Any nesting of lists and structs around a text stays as it is.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Int64Array, LargeListArray, LargeStringArray, ListArray,
    RecordBatch, StringArray, StringViewArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field, FieldRef, Fields};
use proptest::prelude::*;

use super::tests::{listed, run, undone};
use crate::columns::RowTexts;
use crate::random::Random;

const WORDS: [&str; 6] = ["one", "two", "three", "é", "four", "5 kg"];

fn text(random: &mut Random) -> Option<String> {
    let words: Vec<&str> = (0..random.below(6))
        .filter_map(|_| random.choose(&WORDS).copied())
        .collect();
    (!random.chance(0.2)).then(|| words.join(" "))
}

fn nulls(length: usize, random: &mut Random) -> Option<NullBuffer> {
    let has_nulls = random.chance(0.7);
    has_nulls.then(|| (0..length).map(|_| random.chance(0.75)).collect())
}

fn item(array: &ArrayRef, random: &mut Random) -> FieldRef {
    let name = random
        .choose(&["item", "element", "a.b"])
        .copied()
        .unwrap_or_default();
    let field = Field::new(name, array.data_type().clone(), true);
    Arc::new(field.with_metadata([("of".to_owned(), name.to_owned())]))
}

/// A column of `length` values with a text `depth` steps inside of each, and the path to it.
fn column(length: usize, depth: usize, random: &mut Random) -> (ArrayRef, String) {
    if depth == 0 {
        let texts: Vec<Option<String>> = (0..length).map(|_| text(random)).collect();
        let array: ArrayRef = match random.below(3) {
            0 => Arc::new(StringArray::from(texts)),
            1 => Arc::new(LargeStringArray::from(texts)),
            _ => Arc::new(StringViewArray::from_iter(texts)),
        };
        return (array, String::new());
    }
    match random.below(4) {
        0 => {
            let (inner, path) = column(length, depth - 1, random);
            let beside: ArrayRef =
                Arc::new((0_i64..).take(length).map(Some).collect::<Int64Array>());
            let fields = Fields::from(vec![
                Field::new("beside", beside.data_type().clone(), true),
                Field::new("in.side", inner.data_type().clone(), true),
            ]);
            let nulls = nulls(length, random);
            let array = StructArray::new(fields, vec![beside, inner], nulls);
            (Arc::new(array), format!(".in.side{path}"))
        }
        1 => {
            let (inner, path) = column(length * 2, depth - 1, random);
            let (field, nulls) = (item(&inner, random), nulls(length, random));
            let array = FixedSizeListArray::new(field, 2, inner, nulls);
            (Arc::new(array), format!("[]{path}"))
        }
        kind => {
            // A null list may have items, which belong to no row.
            let lengths: Vec<usize> = (0..length).map(|_| random.below(4)).collect();
            let (inner, path) = column(lengths.iter().sum(), depth - 1, random);
            let (field, nulls) = (item(&inner, random), nulls(length, random));
            let array: ArrayRef = if kind == 2 {
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(ListArray::new(field, offsets, inner, nulls))
            } else {
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(LargeListArray::new(field, offsets, inner, nulls))
            };
            (array, format!("[]{path}"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn only_the_texts_of_rows_change(
        key: u64,
        length in 1_usize..12,
        depths in prop::collection::vec(0_usize..4, 1..4),
        skipped in 0_usize..3,
    ) {
        let mut random = Random::from_key(key);
        let (mut columns, mut names) = (Vec::new(), Vec::new());
        for (number, depth) in depths.into_iter().enumerate() {
            let (array, path) = column(length, depth, &mut random);
            columns.push((format!("c{number}"), array, true));
            names.push(format!("c{number}{path}"));
        }
        let whole = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        // A batch may be a part of a larger one.
        let skipped = skipped.min(length - 1);
        let records = whole.slice(skipped, length - skipped);
        let texts = RowTexts::resolve(&names, &[], &records.schema()).unwrap();
        let (outputs, _) = run("random_deletion", "rate = 0.0", &records, &texts);
        prop_assert_eq!(&outputs[0].as_ref().unwrap().records, &records);

        let (outputs, counts) = run("random_swap", "rate = 1.0\nmax = 1", &records, &texts);
        let after = &outputs[0].as_ref().unwrap().records;
        prop_assert_eq!(&undone(after, &records, &texts), &records);
        let (before, after) = (listed(&records, &texts), listed(after, &texts));
        let same = before.iter().zip(&after).filter(|(before, after)| before == after).count();
        prop_assert_eq!(counts.values().sum::<u64>(), same as u64);
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before.len() == after.len()));

        let (outputs, _) = run("random_swap", "rate = 1.0\nmax = 1\nreplicas = 2", &records, &texts);
        let output = outputs[0].as_ref().unwrap();
        let parents = arrow::array::UInt32Array::from(output.rows.origin.clone());
        let taken = arrow::compute::take_record_batch(&records, &parents).unwrap();
        prop_assert_eq!(&undone(&output.records, &taken, &texts), &taken);
    }
}
