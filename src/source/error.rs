//! What can be wrong with the files of a source.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::columns::PathError;
use crate::store;

/// Why a source cannot be read. Rows are numbered from 0.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The text or id column does not exist.
    #[error("{} has no column `{column}`", path.display())]
    MissingColumn {
        /// The first shard.
        path: PathBuf,
        /// The option that names the column: `text` or `id`.
        option: &'static str,
        /// The column that was asked for.
        column: String,
        /// The most similar name.
        nearest: Option<String>,
        /// All columns.
        columns: Vec<String>,
    },
    /// The text column is not text.
    #[error("column `{column}` of {} is not text but {data_type}", path.display())]
    NotText {
        /// The first shard.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
        /// Whether it holds bytes, which may be text in disguise.
        binary: bool,
    },
    /// A path to a text leads nowhere.
    #[error("{}", error.message(&path.display().to_string()))]
    Path {
        /// The first shard.
        path: PathBuf,
        /// What is wrong with it.
        error: PathError,
    },
    /// A column holds no annotations.
    #[error("{}: {message}", path.display())]
    Spans {
        /// The first shard.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// Something is wrong with one of several texts or columns.
    #[error("{error}")]
    Item {
        /// Its place in the list.
        item: usize,
        /// What is wrong with it.
        error: Box<SourceError>,
    },
    /// The id column has no text form.
    #[error("column `{column}` of {} cannot identify rows: it is {data_type}", path.display())]
    NotIdentity {
        /// The first shard.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// Two shards of one source have different columns.
    #[error(
        "{} differs from {} in column `{column}`: {difference}", path.display(), first.display()
    )]
    SchemaMismatch {
        /// The shard that differs.
        path: PathBuf,
        /// The first shard, which sets the schema.
        first: PathBuf,
        /// The column.
        column: String,
        /// What differs.
        difference: String,
    },
    /// A column has a type that cannot be represented.
    #[error("the columns of {} cannot be read: {message}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        message: String,
    },
    /// A path leads nowhere.
    #[error("{} does not exist", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
        /// The most similar name in its folder.
        nearest: Option<String>,
    },
    /// A glob matches nothing.
    #[error("no file matches {}", pattern.display())]
    NoMatch {
        /// The pattern, made relative to the working directory.
        pattern: PathBuf,
    },
    /// A glob cannot be read.
    #[error("`{pattern}` is not a glob: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A folder holds no Parquet file.
    #[error("{} holds no `.parquet` file", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The same file is named twice.
    #[error("{} is named twice: by `{first}` and by `{second}`", path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The entry of `paths` that names it first.
        first: String,
        /// The entry of `paths` that names it again.
        second: String,
    },
    /// The entries lie in different stores.
    #[error("`{first}` and `{second}` are not in one store")]
    Apart {
        /// The first entry of `paths`.
        first: String,
        /// The entry that lies elsewhere.
        second: String,
    },
    /// A file's name is not UTF-8.
    #[error("the name of {} is not UTF-8", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused to open or read a file or folder.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file has no bytes.
    #[error("{} is empty: it has 0 bytes", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// A file is not Parquet.
    #[error("{} is not a Parquet file", path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do with it.
        remedy: &'static str,
    },
    /// A Parquet file ends too early, or its footer is damaged.
    #[error("{} is truncated or damaged: {message}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What is missing.
        message: String,
    },
    /// A file is encrypted.
    #[error("{} is encrypted", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// Rows cannot be decoded.
    #[error(
        "{}: rows {} to {} (row group {row_group}) cannot be decoded: {message}",
        path.display(), rows.start, rows.end.saturating_sub(1)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The row group, from 0.
        row_group: usize,
        /// The rows of the file that the damage may lie in.
        rows: Range<u64>,
        /// What the reader said.
        message: String,
    },
    /// Part of a file is larger than a run has memory for.
    #[error(
        "{}: rows {} to {} (row group {row_group}) are too large: {message}",
        path.display(), rows.start, rows.end.saturating_sub(1)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The row group, from 0.
        row_group: usize,
        /// The rows of the file that it may lie in.
        rows: Range<u64>,
        /// What is too large, and how large it may be.
        message: String,
    },
    /// A file went after it was looked at.
    #[error("{} is not there any more", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
    /// A file changed after it was looked at.
    #[error("{} was changed during the run", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl SourceError {
    /// Stable code of the problem: A3xx for columns, A4xx for files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingColumn { .. } => "A301",
            Self::NotText { .. } => "A302",
            Self::Path { error, .. } => match error {
                PathError::NoColumn { .. } | PathError::NoField { .. } => "A301",
                PathError::NotText { .. } => "A302",
                PathError::Shape { .. } => "A306",
            },
            Self::Spans { .. } => "A307",
            Self::Item { error, .. } => error.code(),
            Self::NotIdentity { .. } => "A303",
            Self::SchemaMismatch { .. } => "A304",
            Self::Unsupported { .. } => "A305",
            Self::NotFound { .. } => "A401",
            Self::NoMatch { .. } => "A402",
            Self::Pattern { .. } => "A403",
            Self::EmptyFolder { .. } => "A404",
            Self::Duplicate { .. } => "A405",
            Self::Name { .. } => "A406",
            Self::Io { .. } => "A407",
            Self::EmptyFile { .. } => "A408",
            Self::NotParquet { .. } => "A409",
            Self::Truncated { .. } => "A410",
            Self::Encrypted { .. } => "A411",
            Self::Damaged { .. } => "A412",
            Self::Changed { .. } => "A413",
            Self::TooLarge { .. } => "A414",
            Self::Vanished { .. } => "A415",
            Self::Apart { .. } => "A416",
        }
    }

    /// Which entry of the option is to blame, where that is a list.
    pub fn item(&self) -> Option<usize> {
        match self {
            Self::Item { item, .. } => Some(*item),
            _ => None,
        }
    }

    /// The option of the source to blame: `paths`, `text`, `spans` or `id`.
    pub fn option(&self) -> &'static str {
        match self {
            Self::MissingColumn { option, .. } => option,
            Self::NotText { .. } | Self::Path { .. } => "text",
            Self::Spans { .. } => "spans",
            Self::Item { error, .. } => error.option(),
            Self::NotIdentity { .. } => "id",
            _ => "paths",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::MissingColumn {
                nearest: Some(name),
                ..
            } => {
                format!("a similar column exists: `{name}`")
            }
            Self::MissingColumn { columns, .. } if columns.is_empty() => {
                "the file has no columns at all".to_owned()
            }
            Self::MissingColumn { columns, .. } => {
                format!("the columns are: {}", columns.join(", "))
            }
            Self::NotText {
                column,
                binary: true,
                ..
            } => format!(
                "if it holds UTF-8, store it as text: in polars \
                 `.with_columns(pl.col(\"{column}\").cast(pl.String))`, in pyarrow \
                 `.cast(pa.string())`; otherwise decode it from its encoding first"
            ),
            Self::NotText { .. } => {
                "name a column of type Utf8, LargeUtf8, Utf8View, or a dictionary of one of these"
                    .to_owned()
            }
            Self::Path { error, .. } => error.help(),
            Self::Spans { help, .. } => help.clone(),
            Self::Item { error, .. } => error.help(),
            Self::NotIdentity { .. } => {
                "name a column of numbers, dates or text, or leave `id` out: rows are then \
                 identified by file and number"
                    .to_owned()
            }
            Self::SchemaMismatch { .. } => {
                "rewrite the file with the columns of the first, or read it as a source of its own"
                    .to_owned()
            }
            Self::Unsupported { .. } => "drop or cast the column before the run".to_owned(),
            Self::NotFound {
                nearest: Some(name),
                ..
            } => {
                format!("a similar name exists there: `{name}`")
            }
            Self::NotFound { .. } => {
                "paths are relative to the folder of the pipeline file".to_owned()
            }
            Self::NoMatch { .. } => {
                "`*` stays within one folder, `**` crosses folders; paths are relative to the \
                 folder of the pipeline file"
                    .to_owned()
            }
            Self::Pattern { .. } => {
                "`*`, `**`, `?` and `[a-z]` have a meaning; `[*]` stands for the character"
                    .to_owned()
            }
            Self::EmptyFolder { .. } => {
                "name a folder with `*.parquet` files in it or below; hidden ones do not count"
                    .to_owned()
            }
            Self::Duplicate { .. } => "take one of the two out of `paths`".to_owned(),
            Self::Apart { .. } => {
                "read them as two sources: an operator or sink may have both as its inputs"
                    .to_owned()
            }
            Self::Name { .. } => "rename the file".to_owned(),
            Self::Io { source, .. } => match (store::help(source), source.kind()) {
                (Some(help), _) => help.to_owned(),
                (None, io::ErrorKind::PermissionDenied) => {
                    "make the file readable for this user".to_owned()
                }
                (None, _) => "check the file system, and run again".to_owned(),
            },
            Self::EmptyFile { .. } => "write or download the file again, or remove it".to_owned(),
            Self::NotParquet { remedy, .. } => (*remedy).to_owned(),
            Self::Truncated { .. } => {
                "write or download the file again: it was probably cut off".to_owned()
            }
            Self::Encrypted { .. } => "decrypt the file before the run".to_owned(),
            Self::Damaged { message, .. } if message.contains("UTF-8") => {
                "a column is declared as text and holds other bytes: decode it from its encoding, \
                 and write the file again"
                    .to_owned()
            }
            Self::Damaged { .. } => {
                "write or download the file again; with --keep-going the other shards are finished"
                    .to_owned()
            }
            Self::TooLarge { .. } => {
                "write the file again with smaller pages and values; if it should hold no values of \
                 that size, it is damaged or made to do harm. With --keep-going the other shards are \
                 finished"
                    .to_owned()
            }
            Self::Vanished { .. } => {
                "put it back, or run again: the files are looked for anew".to_owned()
            }
            Self::Changed { .. } => "run again when nothing writes to the file".to_owned(),
        }
    }
}
