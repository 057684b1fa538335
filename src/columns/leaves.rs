//! Getting at the texts in nested columns, and putting others in their places.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, OffsetSizeTrait, StructArray,
};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::path::{Step, TextPath};

/// The values at the end of a path that rows have: none below a null, none outside of a list.
#[derive(Debug, Clone)]
pub struct Leaves {
    /// All values of the type of the leaf; rows need not have each of them.
    pub array: ArrayRef,
    /// The row of each leaf, ascending.
    pub rows: Vec<u32>,
    /// Where in `array` each leaf is; no two are at one place.
    pub indices: Vec<u32>,
    /// The numbers of the items of lists that lead to each leaf, `depth` for each.
    items: Vec<u32>,
    depth: usize,
}

impl Leaves {
    /// The leaves of the column `root`, which `path` leads into.
    ///
    /// # Errors
    /// When the column has not the type that the path was made for.
    pub fn of(root: &ArrayRef, path: &TextPath) -> Result<Self, ArrowError> {
        let all: Vec<u32> = (0..u32::MAX).take(root.len()).collect();
        let mut leaves = Self {
            array: Arc::clone(root),
            rows: all.clone(),
            indices: all,
            items: Vec::new(),
            depth: 0,
        };
        for step in path.steps() {
            leaves = match step {
                Step::Field { index, .. } => leaves.field(*index)?,
                Step::Items => leaves.list_items()?,
            };
        }
        Ok(leaves)
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where in the array the leaf at `place` is.
    pub fn index(&self, place: usize) -> Option<usize> {
        self.indices.get(place).map(|index| *index as usize)
    }

    /// The numbers of the items that lead to the leaf at `place`.
    pub fn items(&self, place: usize) -> &[u32] {
        let start = place * self.depth;
        self.items
            .get(start..start + self.depth)
            .unwrap_or_default()
    }

    fn field(self, index: usize) -> Result<Self, ArrowError> {
        let array = self.array.as_struct_opt().ok_or_else(unlike)?;
        let column = array.columns().get(index).ok_or_else(unlike)?;
        let mut inner = Self {
            array: Arc::clone(column),
            rows: Vec::with_capacity(self.len()),
            indices: Vec::with_capacity(self.len()),
            items: Vec::with_capacity(self.items.len()),
            depth: self.depth,
        };
        for (place, (row, index)) in self.rows.iter().zip(&self.indices).enumerate() {
            if array.is_valid(*index as usize) {
                inner.rows.push(*row);
                inner.indices.push(*index);
                inner.items.extend(self.items(place));
            }
        }
        Ok(inner)
    }

    fn list_items(self) -> Result<Self, ArrowError> {
        match self.array.data_type() {
            DataType::List(_) => self.items_of(self.array.as_list::<i32>()),
            DataType::LargeList(_) => self.items_of(self.array.as_list::<i64>()),
            DataType::FixedSizeList(..) => {
                let list = self.array.as_fixed_size_list();
                let size = usize::try_from(list.value_length()).unwrap_or_default();
                self.expanded(list.values(), |index| index * size..(index + 1) * size)
            }
            _ => Err(unlike()),
        }
    }

    fn items_of<O: OffsetSizeTrait>(&self, list: &GenericListArray<O>) -> Result<Self, ArrowError> {
        let offsets = list.value_offsets();
        let at = |index: usize| offsets.get(index).map_or(0, |offset| offset.as_usize());
        self.expanded(list.values(), |index| at(index)..at(index + 1))
    }

    /// The items of lists: `items` says where in `values` those of each list are.
    fn expanded(
        &self,
        values: &ArrayRef,
        items: impl Fn(usize) -> Range<usize>,
    ) -> Result<Self, ArrowError> {
        let mut inner = Self {
            array: Arc::clone(values),
            rows: Vec::new(),
            indices: Vec::new(),
            items: Vec::new(),
            depth: self.depth + 1,
        };
        for (place, (row, index)) in self.rows.iter().zip(&self.indices).enumerate() {
            let index = *index as usize;
            if self.array.is_null(index) {
                continue;
            }
            for (item, value) in (0_u32..).zip(items(index)) {
                inner.rows.push(*row);
                inner
                    .indices
                    .push(u32::try_from(value).map_err(|_| too_many())?);
                inner.items.extend(self.items(place));
                inner.items.push(item);
            }
        }
        Ok(inner)
    }
}

/// The column `root` with other values at the end of a path: `leaf` takes the place of the array
/// that [`Leaves`] found there. Lists, structs, their nulls and all beside stay as they are.
///
/// # Errors
/// When the column has not the type that the path was made for.
pub fn with_leaves(
    root: &ArrayRef,
    steps: &[Step],
    leaf: ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(leaf);
    };
    match (step, root.data_type()) {
        (Step::Field { index, .. }, DataType::Struct(fields)) => {
            let array = root.as_struct();
            let mut columns = array.columns().to_vec();
            let column = columns.get_mut(*index).ok_or_else(unlike)?;
            *column = with_leaves(column, rest, leaf)?;
            let nulls = array.nulls().cloned();
            Ok(Arc::new(StructArray::try_new(
                fields.clone(),
                columns,
                nulls,
            )?))
        }
        (Step::Items, DataType::List(_)) => in_list(root.as_list::<i32>(), rest, leaf),
        (Step::Items, DataType::LargeList(_)) => in_list(root.as_list::<i64>(), rest, leaf),
        (Step::Items, DataType::FixedSizeList(field, size)) => {
            let list = root.as_fixed_size_list();
            let values = with_leaves(list.values(), rest, leaf)?;
            let nulls = list.nulls().cloned();
            let field = Arc::clone(field);
            Ok(Arc::new(FixedSizeListArray::try_new(
                field, *size, values, nulls,
            )?))
        }
        _ => Err(unlike()),
    }
}

fn in_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    rest: &[Step],
    leaf: ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let values = with_leaves(list.values(), rest, leaf)?;
    let (field, offsets, _, nulls) = list.clone().into_parts();
    Ok(Arc::new(GenericListArray::try_new(
        field, offsets, values, nulls,
    )?))
}

fn unlike() -> ArrowError {
    ArrowError::SchemaError("a nested column is not of the type that was planned for".to_owned())
}

fn too_many() -> ArrowError {
    ArrowError::ComputeError(
        "a batch has more than four billion texts: make batches smaller (--batch-rows)".to_owned(),
    )
}
