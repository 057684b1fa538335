//! Texts from a template.

mod parse;
mod shots;
#[cfg(test)]
mod tests;
mod worker;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::concatenate::replicas_problem;
use super::neighbours::{BATCH_ROWS, missing_column};
use crate::operator::{OnAnnotations, TextHandling};
use crate::prelude::*;
use parse::Template as Parsed;

/// Fills a template from the columns of each row, with examples from other rows if wanted: data for
/// prompts.
///
/// In `template`, `{name}` stands for the value of the column `name`, of whatever type: numbers,
/// truth values, times and lists as Arrow displays them. `{{` and `}}` stand for braces. What comes
/// of it takes the place of the text; the text itself is in it where the template has its column.
/// Protected spans do not matter here: nothing is kept but what the template names.
///
/// With `shots = k`, each text gets k examples: `shot_template` filled in for other rows, which are
/// drawn for each row from those within the same thousand: from the batch, which then has 1,024
/// rows of a row group whatever `--batch-rows` says, so that the same prompts are made by any
/// number of workers. No variant of the row itself is among them, nor any row twice. They stand,
/// with `shot_separator` between them, where the template has `{shots}`, or else before it and
/// followed by the separator.
///
/// A row leaves by the port `unfilled`, as it came and counted under `rejected`, where a column
/// that the template names is null and `null` does not say what to put there, and where there are
/// too few other rows for its examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// The text to make, for example `"Review: {text}\nLabel: {label}"`.
    pub template: String,
    /// Examples in each text.
    #[serde(default)]
    pub shots: u32,
    /// What an example looks like: a template of its own. It has to be given where there are
    /// examples.
    #[serde(default)]
    pub shot_template: Option<String>,
    /// What stands between examples.
    #[serde(default = "blank_line")]
    pub shot_separator: String,
    /// Which rows are examples: `any_label` draws from all, `same_label` from those with the label
    /// of the row, and `balanced` takes as many of each label, or up to one more, in random order.
    /// The last two need `label`.
    #[serde(default)]
    pub shots_from: ShotsFrom,
    /// The column with the labels.
    #[serde(default)]
    pub label: Option<String>,
    /// What stands for null values.
    #[serde(default)]
    pub null: Option<String>,
    /// Variants to make of each row, each with other examples; the row itself does not pass.
    /// Without this option each row is changed in place.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// What becomes of rows with annotations, which cannot be kept in step with a text that is made
    /// anew: `refuse`, the default, fails the shard, `drop` drops their annotations and counts them.
    #[serde(default, skip_serializing_if = "OnAnnotations::is_refuse")]
    pub on_annotations: OnAnnotations,
}

fn blank_line() -> String {
    "\n\n".to_owned()
}

/// Which rows are the examples of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShotsFrom {
    /// Those with the same label.
    SameLabel,
    /// Any.
    #[default]
    AnyLabel,
    /// As many of each label.
    Balanced,
}

/// The most examples that may be asked for.
const MOST_SHOTS: u32 = 256;

impl Template {
    fn parsed(&self) -> Result<Parsed, Problem> {
        Parsed::parse(&self.template, self.shots > 0)
            .map_err(|message| problem("template", message))
    }

    fn parsed_shot(&self) -> Result<Option<Parsed>, Problem> {
        let template = self.shot_template.as_deref().filter(|_| self.shots > 0);
        template
            .map(|template| Parsed::parse(template, false))
            .transpose()
            .map_err(|message| problem("shot_template", message))
    }
}

/// What is wrong with the braces of a template.
fn problem(option: &str, message: String) -> Problem {
    let help = "write the name of a column in braces, and `{{` or `}}` for a brace that is meant";
    Problem::new(option, message, help)
}

impl OperatorConfig for Template {
    const NAME: &'static str = "template";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("unfilled")]
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            on_annotations: self.on_annotations,
            ..TextHandling::default()
        }
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = replicas_problem(self.replicas).into_iter().collect();
        problems.extend(self.parsed().err());
        problems.extend(self.parsed_shot().err());
        if self.shots > MOST_SHOTS {
            problems.push(Problem::new(
                "shots",
                format!("`shots` is more than {MOST_SHOTS}"),
                format!("ask for up to {MOST_SHOTS}: they are drawn from {BATCH_ROWS} rows"),
            ));
        }
        if self.shots > 0 && self.shot_template.is_none() {
            problems.push(Problem::new(
                "shots",
                "nothing says what an example looks like",
                "give it `shot_template = \"...\"`",
            ));
        }
        if self.shots > 0 && self.label.is_none() && self.shots_from != ShotsFrom::AnyLabel {
            problems.push(Problem::new(
                "shots_from",
                "nothing says which column has the labels",
                "give it `label = \"...\"`, or take examples from `any_label`",
            ));
        }
        if self.shots == 0 {
            if self.shot_template.is_some() {
                problems.push(Problem::new(
                    "shot_template",
                    "there are no examples to make",
                    "say how many: `shots = 3`",
                ));
            }
            if self.replicas.is_some_and(|replicas| replicas > 1) {
                problems.push(Problem::new(
                    "replicas",
                    "without examples, all variants of a row are the same",
                    "leave it out, or add `shots`",
                ));
            }
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let (template, shot) = match (self.parsed(), self.parsed_shot()) {
            (Ok(template), Ok(shot)) => (template, shot),
            (template, shot) => {
                return Err(template.err().into_iter().chain(shot.err()).collect());
            }
        };
        let mut problems = Vec::new();
        for (option, template) in [("template", Some(template)), ("shot_template", shot)] {
            let columns = template.iter().flat_map(Parsed::columns);
            problems.extend(columns.filter_map(|name| missing_column(option, name, input)));
        }
        let label = self.label.as_deref();
        problems.extend(label.and_then(|label| missing_column("label", label, input)));
        if problems.is_empty() {
            Ok(vec![SchemaRef::clone(input); self.ports().len()])
        } else {
            Err(problems)
        }
    }

    fn expansion(&self, _source_rows: u64) -> f64 {
        f64::from(self.replicas.unwrap_or(1))
    }

    fn batch_rows(&self) -> Option<usize> {
        (self.shots > 0).then_some(BATCH_ROWS)
    }

    fn mixes_rows(&self) -> bool {
        self.shots > 0
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let failed = |problem: Problem| {
            OperatorError::Other(format!("`{}`: {}", problem.option, problem.message))
        };
        let template = self.parsed().map_err(failed)?;
        let shot = self.parsed_shot().map_err(failed)?;
        Ok(Box::new(worker::Filler::new(
            self.clone(),
            template,
            shot,
            context,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Text and label",
                options: "template = \"Review: {text}\\nLabel: {label}\"",
                columns: &[("label", &["good", "bad"])],
                input: &["I loved it.", "Dull."],
                output: &[
                    "Review: I loved it.\nLabel: good",
                    "Review: Dull.\nLabel: bad",
                ],
            },
            Example {
                title: "A question with two examples, one of each label",
                options: "template = '''\nWhat kind of review is it?\n\n{shots}\n\n{text} ->'''\n\
                          shots = 2\nshot_template = \"{text} -> {label}\"\n\
                          shot_separator = \"\\n\"\nshots_from = \"balanced\"\nlabel = \"label\"",
                columns: &[("label", &["good", "bad", "good", "bad"])],
                input: &["I loved it.", "Dull.", "Great fun.", "No plot at all."],
                output: &[
                    "What kind of review is it?\n\nDull. -> bad\nGreat fun. -> good\n\nI loved it. ->",
                    "What kind of review is it?\n\nI loved it. -> good\nNo plot at all. -> bad\n\nDull. ->",
                    "What kind of review is it?\n\nDull. -> bad\nI loved it. -> good\n\nGreat fun. ->",
                    "What kind of review is it?\n\nDull. -> bad\nGreat fun. -> good\n\nNo plot at all. ->",
                ],
            },
            Example {
                title: "JSON, with braces doubled",
                options: "template = '{{\"input\": \"{text}\", \"output\": \"{label}\"}}'",
                columns: &[("label", &["good"])],
                input: &["I loved it."],
                output: &["{\"input\": \"I loved it.\", \"output\": \"good\"}"],
            },
            Example {
                title: "Variants with other examples; what is alone of its label leaves by `unfilled`",
                options: "template = \"{text}\"\nshots = 1\nshot_template = \"{text}\"\n\
                          shot_separator = \" | \"\nshots_from = \"same_label\"\n\
                          label = \"label\"\nreplicas = 2",
                columns: &[("label", &["a", "a", "b", "a"])],
                input: &["one", "two", "three", "four"],
                output: &[
                    "two | one",
                    "four | one",
                    "four | two",
                    "one | two",
                    "one | four",
                    "two | four",
                ],
            },
        ]
    }
}
