//! `augment test`: rows through the nodes of a pipeline, and what comes of them against what the
//! `[[tests]]` of the file expect.

mod describe;
mod lines;
mod snapshots;

use std::path::Path;
use std::time::{Duration, Instant};

use glob::Pattern;

use super::args::TestArguments;
use super::{ExitStatus, Printer, Volume, pipeline, written};
use crate::engine::{self, TestBench};
#[cfg(not(feature = "onnx"))]
use crate::inference::ModelSettings;
use crate::operator::Registry;
use crate::plan::PlannedTest;
use crate::report::{JunitCase, Palette, to_junit};
use crate::table::nearest;
use snapshots::Snapshots;

/// Does what `augment test` is asked to.
pub(super) fn test(
    registry: &Registry,
    arguments: &TestArguments,
    volume: Volume,
    printer: &Printer,
) -> ExitStatus {
    #[cfg(feature = "onnx")]
    let models = super::models::settings(&arguments.models, volume, printer);
    #[cfg(not(feature = "onnx"))]
    let models = ModelSettings::default();
    let Some((plan, tests)) =
        pipeline::load_tests(registry, &arguments.pipeline, Some(&models), printer)
    else {
        return ExitStatus::NotStarted;
    };
    let selected = match select(&tests, &arguments.names) {
        Ok(selected) => selected,
        Err((message, help)) => {
            printer.error(&message, Some(&help));
            return ExitStatus::NotStarted;
        }
    };
    let junit = arguments.junit.as_deref();
    if let Some(folder) = junit.and_then(missing_folder) {
        let message = format!("the folder of --junit does not exist: {}", folder.display());
        printer.error(&message, Some("make it first, or name another file"));
        return ExitStatus::NotStarted;
    }
    let session = Session {
        file: &arguments.pipeline.pipeline,
        snapshots: Snapshots::of(&arguments.pipeline.pipeline),
        update: arguments.update,
        palette: printer.out_palette(),
    };
    let mut bench = TestBench::new(&plan, &models);
    let mut status = ExitStatus::Success;
    let mut verdicts = Vec::with_capacity(selected.len());
    for test in selected {
        if volume != Volume::Quiet && bench.has_to_count(test) {
            printer.say("counting the words of all shards first");
        }
        let verdict = session.run(&mut bench, test);
        let text = verdict.describe(test, &session);
        if volume != Volume::Quiet || verdict.failed() {
            status = status.or(written(printer, &text));
        }
        verdicts.push((test, verdict));
    }
    if volume != Volume::Quiet {
        for path in session.snapshots.unused(&tests) {
            printer.say(&format!("no test uses the snapshot {}", path.display()));
        }
        status = status.or(written(printer, &summary(&verdicts, session.palette)));
    }
    if let Some(path) = junit {
        status = status.or(write_junit(path, &session, &verdicts, printer));
    }
    if verdicts.iter().any(|(_, verdict)| verdict.failed()) {
        status = status.or(ExitStatus::Incomplete);
    }
    status
}

/// The tests that are asked for: all if there are no names. A name may have wildcards.
fn select<'t>(
    tests: &'t [PlannedTest],
    names: &[String],
) -> Result<Vec<&'t PlannedTest>, (String, String)> {
    let known = || tests.iter().map(|test| test.name.as_str());
    if tests.is_empty() {
        let help = "add one: [[tests]] with `name`, `at`, `input` and `expect`";
        return Err(("the pipeline has no tests".to_owned(), help.to_owned()));
    }
    let is_meant = |name: &str, test: &PlannedTest| {
        test.name == name || Pattern::new(name).is_ok_and(|pattern| pattern.matches(&test.name))
    };
    for name in names {
        if !tests.iter().any(|test| is_meant(name, test)) {
            let help = nearest(name, known()).map_or_else(
                || {
                    let names: Vec<String> = known().map(|name| format!("\"{name}\"")).collect();
                    format!("the tests are: {}", names.join(", "))
                },
                |near| format!("a similar test exists: \"{near}\""),
            );
            return Err((format!("there is no test \"{name}\""), help));
        }
    }
    let asked =
        |test: &&PlannedTest| names.is_empty() || names.iter().any(|name| is_meant(name, test));
    Ok(tests.iter().filter(asked).collect())
}

/// The folder that `path` would be in, if it does not exist.
fn missing_folder(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    (!folder.as_os_str().is_empty() && !folder.is_dir()).then_some(folder)
}

/// What the tests of one call have in common.
struct Session<'a> {
    file: &'a Path,
    snapshots: Snapshots,
    update: bool,
    palette: Palette,
}

/// What became of a test.
struct Verdict {
    time: Duration,
    /// Why it failed, one line each; empty if it passed.
    reasons: Vec<String>,
    /// The same in full, for the terminal and without colour.
    details: (String, String),
    /// Whether its snapshot was written.
    updated: bool,
}

impl Verdict {
    fn failed(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Adds a reason, and the same in full.
    fn fail(&mut self, reason: String, details: impl Fn(Palette) -> String, palette: Palette) {
        self.reasons.push(reason);
        self.add(details, palette);
    }

    fn add(&mut self, details: impl Fn(Palette) -> String, palette: Palette) {
        self.details.0.push_str(&details(palette));
        self.details.1.push_str(&details(Palette::new(false)));
    }

    /// One line, and why it failed.
    fn describe(&self, test: &PlannedTest, session: &Session<'_>) -> String {
        let (name, palette) = (super::diff::visible(&test.name), session.palette);
        if self.failed() {
            let place = format!("{}:{}", session.file.display(), test.line);
            let details = &self.details.0;
            let (failed, place) = (palette.bad("failed"), palette.faint(place));
            return format!("{failed}  {name}  {place}\n{details}");
        }
        let updated = if self.updated {
            palette.faint("  snapshot written")
        } else {
            String::new()
        };
        format!("{}  {name}{updated}\n", palette.good("passed"))
    }
}

impl Session<'_> {
    fn run(&self, bench: &mut TestBench<'_>, test: &PlannedTest) -> Verdict {
        let started = Instant::now();
        let observed = bench.run(test);
        let mut verdict = Verdict {
            time: started.elapsed(),
            reasons: Vec::new(),
            details: (String::new(), String::new()),
            updated: false,
        };
        let observed = match observed {
            Ok(observed) => observed,
            Err(broken) => {
                let message = broken.message.clone();
                let details = |palette| describe::broken(&broken, palette);
                verdict.fail(message, details, self.palette);
                return verdict;
            }
        };
        for difference in engine::differences(test, &observed) {
            let details = |palette| describe::difference(&difference, palette);
            verdict.fail(describe::headline(&difference), details, self.palette);
        }
        if test.expect.snapshot {
            self.check_snapshot(test, &engine::snapshot(test, &observed), &mut verdict);
        }
        if verdict.failed() {
            verdict.add(|palette| describe::counts(&observed, palette), self.palette);
        }
        verdict
    }

    fn check_snapshot(&self, test: &PlannedTest, came: &str, verdict: &mut Verdict) {
        if self.update {
            match self.snapshots.keep(test, came) {
                Ok(updated) => verdict.updated = updated,
                Err(message) => {
                    let details = |_| format!("  {message}\n");
                    verdict.fail(message.clone(), details, self.palette);
                }
            }
        } else if let Some(difference) = self.snapshots.compare(test, came) {
            let details = |palette| describe::snapshot(&difference, palette);
            let reason = describe::snapshot_headline(&difference);
            verdict.fail(reason, details, self.palette);
        }
    }
}

/// How many passed and failed.
fn summary(verdicts: &[(&PlannedTest, Verdict)], palette: Palette) -> String {
    let count = |wanted: fn(&Verdict) -> bool| {
        verdicts
            .iter()
            .filter(|(_, verdict)| wanted(verdict))
            .count()
    };
    let failed = count(Verdict::failed);
    let written = count(|verdict| verdict.updated);
    let mut parts = vec![palette.good(format!("{} passed", verdicts.len() - failed))];
    if failed > 0 {
        parts.push(palette.bad(format!("{failed} failed")));
    }
    if written > 0 {
        parts.push(match written {
            1 => "1 snapshot written".to_owned(),
            more => format!("{more} snapshots written"),
        });
    }
    format!("{}\n", parts.join(", "))
}

fn write_junit(
    path: &Path,
    session: &Session<'_>,
    verdicts: &[(&PlannedTest, Verdict)],
    printer: &Printer,
) -> ExitStatus {
    let cases: Vec<JunitCase> = verdicts
        .iter()
        .map(|(test, verdict)| JunitCase {
            name: test.name.clone(),
            line: test.line,
            time: verdict.time,
            failure: verdict
                .failed()
                .then(|| (verdict.reasons.join("; "), verdict.details.1.clone())),
        })
        .collect();
    let xml = to_junit(&session.file.to_string_lossy(), &cases);
    match std::fs::write(path, xml) {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            printer.error(&format!("cannot write {}: {error}", path.display()), None);
            ExitStatus::Incomplete
        }
    }
}
