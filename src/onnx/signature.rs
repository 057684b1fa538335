//! The inputs and outputs of a graph, read from its file without loading it.
//!
//! An ONNX file is a protocol buffer (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>).
//! Weights are skipped, so that reading a file of several hundred megabytes takes no time.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of a name, at most.
const LONGEST_NAME: u64 = 64 << 10;

/// What the elements of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Float32,
    Float16,
    Int64,
    Bool,
    Other,
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) element: Element,
    /// Nothing for a size that is known when the graph runs only.
    pub(crate) shape: Vec<Option<usize>>,
}

/// A constant of a graph, and where it lies in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) name: String,
    /// Number of the type of its elements: see `TensorProto.DataType`.
    pub(crate) data_type: u64,
    pub(crate) shape: Vec<usize>,
    /// Where its bytes begin, and how many there are. None where they are written otherwise.
    pub(crate) start: u64,
    pub(crate) length: u64,
}

/// The inputs and outputs of a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) constants: Vec<Constant>,
}

impl Signature {
    pub(crate) fn read(source: &mut (impl Read + Seek)) -> io::Result<Self> {
        let (mut reader, end) = Reader::new(source)?;
        let mut signature = Self::default();
        while let Some(field) = reader.field(end)? {
            if field.number == 7 {
                reader.graph(field.end, &mut signature)?;
            } else {
                reader.skip(field)?;
            }
        }
        Ok(signature)
    }

    pub(crate) fn input(&self, name: &str) -> Option<&Port> {
        self.inputs.iter().find(|port| port.name == name)
    }

    pub(crate) fn output(&self, name: &str) -> Option<&Port> {
        self.outputs.iter().find(|port| port.name == name)
    }
}

/// A field whose header has been read.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u64,
    /// Where a field of variable length ends.
    pub(super) end: u64,
    /// The value of a number.
    value: u64,
    /// Whether it is of variable length.
    pub(super) packed: bool,
}

/// Reads fields one after the other. It knows where it is without asking the system, which it would do
/// for each field.
pub(super) struct Reader<R> {
    source: R,
    position: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// A reader at the start of `source`, and where that ends.
    pub(super) fn new(mut source: R) -> io::Result<(Self, u64)> {
        let end = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let position = 0;
        Ok((Self { source, position }, end))
    }

    fn graph(&mut self, end: u64, signature: &mut Signature) -> io::Result<()> {
        while let Some(field) = self.field(end)? {
            match field.number {
                5 => signature.constants.push(self.constant(field.end)?),
                11 => signature.inputs.push(self.port(field.end)?),
                12 => signature.outputs.push(self.port(field.end)?),
                _ => self.skip(field)?,
            }
        }
        // Old files list their constants among the inputs as well.
        let constants = &signature.constants;
        signature
            .inputs
            .retain(|port| constants.iter().all(|constant| constant.name != port.name));
        Ok(())
    }

    fn constant(&mut self, end: u64) -> io::Result<Constant> {
        let mut constant = Constant::default();
        while let Some(field) = self.field(end)? {
            match field.number {
                1 if field.packed => {
                    while self.position < field.end {
                        let size = self.varint()?;
                        constant
                            .shape
                            .push(usize::try_from(size).unwrap_or_default());
                    }
                }
                1 => {
                    let size = usize::try_from(field.value).unwrap_or_default();
                    constant.shape.push(size);
                }
                2 => constant.data_type = field.value,
                8 => constant.name = self.text(field.end)?,
                9 => {
                    constant.start = self.position;
                    constant.length = field.end - constant.start;
                    self.skip(field)?;
                }
                _ => self.skip(field)?,
            }
        }
        Ok(constant)
    }

    fn port(&mut self, end: u64) -> io::Result<Port> {
        let mut port = Port {
            name: String::new(),
            element: Element::Other,
            shape: Vec::new(),
        };
        while let Some(field) = self.field(end)? {
            match field.number {
                1 => port.name = self.text(field.end)?,
                2 => self.of_type(field.end, &mut port)?,
                _ => self.skip(field)?,
            }
        }
        Ok(port)
    }

    fn of_type(&mut self, end: u64, port: &mut Port) -> io::Result<()> {
        while let Some(field) = self.field(end)? {
            if field.number != 1 {
                self.skip(field)?;
                continue;
            }
            while let Some(field) = self.field(field.end)? {
                match field.number {
                    1 => {
                        port.element = match field.value {
                            1 => Element::Float32,
                            7 => Element::Int64,
                            9 => Element::Bool,
                            10 => Element::Float16,
                            _ => Element::Other,
                        }
                    }
                    2 => self.shape(field.end, port)?,
                    _ => self.skip(field)?,
                }
            }
        }
        Ok(())
    }

    fn shape(&mut self, end: u64, port: &mut Port) -> io::Result<()> {
        while let Some(field) = self.field(end)? {
            if field.number != 1 {
                self.skip(field)?;
                continue;
            }
            let mut size = None;
            while let Some(field) = self.field(field.end)? {
                if field.number == 1 {
                    size = usize::try_from(field.value).ok();
                }
                self.skip(field)?;
            }
            port.shape.push(size);
        }
        Ok(())
    }

    /// The header of the next field; nothing at `end`.
    pub(super) fn field(&mut self, end: u64) -> io::Result<Option<Field>> {
        if self.position >= end {
            return Ok(None);
        }
        let key = self.varint()?;
        let mut field = Field {
            number: key >> 3,
            end: 0,
            value: 0,
            packed: key & 7 == 2,
        };
        match key & 7 {
            0 => {
                field.value = self.varint()?;
                field.end = self.position;
            }
            1 => field.end = self.position + 8,
            5 => field.end = self.position + 4,
            2 => {
                let length = self.varint()?;
                field.end = self.position.saturating_add(length);
            }
            _ => return Err(malformed()),
        }
        if field.end > end {
            return Err(malformed());
        }
        Ok(Some(field))
    }

    pub(super) fn skip(&mut self, field: Field) -> io::Result<()> {
        let distance = field.end.checked_signed_diff(self.position);
        self.source.seek_relative(distance.ok_or_else(malformed)?)?;
        self.position = field.end;
        Ok(())
    }

    pub(super) fn text(&mut self, end: u64) -> io::Result<String> {
        let length = end.saturating_sub(self.position);
        if length > LONGEST_NAME {
            return Err(malformed());
        }
        let mut bytes = Vec::new();
        let read = (&mut self.source).take(length).read_to_end(&mut bytes)?;
        self.position += read as u64;
        String::from_utf8(bytes).map_err(|_| malformed())
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.source.read_exact(&mut byte)?;
            self.position += 1;
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed())
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is no ONNX graph")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::cast_possible_truncation, reason = "cut to seven bits")]
    fn message(number: u8, contents: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut length = contents.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(contents);
        bytes
    }

    fn port(name: &str, element: u8) -> Vec<u8> {
        let fixed = message(1, &[0x08, 7]);
        let symbol = message(1, &message(2, b"batch"));
        let shape = message(2, &[symbol, fixed].concat());
        let tensor = [vec![0x08, element], shape].concat();
        [
            message(1, name.as_bytes()),
            message(2, &message(1, &tensor)),
        ]
        .concat()
    }

    fn graph() -> Vec<u8> {
        let sizes = [message(1, &[3]), vec![0x08, 100, 0x10, 3]].concat();
        let weights = [sizes, message(9, &[1; 300]), message(8, b"weights")].concat();
        let graph = [
            message(2, b"name"),
            message(5, &weights),
            message(11, &port("input_ids", 7)),
            message(11, &port("weights", 1)),
            message(12, &port("logits", 10)),
        ];
        [vec![0x08, 8], message(7, &graph.concat())].concat()
    }

    #[test]
    fn inputs_and_outputs_are_read() {
        let signature = Signature::read(&mut Cursor::new(graph())).unwrap();
        assert_eq!(
            signature,
            Signature {
                inputs: vec![Port {
                    name: "input_ids".to_owned(),
                    element: Element::Int64,
                    shape: vec![None, Some(7)],
                }],
                outputs: vec![Port {
                    name: "logits".to_owned(),
                    element: Element::Float16,
                    shape: vec![None, Some(7)],
                }],
                constants: signature.constants.clone(),
            }
        );
        let [constant] = &signature.constants[..] else {
            panic!("{:?}", signature.constants);
        };
        assert_eq!((constant.name.as_str(), constant.data_type), ("weights", 3));
        assert_eq!((&constant.shape[..], constant.length), (&[3, 100][..], 300));
        let start = usize::try_from(constant.start).unwrap();
        assert_eq!(graph()[start..start + 300], [1; 300]);
    }

    proptest! {
        #[test]
        fn damaged_files_are_no_panic(place: prop::sample::Index, byte: u8, cut: bool) {
            let mut bytes = graph();
            let place = place.index(bytes.len());
            if cut {
                bytes.truncate(place);
            } else {
                bytes[place] = byte;
            }
            let _ = Signature::read(&mut Cursor::new(bytes));
        }
    }
}
