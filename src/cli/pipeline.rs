//! From a pipeline file to a plan, with what is wrong with it on stderr.

use super::Printer;
use super::args::PipelineArguments;
use crate::config;
use crate::diagnostic::Report;
use crate::operator::Registry;
use crate::plan::{self, FileCatalog, Plan};

/// The plan of the pipeline that `arguments` name. Errors and warnings are printed; without a plan
/// there was an error.
pub(super) fn load(
    registry: &Registry,
    arguments: &PipelineArguments,
    printer: &Printer,
) -> Option<Plan> {
    let (plan, report) = examine(registry, arguments);
    if !report.is_clean() {
        printer.say(report.render(printer.err_palette().has_colour()).trim_end());
    }
    plan
}

/// The plan of the pipeline that `arguments` name, if there is no error, and the report on it.
pub(super) fn examine(
    registry: &Registry,
    arguments: &PipelineArguments,
) -> (Option<Plan>, Report) {
    match config::read(&arguments.pipeline, &arguments.set) {
        Ok(document) => {
            let catalog = FileCatalog::new(document.base().to_owned());
            let environment = |name: &str| std::env::var(name).ok();
            plan::check(&document, arguments.seed, &environment, registry, &catalog)
        }
        Err(report) => (None, report),
    }
}
