//! Measures of the text, which SQL can name beside the columns of the data.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
};
use arrow::datatypes::{DataType, Field, Schema};

use crate::operator::{RowTextReader, RowTextValues, TextValues};
use crate::prelude::*;
use crate::text::{Chrf, EditDistance, Segmenter};

/// A measure. Those that compare do so with the parent text: that of the source row, as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Words,
    Characters,
    Changed,
    LengthRatio,
    Chrf,
    EditDistance,
}

impl Measure {
    const ALL: [Self; 6] = [
        Self::Words,
        Self::Characters,
        Self::Changed,
        Self::LengthRatio,
        Self::Chrf,
        Self::EditDistance,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Characters => "characters",
            Self::Changed => "changed",
            Self::LengthRatio => "length_ratio",
            Self::Chrf => "chrf",
            Self::EditDistance => "edit_distance",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Words | Self::Characters | Self::EditDistance => DataType::Int64,
            Self::Changed => DataType::Boolean,
            Self::LengthRatio | Self::Chrf => DataType::Float64,
        }
    }

    fn compares(self) -> bool {
        !matches!(self, Self::Words | Self::Characters)
    }

    /// Whether SQL that names `columns` means this measure, where the data has those of `schema`.
    fn is_meant(self, columns: &[String], schema: &Schema) -> bool {
        let is_named = columns.iter().any(|name| name == self.name());
        is_named && schema.column_with_name(self.name()).is_none()
    }
}

/// The names of all measures.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Measure::ALL.into_iter().map(Measure::name)
}

/// Whether a measure is among the names of columns. Whether the data has a column of that name is not
/// known when this is asked.
pub(super) fn is_named(columns: &[String]) -> bool {
    names().any(|measure| columns.iter().any(|name| name == measure))
}

/// The same for the measures that compare with the parent text.
pub(super) fn compares(columns: &[String]) -> bool {
    let mut comparing = Measure::ALL.into_iter().filter(|one| one.compares());
    comparing.any(|measure| columns.iter().any(|name| name == measure.name()))
}

/// The columns of `schema`, and the measures that SQL that names `columns` means: a column of the
/// same name goes first.
pub(super) fn beside(schema: &Schema, columns: &[String]) -> Schema {
    let mut fields = schema.fields().to_vec();
    for measure in Measure::ALL {
        if measure.is_meant(columns, schema) {
            let field = Field::new(measure.name(), measure.data_type(), true);
            fields.push(Arc::new(field));
        }
    }
    Schema::new(fields)
}

/// Gathers what SQL names: columns as they are, and measures, each computed once for a batch.
pub(super) struct Meter {
    /// What is named.
    columns: Vec<String>,
    texts: RowTextReader,
    segmenter: Segmenter,
    chrf: Chrf,
    distance: EditDistance,
}

impl Meter {
    /// A meter for SQL that names `columns`, of the texts that reach the operator.
    pub(super) fn new(
        columns: Vec<String>,
        context: &BuildContext<'_>,
    ) -> Result<Self, OperatorError> {
        let segmenter =
            Segmenter::new(&[]).map_err(|error| OperatorError::Other(error.to_string()))?;
        Ok(Self {
            columns,
            texts: RowTextReader::new(context),
            segmenter,
            chrf: Chrf::default(),
            distance: EditDistance::default(),
        })
    }

    /// The columns and measures that are named, for the rows of `batch`.
    pub(super) fn gather(&mut self, batch: &Batch) -> Result<RecordBatch, OperatorError> {
        let schema = batch.records.schema();
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (field, column) in schema.fields().iter().zip(batch.records.columns()) {
            if self.columns.contains(field.name()) {
                fields.push(Arc::clone(field));
                columns.push(Arc::clone(column));
            }
        }
        let meant = |measure: &Measure| measure.is_meant(&self.columns, &schema);
        let measures: Vec<Measure> = Measure::ALL.into_iter().filter(meant).collect();
        if !measures.is_empty() {
            let texts = Texts::of(batch, &self.texts, &measures)?;
            for measure in measures {
                let field = Field::new(measure.name(), measure.data_type(), true);
                fields.push(Arc::new(field));
                columns.push(self.measure(measure, &texts));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.records.num_rows()));
        let schema = Arc::new(Schema::new(fields));
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }

    /// The values of `measure`; null where there is nothing to measure.
    fn measure(&mut self, measure: Measure, texts: &Texts<'_>) -> ArrayRef {
        let rows = 0..texts.rows.len();
        let pairs = rows.clone().map(|row| texts.pair(row));
        match measure {
            Measure::Words => {
                let words = rows.map(|row| words(&mut self.segmenter, &texts.values, row));
                Arc::new(as_integers(words))
            }
            Measure::Characters => {
                let lengths = rows.map(|row| characters(&texts.values, row));
                Arc::new(as_integers(lengths))
            }
            Measure::Changed => {
                let changed = pairs.map(|pair| pair.map(|(text, parent)| text != parent));
                Arc::new(changed.collect::<BooleanArray>())
            }
            Measure::LengthRatio => {
                let ratios = pairs.map(|pair| pair.and_then(|(text, parent)| ratio(text, parent)));
                Arc::new(ratios.collect::<Float64Array>())
            }
            Measure::Chrf => {
                // The variants of a row come one after the other, and have one parent.
                let mut read: Option<&str> = None;
                let scores = pairs.map(|pair| {
                    let (text, parent) = pair?;
                    if !read.is_some_and(|read| std::ptr::eq(read, parent)) {
                        self.chrf.set_reference(parent);
                        read = Some(parent);
                    }
                    Some(self.chrf.score(text).min(1.0))
                });
                Arc::new(scores.collect::<Float64Array>())
            }
            Measure::EditDistance => {
                let distances = pairs.map(|pair| {
                    let (text, parent) = pair?;
                    i64::try_from(self.distance.between(text, parent)).ok()
                });
                Arc::new(distances.collect::<Int64Array>())
            }
        }
    }
}

/// Characters of `text` for each of `parent`; nothing where `parent` has none.
#[expect(clippy::cast_precision_loss, reason = "no text has 2^52 characters")]
fn ratio(text: &str, parent: &str) -> Option<f64> {
    let (length, of) = (text.chars().count(), parent.chars().count());
    (of > 0).then(|| length as f64 / of as f64)
}

/// The words in all texts of a row; nothing where it has none.
pub(super) fn words(segmenter: &mut Segmenter, texts: &RowTextValues, row: usize) -> Option<usize> {
    texts.of_row(row).next()?;
    let texts = texts.of_row(row);
    Some(texts.map(|text| segmenter.count_words(text)).sum())
}

/// The characters in all texts of a row; nothing where it has none.
pub(super) fn characters(texts: &RowTextValues, row: usize) -> Option<usize> {
    texts.of_row(row).next()?;
    Some(texts.of_row(row).map(|text| text.chars().count()).sum())
}

fn as_integers(numbers: impl Iterator<Item = Option<usize>>) -> Int64Array {
    numbers.map(|number| i64::try_from(number?).ok()).collect()
}

/// The texts of a batch, and those of the source rows.
struct Texts<'b> {
    values: RowTextValues,
    compared: Option<Compared>,
    rows: &'b Rows,
}

/// The texts that are compared: where a row has several, they are joined by line breaks.
struct Compared {
    texts: TextValues,
    parents: TextValues,
}

impl<'b> Texts<'b> {
    fn of(
        batch: &'b Batch,
        texts: &RowTextReader,
        measures: &[Measure],
    ) -> Result<Self, OperatorError> {
        let compared = if measures.iter().any(|measure| measure.compares()) {
            let parents = batch.rows.origins.text.as_ref();
            let parents = parents.ok_or_else(|| {
                OperatorError::Other(
                    "the texts as they were read are not at hand: what became of them cannot be \
                     measured"
                        .to_owned(),
                )
            })?;
            Some(Compared {
                texts: TextValues::new(&texts.joined(&batch.records)?)?,
                parents: TextValues::new(parents)?,
            })
        } else {
            None
        };
        Ok(Self {
            values: texts.read(&batch.records)?,
            compared,
            rows: &batch.rows,
        })
    }

    /// The text of a row and that of its source row, if neither is null.
    fn pair(&self, row: usize) -> Option<(&str, &str)> {
        let compared = self.compared.as_ref()?;
        let origin = self.rows.origin.get(row)?;
        let parent = compared.parents.get(*origin as usize)?;
        Some((compared.texts.get(row)?, parent))
    }
}
