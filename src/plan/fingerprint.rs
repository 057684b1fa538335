//! A hash of everything but the data that the output bytes depend on.

use serde_json::{Map, Value, json};

use super::{Plan, PlannedSink};
use crate::digest::sha256;

/// Increased when the same plan gives other bytes, whatever its operators' versions say.
const FORMAT_VERSION: u32 = 1;

/// The SHA-256, in hexadecimal, of the canonical form of `plan`.
///
/// The form leaves out what does not change the output: the pipeline's name, the order of its
/// tables, comments, and where files lie. The files themselves are compared one by one when a run
/// resumes, so that a new or changed file does not undo the others; what operators choose by the
/// number of rows in all of them is here, with their options; and where an operator's output depends
/// on all rows, a digest of the files is among the facts of the operator.
pub(super) fn of(plan: &Plan) -> String {
    sha256(canonical(plan).to_string())
}

fn canonical(plan: &Plan) -> Value {
    let names = |inputs: &[super::Producer]| -> Vec<String> {
        inputs.iter().map(|input| plan.name_of(*input)).collect()
    };
    let sources = plan.sources.iter().map(|source| {
        let mut value = json!({
            "text": source.config.text,
            "id": source.config.id,
        });
        // Left out where there are none, so that they are no news to the sources without.
        let spans = source.config.span_tables();
        if let (false, Some(value)) = (spans.is_empty(), value.as_object_mut()) {
            value.insert("spans".to_owned(), json!(spans));
        }
        (source.id.clone(), value)
    });
    let operators = plan.operators.iter().map(|operator| {
        let mut value = json!({
            "type": operator.spec.name(),
            "version": operator.spec.version(),
            "options": operator.spec.canonical(operator.source_rows),
            "inputs": names(&operator.inputs),
        });
        // Left out where there are none, so that they are no news to the operators without.
        if let (false, Some(value)) = (operator.facts.is_null(), value.as_object_mut()) {
            value.insert("files".to_owned(), operator.facts.clone());
        }
        (operator.id.clone(), value)
    });
    let sinks = plan.sinks.iter().map(|sink| {
        let value = json!({ "options": sink_options(sink), "inputs": names(&sink.inputs) });
        (sink.id.clone(), value)
    });
    sorted(json!({
        "format": FORMAT_VERSION,
        "seed": plan.seed,
        "sources": sources.collect::<Map<_, _>>(),
        "operators": operators.collect::<Map<_, _>>(),
        "sinks": sinks.collect::<Map<_, _>>(),
    }))
}

/// The options of a sink, with its path below the folder that it writes to.
fn sink_options(sink: &PlannedSink) -> Value {
    let mut options = serde_json::to_value(&sink.config).unwrap_or(Value::Null);
    if let Some(options) = options.as_object_mut() {
        let path = &sink.config.path;
        let fixed = path
            .find('{')
            .and_then(|placeholder| path.get(..placeholder));
        let folder = fixed
            .and_then(|fixed| fixed.rfind('/'))
            .map_or(0, |slash| slash + 1);
        options.insert("path".to_owned(), path.get(folder..).into());
    }
    options
}

/// The same value with the keys of all objects in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            entries.sort_by(|(one, _), (two, _)| one.cmp(two));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
