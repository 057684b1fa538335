//! Problems with a pipeline, as data: what is wrong, where, and how to mend it.
//!
//! Codes are stable: A1xx syntax and fields, A2xx graph, A3xx schemas, A4xx environment, A5xx run.
//! `docs/diagnostics.md` lists them all.

mod machine;
mod render;
mod report;
mod texts;

pub use report::Report;
pub use texts::{Place, Texts};

use std::ops::Range;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pipeline runs, but perhaps not as meant.
    Warning,
    /// The pipeline cannot run.
    Error,
}

/// One problem with a pipeline file, or with what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the pipeline can run all the same.
    pub severity: Severity,
    /// Stable code, for example `A203`.
    pub code: &'static str,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// The bytes of the pipeline's [`Texts`] that are to blame, if it is one place.
    pub span: Option<Range<usize>>,
    /// A word at the span, for example `no node has this name`.
    pub label: String,
    /// What to do about it, one suggestion each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place or help yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            label: String::new(),
            help: Vec::new(),
        }
    }

    /// A warning without a place or help yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// The same problem, at `span` of the pipeline file.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// The same problem, with a word at its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same problem, with one more remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// A problem that an operator finds in its own options or input, before it is known where in the
/// file the option stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The option to blame, for example `rate`; empty for the operator as a whole.
    pub option: String,
    /// The bytes of the option's text that are to blame, if they are known and not all of it.
    pub within: Option<Range<usize>>,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Problem {
    /// A problem with `option`.
    pub fn new(option: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            option: option.to_owned(),
            within: None,
            message: message.into(),
            help: help.into(),
        }
    }

    /// The same problem, at these bytes of the option's text.
    #[must_use]
    pub fn within(mut self, part: Option<Range<usize>>) -> Self {
        self.within = part;
        self
    }
}
