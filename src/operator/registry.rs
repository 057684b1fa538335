//! The registry: from the `type` of a table to an operator.
//!
//! It is a value, not a global: [`Registry::builtin`] holds the operators that ship with the
//! crate, and a program adds its own before it hands the registry to the command line.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::SchemaGenerator;
use serde_json::Value;
use toml::de::DeTable;

use super::kinds::{BatchKind, CompositeKind, Kind, TextKind};
use super::{
    Configured, OperatorConfig, OperatorDocument, TextOperatorConfig, composite::CompositeConfig,
};
use crate::diagnostic::Diagnostic;

/// Where a table is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    /// The operators that can be inside of others.
    pub(super) registry: &'r Registry,
    /// How many operators it is inside of.
    pub(super) depth: usize,
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
