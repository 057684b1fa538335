//! ONNX files, written from a graph.

use std::io::{self, Write};

use super::onnx::{Attribute, CONTRIB, Graph, Node, Port, Size, Tensor};
use super::wire::Writer;

/// Version of the file format: the one of opset 17.
const IR_VERSION: i64 = 8;

/// Version of the standard operators.
const OPSET: i64 = 17;

impl Graph<'_> {
    /// Writes the graph as an ONNX file. The constants are never copied; large ones begin at a multiple of
    /// [`ALIGNMENT`], so that they can be used where they lie.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut body = Writer::default();
        for node in &self.nodes {
            body.bytes(1, &encode_node(node));
        }
        body.bytes(2, self.name.as_bytes());
        for port in &self.inputs {
            body.bytes(11, &encode_port(port));
        }
        for port in &self.outputs {
            body.bytes(12, &encode_port(port));
        }
        let body = body.into_bytes();
        // Places are counted from the start of the graph, which gets such a place itself.
        let mut place = body.len();
        let mut heads = Vec::with_capacity(self.constants.len());
        for constant in &self.constants {
            let head = constant_head(constant, place);
            place += head.len() + constant.bytes.len();
            heads.push(head);
        }

        let mut model = Writer::default();
        model.integer(1, IR_VERSION);
        model.bytes(2, b"augment");
        for (domain, version) in [("", OPSET), (CONTRIB, 1)] {
            let mut opset = Writer::default();
            opset.bytes(1, domain.as_bytes());
            opset.integer(2, version);
            model.bytes(8, &opset.into_bytes());
        }
        let mut start = Writer::default();
        start.start(7, place);
        let start = start.into_bytes();
        let mut model = model.into_bytes();
        let filling = filling(MODEL_REMARK, |filling| model.len() + filling + start.len());
        model.extend(filling);
        model.extend(start);
        to.write_all(&model)?;
        to.write_all(&body)?;
        for (head, constant) in heads.iter().zip(&self.constants) {
            to.write_all(head)?;
            to.write_all(&constant.bytes)?;
        }
        Ok(())
    }
}

/// What the places of large constants are multiples of: the bytes of a line of a cache.
const ALIGNMENT: usize = 64;

/// Smaller constants are copied in any case.
const LARGE: usize = 4096;

/// The fields for remarks, in a model and in a constant: they are filled with spaces.
const MODEL_REMARK: u32 = 6;
const CONSTANT_REMARK: u32 = 12;

/// A remark that is as long as it takes for `end`, given the bytes of the remark, to be a multiple of
/// [`ALIGNMENT`]; no remark where that is so without one.
fn filling(field: u32, end: impl Fn(usize) -> usize) -> Vec<u8> {
    if end(0).is_multiple_of(ALIGNMENT) {
        return Vec::new();
    }
    // A length before them may grow by a byte on the way, over the place that was looked for.
    let remarks = (0..2 * ALIGNMENT - 2).map(|spaces| {
        let mut remark = Writer::default();
        remark.bytes(field, &vec![b' '; spaces]);
        remark.into_bytes()
    });
    let mut fitting = remarks.filter(|remark| end(remark.len()).is_multiple_of(ALIGNMENT));
    fitting.next().unwrap_or_default()
}

/// The field of a graph that holds `constant`, up to its elements, which end it. It begins at `place`.
fn constant_head(constant: &Tensor<'_>, place: usize) -> Vec<u8> {
    let mut inner = Writer::default();
    for size in &constant.shape {
        inner.integer(1, i64::try_from(*size).unwrap_or(i64::MAX));
    }
    inner.integer(2, constant.element.number());
    inner.bytes(8, constant.name.as_bytes());
    let mut inner = inner.into_bytes();
    let mut elements = Writer::default();
    elements.start(9, constant.bytes.len());
    let elements = elements.into_bytes();
    let outer = |inner: usize| {
        let mut outer = Writer::default();
        outer.start(5, inner + constant.bytes.len());
        outer.into_bytes()
    };
    let length = inner.len() + elements.len();
    if constant.bytes.len() >= LARGE {
        inner.extend(filling(CONSTANT_REMARK, |filling| {
            place + outer(length + filling).len() + length + filling
        }));
    }
    inner.extend(elements);
    let mut head = outer(inner.len());
    head.extend(inner);
    head
}

fn encode_node(node: &Node<'_>) -> Vec<u8> {
    let mut writer = Writer::default();
    for input in &node.inputs {
        writer.bytes(1, input.as_bytes());
    }
    for output in &node.outputs {
        writer.bytes(2, output.as_bytes());
    }
    writer.bytes(4, node.kind.as_bytes());
    for (name, attribute) in &node.attributes {
        let mut inner = Writer::default();
        inner.bytes(1, name.as_bytes());
        match attribute {
            Attribute::Float(value) => {
                inner.float(2, *value);
                inner.integer(20, 1);
            }
            Attribute::Integer(value) => {
                inner.integer(3, *value);
                inner.integer(20, 2);
            }
            Attribute::Integers(values) => {
                for value in values {
                    inner.integer(8, *value);
                }
                inner.integer(20, 7);
            }
            // Nothing that is written has a graph inside.
            Attribute::Graph(_) | Attribute::Other => continue,
        }
        writer.bytes(5, &inner.into_bytes());
    }
    if !node.domain.is_empty() {
        writer.bytes(7, node.domain.as_bytes());
    }
    writer.into_bytes()
}

fn encode_port(port: &Port) -> Vec<u8> {
    let mut shape = Writer::default();
    for size in &port.shape {
        let mut inner = Writer::default();
        match size {
            Size::Fixed(size) => inner.integer(1, i64::try_from(*size).unwrap_or(i64::MAX)),
            Size::Named(name) => inner.bytes(2, name.as_bytes()),
        }
        shape.bytes(1, &inner.into_bytes());
    }
    let mut tensor = Writer::default();
    tensor.integer(1, port.element.number());
    tensor.bytes(2, &shape.into_bytes());
    let mut kind = Writer::default();
    kind.bytes(1, &tensor.into_bytes());
    let mut writer = Writer::default();
    writer.bytes(1, port.name.as_bytes());
    writer.bytes(2, &kind.into_bytes());
    writer.into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::onnx::Element;
    use super::*;

    proptest! {
        #[test]
        fn large_constants_lie_where_they_can_be_used(
            name in "[a-z]{1,200}",
            sizes in prop::collection::vec(1_usize..20_000, 1..6),
        ) {
            let constants = sizes.iter().map(|size| {
                Tensor::new(&format!("{name}.{size}"), &[*size], Element::U8, vec![7; *size])
            });
            let graph = Graph {
                name: name.clone(),
                constants: constants.collect(),
                ..Graph::default()
            };
            let mut bytes = Vec::new();
            graph.write(&mut bytes).unwrap();
            let read = Graph::read(&bytes).unwrap();
            prop_assert_eq!(&read, &graph);
            for constant in read.constants.iter().filter(|one| one.bytes.len() >= LARGE) {
                // What was read lies in the file still.
                let place = constant.bytes.as_ptr().addr() - bytes.as_ptr().addr();
                prop_assert_eq!(place % ALIGNMENT, 0);
            }
        }
    }
}
