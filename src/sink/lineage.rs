//! The columns that say where each row comes from and what was done to it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, ListArray, StringArray, StringBuilder, StructArray,
    UInt32Array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, EditLog, OperatorSet};
use crate::diagnostic::Problem;

/// Which lineage columns a sink appends, as a pipeline file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected true, false, \"edits\", or a table with the keys parent, replica, \
                 operators, edits, error"
)]
pub enum Lineage {
    /// All but the edits, or none.
    Switch(bool),
    /// All.
    Word(LineageWord),
    /// All, with names of one's own.
    Names(LineageNames),
}

impl Default for Lineage {
    fn default() -> Self {
        Self::Switch(true)
    }
}

/// The word that asks for the edits too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineageWord {
    /// With the edits.
    Edits,
}

/// The names of the lineage columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineageNames {
    /// The identity of the source row: its id, or `<shard>#<row number>`.
    pub parent: String,
    /// 0 for an original, 1 and up for its variants.
    pub replica: String,
    /// The ids of the operators that changed the row.
    pub operators: String,
    /// The edits: a name, `true` for `aug_edits`, or `false` for none.
    pub edits: EditsColumn,
    /// Why a row was refused, in sinks that read an `errors` port.
    pub error: String,
}

impl Default for LineageNames {
    fn default() -> Self {
        Self {
            parent: "aug_parent".to_owned(),
            replica: "aug_replica".to_owned(),
            operators: "aug_operators".to_owned(),
            edits: EditsColumn::default(),
            error: "aug_error".to_owned(),
        }
    }
}

/// Whether there is a column of edits, and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected true, false, or the name of a column")]
pub enum EditsColumn {
    /// `aug_edits`, or none.
    Switch(bool),
    /// A name of one's own.
    Name(String),
}

impl Default for EditsColumn {
    fn default() -> Self {
        Self::Switch(false)
    }
}

impl EditsColumn {
    fn name(&self) -> Option<String> {
        match self {
            Self::Switch(false) => None,
            Self::Switch(true) => Some("aug_edits".to_owned()),
            Self::Name(name) => Some(name.clone()),
        }
    }
}

impl Lineage {
    /// The columns to append; the one for errors only if the sink reads an `errors` port, for
    /// whose rows the reason is kept even where there is no other lineage.
    pub fn columns(&self, with_errors: bool) -> LineageColumns {
        let all_as = |names: &LineageNames| LineageColumns {
            parent: Some(names.parent.clone()),
            replica: Some(names.replica.clone()),
            operators: Some(names.operators.clone()),
            edits: names.edits.name(),
            error: with_errors.then(|| names.error.clone()),
            names_texts: false,
        };
        let defaults = LineageNames::default();
        match self {
            Self::Switch(true) => all_as(&defaults),
            Self::Switch(false) => LineageColumns {
                error: with_errors.then_some(defaults.error),
                ..LineageColumns::default()
            },
            Self::Word(LineageWord::Edits) => all_as(&LineageNames {
                edits: EditsColumn::Switch(true),
                ..defaults
            }),
            Self::Names(names) => all_as(names),
        }
    }

    /// Whether the edits must be kept on the way to the sink.
    pub fn keeps_edits(&self) -> bool {
        self.columns(false).edits.is_some()
    }

    /// Looks for problems that need no data.
    pub(super) fn validate(&self) -> Vec<Problem> {
        let columns = self.columns(true);
        let names = columns.names();
        let mut problems = Vec::new();
        for (position, name) in names.iter().enumerate() {
            if name.is_empty() {
                problems.push(Problem::new(
                    "lineage",
                    "a lineage column has an empty name",
                    "leave the key out for the default name",
                ));
            } else if names.iter().take(position).any(|earlier| earlier == name) {
                problems.push(Problem::new(
                    "lineage",
                    format!("two lineage columns are named `{name}`"),
                    "give each a name of its own",
                ));
            }
        }
        problems
    }
}

/// The lineage columns of a sink: a name for each that is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineageColumns {
    /// `Utf8`: the identity of the source row.
    pub parent: Option<String>,
    /// `Int32`: 0 for an original, 1 and up for its variants.
    pub replica: Option<String>,
    /// `List<Utf8>`: the operators that changed the row, in the order in which they ran.
    pub operators: Option<String>,
    /// `List<Struct<operator, start, end, old, new>>`: the edits, in the order in which to replay
    /// them. Offsets are in bytes of the text that the operator received.
    pub edits: Option<String>,
    /// `Utf8`, nullable: why the row was refused.
    pub error: Option<String>,
    /// Whether the structs of `edits` have a field more, `text`: which of the texts of the row was
    /// edited. Offsets are then in bytes of that text.
    pub names_texts: bool,
}

impl LineageColumns {
    fn names(&self) -> Vec<&str> {
        [
            &self.parent,
            &self.replica,
            &self.operators,
            &self.edits,
            &self.error,
        ]
        .into_iter()
        .filter_map(|name| name.as_deref())
        .collect()
    }

    /// The columns as fields, in the order in which they are appended.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        if let Some(name) = &self.parent {
            fields.push(Field::new(name, DataType::Utf8, false));
        }
        if let Some(name) = &self.replica {
            fields.push(Field::new(name, DataType::Int32, false));
        }
        if let Some(name) = &self.operators {
            fields.push(Field::new(name, DataType::List(operator_item()), false));
        }
        if let Some(name) = &self.edits {
            fields.push(Field::new(
                name,
                DataType::List(edit_item(self.names_texts)),
                false,
            ));
        }
        if let Some(name) = &self.error {
            fields.push(Field::new(name, DataType::Utf8, true));
        }
        fields
    }

    /// The lineage of the rows of `batch`, one array for each of [`LineageColumns::fields`].
    /// `operator_ids` are those of the plan.
    ///
    /// # Errors
    /// When a column outgrows the offsets of its type.
    pub fn of(
        &self,
        batch: &Batch,
        operator_ids: Vec<String>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        LineageBuilder::new(self.clone(), operator_ids).build(batch)
    }

    /// The schema of the files: the data columns and these.
    ///
    /// # Errors
    /// When the data already has a column of one of these names, for example because it is itself
    /// the output of a pipeline.
    pub fn append_to(&self, schema: &Schema) -> Result<SchemaRef, Vec<Problem>> {
        let problems: Vec<_> = self
            .names()
            .into_iter()
            .filter(|name| schema.column_with_name(name).is_some())
            .map(|name| {
                Problem::new(
                    "lineage",
                    format!("the data already has a column `{name}`"),
                    "choose other names, for example `lineage = { parent = \"aug2_parent\", \
                     replica = \"aug2_replica\", operators = \"aug2_operators\" }`, or \
                     `lineage = false`",
                )
            })
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut fields = schema.fields().to_vec();
        fields.extend(self.fields().into_iter().map(Arc::new));
        Ok(Arc::new(Schema::new_with_metadata(
            fields,
            schema.metadata().clone(),
        )))
    }
}

fn operator_item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Utf8, false))
}

fn edit_fields(names_texts: bool) -> Fields {
    let mut fields = vec![
        Field::new("operator", DataType::Utf8, false),
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("old", DataType::Utf8, false),
        Field::new("new", DataType::Utf8, false),
    ];
    if names_texts {
        fields.push(Field::new("text", DataType::Utf8, true));
    }
    Fields::from(fields)
}

fn edit_item(names_texts: bool) -> Arc<Field> {
    Arc::new(Field::new_list_field(
        DataType::Struct(edit_fields(names_texts)),
        false,
    ))
}

/// Builds the lineage columns of one batch after the other.
#[derive(Debug)]
pub(super) struct LineageBuilder {
    columns: LineageColumns,
    operator_ids: Vec<String>,
    /// The sets of operators seen so far, their positions, and the list of ids for each of them:
    /// few, since most rows take one of a handful of ways through the pipeline.
    sets: Vec<OperatorSet>,
    positions: HashMap<OperatorSet, u32>,
    lists: Option<ListArray>,
}

impl LineageBuilder {
    pub(super) fn new(columns: LineageColumns, operator_ids: Vec<String>) -> Self {
        Self {
            columns,
            operator_ids,
            sets: Vec::new(),
            positions: HashMap::new(),
            lists: None,
        }
    }

    /// The lineage of the rows of `batch`, one array for each field of [`LineageColumns::fields`].
    pub(super) fn build(&mut self, batch: &Batch) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::new();
        if self.columns.parent.is_some() {
            arrays.push(Arc::new(parents(batch)?));
        }
        if self.columns.replica.is_some() {
            let number = |&replica| i32::try_from(replica).unwrap_or(i32::MAX);
            let replicas: Vec<i32> = batch.rows.replica.iter().map(number).collect();
            arrays.push(Arc::new(Int32Array::from(replicas)));
        }
        if self.columns.operators.is_some() {
            arrays.push(self.operators(&batch.rows.changed)?);
        }
        if self.columns.edits.is_some() {
            arrays.push(Arc::new(self.edits(batch)?));
        }
        if self.columns.error.is_some() {
            let errors: StringArray = match &batch.rows.errors {
                Some(errors) => {
                    let reasons = errors.iter().map(Option::as_ref);
                    reasons
                        .map(|error| error.map(|error| &*error.reason))
                        .collect()
                }
                None => StringArray::new_null(batch.rows.len()),
            };
            arrays.push(Arc::new(errors));
        }
        Ok(arrays)
    }

    fn operators(&mut self, changed: &[OperatorSet]) -> Result<ArrayRef, ArrowError> {
        let seen = self.sets.len();
        let mut indices = Vec::with_capacity(changed.len());
        // Neighbours mostly went the same way.
        let mut last: Option<(OperatorSet, u32)> = None;
        for &set in changed {
            let index = match last {
                Some((same, index)) if same == set => index,
                _ => self.index_of(set),
            };
            last = Some((set, index));
            indices.push(index);
        }
        if self.sets.len() > seen || self.lists.is_none() {
            self.lists = Some(self.list_sets()?);
        }
        match &self.lists {
            Some(lists) => take(lists, &UInt32Array::from(indices), None),
            None => Err(ArrowError::ComputeError("no list of operators".to_owned())),
        }
    }

    fn index_of(&mut self, set: OperatorSet) -> u32 {
        // No pipeline takes its rows four billion different ways.
        let next = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        *self.positions.entry(set).or_insert_with(|| {
            self.sets.push(set);
            next
        })
    }

    /// One list of operator ids for each known set.
    fn list_sets(&self) -> Result<ListArray, ArrowError> {
        let mut ids = StringBuilder::new();
        let mut lengths = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            let mut length = 0;
            for operator in set.iter() {
                ids.append_value(self.id_of(operator));
                length += 1;
            }
            lengths.push(length);
        }
        ListArray::try_new(
            operator_item(),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(ids.finish()),
            None,
        )
    }

    fn id_of(&self, operator: usize) -> &str {
        self.operator_ids.get(operator).map_or("?", String::as_str)
    }

    fn edits(&self, batch: &Batch) -> Result<ListArray, ArrowError> {
        let mut lengths = Vec::with_capacity(batch.rows.len());
        let room = self.room_for_edits(batch);
        let strings = |bytes| StringBuilder::with_capacity(room.edits, bytes);
        let (mut operators, mut old, mut new) = (
            strings(room.operators),
            strings(room.old),
            strings(room.new),
        );
        let mut starts = Vec::with_capacity(room.edits);
        let mut ends = Vec::with_capacity(room.edits);
        let mut texts = StringBuilder::new();
        for row in 0..batch.rows.len() {
            let before = starts.len();
            let logs: Vec<&EditLog> = logs_of(batch, row).collect();
            for log in logs.iter().rev() {
                for edit in log.edits.iter() {
                    operators.append_value(self.id_of(log.operator));
                    starts.push(i64::from(edit.start));
                    ends.push(i64::from(edit.end));
                    old.append_value(edit.old);
                    new.append_value(edit.new);
                    if self.columns.names_texts {
                        texts.append_option(log.text.as_deref());
                    }
                }
            }
            lengths.push(starts.len() - before);
        }
        let names_texts = self.columns.names_texts;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(operators.finish()),
            Arc::new(Int64Array::from(starts)),
            Arc::new(Int64Array::from(ends)),
            Arc::new(old.finish()),
            Arc::new(new.finish()),
        ];
        if names_texts {
            columns.push(Arc::new(texts.finish()));
        }
        let edits = StructArray::try_new(edit_fields(names_texts), columns, None)?;
        ListArray::try_new(
            edit_item(names_texts),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(edits),
            None,
        )
    }

    /// How much the edits of a batch take: what grows by doubling takes twice that.
    fn room_for_edits(&self, batch: &Batch) -> EditRoom {
        let mut room = EditRoom::default();
        for log in (0..batch.rows.len()).flat_map(|row| logs_of(batch, row)) {
            room.edits += log.edits.len();
            room.operators += log.edits.len() * self.id_of(log.operator).len();
            room.old += log.edits.iter().map(|edit| edit.old.len()).sum::<usize>();
            room.new += log.edits.iter().map(|edit| edit.new.len()).sum::<usize>();
        }
        room
    }
}

/// The number of edits, and bytes of their texts.
#[derive(Default)]
struct EditRoom {
    edits: usize,
    operators: usize,
    old: usize,
    new: usize,
}

/// What was done to a row, the last of it first.
fn logs_of(batch: &Batch, row: usize) -> impl Iterator<Item = &EditLog> {
    let last = batch.rows.edits.as_ref().and_then(|logs| logs.get(row));
    let last = last.and_then(Option::as_deref);
    std::iter::successors(last, |log| log.previous.as_deref())
}

/// The identities of the source rows.
fn parents(batch: &Batch) -> Result<StringArray, ArrowError> {
    let rows = batch.rows.len();
    let mut text = String::with_capacity(rows * (batch.shard.path.len() + 8));
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    for row in 0..rows {
        batch.rows.identity(row, &batch.shard.path, &mut text);
        offsets.push(i32::try_from(text.len()).map_err(|_| {
            ArrowError::ComputeError(
                "the ids of one batch have more than 2 GiB: make batches smaller (--batch-rows)"
                    .to_owned(),
            )
        })?);
    }
    StringArray::try_new(
        OffsetBuffer::new(ScalarBuffer::from(offsets)),
        Buffer::from_vec(text.into_bytes()),
        None,
    )
}
