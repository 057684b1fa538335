//! The option `text`: one name or several.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of texts: a column, or a path into one such as `messages[].content`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected the name of a column, or a list of such names"
)]
pub enum TextNames {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl TextNames {
    /// The names, in the order in which they were given.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }

    /// What is wrong with the names themselves, and the remedy.
    pub fn problem(&self) -> Option<(String, &'static str)> {
        let names = self.as_slice();
        if names.is_empty() {
            return Some(("`text` names no column".to_owned(), "give at least one"));
        }
        if names.iter().any(String::is_empty) {
            return Some(("`text` is empty".to_owned(), "give the name of a column"));
        }
        let mut names_before = names.iter().enumerate();
        names_before.find_map(|(place, name)| {
            let is_twice = names.iter().take(place).any(|earlier| earlier == name);
            is_twice.then(|| {
                (
                    format!("`text` names `{name}` twice"),
                    "name each text once",
                )
            })
        })
    }
}

impl From<&str> for TextNames {
    fn from(name: &str) -> Self {
        Self::One(name.to_owned())
    }
}
