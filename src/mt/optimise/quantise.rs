//! Eight-bit weights: each row of a matrix as small whole numbers and one scale.

use super::tensors::Matrix;

/// The greatest weight. Processors without the VNNI instructions add two products of a weight and
/// an activation (at most 255) in 16 bits; up to 64 the sum cannot overflow, so that a model says
/// the same on every processor. Measured, the seventh bit is not missed: the error of the
/// activations is the greater one.
const GREATEST: f32 = 64.0;

/// A matrix in eight bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantised {
    pub(super) columns: usize,
    pub(super) values: Vec<i8>,
    /// What the values of each row are to be multiplied with.
    pub(super) scales: Vec<f32>,
}

impl Quantised {
    /// The nearest numbers that eight bits can say.
    pub(super) fn new(matrix: &Matrix) -> Self {
        let mut values = Vec::with_capacity(matrix.values.len());
        let mut scales = Vec::with_capacity(matrix.rows());
        for row in matrix.values.chunks(matrix.columns.max(1)) {
            let greatest = row
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            let scale = if greatest > 0.0 {
                greatest / GREATEST
            } else {
                1.0
            };
            values.extend(row.iter().map(|value| nearest(value / scale)));
            scales.push(scale);
        }
        Self {
            columns: matrix.columns,
            values,
            scales,
        }
    }

    /// What was left out of each value of `matrix`, which these were made of.
    pub(super) fn left_out(&self, matrix: &Matrix) -> Vec<f32> {
        let columns = self.columns.max(1);
        let rows = matrix.values.chunks(columns);
        let rows = rows.zip(self.values.chunks(columns)).zip(&self.scales);
        rows.flat_map(|((row, rounded), scale)| {
            let pairs = row.iter().zip(rounded);
            pairs.map(move |(value, rounded)| value - f32::from(*rounded) * scale)
        })
        .collect()
    }

    /// The values as bytes, columns as rows.
    pub(super) fn transposed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.values.len());
        for column in 0..self.columns {
            let column = self.values.iter().skip(column).step_by(self.columns);
            bytes.extend(column.map(|value| value.cast_unsigned()));
        }
        bytes
    }

    /// The values as bytes, row after row.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.values
            .iter()
            .map(|value| value.cast_unsigned())
            .collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it saturates")]
fn nearest(value: f32) -> i8 {
    value.round_ties_even() as i8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_of_zeros_stays_one() {
        let matrix = Matrix {
            columns: 2,
            values: vec![0.0, 0.0, -1.0, 0.5],
        };
        let quantised = Quantised::new(&matrix);
        assert_eq!(quantised.values, [0, 0, -64, 32]);
        assert_eq!(quantised.transposed_bytes(), [0, 192, 0, 32]);
    }

    proptest! {
        #[test]
        fn no_weight_moves_by_more_than_half_a_step(
            values in prop::collection::vec(-10.0_f32..10.0, 1..40)
        ) {
            let matrix = Matrix { columns: values.len(), values };
            let quantised = Quantised::new(&matrix);
            let scale = quantised.scales[0];
            for (was, is) in matrix.values.iter().zip(&quantised.values) {
                prop_assert!((f32::from(*is) * scale - was).abs() <= scale * 0.5001);
                prop_assert!(is.unsigned_abs() <= 64);
            }
        }
    }
}
