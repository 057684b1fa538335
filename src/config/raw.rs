//! The nodes of a pipeline file before their options are understood.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::{Document, RawTest};
use crate::diagnostic::{Diagnostic, Problem};
use crate::table;

/// What a node of a pipeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// Brings rows in.
    Source,
    /// Works on rows.
    Operator,
    /// Takes rows out.
    Sink,
}

impl NodeKind {
    /// Every kind, in the order of the flow.
    pub const ALL: [Self; 3] = [Self::Source, Self::Operator, Self::Sink];

    /// The kind with its article: `a source`, `an operator`.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Source => "a source",
            Self::Operator => "an operator",
            Self::Sink => "a sink",
        }
    }

    /// The table of a pipeline file that holds the nodes of this kind.
    pub fn table(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Operator => "operators",
            Self::Sink => "sinks",
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Operator => "operator",
            Self::Sink => "sink",
        })
    }
}

/// One `[sources.ID]`, `[operators.ID]` or `[sinks.ID]` table.
#[derive(Debug, Clone)]
pub struct RawNode<'d> {
    /// What it is.
    pub kind: NodeKind,
    /// Its name.
    pub id: String,
    /// Where its name stands: the place of what is wrong with it as a whole.
    pub span: Range<usize>,
    /// Its `type`, if it has one.
    pub type_name: Option<Spanned<String>>,
    /// What it reads, if that could be understood.
    pub inputs: Vec<Spanned<String>>,
    /// Everything else in the table.
    pub options: DeTable<'d>,
}

impl RawNode<'_> {
    /// Where the value of `option` stands; the node's name if it is not given.
    pub fn place_of(&self, option: &str) -> Range<usize> {
        table::place_of(&self.options, option).unwrap_or_else(|| self.span.clone())
    }

    /// Where what `problem` is about stands; the node's name if it is about no option.
    pub fn place_of_problem(&self, problem: &Problem) -> Range<usize> {
        table::place_of_problem(&self.options, problem).unwrap_or_else(|| self.span.clone())
    }
}

/// The nodes of a pipeline, in the order of the file, and what is wrong so far.
#[derive(Debug, Clone)]
pub struct RawPipeline<'d> {
    /// The texts that the pipeline was read from.
    pub document: &'d Document,
    /// Decides every random choice, with the operator's id and the row's identity.
    pub seed: u64,
    /// Where rows come from.
    pub sources: Vec<RawNode<'d>>,
    /// What works on them.
    pub operators: Vec<RawNode<'d>>,
    /// Where they go.
    pub sinks: Vec<RawNode<'d>>,
    /// The `[[tests]]`.
    pub tests: Vec<RawTest<'d>>,
    /// The ids of nodes that are there but are no tables.
    pub broken: Vec<String>,
    /// Every problem found so far.
    pub problems: Vec<Diagnostic>,
    /// Whether all nodes of the text are there, so that a node that is not found does not exist.
    pub complete: bool,
}

impl<'d> RawPipeline<'d> {
    /// A pipeline whose text could not be read.
    pub(super) fn unreadable(document: &'d Document, problems: Vec<Diagnostic>) -> Self {
        Self {
            document,
            seed: 0,
            sources: Vec::new(),
            operators: Vec::new(),
            sinks: Vec::new(),
            tests: Vec::new(),
            broken: Vec::new(),
            problems,
            complete: false,
        }
    }

    /// All nodes: sources, then operators, then sinks.
    pub fn nodes(&self) -> impl Iterator<Item = &RawNode<'d>> {
        self.sources
            .iter()
            .chain(&self.operators)
            .chain(&self.sinks)
    }
}
