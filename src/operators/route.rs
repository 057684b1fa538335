//! Parting rows by SQL conditions.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measures::{self, Meter};
use super::sql_option::{NamedSql, failed, misfit, unusable};
use crate::prelude::*;
use crate::sql::Condition;
use crate::table::is_id;

/// The port of the rows that no condition takes.
const REST: &str = "rest";

/// Sends each row out of one of several ports: the first whose SQL condition holds.
///
/// The conditions are tried in the order of the file. Rows that none takes leave by the port `rest`,
/// or are left out. There is no main output: consumers name `ID.PORT`, or all ports by `ID.*`.
///
/// What a condition can name is the same as in `filter`: the columns of the data, and the measures of
/// the text. Null is not true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// A condition for each port: `routes = { long = "words > 50", german = "lang = 'de'" }`. The
    /// names are chosen freely: small letters, digits and `_`, a letter first.
    pub routes: NamedSql,
    /// What becomes of rows that no condition takes: `rest` sends them out of the port `rest`, `drop`
    /// counts them and leaves them out.
    #[serde(default)]
    pub otherwise: Otherwise,
}

/// What becomes of rows that no condition takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// They leave by the port `rest`.
    #[default]
    Rest,
    /// They are counted and left out.
    Drop,
}

impl Route {
    /// The names in conditions, as far as these can be parsed, each once.
    fn columns(&self) -> Vec<String> {
        let parsed = self.routes.iter();
        let parsed = parsed.filter_map(|(_, sql)| Condition::parse(sql).ok());
        let mut columns: Vec<String> = Vec::new();
        for condition in parsed {
            for name in condition.columns() {
                if !columns.contains(name) {
                    columns.push(name.clone());
                }
            }
        }
        columns
    }
}

impl OperatorConfig for Route {
    const NAME: &'static str = "route";

    fn ports(&self) -> Vec<Port> {
        let mut ports: Vec<Port> = self
            .routes
            .iter()
            .map(|(name, _)| Port::named(name))
            .collect();
        if self.otherwise == Otherwise::Rest {
            ports.push(Port::named(REST));
        }
        ports
    }

    fn reads_text(&self) -> bool {
        measures::is_named(&self.columns())
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::ReadsAll,
            ..TextHandling::default()
        }
    }

    fn compares(&self) -> bool {
        measures::compares(&self.columns())
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.routes.is_empty() {
            let help = "give it one or more: `routes = { long = \"words > 50\" }`";
            problems.push(Problem::new("routes", "there is no route", help));
        }
        for (name, sql) in self.routes.iter() {
            let option = format!("routes.{name}");
            if let Some((message, help)) = wrong_name(name) {
                problems.push(Problem::new(&option, message, help));
            }
            let parsed = Condition::parse(sql);
            problems.extend(parsed.err().map(|error| unusable(&option, sql, &error)));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let mut problems = Vec::new();
        for (name, sql) in self.routes.iter() {
            let checked = Condition::parse(sql).and_then(|condition| {
                condition.check(&measures::beside(input, condition.columns()))
            });
            if let Err(error) = checked {
                problems.push(misfit(&format!("routes.{name}"), sql, &error, input));
            }
        }
        if problems.is_empty() {
            Ok(vec![SchemaRef::clone(input); self.ports().len()])
        } else {
            Err(problems)
        }
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let mut routes = Vec::new();
        for (name, sql) in self.routes.iter() {
            let option = format!("routes.{name}");
            let condition = Condition::parse(sql).map_err(|error| failed(&option, &error))?;
            routes.push((option, condition));
        }
        Ok(Box::new(Router {
            routes,
            otherwise: self.otherwise,
            meter: Meter::new(self.columns(), context)?,
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "By the length of the text; here what leaves by `short`",
                options: "routes = { short = \"words <= 2\", middling = \"words <= 5\" }",
                columns: &[],
                input: &[
                    "one",
                    "one two three",
                    "one two",
                    "one two three four five six",
                ],
                output: &["one", "one two"],
            },
            Example {
                title: "By a column; rows in other languages are left out. What leaves by `german`",
                options: "routes = { german = \"lang = 'de'\", english = \"lang LIKE 'en%'\" }\n\
                          otherwise = \"drop\"",
                columns: &[("lang", &["de", "en-GB", "fr", "de"])],
                input: &["eins", "one", "un", "zwei"],
                output: &["eins", "zwei"],
            },
            Example {
                title: "The first condition that holds takes the row; what leaves by `shouted`",
                options: "routes.shouted = \"text = upper(text)\"\nroutes.short = \"characters < 9\"",
                columns: &[],
                input: &["STOP", "stop", "GO ON, PLEASE"],
                output: &["STOP", "GO ON, PLEASE"],
            },
        ]
    }
}

/// What is wrong with the name of a port, and what to do about it.
fn wrong_name(name: &str) -> Option<(String, &'static str)> {
    if !is_id(name) {
        let help = "use small letters, digits and `_` only, a letter first";
        return Some((format!("`{name}` cannot name a port"), help));
    }
    match name {
        REST => Some((
            "`rest` is the port of the rows that no route takes".to_owned(),
            "call this route by another name",
        )),
        "errors" => Some((
            "`errors` is the port of rows that could not be processed".to_owned(),
            "call this route by another name",
        )),
        _ => None,
    }
}

struct Router {
    /// The options that hold the conditions, and the conditions.
    routes: Vec<(String, Condition)>,
    otherwise: Otherwise,
    meter: Meter,
}

impl Operator for Router {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let named = self.meter.gather(&batch)?;
        // The rows that no route has taken yet.
        let mut left: Vec<u32> = (0..).take(batch.rows.len()).collect();
        for (port, (option, condition)) in self.routes.iter().enumerate() {
            if left.is_empty() {
                return Ok(());
            }
            let mask = condition
                .mask(&pick(&named, &left)?)
                .map_err(|error| failed(option, &error))?;
            let mut holds = mask.values().iter();
            let (taken, others): (Vec<u32>, Vec<u32>) = left
                .into_iter()
                .partition(|_| holds.next().unwrap_or_default());
            emit(&batch, port, taken, context)?;
            left = others;
        }
        match self.otherwise {
            Otherwise::Rest => emit(&batch, self.routes.len(), left, context)?,
            Otherwise::Drop => context.count("filtered: no route", left.len() as u64),
        }
        Ok(())
    }
}

/// The rows of `records` at `rows`; the same records, if that is all of them.
fn pick(records: &RecordBatch, rows: &[u32]) -> Result<RecordBatch, ArrowError> {
    if rows.len() == records.num_rows() {
        return Ok(records.clone());
    }
    let indices = UInt32Array::from(rows.to_vec());
    let columns = records.columns().iter();
    let columns: Result<Vec<ArrayRef>, ArrowError> =
        columns.map(|column| take(column, &indices, None)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(records.schema(), columns?, &options)
}

/// Sends the rows of `batch` at `rows` out of a port.
fn emit(
    batch: &Batch,
    port: usize,
    rows: Vec<u32>,
    context: &mut Context<'_>,
) -> Result<(), OperatorError> {
    if rows.len() == batch.rows.len() {
        context.emit_to(port, batch.clone());
    } else if !rows.is_empty() {
        context.emit_to(port, batch.take(&UInt32Array::from(rows))?);
    }
    Ok(())
}

#[cfg(all(test, feature = "polars"))]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::operators::trial;

    fn problems(options: &str) -> Vec<(String, String)> {
        trial::configured("route", options)
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn names_of_ports_are_ids_and_not_taken() {
        for (name, said) in [
            ("Long", "cannot name a port"),
            ("\"a.b\"", "cannot name a port"),
            ("errors", "could not be processed"),
            ("rest", "no route takes"),
        ] {
            let found = problems(&format!("routes = {{ {name} = 'words > 1' }}"));
            assert!(found.len() == 1 && found[0].0.contains(said), "{found:?}");
        }
        assert!(problems("routes = {}")[0].0.contains("there is no route"));
        let found = problems("routes = { a = 'id >', b = 'SUM(id) > 1', c = 5 }");
        assert!(found[0].1 == "5", "{found:?}");
    }

    #[test]
    fn a_row_that_a_route_took_is_not_looked_at_by_the_next() {
        let options = "routes = { words = \"TRY_CAST(text AS INT) IS NULL\", \
                       many = \"CAST(text AS INT) > 5\" }";
        let route = trial::configured("route", options).unwrap();
        let records = trial::records(&[Some("five"), Some("7"), None, Some("3")]);
        let found = trial::run_ports(&*route, records).unwrap();
        let expected: [&[u64]; 3] = [&[0, 2], &[1], &[3]];
        assert_eq!(found.0, expected);
    }

    #[test]
    fn rows_without_a_route_are_counted_where_they_are_dropped() {
        let options = "routes = { a = \"text = 'a'\", all = \"FALSE\" }\notherwise = 'drop'";
        let route = trial::configured("route", options).unwrap();
        assert_eq!(route.ports().len(), 2);
        assert!(!route.reads_text() && !route.compares());
        let records = trial::records(&[Some("a"), Some("b"), None]);
        let (rows, counts) = trial::run_ports(&*route, records).unwrap();
        assert_eq!(rows, [vec![0], vec![]]);
        assert_eq!(counts["filtered: no route"], 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_row_leaves_by_exactly_one_port(
            texts in prop::collection::vec(prop::option::of("[a-c ]{0,6}"), 0..30),
        ) {
            let options = "[routes]\none = 'words = 1'\nlong = 'characters > 3'\nsame = 'NOT changed'";
            let route = trial::configured("route", options).unwrap();
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let (ports, _) = trial::run_ports(&*route, trial::records(&texts)).unwrap();
            let mut all: Vec<u64> = ports.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..texts.len() as u64).collect::<Vec<_>>());
            for row in &ports[3] {
                prop_assert_eq!(texts[usize::try_from(*row).unwrap()], None);
            }
        }
    }

    #[test]
    fn all_wrong_conditions_are_reported_at_once() {
        let options = "routes = { a = 'nope > 1', b = 'words + 1', c = 'words > 1' }";
        let route = trial::configured("route", options).unwrap();
        let schema = trial::records(&[]).schema();
        let found = route.schemas(&Arc::clone(&schema)).unwrap_err();
        let options: Vec<&str> = found.iter().map(|problem| &*problem.option).collect();
        assert_eq!(options, ["routes.a", "routes.b"]);
        assert_eq!(found[0].within, Some(0..4));
    }
}
