//! A plan as text for people.

use std::fmt::Write;

use arrow::datatypes::{DataType, Schema};

use super::{
    Plan, PlannedOperator, PlannedSink, PlannedSource, Producer, RowEstimate, RowEstimates,
};
use crate::columns::RowTexts;
use crate::figures::{counted, grouped, size};

/// Columns of a schema that are listed before the rest is only counted.
const COLUMNS: usize = 8;
/// Characters of the name of a type that are shown.
const TYPE_CHARACTERS: usize = 32;
/// Digits of the fingerprint that are shown: enough to tell two apart.
const FINGERPRINT_DIGITS: usize = 16;

impl Plan {
    /// The plan as text: sources with their shards, stages with their operators in the order in
    /// which they run, sinks; with the columns and an estimate of the rows on every edge.
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
        let estimates = RowEstimates::new(self);
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
        estimates: &RowEstimates,
        out: &mut String,
    ) {
        let (id, kind) = (&operator.id, operator.spec.name());
        let _ = writeln!(
            out,
            "  {id} ({kind}) reads {}",
            self.names(&operator.inputs)
        );
        if let [_, parts @ ..] = operator.names().as_slice()
            && !parts.is_empty()
        {
            let _ = writeln!(out, "    steps {}", parts.join(", "));
        }
        if let Some(column) = operator.spec.counts_labels() {
            let _ = writeln!(
                out,
                "    first counts the labels in {column} of {}",
                counted(operator.source_rows, "row"),
            );
        }
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
        let _ = writeln!(
            out,
            "    in: {}; {}",
            rows(estimates.into_operator(position)),
            columns(
                &operator.input_schema,
                &operator.text.name,
                operator.texts.as_ref()
            )
        );
        if operator.spec.surveys() {
            let _ = writeln!(
                out,
                "    first looks at {} in {}",
                counted(operator.source_rows, "row"),
                self.names(&operator.inputs)
            );
        }
        for (port, schema) in operator.schemas.iter().enumerate() {
            let producer = Producer::Operator {
                operator: position,
                port,
            };
            let same = schema.fields() == operator.input_schema.fields();
            let text = operator.spec.renamed(&operator.text.name);
            let columns = if same {
                "the same columns".to_owned()
            } else {
                columns(
                    schema,
                    text.unwrap_or(&operator.text.name),
                    operator.texts.as_ref(),
                )
            };
            let name = match operator.ports.get(port) {
                Some(named) if !named.name.is_empty() => format!(" by {}", self.name_of(producer)),
                _ => String::new(),
            };
            let _ = writeln!(
                out,
                "    out{name}: {}; {columns}",
                rows(estimates.of(producer))
            );
        }
    }

    fn render_sink(&self, sink: &PlannedSink, estimates: &RowEstimates, out: &mut String) {
        let _ = writeln!(out, "\nsink {} reads {}", sink.id, self.names(&sink.inputs));
        let rows = rows(estimates.of_all(&sink.inputs));
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
}

fn render_source(source: &PlannedSource, out: &mut String) {
    let facts = &source.facts;
    let bytes: u64 = facts.files.iter().map(|shard| shard.bytes).sum();
    let shards = counted(facts.shards.len() as u64, "shard");
    let shards = if facts.shards.len() == facts.files.len() {
        shards
    } else {
        format!("{} in {shards}", counted(facts.files.len() as u64, "file"))
    };
    let _ = writeln!(
        out,
        "\nsource {}: {shards}, {}, {}",
        source.id,
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

/// An estimate in words.
fn rows(estimate: RowEstimate) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and there are no negative rows"
    )]
    let whole = |rows: f64| rows.round() as u64;
    match (whole(estimate.least), whole(estimate.most)) {
        (least, most) if least == most => format!("about {}", counted(most, "row")),
        (0, most) => format!("at most {}", counted(most, "row")),
        (least, most) => format!("{} to {}", grouped(least), counted(most, "row")),
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
