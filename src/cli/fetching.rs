//! What is shown while models or ONNX Runtime are fetched: a bar on a terminal, else a line when it
//! begins and one when it ends.

use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Printer, Volume};
use crate::figures::size;
use crate::onnx::{Progress, Watch};

const TEMPLATE: &str = "fetching {msg} {bytes}/{total_bytes} {bar:20} {bytes_per_sec} {eta}";

/// Shows the progress of downloads on stderr.
pub(super) fn watch(volume: Volume, printer: &Printer) -> Watch {
    let printer = printer.clone();
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    Arc::new(move |progress| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Notice(notice) => printer.say(notice),
            _ if volume == Volume::Quiet => {}
            Progress::Started { what, bytes } => {
                // A download that failed may have left its bar.
                if let Some(old) = bar.take() {
                    old.finish_and_clear();
                }
                if printer.draws() {
                    *bar = Some(new_bar(what, bytes));
                } else {
                    let size = bytes.map(|bytes| format!(" ({})", size(bytes)));
                    printer.say(&format!("fetching {what}{}", size.unwrap_or_default()));
                }
            }
            Progress::Received(bytes) => {
                if let Some(bar) = bar.as_ref() {
                    bar.set_position(bytes);
                }
            }
            Progress::Finished { what } => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                printer.say(&format!("fetched {what}"));
            }
        }
    })
}

fn new_bar(what: &str, bytes: Option<u64>) -> ProgressBar {
    let bar = bytes.map_or_else(ProgressBar::no_length, ProgressBar::new);
    // The template is well-formed; should it not be, the default style serves.
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_there_are_lines() {
        let (printer, _, err) = Printer::captured();
        let steps = [
            Progress::Started {
                what: "a model",
                bytes: Some(1_500),
            },
            Progress::Received(700),
            Progress::Finished { what: "a model" },
            Progress::Notice("the hub is gone"),
        ];
        let watch = watch(Volume::Normal, &printer);
        for step in steps {
            watch(step);
        }
        assert_eq!(
            err.text(),
            "fetching a model (1.5 kB)\nfetched a model\nthe hub is gone\n"
        );
        let (printer, _, err) = Printer::captured();
        let watch = super::watch(Volume::Quiet, &printer);
        for step in steps {
            watch(step);
        }
        assert_eq!(err.text(), "the hub is gone\n");
    }
}
