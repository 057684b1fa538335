//! The choice of the likeliest tokens as a part of the decoder, for devices with a memory of their
//! own: there a row of logits is not worth the way to the host.

use super::Precision;
use super::builder::{Builder, named, port};
use super::onnx::{Attribute, Element, Size};

/// The input that says how many tokens of each row are wanted: i64\[1\].
pub(in crate::mt) const COUNT: &str = "likeliest";

/// What is put out for each row, from the likeliest token to the least likely of so many: logits,
/// tokens, and the logarithms of their probabilities among all tokens.
pub(in crate::mt) const CHOSEN: [&str; 3] = [
    "likeliest_logits",
    "likeliest_tokens",
    "likeliest_log_probabilities",
];

/// What is to be appended to the file of a decoder, which puts out `logits` f32\[rows, vocabulary\],
/// for it to choose as well.
pub(in crate::mt) fn likeliest() -> Vec<u8> {
    let mut builder = Builder::new("", Precision::Fp32);
    let [logits, tokens, log_probabilities] = CHOSEN;
    // Of equal logits the operator takes the one with the lower index first.
    builder.node_to("TopK", &["logits", COUNT], Vec::new(), &[logits, tokens]);
    // Not the logarithm of a sum of exponentials: that would take three passes, and on CUDA cuDNN.
    let all = "likeliest_of_all";
    builder.node_to("LogSoftmax", &["logits"], Vec::new(), &[all]);
    let along = vec![("axis", Attribute::Integer(1))];
    builder.node_to(
        "GatherElements",
        &[all, tokens],
        along,
        &[log_probabilities],
    );
    let shape = [named("rows"), named("chosen")];
    let elements = [Element::F32, Element::I64, Element::F32];
    let outputs = CHOSEN.iter().zip(elements);
    let outputs = outputs.map(|(name, element)| port(name, element, &shape));
    let count = port(COUNT, Element::I64, &[Size::Fixed(1)]);
    builder.finish(vec![count], outputs.collect()).addition()
}
