//! Keeping rows by the length of their text, and by SQL conditions.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{RowTextReader, RowTextValues, TextHandling, TextUse};
use crate::prelude::*;
use crate::sql::{Condition, ConditionError};
use crate::table::nearest;
use crate::text::Segmenter;

/// What a condition can name beside the columns of the data. A column of the same name goes first.
const MEASURES: [&str; 2] = ["words", "characters"];

/// Keeps rows by the length of their text and by an SQL condition; the others leave by the port
/// `rejected`.
///
/// A bound is a pair: the least and the most that is kept, both included. Words are those that
/// row-level operators see, protected or not; characters are Unicode scalar values. Where a row has
/// several texts, they are counted together. A null text has no length, and is rejected where a
/// bound is set. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// The least and the most words.
    #[serde(default)]
    pub words: Option<[u64; 2]>,
    /// The least and the most characters.
    #[serde(default)]
    pub characters: Option<[u64; 2]>,
    /// An SQL condition on single rows, over the columns of the data and, where no column has the
    /// name, the measures `words` and `characters` of the text: `where = "lang = 'en' AND words >
    /// 3"`. Null is not true.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
}

impl OperatorConfig for Filter {
    const NAME: &'static str = "filter";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("rejected")]
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::ReadsAll,
            ..TextHandling::default()
        }
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.words.is_none() && self.characters.is_none() && self.condition.is_none() {
            problems.push(Problem::new(
                "",
                "the filter has no condition",
                "give it `words = [least, most]`, `characters = [least, most]`, or `where = \"...\"`",
            ));
        }
        if let Some(Err(error)) = self.condition.as_deref().map(Condition::parse) {
            problems.push(Problem::new("where", error.to_string(), error.help()));
        }
        for (option, bounds) in [("words", self.words), ("characters", self.characters)] {
            if let Some([least, most]) = bounds
                && least > most
            {
                problems.push(Problem::new(
                    option,
                    format!("no length is at least {least} and at most {most}"),
                    format!("swap them: `{option} = [{most}, {least}]`"),
                ));
            }
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        if let Some(sql) = &self.condition {
            let checked = Condition::parse(sql)
                .and_then(|condition| condition.check(&with_measures(&condition, input)));
            checked.map_err(|error| vec![problem_with(&error, input)])?;
        }
        Ok(vec![SchemaRef::clone(input); self.ports().len()])
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let segmenter =
            Segmenter::new(&[]).map_err(|error| OperatorError::Other(error.to_string()))?;
        let condition = self.condition.as_deref().map(Condition::parse).transpose();
        Ok(Box::new(RowFilter {
            words: self.words,
            characters: self.characters,
            condition: condition.map_err(|error| failed(&error))?,
            texts: RowTextReader::new(context),
            segmenter,
        }))
    }

    fn examples() -> Vec<Example> {
        let mut examples = vec![
            Example {
                title: "Texts of two to four words",
                options: "words = [2, 4]",
                columns: &[],
                input: &[
                    "one",
                    "one two",
                    "one, two; three - four!",
                    "one two three four five",
                ],
                output: &["one two", "one, two; three - four!"],
            },
            Example {
                title: "Characters, not bytes",
                options: "characters = [0, 5]",
                columns: &[],
                input: &["Größe", "length"],
                output: &["Größe"],
            },
            Example {
                title: "Both conditions must hold",
                options: "words = [1, 9]\ncharacters = [4, 99]",
                columns: &[],
                input: &["a b", "word", "?!?!?!"],
                output: &["word"],
            },
        ];
        if cfg!(feature = "polars") {
            examples.push(Example {
                title: "An SQL condition on the columns, here the text itself",
                options: r#"where = "text NOT LIKE 'http%' AND length(text) BETWEEN 3 AND 20""#,
                columns: &[],
                input: &["https://example.com", "ok", "A plain sentence."],
                output: &["A plain sentence."],
            });
            examples.push(Example {
                title: "Measures of the text, for what bounds cannot say",
                options: r#"where = "words = 1 OR characters < 3 * words""#,
                columns: &[],
                input: &["word", "a b c", "two words"],
                output: &["word", "a b c"],
            });
        }
        examples
    }
}

/// The columns of `input`, and the measures that `condition` names instead of a column.
fn with_measures(condition: &Condition, input: &Schema) -> Schema {
    let mut fields = input.fields().to_vec();
    for name in measures(condition, input) {
        fields.push(Arc::new(Field::new(name, DataType::Int64, true)));
    }
    Schema::new(fields)
}

/// The measures that `condition` names instead of a column of `schema`.
fn measures<'a>(
    condition: &'a Condition,
    schema: &'a Schema,
) -> impl Iterator<Item = &'static str> {
    MEASURES.into_iter().filter(|measure| {
        let is_named = condition.columns().iter().any(|name| name == measure);
        is_named && schema.column_with_name(measure).is_none()
    })
}

/// What to say about a condition that does not fit the columns of `input`.
fn problem_with(error: &ConditionError, input: &Schema) -> Problem {
    let help = match error {
        ConditionError::UnknownColumn { name } => {
            let columns = input.fields().iter().map(|field| field.name().as_str());
            let known: Vec<&str> = columns.chain(MEASURES).collect();
            let list = known.join(", ");
            match nearest(name, known) {
                Some(near) => format!("a similar one is `{near}`; there are: {list}"),
                None => format!("there are: {list}; texts stand in '...', not in \"...\""),
            }
        }
        other => other.help(),
    };
    Problem::new("where", error.to_string(), help)
}

fn failed(error: &ConditionError) -> OperatorError {
    OperatorError::Other(format!("`where`: {error}"))
}

/// Whether `length` lies within `bounds`, if there are any.
fn within(bounds: Option<[u64; 2]>, length: usize) -> bool {
    bounds.is_none_or(|[least, most]| (least..=most).contains(&(length as u64)))
}

/// The words in all texts of a row.
fn words(segmenter: &mut Segmenter, texts: &RowTextValues, row: usize) -> usize {
    texts
        .of_row(row)
        .map(|text| segmenter.count_words(text))
        .sum()
}

/// The characters in all texts of a row.
fn characters(texts: &RowTextValues, row: usize) -> usize {
    texts.of_row(row).map(|text| text.chars().count()).sum()
}

/// Why a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rejection {
    NullText,
    Characters,
    Words,
    Condition,
}

struct RowFilter {
    words: Option<[u64; 2]>,
    characters: Option<[u64; 2]>,
    condition: Option<Condition>,
    texts: RowTextReader,
    segmenter: Segmenter,
}

impl RowFilter {
    /// Why a row is rejected for the length of its text, or of all its texts together, if it is.
    fn rejection(&mut self, texts: &RowTextValues, row: usize) -> Option<Rejection> {
        if self.words.is_none() && self.characters.is_none() {
            return None;
        }
        if texts.of_row(row).next().is_none() {
            return Some(Rejection::NullText);
        }
        if self.characters.is_some() && !within(self.characters, characters(texts, row)) {
            return Some(Rejection::Characters);
        }
        let segmenter = &mut self.segmenter;
        if self.words.is_some() && !within(self.words, words(segmenter, texts, row)) {
            return Some(Rejection::Words);
        }
        None
    }

    /// Whether the condition holds, for each row; nothing without a condition.
    fn mask(
        &mut self,
        records: &RecordBatch,
        texts: &RowTextValues,
    ) -> Result<Option<BooleanArray>, OperatorError> {
        let Some(condition) = &self.condition else {
            return Ok(None);
        };
        let schema = records.schema();
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (field, column) in schema.fields().iter().zip(records.columns()) {
            if condition.columns().contains(field.name()) {
                fields.push(Arc::clone(field));
                columns.push(Arc::clone(column));
            }
        }
        for measure in measures(condition, &schema) {
            let segmenter = &mut self.segmenter;
            let measured = |row| {
                texts.of_row(row).next()?;
                let length = match measure {
                    "words" => words(segmenter, texts, row),
                    _ => characters(texts, row),
                };
                i64::try_from(length).ok()
            };
            fields.push(Arc::new(Field::new(measure, DataType::Int64, true)));
            columns.push(Arc::new(
                (0..records.num_rows())
                    .map(measured)
                    .collect::<Int64Array>(),
            ));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
        let schema = Arc::new(Schema::new(fields));
        let named = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let mask = condition.mask(&named).map_err(|error| failed(&error))?;
        Ok(Some(mask))
    }
}

impl Operator for RowFilter {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let texts = self.texts.read(&batch.records)?;
        let mask = self.mask(&batch.records, &texts)?;
        let holds = |row| mask.as_ref().is_none_or(|mask| mask.value(row));
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        let mut reasons = [
            (Rejection::NullText, "filtered: null text", 0_u64),
            (Rejection::Characters, "filtered: characters", 0),
            (Rejection::Words, "filtered: words", 0),
            (Rejection::Condition, "filtered: where", 0),
        ];
        for (row, index) in (0..batch.rows.len()).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            let rejection = self.rejection(&texts, row);
            match rejection.or_else(|| (!holds(row)).then_some(Rejection::Condition)) {
                None => kept.push(index),
                Some(reason) => {
                    rejected.push(index);
                    if let Some((.., count)) = reasons.iter_mut().find(|(of, ..)| *of == reason) {
                        *count += 1;
                    }
                }
            }
        }
        for (_, reason, count) in reasons {
            context.count(reason, count);
        }
        if rejected.is_empty() {
            context.emit(batch);
            return Ok(());
        }
        context.emit_to(1, batch.take(&UInt32Array::from(rejected))?);
        context.emit(batch.take(&UInt32Array::from(kept))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(sql: &str) -> Filter {
        Filter {
            words: None,
            characters: None,
            condition: Some(sql.to_owned()),
        }
    }

    #[test]
    fn the_option_is_called_where() {
        let canonical = serde_json::to_value(filter("id > 1")).unwrap();
        assert_eq!(canonical["where"], "id > 1");
        let read: Filter = serde_json::from_value(canonical).unwrap();
        assert_eq!(read, filter("id > 1"));
    }

    #[cfg(not(feature = "polars"))]
    #[test]
    fn without_polars_the_option_is_refused_with_the_remedy() {
        let problems = filter("id > 1").validate();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].option, "where");
        assert!(problems[0].message.contains("without the feature `polars`"));
        assert!(problems[0].help.contains("--features polars"));
    }

    #[cfg(feature = "polars")]
    mod with_polars {
        use arrow::array::{StringArray, StringDictionaryBuilder};
        use arrow::datatypes::Int32Type;

        use super::*;
        use crate::batch::{Origins, Shard};
        use crate::operator::{Resources, TextColumn};

        fn records() -> RecordBatch {
            let mut labels = StringDictionaryBuilder::<Int32Type>::new();
            labels.extend([Some("ham"), Some("spam"), None, Some("ham")]);
            let columns: [(&str, ArrayRef); 3] = [
                ("label", Arc::new(labels.finish())),
                (
                    "text",
                    Arc::new(StringArray::from(vec![
                        Some("one two"),
                        Some("three"),
                        Some("four five six"),
                        None,
                    ])),
                ),
                ("score", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
            ];
            RecordBatch::try_from_iter_with_nullable(
                columns.map(|(name, column)| (name, column, true)),
            )
            .unwrap()
        }

        /// The scores that are kept and those that are rejected, and the counts.
        fn run(config: &Filter, records: &RecordBatch) -> (Vec<i64>, Vec<i64>, Vec<(String, u64)>) {
            assert_eq!(config.validate(), []);
            config.schemas(&records.schema()).unwrap();
            let text = TextColumn {
                name: "text".to_owned(),
                index: 1,
            };
            let rows = records.num_rows();
            let mut operator = config
                .build(&BuildContext {
                    id: "demo",
                    position: 0,
                    seed: 1,
                    text: &text,
                    source_rows: rows as u64,
                    texts: None,
                    amount: Amount::NONE,
                    resources: &Resources::default(),
                })
                .unwrap();
            let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
            let origins = Arc::new(Origins::new("demo", 0, rows, None));
            let batch = Batch {
                records: records.clone(),
                rows: Rows::originals(origins, false),
                shard: Arc::clone(&shard),
                seq: 0,
                last: false,
                ticket: None,
            };
            let mut context = Context::new(&shard, 0, 2);
            operator.process(batch, &mut context).unwrap();
            let scores = |batch: Option<Batch>| -> Vec<i64> {
                let Some(batch) = batch else {
                    return Vec::new();
                };
                assert_eq!(batch.records.schema(), records.schema());
                let scores = batch.records.column(2).as_any();
                let scores = scores.downcast_ref::<Int64Array>().unwrap();
                scores.values().to_vec()
            };
            let mut outputs = context.into_outputs().into_iter();
            let kept = scores(outputs.next().flatten());
            let rejected = scores(outputs.next().flatten());
            let counts = shard.counters.operator(0).snapshot().reasons;
            (kept, rejected, counts.into_iter().collect())
        }

        #[test]
        fn rows_leave_by_the_port_that_the_condition_says_with_types_unchanged() {
            let (kept, rejected, counts) = run(&filter("label <> 'spam'"), &records());
            assert_eq!((kept, rejected), (vec![1, 4], vec![2, 3]));
            assert_eq!(counts, [("filtered: where".to_owned(), 2)]);
        }

        #[test]
        fn a_null_text_is_for_the_condition_to_judge_where_no_bound_is_set() {
            let (kept, ..) = run(&filter("text IS NULL OR words > 2"), &records());
            assert_eq!(kept, [3, 4]);
        }

        #[test]
        fn bounds_and_condition_must_all_hold() {
            let config = Filter {
                words: Some([2, 9]),
                ..filter("score <> 3")
            };
            let (kept, rejected, counts) = run(&config, &records());
            assert_eq!((kept, rejected), (vec![1], vec![2, 3, 4]));
            let expected = ["null text", "where", "words"].map(|r| (format!("filtered: {r}"), 1));
            assert_eq!(counts, expected);
        }

        #[test]
        fn measures_are_of_the_text_unless_the_data_has_such_a_column() {
            let sql = filter("words = 2 AND characters = 7");
            assert_eq!(run(&sql, &records()).0, [1]);
            let records = records();
            let mut columns: Vec<(String, ArrayRef)> = Vec::new();
            for (field, column) in records.schema().fields().iter().zip(records.columns()) {
                columns.push((field.name().clone(), Arc::clone(column)));
            }
            let own: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b"]));
            columns.push(("words".to_owned(), own));
            let columns = columns
                .into_iter()
                .map(|(name, column)| (name, column, true));
            let records = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
            assert_eq!(run(&filter("words = 'b'"), &records).0, [2, 4]);
        }

        #[test]
        fn a_column_that_is_not_there_is_reported_with_the_nearest_and_all() {
            let problems = filter("lable = 'x'")
                .schemas(&records().schema())
                .unwrap_err();
            assert_eq!(problems[0].option, "where");
            assert!(problems[0].message.contains("`lable`"));
            assert_eq!(
                problems[0].help,
                "a similar one is `label`; there are: label, text, score, words, characters"
            );
        }

        #[test]
        fn syntax_is_reported_before_the_data_is_known() {
            let problems = filter("score >").validate();
            assert_eq!(problems[0].option, "where");
            assert!(problems[0].message.contains("found: EOF"), "{problems:?}");
            let problems = filter("SUM(score) OVER () > 1").validate();
            assert!(problems[0].message.contains("an aggregate"), "{problems:?}");
        }
    }
}
