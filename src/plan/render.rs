//! A plan as text for people.

use std::fmt::Write;

use arrow::datatypes::{DataType, Schema};

use crate::columns::RowTexts;

use super::{Plan, PlannedOperator, PlannedSink, PlannedSource, Producer};

/// Columns of a schema that are listed before the rest is only counted.
const COLUMNS: usize = 8;
/// Characters of the name of a type that are shown.
const TYPE_CHARACTERS: usize = 32;
/// Digits of the fingerprint that are shown: enough to tell two apart.
const FINGERPRINT_DIGITS: usize = 16;

impl Plan {
    /// The plan as text: sources with their shards, stages with their operators in the order in
    /// which they run, sinks; with the columns wherever they change, and estimates of the rows.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let fingerprint: String = self.fingerprint.chars().take(FINGERPRINT_DIGITS).collect();
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(
            out,
            "{}: seed {}, fingerprint {fingerprint}",
            self.name, self.seed
        );
        for source in &self.sources {
            render_source(source, &mut out);
        }
        let estimates = self.estimates();
        for (number, stage) in self.stages.iter().enumerate() {
            let fused = if stage.len() > 1 {
                ", in one thread"
            } else {
                ""
            };
            let _ = writeln!(out, "\nstage {}{fused}", number + 1);
            for &position in stage {
                if let Some(operator) = self.operators.get(position) {
                    self.render_operator(operator, position, &estimates, &mut out);
                }
            }
        }
        for sink in &self.sinks {
            self.render_sink(sink, &estimates, &mut out);
        }
        out
    }

    fn render_operator(
        &self,
        operator: &PlannedOperator,
        position: usize,
        estimates: &[f64],
        out: &mut String,
    ) {
        let (id, kind) = (&operator.id, operator.spec.name());
        let _ = writeln!(
            out,
            "  {id} ({kind}) reads {}",
            self.names(&operator.inputs)
        );
        let rows_in = self.estimate(&operator.inputs, estimates);
        let rows_out = Estimate {
            rows: estimates.get(position).copied().unwrap_or_default(),
            open: rows_in.open,
        };
        let _ = writeln!(out, "    {} in, {} out", rows_in.text(), rows_out.text());
        if operator.spec.counts_words() {
            let sources = self.sorted_sources(operator);
            let names = sources
                .into_iter()
                .map(Producer::Source)
                .collect::<Vec<_>>();
            let _ = writeln!(
                out,
                "    first counts the words of {} in {}",
                counted(operator.source_rows, "row"),
                self.names(&names)
            );
        }
        for (port, schema) in operator.schemas.iter().enumerate() {
            let name = self.name_of(Producer::Operator {
                operator: position,
                port,
            });
            // An operator that leaves the columns alone does not repeat them.
            if schema.fields() != operator.input_schema.fields() {
                let texts = operator.texts.as_ref();
                let columns = columns(schema, &operator.text.name, texts);
                let _ = writeln!(out, "    columns of {name}: {columns}");
            } else if port > 0 {
                let _ = writeln!(out, "    also leaves by {name}");
            }
        }
    }

    fn render_sink(&self, sink: &PlannedSink, estimates: &[f64], out: &mut String) {
        let _ = writeln!(out, "\nsink {} reads {}", sink.id, self.names(&sink.inputs));
        let rows = self.estimate(&sink.inputs, estimates).text();
        let shards: usize = sink
            .sources
            .iter()
            .filter_map(|source| self.sources.get(*source))
            .map(|source| source.facts.shards.len())
            .sum();
        let (path, codec) = (&sink.config.path, sink.config.compression);
        let _ = writeln!(
            out,
            "  {rows} to {}, {codec}",
            counted(shards as u64, "file")
        );
        let _ = writeln!(out, "  path {}", printable(path));
        let lineage = sink.config.lineage.columns(sink.reads_errors).fields();
        let added: Vec<&str> = lineage.iter().map(|field| field.name().as_str()).collect();
        let added = if added.is_empty() {
            String::new()
        } else {
            format!(" + {}", added.join(", "))
        };
        let _ = writeln!(
            out,
            "  columns {}{}",
            columns(&sink.schema, "", None),
            printable(&added)
        );
    }

    fn names(&self, inputs: &[Producer]) -> String {
        inputs
            .iter()
            .map(|input| self.name_of(*input))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Rows that leave each operator by its main output, about.
    fn estimates(&self) -> Vec<f64> {
        let mut estimates = Vec::with_capacity(self.operators.len());
        for operator in &self.operators {
            let rows = self.estimate(&operator.inputs, &estimates).rows;
            estimates.push(rows * operator.spec.expansion(operator.source_rows));
        }
        estimates
    }

    fn estimate(&self, inputs: &[Producer], estimates: &[f64]) -> Estimate {
        let mut estimate = Estimate {
            rows: 0.0,
            open: false,
        };
        for input in inputs {
            match *input {
                #[expect(clippy::cast_precision_loss, reason = "an estimate is not exact")]
                Producer::Source(source) => {
                    let facts = self.sources.get(source).map(|source| &source.facts);
                    estimate.rows += facts.map_or(0.0, |facts| facts.rows as f64);
                }
                Producer::Operator { operator, port: 0 } => {
                    estimate.rows += estimates.get(operator).copied().unwrap_or_default();
                }
                // What leaves by a side port depends on the data.
                Producer::Operator { .. } => estimate.open = true,
            }
        }
        estimate
    }
}

fn render_source(source: &PlannedSource, out: &mut String) {
    let facts = &source.facts;
    let bytes: u64 = facts.shards.iter().map(|shard| shard.bytes).sum();
    let _ = writeln!(
        out,
        "\nsource {}: {}, {}, {}",
        source.id,
        counted(facts.shards.len() as u64, "shard"),
        counted(facts.rows, "row"),
        size(bytes),
    );
    let _ = writeln!(
        out,
        "  below {}",
        printable(&facts.root.display().to_string())
    );
    let _ = writeln!(
        out,
        "  columns {}",
        columns(&facts.schema, "", Some(&facts.texts))
    );
}

/// A number of rows that is not known exactly.
struct Estimate {
    rows: f64,
    /// Whether there are more rows, of which nothing is known.
    open: bool,
}

impl Estimate {
    fn text(&self) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, and there are no negative rows"
        )]
        let rows = self.rows.round() as u64;
        match (rows, self.open) {
            (0, true) => "an unknown number of rows".to_owned(),
            (rows, true) => format!("at least {}", counted(rows, "row")),
            (rows, false) => format!("about {}", counted(rows, "row")),
        }
    }
}

/// The columns of a schema in one line, those marked that hold texts and annotations.
fn columns(schema: &Schema, text: &str, texts: Option<&RowTexts>) -> String {
    let fields = schema.fields();
    let listed = if fields.len() > COLUMNS {
        COLUMNS - 1
    } else {
        fields.len()
    };
    let mut columns: Vec<String> = Vec::with_capacity(listed + 1);
    for (position, field) in fields.iter().enumerate() {
        let mark = match texts {
            Some(texts) => texts.mark(field.name()),
            None if field.name() == text => " (text)".to_owned(),
            None => String::new(),
        };
        if position < listed || !mark.is_empty() {
            let mark = printable(&mark);
            columns.push(format!(
                "{} {}{mark}",
                printable(field.name()),
                type_name(field.data_type())
            ));
        }
    }
    match fields.len() - columns.len() {
        0 => {}
        more => columns.push(format!("{more} more")),
    }
    columns.join(", ")
}

fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Struct(fields) => format!("Struct of {}", fields.len()),
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) => {
            format!("List of {}", type_name(item.data_type()))
        }
        DataType::Dictionary(_, values) => format!("Dictionary of {}", type_name(values)),
        other => other.to_string(),
    };
    if name.chars().count() <= TYPE_CHARACTERS {
        return name;
    }
    name.chars()
        .take(TYPE_CHARACTERS - 1)
        .chain(['…'])
        .collect()
}

/// A name from a file, without characters that a terminal would act on.
fn printable(name: &str) -> String {
    name.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// A number with its noun: `1 row`, `8,000 rows`.
fn counted(number: u64, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        grouped(number),
        if number == 1 { "" } else { "s" }
    )
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in decimal units.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "bytes" {
                format!("{bytes} bytes")
            } else {
                format!("{size:.1} {unit}")
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(2_150_000), "2.1 MB");
    }
}
