//! Pipelines that differ from good ones in their values: other operators, extreme options of the right
//! types, other inputs. Many of them are plans.

use std::fs;
use std::path::Path;

use augment::operator::Registry;
use augment::random::Random;
use toml::{Table, Value};

/// Good pipelines, and operators to take parts from.
pub(crate) struct Stock {
    pipelines: Vec<Table>,
    /// Tables of operators, without `inputs`.
    operators: Vec<Table>,
}

impl Stock {
    /// The pipelines of the repository, which read the folder `data` here, and all examples of operators.
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
        let paths = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths.collect();
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.sort();
        let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
        let pipelines = texts.map(|text| at_home(&text)).collect();
        let registry = Registry::builtin();
        let mut operators = Vec::new();
        for name in registry.names() {
            for example in registry.document(name).unwrap().examples {
                let Ok(mut operator) = example.options.parse::<Table>() else {
                    continue;
                };
                operator.insert("type".to_owned(), name.into());
                operators.push(operator);
            }
        }
        Self {
            pipelines,
            operators,
        }
    }

    /// A pipeline that differs from a good one.
    pub(crate) fn draw(&self, random: &mut Random) -> Table {
        let mut pipeline = match random.below(3) {
            0 => self.chain(random),
            _ => random.choose(&self.pipelines).unwrap().clone(),
        };
        for _ in 0..=random.below(3) {
            self.alter(&mut pipeline, random);
        }
        // Nobody reads what is new, and somebody what is gone.
        if !random.chance(0.1) {
            let sinks = pipeline.get_mut("sinks").and_then(Value::as_table_mut);
            if let Some(sinks) = sinks {
                sinks.retain(|_, _| random.chance(0.9));
            }
            pipeline.remove("tests");
            read_all(&mut pipeline);
        }
        pipeline
    }

    /// A source, some operators one after another, and a sink.
    fn chain(&self, random: &mut Random) -> Table {
        let mut pipeline = at_home(HEAD);
        for _ in 0..=random.below(4) {
            self.insert(&mut pipeline, random);
        }
        pipeline
    }

    fn alter(&self, pipeline: &mut Table, random: &mut Random) {
        match random.below(10) {
            0 | 1 => self.swap(pipeline, random),
            2 => self.insert(pipeline, random),
            3 => rewire(pipeline, random),
            4 => self.mix(pipeline, random),
            5 => reshape(pipeline, random),
            _ => {
                let mut root = Value::Table(std::mem::take(pipeline));
                let mut place = random.below(leaves(&root).max(1));
                alter_leaf(&mut root, &mut place, random);
                if let Value::Table(table) = root {
                    *pipeline = table;
                }
            }
        }
    }

    /// Another operator in the place of one.
    fn swap(&self, pipeline: &mut Table, random: &mut Random) {
        let mut other = random.choose(&self.operators).unwrap().clone();
        if let Some(operator) = any_operator(pipeline, random) {
            let inputs = operator.get("inputs").cloned();
            other.extend(inputs.map(|inputs| ("inputs".to_owned(), inputs)));
            *operator = other;
        }
    }

    /// One more operator, which reads any node.
    fn insert(&self, pipeline: &mut Table, random: &mut Random) {
        let names = nodes(pipeline);
        let mut operator = random.choose(&self.operators).unwrap().clone();
        let input = random.choose(&names).cloned().unwrap_or_default();
        operator.insert("inputs".to_owned(), vec![input].into());
        if let Some(operators) = section(pipeline, "operators") {
            operators.insert(format!("new_{}", operators.len()), operator.into());
        }
    }

    /// An option of one operator for another: those of all row-level operators fit.
    fn mix(&self, pipeline: &mut Table, random: &mut Random) {
        const COMMON: [&str; 8] = [
            "replicas = 2",
            "on_error = \"route\"",
            "on_error = \"drop\"",
            "min = 1",
            "max = 3",
            "rate = 1.0",
            "protect = [\"[A-Z]+\"]",
            "languages = [\"en\"]",
        ];
        let options = match random.below(3) {
            0 => random.choose(&self.operators).unwrap().clone(),
            _ => random.choose(&COMMON).unwrap().parse().unwrap(),
        };
        let options: Vec<_> = options
            .into_iter()
            .filter(|(key, _)| key != "type")
            .collect();
        if let (Some((key, value)), Some(operator)) = (
            random.choose(&options).cloned(),
            any_operator(pipeline, random),
        ) {
            operator.insert(key, value);
        }
    }
}

const HEAD: &str = "version = 1\nseed = 1\n[sources.reviews]\ntype = \"parquet\"\npaths = [\"data\"]\n\
     text = \"text\"\n[operators]\n[sinks.out]\ntype = \"parquet\"\ninputs = [\"reviews\"]\n\
     path = \"out/{shard}.parquet\"\n";

/// A pipeline that reads and writes in its own folder, and takes models that are no files.
fn at_home(text: &str) -> Table {
    let text = text
        .replace("../out/", "out/")
        .replace("builtin:en-de", "fake:")
        .replace("builtin:de-en", "fake:");
    let mut pipeline: Table = text.parse().unwrap();
    for (_, source) in section(&mut pipeline, "sources").into_iter().flatten() {
        if let Value::Table(source) = source {
            source.insert("paths".to_owned(), vec!["data"].into());
        }
    }
    pipeline
}

fn section<'a>(pipeline: &'a mut Table, name: &str) -> Option<&'a mut Table> {
    pipeline.get_mut(name)?.as_table_mut()
}

fn any_operator<'a>(pipeline: &'a mut Table, random: &mut Random) -> Option<&'a mut Table> {
    let operators = section(pipeline, "operators")?;
    let at = random.below(operators.len().max(1));
    operators.iter_mut().nth(at)?.1.as_table_mut()
}

/// The names of sources and operators.
fn nodes(pipeline: &Table) -> Vec<String> {
    let sections = ["sources", "operators"];
    let tables = sections
        .iter()
        .filter_map(|name| pipeline.get(*name)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

/// Other inputs for an operator or a sink.
fn rewire(pipeline: &mut Table, random: &mut Random) {
    let names = nodes(pipeline);
    let kind = ["operators", "operators", "sinks"][random.below(3)];
    let Some(readers) = section(pipeline, kind) else {
        return;
    };
    let at = random.below(readers.len().max(1));
    if let Some((_, Value::Table(reader))) = readers.iter_mut().nth(at) {
        let some = (0..=random.below(2)).filter_map(|_| random.choose(&names).cloned());
        let mut inputs: Vec<String> = some.collect();
        inputs.dedup();
        reader.insert("inputs".to_owned(), inputs.into());
    }
}

/// Takes an option away, or makes a list longer or shorter.
fn reshape(pipeline: &mut Table, random: &mut Random) {
    let Some(operator) = any_operator(pipeline, random) else {
        return;
    };
    let at = random.below(operator.len().max(1));
    let Some(key) = operator.keys().nth(at).cloned() else {
        return;
    };
    match operator.get_mut(&key) {
        Some(Value::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(3) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => items.reverse(),
            }
        }
        _ if key != "type" => drop(operator.remove(&key)),
        _ => {}
    }
}

/// Lets a sink read what nobody reads.
fn read_all(pipeline: &mut Table) {
    let names = nodes(pipeline);
    let readers = ["operators", "sinks"]
        .iter()
        .filter_map(|name| pipeline.get(*name)?.as_table());
    let inputs = readers
        .flat_map(|table| table.values())
        .filter_map(|node| node.get("inputs")?.as_array());
    let read: Vec<&str> = inputs.flatten().filter_map(Value::as_str).collect();
    let is_read = |name: &String| {
        read.iter().any(|input| {
            input == name
                || input
                    .strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let unread: Vec<String> = names.into_iter().filter(|name| !is_read(name)).collect();
    let Some(sinks) = section(pipeline, "sinks") else {
        return;
    };
    for (number, name) in unread.into_iter().enumerate() {
        let sink = format!(
            "type = \"parquet\"\ninputs = [{name:?}]\npath = \"out/more_{number}/{{shard}}.parquet\""
        );
        let sink: Table = sink.parse().unwrap();
        sinks.insert(format!("more_{number}"), sink.into());
    }
}

/// How many values there are below `value` that are neither list nor table.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Table(table) => table.iter().map(|(_, value)| leaves(value)).sum(),
        _ => 1,
    }
}

/// Gives the leaf number `place` an extreme value of its type.
fn alter_leaf(value: &mut Value, place: &mut usize, random: &mut Random) {
    let mut enter = |value: &mut Value, place: &mut usize| {
        let below = leaves(value);
        if *place < below {
            alter_leaf(value, place, random);
            *place = usize::MAX;
        } else if *place != usize::MAX {
            *place -= below;
        }
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| enter(item, place)),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| enter(value, place)),
        leaf => *leaf = extreme(leaf, random),
    }
}

fn extreme(value: &Value, random: &mut Random) -> Value {
    const INTEGERS: [i64; 14] = [
        0,
        1,
        2,
        3,
        7,
        64,
        1_000,
        65_536,
        -1,
        -7,
        4_294_967_296,
        2_147_483_647,
        i64::MAX,
        i64::MIN,
    ];
    const FLOATS: [f64; 13] = [
        0.0,
        -0.0,
        1.0,
        0.5,
        0.999_999_999,
        1.000_000_1,
        2.0,
        -1.0,
        1e-300,
        1e300,
        f64::NAN,
        f64::INFINITY,
        0.01,
    ];
    const STRINGS: [&str; 18] = [
        "",
        " ",
        "a",
        "text",
        "label",
        "id",
        "entities",
        "aug_parent",
        "\0",
        "e\u{301}\u{202e}",
        "{text}",
        "{",
        ".*",
        "[a-z]+",
        "(",
        "reviews",
        "en",
        "row",
    ];
    match value {
        Value::Integer(_) => (*random.choose(&INTEGERS).unwrap()).into(),
        Value::Float(_) => (*random.choose(&FLOATS).unwrap()).into(),
        Value::Boolean(flag) => (!flag).into(),
        Value::String(text) if random.chance(0.1) => text.repeat(1 + random.below(2_000)).into(),
        Value::String(_) => (*random.choose(&STRINGS).unwrap()).into(),
        other => other.clone(),
    }
}
