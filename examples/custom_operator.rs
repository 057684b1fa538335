//! Operators of your own, in a program of your own that has all of `augment`'s command line:
//!
//! ```sh
//! cargo run --example custom_operator -- ops shout
//! cargo run --example custom_operator -- run my-pipeline.toml
//! ```
//!
//! ```toml
//! [operators.loud]
//! type = "shout"
//! inputs = ["reviews"]
//! rate = 0.5
//!
//! [operators.distinct]
//! type = "drop_repeats"
//! inputs = ["loud"]
//! ```

use std::process::ExitCode;

use arrow::array::UInt32Array;
use augment::operator::TextValues;
use augment::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Puts words in capitals.
///
/// A row-level operator: it sees one text at a time and lists the edits it wants. The first
/// paragraph of this comment is what `ops` prints, this one is what `ops shout` adds. Bytes that no
/// edit names stay as they are; URLs, numbers with units and the like are not among the words; the
/// options `replicas`, `protect` and `on_error` work without a line of code here.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Shout {
    /// Probability with which a word is put in capitals, from 0 to 1.
    #[serde(default = "half")]
    rate: f64,
}

fn half() -> f64 {
    0.5
}

impl TextOperatorConfig for Shout {
    const NAME: &'static str = "shout";

    // Problems are reported together with all others of the pipeline, each at its place in the
    // file.
    fn validate(&self) -> Vec<Problem> {
        if (0.0..=1.0).contains(&self.rate) {
            return Vec::new();
        }
        let message = format!("`rate` is {}, and a probability is not", self.rate);
        vec![Problem::new("rate", message, "give a number from 0 to 1")]
    }

    // Called once for each worker thread, so the operator may keep scratch memory.
    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Shouter { rate: self.rate }))
    }

    // Documentation and test at once: `Example::run` gives what the operator makes of it.
    fn examples() -> Vec<Example> {
        vec![Example {
            title: "All words, and no link",
            options: "rate = 1.0",
            input: &["see https://example.com for more"],
            output: &["SEE https://example.com FOR MORE"],
        }]
    }
}

struct Shouter {
    rate: f64,
}

impl TextOperator for Shouter {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        for word in text.words() {
            // `random` is keyed by the row: draws from it, and from nowhere else, keep the output
            // the same for any number of workers.
            if random.chance(self.rate) {
                edits.replace(word.range(), &text.word(word).to_uppercase());
            }
        }
        Outcome::Edited
    }
}

/// Drops a variant of a row that equals the variant before it.
///
/// A batch-level operator: it sees many rows with all their columns, and may drop, repeat or route
/// them. What becomes of a row must not depend on where batches end, or the output would change
/// with their size: this one compares variants of the same row only, which always come together.
#[derive(Serialize, Deserialize, JsonSchema)]
struct DropRepeats {}

impl OperatorConfig for DropRepeats {
    const NAME: &'static str = "drop_repeats";

    // A second way out, that a pipeline may read as `ID.dropped` or leave alone.
    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("dropped")]
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Dropper {
            column: context.text.index,
        }))
    }
}

struct Dropper {
    column: usize,
}

impl Operator for Dropper {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        // Works for every type that a text column may have.
        let texts = TextValues::new(batch.records.column(self.column))?;
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for (row, index) in (0..texts.len()).zip(0_u32..) {
            // Should the operator panic, this row is named in the message.
            context.at_row(batch.rows.number(row));
            let repeats = row > 0
                && batch.rows.origin[row] == batch.rows.origin[row - 1]
                && texts.get(row) == texts.get(row - 1);
            if repeats { &mut dropped } else { &mut kept }.push(index);
        }
        // Every row that comes in leaves by a port, or is counted with a reason: the summary of
        // the run shows it.
        context.count("filtered: repeats its neighbour", dropped.len() as u64);
        context.emit_to(1, batch.take(&UInt32Array::from(dropped))?);
        context.emit(batch.take(&UInt32Array::from(kept))?);
        Ok(())
    }
}

fn main() -> ExitCode {
    let mut registry = Registry::builtin();
    registry.register_text::<Shout>().register::<DropRepeats>();
    augment::cli::main(registry)
}
