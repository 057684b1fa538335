//! Reads the tables of steps, and says everything that is wrong with them at its own place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::registry::Reading;
use super::super::{Configured, OnError};
use super::Layout;
use crate::diagnostic::{Diagnostic, Problem};
use crate::table::{self, suggestion};

/// How many operators may be inside of one another.
const DEEPEST: usize = 8;
/// The most alternatives of an operator: each has a position of its own in the plan, of which there
/// are 128.
const MOST_ALTERNATIVES: usize = 100;

/// An operator inside of another.
pub(super) struct Step {
    /// Its `type`; from the second one on with a number: `random_swap`, `random_swap#2`.
    pub(super) name: String,
    /// Where its table is, for problems with it: `alternatives.1.steps.0`.
    pub(super) path: String,
    pub(super) configured: Box<dyn Configured>,
}

impl Step {
    /// A problem with one of its own options, as one with an option of the operator around it.
    pub(super) fn own(&self, problem: Problem) -> Problem {
        let option = if problem.option.is_empty() {
            self.path.clone()
        } else {
            format!("{}.{}", self.path, problem.option)
        };
        Problem { option, ..problem }
    }

    /// Its name, and the names of what is inside of it.
    pub(super) fn parts(&self) -> Vec<String> {
        let inside = self.configured.parts().into_iter();
        let inside = inside.map(|part| format!("{}/{part}", self.name));
        std::iter::once(self.name.clone()).chain(inside).collect()
    }
}

/// Steps that run one after the other.
pub(super) struct Alternative {
    pub(super) weight: f64,
    pub(super) steps: Vec<Step>,
}

/// Reads the steps in a table.
pub(super) struct Reader<'r> {
    /// The `type` of the operator that holds them.
    pub(super) composite: &'static str,
    /// Whether they get parts of a batch.
    pub(super) divides: bool,
    pub(super) reading: Reading<'r>,
    pub(super) problems: &'r mut Vec<Diagnostic>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    /// The alternatives in `table`, which stands at `span`; one, where there is no choice. What is
    /// no table or no list has been reported with the types of the other options.
    pub(super) fn read(
        mut self,
        layout: Layout,
        table: &DeTable<'_>,
        span: &Range<usize>,
    ) -> Vec<Alternative> {
        let mut alternatives = match layout {
            Layout::Steps | Layout::StepOrSteps => {
                let given = ["step", "steps"].map(|key| table.get(key));
                // That a list which has to be there is missing has been reported.
                if layout == Layout::StepOrSteps && matches!(given, [None, None]) {
                    self.problems.push(
                        Diagnostic::error("A104", "there is no step")
                            .at(span.clone())
                            .label("what is to be done?")
                            .help("add `step = { type = \"...\" }`, or several in `steps`"),
                    );
                }
                vec![self.only_alternative(given)]
            }
            Layout::Alternatives => self.alternatives(table),
        };
        name(&mut alternatives);
        alternatives
    }

    fn only_alternative(&mut self, [step, steps]: [Option<&Value<'_>>; 2]) -> Alternative {
        if let (Some(_), Some(steps)) = (step, steps) {
            self.problems.push(
                Diagnostic::error("A105", "`step` and `steps` are both given")
                    .at(steps.span())
                    .help("put all into `steps`"),
            );
        }
        let mut found = Vec::new();
        found.extend(step.and_then(|step| self.step(step, "step".to_owned(), &[])));
        found.extend(
            steps
                .into_iter()
                .flat_map(|steps| self.list(steps, "steps")),
        );
        Alternative {
            weight: 1.0,
            steps: found,
        }
    }

    fn alternatives(&mut self, table: &DeTable<'_>) -> Vec<Alternative> {
        let Some(value) = table.get("alternatives") else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Vec::new();
        };
        let wrong = match items.len() {
            0 => Some("there is no alternative".to_owned()),
            count if count > MOST_ALTERNATIVES => Some(format!(
                "{count} alternatives: there may be {MOST_ALTERNATIVES}"
            )),
            _ => None,
        };
        if let Some(message) = wrong {
            let problem = Diagnostic::error("A105", message).at(value.span());
            self.problems.push(
                problem.help("list some, for example { weight = 2, type = \"random_swap\" }"),
            );
            return Vec::new();
        }
        let items = items.iter().enumerate();
        items
            .filter_map(|(place, item)| self.alternative(item, &format!("alternatives.{place}")))
            .collect()
    }

    fn alternative(&mut self, value: &Value<'_>, path: &str) -> Option<Alternative> {
        let DeValue::Table(table) = value.get_ref() else {
            return None;
        };
        let weight = table.get("weight").map_or(Some(1.0), |weight| {
            let number = number(weight.get_ref()).filter(|weight| *weight > 0.0);
            if number.is_none() {
                self.problems.push(
                    Diagnostic::error("A105", "`weight` is not a number above 0")
                        .at(weight.span())
                        .help("give a number: with weights 2 and 1, the first is drawn twice as often"),
                );
            }
            number
        });
        let steps = match (table.get("type"), table.get("steps")) {
            (None, Some(steps)) => {
                self.problems
                    .extend(table::check_keys(table, &["weight", "steps"]));
                if !matches!(steps.get_ref(), DeValue::Array(_)) {
                    let problem = Diagnostic::error("A103", "`steps` is not a list");
                    self.problems
                        .push(problem.at(steps.span()).help("write `steps = [{ ... }]`"));
                }
                self.list(steps, &format!("{path}.steps"))
            }
            // The `steps` of an alternative with a type are those of its type.
            _ => self
                .step(value, path.to_owned(), &["weight"])
                .into_iter()
                .collect(),
        };
        Some(Alternative {
            weight: weight?,
            steps,
        })
    }

    /// The steps in a list.
    fn list(&mut self, value: &Value<'_>, path: &str) -> Vec<Step> {
        let DeValue::Array(items) = value.get_ref() else {
            return Vec::new();
        };
        if items.is_empty() {
            self.problems.push(
                Diagnostic::error("A105", "there is no step")
                    .at(value.span())
                    .label("what is to be done?")
                    .help("list some, for example { type = \"random_swap\" }"),
            );
        }
        let items = items.iter().enumerate();
        items
            .filter_map(|(place, item)| self.step(item, format!("{path}.{place}"), &[]))
            .collect()
    }

    /// The step in a table, in which the keys in `beside` are not its own.
    fn step(&mut self, value: &Value<'_>, path: String, beside: &[&str]) -> Option<Step> {
        let DeValue::Table(table) = value.get_ref() else {
            // Among alternatives, only the lists inside of them are not looked at by serde.
            if path.matches('.').count() > 1 {
                let problem = Diagnostic::error("A103", "a step is not a table").at(value.span());
                self.problems
                    .push(problem.help("write { type = \"...\" } with its options"));
            }
            return None;
        };
        let Some(type_name) = table.get("type") else {
            let help = if beside.is_empty() {
                "`augment ops` lists the types there are"
            } else {
                "give it the `type` of an operator, or several `steps`"
            };
            let problem = Diagnostic::error("A104", "a step has no `type`").at(value.span());
            self.problems
                .push(problem.label("of what type?").help(help));
            return None;
        };
        let Some(name) = type_name.get_ref().as_str() else {
            let problem = Diagnostic::error("A103", "`type` is not a string").at(type_name.span());
            self.problems
                .push(problem.help("put a name in double quotes"));
            return None;
        };
        if self.reading.depth >= DEEPEST {
            let message = format!("more than {DEEPEST} operators are inside of one another");
            let problem = Diagnostic::error("A105", message).at(type_name.span());
            self.problems
                .push(problem.help("let the pipeline do it: one operator reads another"));
            return None;
        }
        let mut own = DeTable::new();
        let mut fits = true;
        for (key, option) in table {
            match key.get_ref().as_ref() {
                "type" => {}
                key if beside.contains(&key) => {}
                "inputs" => {
                    fits = false;
                    let problem = Diagnostic::error("A102", "a step has no `inputs`")
                        .at(key.span())
                        .label("what does it read?");
                    self.problems.push(problem.help(format!(
                        "leave them out: it works on the rows of the `{}` that it is in",
                        self.composite
                    )));
                }
                "replicas" => {
                    fits = false;
                    let problem = Diagnostic::error("A105", "a step makes no replicas")
                        .at(key.span())
                        .label("changes rows in place");
                    self.problems.push(problem.help(match self.composite {
                        "chain" | "choose" => {
                            format!("give `replicas` to the `{}`", self.composite)
                        }
                        _ => "leave it out".to_owned(),
                    }));
                }
                _ => drop(own.insert(key.clone(), option.clone())),
            }
        }
        let registry = self.reading.registry;
        let Some(parsed) = registry.parse_inside(name, &own, value.span(), self.reading) else {
            let problem =
                Diagnostic::error("A115", format!("there is no operator of type `{name}`"))
                    .at(type_name.span())
                    .label("unknown type");
            let known: Vec<&str> = registry.names().collect();
            let similar = suggestion(name, "type", &known);
            let all = || format!("the types are: {}", known.join(", "));
            self.problems
                .push(problem.help(similar.unwrap_or_else(all)));
            return None;
        };
        match parsed {
            Ok(configured) if fits => self.fitting(configured, table, type_name, path),
            Ok(_) => None,
            Err(found) => {
                self.problems.extend(found);
                None
            }
        }
    }

    /// The step, if it is an operator that can be one.
    fn fitting(
        &mut self,
        configured: Box<dyn Configured>,
        table: &DeTable<'_>,
        type_name: &Value<'_>,
        path: String,
    ) -> Option<Step> {
        let name = configured.name();
        let routes = table.get("on_error").filter(|policy| {
            let route = serde_json::to_value(OnError::Route).ok();
            policy.get_ref().as_str() == route.as_ref().and_then(|route| route.as_str())
        });
        let problem = if let Some(policy) = routes {
            Diagnostic::error("A105", "a step has no port `errors`")
                .at(policy.span())
                .label("leads nowhere")
                .help("choose another policy, or give the operator a table of its own")
        } else if !configured.rewrites_in_place() || configured.ports().len() != 1 {
            Diagnostic::error("A105", format!("`{name}` cannot be a step"))
                .at(type_name.span())
                .label("does more than rewrite texts")
                .help(
                    "give it a table of its own: a step puts out each row that it gets, \
                     with nothing but its text rewritten",
                )
        } else if self.divides && configured.mixes_rows() {
            Diagnostic::error(
                "A105",
                format!("`{name}` cannot be a step of `{}`", self.composite),
            )
            .at(type_name.span())
            .label("draws from the other rows of its batch")
            .help("here it would get some of them only: give it a table of its own")
        } else {
            return Some(Step {
                name: name.to_owned(),
                path,
                configured,
            });
        };
        self.problems.push(problem);
        None
    }
}

/// Checks that the table of the operator `composite` has no key but those in `known`.
pub(in super::super) fn check_keys(
    composite: &str,
    table: &DeTable<'_>,
    known: &[&str],
) -> Vec<Diagnostic> {
    let mut rest = table.clone();
    let mut problems = Vec::new();
    if !known.contains(&"replicas")
        && let Some((key, _)) = table.get_key_value("replicas")
    {
        rest.remove("replicas");
        let message = format!("`{composite}` takes no number of replicas");
        let problem = Diagnostic::error("A102", message).at(key.span());
        problems.push(problem.label("no such option here").help(match composite {
            "sometimes" => {
                "a replica that is not changed is none: put it into a `chain` that has `replicas`"
            }
            _ => "how many variants a row gets follows from the other options",
        }));
    }
    problems.extend(table::check_keys(&rest, known));
    problems
}

/// Gives steps of the same type different names.
fn name(alternatives: &mut [Alternative]) {
    let mut used: Vec<&'static str> = Vec::new();
    let steps = alternatives.iter_mut();
    for step in steps.flat_map(|alternative| &mut alternative.steps) {
        let name = step.configured.name();
        used.push(name);
        let count = used.iter().filter(|other| **other == name).count();
        if count > 1 {
            step.name = format!("{name}#{count}");
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().to_owned(),
        DeValue::Float(float) => float.as_str().to_owned(),
        _ => return None,
    };
    let number: f64 = text.replace('_', "").parse().ok()?;
    number.is_finite().then_some(number)
}
