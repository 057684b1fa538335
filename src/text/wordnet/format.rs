//! The blob that holds a WordNet: its layout, and how it is written and read.
//!
//! The file is one zstd frame with a content checksum. Inside it:
//!
//! ```text
//! magic       8 bytes, "AUGWNET1"
//! counts      column of 5 numbers: lemmas; noun, verb, adjective, adverb synsets
//! texts       pool: lemmas (lower-case, sorted), then spellings with capitals
//! spellings   column: per spelling its lemma
//! senses      lists: per lemma its synsets, grouped by part of speech, most frequent first
//! tags        column: per value of senses its tag count
//! flags       column: per synset, SATELLITE = 1, INSTANCE = 2
//! files       column: per synset its lexicographer file
//! members     lists: per synset its texts
//! hypernyms   lists: per synset synsets, relative
//! similar     lists: per synset synsets, relative
//! antonyms, derivations, usages
//!             links each: columns source synset (difference to the link before), source lemma,
//!             target synset, target text
//! exceptions  four times (noun, verb, adjective, adverb): pool of forms (sorted), lists of lemmas
//!
//! number      LEB128: seven bits a byte, the low ones first, top bit set but in the last byte
//! column      number of values, then the values (numbers)
//! pool        column of lengths in bytes, number of bytes, the bytes (UTF-8)
//! lists       column of lengths, column of all values
//! relative    value v of list i is stored as zigzag(v - i): 0, -1, 1, -2 ... as 0, 1, 2, 3 ...
//! ```
//!
//! Nothing may follow the last column. What the numbers refer to is checked by
//! [`WordNet::new`](super::WordNet::new), so a damaged blob is an error and never a panic.

use thiserror::Error;

use super::tables::{Exceptions, LexicalLink, Lists, Tables, TextPool};

const MAGIC: &[u8; 8] = b"AUGWNET1";

/// No blob unpacks to more than this many bytes; the full English WordNet takes about 7 million.
const LARGEST_BLOB: usize = 256 << 20;

/// Why bytes are not a WordNet.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The zstd frame is damaged, or is none.
    #[error("the WordNet blob does not decompress: {0}")]
    Compression(#[from] std::io::Error),
    /// The decompressed bytes do not start as a blob of this version does.
    #[error("this is not a WordNet blob of this version")]
    Magic,
    /// The bytes end within a part of the blob.
    #[error("the WordNet blob ends within its {0}")]
    Truncated(&'static str),
    /// There is something after the last part.
    #[error("{0} bytes follow the end of the WordNet blob")]
    TrailingBytes(usize),
    /// A part breaks a rule of the format.
    #[error("the WordNet blob's {part} are damaged: {problem}")]
    Invalid {
        /// The part of the blob, as named in the layout.
        part: &'static str,
        /// The rule that it breaks.
        problem: &'static str,
    },
}

/// Writes `tables` as a blob, compressed at zstd `level`. Equal tables give equal bytes.
///
/// # Errors
/// When zstd fails, which it does only for want of memory or for an unknown level.
pub fn encode(tables: &Tables, level: i32) -> Result<Vec<u8>, FormatError> {
    let mut out = MAGIC.to_vec();
    let mut counts = vec![tables.lemma_count];
    counts.extend(tables.synset_counts);
    write_column(&mut out, &counts);
    write_pool(&mut out, &tables.texts);
    write_column(&mut out, &tables.spelling_lemmas);
    write_lists(&mut out, &tables.senses);
    write_column(&mut out, &tables.tag_counts);
    write_column(&mut out, &tables.synset_flags);
    write_column(&mut out, &tables.lexicographer_files);
    write_lists(&mut out, &tables.members);
    write_lists(&mut out, &relative(&tables.hypernyms));
    write_lists(&mut out, &relative(&tables.similar));
    for links in [&tables.antonyms, &tables.derivations, &tables.usages] {
        write_links(&mut out, links);
    }
    for exceptions in &tables.exceptions {
        write_pool(&mut out, &exceptions.forms);
        write_lists(&mut out, &exceptions.bases);
    }
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.include_checksum(true)?;
    Ok(compressor.compress(&out)?)
}

/// Reads what [`encode`] has written.
///
/// # Errors
/// When the bytes are damaged. Numbers that refer to nothing are not found here but by
/// [`WordNet::new`](super::WordNet::new).
pub fn decode(blob: &[u8]) -> Result<Tables, FormatError> {
    let size = zstd::zstd_safe::get_frame_content_size(blob).ok().flatten();
    let size = size
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(LARGEST_BLOB);
    let bytes = zstd::bulk::decompress(blob, size.min(LARGEST_BLOB))?;
    let rest = bytes.strip_prefix(MAGIC).ok_or(FormatError::Magic)?;
    let mut reader = Reader {
        rest,
        part: "counts",
    };
    let counts = reader.column()?;
    let &[lemma_count, nouns, verbs, adjectives, adverbs] = counts.as_slice() else {
        return Err(reader.invalid("there must be five"));
    };
    let tables = Tables {
        lemma_count,
        synset_counts: [nouns, verbs, adjectives, adverbs],
        texts: reader.part("texts").pool()?,
        spelling_lemmas: reader.part("spellings").column()?,
        senses: reader.part("senses").lists()?,
        tag_counts: reader.part("tags").column()?,
        synset_flags: reader.part("flags").column()?,
        lexicographer_files: reader.part("files").column()?,
        members: reader.part("members").lists()?,
        hypernyms: reader.part("hypernyms").relative_lists()?,
        similar: reader.part("similar").relative_lists()?,
        antonyms: reader.part("antonyms").links()?,
        derivations: reader.part("derivations").links()?,
        usages: reader.part("usages").links()?,
        exceptions: [
            reader.part("exceptions").exceptions()?,
            reader.exceptions()?,
            reader.exceptions()?,
            reader.exceptions()?,
        ],
    };
    match reader.rest.len() {
        0 => Ok(tables),
        trailing => Err(FormatError::TrailingBytes(trailing)),
    }
}

fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

fn write_column(out: &mut Vec<u8>, values: &[u32]) {
    // More values than a u32 counts cannot come from numbers that are u32 themselves.
    write_number(out, u32::try_from(values.len()).unwrap_or(u32::MAX));
    for &value in values {
        write_number(out, value);
    }
}

fn write_pool(out: &mut Vec<u8>, pool: &TextPool) {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    write_column(out, &pool.iter().map(length).collect::<Vec<_>>());
    write_number(out, length(pool.concatenated()));
    out.extend_from_slice(pool.concatenated().as_bytes());
}

fn write_lists(out: &mut Vec<u8>, lists: &Lists) {
    let length = |list: &[u32]| u32::try_from(list.len()).unwrap_or(u32::MAX);
    let lengths = (0..lists.count()).map(|number| length(lists.get(number)));
    write_column(out, &lengths.collect::<Vec<_>>());
    write_column(out, lists.values());
}

fn write_links(out: &mut Vec<u8>, links: &[LexicalLink]) {
    let mut previous = 0;
    let mut differences = Vec::with_capacity(links.len());
    for link in links {
        differences.push(link.source_synset.wrapping_sub(previous));
        previous = link.source_synset;
    }
    let column = |field: fn(&LexicalLink) -> u32| links.iter().map(field).collect::<Vec<_>>();
    write_column(out, &differences);
    write_column(out, &column(|link| link.source_lemma));
    write_column(out, &column(|link| link.target_synset));
    write_column(out, &column(|link| link.target_text));
}

/// The lists with every value relative to the number of its list.
fn relative(lists: &Lists) -> Lists {
    let mut result = Lists::default();
    for number in 0..lists.count() {
        result.push(
            lists
                .get(number)
                .iter()
                .map(|&value| zigzag(value.wrapping_sub(number))),
        );
    }
    result
}

/// Maps differences near zero, negative ones as two's complement, to small numbers.
fn zigzag(difference: u32) -> u32 {
    difference << 1 ^ 0u32.wrapping_sub(difference >> 31)
}

fn unzigzag(number: u32) -> u32 {
    number >> 1 ^ 0u32.wrapping_sub(number & 1)
}

/// Reads the parts of a blob one after the other.
struct Reader<'a> {
    rest: &'a [u8],
    /// The part that is being read, for errors.
    part: &'static str,
}

impl<'a> Reader<'a> {
    fn part(&mut self, part: &'static str) -> &mut Self {
        self.part = part;
        self
    }

    fn invalid(&self, problem: &'static str) -> FormatError {
        FormatError::Invalid {
            part: self.part,
            problem,
        }
    }

    fn number(&mut self) -> Result<u32, FormatError> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self
                .rest
                .split_first()
                .ok_or(FormatError::Truncated(self.part))?;
            self.rest = rest;
            if shift == 28 && byte > 0x0f {
                break;
            }
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.invalid("a number has more than 32 bits"))
    }

    fn bytes(&mut self, count: u32) -> Result<&'a [u8], FormatError> {
        let split = self.rest.split_at_checked(count as usize);
        let (bytes, rest) = split.ok_or(FormatError::Truncated(self.part))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn column(&mut self) -> Result<Vec<u32>, FormatError> {
        let count = self.number()? as usize;
        // Every value takes a byte at least: a false count must not allocate gigabytes.
        if count > self.rest.len() {
            return Err(FormatError::Truncated(self.part));
        }
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(self.number()?);
        }
        Ok(values)
    }

    fn pool(&mut self) -> Result<TextPool, FormatError> {
        let lengths = self.column()?;
        let size = self.number()?;
        let bytes = self.bytes(size)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.invalid("a text is not UTF-8"))?;
        let starts = self.starts(&lengths, text.len())?;
        if !starts
            .iter()
            .all(|&start| text.is_char_boundary(start as usize))
        {
            return Err(self.invalid("a text ends within a character"));
        }
        Ok(TextPool::from_parts(text.to_owned(), starts))
    }

    fn lists(&mut self) -> Result<Lists, FormatError> {
        let lengths = self.column()?;
        let values = self.column()?;
        let starts = self.starts(&lengths, values.len())?;
        Ok(Lists::from_parts(starts, values))
    }

    fn relative_lists(&mut self) -> Result<Lists, FormatError> {
        let stored = self.lists()?;
        let mut lists = Lists::default();
        for number in 0..stored.count() {
            let absolute = |&value: &u32| unzigzag(value).wrapping_add(number);
            lists.push(stored.get(number).iter().map(absolute));
        }
        Ok(lists)
    }

    /// Where pieces of these lengths start and, as a last value, end; `total` in all.
    fn starts(&self, lengths: &[u32], total: usize) -> Result<Vec<u32>, FormatError> {
        let mut starts = Vec::with_capacity(lengths.len() + 1);
        let mut end = 0u32;
        starts.push(end);
        for &length in lengths {
            let next = end.checked_add(length);
            end = next.ok_or_else(|| self.invalid("the lengths exceed 32 bits"))?;
            starts.push(end);
        }
        if end as usize == total {
            Ok(starts)
        } else {
            Err(self.invalid("the lengths do not add up to the size"))
        }
    }

    fn links(&mut self) -> Result<Vec<LexicalLink>, FormatError> {
        let differences = self.column()?;
        let lemmas = self.column()?;
        let synsets = self.column()?;
        let texts = self.column()?;
        if [lemmas.len(), synsets.len(), texts.len()] != [differences.len(); 3] {
            return Err(self.invalid("the columns differ in length"));
        }
        let mut source_synset = 0u32;
        let mut links = Vec::with_capacity(differences.len());
        for (i, difference) in differences.into_iter().enumerate() {
            source_synset = source_synset.wrapping_add(difference);
            links.push(LexicalLink {
                source_synset,
                source_lemma: lemmas[i],
                target_synset: synsets[i],
                target_text: texts[i],
            });
        }
        Ok(links)
    }

    fn exceptions(&mut self) -> Result<Exceptions, FormatError> {
        Ok(Exceptions {
            forms: self.pool()?,
            bases: self.lists()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{WordNet, small};
    use super::*;
    use proptest::prelude::*;

    /// Frames `bytes` the way `encode` does, so that only the format itself is on trial.
    fn framed(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 1).unwrap()
    }

    fn unframed(blob: &[u8]) -> Vec<u8> {
        zstd::bulk::decompress(blob, 1 << 20).unwrap()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let tables = small::tables();
        assert_eq!(decode(&encode(&tables, 3).unwrap()).unwrap(), tables);
    }

    #[test]
    fn equal_tables_give_equal_bytes() {
        let blob = encode(&small::tables(), 19).unwrap();
        assert_eq!(encode(&small::tables(), 19).unwrap(), blob);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let blob = encode(&small::tables(), 3).unwrap();
        for end in 0..blob.len() {
            assert!(decode(&blob[..end]).is_err(), "frame cut at {end}");
        }
        let bytes = unframed(&blob);
        for end in 0..bytes.len() {
            assert!(
                decode(&framed(&bytes[..end])).is_err(),
                "content cut at {end}"
            );
        }
    }

    #[test]
    fn bytes_after_the_end_are_an_error() {
        let mut bytes = unframed(&encode(&small::tables(), 3).unwrap());
        bytes.push(0);
        assert!(matches!(
            decode(&framed(&bytes)),
            Err(FormatError::TrailingBytes(1))
        ));
    }

    #[test]
    fn another_file_is_an_error() {
        assert!(matches!(
            decode(b"plain text"),
            Err(FormatError::Compression(_))
        ));
        assert!(matches!(
            decode(&framed(b"AUGWNET2")),
            Err(FormatError::Magic)
        ));
    }

    #[test]
    fn a_false_count_allocates_nothing() {
        let mut bytes = MAGIC.to_vec();
        write_number(&mut bytes, u32::MAX);
        assert!(matches!(
            decode(&framed(&bytes)),
            Err(FormatError::Truncated("counts"))
        ));
    }

    proptest! {
        #[test]
        fn numbers_survive(number: u32) {
            let mut bytes = Vec::new();
            write_number(&mut bytes, number);
            let mut reader = Reader { rest: &bytes, part: "test" };
            prop_assert_eq!(reader.number().unwrap(), number);
            prop_assert!(reader.rest.is_empty());
            prop_assert_eq!(unzigzag(zigzag(number)), number);
        }

        /// A flipped bit that the checksum did not catch is an error or a WordNet whose every
        /// lookup is still safe.
        #[test]
        fn damage_never_panics(place: prop::sample::Index, bit in 0u32..8, cut: bool) {
            let mut bytes = unframed(&encode(&small::tables(), 3).unwrap());
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            if cut {
                bytes.remove(place);
            }
            if let Ok(wordnet) = WordNet::from_blob(&framed(&bytes)) {
                prop_assert!(small::walk(&wordnet) < 1_000_000);
            }
        }
    }
}
