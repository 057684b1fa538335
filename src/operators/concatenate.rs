//! Two texts in one.

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::neighbours::{BATCH_ROWS, Groups, Made, column, missing_column};
use crate::batch::EditRecord;
use crate::operator::{
    OnAnnotations, RewrittenRows, TextHandling, TextValues, number_in_place, replica_number,
};
use crate::prelude::*;
use crate::random::OperatorKey;

/// Joins the text of a row with that of another, which has the same label.
///
/// The other row is drawn for each row from those within the same thousand: from the batch, which
/// has 1,024 rows of a row group whatever `--batch-rows` says, so that the same pairs are made by
/// any number of workers. It is never a variant of the row itself, nor one without text. Each row
/// is once the first of a pair and any number of times, or never, the second.
///
/// The new row is one of the first: its other columns are those of the first, and so is what
/// `aug_parent` says. The text of the second comes from a row that may be in another group, so
/// split the data into training and test sets before, not after. A row for which there is no other
/// of its label stays as it is, and is counted; so is one whose label is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Concatenate {
    /// A column in which both rows have the same value. Without it, any two rows make a pair.
    #[serde(default)]
    pub label: Option<String>,
    /// What stands between the two texts.
    #[serde(default = "space")]
    pub separator: String,
    /// Which text comes first: `own_first` puts the drawn one after it, `other_first` before it,
    /// and `random` draws the order for each pair.
    #[serde(default)]
    pub order: PairOrder,
    /// Variants to make of each row, each with another row; the row itself does not pass. Without
    /// this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// What becomes of rows with annotations, which cannot be kept in step with a text that is made
    /// anew: `refuse`, the default, fails the shard, `drop` drops their annotations and counts them.
    #[serde(default, skip_serializing_if = "OnAnnotations::is_refuse")]
    pub on_annotations: OnAnnotations,
}

fn space() -> String {
    " ".to_owned()
}

/// Which of two texts comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairOrder {
    /// That of the row.
    #[default]
    OwnFirst,
    /// The one that was drawn.
    OtherFirst,
    /// Either.
    Random,
}

impl OperatorConfig for Concatenate {
    const NAME: &'static str = "concatenate";

    fn handling(&self) -> TextHandling {
        TextHandling {
            on_annotations: self.on_annotations,
            ..TextHandling::default()
        }
    }

    fn validate(&self) -> Vec<Problem> {
        replicas_problem(self.replicas).into_iter().collect()
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let label = self.label.as_deref();
        match label.and_then(|label| missing_column("label", label, input)) {
            Some(problem) => Err(vec![problem]),
            None => Ok(vec![SchemaRef::clone(input)]),
        }
    }

    fn expansion(&self, _source_rows: u64) -> f64 {
        f64::from(self.replicas.unwrap_or(1))
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(BATCH_ROWS)
    }

    fn mixes_rows(&self) -> bool {
        true
    }

    fn rewrites_in_place(&self) -> bool {
        self.replicas.is_none()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Joiner {
            config: self.clone(),
            key: context.key(),
            position: context.position,
            column: context.text.index,
            places: Places::default(),
            made: Made::default(),
            joined: String::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Reviews of the same kind; one that is alone of its kind stays as it is",
                options: "label = \"label\"",
                columns: &[("label", &["good", "bad", "good", "bad", "mixed"])],
                input: &[
                    "I loved it.",
                    "Dull.",
                    "Great fun.",
                    "No plot at all.",
                    "So so.",
                ],
                output: &[
                    "I loved it. Great fun.",
                    "Dull. No plot at all.",
                    "Great fun. I loved it.",
                    "No plot at all. Dull.",
                    "So so.",
                ],
            },
            Example {
                title: "Any two, in any order, on lines of their own",
                options: "separator = \"\\n\"\norder = \"random\"",
                columns: &[],
                input: &["one", "two", "three"],
                output: &["one\ntwo", "two\none", "three\ntwo"],
            },
            Example {
                title: "Two variants of each row, as far as there are partners",
                options: "label = \"label\"\nreplicas = 2",
                columns: &[("label", &["a", "b", "a", "a", "b"])],
                input: &["one", "two", "three", "four", "five"],
                output: &[
                    "one three",
                    "one four",
                    "two five",
                    "three one",
                    "three four",
                    "four one",
                    "four three",
                    "five two",
                ],
            },
        ]
    }
}

/// What is wrong with a number of replicas.
pub(super) fn replicas_problem(replicas: Option<u32>) -> Option<Problem> {
    let remedy = "leave it out to change rows in place, or ask for up to 1000";
    match replicas {
        Some(0) => Some(Problem::new(
            "replicas",
            "`replicas` must be at least 1",
            remedy,
        )),
        Some(1_001..) => Some(Problem::new(
            "replicas",
            "`replicas` is more than 1000",
            remedy,
        )),
        _ => None,
    }
}

struct Joiner {
    config: Concatenate,
    key: OperatorKey,
    position: usize,
    column: usize,
    places: Places,
    made: Made,
    /// The text of a new row.
    joined: String,
}

impl Joiner {
    /// Puts the text of a row together with another's: what was inserted, for the lineage.
    fn join(&mut self, own: &str, other: &str, random: &mut Random) -> EditRecord {
        let own_first = match self.config.order {
            PairOrder::OwnFirst => true,
            PairOrder::OtherFirst => false,
            PairOrder::Random => random.chance(0.5),
        };
        let separator = self.config.separator.as_str();
        let parts = if own_first {
            [own, separator, other]
        } else {
            [other, separator, own]
        };
        self.joined.clear();
        for part in parts {
            self.joined.push_str(part);
        }
        // The framework refuses texts over 4 GiB.
        let place = if own_first { own.len() } else { 0 };
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        EditRecord {
            start: place,
            end: place,
            old: String::new(),
            new: String::new(),
            from: None,
        }
    }

    /// Makes the variants of one row; answers why it lacks some, and how many.
    fn pair(
        &mut self,
        row: usize,
        batch: &Batch,
        values: &TextValues,
        groups: &Groups,
        into: &mut RewrittenRows,
    ) -> Option<(&'static str, u32)> {
        let wanted = self.config.replicas.unwrap_or(1);
        let Some(own) = values.get(row) else {
            return Some(("null", wanted));
        };
        let Some(group) = groups.of(row) else {
            return Some(("null label", wanted));
        };
        let index = u32::try_from(row).unwrap_or(u32::MAX);
        let incoming = batch.rows.replica.get(row).copied().unwrap_or_default();
        self.places.reset(groups.members(group).len());
        self.made.reset();
        // The row itself is no variant.
        self.made.is_new(own);
        let mut last_reason = match &self.config.label {
            Some(_) => "no other row of the same label",
            None => "no other row",
        };
        for replica in 1..=wanted {
            let (number, drawn_for) = match self.config.replicas {
                Some(count) => (replica_number(incoming, count, replica), replica),
                None => (number_in_place(incoming), 0),
            };
            let mut random = self.key.row(batch.rows.key(row), incoming, drawn_for);
            loop {
                let other =
                    groups.draw_other(group, row, &batch.rows, &mut self.places, &mut random);
                let Some(other) = other else {
                    return Some((last_reason, wanted + 1 - replica));
                };
                last_reason = "no new variant";
                let other = values.get(other as usize).unwrap_or_default();
                let mut edit = self.join(own, other, &mut random);
                if !self.made.is_new(&self.joined) {
                    continue;
                }
                let mut edits = Vec::new();
                if batch.rows.edits.is_some() {
                    let added = self.joined.len() - own.len();
                    let start = edit.start as usize;
                    let new = self.joined.get(start..start + added).unwrap_or_default();
                    new.clone_into(&mut edit.new);
                    edits.push(edit);
                }
                into.push(index, &self.joined, number, &edits);
                break;
            }
        }
        None
    }
}

impl Operator for Joiner {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let values = TextValues::new(batch.records.column(self.column))?;
        let rows = values.len();
        let usable = |row| values.get(row).is_some_and(|text| !text.is_empty());
        let groups = match &self.config.label {
            Some(label) => Groups::by_label(column(&batch.records, label)?, usable)?,
            None => Groups::one(rows, usable),
        };
        let expected = rows * self.config.replicas.unwrap_or(1) as usize;
        let bytes = values.bytes() / rows.max(1) * expected;
        let mut into = RewrittenRows::new(&batch, expected, bytes * 2);
        for (row, index) in (0..rows).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            let Some((reason, missing)) = self.pair(row, &batch, &values, &groups, &mut into)
            else {
                continue;
            };
            if self.config.replicas.is_some() {
                context.count(&format!("shortfall: {reason}"), u64::from(missing));
            } else {
                context.count(&format!("unchanged: {reason}"), 1);
                let incoming = batch.rows.replica.get(row).copied().unwrap_or_default();
                into.keep(index, values.get(row), incoming);
            }
        }
        into.emit(&batch, self.column, self.position, context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::*;
    use crate::batch::{Origins, Shard};
    use crate::operator::{Resources, TextColumn};

    fn run(
        config: &Concatenate,
        texts: &[Option<&str>],
        labels: &[Option<i64>],
        origins: Vec<u32>,
    ) -> (Batch, Vec<(String, u64)>) {
        let text = TextColumn {
            name: "text".to_owned(),
            index: 0,
        };
        let mut operator = config
            .build(&BuildContext {
                id: "demo",
                inputs: &[],
                position: 0,
                seed: 1,
                text: &text,
                source_rows: 4,
                texts: None,
                amount: Amount::NONE,
                resources: &Resources::default(),
            })
            .unwrap();
        let columns: [(&str, ArrayRef, bool); 2] = [
            ("text", Arc::new(StringArray::from(texts.to_vec())), true),
            ("label", Arc::new(Int64Array::from(labels.to_vec())), true),
        ];
        let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
        let mut rows = Rows::originals(Arc::new(Origins::new("demo", 0, texts.len(), None)), true);
        rows.origin = origins;
        let batch = Batch {
            records: RecordBatch::try_from_iter_with_nullable(columns).unwrap(),
            rows,
            shard: Arc::clone(&shard),
            seq: 0,
            last: false,
            ticket: None,
        };
        let mut context = Context::new(&shard, 0, 1);
        operator.process(batch, &mut context).unwrap();
        let output = context.into_outputs().remove(0).unwrap();
        let counts = shard.counters.operator(0).snapshot().reasons;
        (output, counts.into_iter().collect())
    }

    fn config(replicas: Option<u32>) -> Concatenate {
        Concatenate {
            on_annotations: OnAnnotations::default(),
            label: Some("label".to_owned()),
            separator: "|".to_owned(),
            order: PairOrder::Random,
            replicas,
        }
    }

    fn texts(batch: &Batch) -> Vec<Option<String>> {
        let values = TextValues::new(batch.records.column(0)).unwrap();
        (0..values.len())
            .map(|row| values.get(row).map(str::to_owned))
            .collect()
    }

    #[test]
    fn rows_without_a_partner_stay_and_are_counted_by_reason() {
        let input = [Some("a"), None, Some("c"), Some("d"), Some("")];
        let labels = [Some(1), Some(1), None, Some(2), Some(1)];
        let (output, counts) = run(&config(None), &input, &labels, vec![0, 1, 2, 3, 4]);
        assert_eq!(
            texts(&output)[..4],
            [Some("a"), None, Some("c"), Some("d")]
                .map(|text: Option<&str>| text.map(str::to_owned))
        );
        let joined = output.records.column(0);
        assert!(["a|", "|a"].contains(&TextValues::new(joined).unwrap().get(4).unwrap()));
        assert_eq!(output.rows.replica, [0, 0, 0, 0, 1]);
        let expected = [
            ("unchanged: no other row of the same label", 2),
            ("unchanged: null", 1),
            ("unchanged: null label", 1),
        ];
        assert_eq!(
            counts,
            expected.map(|(reason, count)| (reason.to_owned(), count))
        );
    }

    #[test]
    fn variants_of_one_row_are_not_joined_and_the_other_columns_are_those_of_the_first() {
        let input = [Some("a"), Some("A"), Some("b"), Some("c")];
        let labels = [Some(1); 4];
        let (output, counts) = run(&config(Some(5)), &input, &labels, vec![0, 0, 2, 3]);
        let joined = texts(&output);
        assert!(
            joined
                .iter()
                .flatten()
                .all(|text| !matches!(&**text, "a|A" | "A|a"))
        );
        // Two partners for each of the first two, three for each of the others.
        assert_eq!(output.rows.origin, [0, 0, 0, 0, 2, 2, 2, 3, 3, 3]);
        assert_eq!(output.rows.replica, [1, 2, 1, 2, 1, 2, 3, 1, 2, 3]);
        assert_eq!(counts, [("shortfall: no new variant".to_owned(), 10)]);
    }

    #[test]
    fn the_edits_make_the_new_text_of_the_old() {
        let input = [Some("one"), Some("two"), Some("three")];
        let (output, _) = run(&config(Some(2)), &input, &[Some(1); 3], vec![0, 1, 2]);
        let logs = output.rows.edits.clone().unwrap();
        for ((text, log), origin) in texts(&output).iter().zip(logs).zip(&output.rows.origin) {
            let edit = &log.unwrap().edits.to_records()[0];
            let mut made = input[*origin as usize].unwrap().to_owned();
            made.insert_str(edit.start as usize, &edit.new);
            assert_eq!(Some(&made), text.as_ref());
        }
    }

    #[test]
    fn replicas_are_at_least_one_and_not_too_many() {
        assert_eq!(config(Some(0)).validate().len(), 1);
        assert_eq!(config(Some(1_001)).validate().len(), 1);
        assert_eq!(config(Some(1_000)).validate(), []);
    }
}
