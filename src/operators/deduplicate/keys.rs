//! What rows are compared by: two rows are equal if they have a key in common.

use std::hash::Hash;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows as Values, SortField};

use super::minhash::Signer;
use super::normalise::Normaliser;
use super::{Deduplicate, DuplicateMode};
use crate::operator::{TextColumn, TextValues, is_text};
use crate::operators::neighbours::missing_column;
use crate::prelude::*;
use crate::random::{hash_bytes, mix};

/// A key as it is kept: whole where two different rows must not have it in common, and half where a
/// few more pairs in a billion make no difference.
pub(super) trait Key: Copy + Eq + Hash + Send + Sync + 'static {
    /// Bytes of a key in a file.
    const BYTES: usize;

    /// As much of `key` as is kept.
    fn of(key: u128) -> Self;

    /// The whole or the lower half of it, as a number.
    fn low(self) -> u64;

    /// Appends its bytes.
    fn write(self, into: &mut Vec<u8>);

    /// The key that was written as these bytes.
    fn read(bytes: &[u8]) -> Self;
}

impl Key for u64 {
    const BYTES: usize = 8;

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    fn of(key: u128) -> Self {
        key as u64
    }

    fn low(self) -> u64 {
        self
    }

    fn write(self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        bytes.first_chunk().copied().map_or(0, Self::from_le_bytes)
    }
}

impl Key for u128 {
    const BYTES: usize = 16;

    fn of(key: u128) -> Self {
        key
    }

    fn low(self) -> u64 {
        <u64 as Key>::of(self)
    }

    fn write(self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        bytes.first_chunk().copied().map_or(0, Self::from_le_bytes)
    }
}

/// The keys of some rows.
#[derive(Debug, Default)]
pub(super) struct Keys {
    per_row: usize,
    /// `per_row` for each row that has any.
    keys: Vec<u128>,
    /// Where the keys of each row begin; nothing where it has none.
    starts: Vec<Option<usize>>,
}

impl Keys {
    /// The keys of all rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u128]> {
        self.starts.iter().map(|start| {
            let keys = start.and_then(|start| self.keys.get(start..start + self.per_row));
            keys.unwrap_or_default()
        })
    }
}

/// Which columns are compared, and how.
#[derive(Debug)]
pub(super) struct Compared {
    /// Positions of the columns, ascending.
    positions: Vec<usize>,
    /// The place in `positions` of the text that is compared by its n-grams.
    near: Option<usize>,
    normaliser: Option<Normaliser>,
    signer: Signer,
}

/// A column of values that have to be equal.
enum Column {
    Text(TextValues),
    Other(Values, Option<arrow::buffer::NullBuffer>),
}

/// What stands for null in a hash.
const NULL: u64 = 0x6e75_6c6c;
/// The seeds of the two halves of a hash of values.
const HALVES: [u64; 2] = [0x9216_d5d9_8979_fb1b, 0xd131_0ba6_98df_b5ac];

/// What is wrong with the columns of `by`.
pub(super) fn problems_of_columns(by: &[String], input: &Schema) -> Vec<Problem> {
    let problem = |name: &String| match input.column_with_name(name) {
        None => missing_column("by", name, input),
        Some((_, field)) => {
            let kind = field.data_type();
            let comparable =
                is_text(kind) || RowConverter::supports_fields(&[SortField::new(kind.clone())]);
            (!comparable).then(|| {
                Problem::new(
                    "by",
                    format!("values of column `{name}`, which is {kind}, cannot be compared"),
                    "name columns of other types",
                )
            })
        }
    };
    by.iter().filter_map(problem).collect()
}

impl Compared {
    /// What `config` compares, where the columns are those of `schema`.
    ///
    /// # Errors
    /// When a column is missing: the plan has been checked, so this is about rows that come without
    /// a plan.
    pub(super) fn new(
        config: &Deduplicate,
        schema: &SchemaRef,
        text: &TextColumn,
    ) -> Result<Self, OperatorError> {
        let near = config.mode == DuplicateMode::Near;
        let mut positions = Vec::new();
        for name in &config.by {
            let found = schema.column_with_name(name);
            let missing = || OperatorError::Other(format!("there is no column `{name}`"));
            positions.push(found.ok_or_else(missing)?.0);
        }
        if near || positions.is_empty() {
            positions.push(text.index);
        }
        positions.sort_unstable();
        positions.dedup();
        let place = positions.binary_search(&text.index).ok();
        Ok(Self {
            near: place.filter(|_| near),
            positions,
            normaliser: config.normalise.then(Normaliser::new).transpose()?,
            signer: Signer::new(config.ngram, config.bands, config.rows),
        })
    }

    /// The positions of the columns, ascending.
    pub(super) fn positions(&self) -> &[usize] {
        &self.positions
    }

    /// How many keys a row has, if any.
    pub(super) fn keys_per_row(&self) -> usize {
        self.near.map_or(1, |_| self.signer.bands())
    }

    /// The keys of all rows, where `columns` are those at [`Compared::positions`].
    ///
    /// # Errors
    /// When values of a column cannot be compared.
    pub(super) fn keys(&self, columns: &[ArrayRef]) -> Result<Keys, OperatorError> {
        let rows = columns.first().map_or(0, Array::len);
        let mut near = None;
        let mut exact = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if Some(place) == self.near {
                near = Some(TextValues::new(column)?);
            } else {
                exact.push(Column::new(column)?);
            }
        }
        let mut keys = Keys {
            per_row: self.keys_per_row(),
            keys: Vec::with_capacity(rows * self.keys_per_row()),
            starts: Vec::with_capacity(rows),
        };
        let (mut normalised, mut signing) = (String::new(), self.signer.begin());
        for row in 0..rows {
            let start = keys.keys.len();
            let values = self.hash(&exact, row, &mut normalised);
            if let Some(texts) = &near {
                if let Some(text) = texts.get(row) {
                    // What has to agree beside the text makes other bands of them.
                    let beside = values.map_or(NULL, |[low, _]| low);
                    let bands = self.signer.bands_of(text, &mut signing);
                    keys.keys
                        .extend(bands.map(|band| u128::from(mix(band ^ beside))));
                }
            } else if let Some([low, high]) = values {
                keys.keys.push(u128::from(high) << 64 | u128::from(low));
            }
            keys.starts.push((keys.keys.len() > start).then_some(start));
        }
        Ok(keys)
    }

    /// A hash of the values of a row; nothing if all are null.
    fn hash(&self, columns: &[Column], row: usize, normalised: &mut String) -> Option<[u64; 2]> {
        let mut hash = HALVES;
        let mut any = false;
        for column in columns {
            let value = match column {
                Column::Text(texts) => texts.get(row).map(|text| match &self.normaliser {
                    Some(form) => form.normalise(text, normalised).as_bytes(),
                    None => text.as_bytes(),
                }),
                Column::Other(values, nulls) => {
                    let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                    valid.then(|| values.row(row).data())
                }
            };
            any |= value.is_some();
            for half in &mut hash {
                let value = value.map_or(NULL, |value| hash_bytes(*half, value));
                *half = mix(*half ^ value);
            }
        }
        any.then_some(hash)
    }
}

impl Column {
    fn new(column: &ArrayRef) -> Result<Self, ArrowError> {
        if is_text(column.data_type()) {
            return TextValues::new(column).map(Self::Text);
        }
        let converter = RowConverter::new(vec![SortField::new(column.data_type().clone())])?;
        let values = converter.convert_columns(std::slice::from_ref(column))?;
        Ok(Self::Other(values, column.logical_nulls()))
    }
}
