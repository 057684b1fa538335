//! What no operator may edit, wherever it stands: URLs, e-mail addresses, numbers with their
//! units, mentions, hash tags, code in back-ticks, XML and HTML tags, template slots.

use super::Word;

/// How far a tag, a slot or inline code may reach, in bytes. It bounds the search for its end.
const REACH: usize = 1024;

/// Units that follow a number after a space; directly after it, any letters count as its unit.
const UNITS: [&str; 66] = [
    "%", "°", "°C", "°F", "‰", "€", "£", "$", "¥", "A", "cm", "cm²", "cm³", "dB", "dl", "eV",
    "EUR", "fl", "ft", "g", "GB", "GBP", "GHz", "GiB", "h", "ha", "hp", "Hz", "in", "J", "K", "kB",
    "kcal", "kg", "kHz", "KiB", "kJ", "km", "km²", "km/h", "kV", "kW", "kWh", "l", "L", "lb",
    "lbs", "m", "m²", "m³", "MB", "mg", "MHz", "MiB", "min", "ml", "mm", "mph", "ms", "MW", "ns",
    "oz", "s", "USD", "V", "W",
];

/// The bytes of the longest of them. Most words after a number are longer.
const LONGEST_UNIT: usize = {
    let (mut longest, mut unit) = (0, 0);
    while unit < UNITS.len() {
        if UNITS[unit].len() > longest {
            longest = UNITS[unit].len();
        }
        unit += 1;
    }
    longest
};

/// Whether a protected span may begin at, or contain, this byte.
#[inline]
pub(super) fn is_trigger(byte: u8) -> bool {
    matches!(
        byte,
        b'0'..=b'9' | b'@' | b'#' | b'`' | b'<' | b'{' | b'/' | b'_'
    )
}

/// Appends the protected spans of `text` that begin at, or around, one of `triggers`. The spans may
/// overlap and are not sorted.
pub(super) fn find(text: &str, triggers: &[u32], spans: &mut Vec<Word>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for trigger in triggers {
        let position = *trigger as usize;
        if position < done {
            continue;
        }
        let found = match bytes.get(position) {
            Some(b'`') => code(text, position),
            Some(b'<') => tag(text, position),
            Some(b'{') => slot(text, position),
            Some(b'@') => address(bytes, position).or_else(|| tagged_word(text, position)),
            Some(b'#') => tagged_word(text, position),
            Some(b'/') => link(text, position),
            Some(b'_') => identifier(bytes, position),
            Some(_) => quantity(text, position),
            None => None,
        };
        if let Some((start, end)) = found
            && end > position
        {
            spans.push(Word::new(start, end));
            done = end;
        }
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn byte_before(bytes: &[u8], position: usize) -> Option<u8> {
    position
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .copied()
}

/// Where the run of bytes that satisfy `class` ends, from `start` on.
fn run_end(bytes: &[u8], start: usize, class: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start
        + rest
            .iter()
            .position(|byte| !class(*byte))
            .unwrap_or(rest.len())
}

/// Where the run of bytes that satisfy `class` starts, before `end`.
fn run_start(bytes: &[u8], end: usize, class: impl Fn(u8) -> bool) -> usize {
    let before = bytes.get(..end).unwrap_or_default();
    before
        .iter()
        .rposition(|byte| !class(*byte))
        .map_or(0, |last| last + 1)
}

/// The first place of `end` after `from`, if it is within reach and `allowed` holds all the way.
fn closing(bytes: &[u8], from: usize, end: &[u8], allowed: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let reach = rest.get(..rest.len().min(REACH))?;
    let length = run_end(reach, 0, allowed);
    let reach = reach.get(..(length + end.len()).min(reach.len()))?;
    reach
        .windows(end.len())
        .position(|window| window == end)
        .map(|at| from + at + end.len())
}

/// `` `code` `` on one line, and fenced blocks.
fn code(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let open = run_end(bytes, start, |byte| byte == b'`');
    match open - start {
        1 | 2 => {
            let fence = bytes.get(start..open)?;
            closing(bytes, open, fence, |byte| byte != b'\n').map(|end| (start, end))
        }
        _ => {
            let fence = text.get(start..open)?;
            let end = text
                .get(open..)?
                .find(fence)
                .map_or(text.len(), |at| open + at + fence.len());
            Some((start, end))
        }
    }
}

/// `<b>`, `</b>`, `<br/>`, `<!-- comment -->`, `<?xml ... ?>`.
fn tag(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(start..)?.starts_with(b"<!--") {
        return text
            .get(start..)?
            .find("-->")
            .map(|at| (start, start + at + 3));
    }
    let first = *bytes.get(start + 1)?;
    if !(first.is_ascii_alphabetic() || matches!(first, b'/' | b'!' | b'?')) {
        return None;
    }
    closing(bytes, start + 1, b">", |byte| byte != b'<').map(|end| (start, end))
}

/// `{name}`, `{{ name }}`, `${name}`, `{% if x %}`: braces on one line without others inside.
fn slot(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let inside = run_end(bytes, start, |byte| byte == b'{');
    let end = closing(bytes, inside, b"}", |byte| !matches!(byte, b'{' | b'\n'))?;
    let end = run_end(bytes, end, |byte| byte == b'}').min(end + (inside - start) - 1);
    let start = if byte_before(bytes, start) == Some(b'$') {
        start - 1
    } else {
        start
    };
    Some((start, end))
}

/// `name@host.domain`, seen from its `@`.
fn address(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let local = |byte: u8| is_word_byte(byte) || matches!(byte, b'.' | b'+' | b'-' | b'%');
    let host = |byte: u8| is_word_byte(byte) || matches!(byte, b'.' | b'-');
    let start = run_start(bytes, at, local);
    let mut end = run_end(bytes, at + 1, host);
    while matches!(byte_before(bytes, end), Some(b'.' | b'-')) {
        end -= 1;
    }
    let domain = bytes.get(at + 1..end)?;
    (start < at && domain.contains(&b'.')).then_some((start, end))
}

/// `@mention` or `#tag`, seen from its first byte.
fn tagged_word(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if byte_before(bytes, start).is_some_and(is_word_byte) {
        return None;
    }
    let mut end = run_end(bytes, start + 1, |byte| is_word_byte(byte) || byte == b'-');
    while byte_before(bytes, end) == Some(b'-') {
        end -= 1;
    }
    let name = text.get(start + 1..end)?;
    name.chars()
        .any(char::is_alphanumeric)
        .then_some((start, end))
}

/// `scheme://...` or `www....`, seen from a `/`; and file paths such as `/usr/share`.
fn link(text: &str, slash: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let part =
        |byte: u8| !byte.is_ascii_whitespace() && !matches!(byte, b'<' | b'>' | b'"' | b'`' | b'|');
    let word_start = run_start(bytes, slash, part);
    let before = text.get(word_start..slash)?;
    let start = if let Some(scheme) = before.strip_suffix(':') {
        if !bytes.get(slash..)?.starts_with(b"//") {
            return None;
        }
        let letters = scheme.len() - run_start(scheme.as_bytes(), scheme.len(), is_scheme_byte);
        if letters == 0 {
            return None;
        }
        slash - 1 - letters
    } else if let Some(at) = before.find("www.") {
        word_start + at
    } else {
        return None;
    };
    let mut end = run_end(bytes, slash, part);
    while byte_before(bytes, end).is_some_and(|byte| {
        matches!(
            byte,
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b')' | b']' | b'}'
        ) && !(byte == b')'
            && bytes
                .get(start..end)
                .is_some_and(|link| link.contains(&b'(')))
    }) {
        end -= 1;
    }
    (end > slash).then_some((start, end))
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// `snake_case` and `__names__`: code, whatever stands around it.
fn identifier(bytes: &[u8], position: usize) -> Option<(usize, usize)> {
    let start = run_start(bytes, position, is_word_byte);
    let end = run_end(bytes, position, is_word_byte);
    let letters = bytes.get(start..end)?.iter().any(u8::is_ascii_alphanumeric);
    letters.then_some((start, end))
}

/// A number with what is attached to it (`3.5kg`, `$40`, `50%`), or with the unit after a space
/// (`10 km/h`). A bare number is a word like any other, and so is an ordinal (`21st`).
fn quantity(text: &str, digit: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',');
    if byte_before(bytes, digit).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut end = run_end(bytes, digit, number);
    while matches!(byte_before(bytes, end), Some(b'.' | b',')) {
        end -= 1;
    }
    let before = text.get(..digit)?;
    let currency = before
        .chars()
        .next_back()
        .filter(|c| matches!(c, '$' | '€' | '£' | '¥'));
    let start = digit - currency.map_or(0, char::len_utf8);
    let rest = text.get(end..)?;
    let attached = rest
        .char_indices()
        .find(|(_, c)| {
            !(c.is_alphanumeric() || matches!(c, '%' | '‰' | '°' | '€' | '£' | '$' | '¥'))
        })
        .map_or(rest.len(), |(at, _)| at);
    if attached > 0 {
        let suffix = rest.get(..attached).unwrap_or_default();
        let is_ordinal = currency.is_none()
            && ["st", "nd", "rd", "th"]
                .iter()
                .any(|end| end.eq_ignore_ascii_case(suffix))
            && bytes
                .get(digit..end)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        return (!is_ordinal).then_some((start, end + attached));
    }
    if let Some(spaced) = rest.strip_prefix(' ') {
        let unit = spaced
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')')
            })
            .map_or(spaced, |at| spaced.get(..at).unwrap_or_default());
        if unit.len() <= LONGEST_UNIT && UNITS.contains(&unit) {
            return Some((start, end + 1 + unit.len()));
        }
    }
    currency.map(|_| (start, end))
}
