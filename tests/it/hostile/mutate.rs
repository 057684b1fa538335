//! Damage to Parquet files, of every kind that bytes can have.

#![expect(clippy::cast_possible_wrap, reason = "files of tests are small")]

use augment::random::Random;

use super::thrift::{Lies, Value, parse};

/// A file taken apart: what stands before the footer, and the footer.
pub(crate) fn take_apart(file: &[u8]) -> Option<(Vec<u8>, Value)> {
    let end = file.len().checked_sub(8)?;
    let length = u32::from_le_bytes(file.get(end..end + 4)?.try_into().ok()?);
    let body = end.checked_sub(length as usize)?;
    let (footer, _) = parse(file.get(body..end)?)?;
    Some((file[..body].to_vec(), footer))
}

/// The file of a body and a footer.
pub(crate) fn assemble(mut body: Vec<u8>, footer: &Value, mut lies: Lies<'_>) -> Vec<u8> {
    let start = body.len();
    footer.put(&mut lies, &mut body);
    let length = u32::try_from(body.len() - start).unwrap();
    body.extend(length.to_le_bytes());
    body.extend(b"PAR1");
    body
}

/// A damaged copy of `file`; `other` is where pieces may come from.
pub(crate) fn damage(file: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    match random.below(10) {
        0 => flip(file, random),
        1 => splice(file, other, random),
        2..=5 => alter_footer(file, random),
        _ => alter_page(file, random),
    }
}

fn flip(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
    bytes
}

/// Takes a piece out, puts one in, or cuts off, and leaves the footer at the end.
fn splice(file: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let from = random.below(file.len());
    let to = (from + random.below(200)).min(file.len());
    let piece = random.below(other.len());
    let piece = &other[piece..(piece + random.below(200)).min(other.len())];
    match random.below(3) {
        0 => file[..from].to_vec(),
        1 => [&file[..from], &file[to..]].concat(),
        _ => [&file[..from], piece, &file[to..]].concat(),
    }
}

fn alter_footer(file: &[u8], random: &mut Random) -> Vec<u8> {
    let Some((body, mut footer)) = take_apart(file) else {
        return flip(file, random);
    };
    for _ in 0..=random.below(3) {
        let mut place = random.below(footer.size());
        footer.alter(&mut place, random);
    }
    let lies = random.below(4) == 0;
    assemble(body, &footer, Lies(lies.then_some(random)))
}

/// Alters the header of a page, or what is in the page. The column gets a new place behind all others,
/// so that a header may grow.
fn alter_page(file: &[u8], random: &mut Random) -> Vec<u8> {
    with_column(file, random, |pages, random| {
        let at = random.below(pages.len());
        let (header, bytes) = &mut pages[at];
        if random.below(3) == 0 && !bytes.is_empty() {
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len().min(40));
                bytes[at] ^= 1 << random.below(8);
            }
        } else {
            let mut place = random.below(header.size());
            header.alter(&mut place, random);
        }
        if random.below(8) == 0 {
            let page = pages[at].clone();
            pages.insert(at, page);
        }
        random.below(6) == 0
    })
}

/// Rewrites one column of a file, page by page.
pub(crate) fn with_column(
    file: &[u8],
    random: &mut Random,
    alter: impl FnOnce(&mut Vec<(Value, Vec<u8>)>, &mut Random) -> bool,
) -> Vec<u8> {
    let rewritten = take_apart(file).and_then(|(mut body, mut footer)| {
        let groups = footer.field_mut(4)?.items_mut();
        let group = groups
            .len()
            .checked_sub(1)
            .map(|last| random.below(last + 1))?;
        let columns = groups[group].field_mut(1)?.items_mut();
        let column = columns
            .len()
            .checked_sub(1)
            .map(|last| random.below(last + 1))?;
        let about = columns[column].field_mut(3)?;
        let data = about.field(9)?.number()?;
        let start = about.field(11).and_then(Value::number).unwrap_or(data);
        let length = about.field(7)?.number()?;
        let from = usize::try_from(start).ok()?;
        let to = usize::try_from(start.checked_add(length)?).ok()?;
        let mut pages = pages_of(body.get(from..to)?)?;
        let lies = alter(&mut pages, random);
        let place = body.len() as i64;
        for (header, bytes) in &pages {
            header.put(&mut Lies(lies.then_some(&mut *random)), &mut body);
            body.extend(bytes);
        }
        *about.field_mut(7)? = Value::Number(body.len() as i64 - place);
        *about.field_mut(9)? = Value::Number(place.wrapping_add(data.wrapping_sub(start)));
        if let Some(dictionary) = about.field_mut(11) {
            *dictionary = Value::Number(place);
        }
        Some(assemble(body, &footer, Lies(None)))
    });
    rewritten.unwrap_or_else(|| file.to_vec())
}

fn pages_of(mut column: &[u8]) -> Option<Vec<(Value, Vec<u8>)>> {
    let mut pages = Vec::new();
    while !column.is_empty() {
        let (header, length) = parse(column)?;
        let size = usize::try_from(header.field(3)?.number()?).ok()?;
        let (page, rest) = column.get(length..)?.split_at_checked(size)?;
        pages.push((header, page.to_vec()));
        column = rest;
    }
    (!pages.is_empty()).then_some(pages)
}
