//! Taking the weights out of the graphs that Optimum exports.
//!
//! Biases, normalisations and embeddings keep their names, or the ends of them. The matrices of
//! products are stored transposed, under the name of whatever node uses them, and are found by way
//! of the bias that is added to the product.

use std::collections::BTreeMap;

use super::config::Config;
use super::onnx::{Attribute, Element, Graph, Node, Tensor};
use super::tensors::{Matrix, Tensors};

/// What is looked up in a graph, and the graphs inside it.
struct Index<'a> {
    /// Constants by their names, without what merging two graphs appends.
    constants: BTreeMap<String, &'a Tensor<'a>>,
    /// All graphs: the outermost, then those inside its nodes.
    graphs: Vec<&'a Graph<'a>>,
}

impl<'a> Index<'a> {
    fn new(graph: &'a Graph<'a>) -> Self {
        let mut graphs = vec![graph];
        let mut next = 0;
        while let Some(graph) = graphs.get(next).copied() {
            next += 1;
            let attributes = graph.nodes.iter().flat_map(|node| &node.attributes);
            graphs.extend(attributes.filter_map(|(_, attribute)| match attribute {
                Attribute::Graph(inner) => Some(inner),
                _ => None,
            }));
        }
        let constants = graphs
            .iter()
            .flat_map(|graph| &graph.constants)
            .map(|constant| (plain(&constant.name).to_owned(), constant))
            .collect();
        Self { constants, graphs }
    }

    /// The constant that a name of `transformers` means here, and its name here.
    fn find(&self, name: &str) -> Option<(&str, &'a Tensor<'a>)> {
        let ends = ["model.", "model.encoder.", "model.decoder."];
        let shorter = ends.iter().filter_map(|start| name.strip_prefix(start));
        std::iter::once(name).chain(shorter).find_map(|candidate| {
            let (name, constant) = self.constants.get_key_value(candidate)?;
            Some((name.as_str(), *constant))
        })
    }

    /// The constant matrix of the product that the bias of that name is added to.
    fn factor(&self, bias: &str) -> Option<&'a Tensor<'a>> {
        self.graphs.iter().find_map(|graph| {
            let uses = |node: &&Node<'_>| node.inputs.iter().any(|input| plain(input) == bias);
            graph.nodes.iter().filter(uses).find_map(|node| {
                // The product may be a node of its own, or the same one.
                let products = graph.nodes.iter().filter(|product| {
                    let feeds = |output| node.inputs.contains(output);
                    product.outputs.iter().any(feeds) || std::ptr::eq(*product, node)
                });
                products
                    .filter(|product| matches!(product.kind.as_str(), "MatMul" | "Gemm"))
                    .flat_map(|product| &product.inputs)
                    .filter_map(|input| self.constants.get(plain(input)).copied())
                    .find(|constant| constant.shape.len() == 2)
            })
        })
    }
}

/// A name without what merging two graphs appends to it.
fn plain(name: &str) -> &str {
    match name.rsplit_once("_merged_") {
        Some((start, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => start,
        _ => name,
    }
}

/// The tensors of a model, by their names in `transformers`, from the graphs of its encoder and of
/// its decoder. What cannot be found is missing from them.
pub(super) fn take(encoder: &Graph<'_>, decoder: &Graph<'_>, config: &Config) -> Tensors {
    let mut tensors = Tensors::default();
    let (encoder, decoder) = (Index::new(encoder), Index::new(decoder));
    let eight_bits = |index: &Index<'_>| {
        let mut constants = index.constants.values();
        constants.any(|c| matches!(c.element, Element::I8 | Element::U8) && c.shape.len() == 2)
    };
    if eight_bits(&encoder) || eight_bits(&decoder) {
        let problem = "the graphs are quantised: the model must be optimised from its unquantised \
                       graphs, or from model.safetensors";
        tensors.problems.push(problem.to_owned());
    }
    for name in [
        "model.encoder.embed_tokens.weight",
        "model.encoder.embed_positions.weight",
    ] {
        copy(&encoder, name, &mut tensors);
    }
    for name in [
        "model.shared.weight",
        "model.decoder.embed_tokens.weight",
        "model.decoder.embed_positions.weight",
        "final_logits_bias",
        "lm_head.weight",
    ] {
        copy(&decoder, name, &mut tensors);
    }
    if !tensors.has("lm_head.weight") {
        product(
            &decoder,
            "final_logits_bias",
            "lm_head.weight",
            &mut tensors,
        );
    }
    for layer in 0..config.encoder_layers {
        let layer = format!("model.encoder.layers.{layer}");
        block(&encoder, &format!("{layer}.self_attn"), &mut tensors);
        rest(&encoder, &layer, &mut tensors);
    }
    for layer in 0..config.decoder_layers {
        let layer = format!("model.decoder.layers.{layer}");
        block(&decoder, &format!("{layer}.self_attn"), &mut tensors);
        block(&decoder, &format!("{layer}.encoder_attn"), &mut tensors);
        rest(&decoder, &layer, &mut tensors);
    }
    tensors
}

/// An attention block and its normalisation.
fn block(index: &Index<'_>, name: &str, tensors: &mut Tensors) {
    for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
        linear(index, &format!("{name}.{part}"), tensors);
    }
    copy(index, &format!("{name}_layer_norm.weight"), tensors);
    copy(index, &format!("{name}_layer_norm.bias"), tensors);
}

/// The feed-forward block of a layer and its normalisation.
fn rest(index: &Index<'_>, layer: &str, tensors: &mut Tensors) {
    linear(index, &format!("{layer}.fc1"), tensors);
    linear(index, &format!("{layer}.fc2"), tensors);
    copy(index, &format!("{layer}.final_layer_norm.weight"), tensors);
    copy(index, &format!("{layer}.final_layer_norm.bias"), tensors);
}

fn linear(index: &Index<'_>, name: &str, tensors: &mut Tensors) {
    let bias = format!("{name}.bias");
    copy(index, &bias, tensors);
    product(index, &bias, &format!("{name}.weight"), tensors);
}

/// Takes the constant of that name, if there is one.
fn copy(index: &Index<'_>, name: &str, tensors: &mut Tensors) {
    let found = index.find(name).map(|(_, constant)| constant);
    if let Some((constant, values)) = found.and_then(|c| Some((c, c.to_f32()?))) {
        tensors.insert(name.to_owned(), constant.shape.clone(), values);
    }
}

/// Takes the matrix of the product that a bias is added to, and turns it to what it is in
/// `transformers`.
fn product(index: &Index<'_>, bias: &str, weight: &str, tensors: &mut Tensors) {
    let found = index.find(bias).and_then(|(name, _)| index.factor(name));
    let Some((constant, values)) = found.and_then(|c| Some((c, c.to_f32()?))) else {
        return;
    };
    let columns = constant.shape.last().copied().unwrap_or_default();
    let matrix = Matrix { columns, values }.transposed();
    let shape = vec![matrix.rows(), matrix.columns];
    tensors.insert(weight.to_owned(), shape, matrix.values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_merging_appends() {
        assert_eq!(plain("a.bias_merged_0"), "a.bias");
        assert_eq!(plain("a_merged_b"), "a_merged_b");
    }

    #[test]
    fn a_matrix_is_found_by_way_of_its_bias() {
        let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let node = |kind: &str, inputs: [&str; 2], output: &str| Node {
            kind: kind.to_owned(),
            inputs: inputs.map(str::to_owned).to_vec(),
            outputs: vec![output.to_owned()],
            ..Node::default()
        };
        let bias = Tensor::new(
            "layers.0.fc1.bias",
            &[2],
            Element::F32,
            floats(&[0.5, 0.25]),
        );
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let weight = Tensor::new("onnx::MatMul_7", &[3, 2], Element::F32, floats(&weight));
        let graph = Graph {
            nodes: vec![
                node("MatMul", ["x", "onnx::MatMul_7"], "y"),
                node("Add", ["layers.0.fc1.bias", "y"], "z"),
            ],
            constants: vec![bias, weight],
            ..Graph::default()
        };
        let mut tensors = Tensors::default();
        let index = Index::new(&graph);
        linear(&index, "model.encoder.layers.0.fc1", &mut tensors);
        let found = tensors.take("model.encoder.layers.0.fc1.weight", &[2, 3]);
        assert_eq!(found, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        assert!(tensors.problems.is_empty(), "{:?}", tensors.problems);
        linear(&index, "model.encoder.layers.1.fc1", &mut tensors);
        assert!(!tensors.has("model.encoder.layers.1.fc1.weight"));
    }
}
