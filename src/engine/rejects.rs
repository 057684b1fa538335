//! Rows that operators refused and put out by their port `errors`, on record: one more sink for each
//! folder that sinks write to. So the records come in the order of the shard, take no more memory
//! than any output, and are published with the shard's outputs.

use std::any::Any;
use std::path::{Path, PathBuf};

use super::assemble::{feed, leading_to_sinks};
use super::write::{Complete, explain};
use crate::batch::{Batch, Shard};
use crate::ledger::{Reject, RejectedRow, check_record, record_of};
use crate::plan::{Plan, Producer};
use crate::sink::LineWriter;
use crate::topology::{BatchWriter, Feed, Finished, ShardSink, SinkNode};

/// The name of the port by which rows leave that an operator could not process.
const PORT: &str = "errors";

/// Keeps the records of one output folder.
pub(super) struct RejectsSink<'a> {
    root: PathBuf,
    /// The ids of the sources whose rows reach the folder: it has a ledger line for their shards.
    sources: Vec<&'a str>,
    operators: Vec<String>,
}

/// The folders that the sinks of `plan` write to, sorted.
pub(super) fn roots(plan: &Plan) -> Vec<PathBuf> {
    let roots = plan.sinks.iter().map(|sink| sink.layout.root.clone());
    let mut roots: Vec<PathBuf> = roots.collect();
    roots.sort();
    roots.dedup();
    roots
}

/// A sink for each of the [`roots`], if rows may be refused at all.
pub(super) fn sinks(plan: &Plan) -> Vec<RejectsSink<'_>> {
    if feeds(plan).is_empty() {
        return Vec::new();
    }
    let sink = |root: PathBuf| {
        let sinks = plan.sinks.iter().filter(|sink| sink.layout.root == root);
        let sources = sinks.flat_map(|sink| &sink.sources);
        RejectsSink {
            sources: sources
                .filter_map(|source| plan.sources.get(*source))
                .map(|source| source.id.as_str())
                .collect(),
            operators: plan.part_names(),
            root,
        }
    };
    roots(plan).into_iter().map(sink).collect()
}

/// The place of `sinks` in a topology.
pub(super) fn nodes<'a>(
    plan: &'a Plan,
    sinks: &'a [RejectsSink<'a>],
) -> impl Iterator<Item = SinkNode<'a>> {
    sinks.iter().map(|sink| SinkNode {
        inputs: feeds(plan),
        sink,
    })
}

/// The ports by which refused rows leave.
fn feeds(plan: &Plan) -> Vec<Feed> {
    let operators = plan
        .operators
        .iter()
        .enumerate()
        .zip(leading_to_sinks(plan));
    let operators = operators.filter_map(|(operator, leads)| leads.then_some(operator));
    let ports = operators.flat_map(|(operator, node)| {
        let ports = node.ports.iter().enumerate();
        let errors = ports.filter(|(_, port)| port.name == PORT);
        errors.map(move |(port, _)| Producer::Operator { operator, port })
    });
    ports.map(|producer| feed(plan, producer)).collect()
}

impl ShardSink for RejectsSink<'_> {
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchWriter>, String> {
        let is_reached = self.sources.contains(&shard.source.as_str());
        Ok(Box::new(RejectsWriter {
            target: is_reached.then(|| record_of(&self.root, &shard.source, &shard.name)),
            root: self.root.clone(),
            source: shard.source.clone(),
            shard: shard.name.clone(),
            path: shard.path.clone(),
            operators: self.operators.clone(),
            file: None,
        }))
    }
}

struct RejectsWriter {
    /// Where the record goes; nothing where the folder has nothing of the shard.
    target: Option<PathBuf>,
    root: PathBuf,
    source: String,
    shard: String,
    /// What identities of rows begin with.
    path: String,
    operators: Vec<String>,
    /// Made with the first row.
    file: Option<LineWriter>,
}

impl RejectsWriter {
    /// What is said of the row at `row` of a batch: why it was refused is known of all rows that the
    /// built-in operators put out by such a port.
    fn reject(&self, batch: &Batch, row: usize) -> Reject {
        let errors = batch.rows.errors.as_ref();
        let refusal = errors.and_then(|errors| errors.get(row)?.as_ref());
        let operator = refusal.and_then(|refusal| self.operators.get(refusal.operator));
        let mut parent = String::new();
        batch.rows.identity(row, &self.path, &mut parent);
        Reject {
            source: self.source.clone(),
            shard: self.shard.clone(),
            row: Some(RejectedRow {
                row: batch.rows.number(row),
                parent,
                replica: batch.rows.replica.get(row).copied().unwrap_or_default(),
                operator: operator.cloned().unwrap_or_default(),
            }),
            reason: refusal.map_or_else(String::new, |refusal| refusal.reason.to_string()),
        }
    }

    fn open(root: &Path, target: &Path) -> Result<LineWriter, String> {
        check_record(root, target).map_err(explain)?;
        let file = LineWriter::create(target.to_owned()).map_err(explain)?;
        // A link may have come in between.
        check_record(root, target).map_err(explain)?;
        Ok(file)
    }
}

impl BatchWriter for RejectsWriter {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let Some(target) = &self.target else {
            return Ok(());
        };
        let mut file = match self.file.take() {
            Some(file) => file,
            None => Self::open(&self.root, target)?,
        };
        for row in 0..batch.rows.len() {
            let line = self.reject(batch, row).line();
            let line = line.map_err(|error| error.to_string())?;
            file.push(&line).map_err(explain)?;
        }
        self.file = Some(file);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String> {
        let Some(file) = self.file else {
            return Ok(Box::new(NoRejects));
        };
        Ok(Box::new(Complete(file.finish().map_err(explain)?)))
    }
}

/// What is finished where no row was refused.
pub(super) struct NoRejects;

impl Finished for NoRejects {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
