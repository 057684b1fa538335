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
/// options `rate`, `min`, `max`, `stop_words`, `replicas`, `protect`, `languages` and `on_error` work
/// without a line of code here.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Shout {
    /// What to put after each of the words, for example `!`.
    #[serde(default)]
    mark: String,
}

impl TextOperatorConfig for Shout {
    const NAME: &'static str = "shout";

    // Half of the words, unless the pipeline says otherwise.
    const DEFAULTS: Defaults = Defaults::rate(0.5);

    // Problems are reported together with all others of the pipeline, each at its place in the
    // file.
    fn validate(&self) -> Vec<Problem> {
        if self.mark.len() <= 3 {
            return Vec::new();
        }
        let message = format!("`mark` is `{}`, and nobody shouts like that", self.mark);
        vec![Problem::new(
            "mark",
            message,
            "give three characters at most",
        )]
    }

    // Called once for each worker thread, so the operator may keep scratch memory.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Shouter {
            mark: self.mark.clone(),
            amount: context.amount,
            places: Places::default(),
        }))
    }

    // Documentation and test at once: `Example::run` gives what the operator makes of it.
    fn examples() -> Vec<Example> {
        vec![Example {
            title: "All words, and no link",
            options: "rate = 1.0",
            columns: &[],
            input: &["see https://example.com for more"],
            output: &["SEE https://example.com FOR MORE"],
        }]
    }
}

struct Shouter {
    mark: String,
    amount: Amount,
    places: Places,
}

impl TextOperator for Shouter {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let wanted = self.amount.of(words.len());
        // `random` is keyed by the row: draws from it, and from nowhere else, keep the output the
        // same for any number of workers.
        for place in self.places.sample(words.len(), wanted, random) {
            if let Some(word) = words.get(*place as usize) {
                let loud = text.word(word).to_uppercase() + &self.mark;
                edits.replace(word.range(), &loud);
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
