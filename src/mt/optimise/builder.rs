//! Puts a graph together, node by node, in one of the precisions.
//!
//! What ONNX Runtime is quick at was measured (1.31, one thread): a residual sum and its
//! normalisation as two nodes take a fifth of the time of the fused `SkipLayerNormalization` on a
//! CPU, and would be fused if the sum were an `Add`; a quantised product that makes its own
//! quantised input is one node; keys need no transposing where the product does it.

use std::collections::BTreeSet;

use half::f16;

use super::config::{Activation, Config};
use super::marian::{FeedForward, Linear, Norm};
use super::onnx::{Attribute, CONTRIB, Element, Graph, Node, Port, Size, Tensor};
use super::quantise::Quantised;
use super::reference::EPSILON;
use super::tensors::Matrix;
use super::{CACHED, Precision};

/// What the names of tables end in that have a column for each token, not a row.
pub(super) const COLUMNS: &str = ".columns";

/// A graph in the making.
#[derive(Debug)]
pub(super) struct Builder {
    graph: Graph<'static>,
    pub(super) precision: Precision,
    /// Bytes of a table that is small: see [`CACHED`].
    pub(super) cached: u64,
    constants: BTreeSet<String>,
}

impl Builder {
    pub(super) fn new(name: &str, precision: Precision) -> Self {
        let graph = Graph {
            name: name.to_owned(),
            ..Graph::default()
        };
        Self {
            graph,
            precision,
            cached: CACHED,
            constants: BTreeSet::new(),
        }
    }

    /// The graph with these inputs and outputs.
    pub(super) fn finish(mut self, inputs: Vec<Port>, outputs: Vec<Port>) -> Graph<'static> {
        self.graph.inputs = inputs;
        self.graph.outputs = outputs;
        self.graph
    }

    /// The elements of what flows between nodes.
    pub(super) fn element(&self) -> Element {
        match self.precision {
            Precision::Fp32 | Precision::Int8 => Element::F32,
            Precision::Fp16 => Element::F16,
        }
    }

    /// Adds a node with one output and gives the output's name.
    pub(super) fn node(&mut self, kind: &str, inputs: &[&str]) -> String {
        self.node_with(kind, inputs, Vec::new())
    }

    /// Adds a node with one output and attributes.
    pub(super) fn node_with(
        &mut self,
        kind: &str,
        inputs: &[&str],
        attributes: Vec<(&str, Attribute<'static>)>,
    ) -> String {
        let output = format!("{kind}_{}", self.graph.nodes.len());
        self.node_to(kind, inputs, attributes, &[&output]);
        output
    }

    /// Adds a node whose outputs have these names.
    pub(super) fn node_to(
        &mut self,
        kind: &str,
        inputs: &[&str],
        attributes: Vec<(&str, Attribute<'static>)>,
        outputs: &[&str],
    ) {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.graph.nodes.push(Node {
            kind: kind.to_owned(),
            domain: domain_of(kind).to_owned(),
            inputs: texts(inputs),
            outputs: texts(outputs),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        });
    }

    fn constant(&mut self, name: &str, shape: &[usize], element: Element, bytes: Vec<u8>) {
        if self.constants.insert(name.to_owned()) {
            let tensor = Tensor::new(name, shape, element, bytes);
            self.graph.constants.push(tensor);
        }
    }

    /// A constant of floating-point numbers, as wide as the precision says.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let element = self.element();
        let bytes = if element == Element::F16 {
            values
                .iter()
                .flat_map(|value| f16::from_f32(*value).to_le_bytes())
                .collect()
        } else {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        self.constant(name, shape, element, bytes);
        name.to_owned()
    }

    /// A constant of floating-point numbers with single precision.
    pub(super) fn single(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, shape, Element::F32, bytes);
        name.to_owned()
    }

    /// A single small number.
    pub(super) fn byte(&mut self, name: &str, value: u8) -> String {
        self.constant(name, &[], Element::U8, vec![value]);
        name.to_owned()
    }

    /// A constant of whole numbers, such as sizes. -1 is the size that is left over.
    pub(super) fn sizes(&mut self, values: &[i64]) -> String {
        let texts: Vec<String> = values.iter().map(i64::to_string).collect();
        let name = format!("sizes_{}", texts.join("_"));
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(&name, &[values.len()], Element::I64, bytes);
        name
    }

    /// A constant matrix in eight bits, and its scales.
    fn eight_bits(
        &mut self,
        name: &str,
        quantised: &Quantised,
        shape: [usize; 2],
        bytes: Vec<u8>,
    ) -> (String, String) {
        let (values, scales) = (format!("{name}.int8"), format!("{name}.scale"));
        self.constant(&values, &shape, Element::I8, bytes);
        let count = [quantised.scales.len()];
        self.single(&scales, &count, &quantised.scales);
        (values, scales)
    }

    /// Whether a table in eight bits is too large to be rearranged by each session: a session shares
    /// with others only what is in the file as it is used.
    fn is_large(&self, table: &Matrix) -> bool {
        table.values.len() as u64 > self.cached
    }

    /// A table in eight bits with a column for each token, and its scales.
    pub(super) fn columns(
        &mut self,
        name: &str,
        quantised: &Quantised,
        [rows, columns]: [usize; 2],
    ) -> (String, String) {
        let name = format!("{name}{COLUMNS}");
        self.eight_bits(
            &name,
            quantised,
            [columns, rows],
            quantised.transposed_bytes(),
        )
    }

    /// The name of `value` as the precision's floating-point number, from and to single precision.
    pub(super) fn cast(&mut self, value: &str, to: Element) -> String {
        let number = match to {
            Element::F16 => 10,
            _ => 1,
        };
        self.node_with("Cast", &[value], vec![("to", Attribute::Integer(number))])
    }

    /// Embeddings: rows of `table`, multiplied with `scale`. `scored` says that the scores of tokens are
    /// products with the same table.
    pub(super) fn embed(
        &mut self,
        (name, table): (&str, &Matrix),
        ids: &str,
        scale: f32,
        scored: bool,
    ) -> String {
        let axis = || vec![("axis", Attribute::Integer(0))];
        let shape = [table.rows(), table.columns];
        if self.precision == Precision::Int8 {
            let quantised = Quantised::new(table);
            let rows = if scored && self.is_large(table) {
                let (values, _) = self.columns(name, &quantised, shape);
                let axis = vec![("axis", Attribute::Integer(1))];
                let columns = self.node_with("Gather", &[&values, ids], axis);
                let order = vec![("perm", Attribute::Integers(vec![1, 0]))];
                self.node_with("Transpose", &[&columns], order)
            } else {
                let (values, _) = self.eight_bits(name, &quantised, shape, quantised.bytes());
                self.node_with("Gather", &[&values, ids], axis())
            };
            let scales: Vec<f32> = quantised.scales.iter().map(|one| one * scale).collect();
            let scales = self.single(&format!("{name}.row_scale"), &[shape[0], 1], &scales);
            let rows = self.cast(&rows, Element::F32);
            let scales = self.node_with("Gather", &[&scales, ids], axis());
            return self.node("Mul", &[&rows, &scales]);
        }
        let values = self.floats(name, &shape, &table.values);
        let rows = self.node_with("Gather", &[&values, ids], axis());
        if (scale - 1.0).abs() < f32::EPSILON {
            return rows;
        }
        let scale = self.floats("embedding_scale", &[], &[scale]);
        self.node("Mul", &[&rows, &scale])
    }

    /// Several layers of one input as one product: their outputs side by side.
    pub(super) fn linear(&mut self, input: &str, layers: &[(&Linear, f32)]) -> String {
        let merged = merge(layers);
        let (outputs, inputs) = (merged.weight.rows(), merged.weight.columns);
        if self.precision == Precision::Int8 {
            let quantised = Quantised::new(&merged.weight);
            let bytes = quantised.transposed_bytes();
            let (weight, scale) =
                self.eight_bits(&merged.name, &quantised, [inputs, outputs], bytes);
            let bias = self.single(&format!("{}.bias", merged.name), &[outputs], &merged.bias);
            return self.node(
                "DynamicQuantizeMatMul",
                &[input, &weight, &scale, "", &bias],
            );
        }
        let (weight, bias) = self.floating(&merged);
        self.node("Gemm", &[input, &weight, &bias])
    }

    /// The constants of several layers side by side, as floating-point numbers: a matrix with a column
    /// for each number that comes out, and a bias.
    pub(super) fn weights(&mut self, layers: &[(&Linear, f32)]) -> (String, String) {
        self.floating(&merge(layers))
    }

    fn floating(&mut self, layer: &Linear) -> (String, String) {
        let (outputs, inputs) = (layer.weight.rows(), layer.weight.columns);
        let transposed = layer.weight.transposed();
        let weight = self.floats(&layer.name, &[inputs, outputs], &transposed.values);
        let bias = self.floats(&format!("{}.bias", layer.name), &[outputs], &layer.bias);
        (weight, bias)
    }

    /// Several layers of one input, each with an output of its own.
    pub(super) fn linears(&mut self, input: &str, layers: &[(&Linear, f32)]) -> Vec<String> {
        if self.precision != Precision::Int8 {
            let each = layers.iter().map(|layer| self.linear(input, &[*layer]));
            return each.collect();
        }
        // The input is quantised once for all.
        let count = self.graph.nodes.len();
        let [values, scale, zero] =
            ["values", "scale", "zero"].map(|part| format!("quantised_{count}_{part}"));
        self.node_to(
            "DynamicQuantizeLinear",
            &[input],
            Vec::new(),
            &[&values, &scale, &zero],
        );
        layers
            .iter()
            .map(|layer| {
                let merged = merge(&[*layer]);
                let quantised = Quantised::new(&merged.weight);
                let shape = [merged.weight.columns, merged.weight.rows()];
                let bytes = quantised.transposed_bytes();
                let (weight, own) = self.eight_bits(&merged.name, &quantised, shape, bytes);
                let bias = format!("{}.bias", merged.name);
                let bias = self.single(&bias, &[shape[1]], &merged.bias);
                let inputs = [&values, &weight, &scale, &own, &zero, "", &bias];
                self.node("MatMulIntegerToFloat", &inputs)
            })
            .collect()
    }

    /// The product with each row of a table, and a bias.
    pub(super) fn scores(
        &mut self,
        input: &str,
        name: &str,
        table: &Matrix,
        bias: &[f32],
        output: &str,
    ) {
        let shape = [table.rows(), table.columns];
        let bias = self.floats("logits_bias", &[bias.len()], bias);
        if self.precision == Precision::Int8 {
            let quantised = Quantised::new(table);
            let (values, scales) = if self.is_large(table) {
                self.columns(name, &quantised, shape)
            } else {
                // As embeddings have it. ONNX Runtime transposes it when it loads the graph.
                let bytes = quantised.bytes();
                let (values, scales) = self.eight_bits(name, &quantised, shape, bytes);
                let order = vec![("perm", Attribute::Integers(vec![1, 0]))];
                (self.node_with("Transpose", &[&values], order), scales)
            };
            let inputs = [input, &values, &scales, "", &bias];
            self.node_to("DynamicQuantizeMatMul", &inputs, Vec::new(), &[output]);
            return;
        }
        let values = self.floats(name, &shape, &table.values);
        let transposed = || vec![("transB", Attribute::Integer(1))];
        if self.precision == Precision::Fp16 {
            let logits = self.node_with("Gemm", &[input, &values, &bias], transposed());
            let single = vec![("to", Attribute::Integer(1))];
            self.node_to("Cast", &[&logits], single, &[output]);
        } else {
            self.node_to("Gemm", &[input, &values, &bias], transposed(), &[output]);
        }
    }

    /// The sum of a block's input and output, normalised.
    pub(super) fn add_and_normalise(&mut self, norm: &Norm, state: &str, change: &str) -> String {
        let width = [norm.scale.len()];
        let scale = self.floats(&format!("{}.weight", norm.name), &width, &norm.scale);
        let shift = self.floats(&format!("{}.bias", norm.name), &width, &norm.shift);
        let epsilon = ("epsilon", Attribute::Float(EPSILON));
        if self.precision == Precision::Fp16 {
            // On a GPU one kernel is better than two.
            let inputs = [state, change, &scale, &shift];
            return self.node_with("SkipLayerNormalization", &inputs, vec![epsilon]);
        }
        let sum = self.node("Sum", &[state, change]);
        let axis = ("axis", Attribute::Integer(-1));
        self.node_with(
            "LayerNormalization",
            &[&sum, &scale, &shift],
            vec![axis, epsilon],
        )
    }

    /// A feed-forward block with its normalisation.
    pub(super) fn feed_forward(
        &mut self,
        config: &Config,
        block: &FeedForward,
        state: &str,
    ) -> String {
        let inner = self.linear(state, &[(&block.first, 1.0)]);
        let inner = match config.activation {
            Some(Activation::Swish) | None => {
                let plain = vec![("alpha", Attribute::Float(1.0))];
                self.node_with("QuickGelu", &[&inner], plain)
            }
            Some(Activation::Relu) => self.node("Relu", &[&inner]),
            Some(Activation::Gelu) => self.node("Gelu", &[&inner]),
        };
        let change = self.linear(&inner, &[(&block.second, 1.0)]);
        self.add_and_normalise(&block.norm, state, &change)
    }

    /// Numbers of another shape, and then with the second and third dimension swapped.
    pub(super) fn heads_first(&mut self, value: &str, shape: &str) -> String {
        let split = self.node("Reshape", &[value, shape]);
        self.swap_middle(&split)
    }

    /// The same, as the value of that name.
    pub(super) fn heads_first_to(&mut self, value: &str, shape: &str, name: &str) {
        let split = self.node("Reshape", &[value, shape]);
        let order = vec![("perm", Attribute::Integers(vec![0, 2, 1, 3]))];
        self.node_to("Transpose", &[&split], order, &[name]);
    }

    /// The second and third dimension of four swapped.
    pub(super) fn swap_middle(&mut self, value: &str) -> String {
        let order = vec![("perm", Attribute::Integers(vec![0, 2, 1, 3]))];
        self.node_with("Transpose", &[value], order)
    }

    /// The product of queries with keys that lie as the queries do.
    pub(super) fn compare(&mut self, queries: &str, keys: &str) -> String {
        let transposed = vec![("transB", Attribute::Integer(1))];
        self.node_with("FusedMatMul", &[queries, keys], transposed)
    }

    /// Values, weighted by the softmax of scores.
    pub(super) fn mix(&mut self, scores: &str, values: &str) -> String {
        let last = vec![("axis", Attribute::Integer(-1))];
        let weights = self.node_with("Softmax", &[scores], last);
        self.node("MatMul", &[&weights, values])
    }
}

/// Whose operator this is.
fn domain_of(kind: &str) -> &'static str {
    match kind {
        "DynamicQuantizeMatMul"
        | "MatMulIntegerToFloat"
        | "SkipLayerNormalization"
        | "QuickGelu"
        | "Gelu"
        | "FusedMatMul" => CONTRIB,
        _ => "",
    }
}

/// Layers below each other, each multiplied with its factor.
fn merge(layers: &[(&Linear, f32)]) -> Linear {
    let mut merged = Linear {
        name: layers
            .first()
            .map(|(layer, _)| layer.name.clone())
            .unwrap_or_default(),
        weight: Matrix {
            columns: layers.first().map_or(1, |(layer, _)| layer.weight.columns),
            values: Vec::new(),
        },
        bias: Vec::new(),
    };
    for (layer, factor) in layers {
        let scaled = |values: &[f32]| values.iter().map(|v| v * factor).collect::<Vec<_>>();
        merged.weight.values.extend(scaled(&layer.weight.values));
        merged.bias.extend(scaled(&layer.bias));
    }
    merged
}

/// An input or output.
pub(super) fn port(name: &str, element: Element, shape: &[Size]) -> Port {
    Port {
        name: name.to_owned(),
        element,
        shape: shape.to_vec(),
    }
}

/// A size that goes by a name.
pub(super) fn named(name: &str) -> Size {
    Size::Named(name.to_owned())
}
