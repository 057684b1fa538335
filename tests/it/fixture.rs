//! Operators and data sets that exist for tests alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::datatypes::{DataType, Field, Schema};
use augment::config::Document;
use augment::diagnostic::Report;
use augment::operator::{
    BuildContext, Operator, OperatorConfig, OperatorError, Outcome, Port, Registry, TextOperator,
    TextOperatorConfig,
};
use augment::operators::{Balance, Chain, Choose, Mix, Rename, Sample, Select, Sometimes, Split};
use augment::plan::{Catalog, Plan, check};
use augment::prelude::{Batch, Context, Edits, Problem, Random, Text};
use augment::source::parquet::ParquetSourceConfig;
use augment::source::{ShardFile, SourceError, SourceFacts, row_texts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A row-level operator that changes nothing.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Swap {
    /// Share of the words to swap, from 0 to 1.
    rate: f64,
    #[serde(default)]
    mode: Mode,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Anywhere,
    Neighbours,
}

impl TextOperatorConfig for Swap {
    const NAME: &'static str = "swap";

    fn validate(&self) -> Vec<Problem> {
        if (0.0..=1.0).contains(&self.rate) {
            return Vec::new();
        }
        vec![Problem::new(
            "rate",
            format!("`rate` is {}", self.rate),
            "give a number from 0 to 1",
        )]
    }

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Idle))
    }
}

struct Idle;

impl TextOperator for Idle {
    fn rewrite(&mut self, _: &Text<'_>, _: &mut Random, _: &mut Edits) -> Outcome {
        Outcome::Edited
    }
}

impl Operator for Idle {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        context.emit(batch);
        Ok(())
    }
}

/// A filter: what it does not keep leaves by a port that may stay unread.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Keep {
    min: u32,
}

impl OperatorConfig for Keep {
    const NAME: &'static str = "keep";

    fn ports(&self) -> Vec<Port> {
        vec![
            Port::main(),
            Port {
                name: "rejected".to_owned(),
                optional: true,
            },
        ]
    }

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Idle))
    }
}

/// A split: both outputs are meant to be read.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Part {}

impl OperatorConfig for Part {
    const NAME: &'static str = "part";

    fn ports(&self) -> Vec<Port> {
        vec![
            Port::main(),
            Port {
                name: "valid".to_owned(),
                optional: false,
            },
        ]
    }

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Idle))
    }
}

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::empty();
    registry
        .register_text::<Swap>()
        .register::<Keep>()
        .register::<Part>()
        .register::<Mix>()
        .register::<Rename>()
        .register::<Sample>()
        .register::<Select>()
        .register::<Split>()
        .register_composite::<Balance>()
        .register_composite::<Chain>()
        .register_composite::<Choose>()
        .register_composite::<Sometimes>();
    registry
}

/// Data sets that are known by the first of their paths.
pub(crate) struct Shelf;

impl Shelf {
    fn columns(name: &str) -> Option<Vec<Field>> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let number = |name: &str| Field::new(name, DataType::Int64, false);
        let list = |name: &str, fields: Vec<Field>| {
            let item = Field::new_list_field(DataType::Struct(fields.into()), true);
            Field::new(name, DataType::List(Arc::new(item)), true)
        };
        Some(match name {
            "train" | "same" => vec![number("number"), text("text"), text("label")],
            "extra" => vec![number("number"), text("text"), number("label")],
            "short" => vec![number("number"), text("text")],
            "again" => vec![number("number"), text("text"), text("aug_parent")],
            "chats" => vec![
                text("title"),
                text("text"),
                list("messages", vec![text("role"), text("content")]),
                list(
                    "entities",
                    vec![number("start"), number("end"), text("label")],
                ),
                Field::new("meta", DataType::Struct(vec![text("summary")].into()), true),
            ],
            "wide" => (0..20)
                .map(|column| text(&format!("c{column}")))
                .chain([text("text")])
                .collect(),
            _ => return None,
        })
    }
}

impl Catalog for Shelf {
    fn facts(&self, config: &ParquetSourceConfig) -> Result<SourceFacts, Vec<SourceError>> {
        let name = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
        let unknown = config
            .paths
            .iter()
            .filter(|path| Self::columns(&name(path)).is_none());
        let errors: Vec<SourceError> = unknown
            .map(|path| SourceError::NoMatch {
                pattern: Path::new("pipelines").join(path),
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let name = name(&config.paths[0]);
        let columns = Self::columns(&name).unwrap();
        let root = PathBuf::from("pipelines/data").join(&name);
        let names: [&str; 2] = if name == "same" {
            ["a", "a.parquet"]
        } else {
            ["a.parquet", "b.parquet"]
        };
        let shard = |relative: &str| ShardFile {
            path: root.join(relative),
            relative: relative.to_owned(),
            rows: 4000,
            row_groups: 2,
            bytes: 1_250_000,
            decoded_bytes: 3_000_000,
            file_bytes: 1_250_000,
            modified: SystemTime::UNIX_EPOCH,
            footer: String::new(),
            range: None,
            tag: None,
        };
        let shards: Vec<ShardFile> = names.map(shard).to_vec();
        let schema = Arc::new(Schema::new(columns));
        let path = shards[0].path.clone();
        let find = |option: &'static str, column: &str| {
            schema
                .index_of(column)
                .map_err(|_| SourceError::MissingColumn {
                    path: path.clone(),
                    option,
                    column: column.to_owned(),
                    nearest: column.starts_with("text").then(|| "text".to_owned()),
                    columns: schema
                        .fields()
                        .iter()
                        .map(|field| field.name().clone())
                        .collect(),
                })
        };
        let texts = row_texts(config, &schema, &path);
        let id = config
            .id
            .as_ref()
            .map(|column| find("id", column))
            .transpose();
        match (texts, id) {
            (Ok(texts), Ok(id)) => Ok(SourceFacts {
                root,
                files: shards.clone(),
                shards,
                schema,
                rows: 8000,
                key_value_metadata: Vec::new(),
                text: texts.paths[0].column(),
                texts,
                id,
            }),
            (texts, id) => Err(texts.err().into_iter().flatten().chain(id.err()).collect()),
        }
    }
}

/// Checks a pipeline text that stands in `pipelines/`, with an empty environment.
pub(crate) fn check_text(name: &str, text: &str, flags: &[String]) -> (Option<Plan>, Report) {
    let document = Document::new(name, text, Path::new("pipelines"), flags);
    check(&document, None, &|_| None, &registry(), &Shelf)
}

/// The plan of a pipeline that is known to be right.
pub(crate) fn plan_of(text: &str) -> Plan {
    let (plan, report) = check_text("pipelines/test.toml", text, &[]);
    plan.unwrap_or_else(|| panic!("{}", report.render(false)))
}
