//! What came of a test, as a text to keep.

use super::Observed;
use crate::plan::{PlannedTest, key};

/// All rows of all outputs with all their columns, and all counts: TOML that people can read, the
/// same whenever the same comes of the test. A null is left out.
pub fn snapshot(test: &PlannedTest, observed: &Observed) -> String {
    let mut lines = vec![format!("# What came of the test {:?}.", test.name)];
    for (output, observed) in test.outputs.iter().zip(&observed.outputs) {
        let heading = match output.name.strip_prefix("ports.") {
            Some(port) => format!("[[ports.{}]]", key(port)),
            None => format!("[[{}]]", output.name),
        };
        for row in &observed.rows {
            lines.push(String::new());
            lines.push(heading.clone());
            for (field, value) in output.schema.fields().iter().zip(row) {
                if value != "null" {
                    lines.push(format!("{} = {value}", key(field.name())));
                }
            }
        }
    }
    for (id, counts) in &observed.operators {
        if counts.reasons.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("[counts.{id}]"));
        for (reason, count) in &counts.reasons {
            lines.push(format!("{} = {count}", key(reason)));
        }
    }
    lines.join("\n") + "\n"
}
