//! The summary of a run for people.

use std::fmt::Write;

use super::figures::{measured, per_second, time};
use super::{Palette, Table};
use crate::engine::RunReport;
use crate::figures::{counted, grouped};
use crate::topology::ShardOutcome;

/// Failures that are listed; the JSON report has them all.
const FAILURES: usize = 20;

/// What a run did: a table of the operators, what became of the shards, and where the output is.
/// One line if there was nothing left to do.
pub fn summarize(report: &RunReport, palette: Palette) -> String {
    if report.shards.is_empty() && report.already_committed > 0 {
        return format!(
            "{}: {} committed before; {}\n{}",
            palette.good("nothing to do"),
            counted(report.already_committed as u64, "shard"),
            outputs(report),
            describe_failures(report, palette)
        );
    }
    let mut text = table(report, palette);
    text.push_str(&shards(report, palette));
    text.push_str(&describe_failures(report, palette));
    text
}

/// Rows in, out and changed for each operator, with every reason that was counted, and the rows
/// that each sink wrote.
fn table(report: &RunReport, palette: Palette) -> String {
    let mut table = Table::new(["operator", "rows in", "rows out", "changed", "counted"]);
    for (id, counts) in &report.operators {
        let [rows_in, rows_out, changed] =
            [counts.rows_in, counts.rows_out, counts.changed].map(grouped);
        table.push([id.clone(), rows_in, rows_out, changed, String::new()]);
        for (reason, count) in &counts.reasons {
            let empty = String::new;
            table.push([
                format!("  {reason}"),
                empty(),
                empty(),
                empty(),
                grouped(*count),
            ]);
        }
        for (name, measure) in &counts.measures {
            let empty = String::new;
            let measured = measured(name, *measure, report.elapsed);
            let total = measure
                .whole
                .map_or_else(|| grouped(measure.amount), |_| empty());
            table.push([format!("  {measured}"), empty(), empty(), empty(), total]);
        }
    }
    for (sink, rows) in &report.rows_written {
        let empty = String::new;
        table.push([
            format!("{sink} (sink)"),
            grouped(*rows),
            empty(),
            empty(),
            empty(),
        ]);
    }
    format!("{}\n", table.render(palette))
}

/// How many shards went where, how fast, and where the output is.
fn shards(report: &RunReport, palette: Palette) -> String {
    let number = |wanted: fn(&ShardOutcome) -> bool| {
        report
            .shards
            .iter()
            .filter(|shard| wanted(&shard.outcome))
            .count() as u64
    };
    let committed = number(|outcome| matches!(outcome, ShardOutcome::Committed));
    let failed = number(|outcome| matches!(outcome, ShardOutcome::Failed(_)));
    let given_up = number(|outcome| matches!(outcome, ShardOutcome::Abandoned));
    let mut parts = vec![palette.good(format!("{} committed", counted(committed, "shard")))];
    if report.already_committed > 0 {
        parts.push(format!(
            "{} committed before",
            grouped(report.already_committed as u64)
        ));
    }
    if failed > 0 {
        parts.push(palette.bad(format!("{} failed", grouped(failed))));
    }
    if given_up > 0 {
        parts.push(format!("{} left for the next run", grouped(given_up)));
    }
    format!(
        "{}\n{} read and committed in {} ({} rows/s)\n{}\n",
        parts.join(", "),
        counted(report.rows_read, "row"),
        time(report.elapsed),
        grouped(per_second(report.rows_read, report.elapsed)),
        outputs(report)
    )
}

/// Where the output is.
fn outputs(report: &RunReport) -> String {
    let folders: Vec<String> = report
        .outputs
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!("output: {}", folders.join(", "))
}

/// The shards that failed, and why, and where the rows are that were refused; empty if there are none
/// of either.
pub fn describe_failures(report: &RunReport, palette: Palette) -> String {
    let failed = report
        .shards
        .iter()
        .filter_map(|shard| match &shard.outcome {
            ShardOutcome::Failed(reason) => Some((shard, reason)),
            ShardOutcome::Committed | ShardOutcome::Abandoned => None,
        });
    let mut text = String::new();
    // Writing to a `String` cannot fail, here and below.
    for (shard, reason) in failed.clone().take(FAILURES) {
        let reason = reason.trim_end().replace('\n', "\n  ");
        let (error, path) = (palette.bad("error"), &shard.path);
        let _ = write!(
            text,
            "\n{error}: {path} (source {})\n  {reason}\n",
            shard.source
        );
    }
    let more = failed.count().saturating_sub(FAILURES) as u64;
    if let Some(record) = report.rejects.first() {
        let record = record.display();
        let _ = match report.rows_refused {
            0 => write!(text, "\nwhat failed is in {record}\n"),
            rows => {
                let refused = palette.bad(format!("{} refused", counted(rows, "row")));
                write!(text, "\n{refused}; what failed, and why, is in {record}\n")
            }
        };
    }
    if more > 0 {
        let noun = counted(more, "more shard");
        let _ = write!(text, "\n{noun} failed: --report FILE.json lists them all\n");
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::counters::{Counts, Measure};
    use crate::engine::ShardReport;

    /// A run with one shard of every kind.
    pub(in crate::report) fn report() -> RunReport {
        let shard = |path: &str, outcome| ShardReport {
            source: "train".to_owned(),
            path: path.to_owned(),
            outcome,
        };
        let (amount, part) = (
            Measure {
                amount: 24_000,
                whole: None,
            },
            Measure {
                amount: 1,
                whole: Some(8),
            },
        );
        let counts = Counts {
            rows_in: 10_072,
            rows_out: 40_276,
            changed: 40_276,
            reasons: BTreeMap::from([("shortfall: nothing new".to_owned(), 12)]),
            measures: BTreeMap::from([
                ("padding".to_owned(), part),
                ("sentences".to_owned(), amount),
            ]),
        };
        RunReport {
            shards: vec![
                shard("a.parquet", ShardOutcome::Committed),
                shard(
                    "b.parquet",
                    ShardOutcome::Failed("page 3 is torn\nfetch it again".into()),
                ),
                shard("c.parquet", ShardOutcome::Abandoned),
            ],
            already_committed: 1,
            operators: vec![("eda".to_owned(), counts)],
            rows_read: 10_072,
            rows_written: vec![("out".to_owned(), 50_348)],
            rows_refused: 0,
            rejects: vec!["out/eda/.augment/rejects.jsonl".into()],
            outputs: vec!["out/eda".into()],
            elapsed: Duration::from_secs(2),
        }
    }

    #[test]
    fn everything_that_happened_is_in_it() {
        insta::assert_snapshot!(summarize(&report(), Palette::new(false)), @"
        operator                  rows in  rows out  changed  counted
        eda                        10,072    40,276   40,276
          shortfall: nothing new                                   12
          padding 12 %
          sentences 12,000/s                                   24,000
        out (sink)                 50,348

        1 shard committed, 1 committed before, 1 failed, 1 left for the next run
        10,072 rows read and committed in 2.0 s (5,030 rows/s)
        output: out/eda

        error: b.parquet (source train)
          page 3 is torn
          fetch it again

        what failed is in out/eda/.augment/rejects.jsonl
        ");
    }

    #[test]
    fn a_run_with_nothing_to_do_takes_one_line() {
        let report = RunReport {
            shards: Vec::new(),
            already_committed: 4,
            rejects: Vec::new(),
            ..report()
        };
        assert_eq!(
            summarize(&report, Palette::new(false)),
            "nothing to do: 4 shards committed before; output: out/eda\n"
        );
    }
}
