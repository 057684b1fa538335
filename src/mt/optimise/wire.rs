//! The wire format of protocol buffers: fields with numbers, of four kinds.
//!
//! ONNX files are protocol buffers. A generated reader of all of ONNX would be many times the size
//! of what is needed of it here. See <https://protobuf.dev/programming-guides/encoding/>.

/// Appends fields to a message.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// The message so far.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A whole number. Negative ones are written as their two's complement in 64 bits.
    pub(super) fn integer(&mut self, field: u32, value: i64) {
        self.tag(field, 0);
        self.varint(value.cast_unsigned());
    }

    /// A floating-point number of 32 bits.
    pub(super) fn float(&mut self, field: u32, value: f32) {
        self.tag(field, 5);
        self.bytes.extend(value.to_le_bytes());
    }

    /// Bytes, a text, or a message inside this one.
    pub(super) fn bytes(&mut self, field: u32, value: &[u8]) {
        self.start(field, value.len());
        self.bytes.extend(value);
    }

    /// The beginning of a field of `length` bytes that are written elsewhere.
    pub(super) fn start(&mut self, field: u32, length: usize) {
        self.tag(field, 2);
        self.varint(length as u64);
    }

    fn tag(&mut self, field: u32, kind: u64) {
        self.varint(u64::from(field) << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Integer(u64),
    Double(u64),
    Bytes(&'a [u8]),
    Float(u32),
}

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    #[error("it ends in the middle of a field")]
    Truncated,
    #[error("field {0} is of a kind that protocol buffers do not have")]
    Kind(u64),
    #[error("a number has more than 64 bits")]
    Overlong,
    #[error("field {0} holds a value of another kind than ONNX has there")]
    Unexpected(u64),
    #[error("graphs are nested too deeply")]
    Depth,
}

/// Takes the fields of a message one after the other.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The number and the value of the next field; nothing at the end of the message.
    pub(super) fn next_field(&mut self) -> Result<Option<(u64, Value<'a>)>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = tag >> 3;
        let value = match tag & 7 {
            0 => Value::Integer(self.varint()?),
            1 => Value::Double(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| WireError::Truncated)?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Float(u32::from_le_bytes(self.array()?)),
            _ => return Err(WireError::Kind(field)),
        };
        Ok(Some((field, value)))
    }

    /// The next number of a packed field; nothing at its end.
    pub(super) fn next_packed(&mut self) -> Result<Option<u64>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.varint().map(Some)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| WireError::Truncated)
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::Overlong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_come_back_in_order() {
        let mut writer = Writer::default();
        writer.integer(1, -1);
        writer.bytes(200, b"text");
        writer.float(3, 1.5);
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.next_field(), Ok(Some((1, Value::Integer(u64::MAX)))));
        assert_eq!(reader.next_field(), Ok(Some((200, Value::Bytes(b"text")))));
        let float = Value::Float(1.5_f32.to_bits());
        assert_eq!(reader.next_field(), Ok(Some((3, float))));
        assert_eq!(reader.next_field(), Ok(None));
    }

    #[test]
    fn a_message_that_is_cut_is_an_error() {
        let mut writer = Writer::default();
        writer.bytes(1, b"some text");
        let bytes = writer.into_bytes();
        for length in 1..bytes.len() {
            let mut reader = Reader::new(&bytes[..length]);
            assert_eq!(reader.next_field(), Err(WireError::Truncated));
        }
    }

    proptest! {
        #[test]
        fn any_number_comes_back(number: i64, field in 1_u32..1000) {
            let mut writer = Writer::default();
            writer.integer(field, number);
            let bytes = writer.into_bytes();
            let expected = (u64::from(field), Value::Integer(number.cast_unsigned()));
            prop_assert_eq!(Reader::new(&bytes).next_field(), Ok(Some(expected)));
        }
    }
}
