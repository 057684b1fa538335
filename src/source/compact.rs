//! Thrift's compact protocol, as far as it takes to look at what a Parquet file says before the decoder
//! believes it.

use std::io::{self, Read};

/// How deep structs and lists may be nested.
const DEEPEST: usize = 64;

/// The wire types of fields.
pub(super) const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A field of a struct: its number and its wire type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) kind: u8,
}

/// Refuses a field that is not of the wire type that its number stands for: the decoder goes by the
/// number alone, and would see something else than who looked before it. Numbers of any width are
/// written alike, and so are the two flags.
///
/// # Errors
/// When the type is another one.
pub(super) fn expect(field: Field, known: &[(i64, u8)]) -> io::Result<()> {
    let family = |kind: u8| match kind {
        I16..=I64 => I64,
        FALSE => TRUE,
        other => other,
    };
    let expected = known.iter().find(|(id, _)| *id == field.id);
    match expected {
        Some((_, kind)) if family(*kind) != family(field.kind) => {
            Err(malformed("one of its fields has a wrong type"))
        }
        _ => Ok(()),
    }
}

/// Reads values, and counts what it has read. It keeps nothing, so lengths may say what they like.
pub(super) struct Compact<R> {
    from: R,
    read: u64,
    most: u64,
}

impl<R: Read> Compact<R> {
    /// A reader of at most `most` bytes.
    pub(super) fn new(from: R, most: u64) -> Self {
        let read = 0;
        Self { from, read, most }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.read
    }

    fn byte(&mut self) -> io::Result<u8> {
        if self.read >= self.most {
            return Err(malformed("it is too long"));
        }
        let mut byte = [0];
        self.from.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte.first().copied().unwrap_or_default())
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("it holds a number of more than 64 bits"))
    }

    /// A whole number of any width.
    pub(super) fn number(&mut self) -> io::Result<i64> {
        let value = self.unsigned()?;
        let magnitude = i64::try_from(value >> 1).unwrap_or_default();
        Ok(if value & 1 == 0 {
            magnitude
        } else {
            -magnitude - 1
        })
    }

    /// A whole number of 32 bits; of a wider one the decoder takes the lower half.
    pub(super) fn number32(&mut self) -> io::Result<i32> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what the decoder does has to be seen as it does it"
        )]
        self.number().map(|number| number as i32)
    }

    /// The next field of a struct, after the field numbered `before`; nothing at its end.
    pub(super) fn field(&mut self, before: i64) -> io::Result<Option<Field>> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        if kind == 0 {
            return Ok(None);
        }
        let id = match i64::from(head >> 4) {
            0 => self.number()?,
            step => before + step,
        };
        Ok(Some(Field { id, kind }))
    }

    /// The beginning of a list: the wire type of its items, and their number.
    pub(super) fn list(&mut self) -> io::Result<(u8, u64)> {
        let head = self.byte()?;
        let length = match u64::from(head >> 4) {
            15 => self.unsigned()?,
            length => length,
        };
        Ok((head & 0x0f, length))
    }

    /// Passes over a value of a field.
    pub(super) fn skip(&mut self, kind: u8) -> io::Result<()> {
        self.skip_within(kind, DEEPEST)
    }

    fn skip_within(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        let Some(deeper) = depth.checked_sub(1) else {
            return Err(malformed("it is nested too deeply"));
        };
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            I16..=I64 => self.unsigned().map(drop),
            DOUBLE => self.pass(8),
            UUID => self.pass(16),
            BINARY => {
                let length = self.unsigned()?;
                self.pass(length)
            }
            LIST | SET => {
                let (item, length) = self.list()?;
                for _ in 0..length {
                    self.skip_item(item, deeper)?;
                }
                Ok(())
            }
            MAP => {
                let length = self.unsigned()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                for _ in 0..length {
                    self.skip_item(kinds >> 4, deeper)?;
                    self.skip_item(kinds & 0x0f, deeper)?;
                }
                Ok(())
            }
            STRUCT => {
                let mut before = 0;
                while let Some(field) = self.field(before)? {
                    self.skip_within(field.kind, deeper)?;
                    before = field.id;
                }
                Ok(())
            }
            _ => Err(malformed("it holds a field of no known type")),
        }
    }

    /// An item that is true or false takes a byte, of which not every decoder knows: where it stands in
    /// something that nobody has heard of, two decoders would see different things.
    fn skip_item(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        if [TRUE, FALSE].contains(&kind) {
            return Err(malformed("it holds a list of flags"));
        }
        self.skip_within(kind, depth)
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        if length > self.most - self.read {
            return Err(malformed("it is too long"));
        }
        let passed = io::copy(&mut self.from.by_ref().take(length), &mut io::sink())?;
        self.read += passed;
        if passed < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// An error about what was read.
pub(super) fn malformed(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_written() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x01], -1),
            (&[0x02], 1),
            (&[0xfe, 0xff, 0xff, 0xff, 0x0f], i64::from(i32::MAX)),
        ] {
            assert_eq!(Compact::new(bytes, 10).number().unwrap(), number);
        }
        assert!(Compact::new(&[0xff; 20][..], 20).number().is_err());
    }

    #[test]
    fn lengths_beyond_the_bound_and_endless_nesting_are_refused() {
        // A text that claims two gigabytes.
        let bytes = [0x18, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0];
        assert!(Compact::new(&bytes[..], 100).skip(STRUCT).is_err());
        let nested = [0x1c; 1_000];
        assert!(Compact::new(&nested[..], 1_000).skip(STRUCT).is_err());
        // A list that claims to be long without end, of items that take no byte to say.
        let long = [0xf0, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
        assert!(Compact::new(&long[..], 100).skip(LIST).is_err());
    }

    #[test]
    fn everything_in_a_struct_is_passed_over() {
        let bytes = [
            0x15, 0x04, // 1: a number
            0x18, 0x02, b'a', b'b', // 2: a text
            0x19, 0x25, 1, 2,    // 3: two numbers
            0x11, // 4: true
            0x1c, 0x15, 0x02, 0x00, // 5: a struct
            0x1b, 0x01, 0x85, 0x01, b'k', 0x02, // 6: a map
            0x00, 0xaa,
        ];
        let mut compact = Compact::new(&bytes[..], 100);
        compact.skip(STRUCT).unwrap();
        assert_eq!(compact.position(), bytes.len() as u64 - 1);
    }
}
