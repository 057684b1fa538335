//! `augment test`: a pipeline that says what it does is held to it.

use std::ffi::OsString;
use std::fs;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use augment::cli::{Printer, run_with};
use augment::engine::RunSettings;
use augment::operator::{BuildContext, Operator, OperatorConfig, OperatorError, Port, Registry};
use augment::plan::{inline_table, literal};
use augment::prelude::{Batch, Context, Problem};
use quick_xml::Reader;
use quick_xml::events::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::samples;
use crate::scratch::{Finished, Scratch};

const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.usable]
type = "filter"
inputs = ["data"]
words = [3, 1000]

[operators.swap]
type = "random_swap"
inputs = ["usable"]
replicas = 2

[operators.delete]
type = "random_deletion"
inputs = ["usable"]
rate = 0.4

[sinks.out]
type = "parquet"
inputs = ["usable", "swap", "delete"]
path = "out/{shard}.parquet"

[sinks.short]
type = "parquet"
inputs = ["usable.rejected"]
path = "short/{shard}.parquet"
"#;

/// A folder with data, and with the pipeline above and `tests` in `p.toml`.
fn workspace(tests: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 30)]);
    scratch.write("p.toml", format!("{PIPELINE}{tests}"));
    scratch
}

/// Exit code, stdout and stderr.
fn transcript(finished: &Finished) -> String {
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        finished.code.unwrap(),
        finished.stdout,
        finished.stderr
    )
}

const PASS: &str = r#"
[[tests]]
name = "short rows leave by another way"
at = "usable"
input = [{ number = 1, text = "one two" }, { number = 2, text = "one two three" }, { number = 3 }]
[tests.expect]
rows = 1
output = [{ text = "one two three", number = 2, aug_replica = 0, aug_operators = [] }]
changed = false
filtered = 2
"filtered: words" = 1
"filtered: null text" = 1
ports.rejected = { rows = 2, output = [{ number = 1, aug_parent = "short rows leave by another way#0" }, { number = 3 }] }

[[tests]]
name = "short rows"
at = "usable.rejected"
input = [{ number = 1, text = "one" }]
expect = { output = [{ text = "one" }], matches = '^o\w+$' }

[[tests]]
name = "two variants"
at = "swap"
input = [{ number = 1, text = "one two three four" }]
[tests.expect]
rows = 2
changed = true
contains = ["one", "four"]
shortfall = 0

[[tests]]
name = "too few words for two variants"
at = "swap"
input = [{ number = 1, text = "one two" }]
expect = { rows = 1, shortfall = 1 }

[[tests]]
name = "all ways meet again"
from = "data"
at = "out"
input = [{ number = 1, text = "one two" }, { number = 2, text = "one two three four five" }]
[tests.expect]
filtered = 1
output = [
    { number = 2, aug_replica = 0 },
    { number = 2, aug_replica = 1, aug_operators = ["swap"] },
    { number = 2, aug_replica = 2, aug_operators = ["swap"] },
    { number = 2, aug_replica = 1, aug_operators = ["delete"] },
]

[[tests]]
name = "only what comes from the filter"
from = "swap"
at = "out"
input = [{ number = 2, text = "one two three four five" }]
expect = { rows = 2, changed = true }

[[tests]]
name = "a source as it is"
at = "data"
input = [{ number = 2, text = "one" }]
expect = { output = [{ number = 2, text = "one" }] }

[[tests]]
name = "a sink as it is"
at = "short"
input = [{ number = 2, text = "one" }]
expect = { output = [{ number = 2, text = "one" }], changed = false }

[[tests]]
name = "nothing in, nothing out"
from = "data"
at = "out"
input = []
expect = { rows = 0, output = [] }
"#;

#[test]
fn tests_that_pass() {
    let scratch = workspace(PASS);
    let finished = scratch.run(["test", "p.toml"]);
    insta::assert_snapshot!(transcript(&finished));
    let quiet = scratch.run(["test", "p.toml", "-q"]);
    assert_eq!(transcript(&quiet), "exit code: 0\n--- stdout\n--- stderr\n");
    // Nothing was written.
    assert!(!scratch.path("out").exists() && !scratch.path("p.snapshots").exists());
    // A run does not mind them.
    assert_eq!(scratch.run(["run", "p.toml", "-q"]).code, Some(0));
}

const FAIL: &str = r#"
[[tests]]
name = "rows"
at = "usable"
input = [
    { number = 1, text = "one two three" },
    { number = 2, text = "one two" },
    { number = 3, text = "four five six" },
]
[tests.expect]
rows = 3
output = [{ text = "one two four" }, { text = "one two" }, { text = "four five six" }]
filtered = 0
ports.rejected = { output = [], rows = 0 }

[[tests]]
name = "texts"
at = "delete"
input = [{ number = 1, text = "one two three" }, { number = 2 }]
expect = { changed = false, contains = "seven", matches = "^x" }

[[tests]]
name = "good"
at = "usable"
input = []
expect = { rows = 0 }
"#;

#[test]
fn tests_that_fail_say_what_came_instead() {
    let scratch = workspace(FAIL);
    let finished = scratch.run(["test", "p.toml"]);
    assert_eq!(finished.code, Some(1));
    insta::assert_snapshot!(transcript(&finished));
    let quiet = scratch.run(["test", "p.toml", "-q"]);
    assert_eq!(quiet.code, Some(1));
    assert!(!quiet.stdout.contains("good") && quiet.stdout.contains("failed  rows  p.toml:34"));
    // With colour the diff needs no brackets.
    let bright = scratch.run(["test", "p.toml", "--color", "always"]);
    assert!(bright.stdout.contains("\u{1b}[") && !bright.stdout.contains("[-three-]"));
}

#[test]
fn tests_are_picked_by_name() {
    let scratch = workspace(PASS);
    let one = scratch.run(["test", "p.toml", "short rows"]);
    assert_eq!(one.stdout, "passed  short rows\n1 passed\n");
    let some = scratch.run(["test", "p.toml", "a s*", "two variants"]);
    let expected = "passed  two variants\npassed  a source as it is\npassed  a sink as it is\n\
                    3 passed\n";
    assert_eq!(some.stdout, expected);
    let near = scratch.run(["test", "p.toml", "short row"]);
    near.says(2, &["no test \"short row\"", "exists: \"short rows\""]);
    let none = scratch.run(["test", "p.toml", "zzz"]);
    none.says(2, &["the tests are: \"short rows leave"]);
    let without = workspace("");
    without
        .run(["test", "p.toml"])
        .says(2, &["no tests", "add one: [[tests]]"]);
}

const KEPT: &str = r#"
[[tests]]
name = "Kept: all of it!"
at = "swap"
input = [{ number = 1, text = "one two three four five six" }, { number = 2, text = "one" }]
expect = { snapshot = true }

[[tests]]
name = "ports"
at = "usable"
input = [{ number = 1, text = "one two three" }, { number = 2, text = "a\tb\nc d" }, { number = 3 }]
expect = { snapshot = true, rows = 2 }
"#;

#[test]
fn snapshots_are_written_when_asked_and_compared_else() {
    let scratch = workspace(KEPT);
    let file = "p.snapshots/kept-all-of-it.toml";
    let missing = scratch.run(["test", "p.toml"]);
    assert_eq!(missing.code, Some(1));
    let expected = format!("there is no snapshot {file}");
    assert!(missing.stdout.contains(&expected), "{}", missing.stdout);
    assert!(!scratch.path("p.snapshots").exists());

    let update = scratch.run(["test", "p.toml", "--update"]);
    assert_eq!(update.code, Some(0), "{}", update.stdout);
    assert!(update.stdout.ends_with("2 passed, 2 snapshots written\n"));
    let kept = fs::read_to_string(scratch.path(file)).unwrap();
    let ports = fs::read_to_string(scratch.path("p.snapshots/ports.toml")).unwrap();
    insta::assert_snapshot!(format!("{kept}\n----\n{ports}"));
    // They can be read as what they look like.
    for text in [&kept, &ports] {
        text.parse::<toml::Table>().unwrap();
    }
    let again = scratch.run(["test", "p.toml", "--update"]);
    assert_eq!(again.stdout.lines().last(), Some("2 passed"));
    assert_eq!(scratch.run(["test", "p.toml", "-q"]).code, Some(0));
    // Line ends are for the version control system to choose.
    scratch.write(file, kept.replace('\n', "\r\n"));
    assert_eq!(scratch.run(["test", "p.toml", "-q"]).code, Some(0));

    scratch.write(file, kept.replace("two", "2"));
    scratch.write("p.snapshots/gone.toml", "");
    let differs = scratch.run(["test", "p.toml"]);
    assert_eq!(differs.code, Some(1));
    insta::assert_snapshot!(transcript(&differs));
    // Another seed, another outcome.
    let seed = scratch.run(["test", "p.toml", "--seed", "7", "ports"]);
    assert_eq!(seed.code, Some(0));
    scratch.write(file, kept);
    let seed = scratch.run(["test", "p.toml", "--seed", "7", "Kept*"]);
    assert_eq!(seed.code, Some(1));
}

/// Names of the elements of an XML document, with their attributes.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return elements,
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    (key, attribute.unescape_value().unwrap().into_owned())
                });
                let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                elements.push((name, attributes.collect()));
            }
            _ => {}
        }
    }
}

#[test]
fn build_servers_get_what_people_get() {
    let scratch = workspace(&FAIL.replace("\"texts\"", "\"<texts> & \\\"more\\\"\""));
    let finished = scratch.run(["test", "p.toml", "-q", "--junit", "out.xml"]);
    assert_eq!(finished.code, Some(1));
    let xml = fs::read_to_string(scratch.path("out.xml")).unwrap();
    let elements = elements(&xml);
    let get = |place: usize, key: &str| {
        let (_, attributes) = &elements[place];
        let found = attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!(elements[1].0, "testsuite");
    assert_eq!((get(1, "tests"), get(1, "failures")), ("3", "2"));
    let cases: Vec<(&str, &str)> = (0..elements.len())
        .filter(|place| elements[*place].0 == "testcase")
        .map(|place| (get(place, "name"), get(place, "line")))
        .collect();
    let expected = [("rows", "34"), ("<texts> & \"more\"", "48"), ("good", "54")];
    assert_eq!(cases, expected);
    assert!(xml.contains("one two [-four-]{+three+}"), "{xml}");
    assert!(!xml.contains('\u{1b}'));
    let nowhere = scratch.run(["test", "p.toml", "--junit", "no/out.xml"]);
    nowhere.says(2, &["the folder of --junit does not exist: no"]);
}

const WRONG: &str = r#"
[[tests]]
name = "unknown output"
at = "usable.rejectd"
input = []
expect = { rows = 0 }

[[tests]]
name = "unknown things"
at = "usable"
input = [{ txt = "a", number = "one" }]
[tests.expect]
row = 1
filtered = -1
rejektet = 1
matches = "a("
output = [{ lable = "x", aug_replica = "one" }]
ports.rejectd = { rows = 1 }
ports.rejected = { snapshot = true }

[[tests]]
name = "no way"
from = "swap"
at = "delete"
input = []
expect = {}

[[tests]]
name = "into an output"
from = "usable.rejected"
at = "short"
input = []
expect = { rows = 0 }

[[tests]]
name = "nobody counts"
at = "data"
input = [{ number = 1 }]
expect = { filtered = 0, ports = { a = { rows = 1 } } }
"#;

#[test]
fn everything_that_is_wrong_with_tests_is_reported() {
    let scratch = workspace(WRONG);
    let check = scratch.run(["check", "p.toml"]);
    assert_eq!(check.code, Some(2));
    insta::assert_snapshot!(check.stderr);
    let test = scratch.run(["test", "p.toml"]);
    assert_eq!(test.code, Some(2));
    assert_eq!(test.stderr, check.stderr);
    // A run looks at their shape only.
    assert_eq!(scratch.run(["run", "p.toml", "-q"]).code, Some(0));
}

#[test]
fn tests_without_shape_keep_a_pipeline_from_running() {
    let tests = r#"
[[tests]]
name = "a b"
at = "swop"
input = 1
expect = 1

[[tests]]
name = "A-b"
at = "swap"
input = []
expect = {}

[[tests]]
name = "a  B"
at = 7
from = "zzz"
input = [1]
expect = {}

[[tests]]
name = "a b"
at = "swap"
input = []
expect = {}

[[tests]]
name = "?"
at = "swap"
input = []
expect = {}
"#;
    let scratch = workspace(tests);
    let run = scratch.run(["run", "p.toml"]);
    assert_eq!(run.code, Some(2));
    insta::assert_snapshot!(run.stderr);
}

/// A row of a batch as a table of a pipeline file, without the columns that are `left_out` and those
/// with a null in them.
fn table(rows: &RecordBatch, row: usize, left_out: &[&str]) -> String {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns());
    let values = columns.map(|(field, column)| (field.name().as_str(), literal(column, row)));
    inline_table(values.filter(|(name, value)| !value.contains("null") && !left_out.contains(name)))
}

/// The promise behind all others: what a test shows is what a run does. Rows of a run, written
/// down as a test, pass it: with columns of every type that can be written down.
#[test]
fn a_test_does_what_a_run_does() {
    // Bytes are no text, maps have no form in TOML, and these dates are out of range.
    const LEFT_OUT: [&str; 6] = [
        "binary",
        "large_binary",
        "binary_view",
        "fixed",
        "map",
        "date",
    ];
    let pipeline = PIPELINE.replace("inputs = [\"usable.rejected\"]", "inputs = [\"usable\"]");
    let scratch = Scratch::new();
    let rows = samples::all_types(3, 40);
    scratch.parquet("data/a.parquet", std::slice::from_ref(&rows));
    scratch.commit_all(&pipeline, &RunSettings::new(2));
    let out = scratch.read("out/a.parquet");
    assert!(out.num_rows() > rows.num_rows());
    let tables = |batch: &RecordBatch| {
        let rows = (0..batch.num_rows()).map(|row| table(batch, row, &LEFT_OUT));
        rows.collect::<Vec<_>>().join(",\n  ")
    };
    let (input, output) = (tables(&rows), tables(&out));
    // Rows are identified by the shard, which a test calls by its own name.
    let test = format!(
        "[[tests]]\nname = \"a.parquet\"\nfrom = \"data\"\nat = \"out\"\ninput = [\n  {input}]\n\
         expect = {{ rows = {}, output = [\n  {output}] }}\n",
        out.num_rows()
    );
    scratch.write("p.toml", format!("{pipeline}{test}"));
    let finished = scratch.run(["test", "p.toml"]);
    assert_eq!(finished.code, Some(0), "{}", transcript(&finished));
}

#[test]
fn words_are_counted_over_the_sources() {
    let pipeline = PIPELINE.replace("random_swap", "tfidf_replacement");
    let text = samples::sentences(1, 1).remove(0);
    let tests = format!(
        "[[tests]]\nname = \"words of the data set\"\nat = \"swap\"\n\
         input = [{{ number = 1, text = \"{text}\" }}]\nexpect = {{ snapshot = true }}\n"
    );
    let scratch = workspace("");
    scratch.write("p.toml", format!("{pipeline}{tests}"));
    let update = scratch.run(["test", "p.toml", "--update"]);
    assert_eq!(update.code, Some(0), "{}", transcript(&update));
    assert_eq!(update.stderr, "counting the words of all shards first\n");
    let again = scratch.run(["test", "p.toml"]);
    assert_eq!(again.code, Some(0), "{}", transcript(&again));
    // Other words in the data, other words in the variants.
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(8, 200)]);
    let other = scratch.run(["test", "p.toml"]);
    assert_eq!(other.code, Some(1), "{}", transcript(&other));
}

/// Turns the order of the columns round.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Reverse {}

impl OperatorConfig for Reverse {
    const NAME: &'static str = "reverse_columns";

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let fields: Vec<_> = input.fields().iter().rev().cloned().collect();
        Ok(vec![Arc::new(Schema::new(fields))])
    }

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(self.clone()))
    }
}

impl Operator for Reverse {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let columns: Vec<usize> = (0..batch.records.num_columns()).rev().collect();
        let records = batch.records.project(&columns)?;
        context.emit(batch.replaced(records, batch.rows.clone()));
        Ok(())
    }
}

/// Sends all rows out of its second output, or refuses them if there are more than it may take.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Switch {
    most: usize,
}

impl OperatorConfig for Switch {
    const NAME: &'static str = "switch";

    fn ports(&self) -> Vec<Port> {
        vec![Port::named("left"), Port::named("right")]
    }

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(self.clone()))
    }
}

impl Operator for Switch {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        if batch.rows.len() > self.most {
            return Err(OperatorError::Row {
                row: 1,
                message: "one at a time, please".to_owned(),
            });
        }
        context.emit_to(1, batch);
        Ok(())
    }
}

const CUSTOM: &str = r#"version = 1
[sources.data]
type = "parquet"
paths = ["data"]
text = "text"
[operators.back]
type = "reverse_columns"
inputs = ["data"]
[operators.switch]
type = "switch"
most = 1
inputs = ["back"]
[sinks.out]
type = "parquet"
inputs = ["switch.*"]
path = "out/{shard}.parquet"
[[tests]]
name = "the text is where it has gone to"
at = "back"
input = [{ number = 1, text = "one" }]
expect = { changed = false, contains = "one", output = [{ text = "one", number = 1 }] }
[[tests]]
name = "outputs of equal rank"
at = "switch"
input = [{ number = 1, text = "one" }]
expect = { ports = { left = { rows = 0 }, right = { rows = 1, contains = "one" } }, snapshot = true }
[[tests]]
name = "one of them"
at = "switch.right"
from = "data"
input = [{ number = 1, text = "one" }]
expect = { rows = 1, contains = "one", ports.left.rows = 0 }
[[tests]]
name = "refused"
at = "switch"
input = [{ number = 1, text = "one" }, { number = 2, text = "two" }]
expect = { ports = { right = { rows = 2 } } }
"#;

/// The command line with the operators above.
fn custom(scratch: &Scratch, arguments: &[&str]) -> Finished {
    let mut registry = Registry::builtin();
    registry.register::<Reverse>().register::<Switch>();
    let (printer, out, err) = Printer::captured();
    let pipeline = scratch.path("p.toml").into_os_string();
    let mut all: Vec<OsString> = vec!["augment".into(), arguments[0].into(), pipeline];
    all.extend(arguments[1..].iter().map(OsString::from));
    let status = run_with(&registry, all, &printer);
    Finished {
        code: Some(status.code().into()),
        stdout: out.text().replace(scratch.path("").to_str().unwrap(), ""),
        stderr: err.text(),
    }
}

#[test]
fn operators_of_any_kind_can_be_tested() {
    let scratch = workspace("");
    scratch.write("p.toml", CUSTOM);
    let finished = custom(&scratch, &["test", "--update"]);
    assert_eq!(finished.code, Some(1));
    insta::assert_snapshot!(transcript(&finished));
    let kept = fs::read_to_string(scratch.path("p.snapshots/outputs-of-equal-rank.toml")).unwrap();
    insta::assert_snapshot!(kept, @r#"
    # What came of the test "outputs of equal rank".

    [[ports.right]]
    text = "one"
    number = 1
    aug_parent = "outputs of equal rank#0"
    aug_replica = 0
    aug_operators = []
    "#);
    scratch.write(
        "p.toml",
        CUSTOM.replace(
            "expect = { ports = { right = { rows",
            "expect = { rows = 1, ports = { right = { rows",
        ),
    );
    let ambiguous = custom(&scratch, &["check"]);
    ambiguous.says(2, &["A134", "the outputs are: left, right"]);
}

#[test]
fn a_preview_shows_the_text_where_it_has_gone_to() {
    let scratch = workspace("");
    scratch.write("p.toml", CUSTOM.replace("most = 1", "most = 1000"));
    for node in ["data", "back", "out"] {
        let finished = custom(&scratch, &["preview", "--at", node, "-n", "2"]);
        let source = custom(&scratch, &["preview", "--at", "data", "-n", "2"]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert_eq!(finished.stdout, source.stdout);
        assert!(
            finished.stdout.contains("a.parquet#1"),
            "{}",
            finished.stdout
        );
    }
}
