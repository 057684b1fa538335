//! `docs/operators.md` is what the registry says about its operators. After a change of theirs:
//!
//! ```sh
//! UPDATE_REFERENCE=1 cargo test reference
//! ```

use std::fmt::Write;
use std::path::Path;

use augment::operator::{Example, OperatorDocument, OptionDocument, Registry};
use toml::de::DeTable;

const HEAD: &str = "\
# Operators

What each `type` of an operator does, and the options its table may have. `augment ops NAME` prints
the same. Every table also has `type` and `inputs`, a list of the nodes it reads; an output other
than the main one is read as `ID.PORT`. The outputs of the examples are what the operator makes of
their inputs with `seed = 42` and the id `demo`: tests run them.

This page is generated: `UPDATE_REFERENCE=1 cargo test reference` writes it anew.
";

/// The whole page.
fn page(registry: &Registry) -> String {
    let documents: Vec<OperatorDocument> = registry
        .names()
        .filter_map(|name| registry.document(name))
        .collect();
    let mut page = format!("{HEAD}\n| type | what it does |\n| --- | --- |\n");
    for document in &documents {
        let (name, summary) = (document.name, cell(&document.summary));
        writeln!(page, "| [`{name}`](#{name}) | {summary} |").unwrap();
    }
    for document in &documents {
        operator(&mut page, registry, document);
    }
    page.push_str("\n## Options of every row-level operator\n\n");
    page.push_str(AMOUNTS);
    let with_rate = |document: &&OperatorDocument| {
        let mut own = document.options.iter();
        !document.common.is_empty() && own.any(|option| option.name == "rate")
    };
    let example = documents.iter().find(with_rate).unwrap();
    let (varied, _) = parted(example);
    let without_default = |option: OptionDocument| OptionDocument {
        default: Some("see the operator".to_owned()),
        ..option
    };
    let mut options: Vec<OptionDocument> = varied.into_iter().map(without_default).collect();
    options.extend_from_slice(&example.common);
    table(&mut page, &options);
    page
}

const AMOUNTS: &str = "\
How much of a text is edited is said in the same way everywhere: an operator edits
`max(min, round(rate * eligible))` units of it, halves rounded up, but never more than `max`, nor than
there are; and at rate 0 none. The units are words, unless the operator's page says otherwise. Eligible
are those that the operator could edit: neither protected nor stop words. Operators without a `rate`
take neither `min` nor `max`.

";

/// Those options of a row-level operator that all such operators take, each with its own default, and
/// those that only it takes.
fn parted(document: &OperatorDocument) -> (Vec<OptionDocument>, Vec<OptionDocument>) {
    let varied = ["rate", "min", "max", "stop_words"];
    let shared = !document.common.is_empty();
    let options = document.options.iter().cloned();
    options.partition(|option| shared && varied.contains(&option.name.as_str()))
}

fn operator(page: &mut String, registry: &Registry, document: &OperatorDocument) {
    writeln!(page, "\n## `{}`\n\n{}", document.name, document.summary).unwrap();
    if !document.details.is_empty() {
        writeln!(page, "\n{}", document.details).unwrap();
    }
    let (varied, own) = parted(document);
    if !own.is_empty() {
        page.push('\n');
        table(page, &own);
    }
    if !document.common.is_empty() {
        page.push_str(if own.is_empty() { "\nThe" } else { "\nAnd the" });
        page.push_str(" [options of every row-level operator](");
        page.push_str("#options-of-every-row-level-operator)");
        let defaults = varied.iter().filter_map(|option| {
            let default = option.default.as_ref()?;
            Some(format!("`{} = {default}`", option.name))
        });
        let defaults: Vec<String> = defaults.collect();
        writeln!(page, ", by default {}.", defaults.join(", ")).unwrap();
    }
    outputs(page, registry, document);
    for shown in &document.examples {
        example(page, document.name, shown);
    }
}

fn table(page: &mut String, options: &[OptionDocument]) {
    page.push_str("| option | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for option in options {
        let default = match &option.default {
            Some(default) => format!("`{}`", cell(default)),
            None if option.required => "required".to_owned(),
            None => String::new(),
        };
        let (kind, description) = (cell(&option.kind), cell(&option.description));
        writeln!(
            page,
            "| `{}` | {kind} | {default} | {description} |",
            option.name
        )
        .unwrap();
    }
}

/// `text` in one line, with nothing that ends a cell.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// The outputs, where there is more than the main one, as the first example sets the operator up.
fn outputs(page: &mut String, registry: &Registry, document: &OperatorDocument) {
    let options = document
        .examples
        .first()
        .map_or("", |example| example.options);
    let table = DeTable::parse(options).unwrap();
    let configured = registry.parse(document.name, table.get_ref(), table.span());
    // An operator that needs SQL cannot be set up in a build without.
    let Ok(configured) = configured.unwrap() else {
        return;
    };
    let ports = configured.ports();
    let named = ports.iter().filter(|port| !port.name.is_empty());
    let named: Vec<String> = named.map(|port| format!("`{}`", port.name)).collect();
    if named.len() == ports.len() {
        let named = named.join(", ");
        writeln!(page, "\nOutputs, as the first example has it: {named}.").unwrap();
    } else if !named.is_empty() {
        writeln!(page, "\nOutputs: the main one, and {}.", named.join(", ")).unwrap();
    }
}

fn example(page: &mut String, name: &str, example: &Example) {
    writeln!(page, "\n{}:\n\n```toml\ntype = \"{name}\"", example.title).unwrap();
    for line in example
        .options
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        writeln!(page, "{line}").unwrap();
    }
    page.push_str("```\n\n```text\n");
    let visible = |text: &str| text.replace('\n', "\\n").replace('\t', "\\t");
    for (number, row) in example.input.iter().enumerate() {
        write!(page, "< {}", visible(row)).unwrap();
        for (column, value) in example.beside(number) {
            write!(page, "  [{column}: {}]", visible(value)).unwrap();
        }
        page.push('\n');
    }
    for row in example.output {
        writeln!(page, "> {}", visible(row)).unwrap();
    }
    if example.output.is_empty() {
        page.push_str("(no row)\n");
    }
    page.push_str("```\n");
}

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operators.md");
    let page = page(&Registry::builtin());
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    let help = "run `UPDATE_REFERENCE=1 cargo test reference`";
    if cfg!(feature = "polars") {
        assert_eq!(written, page, "{help}");
    } else {
        // Without polars some examples are missing, and nothing else.
        let mut lines = written.lines();
        for line in page.lines() {
            assert!(
                lines.any(|other| other == line),
                "`{line}` is not in the page, or not at its place: {help}"
            );
        }
    }
}

#[test]
fn every_operator_says_what_it_does() {
    let registry = Registry::builtin();
    for document in registry.names().filter_map(|name| registry.document(name)) {
        let name = document.name;
        assert!(
            document.summary.ends_with('.') && !document.details.is_empty(),
            "{name}"
        );
        assert!(document.examples.len() >= 2, "{name} has too few examples");
        for option in document.options.iter().chain(&document.common) {
            let OptionDocument {
                name: option,
                kind,
                description,
                ..
            } = option;
            assert!(
                !kind.is_empty() && description.ends_with('.'),
                "{name}.{option}"
            );
        }
        let needs_sql = ["route", "with_columns"].contains(&name);
        if needs_sql && cfg!(not(feature = "polars")) {
            continue;
        }
        for example in &document.examples {
            let output = example.run(&registry, name).unwrap();
            assert_eq!(output, example.output, "{name}: {}", example.title);
        }
    }
}
