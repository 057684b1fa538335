//! For tests of operators that move rows about: rows in, and what leaves by each port.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use crate::batch::{Batch, Origins, Rows as RowOrigins, Shard};
use crate::operator::{Amount, BuildContext, Configured, Context, Resources, TextColumn};

/// Rows with the columns `text`, and `group`, which is the same for three rows each.
pub(super) struct Rows {
    records: RecordBatch,
    rows: RowOrigins,
}

impl Rows {
    /// So many originals.
    pub(super) fn numbered(count: usize) -> Self {
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..count).map(|row| format!("text {row}")),
        ));
        let groups: ArrayRef = Arc::new(Int64Array::from_iter_values(
            (0..).take(count).map(|row: i64| row / 3),
        ));
        let origins = Arc::new(Origins::new("demo", 0, count, None));
        Self {
            records: RecordBatch::try_from_iter([("text", texts), ("group", groups)]).unwrap(),
            rows: RowOrigins::originals(origins, false),
        }
    }

    /// The same rows, each followed by so many variants.
    pub(super) fn with_replicas(self, replicas: u32) -> Self {
        let rows = 0..u32::try_from(self.rows.len()).unwrap();
        let indices: Vec<u32> = rows
            .flat_map(|row| std::iter::repeat_n(row, replicas as usize + 1))
            .collect();
        let batch = self.into_batch().take(&indices.clone().into()).unwrap();
        let mut rows = batch.rows;
        for (place, replica) in rows.replica.iter_mut().enumerate() {
            *replica = u32::try_from(place).unwrap() % (replicas + 1);
        }
        Self {
            records: batch.records,
            rows,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The numbers of the source rows.
    pub(super) fn parents(&self) -> BTreeSet<u64> {
        (0..self.rows()).map(|row| self.rows.number(row)).collect()
    }

    /// The values of `group`.
    pub(super) fn groups(&self) -> BTreeSet<i64> {
        let column = self.records.column_by_name("group").unwrap();
        column
            .as_primitive::<Int64Type>()
            .values()
            .iter()
            .copied()
            .collect()
    }

    fn into_batch(self) -> Batch {
        Batch {
            records: self.records,
            rows: self.rows,
            shard: Arc::new(Shard::new(0, "demo", "demo", 1)),
            seq: 0,
            last: false,
            ticket: None,
        }
    }
}

/// What leaves by each port.
pub(super) fn run(configured: &dyn Configured, rows: &Rows) -> Vec<Rows> {
    let schema = rows.records.schema();
    configured.schemas(&schema).unwrap();
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let mut operator = configured
        .build(&BuildContext {
            id: "demo",
            inputs: &["demo".to_owned()],
            position: 0,
            seed: 42,
            text: &text,
            source_rows: rows.rows() as u64,
            texts: None,
            amount: Amount::NONE,
            resources: &Resources::default(),
        })
        .unwrap();
    let batch = Rows {
        records: rows.records.clone(),
        rows: rows.rows.clone(),
    }
    .into_batch();
    let shard = Arc::clone(&batch.shard);
    let mut context = Context::new(&shard, 0, configured.ports().len());
    operator.process(batch, &mut context).unwrap();
    let empty = || Rows {
        records: RecordBatch::new_empty(schema.clone()),
        rows: rows.rows.none(),
    };
    let outputs = context.into_outputs().into_iter();
    outputs
        .map(|batch| {
            batch.map_or_else(empty, |batch| Rows {
                records: batch.records,
                rows: batch.rows,
            })
        })
        .collect()
}
