//! The decoder for devices with a memory of their own: it chooses the likeliest tokens there, since
//! a row of logits is not worth the way to the host.
//!
//! | in | out |
//! | --- | --- |
//! | as the decoder that keeps its past has it, and `likeliest` i64\[1\]: how many tokens (K) | `logits` \[R,V'\] as wide as the graph computes; of each row, from the likeliest token on, `likeliest_logits` f32\[R,K\], `likeliest_tokens` i64\[R,K\] and `likeliest_log_probabilities` f32\[R,K\], which are those among all tokens; keys and values as usual |
//!
//! V' is the vocabulary, filled up to a multiple of eight with tokens that are never likely: matrix
//! units take a product of any other size at a fifth of the speed (measured on an H100).

use std::borrow::Cow;
use std::sync::Arc;

use super::Precision;
use super::builder::{Builder, named, port};
use super::graphs::{Keeper, TARGET};
use super::marian::Marian;
use super::onnx::{Attribute, Element, Graph, Size};
use super::tensors::Matrix;
use crate::mt::past::HIDDEN;

/// The input that says how many tokens of each row are wanted.
pub(in crate::mt) const COUNT: &str = "likeliest";

/// The outputs for the tokens that were chosen.
pub(in crate::mt) const CHOSEN: [&str; 3] = [
    "likeliest_logits",
    "likeliest_tokens",
    "likeliest_log_probabilities",
];

/// Rows of tables come in multiples of this.
const UNIT: usize = 8;

impl Marian {
    /// The graph that says what comes next, and chooses.
    pub(super) fn choosing_decoder_graph(&self, precision: Precision) -> Graph<'static> {
        let mut builder = Builder::new("decoder", precision);
        let b = &mut builder;
        let target = filled_up(&self.target_embedding);
        let state = self.decoder_layers(b, &target, Keeper::Graph);
        let (table, name) = if Arc::ptr_eq(&self.output, &self.target_embedding) {
            (target, TARGET)
        } else {
            (filled_up(&self.output), "output")
        };
        let mut bias = self.masked_bias();
        bias.resize(table.rows(), HIDDEN);
        let values = b.floats(name, &[table.rows(), table.columns], &table.values);
        let bias = b.floats("logits_bias", &[bias.len()], &bias);
        let transposed = vec![("transB", Attribute::Integer(1))];
        b.node_to("Gemm", &[&state, &values, &bias], transposed, &["logits"]);
        choose(b);

        let mut inputs = self.decoder_inputs(precision, Keeper::Graph);
        inputs.push(port(COUNT, Element::I64, &[Size::Fixed(1)]));
        let shape = [named("rows"), Size::Fixed(table.rows())];
        let mut outputs = vec![port("logits", b.element(), &shape)];
        let shape = [named("rows"), named("chosen")];
        let elements = [Element::F32, Element::I64, Element::F32];
        for (name, element) in CHOSEN.iter().zip(elements) {
            outputs.push(port(name, element, &shape));
        }
        outputs.extend(self.decoder_states(precision, Keeper::Graph));
        builder.finish(inputs, outputs)
    }
}

/// The nodes that choose.
fn choose(b: &mut Builder) {
    let [logits, tokens, log_probabilities] = CHOSEN;
    // Of equal logits the operator takes the one with the lower index first.
    let chosen = "chosen";
    b.node_to("TopK", &["logits", COUNT], Vec::new(), &[chosen, tokens]);
    // The logarithm of a sum of exponentials would take three passes, and on CUDA cuDNN.
    let of_all = b.node("LogSoftmax", &["logits"]);
    let along = vec![("axis", Attribute::Integer(1))];
    let of_chosen = b.node_with("GatherElements", &[&of_all, tokens], along);
    for (value, output) in [(chosen, logits), (&of_chosen, log_probabilities)] {
        let single = vec![("to", Attribute::Integer(1))];
        b.node_to("Cast", &[value], single, &[output]);
    }
}

/// The table with as many rows of zeros as it lacks.
fn filled_up(table: &Matrix) -> Cow<'_, Matrix> {
    let rows = table.rows().next_multiple_of(UNIT);
    if rows == table.rows() {
        return Cow::Borrowed(table);
    }
    let mut filled = table.clone();
    filled.values.resize(rows * table.columns, 0.0);
    Cow::Owned(filled)
}
