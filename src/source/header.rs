//! The header of a page, and what it claims.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;

use super::compact::{BINARY, Compact, I64, STRUCT, TRUE, expect, malformed};
use super::limits::{DELTA_PAGE_BYTES, PAGE_BYTES, PAGE_VALUES};

/// What kind of page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Dictionary,
    Other,
}

/// What the header of a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes of the header itself.
    pub(super) length: u64,
    /// Bytes of the page when decompressed.
    pub(super) decompressed: u64,
    /// Bytes of the page in the file.
    pub(super) compressed: u64,
    values: u64,
    /// Bytes, before the values, that are not compressed.
    levels: u64,
    /// Whether values are written as what they add to the one before.
    is_delta: bool,
}

/// The fields of a header, as parquet.thrift numbers them.
const PAGE: &[(i64, u8)] = &[
    (1, I64),
    (2, I64),
    (3, I64),
    (4, I64),
    (5, STRUCT),
    (6, STRUCT),
    (7, STRUCT),
    (8, STRUCT),
];
const DATA_PAGE: &[(i64, u8)] = &[(1, I64), (2, I64), (3, I64), (4, I64), (5, STRUCT)];
const DICTIONARY_PAGE: &[(i64, u8)] = &[(1, I64), (2, I64), (3, TRUE)];
const DATA_PAGE_2: &[(i64, u8)] = &[
    (1, I64),
    (2, I64),
    (3, I64),
    (4, I64),
    (5, I64),
    (6, I64),
    (7, TRUE),
    (8, STRUCT),
];
const STATISTICS: &[(i64, u8)] = &[
    (1, BINARY),
    (2, BINARY),
    (3, I64),
    (4, I64),
    (5, BINARY),
    (6, BINARY),
    (7, TRUE),
    (8, TRUE),
    (9, I64),
];

/// The number that parquet.thrift has for `DELTA_BYTE_ARRAY`.
const DELTA_BYTE_ARRAY: i32 = 7;

/// Reads a header of at most `most` bytes.
pub(super) fn read_header(from: impl Read, most: u64) -> io::Result<Header> {
    let mut compact = Compact::new(from, most);
    let mut header = Header {
        kind: Kind::Other,
        length: 0,
        decompressed: 0,
        compressed: 0,
        values: 0,
        levels: 0,
        is_delta: false,
    };
    let mut before = 0;
    while let Some(field) = compact.field(before)? {
        expect(field, PAGE)?;
        // A field that comes again replaces the one before, there as here.
        match field.id {
            1 => {
                header.kind = match compact.number32()? {
                    0 | 3 => Kind::Data,
                    2 => Kind::Dictionary,
                    _ => Kind::Other,
                }
            }
            2 => header.decompressed = size(compact.number32()?)?,
            3 => header.compressed = size(compact.number32()?)?,
            5 => page(&mut compact, DATA_PAGE, 2, &mut header)?,
            7 => page(&mut compact, DICTIONARY_PAGE, 2, &mut header)?,
            8 => page(&mut compact, DATA_PAGE_2, 4, &mut header)?,
            _ => compact.skip(field.kind)?,
        }
        before = field.id;
    }
    header.length = compact.position();
    Ok(header)
}

fn size(bytes: i32) -> io::Result<u64> {
    u64::try_from(bytes).map_err(|_| malformed("a page has less than no bytes"))
}

/// Reads what is said about one kind of page; `encoding` is the field that tells how it is written.
fn page(
    compact: &mut Compact<impl Read>,
    known: &[(i64, u8)],
    encoding: i64,
    header: &mut Header,
) -> io::Result<()> {
    let mut before = 0;
    while let Some(field) = compact.field(before)? {
        expect(field, known)?;
        if field.id == 1 {
            header.values = header.values.max(size(compact.number32()?)?);
        } else if field.id == encoding {
            header.is_delta |= compact.number32()? == DELTA_BYTE_ARRAY;
        } else if encoding == 4 && [5, 6].contains(&field.id) {
            header.levels += size(compact.number32()?)?;
        } else if field.kind == STRUCT {
            statistics(compact)?;
        } else {
            compact.skip(field.kind)?;
        }
        before = field.id;
    }
    Ok(())
}

fn statistics(compact: &mut Compact<impl Read>) -> io::Result<()> {
    let mut before = 0;
    while let Some(field) = compact.field(before)? {
        expect(field, STATISTICS)?;
        compact.skip(field.kind)?;
        before = field.id;
    }
    Ok(())
}

impl Header {
    /// What of the page is too large, if anything is.
    pub(super) fn excess(&self) -> Option<String> {
        let of = |what: &str, number: u64, most: u64| {
            (number > most).then(|| format!("a page holds {number} {what}, and may hold {most}"))
        };
        let bytes = if self.is_delta {
            DELTA_PAGE_BYTES
        } else {
            PAGE_BYTES
        };
        of("bytes", self.decompressed.max(self.compressed), bytes)
            .or_else(|| of("values", self.values, PAGE_VALUES))
    }

    /// Bytes that it takes to decode the page, roughly: itself, and two levels for each value.
    pub(super) fn memory(&self) -> u64 {
        self.decompressed.max(self.compressed) + 4 * self.values
    }

    /// Looks at the bytes of a page before they are decompressed. Where the decoder asks for as much
    /// memory as was claimed, the bytes must be able to yield that; where it goes on until the end of
    /// what comes, that must be what was claimed.
    ///
    /// # Errors
    /// When they are not as the header says.
    pub(super) fn check_bytes(&self, bytes: &[u8], codec: Compression) -> Result<(), String> {
        let length = bytes.len() as u64;
        // The most that a byte can become, and what a page has beside that.
        let (ratio, rest) = match codec {
            Compression::SNAPPY => (64, 1 << 10),
            Compression::LZ4 | Compression::LZ4_RAW => (256, 1 << 10),
            _ => (u64::MAX, 0),
        };
        if self.decompressed > length.saturating_mul(ratio).saturating_add(rest) {
            return Err(format!(
                "a page of {length} bytes claims to decompress to {}",
                self.decompressed
            ));
        }
        let levels = usize::try_from(self.levels).unwrap_or(usize::MAX);
        let values = bytes.get(levels..).unwrap_or_default();
        let yields = match codec {
            // A byte becomes 1,032 at most, so that smaller pages cannot do harm.
            Compression::GZIP(_) if length > PAGE_BYTES / 1_032 => {
                measure(MultiGzDecoder::new(values))
            }
            Compression::BROTLI(_) => measure(brotli::Decompressor::new(values, 1 << 16)),
            // Of old writers: frames that are read to their end.
            Compression::LZ4 if values.starts_with(&[0x04, 0x22, 0x4d, 0x18]) => {
                length.saturating_mul(256)
            }
            _ => 0,
        };
        if yields > PAGE_BYTES {
            return Err(format!(
                "a page of {length} bytes decompresses to more than the {} that it claims",
                self.decompressed
            ));
        }
        Ok(())
    }
}

/// How much comes out of `decompressed`, as far as it matters.
fn measure(decompressed: impl Read) -> u64 {
    // An error is for the decoder to find.
    let mut decompressed = decompressed.take(PAGE_BYTES + 1);
    let mut chunk = vec![0; 1 << 16];
    let mut yields = 0;
    while let Ok(read @ 1..) = decompressed.read(&mut chunk) {
        yields += read as u64;
    }
    yields
}
