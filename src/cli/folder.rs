//! `augment status` and `augment verify`: what an output folder holds, and whether it is sound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use super::args::{StatusArguments, VerifyArguments};
use super::{ExitStatus, Printer, written};
use crate::counters::Counts;
use crate::figures::{counted, grouped, size};
use crate::ledger::{Damage, Flaw, FolderState, Ledger, LedgerError, Mode, survey, verify};
use crate::store;

/// Files of each kind that are named; the rest is counted.
const NAMED: usize = 10;

/// Does what `augment status` is asked to.
pub(super) fn status(arguments: &StatusArguments, printer: &Printer) -> ExitStatus {
    match look(&arguments.folder, printer) {
        Err(status) => status,
        Ok(state) => {
            let sound = state.damaged.is_empty();
            written(printer, &describe(&arguments.folder, &state)).or(soundness(sound))
        }
    }
}

/// Does what `augment verify` is asked to.
pub(super) fn check_sums(arguments: &VerifyArguments, printer: &Printer) -> ExitStatus {
    let root = &arguments.folder;
    let state = match look(root, printer) {
        Err(status) => return status,
        Ok(state) => state,
    };
    let (mut files, mut bytes) = (0_u64, 0_u64);
    let damages = verify(root, &state.ledger, &mut |size| {
        files += 1;
        bytes += size;
    });
    let mut text = format!("{} compared, {}\n", counted(files, "file"), size(bytes));
    if damages.is_empty() {
        text.push_str("all are as they were written\n");
        return written(printer, &text);
    }
    describe_damages(&damages, &mut text);
    let shards: BTreeSet<&str> = damages.iter().map(|damage| damage.shard.as_str()).collect();
    let again = if arguments.forget {
        if let Err(error) = forget(root, &state, &shards) {
            printer.error(&error.to_string(), Some(&error.help()));
            return ExitStatus::NotStarted;
        }
        "forgotten, and done again by the next run"
    } else {
        // A run looks at sizes alone.
        "to be done again: with `--forget` the next run does so"
    };
    let _ = writeln!(text, "{} {again}:", counted(shards.len() as u64, "shard"));
    for shard in shards {
        let _ = writeln!(text, "  {shard}");
    }
    written(printer, &text).or(soundness(false))
}

fn soundness(sound: bool) -> ExitStatus {
    if sound {
        ExitStatus::Success
    } else {
        ExitStatus::Incomplete
    }
}

/// Looks at an output folder, and says why if that is of no use.
fn look(root: &Path, printer: &Printer) -> Result<FolderState, ExitStatus> {
    if !store::is_remote(root) && !root.is_dir() {
        let help = "name the folder that a sink's `path` begins with, before its first placeholder";
        printer.error(&format!("{} is not a folder", root.display()), Some(help));
        return Err(ExitStatus::NotStarted);
    }
    let state = survey(root).map_err(|error| {
        printer.error(&error.to_string(), Some(&error.help()));
        ExitStatus::NotStarted
    })?;
    if state.ledger.ledgers == 0 {
        let message = format!("augment has written nothing to {}", root.display());
        let help = "the record is in the folder `.augment` of the folder that a sink's `path` begins \
                    with, before its first placeholder";
        printer.error(&message, Some(help));
        return Err(ExitStatus::NotStarted);
    }
    Ok(state)
}

fn forget(root: &Path, state: &FolderState, shards: &BTreeSet<&str>) -> Result<(), LedgerError> {
    let fingerprint = state.ledger.fingerprint.as_deref().unwrap_or_default();
    let mut ledger = Ledger::open(root, fingerprint, Mode::Resume, None)?;
    ledger.forget(shards.iter().copied())
}

/// The state of a folder in words.
fn describe(root: &Path, state: &FolderState) -> String {
    let ledger = &state.ledger;
    let outputs = || {
        let all = ledger.entries.values().flat_map(|entry| &entry.outputs);
        all.filter(|output| !output.is_record())
    };
    let mut text = String::new();
    // Writing to a `String` cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}: {} finished, {} in {}, {}",
        root.display(),
        counted(ledger.entries.len() as u64, "shard"),
        counted(outputs().map(|output| output.rows).sum(), "row"),
        counted(outputs().count() as u64, "file"),
        size(outputs().map(|output| output.bytes).sum()),
    );
    let fingerprint = ledger.fingerprint.as_deref().unwrap_or("none");
    let fingerprint: String = fingerprint.chars().take(16).collect();
    let _ = writeln!(
        text,
        "pipeline: fingerprint {fingerprint} (see `augment plan`)"
    );
    if ledger.ledgers > 1 {
        let _ = writeln!(
            text,
            "a run that was split has left {} ledgers: the next run of the whole merges them",
            grouped(ledger.ledgers as u64)
        );
    }
    match &state.holder {
        Some(holder) => {
            let _ = writeln!(text, "a run is at work: {holder}");
        }
        None => text.push_str("no run is at work\n"),
    }
    if ledger.unreadable > 0 {
        let _ = writeln!(
            text,
            "{} of the ledger cannot be read; half a last line is what a killed run leaves, and the \
             next run removes it",
            counted(ledger.unreadable as u64, "line")
        );
    }
    describe_counts(state, &mut text);
    describe_rejects(root, state, &mut text);
    if !state.damaged.is_empty() {
        describe_damages(&state.damaged, &mut text);
        text.push_str("the next run does their shards again\n");
    }
    let relative = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let names = |paths: &[std::path::PathBuf]| paths.iter().map(|path| relative(path)).collect();
    if !state.partials.is_empty() {
        let count = counted(state.partials.len() as u64, "unfinished file");
        let _ = writeln!(text, "{count}, which the next run removes");
        list(names(&state.partials), &mut text);
    }
    if !state.unknown.is_empty() {
        let count = counted(state.unknown.len() as u64, "file");
        let _ = writeln!(
            text,
            "{count} that augment did not write, or has no record of"
        );
        list(names(&state.unknown), &mut text);
    }
    text
}

/// What the operators counted in all finished shards.
fn describe_counts(state: &FolderState, text: &mut String) {
    let mut totals: BTreeMap<&str, Counts> = BTreeMap::new();
    for entry in state.ledger.entries.values() {
        for (operator, counts) in &entry.counts {
            totals.entry(operator).or_default().add(counts);
        }
    }
    for (operator, counts) in totals {
        let _ = writeln!(
            text,
            "  {operator}: {} in, {} out, {} changed",
            counted(counts.rows_in, "row"),
            grouped(counts.rows_out),
            grouped(counts.changed)
        );
        for (reason, rows) in &counts.reasons {
            let _ = writeln!(text, "    {reason}: {}", grouped(*rows));
        }
    }
}

/// What could not be done, and where to read why.
fn describe_rejects(root: &Path, state: &FolderState, text: &mut String) {
    let rejects = &state.rejects;
    if rejects.files.is_empty() {
        return;
    }
    let mut parts = Vec::new();
    if rejects.shards > 0 {
        parts.push(format!("{} failed", counted(rejects.shards, "shard")));
    }
    if rejects.rows > 0 {
        parts.push(format!("{} refused", counted(rejects.rows, "row")));
    }
    if rejects.unreadable > 0 {
        parts.push(format!(
            "{} that cannot be read",
            counted(rejects.unreadable, "line")
        ));
    }
    let files = rejects
        .files
        .iter()
        .map(|file| root.join(file).display().to_string());
    let files: Vec<String> = files.collect();
    let _ = writeln!(
        text,
        "the last run left rejects: {}; the reasons are in {}",
        parts.join(", "),
        files.join(", ")
    );
}

fn describe_damages(damages: &[Damage], text: &mut String) {
    let count = counted(damages.len() as u64, "file");
    let _ = writeln!(text, "{count} not as written");
    let line = |damage: &Damage| {
        let flaw = match &damage.flaw {
            Flaw::Missing => "is missing".to_owned(),
            Flaw::Size { found, written } => format!(
                "has {} instead of {}",
                counted(*found, "byte"),
                grouped(*written)
            ),
            Flaw::Content => "has other bytes of the same number".to_owned(),
            Flaw::Unreadable(reason) => format!("cannot be read: {reason}"),
        };
        format!("{} {flaw}", damage.path)
    };
    list(damages.iter().map(line).collect(), text);
}

fn list(lines: Vec<String>, text: &mut String) {
    let more = lines.len().saturating_sub(NAMED);
    for line in lines.into_iter().take(NAMED) {
        let _ = writeln!(text, "  {line}");
    }
    if more > 0 {
        let _ = writeln!(text, "  and {} more", grouped(more as u64));
    }
}
