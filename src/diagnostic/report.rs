//! All problems with one pipeline, beside the texts that they are in.

use super::{Diagnostic, Severity, Texts};

/// All problems with one pipeline, beside the texts that they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub(super) texts: Texts,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report of `diagnostics`, sorted by where they stand; those without a place come last.
    pub fn new(texts: Texts, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| match &diagnostic.span {
            Some(span) => (false, span.start, span.end),
            None => (true, 0, 0),
        });
        diagnostics.dedup();
        Self { texts, diagnostics }
    }

    /// The problems, sorted by where they stand.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many problems keep the pipeline from running.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many problems do not keep the pipeline from running.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// Whether there is no problem at all.
    pub fn is_clean(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The counts, for example `2 errors, 1 warning`; empty if there is nothing to count.
    pub fn tally(&self) -> String {
        let counted = [(self.errors(), "error"), (self.warnings(), "warning")];
        let parts: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
            .collect();
        parts.join(", ")
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }
}
