//! From a pipeline file to a plan, with what is wrong with it on stderr.

use super::Printer;
use super::args::PipelineArguments;
use crate::config::{self, Document};
use crate::diagnostic::Report;
use crate::inference::ModelSettings;
use crate::operator::Registry;
use crate::plan::{self, FileCatalog, Plan, PlannedTest};

/// The plan of the pipeline that `arguments` name. Errors and warnings are printed; without a plan
/// there was an error.
pub(super) fn load(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
    printer: &Printer,
) -> Option<Plan> {
    load_for(registry, arguments, models, false, printer)
}

/// Like [`load`], for a run that may be meant to go on without files that cannot be read.
pub(super) fn load_for(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
    keep_going: bool,
    printer: &Printer,
) -> Option<Plan> {
    let (plan, report) = with_document(arguments, models, |document, catalog| {
        let catalog = FileCatalog {
            keep_going,
            ..catalog.clone()
        };
        let seed = arguments.seed;
        plan::check(document, seed, &environment, registry, &catalog)
    });
    if !report.is_clean() {
        printer.say(report.render(printer.err_palette().has_colour()).trim_end());
    }
    plan
}

/// Like [`load`], with the tests of the pipeline.
pub(super) fn load_tests(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
    printer: &Printer,
) -> Option<(Plan, Vec<PlannedTest>)> {
    let (plan, report) = examine_tests(registry, arguments, models);
    if !report.is_clean() {
        printer.say(report.render(printer.err_palette().has_colour()).trim_end());
    }
    plan
}

/// The plan of the pipeline that `arguments` name and its tests, if there is no error, and the report
/// on all of it. Without `models` nothing is fetched.
pub(super) fn examine_tests(
    registry: &Registry,
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
) -> (Option<(Plan, Vec<PlannedTest>)>, Report) {
    with_document(arguments, models, |document, catalog| {
        plan::check_tests(document, arguments.seed, &environment, registry, catalog)
    })
}

/// Reads the file that `arguments` name and hands it to `check`.
fn with_document<T>(
    arguments: &PipelineArguments,
    models: Option<&ModelSettings>,
    check: impl FnOnce(&Document, &FileCatalog) -> (Option<T>, Report),
) -> (Option<T>, Report) {
    match config::read(&arguments.pipeline, &arguments.set) {
        Ok(document) => {
            let mut catalog = FileCatalog::new(document.base().to_owned());
            if let Some(models) = models {
                catalog.models = models.clone();
            }
            check(&document, &catalog)
        }
        Err(report) => (None, report),
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
