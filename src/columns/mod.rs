//! Which columns hold the texts of a row and the annotations of these, and how to get at them.
//!
//! A row has one text or several, in columns of their own or nested in lists and structs. A
//! [`TextPath`] leads to them. Annotations are lists of offsets into a text, in a [`SpanColumn`].

mod annotations;
mod leaves;
mod names;
mod offsets;
mod path;

pub use annotations::{OnCut, SpanColumn, SpanNames, SpanTable, SpanUnit};
pub use leaves::{Leaves, with_leaves};
pub use names::TextNames;
pub use offsets::{Moved, Spans, as_bytes, in_unit};
pub use path::{PathError, Step, TextPath, is_text};

use arrow::datatypes::Schema;

/// The texts of a row and their annotations, found in a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowTexts {
    /// Where the texts are.
    pub paths: Vec<TextPath>,
    /// Where their annotations are.
    pub spans: Vec<SpanColumn>,
    /// Whether it has to be said which text is meant: a row may have several.
    pub several: bool,
}

impl RowTexts {
    /// Finds texts and annotations by their names. A column of annotations that is not there any
    /// more is left out: there is nothing to keep in step.
    ///
    /// # Errors
    /// Everything that is not found or of the wrong type, by its place among `names`.
    pub fn resolve(
        names: &[String],
        spans: &[SpanTable],
        schema: &Schema,
    ) -> Result<Self, Vec<(usize, PathError)>> {
        let (mut paths, mut errors) = (Vec::new(), Vec::new());
        for (place, name) in names.iter().enumerate() {
            match TextPath::resolve(name, schema) {
                Ok(path) => paths.push(path),
                Err(error) => errors.push((place, error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let spans = spans
            .iter()
            .filter_map(|table| SpanColumn::resolve(table, &paths, schema).ok())
            .collect();
        Ok(Self {
            several: !matches!(&paths[..], [only] if only.is_plain()),
            paths,
            spans,
        })
    }

    /// Whether there is one text in a column of its own, and no annotation of it.
    pub fn is_plain(&self) -> bool {
        !self.several && self.spans.is_empty()
    }

    /// What to say of the column `column` where columns are listed: ` (text)`, ` (texts: a[].b)`,
    /// ` (annotates text)`, or nothing.
    pub fn mark(&self, column: &str) -> String {
        let rooted = self.paths.iter().filter(|path| path.root() == column);
        let nested: Vec<&str> = rooted.clone().map(TextPath::name).collect();
        if rooted.clone().any(TextPath::is_plain) {
            " (text)".to_owned()
        } else if !nested.is_empty() {
            format!(" (text: {})", nested.join(", "))
        } else if let Some(span) = self.spans.iter().find(|span| span.name == column) {
            format!(" (annotates {})", span.text)
        } else {
            String::new()
        }
    }

    /// Those of the texts that `names` names, or all of them where it names none, with their
    /// annotations.
    ///
    /// # Errors
    /// The first name that is not among them.
    pub fn chosen(&self, names: Option<&TextNames>) -> Result<Self, String> {
        let Some(names) = names else {
            return Ok(self.clone());
        };
        let mut paths = Vec::new();
        for name in names.as_slice() {
            let found = self.paths.iter().find(|path| path.name() == name);
            paths.push(found.cloned().ok_or_else(|| name.clone())?);
        }
        // In the order of the source, so that the order of the option makes no difference.
        paths.sort_by_key(|path| self.paths.iter().position(|other| other == path));
        paths.dedup();
        let is_chosen = |span: &&SpanColumn| paths.iter().any(|path| path.name() == span.text);
        Ok(Self {
            spans: self.spans.iter().filter(is_chosen).cloned().collect(),
            paths,
            several: self.several,
        })
    }
}
