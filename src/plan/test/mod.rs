//! `[[tests]]`, understood: rows as arrays of the types of their columns, the way that they take,
//! and what has to come of them.
//!
//! A test puts its rows into a node and looks at what leaves it, or a node after it. Only the
//! operators between the two take part; each does what it does in a run.

mod expect;
mod literal;
mod node;
mod rows;
mod schema;
mod value;
mod way;

pub use expect::{Expectation, ExpectedRow, ExpectedRows};
pub use literal::{inline_table, key, literal};
pub(super) use schema::json_schema;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use super::{Plan, Producer};
use crate::config::{RawPipeline, RawTest, snapshot_name};
use crate::diagnostic::Diagnostic;
use crate::sink::lineage::{Lineage, LineageColumns};
use node::{Node, Target};

/// A test of a pipeline, ready to run.
#[derive(Debug, Clone)]
pub struct PlannedTest {
    /// What it is called.
    pub name: String,
    /// The name of the file that keeps what came of it, without extension.
    pub snapshot: String,
    /// The line of the pipeline file that it begins on.
    pub line: usize,
    /// The rows that are put in.
    pub input: RecordBatch,
    /// The column of `input` that identifies rows, if there is one.
    pub id: Option<usize>,
    /// The column of `input` that holds the text, if there is one.
    pub text: Option<usize>,
    /// Where the rows are put in.
    pub entry: Entry,
    /// The operators that they pass, by position, in the order of the plan.
    pub way: Vec<usize>,
    /// What is looked at.
    pub outputs: Vec<TestedOutput>,
    /// What is expected, apart from what is expected of single outputs.
    pub expect: Expectation,
}

/// Where the rows of a test are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// They come out of the source at this position.
    Source(usize),
    /// They go into the operator at this position.
    Operator(usize),
    /// They go into a sink, and are looked at as they are.
    Sink,
}

/// One way out of the node that is tested.
#[derive(Debug, Clone)]
pub struct TestedOutput {
    /// What `expect` calls its rows: `output` or `ports.NAME`.
    pub name: String,
    /// What feeds it; nothing if it is the input itself.
    pub producers: Vec<Producer>,
    /// Its columns, and after them those of the lineage.
    pub schema: SchemaRef,
    /// Its lineage columns.
    pub lineage: LineageColumns,
    /// The column that holds the text, if there is one.
    pub text: Option<usize>,
    /// What is expected of its rows.
    pub expected: ExpectedRows,
}

/// The tests of `raw`, whose plan is `plan`. Those with a problem are left out.
pub(super) fn read(
    raw: &RawPipeline<'_>,
    plan: &Plan,
    problems: &mut Vec<Diagnostic>,
) -> Vec<PlannedTest> {
    let tests = raw.tests.iter();
    tests
        .filter_map(|test| {
            let before = problems.len();
            let planned = read_one(raw, test, plan, problems)?;
            (problems.len() == before).then_some(planned)
        })
        .collect()
}

fn read_one(
    raw: &RawPipeline<'_>,
    test: &RawTest<'_>,
    plan: &Plan,
    problems: &mut Vec<Diagnostic>,
) -> Option<PlannedTest> {
    let target = node::target(plan, &test.at, problems)?;
    let from = match &test.from {
        Some(name) => node::start(plan, name, problems)?,
        None => target.node,
    };
    let Some(way) = way::between(plan, from, target.node) else {
        let place = test.from.as_ref().unwrap_or(&test.at);
        let (from, at) = (place.get_ref(), test.at.get_ref());
        let problem = Diagnostic::error("A131", format!("no way leads from `{from}` to `{at}`"))
            .at(place.span())
            .label("the rows would not arrive");
        problems.push(problem.help("name a node that the other reads, directly or by others"));
        return None;
    };
    let columns = node::columns(plan, from)?;
    let input = rows::batch(&test.input, &columns.schema, problems);
    let mut outputs = outputs(plan, from, &target, &way)?;
    let expect = expect::read(
        &test.expect,
        &target,
        way.is_empty(),
        &mut outputs,
        problems,
    );
    let place: &Range<usize> = &test.span;
    Some(PlannedTest {
        name: test.name.get_ref().clone(),
        snapshot: snapshot_name(test.name.get_ref()),
        line: raw.document.texts().locate(place).map_or(0, |at| at.line),
        input: input?,
        id: columns.id,
        text: columns.text,
        entry: match from {
            Node::Source(source) => Entry::Source(source),
            Node::Operator(operator) => Entry::Operator(operator),
            Node::Sink(_) => Entry::Sink,
        },
        way,
        outputs,
        expect: expect?,
    })
}

/// The ways out of what is tested: the one that `at` names first, if there is one.
fn outputs(plan: &Plan, from: Node, target: &Target, way: &[usize]) -> Option<Vec<TestedOutput>> {
    let output = |name: String, producers: Vec<Producer>, schema: &SchemaRef, text, errors| {
        let lineage = free_lineage(schema, errors);
        let mut fields = schema.fields().to_vec();
        fields.extend(lineage.fields().into_iter().map(Arc::new));
        TestedOutput {
            name,
            producers,
            schema: Arc::new(Schema::new(fields)),
            lineage,
            text,
            expected: ExpectedRows::default(),
        }
    };
    let main = "output".to_owned();
    Some(match target.node {
        Node::Source(source) => {
            let facts = &plan.sources.get(source)?.facts;
            let producers = vec![Producer::Source(source)];
            vec![output(
                main,
                producers,
                &facts.schema,
                Some(facts.text),
                false,
            )]
        }
        Node::Sink(sink) => {
            let planned = plan.sinks.get(sink)?;
            let text = node::columns(plan, target.node)?.text;
            let producers = match from {
                Node::Sink(_) => Vec::new(),
                _ => way::arriving(&planned.inputs, from, way),
            };
            let errors = planned.reads_errors;
            vec![output(main, producers, &planned.schema, text, errors)]
        }
        Node::Operator(operator) => {
            let node = plan.operators.get(operator)?;
            let mut outputs = Vec::with_capacity(node.ports.len());
            for (port, (named, schema)) in node.ports.iter().zip(&node.schemas).enumerate() {
                let producer = Producer::Operator { operator, port };
                let text = plan.text_of(producer);
                let name = match named.name.as_str() {
                    _ if target.port == Some(port) => main.clone(),
                    "" => "ports.main".to_owned(),
                    name => format!("ports.{name}"),
                };
                let errors = named.name == "errors";
                outputs.push(output(name, vec![producer], schema, text, errors));
            }
            outputs.sort_by_key(|output| output.name != main);
            outputs
        }
    })
}

/// The lineage columns that do not share their name with a column of the data.
fn free_lineage(schema: &Schema, errors: bool) -> LineageColumns {
    let free = |name: Option<String>| name.filter(|name| schema.column_with_name(name).is_none());
    let all = Lineage::default().columns(errors);
    LineageColumns {
        parent: free(all.parent),
        replica: free(all.replica),
        operators: free(all.operators),
        edits: None,
        names_texts: false,
        error: free(all.error),
    }
}
