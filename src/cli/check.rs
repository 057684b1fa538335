//! `augment check`: everything that is wrong with pipelines.

use super::args::{CheckArguments, PipelineArguments, ReportFormat};
use super::{ExitStatus, Printer, Volume, pipeline, written};
use crate::diagnostic::Report;
use crate::operator::Registry;

/// Does what `augment check` is asked to.
pub(super) fn check(
    registry: &Registry,
    arguments: &CheckArguments,
    volume: Volume,
    printer: &Printer,
) -> ExitStatus {
    let mut status = ExitStatus::Success;
    for path in &arguments.pipelines {
        let pipeline = PipelineArguments {
            pipeline: path.clone(),
            set: Vec::new(),
            seed: None,
        };
        let (_, report) = pipeline::examine_tests(registry, &pipeline, None);
        let output = match arguments.format {
            ReportFormat::Text => {
                let palette = printer.err_palette();
                if !report.is_clean() {
                    printer.say(report.render(palette.has_colour()).trim_end());
                } else if volume != Volume::Quiet {
                    printer.say(&format!("{}: {}", path.display(), palette.good("ok")));
                }
                ExitStatus::Success
            }
            ReportFormat::Json => written(printer, &report.render_json()),
            ReportFormat::Github => written(printer, &report.render_github()),
        };
        status = status
            .or(judge(&report, arguments.deny_warnings))
            .or(output);
    }
    status
}

/// What the exit code says about one pipeline.
fn judge(report: &Report, deny_warnings: bool) -> ExitStatus {
    if report.errors() > 0 {
        ExitStatus::NotStarted
    } else if deny_warnings && report.warnings() > 0 {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Success
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, Texts};

    #[test]
    fn warnings_count_when_they_are_denied() {
        let report = |problems| Report::new(Texts::new("a.toml", ""), problems);
        let warned = report(vec![Diagnostic::warning("A210", "nobody reads this")]);
        assert_eq!(judge(&warned, false), ExitStatus::Success);
        assert_eq!(judge(&warned, true), ExitStatus::Incomplete);
        let wrong = report(vec![Diagnostic::error("A203", "no such node")]);
        assert_eq!(judge(&wrong, true), ExitStatus::NotStarted);
        assert_eq!(judge(&report(Vec::new()), true), ExitStatus::Success);
    }
}
