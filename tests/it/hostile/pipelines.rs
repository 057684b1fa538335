//! Pipeline files that were damaged end in a plan, or in problems that have a place.

use std::fs;
use std::path::{Path, PathBuf};

use augment::config::{self, Document};
use augment::diagnostic::Report;
use augment::operator::Registry;
use augment::plan::{Catalog, check_tests};
use augment::random::Random;
use augment::source::parquet::ParquetSourceConfig;
use augment::source::{SourceError, SourceFacts};

use super::{Cases, tell};
use crate::fixture::{Shelf, registry};
use crate::scratch::Scratch;

/// Every source is the same: no damaged glob makes a test walk over the disk.
struct OneShelf;

impl Catalog for OneShelf {
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>> {
        let config = ParquetSourceConfig {
            paths: vec!["data/chats".to_owned()],
            ..config.clone()
        };
        Shelf.facts(&config)
    }
}

fn originals() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["pipelines", "tests/it/wrong"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
}

/// What a token is replaced by.
const TOKENS: [&str; 24] = [
    "99999999999999999999999999",
    "-1",
    "1e308",
    "nan",
    "inf",
    "\"\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "true",
    "\"../../etc/passwd\"",
    "\"${HOME}\"",
    "\"${\"",
    "\"{shard}{shard}\"",
    "\"*\"",
    "\"[\"",
    "1979-05-27T07:32:00Z",
    "\"\u{202e}\u{feff}é\"",
    "'''",
    "\"a.b.c\"",
    "0x7fffffffffffffff",
    "[\"reviews\", \"reviews\"]",
    "{ type = \"chain\", steps = [{ type = \"chain\", steps = [] }] }",
];

fn tokens(text: &str) -> Vec<&str> {
    text.split_inclusive(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect()
}

fn damage(text: &str, other: &str, random: &mut Random) -> String {
    let mut parts: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    let others = tokens(other);
    for _ in 0..=random.below(4) {
        if parts.is_empty() {
            break;
        }
        let (at, to) = (random.below(parts.len()), random.below(parts.len()));
        match random.below(9) {
            0 => parts.swap(at, to),
            1 => drop(parts.remove(at)),
            2 => others[random.below(others.len())].clone_into(&mut parts[at]),
            3 => parts.insert(at, others[random.below(others.len())].to_owned()),
            4 => parts[at] = parts[at].repeat(1 + random.below(30)),
            5 => parts[at] = "[".repeat(1 + random.below(3_000)),
            6 => parts.truncate(at),
            7 => {
                let lines: Vec<&str> = other.lines().collect();
                parts.insert(at, format!("\n{}\n", lines[random.below(lines.len())]));
            }
            _ => parts[at] = format!("{}\n", TOKENS[random.below(TOKENS.len())]),
        }
    }
    parts.concat()
}

#[track_caller]
pub(crate) fn has_places(report: &Report, case: &str) {
    for problem in report.diagnostics() {
        // What is not there at all has no place.
        let absent = ["A201", "A202", "A114"].contains(&problem.code);
        // Of a file that is no text the message tells the line; the parser of TOML does not say where
        // it gave up on nesting.
        let told = problem.code == "A442" || problem.message == "recursion limit";
        let absent = absent || told;
        assert!(problem.span.is_some() || absent, "{case}: {problem:?}");
        assert!(!problem.message.is_empty(), "{case}");
    }
    // Rendering finds the places in the text.
    assert_eq!(report.render(false).is_empty(), report.is_clean(), "{case}");
}

#[test]
fn damaged_pipelines_end_in_a_plan_or_in_problems_with_places() {
    let originals = originals();
    let registries = [registry(), Registry::builtin()];
    let (mut cases, mut wrong) = (0, 0);
    for case in Cases::usual(600) {
        let mut random = Random::from_key(case);
        let text = &originals[random.below(originals.len())];
        let other = &originals[random.below(originals.len())];
        let text = damage(text, other, &mut random);
        let document = Document::new("pipelines/a.toml", &text, Path::new("pipelines"), &[]);
        let registry = &registries[random.below(2)];
        let (plan, report) = check_tests(&document, None, &|_| None, registry, &OneShelf);
        assert_eq!(plan.is_none(), report.errors() > 0, "case {case}:\n{text}");
        has_places(&report, &format!("case {case}:\n{text}"));
        cases += 1;
        wrong += u64::from(plan.is_none());
    }
    tell(&format!("{cases} damaged pipelines, {wrong} refused"));
    assert!(wrong * 2 > cases, "only {wrong} of {cases} were refused");
}

#[test]
fn bytes_that_are_no_text() {
    let scratch = Scratch::new();
    let originals = originals();
    for case in 0..400 {
        let mut random = Random::from_key(case);
        let mut bytes = originals[random.below(originals.len())]
            .clone()
            .into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = 0,
                1 => bytes[at] ^= 1 << random.below(8),
                _ => bytes[at] |= 0x80,
            }
        }
        let path = scratch.write("a.toml", bytes);
        match config::read(&path, &[]) {
            Err(report) => has_places(&report, &format!("case {case}")),
            Ok(document) => {
                let registry = Registry::builtin();
                let (_, report) = check_tests(&document, None, &|_| None, &registry, &OneShelf);
                has_places(&report, &format!("case {case}"));
            }
        }
    }
}

const HEAD: &str = "version = 1\nseed = 1\n[sources.s]\ntype = \"parquet\"\npaths = [\"a\"]\n\
     text = \"text\"\n[sinks.o]\ntype = \"parquet\"\npath = \"out/{shard}.parquet\"\n";

#[test]
fn large_and_deep_pipelines() {
    use std::fmt::Write;
    let long = "x".repeat(1 << 19);
    let mut chain = format!("{HEAD}inputs = [\"n2999\"]\n");
    let mut circle = format!("{HEAD}inputs = [\"n0\"]\n");
    for node in 0..3_000 {
        let before = match node {
            0 => "s".to_owned(),
            node => format!("n{}", node - 1),
        };
        let _ = write!(
            chain,
            "[operators.n{node}]\ntype = \"random_swap\"\ninputs = [\"{before}\"]\n"
        );
        let _ = write!(
            circle,
            "[operators.n{node}]\ntype = \"random_swap\"\ninputs = [\"n{}\"]\n",
            (node + 1) % 3_000
        );
    }
    let deep = |steps: usize| {
        format!(
            "{HEAD}inputs = [\"n\"]\n[operators.n]\ninputs = [\"s\"]\ntype = \"chain\"\nsteps = [{}{}]\n",
            "{ type = \"chain\", steps = [".repeat(steps),
            "]}".repeat(steps)
        )
    };
    for (name, text) in [
        ("a long text", format!("{HEAD}inputs = [\"{long}\"]\n")),
        (
            "a long key",
            format!("{HEAD}inputs = [\"s\"]\n{long} = 1\n"),
        ),
        (
            "a long name",
            format!("{HEAD}inputs = [\"s\"]\n[operators.{long}]\n"),
        ),
        ("many nodes", chain),
        ("a large circle", circle),
        ("deep steps", deep(40)),
        ("deeper steps", deep(5_000)),
        (
            "dots",
            format!("{HEAD}inputs = [\"s\"]\n{}a = 1\n", "a.".repeat(50_000)),
        ),
        (
            "brackets",
            format!("{HEAD}inputs = {}\n", "[".repeat(200_000)),
        ),
        (
            "braces",
            format!("{HEAD}inputs = {}\n", "{a=".repeat(100_000)),
        ),
        ("null bytes", format!("{HEAD}inputs = [\"\0\"]\n\0")),
    ] {
        let document = Document::new("a.toml", &text, Path::new("pipelines"), &[]);
        let registry = Registry::builtin();
        let (plan, report) = check_tests(&document, None, &|_| None, &registry, &OneShelf);
        assert!(plan.is_none() && report.errors() > 0, "{name}");
        has_places(&report, name);
    }
}
