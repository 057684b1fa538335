//! The three graphs of the fast layout.
//!
//! | graph | in | out |
//! | --- | --- | --- |
//! | encoder | `input_ids` i64\[B,S\], `attention_mask` i64\[B,S\] | `mask_bias` f32\[B,1,1,S\], `cross_key.{i}` \[B,H,D/H,S\], `cross_value.{i}` \[B,H,S,D/H\] |
//! | decoder | `input_ids` i64\[R\], `position` i64\[1\], the encoder's outputs, `past_mask` f32\[B,1,R/B,T\], `past_key.{i}` and `past_value.{i}` \[B,H,T,D/H\] | `logits` f32\[R,V\], `new_key.{i}` and `new_value.{i}` \[B,H,R/B,D/H\] |
//! | compact | `sentence_index` i64\[B'\], the encoder's outputs | each of them with `kept_` before its name |
//!
//! B sentences have R rows, R / B beams each, side by side. Beams are so many queries, so that keys
//! and values are never repeated: those of the source, and those of the past, of which each sentence
//! has T. The host keeps the past ([`Past`](crate::mt::past::Past)) and writes what a step adds to it;
//! `past_mask` hides from each beam what is not of its own past. Keys and values are f32, in fp16
//! graphs f16.
//!
//! Where the vocabulary is large, a decoder in 32 bits leaves scores to one more graph: see `screen.rs`.
//!
//! A decoder whose past is to stay on a device keeps it itself ([`Keeper::Graph`]): it takes
//! `beam_index` i64\[R\], which says what row of the past each row goes on from, in place of the
//! mask, `past_*` are \[R0,H,T,D/H\], with T 0 at the start, and it gives `present_key.{i}` and
//! `present_value.{i}` \[R,H,T+1,D/H\]. So do graphs of format 1 of the layout.

use std::sync::Arc;

use super::Precision;
use super::builder::{Builder, named, port};
use super::config::to_f32;
use super::marian::{Attention, Linear, Marian, frequencies, narrow};
use super::onnx::{Attribute, Element, Graph, Port, Size};
use super::screen::STATE;
use super::tables::Tables;
use super::tensors::Matrix;
use crate::mt::past::HIDDEN;

/// The input that hides places of the past.
pub(in crate::mt) const MASK: &str = "past_mask";

/// The names of the tables of embeddings.
const SOURCE: &str = "source_embedding";
pub(super) const TARGET: &str = "target_embedding";

/// Who keeps the keys and values of the steps before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    /// The host, for processors: it is given those of the step.
    Host,
    /// The graph, for devices with memory of their own: it puts rows in order and adds the step.
    Graph,
}

/// A count as ONNX has them.
fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Marian {
    fn head_size(&self) -> usize {
        self.config.width / self.config.decoder_attention_heads
    }

    /// The outputs of the encoder, for `rows` sentences.
    fn encoder_outputs(&self, precision: Precision, prefix: &str, rows: &str) -> Vec<Port> {
        let element = precision.states();
        let heads = Size::Fixed(self.config.decoder_attention_heads);
        let each = Size::Fixed(self.head_size());
        let mask = [named(rows), Size::Fixed(1), Size::Fixed(1), named("source")];
        let key = [named(rows), heads.clone(), each.clone(), named("source")];
        let value = [named(rows), heads, named("source"), each];
        let mut ports = vec![port(&format!("{prefix}mask_bias"), Element::F32, &mask)];
        for layer in 0..self.decoder.len() {
            let key_name = format!("{prefix}cross_key.{layer}");
            ports.push(port(&key_name, element, &key));
            let value_name = format!("{prefix}cross_value.{layer}");
            ports.push(port(&value_name, element, &value));
        }
        ports
    }

    /// Keys and values of the decoder's own attention: so many places for each row or sentence.
    fn states(&self, precision: Precision, prefix: &str, each: &str, places: &str) -> Vec<Port> {
        let shape = [
            named(each),
            Size::Fixed(self.config.decoder_attention_heads),
            named(places),
            Size::Fixed(self.head_size()),
        ];
        (0..self.decoder.len())
            .flat_map(|layer| ["key", "value"].map(|what| format!("{prefix}_{what}.{layer}")))
            .map(|name| port(&name, precision.states(), &shape))
            .collect()
    }

    /// The table of positions: where it can be computed, an eight-bit graph, which is to be small,
    /// holds how, and ONNX Runtime computes it once.
    fn positions(&self, builder: &mut Builder, table: &Matrix) -> String {
        let (rows, width) = (table.rows(), table.columns);
        if builder.precision != Precision::Int8 || !self.computed_positions || width % 2 == 1 {
            return builder.floats("positions", &[rows, width], &table.values);
        }
        let places: Vec<f32> = (0..rows).map(to_f32).collect();
        let places = builder.single("places", &[rows, 1], &places);
        let speeds: Vec<f32> = frequencies(width).into_iter().map(narrow).collect();
        let speeds = builder.single("frequencies", &[1, speeds.len()], &speeds);
        let angles = builder.node("Mul", &[&places, &speeds]);
        let sines = builder.node("Sin", &[&angles]);
        let cosines = builder.node("Cos", &[&angles]);
        let axis = vec![("axis", Attribute::Integer(1))];
        builder.node_with("Concat", &[&sines, &cosines], axis)
    }

    /// The graph that reads sentences.
    pub(super) fn encoder_graph(&self, precision: Precision) -> Graph<'static> {
        let mut builder = Builder::new("encoder", precision);
        let (config, b) = (&self.config, &mut builder);
        let width = size(config.width);
        let scale = config.embedding_scale();
        let table = self.positions(b, &self.source_positions);
        let tables = Tables::of(b, (SOURCE, &self.source_embedding, scale), &table);
        let state = match &tables {
            Some(tables) => tables.embed(b, "input_ids"),
            None => b.embed((SOURCE, &self.source_embedding), "input_ids", scale, false),
        };
        let length = vec![("start", Attribute::Integer(1))];
        let length = b.node_with("Shape", &["input_ids"], length);
        let zero = b.sizes(&[0]);
        let first = |b: &mut Builder, table: &str| b.node("Slice", &[table, &zero, &length, &zero]);
        let positions = first(b, &table);
        let state = b.node("Add", &[&state, &positions]);
        // From here on all tokens of all sentences are rows of one matrix.
        let flat = b.sizes(&[-1, width]);
        let mut state = b.node("Reshape", &[&state, &flat]);

        let mask = b.cast("attention_mask", Element::F32);
        let (one, much) = (
            b.single("one", &[], &[1.0]),
            b.single("hidden", &[], &[-HIDDEN]),
        );
        let mask = b.node("Sub", &[&mask, &one]);
        let mask = b.node("Mul", &[&mask, &much]);
        let axes = b.sizes(&[1, 2]);
        b.node_to("Unsqueeze", &[&mask, &axes], Vec::new(), &["mask_bias"]);
        let mask = mask_of(b);

        let shape = b.node("Shape", &["input_ids"]);
        let heads = config.encoder_attention_heads;
        let split = split_shape(b, &shape, heads, config.width / heads);
        for (number, layer) in self.encoder.iter().enumerate() {
            let block = &layer.attention;
            let layers = [
                (&block.query, 1.0 / to_f32(config.width / heads).sqrt()),
                (&block.key, 1.0),
                (&block.value, 1.0),
            ];
            let parts = match &tables {
                Some(tables) if number == 0 => layers
                    .map(|layer| tables.linear(b, &[layer], "input_ids", first))
                    .to_vec(),
                _ => b.linears(&state, &layers),
            };
            let parts: Vec<String> = parts.iter().map(|p| b.heads_first(p, &split)).collect();
            if let [query, key, value] = parts.as_slice() {
                let scores = b.compare(query, key);
                let scores = b.node("Add", &[&scores, &mask]);
                let mixed = b.mix(&scores, value);
                state = leave(b, block, &mixed, &flat, &state);
            }
            state = b.feed_forward(config, &layer.feed_forward, &state);
        }

        let split = split_shape(b, &shape, config.decoder_attention_heads, self.head_size());
        let of = |part: fn(&Attention) -> &Linear| {
            let layers = self
                .decoder
                .iter()
                .map(move |layer| (part(&layer.cross), 1.0));
            layers.collect::<Vec<_>>()
        };
        let layers = [of(|cross| &cross.key), of(|cross| &cross.value)].concat();
        let parts = b.linears(&state, &layers);
        let orders = [("key", vec![0, 2, 3, 1]), ("value", vec![0, 2, 1, 3])];
        for (parts, (what, order)) in parts.chunks(self.decoder.len()).zip(orders) {
            for (layer, part) in parts.iter().enumerate() {
                let part = b.node("Reshape", &[part, &split]);
                let order = vec![("perm", Attribute::Integers(order.clone()))];
                let output = format!("cross_{what}.{layer}");
                b.node_to("Transpose", &[&part], order, &[&output]);
            }
        }
        let ids = [named("sentences"), named("source")];
        let inputs = ["input_ids", "attention_mask"].map(|name| port(name, Element::I64, &ids));
        builder.finish(
            inputs.to_vec(),
            self.encoder_outputs(precision, "", "sentences"),
        )
    }

    /// The graph that says what comes next.
    pub(super) fn decoder_graph(&self, precision: Precision) -> Graph<'static> {
        self.decoder_graph_of(precision, Keeper::Host)
    }

    /// The same, whoever keeps its past.
    pub(super) fn decoder_graph_of(&self, precision: Precision, keeper: Keeper) -> Graph<'static> {
        self.decoder_graph_in(Builder::new("decoder", precision), keeper)
    }

    /// The same, in a graph in the making.
    pub(super) fn decoder_graph_in(&self, mut builder: Builder, keeper: Keeper) -> Graph<'static> {
        let precision = builder.precision;
        let state = self.decoder_layers(&mut builder, &self.target_embedding, keeper);
        let scores = if keeper == Keeper::Host && self.is_screened(precision) {
            builder.node_to("Identity", &[&state], Vec::new(), &[STATE]);
            self.state_port()
        } else {
            let bias = self.masked_bias();
            builder.scores(&state, self.output_name(), &self.output, &bias, "logits");
            let vocabulary = Size::Fixed(self.config.target_vocabulary);
            port("logits", Element::F32, &[named("rows"), vocabulary])
        };
        let mut outputs = vec![scores];
        outputs.extend(self.decoder_states(precision, keeper));
        builder.finish(self.decoder_inputs(precision, keeper), outputs)
    }

    /// What the decoder takes.
    pub(super) fn decoder_inputs(&self, precision: Precision, keeper: Keeper) -> Vec<Port> {
        let rows = [named("rows")];
        let mask = ["sentences", "1", "beams", "slots"].map(|size| match size {
            "1" => Size::Fixed(1),
            name => named(name),
        });
        let (order, each, places) = match keeper {
            Keeper::Host => (port(MASK, Element::F32, &mask), "sentences", "slots"),
            Keeper::Graph => {
                let order = port("beam_index", Element::I64, &rows);
                (order, "rows_before", "steps")
            }
        };
        let mut inputs = vec![
            port("input_ids", Element::I64, &rows),
            port("position", Element::I64, &[Size::Fixed(1)]),
            order,
        ];
        inputs.extend(self.encoder_outputs(precision, "", "sentences"));
        inputs.extend(self.states(precision, "past", each, places));
        inputs
    }

    /// The keys and values that the decoder gives.
    pub(super) fn decoder_states(&self, precision: Precision, keeper: Keeper) -> Vec<Port> {
        match keeper {
            Keeper::Host => self.states(precision, "new", "sentences", "beams"),
            Keeper::Graph => self.states(precision, "present", "rows", "steps_after"),
        }
    }

    /// The bias of the logits, by which padding is never likely.
    pub(super) fn masked_bias(&self) -> Vec<f32> {
        let mut bias = self.output_bias.clone();
        if let Some(bias) = bias.get_mut(self.config.pad_token_id) {
            *bias = HIDDEN;
        }
        bias
    }

    /// The layers of the decoder: what they make of each row. `target` is the table of embeddings.
    pub(super) fn decoder_layers(
        &self,
        b: &mut Builder,
        target: &Matrix,
        keeper: Keeper,
    ) -> String {
        let config = &self.config;
        let (width, heads) = (size(config.width), config.decoder_attention_heads);
        let scale = config.embedding_scale();
        let table = self.positions(b, &self.target_positions);
        let tables = Tables::of(b, (TARGET, target, scale), &table);
        let state = if let Some(tables) = &tables {
            tables.embed(b, "input_ids")
        } else {
            let scored = self.output_name() == TARGET;
            b.embed((TARGET, target), "input_ids", scale, scored)
        };
        let rows = || vec![("axis", Attribute::Integer(0))];
        let now =
            |b: &mut Builder, table: &str| b.node_with("Gather", &[table, "position"], rows());
        let position = now(b, &table);
        let mut state = b.node("Add", &[&state, &position]);
        let mask = mask_of(b);
        let past = match keeper {
            Keeper::Host => Some(Hidden::of(b)),
            Keeper::Graph => None,
        };

        let sentences = vec![
            ("start", Attribute::Integer(0)),
            ("end", Attribute::Integer(1)),
        ];
        let sentences = b.node_with("Shape", &["mask_bias"], sentences);
        let rest = b.sizes(&[-1, size(heads), size(self.head_size())]);
        let beams = b.node_with("Concat", &[&sentences, &rest], rows());
        let single = b.sizes(&[-1, size(heads), 1, size(self.head_size())]);
        let thirds = b.sizes(&[width; 3]);
        let flat = b.sizes(&[-1, width]);
        let factor = 1.0 / to_f32(self.head_size()).sqrt();
        for (number, layer) in self.decoder.iter().enumerate() {
            let block = &layer.attention;
            let layers = [
                (&block.query, factor),
                (&block.key, 1.0),
                (&block.value, 1.0),
            ];
            let merged = match &tables {
                Some(tables) if number == 0 => tables.linear(b, &layers, "input_ids", now),
                _ => b.linear(&state, &layers),
            };
            let parts = ["query", "key", "value"].map(|part| format!("own_{part}.{number}"));
            let last = vec![("axis", Attribute::Integer(-1))];
            let [query, key, value] = parts.each_ref().map(String::as_str);
            b.node_to("Split", &[&merged, &thirds], last, &[query, key, value]);
            if let Some(hidden) = &past {
                let query = b.heads_first(query, &beams);
                let new = [("new_key", key), ("new_value", value)].map(|(name, new)| {
                    let name = format!("{name}.{number}");
                    b.heads_first_to(new, &beams, &name);
                    name
                });
                let mixed = hidden.attend(b, number, &query, &new);
                state = leave(b, block, &mixed, &flat, &state);
            } else {
                let query = b.node("Reshape", &[query, &single]);
                let mut extend = |what: &str, new: &str| {
                    let past = format!("past_{what}.{number}");
                    let past = b.node_with("Gather", &[&past, "beam_index"], rows());
                    let new = b.node("Reshape", &[new, &single]);
                    let present = format!("present_{what}.{number}");
                    let steps = vec![("axis", Attribute::Integer(2))];
                    b.node_to("Concat", &[&past, &new], steps, &[&present]);
                    present
                };
                let (keys, values) = (extend("key", key), extend("value", value));
                let scores = b.compare(&query, &keys);
                let mixed = b.mix(&scores, &values);
                let mixed = b.node("Reshape", &[&mixed, &flat]);
                let change = b.linear(&mixed, &[(&block.output, 1.0)]);
                state = b.add_and_normalise(&block.norm, &state, &change);
            }

            let block = &layer.cross;
            let query = b.linear(&state, &[(&block.query, factor)]);
            let query = b.heads_first(&query, &beams);
            let scores = b.node("MatMul", &[&query, &format!("cross_key.{number}")]);
            let scores = b.node("Add", &[&scores, &mask]);
            let mixed = b.mix(&scores, &format!("cross_value.{number}"));
            state = leave(b, block, &mixed, &flat, &state);
            state = b.feed_forward(config, &layer.feed_forward, &state);
        }
        state
    }

    /// The graph that keeps some of the sentences.
    pub(super) fn compact_graph(&self, precision: Precision) -> Graph<'static> {
        let mut builder = Builder::new("compact", precision);
        let all = self.encoder_outputs(precision, "", "sentences");
        for port in &all {
            let rows = vec![("axis", Attribute::Integer(0))];
            let kept = format!("kept_{}", port.name);
            builder.node_to("Gather", &[&port.name, "sentence_index"], rows, &[&kept]);
        }
        let mut inputs = vec![port("sentence_index", Element::I64, &[named("kept")])];
        inputs.extend(all);
        builder.finish(inputs, self.encoder_outputs(precision, "kept_", "kept"))
    }

    /// Tied weights are in the file once.
    fn output_name(&self) -> &'static str {
        if Arc::ptr_eq(&self.output, &self.target_embedding) {
            TARGET
        } else {
            "output"
        }
    }
}

/// What hides from each beam what is not of its own past, and how the weights of the step itself and
/// of the past are told apart.
struct Hidden {
    mask: String,
    sizes: String,
}

impl Hidden {
    fn of(b: &mut Builder) -> Self {
        let mask = if b.precision == Precision::Fp16 {
            b.cast(MASK, Element::F16)
        } else {
            MASK.to_owned()
        };
        let slots = vec![("start", Attribute::Integer(3))];
        let slots = b.node_with("Shape", &[MASK], slots);
        let one = b.sizes(&[1]);
        let axis = vec![("axis", Attribute::Integer(0))];
        let sizes = b.node_with("Concat", &[&one, &slots], axis);
        Self { mask, sizes }
    }

    /// What a layer's own attention makes of the step and of the past: values that are mixed. Those
    /// of the step come first: where they lie does not depend on how long other pasts are.
    fn attend(
        &self,
        b: &mut Builder,
        number: usize,
        query: &str,
        [key, value]: &[String; 2],
    ) -> String {
        let before = b.compare(query, &format!("past_key.{number}"));
        let before = b.node("Add", &[&before, &self.mask]);
        let products = b.node("Mul", &[query, key]);
        let last = b.sizes(&[3]);
        let own = b.node("ReduceSum", &[&products, &last]);
        let axis = || vec![("axis", Attribute::Integer(3))];
        let scores = b.node_with("Concat", &[&own, &before], axis());
        let weights = b.node_with("Softmax", &[&scores], axis());
        let parts = ["own", "before"].map(|part| format!("weight_{part}.{number}"));
        let [own, before] = parts.each_ref().map(String::as_str);
        b.node_to("Split", &[&weights, &self.sizes], axis(), &[own, before]);
        let before = b.node("MatMul", &[before, &format!("past_value.{number}")]);
        let own = b.node("Mul", &[own, value]);
        b.node("Add", &[&before, &own])
    }
}

/// The mask in the precision of the graph.
fn mask_of(builder: &mut Builder) -> String {
    if builder.precision == Precision::Fp16 {
        builder.cast("mask_bias", Element::F16)
    } else {
        "mask_bias".to_owned()
    }
}

/// The shape of rows of tokens cut into heads: that of the ids, heads, size of a head.
fn split_shape(builder: &mut Builder, ids: &str, heads: usize, each: usize) -> String {
    let rest = builder.sizes(&[size(heads), size(each)]);
    let axis = vec![("axis", Attribute::Integer(0))];
    builder.node_with("Concat", &[ids, &rest], axis)
}

/// From mixed values with heads first to the state after the block.
fn leave(b: &mut Builder, block: &Attention, mixed: &str, flat: &str, state: &str) -> String {
    let mixed = b.swap_middle(mixed);
    let mixed = b.node("Reshape", &[&mixed, flat]);
    let change = b.linear(&mixed, &[(&block.output, 1.0)]);
    b.add_and_normalise(&block.norm, state, &change)
}
