//! ONNX models, as much of them as is written and read here.
//!
//! Field numbers are those of `onnx.proto` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use std::borrow::Cow;

use half::{bf16, f16};

use super::wire::{Reader, Value, WireError};

/// Where ONNX Runtime has operators of its own.
pub(super) const CONTRIB: &str = "com.microsoft";

/// Graphs inside graphs are two deep in what Optimum writes.
const DEEPEST: usize = 8;

/// What the elements of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    U8,
    I8,
    I32,
    I64,
    F16,
    Bf16,
    /// Something else, by its number in `onnx.proto`.
    Other(i64),
}

impl Element {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I8 => 3,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::F16 => 10,
            Self::Bf16 => 16,
            Self::Other(number) => number,
        }
    }

    fn from_number(number: i64) -> Self {
        let known = [
            Self::F32,
            Self::U8,
            Self::I8,
            Self::I32,
            Self::I64,
            Self::F16,
            Self::Bf16,
        ];
        let found = known.into_iter().find(|kind| kind.number() == number);
        found.unwrap_or(Self::Other(number))
    }
}

/// A constant of a graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor<'a> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) element: Element,
    /// The elements in row-major order, each in little endian.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Its elements are in a file of their own.
    pub(super) external: bool,
}

impl Tensor<'_> {
    /// A constant with these elements.
    pub(super) fn new(name: &str, shape: &[usize], element: Element, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            shape: shape.to_vec(),
            element,
            bytes: Cow::Owned(bytes),
            external: false,
        }
    }

    /// The elements, if they are floating-point numbers and as many as the shape says.
    pub(super) fn to_f32(&self) -> Option<Vec<f32>> {
        let values = floats(&self.bytes, self.element)?;
        let expected = self
            .shape
            .iter()
            .try_fold(1_usize, |product, size| product.checked_mul(*size))?;
        (values.len() == expected && !self.external).then_some(values)
    }
}

/// The numbers in `bytes`, if they are of a floating-point kind.
pub(super) fn floats(bytes: &[u8], element: Element) -> Option<Vec<f32>> {
    let pairs = || bytes.as_chunks::<2>().0.iter().copied();
    Some(match element {
        Element::F32 => {
            let (quads, _) = bytes.as_chunks::<4>();
            quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect()
        }
        Element::F16 => pairs().map(|p| f16::from_le_bytes(p).to_f32()).collect(),
        Element::Bf16 => pairs().map(|p| bf16::from_le_bytes(p).to_f32()).collect(),
        _ => return None,
    })
}

/// A property of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute<'a> {
    Integer(i64),
    Float(f32),
    Integers(Vec<i64>),
    Graph(Graph<'a>),
    /// Something that is not needed.
    Other,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Node<'a> {
    pub(super) kind: String,
    pub(super) domain: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) attributes: Vec<(String, Attribute<'a>)>,
}

/// A size of an input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Size {
    /// Always the same.
    Fixed(usize),
    /// Whatever goes by this name in the graph.
    Named(String),
}

/// An input or output of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) element: Element,
    pub(super) shape: Vec<Size>,
}

/// Operations in an order in which they can be done.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Graph<'a> {
    pub(super) name: String,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) constants: Vec<Tensor<'a>>,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
}

impl Graph<'_> {
    /// The graph of an ONNX file. Constants stay where they are in `file` if they can.
    pub(super) fn read(file: &[u8]) -> Result<Graph<'_>, WireError> {
        let mut reader = Reader::new(file);
        let mut graph = Graph::default();
        while let Some((field, value)) = reader.next_field()? {
            if field == 7 {
                graph = decode_graph(message(field, value)?, DEEPEST)?;
            }
        }
        Ok(graph)
    }
}

fn message(field: u64, value: Value<'_>) -> Result<&[u8], WireError> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(WireError::Unexpected(field)),
    }
}

fn text(field: u64, value: Value<'_>) -> Result<String, WireError> {
    message(field, value).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn integer(field: u64, value: Value<'_>) -> Result<i64, WireError> {
    match value {
        Value::Integer(value) => Ok(value.cast_signed()),
        _ => Err(WireError::Unexpected(field)),
    }
}

/// Appends the numbers of a repeated field, which may be packed.
fn integers(field: u64, value: Value<'_>, to: &mut Vec<i64>) -> Result<(), WireError> {
    if let Value::Bytes(packed) = value {
        let mut reader = Reader::new(packed);
        while let Some(value) = reader.next_packed()? {
            to.push(value.cast_signed());
        }
    } else {
        to.push(integer(field, value)?);
    }
    Ok(())
}

fn decode_graph(bytes: &[u8], depth: usize) -> Result<Graph<'_>, WireError> {
    let depth = depth.checked_sub(1).ok_or(WireError::Depth)?;
    let mut graph = Graph::default();
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => graph
                .nodes
                .push(decode_node(message(field, value)?, depth)?),
            2 => graph.name = text(field, value)?,
            5 => graph.constants.push(decode_tensor(message(field, value)?)?),
            11 => graph.inputs.push(decode_port(message(field, value)?)?),
            12 => graph.outputs.push(decode_port(message(field, value)?)?),
            _ => {}
        }
    }
    Ok(graph)
}

fn decode_node(bytes: &[u8], depth: usize) -> Result<Node<'_>, WireError> {
    let mut node = Node::default();
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => node.inputs.push(text(field, value)?),
            2 => node.outputs.push(text(field, value)?),
            4 => node.kind = text(field, value)?,
            5 => {
                let attribute = decode_attribute(message(field, value)?, depth)?;
                node.attributes.push(attribute);
            }
            7 => node.domain = text(field, value)?,
            _ => {}
        }
    }
    Ok(node)
}

fn decode_attribute(bytes: &[u8], depth: usize) -> Result<(String, Attribute<'_>), WireError> {
    let (mut name, mut attribute) = (String::new(), Attribute::Other);
    let mut several = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => name = text(field, value)?,
            2 => {
                if let Value::Float(bits) = value {
                    attribute = Attribute::Float(f32::from_bits(bits));
                }
            }
            3 => attribute = Attribute::Integer(integer(field, value)?),
            6 => attribute = Attribute::Graph(decode_graph(message(field, value)?, depth)?),
            8 => integers(field, value, &mut several)?,
            _ => {}
        }
    }
    if !several.is_empty() {
        attribute = Attribute::Integers(several);
    }
    Ok((name, attribute))
}

fn decode_tensor(bytes: &[u8]) -> Result<Tensor<'_>, WireError> {
    let mut tensor = Tensor::new("", &[], Element::Other(0), Vec::new());
    let (mut sizes, mut numbers) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => integers(field, value, &mut sizes)?,
            2 => tensor.element = Element::from_number(integer(field, value)?),
            // Packed floats are in little endian, like raw data.
            4 => match value {
                Value::Float(bits) => tensor.bytes.to_mut().extend(bits.to_le_bytes()),
                other => tensor.bytes = Cow::Borrowed(message(field, other)?),
            },
            5 | 7 => integers(field, value, &mut numbers)?,
            8 => tensor.name = text(field, value)?,
            9 => tensor.bytes = Cow::Borrowed(message(field, value)?),
            13 => tensor.external = true,
            14 => tensor.external |= integer(field, value)? == 1,
            _ => {}
        }
    }
    tensor.shape = sizes
        .into_iter()
        .map(|size| usize::try_from(size).unwrap_or(usize::MAX))
        .collect();
    let width = match tensor.element {
        Element::U8 | Element::I8 => 1,
        Element::F16 | Element::Bf16 => 2,
        Element::I32 => 4,
        _ => 8,
    };
    for number in numbers {
        let bytes = number.to_le_bytes();
        tensor.bytes.to_mut().extend(bytes.iter().take(width));
    }
    Ok(tensor)
}

fn decode_port(bytes: &[u8]) -> Result<Port, WireError> {
    let mut port = Port {
        name: String::new(),
        element: Element::Other(0),
        shape: Vec::new(),
    };
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => port.name = text(field, value)?,
            2 => {
                let mut kind = Reader::new(message(field, value)?);
                while let Some((field, value)) = kind.next_field()? {
                    if field == 1 {
                        decode_kind(message(field, value)?, &mut port)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(port)
}

fn decode_kind(bytes: &[u8], port: &mut Port) -> Result<(), WireError> {
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => port.element = Element::from_number(integer(field, value)?),
            2 => {
                let mut shape = Reader::new(message(field, value)?);
                while let Some((field, value)) = shape.next_field()? {
                    port.shape.push(decode_size(message(field, value)?)?);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn decode_size(bytes: &[u8]) -> Result<Size, WireError> {
    let mut size = Size::Named(String::new());
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.next_field()? {
        match field {
            1 => {
                let fixed = usize::try_from(integer(field, value)?);
                size = Size::Fixed(fixed.unwrap_or(usize::MAX));
            }
            2 => size = Size::Named(text(field, value)?),
            _ => {}
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::super::wire::Writer;
    use super::*;
    use proptest::prelude::*;

    fn example() -> Graph<'static> {
        let port = |name: &str| Port {
            name: name.to_owned(),
            element: Element::I64,
            shape: vec![Size::Fixed(2), Size::Named("rows".to_owned())],
        };
        Graph {
            name: "example".to_owned(),
            nodes: vec![Node {
                kind: "Gather".to_owned(),
                domain: CONTRIB.to_owned(),
                inputs: vec!["table".to_owned(), String::new(), "ids".to_owned()],
                outputs: vec!["rows".to_owned()],
                attributes: vec![
                    ("axis".to_owned(), Attribute::Integer(-1)),
                    ("epsilon".to_owned(), Attribute::Float(1e-5)),
                    ("perm".to_owned(), Attribute::Integers(vec![0, 2, 1])),
                ],
            }],
            constants: vec![Tensor::new(
                "table",
                &[2, 1],
                Element::F32,
                [1.0_f32, -2.5]
                    .iter()
                    .flat_map(|v| v.to_le_bytes())
                    .collect(),
            )],
            inputs: vec![port("ids")],
            outputs: vec![port("rows")],
        }
    }

    fn written(graph: &Graph<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        graph.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_graph_comes_back_as_it_was() {
        let bytes = written(&example());
        let graph = Graph::read(&bytes).unwrap();
        assert_eq!(graph, example());
        assert_eq!(graph.constants[0].to_f32(), Some(vec![1.0, -2.5]));
    }

    #[test]
    fn half_floats_and_shapes_that_do_not_fit() {
        let half: Vec<u8> = f16::from_f32(0.5).to_le_bytes().to_vec();
        let tensor = |shape: &[usize]| Tensor::new("t", shape, Element::F16, half.clone());
        assert_eq!(tensor(&[1]).to_f32(), Some(vec![0.5]));
        assert_eq!(tensor(&[2]).to_f32(), None);
        assert_eq!(tensor(&[usize::MAX, 2]).to_f32(), None);
        let brain: Vec<u8> = bf16::from_f32(-3.0).to_le_bytes().to_vec();
        assert_eq!(floats(&brain, Element::Bf16), Some(vec![-3.0]));
        assert_eq!(floats(&brain, Element::I8), None);
    }

    #[test]
    fn nesting_has_an_end() {
        let mut graph = Vec::new();
        for _ in 0..=DEEPEST {
            let (mut attribute, mut node, mut outer) =
                (Writer::default(), Writer::default(), Writer::default());
            attribute.bytes(6, &graph);
            node.bytes(5, &attribute.into_bytes());
            outer.bytes(1, &node.into_bytes());
            graph = outer.into_bytes();
        }
        let mut model = Writer::default();
        model.bytes(7, &graph);
        assert_eq!(Graph::read(&model.into_bytes()), Err(WireError::Depth));
    }

    proptest! {
        #[test]
        fn whatever_is_read_nothing_panics(bytes: Vec<u8>) {
            let _ = Graph::read(&bytes).map(|graph| graph.constants.len());
        }

        #[test]
        fn a_damaged_file_does_not_panic(place in 0_usize..200, byte: u8, cut in 0_usize..200) {
            let mut bytes = written(&example());
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(bytes.len() - cut % bytes.len());
            if let Ok(graph) = Graph::read(&bytes) {
                for constant in &graph.constants {
                    let _ = constant.to_f32();
                }
            }
        }
    }
}
