//! The texts of the rows of a batch.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use super::super::{TextBuilder, TextValues};
use crate::columns::{Leaves, TextPath, with_leaves};
use crate::random::{hash_bytes, mix};

/// One text of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) row: u32,
    /// Which path leads to it.
    pub(super) path: usize,
    /// Which of the leaves of the path it is.
    leaf: usize,
}

/// All texts of the rows of a batch, without nulls: by row, then by path, then by their order.
#[derive(Debug)]
pub(super) struct Units {
    paths: Vec<(Leaves, TextValues)>,
    units: Vec<Unit>,
    /// For each row its first unit, and at the end their number.
    first: Vec<usize>,
}

impl Units {
    /// The texts of `records` that `paths` lead to.
    pub(super) fn of(records: &RecordBatch, paths: &[TextPath]) -> Result<Self, ArrowError> {
        let roots: Result<Vec<ArrayRef>, ArrowError> = paths
            .iter()
            .map(|path| root(records, path).cloned())
            .collect();
        Self::in_columns(&roots?, paths, records.num_rows())
    }

    /// The texts in `roots`, of which each path has its own, in a batch of `rows` rows.
    pub(super) fn in_columns(
        roots: &[ArrayRef],
        paths: &[TextPath],
        rows: usize,
    ) -> Result<Self, ArrowError> {
        let mut found = Vec::with_capacity(paths.len());
        let mut units = Vec::new();
        for (number, (path, root)) in paths.iter().zip(roots).enumerate() {
            let leaves = Leaves::of(root, path)?;
            let values = TextValues::new(&leaves.array)?;
            for (leaf, (row, index)) in leaves.rows.iter().zip(&leaves.indices).enumerate() {
                if values.get(*index as usize).is_some() {
                    units.push(Unit {
                        row: *row,
                        path: number,
                        leaf,
                    });
                }
            }
            found.push((leaves, values));
        }
        units.sort_by_key(|unit| (unit.row, unit.path));
        let mut first = Vec::with_capacity(rows + 1);
        let mut next = 0;
        for row in 0..rows {
            first.push(next);
            next += units
                .iter()
                .skip(next)
                .take_while(|unit| unit.row as usize == row)
                .count();
        }
        first.push(next);
        Ok(Self {
            paths: found,
            units,
            first,
        })
    }

    /// The texts of a row.
    pub(super) fn of_row(&self, row: usize) -> &[Unit] {
        match (self.first.get(row), self.first.get(row + 1)) {
            (Some(start), Some(end)) => self.units.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The text itself.
    pub(super) fn text(&self, unit: Unit) -> &str {
        self.paths
            .get(unit.path)
            .and_then(|(leaves, values)| values.get(leaves.index(unit.leaf)?))
            .unwrap_or_default()
    }

    /// The numbers of the items of lists that lead to it.
    pub(super) fn items(&self, unit: Unit) -> &[u32] {
        self.paths
            .get(unit.path)
            .map_or(&[][..], |(leaves, _)| leaves.items(unit.leaf))
    }

    /// What tells it from the other texts of its row, in any batch.
    pub(super) fn key(&self, unit: Unit, path: &TextPath) -> u64 {
        let name = hash_bytes(2, path.name().as_bytes());
        let items = self.items(unit).iter();
        items.fold(name, |key, item| mix(key ^ u64::from(*item)))
    }

    /// The columns of `columns` in which the texts `new` have taken the places of those units.
    pub(super) fn replaced(
        &self,
        mut columns: Vec<ArrayRef>,
        paths: &[TextPath],
        new: &[(Unit, &str)],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        for (number, (path, (leaves, values))) in paths.iter().zip(&self.paths).enumerate() {
            let mut of_path: Vec<(usize, &str)> = new
                .iter()
                .filter(|(unit, _)| unit.path == number)
                .filter_map(|(unit, text)| Some((leaves.index(unit.leaf)?, *text)))
                .collect();
            if of_path.is_empty() {
                continue;
            }
            of_path.sort_unstable_by_key(|(index, _)| *index);
            let more: usize = of_path.iter().map(|(_, text)| text.len()).sum();
            let mut texts = TextBuilder::with_capacity(values.len(), values.bytes() + more);
            let mut replaced = of_path.into_iter().peekable();
            for index in 0..values.len() {
                match replaced.next_if(|(next, _)| *next == index) {
                    Some((_, text)) => texts.push(Some(text)),
                    None => texts.push(values.get(index)),
                }
            }
            let leaf = texts.finish(leaves.array.data_type())?;
            if let Some(column) = columns.get_mut(path.column()) {
                *column = with_leaves(column, path.steps(), leaf)?;
            }
        }
        Ok(columns)
    }
}

/// The column that `path` begins with.
pub(super) fn root<'a>(
    records: &'a RecordBatch,
    path: &TextPath,
) -> Result<&'a ArrayRef, ArrowError> {
    records
        .columns()
        .get(path.column())
        .ok_or_else(|| ArrowError::SchemaError(format!("column `{}` is missing", path.root())))
}
