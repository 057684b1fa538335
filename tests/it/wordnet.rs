//! WordNet is loaded by pipelines that use it, and by no others.
//!
//! Whether it is loaded is a fact about a whole process, so each case has one of its own: this test
//! program, told to run nothing but [`probe`].

use std::process::Command;

use augment::engine::RunSettings;
use augment::text::wordnet::WordNet;

use crate::samples;
use crate::scratch::Scratch;

/// Says what the probe should do: the operator to run, or to plan without running.
const CASE: &str = "AUGMENT_TEST_WORDNET_CASE";

fn pipeline(operator: &str) -> String {
    format!(
        "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
         text = \"text\"\n[operators.one]\ntype = \"{operator}\"\ninputs = [\"data\"]\n\
         [sinks.out]\ntype = \"parquet\"\ninputs = [\"one\"]\npath = \"out/{{shard}}.parquet\"\n"
    )
}

#[test]
#[ignore = "the other tests here run it, each in a process of its own"]
fn probe() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(0, 50)]);
    assert!(!WordNet::is_loaded());
    match case.split_once(' ') {
        Some(("plan", operator)) => drop(scratch.plan(&pipeline(operator))),
        _ => drop(scratch.commit_all(&pipeline(&case), &RunSettings::new(2))),
    }
    let loaded = if WordNet::is_loaded() {
        "loaded"
    } else {
        "not loaded"
    };
    std::fs::write(std::env::var("AUGMENT_TEST_ANSWER").unwrap(), loaded).unwrap();
}

/// Whether WordNet is loaded at the end of a process that does nothing but `case`.
fn loads(case: &str) -> bool {
    let scratch = Scratch::new();
    let answer = scratch.path("answer");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "wordnet::probe"])
        .env(CASE, case)
        .env("AUGMENT_TEST_ANSWER", &answer)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    std::fs::read_to_string(answer).unwrap() == "loaded"
}

#[test]
fn operators_that_need_it_load_it() {
    for operator in ["synonym_replacement", "random_insertion", "eda"] {
        assert!(loads(operator), "{operator}");
    }
}

#[test]
fn other_operators_do_not() {
    for operator in ["random_deletion", "random_swap", "punctuation_insertion"] {
        assert!(!loads(operator), "{operator}");
    }
}

#[test]
fn planning_does_not() {
    assert!(!loads("plan eda"));
}
