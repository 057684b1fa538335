//! What the first layer makes of tokens and positions, as tables.
//!
//! A layer's projections are linear, and what the first one is given is the sum of two rows, one of
//! the table of tokens and one of the table of positions. So its products are two rows as well, of
//! tables that ONNX Runtime computes when it loads the graph, because nothing in them depends on an
//! input: constant folding. In 32 bits, a small model is a tenth faster by it
//! (`benches/translation.rs`). In eight bits nothing is gained, for the products are cheap there.

use super::builder::Builder;
use super::marian::Linear;
use super::onnx::Attribute;
use super::tensors::Matrix;
use super::{CACHED, Precision};

/// The table of tokens, and that of positions, as a graph has them.
pub(super) struct Tables {
    tokens: String,
    positions: String,
}

impl Tables {
    /// Those of a graph whose tokens are the rows of `table`, multiplied with `scale`; none where
    /// they would not stay in the cache of a processor, or where they are no faster.
    pub(super) fn of(
        b: &mut Builder,
        (name, table, scale): (&str, &Matrix, f32),
        positions: &str,
    ) -> Option<Self> {
        // Of 32-bit numbers: a query, a key and a value for each token.
        let bytes = table.values.len() as u64 * 3 * 4;
        if b.precision != Precision::Fp32 || bytes > CACHED {
            return None;
        }
        let values = b.floats(name, &[table.rows(), table.columns], &table.values);
        let scale = b.floats("embedding_scale", &[], &[scale]);
        Some(Self {
            tokens: b.node("Mul", &[&values, &scale]),
            positions: positions.to_owned(),
        })
    }

    /// The embeddings of `ids`.
    pub(super) fn embed(&self, b: &mut Builder, ids: &str) -> String {
        rows_of(b, &self.tokens, ids)
    }

    /// What `layers` make of the sum of the embeddings of `ids` and the positions that `places` takes
    /// out of a table: their outputs side by side.
    pub(super) fn linear(
        &self,
        b: &mut Builder,
        layers: &[(&Linear, f32)],
        ids: &str,
        places: impl FnOnce(&mut Builder, &str) -> String,
    ) -> String {
        let (weight, bias) = b.weights(layers);
        let tokens = b.node("MatMul", &[&self.tokens, &weight]);
        let positions = b.node("Gemm", &[&self.positions, &weight, &bias]);
        let tokens = rows_of(b, &tokens, ids);
        let positions = places(b, &positions);
        b.node("Add", &[&tokens, &positions])
    }
}

/// The rows of a table with these numbers.
fn rows_of(b: &mut Builder, table: &str, ids: &str) -> String {
    let axis = vec![("axis", Attribute::Integer(0))];
    b.node_with("Gather", &[table, ids], axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(precision: Precision, tokens: usize) -> Option<Tables> {
        let table = Matrix {
            columns: 256,
            values: vec![0.0; tokens * 256],
        };
        let mut builder = Builder::new("graph", precision);
        Tables::of(&mut builder, ("tokens", &table, 16.0), "positions")
    }

    #[test]
    fn there_are_tables_of_small_vocabularies_in_32_bits() {
        assert!(of(Precision::Fp32, 4_001).is_some());
        assert!(of(Precision::Fp32, 58_101).is_none());
        assert!(of(Precision::Fp16, 4_001).is_none());
        assert!(of(Precision::Int8, 4_001).is_none());
    }
}
