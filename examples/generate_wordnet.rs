//! Turns a folder of WordNet's database files into the blob that the library embeds.
//!
//! ```text
//! cargo run --example generate_wordnet -- DICT resources/wordnet/wordnet.bin.zst
//! ```
//!
//! `DICT` holds `data.*`, `index.*`, `index.sense` and the four `*.exc` files, as described in
//! wndb(5WN) and senseidx(5WN). Equal input gives equal output. Where the files come from is told
//! in `resources/wordnet/README.md`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use augment::text::wordnet::tables::{
    Exceptions, INSTANCE, LexicalLink, Lists, SATELLITE, Tables, TextPool,
};
use augment::text::wordnet::{WordNet, format};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The names that WordNet's files bear, in the order of synset numbers.
const FILES: [&str; 4] = ["noun", "verb", "adj", "adv"];

/// The strongest compression of zstd that needs no extra memory to decode.
const COMPRESSION_LEVEL: i32 = 19;

#[expect(clippy::print_stdout, reason = "a tool that reports to its user")]
fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [dict, output] = arguments.as_slice() else {
        return Err("usage: generate_wordnet DICT OUTPUT".into());
    };
    let tables = build(&Source::read(Path::new(dict))?)?;
    let blob = format::encode(&tables, COMPRESSION_LEVEL)?;
    WordNet::from_blob(&blob)?;
    fs::write(output, &blob)?;
    println!(
        "{output}: {} bytes, {} lemmas, {} texts, {} synsets, {} senses",
        blob.len(),
        tables.lemma_count,
        tables.texts.count(),
        tables.members.count(),
        tables.senses.values().len(),
    );
    Ok(())
}

/// What the files say, in their own terms: a synset is a part of speech and a byte offset.
#[derive(Default)]
struct Source {
    synsets: Vec<Synset>,
    synset_counts: [u32; 4],
    numbers: HashMap<Address, u32>,
    /// Lemma to synsets in sense order, per part of speech.
    index: BTreeMap<String, [Vec<u32>; 4]>,
    tag_counts: HashMap<(String, u32), u32>,
    exceptions: [BTreeMap<String, Vec<String>>; 4],
}

type Address = (usize, u32);

struct Synset {
    lexicographer_file: u32,
    satellite: bool,
    members: Vec<String>,
    pointers: Vec<Pointer>,
}

struct Pointer {
    symbol: String,
    target: Address,
    /// Numbers of the words, from 1; 0 for the whole synset.
    source_word: usize,
    target_word: usize,
}

impl Source {
    fn read(dict: &Path) -> Outcome<Self> {
        let mut source = Self::default();
        for (part, name) in FILES.into_iter().enumerate() {
            for line in content_lines(&dict.join(format!("data.{name}")))? {
                let (offset, synset) =
                    parse_synset(&line).map_err(|error| in_line(&error, &line))?;
                source
                    .numbers
                    .insert((part, offset), u32::try_from(source.synsets.len())?);
                source.synset_counts[part] += 1;
                source.synsets.push(synset);
            }
        }
        for (part, name) in FILES.into_iter().enumerate() {
            for line in content_lines(&dict.join(format!("index.{name}")))? {
                source
                    .read_index_line(part, &line)
                    .map_err(|error| in_line(&error, &line))?;
            }
            for line in content_lines(&dict.join(format!("{name}.exc")))? {
                let mut words = line.split_ascii_whitespace().map(with_spaces);
                let form = words.next().ok_or("an empty line")?;
                // Of two lines for one form the last holds, as in NLTK.
                source.exceptions[part].insert(form, words.collect());
            }
        }
        for line in content_lines(&dict.join("index.sense"))? {
            source
                .read_tag_count(&line)
                .map_err(|error| in_line(&error, &line))?;
        }
        Ok(source)
    }

    fn read_index_line(&mut self, part: usize, line: &str) -> Outcome<()> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [lemma, _, count, ..] = fields.as_slice() else {
            return Err("too few fields".into());
        };
        let first = fields
            .len()
            .checked_sub(count.parse()?)
            .ok_or("too few fields")?;
        let mut synsets = Vec::new();
        for offset in &fields[first..] {
            synsets.push(self.number((part, offset.parse()?))?);
        }
        self.index.entry(with_spaces(lemma)).or_default()[part] = synsets;
        Ok(())
    }

    /// A line of `index.sense`: sense key, synset offset, sense number, tag count.
    fn read_tag_count(&mut self, line: &str) -> Outcome<()> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [key, offset, _, count] = fields.as_slice() else {
            return Err("not 4 fields".into());
        };
        let (lemma, sense) = key.split_once('%').ok_or("no sense key")?;
        let part = match sense.as_bytes().first() {
            Some(b'1') => 0,
            Some(b'2') => 1,
            Some(b'3' | b'5') => 2,
            Some(b'4') => 3,
            _ => return Err("an unknown part of speech".into()),
        };
        let synset = self.number((part, offset.parse()?))?;
        *self
            .tag_counts
            .entry((with_spaces(lemma), synset))
            .or_default() += count.parse::<u32>()?;
        Ok(())
    }

    fn number(&self, address: Address) -> Outcome<u32> {
        let number = self.numbers.get(&address).copied();
        number.ok_or_else(|| format!("there is no synset {address:?}").into())
    }
}

/// The lines of a file without the licence at its top, which is indented.
fn content_lines(path: &Path) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(str::to_owned)
        .collect())
}

fn in_line(error: &dyn std::fmt::Display, line: &str) -> Box<dyn Error> {
    format!("{error} in line: {line}").into()
}

fn with_spaces(word: &str) -> String {
    word.replace('_', " ")
}

/// Reads a line of a data file: its offset and the synset.
fn parse_synset(line: &str) -> Outcome<(u32, Synset)> {
    let mut fields = line
        .split('|')
        .next()
        .unwrap_or(line)
        .split_ascii_whitespace();
    let mut next = || fields.next().ok_or("too few fields");
    let offset = next()?.parse()?;
    let lexicographer_file = next()?.parse()?;
    let satellite = next()? == "s";
    let mut members = Vec::new();
    for _ in 0..usize::from_str_radix(next()?, 16)? {
        // "(a)", "(p)" and "(ip)" tell where an adjective may stand; they are not part of it.
        let word = next()?;
        members.push(with_spaces(
            word.split_once('(').map_or(word, |(word, _)| word),
        ));
        next()?;
    }
    let mut pointers = Vec::new();
    for _ in 0..next()?.parse::<usize>()? {
        let symbol = next()?.to_owned();
        let target_offset = next()?.parse()?;
        let part = match next()? {
            "n" => 0,
            "v" => 1,
            "a" | "s" => 2,
            "r" => 3,
            _ => return Err("an unknown part of speech".into()),
        };
        let (source_word, target_word) = next()?.split_at_checked(2).ok_or("no word numbers")?;
        pointers.push(Pointer {
            symbol,
            target: (part, target_offset),
            source_word: usize::from_str_radix(source_word, 16)?,
            target_word: usize::from_str_radix(target_word, 16)?,
        });
    }
    Ok((
        offset,
        Synset {
            lexicographer_file,
            satellite,
            members,
            pointers,
        },
    ))
}

fn build(source: &Source) -> Outcome<Tables> {
    let mut tables = Tables {
        synset_counts: source.synset_counts,
        ..Tables::default()
    };
    let numbers = build_texts(source, &mut tables)?;
    for (lemma, parts) in &source.index {
        tables.senses.push(parts.iter().flatten().copied());
        for &synset in parts.iter().flatten() {
            let tag_count = source.tag_counts.get(&(lemma.clone(), synset));
            tables
                .tag_counts
                .push(*tag_count.ok_or_else(|| format!("no sense key for {lemma}"))?);
        }
    }
    for (number, synset) in (0..).zip(&source.synsets) {
        build_synset(source, &numbers, number, synset, &mut tables)?;
    }
    for links in [
        &mut tables.antonyms,
        &mut tables.derivations,
        &mut tables.usages,
    ] {
        // A stable sort: WordNet's order stays within one word.
        links.sort_by_key(LexicalLink::source);
        links.dedup();
    }
    for (part, exceptions) in source.exceptions.iter().enumerate() {
        tables.exceptions[part] = build_exceptions(source, &numbers, part, exceptions);
    }
    Ok(tables)
}

/// Numbers the lemmas, then the spellings that differ from them.
fn build_texts<'a>(source: &'a Source, tables: &mut Tables) -> Outcome<HashMap<&'a str, u32>> {
    let mut numbers = HashMap::new();
    for lemma in source.index.keys() {
        numbers.insert(lemma.as_str(), tables.texts.push(lemma));
    }
    tables.lemma_count = tables.texts.count();
    let members = source.synsets.iter().flat_map(|synset| &synset.members);
    let spellings: BTreeSet<&String> = members
        .filter(|member| !source.index.contains_key(*member))
        .collect();
    for spelling in spellings {
        let lemma = numbers.get(spelling.to_lowercase().as_str());
        tables
            .spelling_lemmas
            .push(*lemma.ok_or_else(|| format!("{spelling} is not indexed"))?);
        numbers.insert(spelling, tables.texts.push(spelling));
    }
    Ok(numbers)
}

fn build_synset(
    source: &Source,
    numbers: &HashMap<&str, u32>,
    number: u32,
    synset: &Synset,
    tables: &mut Tables,
) -> Outcome<()> {
    tables
        .members
        .push(synset.members.iter().map(|member| numbers[member.as_str()]));
    tables.lexicographer_files.push(synset.lexicographer_file);
    let instance = synset.pointers.iter().any(|pointer| pointer.symbol == "@i");
    tables
        .synset_flags
        .push(if synset.satellite { SATELLITE } else { 0 } | if instance { INSTANCE } else { 0 });
    let mut hypernyms = Vec::new();
    let mut similar = Vec::new();
    for pointer in &synset.pointers {
        let target = source.number(pointer.target)?;
        match pointer.symbol.as_str() {
            "@" | "@i" => hypernyms.push(target),
            "&" => similar.push(target),
            "!" => tables
                .antonyms
                .extend(links(source, numbers, number, pointer)?),
            "+" => tables
                .derivations
                .extend(links(source, numbers, number, pointer)?),
            ";u" => tables
                .usages
                .extend(links(source, numbers, number, pointer)?),
            _ => {}
        }
    }
    tables.hypernyms.push(hypernyms);
    tables.similar.push(similar);
    Ok(())
}

/// The links of one pointer. One between whole synsets goes from every member to the first.
fn links(
    source: &Source,
    numbers: &HashMap<&str, u32>,
    source_synset: u32,
    pointer: &Pointer,
) -> Outcome<Vec<LexicalLink>> {
    let target_synset = source.number(pointer.target)?;
    let targets = &source.synsets[target_synset as usize].members;
    let target = targets
        .get(pointer.target_word.max(1) - 1)
        .ok_or("no such target word")?;
    let members = &source.synsets[source_synset as usize].members;
    let sources = match pointer.source_word {
        0 => members.as_slice(),
        word => members.get(word - 1..word).ok_or("no such source word")?,
    };
    let link = |word: &String| LexicalLink {
        source_synset,
        source_lemma: numbers[word.to_lowercase().as_str()],
        target_synset,
        target_text: numbers[target.as_str()],
    };
    Ok(sources.iter().map(link).collect())
}

fn build_exceptions(
    source: &Source,
    numbers: &HashMap<&str, u32>,
    part: usize,
    exceptions: &BTreeMap<String, Vec<String>>,
) -> Exceptions {
    let mut forms = TextPool::default();
    let mut bases = Lists::default();
    for (form, words) in exceptions {
        forms.push(form);
        let is_lemma = |word: &&String| {
            source
                .index
                .get(*word)
                .is_some_and(|it| !it[part].is_empty())
        };
        bases.push(
            words
                .iter()
                .filter(is_lemma)
                .map(|word| numbers[word.as_str()]),
        );
    }
    Exceptions { forms, bases }
}
