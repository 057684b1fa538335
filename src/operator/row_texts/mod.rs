//! Operators on rows with several texts, with nested ones, or with annotations of them.
//!
//! An operator sees one column of text. Where a row has more, [`EachText`] makes a batch in which
//! each text stands for a row, lets the operator change it in place, puts the new texts where the
//! old ones were, and moves annotations along. Everything else in a nested column stays.

mod answers;
mod each;
mod guard;
mod made;
mod marks;
#[cfg(test)]
mod nested;
mod reader;
mod remap;
#[cfg(test)]
mod tests;
mod units;

pub(super) use each::EachText;
pub use reader::{NamedTexts, RowTextReader, RowTextValues};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BuildContext, OnError, Operator, OperatorConfig, OperatorError, TextColumn};
use crate::columns::{RowTexts, TextNames, TextPath};
use crate::diagnostic::Problem;
use crate::table::nearest;

/// Which texts of a row an operator works on, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextHandling {
    /// How it works on them.
    pub uses: TextUse,
    /// Which of them, by its option `text`; nothing for all.
    pub text: Option<TextNames>,
    /// The variants of each row that it makes; nothing where it changes rows in place.
    pub replicas: Option<u32>,
    /// Which texts differ between variants.
    pub vary: Vary,
    /// What becomes of rows with annotations that it cannot keep; nothing where they stay as they
    /// are. `route` takes its second port.
    pub on_error: Option<OnError>,
    /// Whether it may drop annotations that it cannot keep.
    pub on_annotations: OnAnnotations,
}

impl Default for TextHandling {
    fn default() -> Self {
        Self {
            uses: TextUse::Rewrites,
            text: None,
            replicas: None,
            vary: Vary::default(),
            on_error: Some(OnError::Fail),
            on_annotations: OnAnnotations::default(),
        }
    }
}

/// How an operator works on the texts of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextUse {
    /// It looks at one, in a column of its own, and changes none.
    Reads,
    /// It looks at all of them, through a [`RowTextReader`], and changes none; or it hands the
    /// context it is built with on to operators of its own.
    ReadsAll,
    /// It makes another text of one in a column of its own, and does not say how.
    Rewrites,
    /// It works on each by itself, heeds what is protected, and records its edits:
    /// [`OperatorConfig::in_place`] makes one for a batch of texts.
    Each,
    /// The same, but its edits do not tell where a part of the old text is in the new one.
    EachFreely,
}

/// Which texts differ between the variants of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vary {
    /// All.
    #[default]
    Together,
    /// One.
    One,
}

impl Vary {
    /// Whether it is [`Vary::Together`], the default.
    pub fn is_together(&self) -> bool {
        *self == Self::Together
    }
}

/// What an operator that rewrites freely does with annotations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnAnnotations {
    /// It refuses rows that have any.
    #[default]
    Refuse,
    /// It drops those of rows that it changes, and counts them.
    Drop,
}

impl OnAnnotations {
    /// Whether it is [`OnAnnotations::Refuse`], the default.
    pub fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

/// Those of `texts` that an operator works on.
///
/// # Errors
/// When its option `text` names another, or it cannot work on what there is.
pub(crate) fn chosen(handling: &TextHandling, texts: &RowTexts) -> Result<RowTexts, Problem> {
    let chosen = texts.chosen(handling.text.as_ref()).map_err(|name| {
        let names = || texts.paths.iter().map(TextPath::name);
        let list = names().collect::<Vec<_>>().join(", ");
        let help = match nearest(&name, names()) {
            Some(near) => format!("a similar one is `{near}`; the texts are: {list}"),
            None => format!("the texts are: {list}; the source names them in its option `text`"),
        };
        Problem::new(
            "text",
            format!("`{name}` is not among the texts that arrive"),
            help,
        )
    })?;
    let takes_one = matches!(handling.uses, TextUse::Reads | TextUse::Rewrites);
    if takes_one && !matches!(&chosen.paths[..], [only] if only.is_plain()) {
        let names: Vec<&str> = chosen.paths.iter().map(TextPath::name).collect();
        let plain: Vec<String> = texts
            .paths
            .iter()
            .filter(|path| path.is_plain())
            .map(|path| format!("`text = \"{}\"`", path.name()))
            .collect();
        let help = if plain.is_empty() {
            "move the text into a column of its own before the run".to_owned()
        } else {
            format!("name it with {} on the operator", plain.join(" or "))
        };
        return Err(Problem::new(
            "text",
            format!(
                "the operator works on one plain text column, and there are: {}",
                names.join(", ")
            ),
            help,
        ));
    }
    Ok(chosen)
}

/// Builds a batch-level operator for rows with `texts`.
pub(super) fn build<C: OperatorConfig>(
    config: &C,
    handling: &TextHandling,
    texts: &RowTexts,
    context: &BuildContext<'_>,
) -> Result<Box<dyn Operator>, OperatorError> {
    match handling.uses {
        TextUse::ReadsAll => {
            let chosen = chosen(handling, texts).map_err(|problem| failed(&problem))?;
            config.build(&BuildContext {
                text: &first_of(&chosen),
                texts: Some(&chosen),
                ..*context
            })
        }
        TextUse::Each | TextUse::EachFreely => {
            let Some(in_place) = config.in_place() else {
                return Err(OperatorError::Other(format!(
                    "`{}` cannot work on each of several texts",
                    context.id
                )));
            };
            EachText::build(texts, handling.clone(), None, context, |context| {
                in_place.build(context)
            })
        }
        TextUse::Reads | TextUse::Rewrites => {
            let chosen = chosen(handling, texts).map_err(|problem| failed(&problem))?;
            let built = config.build(&BuildContext {
                text: &first_of(&chosen),
                texts: None,
                ..*context
            })?;
            if handling.uses == TextUse::Reads {
                return Ok(built);
            }
            let ports = config.ports().len();
            Ok(guard::guarded(
                built,
                chosen,
                handling,
                ports,
                context.position,
            ))
        }
    }
}

/// The column of the first of `texts`.
fn first_of(texts: &RowTexts) -> TextColumn {
    texts.paths.first().map_or_else(
        || TextColumn::absent(""),
        |path| TextColumn {
            name: path.name().to_owned(),
            index: path.column(),
        },
    )
}

fn failed(problem: &Problem) -> OperatorError {
    OperatorError::Other(format!("{}: {}", problem.message, problem.help))
}
