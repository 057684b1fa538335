//! The registry: from the `type` of a table to an operator.
//!
//! It is a value, not a global: [`Registry::builtin`] holds the operators that ship with the
//! crate, and a program adds its own before it hands the registry to the command line.

use std::any::type_name;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;

use arrow::datatypes::SchemaRef;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use toml::de::DeTable;

use super::{
    BuildContext, Example, Operator, OperatorConfig, OperatorError, Port, Site, Survey, SurveySite,
    TextColumn, TextHandling, TextOperatorConfig, TextOptions, Yield,
    apply::TextNode,
    chosen::{Chosen, ChosenText},
    composite,
    composite::CompositeConfig,
    row_texts, schema, yields,
};
use crate::columns::{RowTexts, TextNames};
use crate::diagnostic::{Diagnostic, Problem};
use crate::table;

/// The options of one operator of a pipeline, read and validated.
pub trait Configured: Send + Sync {
    /// The `type` of the operator.
    fn name(&self) -> &'static str;
    /// The version of its behaviour, see [`OperatorConfig::VERSION`].
    fn version(&self) -> u32;
    /// The ways out, the main output first if there is one.
    fn ports(&self) -> Vec<Port>;
    /// Whether the operator works on the text column.
    fn reads_text(&self) -> bool {
        true
    }
    /// Which texts of a row the operator works on, and how.
    fn handling(&self) -> TextHandling {
        TextHandling::default()
    }
    /// What keeps the operator from working on the texts that arrive.
    fn check_texts(&self, texts: &RowTexts) -> Vec<Problem> {
        let chosen = row_texts::chosen(&self.handling(), texts);
        chosen.err().into_iter().collect()
    }
    /// What the operator calls `column` from then on, if it renames it.
    fn renamed(&self, _column: &str) -> Option<&str> {
        None
    }
    /// Whether the operator compares the text with that of the source row.
    fn compares(&self) -> bool {
        false
    }
    /// The schemas of the ports for a given input.
    ///
    /// # Errors
    /// All problems that the operator has with the input's columns.
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>>;
    /// What would become of the text column that must not.
    fn check_text(&self, _input: &SchemaRef, _text: &TextColumn) -> Vec<Problem> {
        Vec::new()
    }
    /// Rows out per row in, for estimates, where the sources have so many rows.
    fn expansion(&self, source_rows: u64) -> f64;
    /// Rows that leave by each port per row in, for estimates.
    fn yields(&self, source_rows: u64) -> Vec<Yield> {
        yields::usual(&self.ports(), self.expansion(source_rows))
    }
    /// Rows that go in for each row that comes by each of `inputs`, for estimates.
    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        vec![Yield::about(1.0); inputs.len()]
    }
    /// Looks for problems that the options have with the names of the inputs.
    fn check_inputs(&self, _inputs: &[String]) -> Vec<Problem> {
        Vec::new()
    }
    /// All options with their values, defaults included, where the sources have so many rows: part
    /// of the fingerprint.
    fn canonical(&self, source_rows: u64) -> Value;
    /// What the files that the options name hold that the output depends on: part of the
    /// fingerprint. Null where there is nothing of the kind.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    fn inspect(&self, _site: Site<'_>) -> Result<Value, Vec<Problem>> {
        Ok(Value::Null)
    }
    /// Rows in a batch, where the operator has to say.
    fn batch_rows(&self) -> Option<usize> {
        None
    }
    /// Whether the words of the operator's sources have to be counted before it is built.
    fn counts_words(&self) -> bool {
        false
    }
    /// The column whose labels have to be counted, in all rows of the operator's sources, before it
    /// is built.
    fn counts_labels(&self) -> Option<&str> {
        None
    }
    /// Whether what becomes of a row depends on the other rows of its batch.
    fn mixes_rows(&self) -> bool {
        false
    }
    /// Whether the operator puts out each row that it gets, with nothing but its text rewritten: it
    /// can then be a step of another.
    fn rewrites_in_place(&self) -> bool {
        false
    }
    /// The names of the operators inside of it, in the order in which they are numbered in the plan:
    /// their ids are `<its id>/<name>`.
    fn parts(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether the operator keeps something from batch to batch of a shard.
    fn in_order(&self) -> bool {
        false
    }
    /// Whether the operator has to see all rows of its sources before the run.
    fn surveys(&self) -> bool {
        false
    }
    /// What looks at these rows, if the operator asks for it.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn survey(&self, _site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        Ok(None)
    }
    /// Makes an operator for one worker thread, or for one shard where it works in order.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError>;
}

impl<C: OperatorConfig> Configured for C {
    fn name(&self) -> &'static str {
        C::NAME
    }
    fn version(&self) -> u32 {
        C::VERSION
    }
    fn ports(&self) -> Vec<Port> {
        OperatorConfig::ports(self)
    }
    fn reads_text(&self) -> bool {
        OperatorConfig::reads_text(self)
    }
    fn handling(&self) -> TextHandling {
        OperatorConfig::handling(self)
    }
    fn renamed(&self, column: &str) -> Option<&str> {
        OperatorConfig::renamed(self, column)
    }
    fn compares(&self) -> bool {
        OperatorConfig::compares(self)
    }
    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        OperatorConfig::schemas(self, input)
    }
    fn check_text(&self, input: &SchemaRef, text: &TextColumn) -> Vec<Problem> {
        OperatorConfig::check_text(self, input, text)
    }
    fn expansion(&self, source_rows: u64) -> f64 {
        OperatorConfig::expansion(self, source_rows)
    }
    fn yields(&self, source_rows: u64) -> Vec<Yield> {
        OperatorConfig::yields(self, source_rows)
    }
    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        OperatorConfig::yields_of_inputs(self, inputs)
    }
    fn check_inputs(&self, inputs: &[String]) -> Vec<Problem> {
        OperatorConfig::check_inputs(self, inputs)
    }
    fn canonical(&self, source_rows: u64) -> Value {
        // A configuration came out of TOML, so it has a JSON form; should a hand-written
        // `Serialize` refuse, the fingerprint still holds the type's name and version.
        serde_json::to_value(self.resolved(source_rows).as_ref().unwrap_or(self))
            .unwrap_or(Value::Null)
    }
    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        OperatorConfig::inspect(self, site)
    }
    fn batch_rows(&self) -> Option<usize> {
        OperatorConfig::batch_rows(self)
    }
    fn counts_words(&self) -> bool {
        OperatorConfig::counts_words(self)
    }
    fn mixes_rows(&self) -> bool {
        OperatorConfig::mixes_rows(self)
    }
    fn rewrites_in_place(&self) -> bool {
        OperatorConfig::rewrites_in_place(self)
    }
    fn in_order(&self) -> bool {
        OperatorConfig::in_order(self)
    }
    fn surveys(&self) -> bool {
        OperatorConfig::surveys(self)
    }
    fn survey(&self, site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        OperatorConfig::survey(self, site)
    }
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        match context.texts {
            Some(texts) if OperatorConfig::reads_text(self) => {
                row_texts::build(self, &OperatorConfig::handling(self), texts, context)
            }
            _ => OperatorConfig::build(self, context),
        }
    }
}

/// One option of an operator, as documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDocument {
    /// Its key in the table.
    pub name: String,
    /// What may be given, for example `number` or `string, one of fail, drop, route`.
    pub kind: String,
    /// The default as TOML or JSON; nothing where the option is required or absent by default.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What it does.
    pub description: String,
}

/// What `augment ops NAME` prints about an operator.
#[derive(Debug, Clone)]
pub struct OperatorDocument {
    /// Its `type`.
    pub name: &'static str,
    /// The first paragraph of the doc comment of its configuration.
    pub summary: String,
    /// The rest of the doc comment.
    pub details: String,
    /// Its own options, in the order of the fields.
    pub options: Vec<OptionDocument>,
    /// The options that it shares with every operator of its level.
    pub common: Vec<OptionDocument>,
    /// Runnable examples.
    pub examples: Vec<Example>,
}

/// Where a table is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    /// The operators that can be inside of others.
    pub(super) registry: &'r Registry,
    /// How many operators it is inside of.
    pub(super) depth: usize,
}

trait Kind: Send + Sync {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>>;
    fn document(&self) -> OperatorDocument;
    fn schema(&self, generator: &mut SchemaGenerator) -> Value;
    fn defined_by(&self) -> &'static str;
}

struct BatchKind<C>(PhantomData<fn() -> C>);

impl<C: OperatorConfig> Kind for BatchKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        _: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common: &[&str] = if takes_text::<C>(&own) {
            &["text"]
        } else {
            &[]
        };
        let mut problems = table::check_keys(table, &[&own[..], common].concat());
        let common = only(table, common);
        let chosen = table::deserialize::<ChosenText>(&common, span.clone());
        let text = chosen.map_or_else(
            |found| {
                problems.extend(found);
                None
            },
            |chosen| chosen.text,
        );
        if let Some((message, help)) = text.as_ref().and_then(TextNames::problem) {
            let problem = Problem::new("text", message, help);
            problems.extend(located(vec![problem], &common, &span));
        }
        let table = only(table, &own);
        match table::deserialize::<C>(&table, span.clone()) {
            Ok(config) => {
                problems.extend(located(OperatorConfig::validate(&config), &table, &span));
                if text.is_some() && !OperatorConfig::reads_text(&config) {
                    let problem = Problem::new(
                        "text",
                        "with these options the operator works on no text",
                        "leave `text` out",
                    );
                    problems.extend(located(vec![problem], &common, &span));
                }
                match text {
                    _ if !problems.is_empty() => Err(problems),
                    Some(text) => Ok(Box::new(Chosen { text, config })),
                    None => Ok(Box::new(config)),
                }
            }
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options: {
                let mut all = options::<C>();
                let names: Vec<&str> = all.iter().map(|option| option.name.as_str()).collect();
                if takes_text::<C>(&names) {
                    all.extend(options::<ChosenText>());
                }
                all
            },
            common: Vec::new(),
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = if takes_text::<C>(&own) {
            vec!["text".to_owned()]
        } else {
            Vec::new()
        };
        schema::of_table::<C, ChosenText>(C::NAME, &common, &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

/// Whether a batch-level operator takes the option `text` without having it itself: `own` are its
/// own.
fn takes_text<C: OperatorConfig>(own: &[&str]) -> bool {
    !own.contains(&"text") && Chosen::<C>::reads_text()
}

struct TextKind<C>(PhantomData<fn() -> C>);

impl<C: TextOperatorConfig> Kind for TextKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = common_keys::<C>(&own);
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        let mut problems = table::check_keys(table, &[&own[..], &common[..]].concat());
        let (own, common) = (only(table, &own), only(table, &common));
        let config = table::deserialize::<C>(&own, span.clone());
        let options = table::deserialize::<TextOptions>(&common, span.clone());
        if let Ok(config) = &config {
            problems.extend(located(config.validate(), &own, &span));
        }
        if let Ok(options) = &options {
            problems.extend(located(options.validate(C::DEFAULTS), &common, &span));
        }
        match (config, options) {
            (Ok(config), Ok(options)) if problems.is_empty() => Ok(Box::new(TextNode {
                options,
                config,
                is_step: reading.depth > 0,
            })),
            (config, options) => {
                problems.extend(config.err().into_iter().flatten());
                problems.extend(options.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        let own = options::<C>();
        let names: Vec<&str> = own.iter().map(|option| option.name.as_str()).collect();
        let keys = common_keys::<C>(&names);
        // What operators differ in is shown with the options of each.
        let (mut options, common): (Vec<_>, Vec<_>) = options::<TextOptions>()
            .into_iter()
            .filter(|option| keys.contains(&option.name))
            .partition(|option| VARIED.contains(&option.name.as_str()));
        let defaults = TextOptions::default().or(C::DEFAULTS);
        let defaults = serde_json::to_value(&defaults).unwrap_or(Value::Null);
        for option in &mut options {
            let default = defaults.get(&option.name);
            option.default = default
                .filter(|default| !default.is_null())
                .map(ToString::to_string);
        }
        options.extend(own);
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options,
            common,
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let own = table::keys_of::<C>();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let common = common_keys::<C>(&own);
        schema::of_table::<C, TextOptions>(C::NAME, &common, &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

struct CompositeKind<C>(PhantomData<fn() -> C>);

impl<C: CompositeConfig> Kind for CompositeKind<C> {
    fn parse(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Box<dyn Configured>, Vec<Diagnostic>> {
        let own = table::keys_of::<C>();
        let known: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut problems = composite::check_keys(C::NAME, table, &known);
        let table = only(table, &known);
        let config = table::deserialize::<C>(&table, span.clone());
        if let Ok(config) = &config {
            problems.extend(located(config.validate(), &table, &span));
        }
        let (config, found) = match config {
            Ok(config) => (Some(config), Vec::new()),
            Err(found) => (None, found),
        };
        problems.extend(found);
        let node = composite::CompositeNode::read(config, &table, &span, reading);
        match node {
            Ok(Some(node)) if problems.is_empty() => Ok(Box::new(node)),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found);
                Err(problems)
            }
        }
    }

    fn document(&self) -> OperatorDocument {
        let (summary, details) = description::<C>();
        OperatorDocument {
            name: C::NAME,
            summary,
            details,
            options: options::<C>(),
            common: Vec::new(),
            examples: C::examples(),
        }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        schema::of_table::<C, TextOptions>(C::NAME, &[], &C::examples(), generator)
    }

    fn defined_by(&self) -> &'static str {
        type_name::<C>()
    }
}

/// The common options in which the defaults of operators differ.
const VARIED: [&str; 4] = ["rate", "min", "max", "stop_words"];

/// The common options that an operator takes, `own` being its own: these come first, and who has
/// no rate takes no bounds of it either.
fn common_keys<C: TextOperatorConfig>(own: &[&str]) -> Vec<String> {
    let mut keys = table::keys_of::<TextOptions>();
    let has_rate = C::DEFAULTS.rate.is_some();
    keys.retain(|key| {
        !own.contains(&key.as_str())
            && (has_rate || !matches!(key.as_str(), "rate" | "min" | "max"))
    });
    keys
}

/// The entries of `table` whose keys are in `keys`.
fn only<'i>(table: &DeTable<'i>, keys: &[&str]) -> DeTable<'i> {
    let mut part = DeTable::new();
    for (key, value) in table {
        if keys.contains(&key.get_ref().as_ref()) {
            part.insert(key.clone(), value.clone());
        }
    }
    part
}

/// Problems as diagnostics, each at the value of its option.
fn located(problems: Vec<Problem>, table: &DeTable<'_>, span: &Range<usize>) -> Vec<Diagnostic> {
    problems
        .into_iter()
        .map(|problem| {
            let place = table::place_of_problem(table, &problem).unwrap_or_else(|| span.clone());
            let diagnostic = Diagnostic::error("A105", problem.message).at(place);
            if problem.help.is_empty() {
                diagnostic
            } else {
                diagnostic.help(problem.help)
            }
        })
        .collect()
}

/// The doc comment of `T`: its first paragraph, and the rest.
fn description<T: JsonSchema>() -> (String, String) {
    let schema = schemars::schema_for!(T);
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (summary, details) = text.split_once("\n\n").unwrap_or((text, ""));
    (summary.replace('\n', " "), details.to_owned())
}

/// The options of `T`, read off its JSON schema.
fn options<T: JsonSchema>() -> Vec<OptionDocument> {
    let schema = schemars::schema_for!(T);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    properties
        .iter()
        .map(|(name, property)| OptionDocument {
            name: name.clone(),
            kind: kind_of(property, schema.as_value()),
            default: property
                .get("default")
                .filter(|default| !default.is_null())
                .map(ToString::to_string),
            required: required.contains(&name.as_str()),
            description: property
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .replace('\n', " "),
        })
        .collect()
}

/// What a JSON schema accepts, in a few words.
fn kind_of(property: &Value, root: &Value) -> String {
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        return target.map_or_else(String::new, |target| kind_of(target, root));
    }
    for alternatives in ["anyOf", "oneOf"] {
        if let Some(all) = property.get(alternatives).and_then(Value::as_array) {
            let mut kinds: Vec<String> = all
                .iter()
                .map(|one| kind_of(one, root))
                .filter(|kind| kind != "null" && !kind.is_empty())
                .collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    if let Some(value) = property.get("const") {
        return value.to_string();
    }
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        return values.join(" or ");
    }
    let named = |kind: &str| match kind {
        "array" => {
            let items = property
                .get("items")
                .or_else(|| property.pointer("/prefixItems/0"));
            format!(
                "list of {}",
                items.map_or_else(|| "any".to_owned(), |item| kind_of(item, root))
            )
        }
        "object" => "table".to_owned(),
        kind => kind.to_owned(),
    };
    match property.get("type") {
        Some(Value::String(kind)) => named(kind),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<String> = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null")
                .map(named)
                .collect();
            kinds.join(" or ")
        }
        _ => String::new(),
    }
}

/// The operators that a pipeline can name. It is a value: a program
/// adds its own operators to [`Registry::builtin`] and hands it to the command line.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Box<dyn Kind>>,
}

impl Registry {
    /// A registry without any operator.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a batch-level operator. One of the same name is replaced.
    pub fn register<C: OperatorConfig>(&mut self) -> &mut Self {
        self.kinds
            .insert(C::NAME, Box::new(BatchKind::<C>(PhantomData)));
        self
    }

    /// Adds a row-level operator. One of the same name is replaced.
    pub fn register_text<C: TextOperatorConfig>(&mut self) -> &mut Self {
        self.kinds
            .insert(C::NAME, Box::new(TextKind::<C>(PhantomData)));
        self
    }

    /// Adds an operator that holds operators. One of the same name is replaced.
    pub fn register_composite<C: CompositeConfig>(&mut self) -> &mut Self {
        self.kinds
            .insert(C::NAME, Box::new(CompositeKind::<C>(PhantomData)));
        self
    }

    /// The names of all operators, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// What there is to say about the operator `name`.
    pub fn document(&self, name: &str) -> Option<OperatorDocument> {
        self.kinds.get(name).map(|kind| kind.document())
    }

    /// The JSON schemas of the tables of all operators, in the order of their names. Types that they
    /// refer to are left with the generator.
    pub fn schemas(&self, generator: &mut SchemaGenerator) -> Vec<Value> {
        self.kinds
            .values()
            .map(|kind| kind.schema(generator))
            .collect()
    }

    /// Reads the options of an operator of type `name` from its table, from which `type` and
    /// `inputs` have been taken. `span` is where the table stands. `None` if there is no such
    /// operator.
    pub fn parse(
        &self,
        name: &str,
        table: &DeTable<'_>,
        span: Range<usize>,
    ) -> Option<Result<Box<dyn Configured>, Vec<Diagnostic>>> {
        let reading = Reading {
            registry: self,
            depth: 0,
        };
        let kind = self.kinds.get(name);
        kind.map(|kind| kind.parse(table, span, reading))
    }

    /// The same for an operator inside of the one that `around` is about.
    pub(super) fn parse_inside(
        &self,
        name: &str,
        table: &DeTable<'_>,
        span: Range<usize>,
        around: Reading<'_>,
    ) -> Option<Result<Box<dyn Configured>, Vec<Diagnostic>>> {
        let reading = Reading {
            depth: around.depth + 1,
            ..around
        };
        let kind = self.kinds.get(name);
        kind.map(|kind| kind.parse(table, span, reading))
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = self
            .kinds
            .iter()
            .map(|(name, kind)| (name, kind.defined_by()));
        formatter.debug_map().entries(kinds).finish()
    }
}
