//! The bars on the terminal.

use std::sync::atomic::Ordering;

use indicatif::{ProgressBar, ProgressStyle};

use super::Progress;
use crate::figures::{counted, grouped};
use crate::report::Palette;
use crate::report::figures::{measured, per_second, remaining, time};

/// One bar for each source, then one line for each operator.
pub(super) struct Drawing {
    /// One line while something is counted before the run.
    counting: Option<ProgressBar>,
    sources: Vec<ProgressBar>,
    operators: Vec<ProgressBar>,
}

impl Drawing {
    pub(super) fn new(progress: &Progress<'_>, palette: Palette) -> Self {
        let ids = progress.sources.iter().map(|source| &source.total.id);
        let ids = ids.chain(progress.operators.iter().map(|operator| &operator.id));
        let widest = ids.map(|id| id.chars().count()).max().unwrap_or_default();
        let bar = |length: Option<u64>, template: &str, id: &str| {
            let bar = progress.bars.add(ProgressBar::no_length());
            if let Some(length) = length {
                bar.set_length(length);
            }
            // The templates below are well-formed; should one not be, the default style serves.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
            }
            bar.set_prefix(palette.name(format!("{id:<widest$}")));
            bar
        };
        let sources = progress.sources.iter().map(|source| {
            bar(
                Some(source.total.rows),
                "{prefix} ▕{bar:24}▏ {msg}",
                &source.total.id,
            )
        });
        let sources = sources.collect();
        let operators = progress
            .operators
            .iter()
            .map(|node| bar(None, "{prefix}  {msg}", &node.id));
        Self {
            counting: None,
            sources,
            operators: operators.collect(),
        }
    }

    pub(super) fn update(&mut self, progress: &Progress<'_>) {
        if let Some((counted, total)) = progress.counting() {
            let bar = self.counting.get_or_insert_with(|| {
                let bar = progress.bars.insert(0, ProgressBar::no_length());
                // The template is well-formed; should it not be, the default style serves.
                if let Ok(style) = ProgressStyle::with_template("{msg}") {
                    bar.set_style(style);
                }
                bar
            });
            bar.set_message(progress.counting_line(counted, total));
        } else if let Some(bar) = self.counting.take() {
            bar.finish_and_clear();
        }
        let elapsed = progress.reading_for();
        for (bar, source) in self.sources.iter().zip(&progress.sources) {
            let (read, total) = (source.rows_read.load(Ordering::Relaxed), source.rows());
            bar.set_length(total);
            let left = remaining(read, total, elapsed)
                .map_or_else(String::new, |left| format!(", {} left", time(left)));
            let rate = grouped(per_second(read, elapsed));
            bar.set_position(read);
            bar.set_message(format!(
                "{} of {}, {rate} rows/s{left}",
                grouped(read),
                counted(total, "row")
            ));
        }
        for (bar, counts) in self.operators.iter().zip(progress.counts()) {
            let mut parts = vec![
                format!("{} in", grouped(counts.rows_in)),
                format!("{} out", grouped(counts.rows_out)),
                format!("{} changed", grouped(counts.changed)),
            ];
            let measures = counts.measures.iter();
            parts.extend(measures.map(|(name, measure)| measured(name, *measure, elapsed)));
            bar.set_message(parts.join(", "));
        }
    }
}
