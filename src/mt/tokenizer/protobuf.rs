//! The wire format of protocol buffers, as far as sentencepiece models use it.
//!
//! See <https://protobuf.dev/programming-guides/encoding/>. Nothing is copied: what has a length is
//! handed out as a slice of the message.

/// The value of a field as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// A number, a truth value or an enumeration.
    Varint(u64),
    /// Four bytes: a `float`, here.
    Fixed32(u32),
    /// Eight bytes, which no field that is read here has.
    Fixed64,
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn flag(self) -> Option<bool> {
        self.number().map(|number| number != 0)
    }

    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Varint(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn float(self) -> Option<f32> {
        match self {
            Self::Fixed32(bits) => Some(f32::from_bits(bits)),
            _ => None,
        }
    }
}

/// Reads the fields of a message, one after the other.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The number and the value of the next field; `None` at the end.
    ///
    /// # Errors
    /// When the bytes are no field of a message.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => {
                self.take(8)?;
                Value::Fixed64
            }
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| cut_short())?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?.try_into().unwrap_or_default();
                Value::Fixed32(u32::from_le_bytes(bytes))
            }
            kind => return Err(format!("it is no sentencepiece model (wire type {kind})")),
        };
        Ok(Some((key >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for (place, byte) in self.rest.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(place + 1..).unwrap_or_default();
                return Ok(number);
            }
        }
        Err(cut_short())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn cut_short() -> String {
    "it is no sentencepiece model, or it is cut short".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let message = [
            0x08, 0x96, 0x01, // 1: 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x1d, 0, 0, 0x80, 0x3f, // 3: 1.0
            0x21, 1, 2, 3, 4, 5, 6, 7, 8, // 4: eight bytes
        ];
        let mut fields = Fields::new(&message);
        assert_eq!(fields.next(), Ok(Some((1, Value::Varint(150)))));
        assert_eq!(fields.next(), Ok(Some((2, Value::Bytes(b"hi")))));
        let (number, value) = fields.next().unwrap().unwrap();
        assert_eq!((number, value.float()), (3, Some(1.0)));
        assert_eq!(fields.next(), Ok(Some((4, Value::Fixed64))));
        assert_eq!(fields.next(), Ok(None));
    }

    #[test]
    fn lengths_beyond_the_end_are_errors() {
        for message in [
            &[0x12, 0x05, b'h'][..],
            &[
                0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
            &[0x08],
            &[0x08, 0xff],
            &[0x1d, 0, 0],
            &[0x0b],
            &[0xff; 11],
        ] {
            assert!(Fields::new(message).next().is_err(), "{message:?}");
        }
    }
}
