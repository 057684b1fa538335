//! `augment plan` and `augment graph`: a pipeline as augment understands it.

use super::args::{GraphArguments, GraphFormat, PlanArguments};
use super::{ExitStatus, Printer, pipeline, written};
use crate::operator::Registry;

/// Does what `augment plan` is asked to.
pub(super) fn plan(
    registry: &Registry,
    arguments: &PlanArguments,
    printer: &Printer,
) -> ExitStatus {
    match pipeline::load(registry, &arguments.pipeline, None, printer) {
        Some(plan) => written(printer, &plan.render()),
        None => ExitStatus::NotStarted,
    }
}

/// Does what `augment graph` is asked to.
pub(super) fn graph(
    registry: &Registry,
    arguments: &GraphArguments,
    printer: &Printer,
) -> ExitStatus {
    let Some(plan) = pipeline::load(registry, &arguments.pipeline, None, printer) else {
        return ExitStatus::NotStarted;
    };
    let text = match arguments.format {
        GraphFormat::Mermaid => plan.mermaid(),
        GraphFormat::Dot => plan.dot(),
    };
    written(printer, &text)
}
