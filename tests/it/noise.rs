//! No bytes whatever make the checker panic, hang or go silent.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use augment::config::{self, Document};
use augment::plan::check;
use proptest::prelude::*;

use crate::fixture::{Shelf, check_text, registry};

const VALID: &str = include_str!("valid.toml");

/// Checks, renders in every format, and gives the number of problems.
fn exercise(text: &str, flags: &[String]) -> usize {
    let (plan, report) = check_text("pipelines/noise.toml", text, flags);
    let rendered = [report.render(true), report.render(false)];
    assert!(
        rendered
            .iter()
            .all(|text| text.is_empty() == report.is_clean())
    );
    assert_eq!(
        report.render_json().lines().count(),
        report.diagnostics().len()
    );
    assert_eq!(
        report.render_github().lines().count(),
        report.diagnostics().len()
    );
    assert_eq!(plan.is_none(), report.errors() > 0);
    if let Some(plan) = plan {
        assert!(!plan.render().is_empty() && !plan.mermaid().is_empty() && !plan.dot().is_empty());
    }
    report.diagnostics().len()
}

#[test]
fn the_valid_pipeline_is_valid() {
    assert_eq!(exercise(VALID, &[]), 0);
}

/// Words that pipelines are made of, so that mutations go deep.
const WORDS: [&str; 28] = [
    "[",
    "]",
    "[[",
    "=",
    "\"",
    "{",
    "}",
    ",",
    ".",
    "\n",
    "0.5",
    "-1",
    "true",
    "[operators.x]",
    "[sinks.out]",
    "[[tests]]",
    "inputs = [\"*\"]",
    "inputs = [\"mix\"]",
    "\"*.errors\"",
    "${",
    "${A:-b}",
    "type = \"swap\"",
    "\"parquet\"",
    "version = 1",
    "\u{feff}",
    "\r\n",
    "é",
    "'''",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}", flag in "\\PC{0,40}") {
        exercise(&text, &[flag]);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&String::from_utf8_lossy(&bytes), &[]);
    }

    #[test]
    fn words_of_the_format_in_any_order_never_panic(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..60),
        flag in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..6),
    ) {
        exercise(&words.concat(), &[flag.concat()]);
    }

    #[test]
    fn a_valid_pipeline_with_a_few_mutations_never_panics(
        mutations in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(WORDS.to_vec())), 1..5,
        ),
    ) {
        let mut text = VALID.to_owned();
        for (at, cut, word) in mutations {
            let start = text.floor_char_boundary(at.index(text.len().max(1)));
            let end = text.floor_char_boundary((start + cut).min(text.len()));
            text.replace_range(start..end, word);
        }
        exercise(&text, &[]);
    }

    #[test]
    fn lines_moved_about_never_panic(order in Just((0..VALID.lines().count()).collect::<Vec<_>>()).prop_shuffle()) {
        let lines: Vec<&str> = VALID.lines().collect();
        exercise(&order.iter().map(|line| lines[*line]).collect::<Vec<_>>().join("\n"), &[]);
    }
}

#[test]
fn ten_megabytes_of_noise_are_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.toml");
    // A fixed generator (Knuth's MMIX): the bytes do not matter, but should be the same each time.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(10 << 20)
    .collect();
    fs::write(&path, noise).unwrap();
    let report = config::read(&path, &[]).expect_err("it is noise");
    assert_eq!(report.tally(), "1 error");
    assert!(report.render(false).contains("larger than 1 MiB"));
}

#[test]
fn a_mebibyte_of_brackets_or_of_nodes_is_reported_in_bounded_space() {
    let mut nodes = "version = 1\n".to_owned();
    for node in 0..9000 {
        writeln!(
            nodes,
            "[operators.node_{node}]\ntype=\"swop\"\ninputs=[\"nod_{node}\"]"
        )
        .unwrap();
    }
    for text in [
        "[".repeat(1 << 20),
        "a={".repeat(1 << 18),
        "x=\"\n".repeat(1 << 18),
        nodes,
    ] {
        let document = Document::new("noise.toml", &text, Path::new(""), &[]);
        let (plan, report) = check(&document, None, &|_| None, &registry(), &Shelf);
        assert!(plan.is_none() && report.errors() > 0);
        assert!(report.render(false).len() < 64 * text.len());
    }
}
