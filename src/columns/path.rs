//! Paths to texts: `text`, `meta.summary`, `messages[].content`.

use std::fmt::Write;

use arrow::datatypes::{DataType, Field, Schema};

use crate::table::nearest;

/// Whether operators can rewrite a column of this type: `Utf8`, `LargeUtf8`, `Utf8View`, or a
/// dictionary of one of these.
pub fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// One step into a nested column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To a field of a struct.
    Field {
        /// Its position.
        index: usize,
        /// Its name.
        name: String,
    },
    /// To the items of a list.
    Items,
}

/// Where in a row texts are, found in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPath {
    name: String,
    root: String,
    column: usize,
    steps: Vec<Step>,
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathError {
    /// The schema has no such column.
    NoColumn {
        /// Its name.
        column: String,
    },
    /// A struct has no such field.
    NoField {
        /// The struct, as the path writes it.
        within: String,
        /// The field that was asked for.
        field: String,
        /// The fields that there are.
        fields: Vec<String>,
    },
    /// A step does not fit the type that it meets.
    Shape {
        /// What is wrong.
        message: String,
        /// What to write instead.
        help: String,
    },
    /// What the path leads to is not text.
    NotText {
        /// The path.
        path: String,
        /// Its type.
        data_type: DataType,
    },
}

impl PathError {
    /// What is wrong, where the columns are those of `place`.
    pub fn message(&self, place: &str) -> String {
        match self {
            Self::NoColumn { column } => format!("{place} has no column `{column}`"),
            Self::NoField { within, field, .. } => {
                format!("`{within}` of {place} has no field `{field}`")
            }
            Self::Shape { message, .. } => format!("{message} in {place}"),
            Self::NotText { path, data_type } => {
                format!("`{path}` of {place} is not text but {data_type}")
            }
        }
    }

    /// What to do about it; empty where that depends on the columns.
    pub fn help(&self) -> String {
        match self {
            Self::NoColumn { .. } => String::new(),
            Self::NoField { field, fields, .. } => {
                let all = fields.join(", ");
                match nearest(field, fields.iter().map(String::as_str)) {
                    Some(near) => {
                        format!("a similar field exists: `{near}`; the fields are: {all}")
                    }
                    None => format!("the fields are: {all}"),
                }
            }
            Self::Shape { help, .. } => help.clone(),
            Self::NotText { path, data_type } => match data_type {
                DataType::Struct(fields) => {
                    let names: Vec<&str> =
                        fields.iter().map(|field| field.name().as_str()).collect();
                    let first = fields.iter().find(|field| is_text(field.data_type()));
                    let first = first.map_or("FIELD", |field| field.name());
                    format!(
                        "name a field of it, for example `{path}.{first}`; the fields are: {}",
                        names.join(", ")
                    )
                }
                _ => "name texts: Utf8, LargeUtf8, Utf8View, or a dictionary of one of these"
                    .to_owned(),
            },
        }
    }
}

/// The longest of `names` that `path` begins with, up to its end or its next step.
fn longest<'f>(
    path: &str,
    names: impl Iterator<Item = (usize, &'f str)>,
) -> Option<(usize, &'f str)> {
    names
        .filter(|(_, name)| {
            let rest = path.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
        .max_by_key(|(_, name)| name.len())
}

/// What stands before the next step.
fn first_part(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

impl TextPath {
    /// The column `name`, or what the path `name` leads to: a column, then `.field` for a field of
    /// a struct and `[]` for the items of a list, until there is text. A column or field that has
    /// dots or brackets in its own name is found by it.
    ///
    /// # Errors
    /// Where the path leads nowhere, or to something that is not text.
    pub fn resolve(name: &str, schema: &Schema) -> Result<Self, PathError> {
        let columns = schema.fields().iter().map(|field| field.name().as_str());
        let Some((column, root)) = longest(name, columns.enumerate()) else {
            let whole = first_part(name);
            // A name that begins like a path but is none is given as it is.
            let column = if whole.is_empty() { name } else { whole };
            return Err(PathError::NoColumn {
                column: column.to_owned(),
            });
        };
        let mut steps = Vec::new();
        let mut data_type = schema.field(column).data_type();
        let mut done = root.len();
        while let Some(rest) = name.get(done..).filter(|rest| !rest.is_empty()) {
            let so_far = name.get(..done).unwrap_or_default();
            let (step, next, length) = take_step(so_far, rest, data_type)?;
            steps.push(step);
            data_type = next;
            done += length;
        }
        if let DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) = data_type
        {
            return Err(no_items(name, ""));
        }
        if !is_text(data_type) {
            return Err(PathError::NotText {
                path: name.to_owned(),
                data_type: data_type.clone(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            root: root.to_owned(),
            column,
            steps,
        })
    }

    /// The path as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the column that it begins with.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The position of that column.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The steps into the column.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it is a column of its own.
    pub fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a row has one text there, and not a list of them.
    pub fn is_single(&self) -> bool {
        !self.steps.contains(&Step::Items)
    }

    /// The path in which the column it begins with is called `root`.
    pub fn with_root(&self, root: &str) -> String {
        let rest = self.name.get(self.root.len()..).unwrap_or_default();
        format!("{root}{rest}")
    }

    /// The place of one text: the path with the numbers of items, from 0, in its brackets.
    pub fn place(&self, items: &[u32]) -> String {
        let mut place = self.root.clone();
        let mut items = items.iter();
        for step in &self.steps {
            // Writing to a `String` cannot fail.
            let _ = match step {
                Step::Field { name, .. } => write!(place, ".{name}"),
                Step::Items => match items.next() {
                    Some(item) => write!(place, "[{item}]"),
                    None => write!(place, "[]"),
                },
            };
        }
        place
    }
}

/// The first step of `rest`, which meets `data_type` after `so_far`: the step, the type behind it,
/// and its length in bytes.
fn take_step<'t>(
    so_far: &str,
    rest: &str,
    data_type: &'t DataType,
) -> Result<(Step, &'t DataType, usize), PathError> {
    let item: Option<&'t Field> = match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item)
        }
        _ => None,
    };
    if rest.starts_with("[]") {
        return match item {
            Some(item) => Ok((Step::Items, item.data_type(), 2)),
            None => Err(not_a_list(so_far, rest, data_type)),
        };
    }
    let Some(path) = rest.strip_prefix('.') else {
        let message = format!("`{so_far}{rest}` is no path");
        let help = "write `[]` for the items of a list, all of them, and `.field` for a field of \
                    a struct";
        return Err(PathError::Shape {
            message,
            help: help.to_owned(),
        });
    };
    match data_type {
        DataType::Struct(fields) => {
            let names = fields.iter().map(|field| field.name().as_str());
            match longest(path, names.clone().enumerate()) {
                Some((index, name)) => {
                    let step = Step::Field {
                        index,
                        name: name.to_owned(),
                    };
                    let behind = fields
                        .get(index)
                        .map_or(data_type, |field| field.data_type());
                    Ok((step, behind, 1 + name.len()))
                }
                None => Err(PathError::NoField {
                    within: so_far.to_owned(),
                    field: first_part(path).to_owned(),
                    fields: names.map(str::to_owned).collect(),
                }),
            }
        }
        _ if item.is_some() => Err(no_items(so_far, rest)),
        other => Err(PathError::Shape {
            message: format!("`{so_far}` is {other}, which has no fields,"),
            help: format!("write `{so_far}` alone, or name a field of a struct"),
        }),
    }
}

fn no_items(so_far: &str, rest: &str) -> PathError {
    PathError::Shape {
        message: format!("`{so_far}` is a list, not a text,"),
        help: format!("write `{so_far}[]{rest}` for its items"),
    }
}

fn not_a_list(so_far: &str, rest: &str, data_type: &DataType) -> PathError {
    let help = match data_type {
        DataType::ListView(_) | DataType::LargeListView(_) | DataType::Map(..) => {
            "store the column as a list: its items could be shared between rows".to_owned()
        }
        _ => format!("write `{so_far}{}`", rest.get(2..).unwrap_or_default()),
    };
    PathError::Shape {
        message: format!("`{so_far}` is {data_type}, not a list,"),
        help,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::Fields;

    use super::*;

    fn schema() -> Schema {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let number = |name: &str| Field::new(name, DataType::Int64, true);
        let list = |name: &str, item: DataType| {
            Field::new(
                name,
                DataType::List(Arc::new(Field::new_list_field(item, true))),
                true,
            )
        };
        let message = Fields::from(vec![text("role"), text("content"), text("a.b")]);
        let matrix = DataType::LargeList(Arc::new(Field::new_list_field(DataType::Utf8, true)));
        Schema::new(vec![
            text("text"),
            number("number"),
            list("answers", DataType::Utf8),
            list("messages", DataType::Struct(message.clone())),
            Field::new("meta", DataType::Struct(message), true),
            text("meta.role"),
            list("matrix", matrix),
        ])
    }

    #[test]
    fn paths_are_found_plain_names_first() {
        let find = |name: &str| {
            let path = TextPath::resolve(name, &schema()).unwrap();
            (path.column(), path.steps().len(), path.place(&[4, 2]))
        };
        assert_eq!(find("text"), (0, 0, "text".to_owned()));
        assert_eq!(find("answers[]"), (2, 1, "answers[4]".to_owned()));
        assert_eq!(
            find("messages[].content"),
            (3, 2, "messages[4].content".to_owned())
        );
        assert_eq!(find("messages[].a.b"), (3, 2, "messages[4].a.b".to_owned()));
        assert_eq!(find("meta.content"), (4, 1, "meta.content".to_owned()));
        assert_eq!(find("meta.role"), (5, 0, "meta.role".to_owned()));
        assert_eq!(find("matrix[][]"), (6, 2, "matrix[4][2]".to_owned()));
        let path = TextPath::resolve("messages[].content", &schema()).unwrap();
        assert_eq!(path.with_root("turns"), "turns[].content");
        assert!(!path.is_single() && !path.is_plain());
    }

    #[test]
    fn what_leads_nowhere_says_what_there_is() {
        let said = |name: &str| {
            let error = TextPath::resolve(name, &schema()).unwrap_err();
            format!("{} | {}", error.message("FILE"), error.help())
        };
        for (name, expected) in [
            ("txt", "FILE has no column `txt` | "),
            (
                "messages[].contents",
                "`messages[]` of FILE has no field `contents` | a similar field exists: `content`; \
                 the fields are: role, content, a.b",
            ),
            (
                "messages.content",
                "`messages` is a list, not a text, in FILE | write `messages[].content` for its items",
            ),
            (
                "answers",
                "`answers` is a list, not a text, in FILE | write `answers[]` for its items",
            ),
            (
                "text[]",
                "`text` is Utf8, not a list, in FILE | write `text`",
            ),
            (
                "text.a",
                "`text` is Utf8, which has no fields, in FILE | write `text` alone, or name a field of a struct",
            ),
            (
                "number",
                "`number` of FILE is not text but Int64 | name texts: Utf8, LargeUtf8, Utf8View, or a dictionary of one of these",
            ),
            (
                "answers[0]",
                "`answers[0]` is no path in FILE | write `[]` for the items of a list, all of them, and `.field` for a field of a struct",
            ),
        ] {
            assert_eq!(said(name), expected);
        }
        assert!(
            said("messages[]").contains("for example `messages[].role`; the fields are: role,")
        );
    }
}
