//! A file with the counts of words.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt64Type};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::text::{WordCount, WordCounts};

/// What one occurrence counts.
const UNIT: f64 = 65_536.0;

/// What Parquet files begin with.
const MAGIC: &[u8] = b"PAR1";

/// Why a file with counts cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// The operating system refused to read it.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Something is wrong with a row of it.
    #[error("{}, {place}: {message}", path.display())]
    Row {
        path: PathBuf,
        /// `line 3` or `row 2`.
        place: String,
        message: String,
    },
    /// Something is wrong with all of it.
    #[error("{}: {message}", path.display())]
    File { path: PathBuf, message: String },
}

impl FileError {
    /// What to do about it.
    pub(super) fn help(&self) -> String {
        match self {
            Self::Io { .. } => "paths are relative to the folder of the pipeline file".to_owned(),
            Self::Row { .. } | Self::File { .. } => {
                "rows have a word in lower case, the number of texts that have it and, if need \
                 be, how often it occurs; one row has an empty word and the number of all texts"
                    .to_owned()
            }
        }
    }
}

/// The bytes of the file at `path`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|source| FileError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The counts in `bytes`, which are those of the file at `path`.
pub(super) fn parse(bytes: Vec<u8>, path: &Path) -> Result<WordCounts, FileError> {
    let mut rows = Rows::default();
    if bytes.starts_with(MAGIC) {
        // Damaged bytes should end in an error; should they make the decoder panic, that is one
        // too.
        let decode = AssertUnwindSafe(|| parse_parquet(bytes, &mut rows));
        catch_unwind(decode).unwrap_or_else(|_| Err((None, "it is damaged".to_owned())))
    } else {
        parse_lines(&bytes, &mut rows)
    }
    .and_then(|()| rows.finish())
    .map_err(|problem| {
        let path = path.to_owned();
        match problem {
            (Some(place), message) => FileError::Row {
                path,
                place,
                message,
            },
            (None, message) => FileError::File { path, message },
        }
    })
}

/// A problem, and the row it is in if it is one.
type RowProblem = (Option<String>, String);

/// The rows of a file as they come.
#[derive(Default)]
struct Rows {
    all: Option<u64>,
    words: Vec<WordCount>,
}

impl Rows {
    fn add(&mut self, word: &str, documents: u64, occurrences: Option<f64>) -> Result<(), String> {
        if word.is_empty() {
            return match self.all.replace(documents) {
                Some(_) => Err("a second row has an empty word".to_owned()),
                None => Ok(()),
            };
        }
        let lower = word.to_lowercase();
        if lower != word {
            return Err(format!(
                "`{word}` is not in lower case: add it to `{lower}`"
            ));
        }
        if documents == 0 {
            return Err(format!("no text has `{word}`: leave it out"));
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of texts is below 2^53, or does not have to be exact"
        )]
        let occurrences = occurrences.unwrap_or(documents as f64);
        if !occurrences.is_finite() || occurrences < 0.0 {
            return Err(format!("`{word}` cannot occur {occurrences} times"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and the conversion saturates"
        )]
        let share = (occurrences * UNIT) as u64;
        self.words.push(WordCount {
            word: word.into(),
            documents,
            share,
        });
        Ok(())
    }

    fn finish(self) -> Result<WordCounts, RowProblem> {
        let Some(all) = self.all else {
            let message = "no row has an empty word and the number of all texts".to_owned();
            return Err((None, message));
        };
        let mut seen = BTreeSet::new();
        for count in &self.words {
            if count.documents > all {
                let message = format!(
                    "{} texts have `{}`, and there are {all}",
                    count.documents, count.word
                );
                return Err((None, message));
            }
            if !seen.insert(&count.word) {
                return Err((None, format!("two rows have the word `{}`", count.word)));
            }
        }
        drop(seen);
        if self.words.is_empty() {
            return Err((None, "it has no word".to_owned()));
        }
        Ok(WordCounts::new(all, self.words))
    }
}

fn parse_lines(bytes: &[u8], rows: &mut Rows) -> Result<(), RowProblem> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        (Some(format!("line {line}")), "it is not UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.lines().zip(1..) {
        parse_line(line, rows).map_err(|message| (Some(format!("line {number}")), message))?;
    }
    Ok(())
}

fn parse_line(line: &str, rows: &mut Rows) -> Result<(), String> {
    let mut fields = line.split('\t');
    let (word, documents) = (fields.next(), fields.next());
    let (Some(word), Some(documents)) = (word, documents) else {
        return Err("there is no tab and no number after the word".to_owned());
    };
    let occurrences = fields.next();
    if fields.next().is_some() {
        return Err("there are more than three fields".to_owned());
    }
    let number = documents
        .parse()
        .map_err(|_| format!("`{documents}` is not a number of texts"))?;
    let occurrences = occurrences
        .map(|field| {
            field
                .parse()
                .map_err(|_| format!("`{field}` is not a number"))
        })
        .transpose()?;
    rows.add(word, number, occurrences)
}

fn parse_parquet(bytes: Vec<u8>, rows: &mut Rows) -> Result<(), RowProblem> {
    let whole = |error: &dyn std::fmt::Display| (None, error.to_string());
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| whole(&error))?;
    let mut first = 1;
    for batch in reader {
        let batch = batch.map_err(|error| whole(&error))?;
        let columns = Columns::of(&batch).map_err(|message| (None, message))?;
        for row in 0..batch.num_rows() {
            columns
                .add(row, rows)
                .map_err(|message| (Some(format!("row {}", first + row)), message))?;
        }
        first += batch.num_rows();
    }
    Ok(())
}

/// The columns of a batch that are read.
struct Columns {
    words: arrow::array::StringArray,
    documents: UInt64Array,
    occurrences: Option<Float64Array>,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self, String> {
        let as_type = |name: &str, column: &ArrayRef, data_type: &DataType| {
            cast(column, data_type).map_err(|error: ArrowError| format!("`{name}`: {error}"))
        };
        let column = |name: &str| {
            let missing = || format!("there is no column `{name}`");
            batch.column_by_name(name).ok_or_else(missing)
        };
        let words = as_type("word", column("word")?, &DataType::Utf8)?;
        let documents = as_type("documents", column("documents")?, &DataType::UInt64)?;
        let occurrences = batch
            .column_by_name("occurrences")
            .map(|column| as_type("occurrences", column, &DataType::Float64))
            .transpose()?;
        Ok(Self {
            words: words.as_string::<i32>().clone(),
            documents: documents.as_primitive::<UInt64Type>().clone(),
            occurrences: occurrences.map(|column| column.as_primitive::<Float64Type>().clone()),
        })
    }

    fn add(&self, row: usize, rows: &mut Rows) -> Result<(), String> {
        if self.words.is_null(row) || self.documents.is_null(row) {
            return Err("`word` or `documents` is null, or no number of texts".to_owned());
        }
        let occurrences = self
            .occurrences
            .as_ref()
            .filter(|column| column.is_valid(row))
            .map(|column| column.value(row));
        rows.add(
            self.words.value(row),
            self.documents.value(row),
            occurrences,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, LargeStringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn found(bytes: &[u8]) -> Result<WordCounts, String> {
        parse(bytes.to_owned(), Path::new("words")).map_err(|error| error.to_string())
    }

    fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns
                .into_iter()
                .map(|(name, column)| (name, column, true)),
        );
        let (batch, mut bytes) = (batch.unwrap(), Vec::new());
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn lines_and_parquet_say_the_same() {
        let lines = found(b"\t10\r\nthe\t10\t31.5\na\t7\n\xc3\xa9t\xc3\xa9\t7\t2\n").unwrap();
        assert_eq!(lines.documents(), 10);
        let words: Vec<(&str, u64, u64)> = lines
            .words()
            .iter()
            .map(|count| (&*count.word, count.documents, count.share))
            .collect();
        let expected = [
            ("the", 10, 2_064_384),
            ("a", 7, 458_752),
            ("été", 7, 131_072),
        ];
        assert_eq!(words, expected);
        let words: ArrayRef = Arc::new(LargeStringArray::from(vec!["a", "", "été", "the"]));
        let documents: ArrayRef = Arc::new(Int64Array::from(vec![7, 10, 7, 10]));
        let occurrences: ArrayRef =
            Arc::new(Float64Array::from(vec![None, None, Some(2.0), Some(31.5)]));
        let bytes = parquet_of(vec![
            ("word", words),
            ("occurrences", occurrences),
            ("documents", documents),
        ]);
        assert_eq!(found(&bytes).unwrap(), lines);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (bytes, message) in [
            (&b"the\t3\n"[..], "words: no row has an empty word"),
            (b"\t3\n", "words: it has no word"),
            (
                b"\t3\n\t4\n",
                "words, line 2: a second row has an empty word",
            ),
            (b"\t3\nthe\n", "words, line 2: there is no tab"),
            (
                b"\t3\nthe\tmany\n",
                "words, line 2: `many` is not a number of texts",
            ),
            (
                b"\t3\nthe\t-1\n",
                "words, line 2: `-1` is not a number of texts",
            ),
            (b"\t3\nthe\t1\tx\n", "words, line 2: `x` is not a number"),
            (
                b"\t3\nthe\t1\t-2\n",
                "words, line 2: `the` cannot occur -2 times",
            ),
            (
                b"\t3\nthe\t1\tNaN\n",
                "words, line 2: `the` cannot occur NaN times",
            ),
            (
                b"\t3\nthe\t1\t1\t1\n",
                "words, line 2: there are more than three fields",
            ),
            (
                b"\t3\nThe\t1\n",
                "words, line 2: `The` is not in lower case",
            ),
            (b"\t3\nthe\t0\n", "words, line 2: no text has `the`"),
            (
                b"\t3\nthe\t4\n",
                "words: 4 texts have `the`, and there are 3",
            ),
            (
                b"\t3\nthe\t1\nthe\t1\n",
                "words: two rows have the word `the`",
            ),
            (b"\t3\n\xff\t1\n", "words, line 2: it is not UTF-8"),
            (b"PAR1 not", "words: "),
        ] {
            let error = found(bytes).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn columns_that_are_missing_or_null_are_named() {
        let words: ArrayRef = Arc::new(LargeStringArray::from(vec!["a"]));
        let error = found(&parquet_of(vec![("word", Arc::clone(&words))])).unwrap_err();
        assert_eq!(error, "words: there is no column `documents`");
        let negative: ArrayRef = Arc::new(Int64Array::from(vec![-1]));
        let error = found(&parquet_of(vec![("word", words), ("documents", negative)])).unwrap_err();
        assert!(error.starts_with("words, row 1: "), "{error}");
    }
}
