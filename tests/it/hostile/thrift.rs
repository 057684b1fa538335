//! Thrift's compact protocol as a tree, so that what a file says of itself can be altered in ways that
//! a flipped bit hardly ever hits.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::verbose_bit_mask,
    clippy::needless_for_each,
    reason = "bits are cut on purpose, and any number will do for damage"
)]

use augment::random::Random;

/// A value, as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    Byte(u8),
    Number(i64),
    Double([u8; 8]),
    Binary(Vec<u8>),
    List(u8, Vec<Value>),
    Struct(Vec<(i64, u8, Value)>),
}

/// Numbers that nobody expects.
const NUMBERS: [i64; 16] = [
    0,
    -1,
    1,
    2,
    7,
    31,
    127,
    -128,
    65_536,
    1 << 30,
    i32::MAX as i64,
    i32::MIN as i64,
    1 << 40,
    1 << 62,
    i64::MAX,
    i64::MIN,
];

pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
        }
    }

    fn number(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(crate) fn fields(&mut self) -> Option<Value> {
        let (mut fields, mut before) = (Vec::new(), 0);
        loop {
            let head = self.byte()?;
            if head & 15 == 0 {
                return Some(Value::Struct(fields));
            }
            before = match head >> 4 {
                0 => self.number()?,
                step => before.wrapping_add(i64::from(step)),
            };
            let value = match head & 15 {
                1 => Value::Flag(true),
                2 => Value::Flag(false),
                kind => self.value(kind)?,
            };
            fields.push((before, head & 15, value));
        }
    }

    fn value(&mut self, kind: u8) -> Option<Value> {
        Some(match kind {
            1 | 2 => Value::Flag(self.byte()? == 1),
            3 => Value::Byte(self.byte()?),
            4..=6 => Value::Number(self.number()?),
            7 => Value::Double(std::array::from_fn(|_| self.byte().unwrap_or(0))),
            8 => {
                let length = usize::try_from(self.unsigned()?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Value::Binary(bytes.to_vec())
            }
            9 | 10 => {
                let head = self.byte()?;
                let length = match head >> 4 {
                    15 => self.unsigned()?,
                    length => u64::from(length),
                };
                let items = (0..length).map(|_| self.value(head & 15));
                Value::List(head & 15, items.collect::<Option<_>>()?)
            }
            12 => self.fields()?,
            _ => return None,
        })
    }
}

fn put_unsigned(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn put_number(value: i64, to: &mut Vec<u8>) {
    put_unsigned(
        (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(),
        to,
    );
}

impl Value {
    /// Appends the value. `lies` makes the lengths of some texts and lists wrong.
    pub(crate) fn put(&self, lies: &mut Lies<'_>, to: &mut Vec<u8>) {
        match self {
            Self::Flag(flag) => to.push(if *flag { 1 } else { 2 }),
            Self::Byte(byte) => to.push(*byte),
            Self::Number(number) => put_number(*number, to),
            Self::Double(bytes) => to.extend(bytes),
            Self::Binary(bytes) => {
                put_unsigned(lies.about(bytes.len()), to);
                to.extend(bytes);
            }
            Self::List(kind, items) => {
                to.push(0xf0 | kind);
                put_unsigned(lies.about(items.len()), to);
                items.iter().for_each(|item| item.put(lies, to));
            }
            Self::Struct(fields) => {
                for (id, kind, value) in fields {
                    let flag = match value {
                        Self::Flag(flag) => Some(if *flag { 1 } else { 2 }),
                        _ => None,
                    };
                    to.push(flag.unwrap_or(*kind));
                    put_number(*id, to);
                    if flag.is_none() {
                        value.put(lies, to);
                    }
                }
                to.push(0);
            }
        }
    }

    /// How many values there are in it, itself among them.
    pub(crate) fn size(&self) -> usize {
        1 + match self {
            Self::List(_, items) => items.iter().map(Self::size).sum(),
            Self::Struct(fields) => fields.iter().map(|(_, _, value)| value.size()).sum(),
            _ => 0,
        }
    }

    /// Alters the value at `place` in the order in which they stand.
    pub(crate) fn alter(&mut self, place: &mut usize, random: &mut Random) {
        if *place == 0 {
            self.alter_here(random);
        }
        *place = place.wrapping_sub(1);
        match self {
            Self::List(_, items) => items.iter_mut().for_each(|item| item.alter(place, random)),
            Self::Struct(fields) => {
                let values = fields.iter_mut().map(|(_, _, value)| value);
                values.for_each(|value| value.alter(place, random));
            }
            _ => {}
        }
    }

    fn alter_here(&mut self, random: &mut Random) {
        match self {
            Self::Flag(flag) => *flag = !*flag,
            Self::Byte(byte) => *byte = byte.wrapping_add(1),
            Self::Double(bytes) => bytes[0] ^= 0xff,
            Self::Number(number) => {
                *number = match random.below(4) {
                    0 => number.wrapping_add(1),
                    1 => number.wrapping_sub(1),
                    2 => number.wrapping_mul(1 << random.below(20)),
                    _ => NUMBERS[random.below(NUMBERS.len())],
                }
            }
            Self::Binary(bytes) => match random.below(4) {
                0 => bytes.clear(),
                1 => bytes.push(0xff),
                2 => *bytes = bytes.repeat(1 + random.below(50)),
                _ => {
                    let at = random.below(bytes.len().max(1));
                    bytes
                        .iter_mut()
                        .skip(at)
                        .take(1)
                        .for_each(|byte| *byte ^= 0x81);
                }
            },
            Self::List(_, items) if !items.is_empty() => {
                let at = random.below(items.len());
                match random.below(4) {
                    0 => drop(items.remove(at)),
                    1 => items.clear(),
                    2 => items.insert(at, items[at].clone()),
                    _ => items.rotate_left(at),
                }
            }
            Self::Struct(fields) if !fields.is_empty() => {
                let at = random.below(fields.len());
                match random.below(4) {
                    0 => drop(fields.remove(at)),
                    1 => fields[at].0 = (random.below(14)) as i64,
                    2 => fields.push(fields[at].clone()),
                    _ => fields[at].1 = 3 + random.below(10) as u8,
                }
            }
            Self::List(..) | Self::Struct(_) => {}
        }
    }

    pub(crate) fn field(&self, id: i64) -> Option<&Value> {
        let Self::Struct(fields) = self else {
            return None;
        };
        fields
            .iter()
            .find(|field| field.0 == id)
            .map(|field| &field.2)
    }

    pub(crate) fn field_mut(&mut self, id: i64) -> Option<&mut Value> {
        let Self::Struct(fields) = self else {
            return None;
        };
        let found = fields.iter_mut().find(|field| field.0 == id);
        found.map(|field| &mut field.2)
    }

    pub(crate) fn items_mut(&mut self) -> &mut [Value] {
        match self {
            Self::List(_, items) => items,
            _ => &mut [],
        }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Says wrong lengths, once in a while or never.
pub(crate) struct Lies<'a>(pub(crate) Option<&'a mut Random>);

impl Lies<'_> {
    fn about(&mut self, length: usize) -> u64 {
        let length = length as u64;
        let Some(random) = &mut self.0 else {
            return length;
        };
        if random.below(60) > 0 {
            return length;
        }
        match random.below(5) {
            0 => length + 1,
            1 => u64::from(u32::MAX),
            2 => 1 << 40,
            3 => u64::MAX,
            _ => length.saturating_sub(1),
        }
    }
}

/// A struct at the beginning of `bytes`, and how many of them it takes.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Value, usize)> {
    let mut reader = Reader { rest: bytes };
    let value = reader.fields()?;
    Some((value, bytes.len() - reader.rest.len()))
}
