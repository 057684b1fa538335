//! What a graph costs beside the operators in it.
//!
//! ```sh
//! python3 benches/text/assemble.py --out .bench      # once: real English sentences
//! cargo bench --bench graph
//! ```
//!
//! - **A chain**: six word operators one after another, against the sum of what each takes alone.
//!   What reading and writing take is measured without any operator, and subtracted from all.
//! - **A diamond**: rows dealt out to two equal branches that meet again, against the same operator
//!   on all rows; and two branches that make one variant each, against one that makes both.
//!
//! All are run in turn, several rounds over, and the median of the times is reported.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]

mod support;

use std::path::Path;
use std::time::Instant;

use support::{Failure, Pipeline, median};

const ROUNDS: usize = 7;

/// The links of the chain, with options under which each changes most texts.
const CHAIN: [(&str, &str); 6] = [
    ("random_deletion", ""),
    ("random_swap", ""),
    ("punctuation_insertion", ""),
    ("keyboard_typo", ""),
    ("word_split", ""),
    ("random_char", ""),
];

/// Rows dealt out to two branches, and all rows through one.
const DEALT: [&str; 2] = [
    "[operators.half]\ntype = \"sample\"\ninputs = [\"text\"]\nshare = 0.5\n\
     [operators.one]\ntype = \"random_swap\"\ninputs = [\"half\"]\n\
     [operators.two]\ntype = \"random_swap\"\ninputs = [\"half.rejected\"]\n",
    "[operators.half]\ntype = \"sample\"\ninputs = [\"text\"]\nshare = 1.0\n\
     [operators.one]\ntype = \"random_swap\"\ninputs = [\"half\"]\n",
];

/// Two branches that make one variant each, and one that makes two.
const VARIED: [&str; 2] = [
    "[operators.one]\ntype = \"eda\"\ninputs = [\"text\"]\nreplicas = 1\nalpha = 0.1\n\
     [operators.two]\ntype = \"eda\"\ninputs = [\"text\"]\nreplicas = 1\nalpha = 0.1\n",
    "[operators.one]\ntype = \"eda\"\ninputs = [\"text\"]\nreplicas = 2\nalpha = 0.1\n",
];

/// A pipeline to time.
struct Case {
    name: String,
    operators: String,
    output: &'static str,
}

fn case(name: impl Into<String>, operators: impl Into<String>, output: &'static str) -> Case {
    Case {
        name: name.into(),
        operators: operators.into(),
        output,
    }
}

fn main() -> Result<(), Failure> {
    let Some(shards) = support::shards()? else {
        return Ok(());
    };
    let link = |id: &str, input: &str, (kind, options): (&str, &str)| {
        format!("[operators.{id}]\ntype = \"{kind}\"\ninputs = [\"{input}\"]\n{options}\n")
    };
    let mut cases = vec![case("nothing", "", "\"text\"")];
    for operator in CHAIN {
        cases.push(case(operator.0, link("last", "text", operator), "\"last\""));
    }
    let ids = ["text", "a", "b", "c", "d", "e", "last"];
    let chain: String = CHAIN
        .iter()
        .enumerate()
        .map(|(place, operator)| link(ids[place + 1], ids[place], *operator))
        .collect();
    cases.push(case("all six in a chain", chain, "\"last\""));
    cases.push(case(
        "dealt out to two branches",
        DEALT[0],
        "\"one\", \"two\"",
    ));
    cases.push(case("the same without branches", DEALT[1], "\"one\""));
    cases.push(case(
        "a variant by each of two branches",
        VARIED[0],
        "\"one\", \"two\"",
    ));
    cases.push(case("both variants by one operator", VARIED[1], "\"one\""));
    for workers in [1, 2] {
        report(&cases, &time(&cases, &shards, workers)?, workers);
    }
    Ok(())
}

/// Seconds that each case takes, the median of all rounds.
fn time(cases: &[Case], shards: &Path, workers: usize) -> Result<Vec<f64>, Failure> {
    let mut seconds = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (case, seconds) in cases.iter().zip(&mut seconds) {
            let pipeline = Pipeline {
                operators: &case.operators,
                output: case.output,
                sink_options: "",
            };
            let started = Instant::now();
            support::run(&pipeline, shards, workers)?;
            seconds.push(started.elapsed().as_secs_f64());
        }
    }
    Ok(seconds.iter().map(|seconds| median(seconds)).collect())
}

fn report(cases: &[Case], seconds: &[f64], workers: usize) {
    println!("\n{workers} worker(s), median of {ROUNDS} rounds");
    for (case, seconds) in cases.iter().zip(seconds) {
        println!("  {:36} {seconds:>7.2} s", case.name);
    }
    let nothing = seconds[0];
    let (alone, rest) = seconds[1..].split_at(CHAIN.len());
    let alone: f64 = alone.iter().map(|seconds| seconds - nothing).sum();
    println!(
        "  chain: {:.2} s of operators, {:.2} of what each takes alone",
        rest[0] - nothing,
        (rest[0] - nothing) / alone
    );
    println!(
        "  diamond: {:.2} of the time without branches",
        rest[1] / rest[2]
    );
    println!(
        "  variants by branches: {:.2} of the time without branches",
        rest[3] / rest[4]
    );
}
