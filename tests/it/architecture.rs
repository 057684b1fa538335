//! The layers of the crate, read off its `use` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::scratch::files_below;

/// Every module of the crate, the lowest first, and the modules that it may name, some of those
/// before it. What a module does not use is not listed: the list is the picture of the crate.
const LAYERS: [(&str, &[&str]); 30] = [
    // The vocabulary: rows and where they come from, counts, keyed randomness, problems as data.
    ("digest", &[]),
    ("figures", &[]),
    ("random", &[]),
    ("failpoint", &[]),
    // What safe Rust cannot say.
    ("foreign", &[]),
    ("counters", &[]),
    ("diagnostic", &[]),
    ("batch", &["random", "counters"]),
    ("table", &["diagnostic"]),
    // Which columns hold texts and annotations.
    ("columns", &["table"]),
    // Words, protected spans, WordNet.
    ("text", &["random"]),
    // ONNX Runtime, and where models come from.
    ("onnx", &["digest", "foreign"]),
    ("models", &["digest", "table", "onnx"]),
    // What it takes to run any model.
    ("inference", &["onnx", "models"]),
    // Translation of sentences; words that fit into blanks.
    ("mt", &["random", "onnx", "models", "inference"]),
    ("masked", &["onnx", "models", "inference"]),
    // Conditions on rows.
    ("sql", &["foreign"]),
    // The contract between the engine and what works on rows.
    (
        "operator",
        &[
            "random",
            "counters",
            "diagnostic",
            "batch",
            "table",
            "columns",
            "text",
            "inference",
        ],
    ),
    (
        "prelude",
        &["random", "diagnostic", "batch", "text", "operator"],
    ),
    // The built-in operators: they see what an operator of another crate would see.
    (
        "operators",
        &[
            "digest",
            "random",
            "batch",
            "table",
            "text",
            "inference",
            "mt",
            "masked",
            "sql",
            "operator",
            "prelude",
        ],
    ),
    // Objects in stores: the only asynchronous code.
    ("store", &["digest"]),
    // Parquet in, Parquet out, what is finished.
    (
        "source",
        &["diagnostic", "digest", "table", "columns", "store"],
    ),
    (
        "sink",
        &[
            "diagnostic",
            "digest",
            "failpoint",
            "batch",
            "source",
            "store",
        ],
    ),
    (
        "ledger",
        &["digest", "failpoint", "counters", "sink", "store"],
    ),
    // From a text to a plan, without running anything.
    ("config", &["diagnostic", "table"]),
    (
        "plan",
        &[
            "diagnostic",
            "digest",
            "figures",
            "batch",
            "table",
            "columns",
            "inference",
            "operator",
            "store",
            "source",
            "sink",
            "config",
        ],
    ),
    // Threads and channels: no operator by name, no plan, no file.
    ("topology", &["batch", "operator"]),
    // The one place where all of the above meet.
    (
        "engine",
        &[
            "random",
            "failpoint",
            "figures",
            "counters",
            "batch",
            "columns",
            "text",
            "inference",
            "sql",
            "operator",
            "store",
            "source",
            "sink",
            "ledger",
            "plan",
            "topology",
        ],
    ),
    // What talks to a person.
    (
        "report",
        &["figures", "counters", "batch", "topology", "engine"],
    ),
    (
        "cli",
        &[
            "diagnostic",
            "figures",
            "counters",
            "table",
            "onnx",
            "models",
            "inference",
            "mt",
            "operator",
            "store",
            "ledger",
            "config",
            "plan",
            "topology",
            "engine",
            "report",
        ],
    ),
];

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A source file without comments and without what is compiled for tests alone.
struct Code {
    /// Path below `src`.
    name: String,
    text: String,
}

impl Code {
    /// The module of the crate that it is in.
    fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether `super` means the root of the crate here.
    fn is_top(&self) -> bool {
        !self.name.contains('/')
            || self.name.ends_with("/mod.rs") && self.name.matches('/').count() == 1
    }
}

fn code() -> Vec<Code> {
    let root = source_folder();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    let files: Vec<(PathBuf, String)> = files_below(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(read)
        .collect();
    // `#[cfg(test)] mod tests;` says that a file is for tests.
    let declared =
        Regex::new(r"#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:pub(?:\([^)]*\))? )?mod (\w+);")
            .unwrap();
    let mut of_tests = BTreeSet::new();
    for (path, text) in &files {
        for found in declared.captures_iter(text) {
            let stem = path.file_stem().unwrap();
            let folder = if stem == "mod" || stem == "lib" {
                path.with_file_name("")
            } else {
                path.with_extension("")
            };
            of_tests.insert(folder.join(format!("{}.rs", &found[1])));
        }
    }
    let inline = Regex::new(r"(?ms)^#\[cfg\((?:all\()?test\b[^\]]*\]\nmod \w+ \{.*?^\}").unwrap();
    let comment = Regex::new(r"(?m)^\s*//.*$").unwrap();
    files
        .into_iter()
        .filter(|(path, _)| !of_tests.contains(path))
        .map(|(path, text)| Code {
            name: path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            text: comment
                .replace_all(&inline.replace_all(&text, ""), "")
                .into_owned(),
        })
        .collect()
}

/// Which module names which, and one file for each pair that does.
fn edges() -> BTreeMap<(String, String), String> {
    let absolute = Regex::new(r"\bcrate::(\w+)").unwrap();
    let above = Regex::new(r"\bsuper::(\w+)").unwrap();
    let mut edges = BTreeMap::new();
    for code in code() {
        let mut names: Vec<&str> = absolute
            .captures_iter(&code.text)
            .map(|found| found.extract::<1>().1[0])
            .collect();
        if code.is_top() {
            names.extend(
                above
                    .captures_iter(&code.text)
                    .map(|found| found.extract::<1>().1[0]),
            );
        }
        for name in names {
            let known = LAYERS.iter().any(|(module, _)| *module == name);
            if known && name != code.module() {
                edges.insert(
                    (code.module().to_owned(), name.to_owned()),
                    code.name.clone(),
                );
            }
        }
    }
    edges
}

#[test]
fn modules_name_what_is_below_them_and_nothing_else() {
    let edges = edges();
    for ((module, named), file) in &edges {
        if module == "lib" || module == "main" {
            continue;
        }
        let allowed = LAYERS.iter().find(|(name, _)| name == module);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("`{module}` has no layer"));
        assert!(
            allowed.contains(&named.as_str()),
            "{file}: `{module}` must not name `{named}`"
        );
    }
    for (module, allowed) in LAYERS {
        for named in allowed {
            let edge = (module.to_owned(), (*named).to_owned());
            assert!(
                edges.contains_key(&edge),
                "`{module}` does not name `{named}` any more"
            );
        }
    }
}

#[test]
fn layers_are_in_order_and_complete() {
    for (place, (module, allowed)) in LAYERS.iter().enumerate() {
        for named in *allowed {
            let below = LAYERS[..place].iter().any(|(name, _)| name == named);
            assert!(below, "`{named}` is not below `{module}`");
        }
    }
    let library = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    let declared = Regex::new(r"(?m)^(?:pub )?mod (\w+);").unwrap();
    let declared: BTreeSet<&str> = declared
        .captures_iter(&library)
        .map(|found| found.extract::<1>().1[0])
        .collect();
    let layers: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(declared, layers);
    // One module a `use`, or the test would not see them all.
    for code in code() {
        assert!(
            !code.text.contains("crate::{"),
            "{}: name one module at a time",
            code.name
        );
    }
}

/// The promise that matters most, said by itself: whoever wants to loosen the list above for these
/// should know what they do.
#[test]
fn the_topology_knows_no_operator_and_no_file() {
    let edges = edges();
    let names = |module: &str, named: &str| {
        edges
            .get(&(module.to_owned(), named.to_owned()))
            .map(String::as_str)
    };
    for named in [
        "operators",
        "config",
        "plan",
        "source",
        "sink",
        "ledger",
        "engine",
        "cli",
        "text",
    ] {
        assert_eq!(names("topology", named), None, "topology names {named}");
    }
    for module in LAYERS.map(|(module, _)| module) {
        if module != "cli" {
            assert_eq!(names(module, "cli"), None, "{module} names cli");
        }
    }
    let foreign = ["parquet::", "clap::", "indicatif::", "toml::"];
    for code in code().iter().filter(|code| code.module() == "topology") {
        let found = foreign.iter().find(|name| code.text.contains(*name));
        assert_eq!(found, None, "{}", code.name);
    }
}

#[test]
fn unsafe_is_in_one_module() {
    let keyword = Regex::new(r"\bunsafe\b").unwrap();
    for code in code() {
        assert!(
            code.name.starts_with("foreign/") || !keyword.is_match(&code.text),
            "{} holds unsafe code",
            code.name
        );
    }
}
