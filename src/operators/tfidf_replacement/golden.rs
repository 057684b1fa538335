//! What `tests/golden/tfidf.py` computed.

const TABLE: &str = include_str!("../../../tests/golden/tfidf.tsv");

/// The fields of the lines that begin with `kind`, without it.
fn lines(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    TABLE.lines().filter_map(move |line| {
        let mut fields = line.split('\t');
        (fields.next() == Some(kind)).then(|| fields.collect())
    })
}

/// The texts.
pub(super) fn texts() -> Vec<&'static str> {
    lines("text").map(|fields| fields[0]).collect()
}

/// How likely each word is drawn, in the order of the alphabet.
pub(super) fn drawn() -> Vec<(&'static str, f64)> {
    lines("drawn")
        .map(|fields| (fields[0], fields[1].parse().unwrap()))
        .collect()
}

/// How likely each place of the text is the first to be replaced.
pub(super) fn replaced(text: usize) -> Vec<f64> {
    lines("replaced")
        .filter(|fields| fields[0].parse() == Ok(text))
        .map(|fields| fields[2].parse().unwrap())
        .collect()
}
