//! Named tensors of a model, by the names they have in `transformers`, wherever they come from.

use std::collections::BTreeMap;

use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};

use super::onnx::{Element, floats};

/// A table of numbers, row after row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    pub(super) columns: usize,
    pub(super) values: Vec<f32>,
}

impl Matrix {
    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// One row; empty if there is none of that number.
    pub(super) fn row(&self, row: usize) -> &[f32] {
        let start = row * self.columns;
        self.values
            .get(start..start + self.columns)
            .unwrap_or_default()
    }

    /// Columns as rows.
    pub(super) fn transposed(&self) -> Self {
        let rows = self.rows();
        let mut values = Vec::with_capacity(self.values.len());
        for column in 0..self.columns {
            let column = self.values.iter().skip(column).step_by(self.columns);
            values.extend(column.take(rows));
        }
        Self {
            columns: rows,
            values,
        }
    }
}

/// A tensor: its shape and its elements.
#[derive(Debug)]
struct Stored {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// What a file holds, and what was found missing or wrong while it was taken out.
#[derive(Debug, Default)]
pub(super) struct Tensors {
    stored: BTreeMap<String, Stored>,
    /// What was expected and found, where that differs.
    pub(super) problems: Vec<String>,
}

impl Tensors {
    /// The tensors of a file in the format of safetensors.
    pub(super) fn from_safetensors(file: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(file).map_err(|error| error.to_string())?;
        let mut tensors = Self::default();
        for (name, view) in file.tensors() {
            let element = match view.dtype() {
                Dtype::F32 => Element::F32,
                Dtype::F16 => Element::F16,
                Dtype::BF16 => Element::Bf16,
                other => {
                    let problem =
                        format!("`{name}` holds {other:?}; F32, F16 and BF16 can be read");
                    tensors.problems.push(problem);
                    continue;
                }
            };
            let values = floats(view.data(), element).unwrap_or_default();
            tensors.insert(name, view.shape().to_vec(), values);
        }
        Ok(tensors)
    }

    /// The tensors as a file in the format of safetensors, in 32 bits. `transformers` asks which
    /// framework a file is of; this is laid out as PyTorch's are.
    pub(super) fn to_safetensors(&self) -> Result<Vec<u8>, String> {
        let bytes: Vec<Vec<u8>> = self
            .stored
            .values()
            .map(|stored| stored.values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let views: Result<Vec<_>, _> = self
            .stored
            .iter()
            .zip(&bytes)
            .map(|((name, stored), bytes)| {
                let view = TensorView::new(Dtype::F32, stored.shape.clone(), bytes)?;
                Ok((name.as_str(), view))
            })
            .collect();
        let metadata = [("format".to_owned(), "pt".to_owned())];
        views
            .and_then(|views| serialize(views, Some(metadata.into())))
            .map_err(|error| error.to_string())
    }

    /// How many numbers all tensors have together.
    pub(super) fn numbers(&self) -> usize {
        self.stored.values().map(|stored| stored.values.len()).sum()
    }

    /// Adds a tensor.
    pub(super) fn insert(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) {
        self.stored.insert(name, Stored { shape, values });
    }

    /// Whether there is a tensor of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.stored.contains_key(name)
    }

    /// A tensor of this shape. Where there is none, that is noted and zeros are given: a model
    /// with problems is thrown away as a whole, when all of them are known.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        self.take_any(&[name], shape)
    }

    /// The first tensor that has one of these names. It can be taken once.
    pub(super) fn take_any(&mut self, names: &[&str], shape: &[usize]) -> Vec<f32> {
        let found = names.iter().find_map(|name| self.stored.remove(*name));
        let problem = match found {
            Some(stored) if stored.shape == shape => return stored.values,
            Some(stored) => format!(
                "`{}` must have the shape {shape:?} and has {:?}",
                names.join("` or `"),
                stored.shape
            ),
            None => format!("`{}` of shape {shape:?} is missing", names.join("` or `")),
        };
        self.problems.push(problem);
        Vec::new()
    }

    /// A table with so many rows and columns.
    pub(super) fn take_matrix(&mut self, names: &[&str], rows: usize, columns: usize) -> Matrix {
        Matrix {
            columns,
            values: self.take_any(names, &[rows, columns]),
        }
    }

    /// Some of what was not taken, for a message about a file that has other names.
    pub(super) fn left_over(&self) -> String {
        let names: Vec<&str> = self.stored.keys().map(String::as_str).take(4).collect();
        match self.stored.len() {
            0 => "nothing".to_owned(),
            count if count > names.len() => format!("{} and {count} in all", names.join(", ")),
            _ => names.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        let matrix = Matrix {
            columns: 3,
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        let transposed = matrix.transposed();
        assert_eq!(transposed.values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!((transposed.rows(), transposed.columns), (3, 2));
        assert_eq!(transposed.row(1), [2.0, 5.0]);
        assert!(transposed.row(3).is_empty());
        assert_eq!(transposed.transposed(), matrix);
    }

    #[test]
    fn what_is_missing_or_of_another_shape_is_noted() {
        let mut tensors = Tensors::default();
        tensors.insert("a".to_owned(), vec![2], vec![1.0, 2.0]);
        assert_eq!(tensors.take("a", &[2]), [1.0, 2.0]);
        assert!(tensors.problems.is_empty());
        tensors.insert("a".to_owned(), vec![2], vec![1.0, 2.0]);
        tensors.take("a", &[3]);
        tensors.take_any(&["b", "c"], &[1]);
        assert_eq!(tensors.problems.len(), 2);
        assert!(tensors.problems[0].contains("[3]") && tensors.problems[0].contains("[2]"));
        assert!(tensors.problems[1].contains("`b` or `c`"));
    }

    #[test]
    fn what_is_no_safetensors_file_is_an_error() {
        assert!(Tensors::from_safetensors(b"").is_err());
        assert!(Tensors::from_safetensors(&[255; 64]).is_err());
    }
}
