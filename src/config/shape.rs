//! The shape that every pipeline file has: its tables, the names in them, `type` and `inputs`.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Document, NodeKind, RawNode, RawPipeline, test};
use crate::diagnostic::Diagnostic;
use crate::table::{check_keys, is_id};

const TOP_LEVEL: [&str; 6] = ["version", "seed", "sources", "operators", "sinks", "tests"];
/// The seed of a pipeline that does not give one.
const DEFAULT_SEED: u64 = 0;

/// Takes the root table of a pipeline apart.
pub(super) fn read<'d>(
    document: &'d Document,
    mut root: DeTable<'d>,
    problems: Vec<Diagnostic>,
) -> RawPipeline<'d> {
    let mut pipeline = RawPipeline::unreadable(document, problems);
    pipeline.complete = true;
    pipeline.problems.extend(check_keys(&root, &TOP_LEVEL));
    pipeline.problems.extend(check_version(&root));
    match read_seed(&root) {
        Ok(seed) => pipeline.seed = seed,
        Err(problem) => pipeline.problems.push(problem),
    }
    for kind in NodeKind::ALL {
        let Some(table) = root.remove(kind.table()) else {
            continue;
        };
        let span = table.span();
        let DeValue::Table(table) = table.into_inner() else {
            let problem = Diagnostic::error("A103", format!("`{}` is not a table", kind.table()));
            let help = format!(
                "give each {kind} a table of its own: [{}.NAME]",
                kind.table()
            );
            pipeline.problems.push(problem.at(span).help(help));
            pipeline.complete = false;
            continue;
        };
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let node = read_node(kind, &key, value, &mut pipeline.problems);
            if node.is_none() {
                pipeline.broken.push(key.get_ref().to_string());
                pipeline.complete = false;
            }
            match kind {
                NodeKind::Source => pipeline.sources.extend(node),
                NodeKind::Operator => pipeline.operators.extend(node),
                NodeKind::Sink => pipeline.sinks.extend(node),
            }
        }
    }
    let twice = check_unique(&pipeline);
    pipeline.complete &= twice.is_empty();
    pipeline.problems.extend(twice);
    if let Some(tests) = root.remove("tests") {
        let mut found = Vec::new();
        pipeline.tests = test::read(tests, &pipeline, &mut found);
        pipeline.problems.extend(found);
    }
    pipeline
}

fn check_version(root: &DeTable<'_>) -> Option<Diagnostic> {
    let Some(version) = root.get("version") else {
        let problem = Diagnostic::error("A108", "the file does not say which version it is of");
        return Some(problem.at(0..0).help("begin it with `version = 1`"));
    };
    if whole_number(version.get_ref()) == Some(1) {
        return None;
    }
    let problem = Diagnostic::error("A108", "this version of the format is not known");
    Some(
        problem
            .at(version.span())
            .label("only 1 exists")
            .help("write `version = 1`"),
    )
}

fn read_seed(root: &DeTable<'_>) -> Result<u64, Diagnostic> {
    let Some(seed) = root.get("seed") else {
        return Ok(DEFAULT_SEED);
    };
    whole_number(seed.get_ref()).ok_or_else(|| {
        Diagnostic::error(
            "A103",
            "`seed` is not a whole number from 0 to 18446744073709551615",
        )
        .at(seed.span())
        .label("not such a number")
        .help("write for example `seed = 42`")
    })
}

fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

/// The id nearest to `name` in form.
fn as_id(name: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let id: String = name.chars().map(plain).take(64).collect();
    if id.starts_with(|first: char| first.is_ascii_lowercase()) {
        id
    } else {
        format!("n{id}")
    }
}

fn read_node<'d>(
    kind: NodeKind,
    key: &Spanned<DeString<'d>>,
    value: Spanned<DeValue<'d>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<RawNode<'d>> {
    let (id, span) = (key.get_ref().to_string(), key.span());
    if !is_id(&id) {
        let problem = Diagnostic::error(
            "A106",
            format!("`{id}` cannot name {}", kind.with_article()),
        )
        .at(span.clone())
        .label("small letters, digits and `_` only, a letter first")
        .help(format!("call it `{}`", as_id(&id)));
        problems.push(problem);
    }
    let DeValue::Table(mut options) = value.into_inner() else {
        let help = format!("write it as a table: [{}.{id}]", kind.table());
        let problem = Diagnostic::error("A103", format!("{kind} `{id}` is not a table"));
        problems.push(problem.at(span).help(help));
        return None;
    };
    let type_name = if let Some(value) = options.remove("type") {
        string(value, "`type` is not a string", problems)
    } else {
        let problem = Diagnostic::error("A104", format!("{kind} `{id}` has no `type`"))
            .at(span.clone())
            .label("of what type?");
        problems.push(match kind {
            NodeKind::Operator => problem.help("`augment ops` lists the types there are"),
            NodeKind::Source | NodeKind::Sink => problem.help("add `type = \"parquet\"`"),
        });
        None
    };
    let inputs = match (kind, options.remove("inputs")) {
        (NodeKind::Source, None) => Vec::new(),
        (NodeKind::Source, Some(value)) => {
            let problem = Diagnostic::error("A102", format!("source `{id}` cannot have `inputs`"))
                .at(value.span())
                .label("a source reads files")
                .help("leave them out; the files go into `paths`");
            problems.push(problem);
            Vec::new()
        }
        (_, None) => {
            let problem = Diagnostic::error("A104", format!("{kind} `{id}` has no `inputs`"))
                .at(span.clone())
                .label("reads nothing")
                .help("add `inputs = [\"NAME\"]` with a source or an operator");
            problems.push(problem);
            Vec::new()
        }
        (_, Some(value)) => read_inputs(kind, &id, value, problems),
    };
    Some(RawNode {
        kind,
        id,
        span,
        type_name,
        inputs,
        options,
    })
}

fn read_inputs(
    kind: NodeKind,
    id: &str,
    value: Spanned<DeValue<'_>>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Spanned<String>> {
    let span = value.span();
    let items = match value.into_inner() {
        DeValue::Array(items) => items,
        other => {
            let problem = Diagnostic::error("A103", "`inputs` is not a list")
                .at(span)
                .label("a list of names goes here");
            problems.push(match other.as_str() {
                Some(name) => problem.help(format!("write `inputs = [\"{name}\"]`")),
                None => problem.help("write `inputs = [\"NAME\"]`"),
            });
            return Vec::new();
        }
    };
    if items.is_empty() {
        let problem = Diagnostic::error("A104", format!("{kind} `{id}` has no inputs"))
            .at(span)
            .label("reads nothing")
            .help("name a source or an operator in `inputs`");
        problems.push(problem);
    }
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        names.extend(string(item, "an input is not a string", problems));
    }
    names
}

pub(super) fn string(
    value: Spanned<DeValue<'_>>,
    complaint: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Spanned<String>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::String(text) => Some(Spanned::new(span, text.into_owned())),
        other => {
            let kind = match other.type_str() {
                "integer" | "array" => format!("an {}", other.type_str()),
                kind => format!("a {kind}"),
            };
            let problem = Diagnostic::error("A103", complaint)
                .at(span)
                .label(format!("{kind}, not a string"));
            problems.push(problem.help("put a name in double quotes"));
            None
        }
    }
}

/// Ids are unique over all kinds, because `inputs` names sources and operators alike.
fn check_unique(pipeline: &RawPipeline<'_>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&str, &RawNode<'_>> = BTreeMap::new();
    let mut problems = Vec::new();
    for node in pipeline.nodes() {
        let Some(other) = first.get(node.id.as_str()) else {
            first.insert(&node.id, node);
            continue;
        };
        let message = format!(
            "`{}` names {} and {}",
            node.id,
            other.kind.with_article(),
            node.kind.with_article()
        );
        let problem = Diagnostic::error("A107", message)
            .at(node.span.clone())
            .label("the name is taken")
            .help(format!("call this {} by another name", node.kind));
        problems.push(problem);
    }
    problems
}
