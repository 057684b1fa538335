//! Scores of a large vocabulary in 32 bits: products in eight bits say which tokens they are worth
//! computing for ([`Screen`](crate::inference::Screen)).
//!
//! Where the table of tokens is large, and the same as that of embeddings, the decoder gives the state
//! that scores are made of in place of the scores, and there is one more graph.
//!
//! | graph | in | out |
//! | --- | --- | --- |
//! | decoder | as usual | `state` f32\[R,D\] in place of `logits` |
//! | screen | `rounded_state` u8\[R,D\], of which 128 stands for zero | `products` i32\[R,V\] |
//!
//! The table itself is with the decoder, as `target_embedding` f32\[V,D\]. With the screen are, for each
//! token, what its products are to be multiplied with (`target_embedding.columns.scale`), the bias of its
//! score (`logits_bias`), and how far its row (`row_lengths`) and what eight bits left out of the row
//! (`row_errors`) are from their means (`row_mean` and `error_mean`, f32\[D\]). No node takes these.

use std::sync::Arc;

use super::Precision;
use super::builder::{Builder, COLUMNS, named, port};
use super::config::to_f32;
use super::graphs::TARGET;
use super::marian::{Marian, narrow};
use super::onnx::{Attribute, Element, Graph, Port, Size};
use super::quantise::Quantised;
use crate::inference::ZERO;

/// The output of a decoder that leaves scores to others.
pub(in crate::mt) const STATE: &str = "state";

/// What the screen takes, and what it gives.
pub(in crate::mt) const ROUNDED: &str = "rounded_state";
pub(in crate::mt) const PRODUCTS: &str = "products";

/// The table, with the decoder.
pub(in crate::mt) const TABLE: &str = TARGET;

/// What there is for each token, with the screen.
pub(in crate::mt) const BIAS: &str = "logits_bias";
pub(in crate::mt) const SCALES: &str = "target_embedding.columns.scale";
pub(in crate::mt) const LENGTHS: &str = "row_lengths";
pub(in crate::mt) const ERRORS: &str = "row_errors";

/// The means of rows and of what eight bits left out of them.
pub(in crate::mt) const MEANS: [&str; 2] = ["row_mean", "error_mean"];

impl Marian {
    /// Whether scores are made by way of a screen.
    pub(super) fn is_screened(&self, precision: Precision) -> bool {
        let is_large = self.output.values.len() as u64 * 4 > self.cached;
        let is_tied = Arc::ptr_eq(&self.output, &self.target_embedding);
        precision == Precision::Fp32 && is_large && is_tied
    }

    /// The state as an output.
    pub(super) fn state_port(&self) -> Port {
        let shape = [named("rows"), Size::Fixed(self.config.width)];
        port(STATE, Element::F32, &shape)
    }

    /// The graph of the products in eight bits.
    pub(super) fn screen_graph(&self, _: Precision) -> Graph<'static> {
        let mut builder = Builder::new("screen", Precision::Fp32);
        let b = &mut builder;
        let table = &self.output;
        let (tokens, width) = (table.rows(), table.columns);
        let quantised = Quantised::new(table);
        let (values, scales) = b.columns(TARGET, &quantised, [tokens, width]);
        debug_assert_eq!((&*scales, values.contains(COLUMNS)), (SCALES, true));
        b.single(BIAS, &[tokens], &self.masked_bias());
        let rows = table.values.iter().copied();
        let left_out = quantised.left_out(table);
        for (values, (mean, distances)) in [
            (rows.collect(), (MEANS[0], LENGTHS)),
            (left_out, (MEANS[1], ERRORS)),
        ] {
            let center = center(&values, width);
            b.single(mean, &[width], &center);
            b.single(distances, &[tokens], &distances_from(&values, &center));
        }
        let zero = b.byte("zero", ZERO);
        let inputs = [ROUNDED, &values, &zero];
        b.node_to("MatMulInteger", &inputs, Vec::new(), &[PRODUCTS]);
        let state = [named("rows"), Size::Fixed(width)];
        let products = [named("rows"), Size::Fixed(tokens)];
        builder.finish(
            vec![port(ROUNDED, Element::U8, &state)],
            vec![port(PRODUCTS, Element::I32, &products)],
        )
    }
}

/// The mean of rows of this width.
fn center(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; width];
    for row in rows.chunks(width.max(1)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    let count = to_f32(rows.len().checked_div(width).unwrap_or(0).max(1));
    let mean = |sum: f64| narrow(sum / f64::from(count));
    sums.into_iter().map(mean).collect()
}

/// How far each row is from `center`.
fn distances_from(rows: &[f32], center: &[f32]) -> Vec<f32> {
    let distance = |row: &[f32]| {
        let pairs = row.iter().zip(center);
        let squares = pairs.map(|(value, center)| (f64::from(*value) - f64::from(*center)).powi(2));
        narrow(squares.sum::<f64>().sqrt())
    };
    rows.chunks(center.len().max(1)).map(distance).collect()
}

/// The file of a graph that gives the scores of all tokens, in 32 bits: `logits` f32\[R,V\] from `state`
/// f32\[R,D\], the table f32\[V,D\] and `logits_bias` f32\[V\]. It has no weights of its own.
///
/// # Errors
/// When it cannot be written, which does not happen in memory.
pub(in crate::mt) fn all_scores() -> std::io::Result<Vec<u8>> {
    let mut builder = Builder::new("all_scores", Precision::Fp32);
    let transposed = vec![("transB", Attribute::Integer(1))];
    builder.node_to("Gemm", &[STATE, TABLE, BIAS], transposed, &["logits"]);
    let inputs = [
        (STATE, vec![named("rows"), named("width")]),
        (TABLE, vec![named("tokens"), named("width")]),
        (BIAS, vec![named("tokens")]),
    ];
    let inputs = inputs.map(|(name, shape)| port(name, Element::F32, &shape));
    let logits = [named("rows"), named("tokens")];
    let graph = builder.finish(inputs.to_vec(), vec![port("logits", Element::F32, &logits)]);
    let mut bytes = Vec::new();
    graph.write(&mut bytes)?;
    Ok(bytes)
}
