//! What `augment check` says about SQL that is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use augment::config::Document;
use augment::diagnostic::Report;
use augment::operator::Registry;
use augment::plan::check;

use crate::fixture::Shelf;

fn report_on(name: &str, text: &str, flags: &[String]) -> Report {
    let document = Document::new(name, text, Path::new("pipelines"), flags);
    check(&document, None, &|_| None, &Registry::builtin(), &Shelf).1
}

fn assert_snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

#[test]
fn every_wrong_sql_is_reported_as_before_with_a_place_and_a_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wrong_sql");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10);
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let report = report_on(&format!("pipelines/{name}.toml"), &text, &[]);
        assert!(!report.is_clean(), "{name} is not wrong");
        assert_snapshot(&format!("wrong_sql_{name}"), &report.render(false));
        for problem in report.diagnostics() {
            assert!(problem.span.is_some(), "{name}: {problem:?}");
            let told = problem.code == "A101";
            assert!(!problem.help.is_empty() || told, "{name}: {problem:?}");
        }
    }
}

#[test]
fn sql_in_a_flag_is_shown_in_the_flag_and_a_route_keeps_its_place() {
    let text = "version = 1\n[sources.train]\ntype = \"parquet\"\npaths = [\"data/train/*.parquet\"]\n\
                text = \"text\"\n[operators.parted]\ntype = \"route\"\ninputs = [\"train\"]\n\
                routes = { a = \"words > 1\", b = \"words > 2\" }\n[sinks.out]\ntype = \"parquet\"\n\
                inputs = [\"parted.*\"]\npath = \"out/{shard}.parquet\"\n";
    let flag = |sql: &str| vec![format!("operators.parted.routes.a=\"{sql}\"")];
    let report = report_on("p.toml", text, &flag("words > nope"));
    let shown = report.render(false);
    assert!(shown.contains("--> --set on the command line"), "{shown}");
    assert!(
        shown.contains("\n  |                                    ^^^^\n"),
        "{shown}"
    );

    let document = Document::new("p.toml", text, Path::new("pipelines"), &flag("words > 9"));
    let (plan, report) = check(&document, None, &|_| None, &Registry::builtin(), &Shelf);
    let plan = plan.unwrap_or_else(|| panic!("{}", report.render(false)));
    let options = plan.operators[0].spec.canonical(0);
    let expected = serde_json::json!([["a", "words > 9"], ["b", "words > 2"]]);
    assert_eq!(options["routes"], expected);
}

#[test]
fn the_order_of_routes_is_part_of_the_fingerprint() {
    let fingerprint = |routes: &str| {
        let text = format!(
            "version = 1\n[sources.train]\ntype = \"parquet\"\npaths = [\"data/train/*.parquet\"]\n\
             text = \"text\"\n[operators.parted]\ntype = \"route\"\ninputs = [\"train\"]\n\
             routes = {{ {routes} }}\n[sinks.out]\ntype = \"parquet\"\ninputs = [\"parted.*\"]\n\
             path = \"out/{{shard}}.parquet\"\n"
        );
        let document = Document::new("p.toml", &text, Path::new("pipelines"), &[]);
        let (plan, report) = check(&document, None, &|_| None, &Registry::builtin(), &Shelf);
        plan.unwrap_or_else(|| panic!("{}", report.render(false)))
            .fingerprint
    };
    let (a, b) = ("a = \"words > 1\"", "b = \"words > 2\"");
    assert_ne!(
        fingerprint(&format!("{a}, {b}")),
        fingerprint(&format!("{b}, {a}"))
    );
}
