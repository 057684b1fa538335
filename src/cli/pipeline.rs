//! From a pipeline file to a plan, with what is wrong with it on stderr.

use super::Printer;
use super::args::PipelineArguments;
use crate::config;
use crate::diagnostic::Report;
use crate::inference::ModelSettings;
use crate::operator::Registry;
use crate::plan::{self, FileCatalog, Plan};

/// The plan of the pipeline that `arguments` name. Errors and warnings are printed; without a plan
/// there was an error.
pub(super) fn load(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
    printer: &Printer,
) -> Option<Plan> {
    let (plan, report) = examine(registry, arguments, models);
    if !report.is_clean() {
        printer.say(report.render(printer.err_palette().has_colour()).trim_end());
    }
    plan
}

/// The plan of the pipeline that `arguments` name, if there is no error, and the report on it.
/// Without `models` nothing is fetched.
pub(super) fn examine(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
) -> (Option<Plan>, Report) {
    match config::read(&arguments.pipeline, &arguments.set) {
        Ok(document) => {
            let mut catalog = FileCatalog::new(document.base().to_owned());
            if let Some(models) = models {
                catalog.models = models.clone();
            }
            let environment = |name: &str| std::env::var(name).ok();
            plan::check(&document, arguments.seed, &environment, registry, &catalog)
        }
        Err(report) => (None, report),
    }
}
