//! The one place that writes to the terminal: data to stdout, everything else to stderr.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args::Color;
use crate::report::Palette;

/// Writes to stdout and stderr, or, for tests, into memory. A clone writes to the same.
#[derive(Debug, Clone)]
pub struct Printer {
    out: Arc<Stream>,
    err: Arc<Stream>,
}

/// One of the two streams.
struct Stream {
    to: Mutex<Box<dyn Write + Send>>,
    terminal: bool,
    colour: AtomicBool,
    /// The reader has gone, or the stream broke: nothing more is written.
    closed: AtomicBool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stream")
            .field("terminal", &self.terminal)
            .field("colour", &self.colour)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Stream {
    fn new(to: Box<dyn Write + Send>, terminal: bool) -> Self {
        let (colour, closed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self {
            to: Mutex::new(to),
            terminal,
            colour,
            closed,
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        if written.is_err() {
            self.closed.store(true, Ordering::Relaxed);
        }
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    fn palette(&self) -> Palette {
        Palette::new(self.colour.load(Ordering::Relaxed))
    }
}

impl Printer {
    /// A printer on the streams of the process, without colour until it is told otherwise.
    pub fn standard() -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let terminals = (out.is_terminal(), err.is_terminal());
        Self {
            out: Arc::new(Stream::new(Box::new(out), terminals.0)),
            err: Arc::new(Stream::new(Box::new(err), terminals.1)),
        }
    }

    /// A printer into memory, and what it has written to stdout and to stderr.
    pub fn captured() -> (Self, Captured, Captured) {
        let (out, err) = (Captured::default(), Captured::default());
        let printer = Self {
            out: Arc::new(Stream::new(Box::new(out.clone()), false)),
            err: Arc::new(Stream::new(Box::new(err.clone()), false)),
        };
        (printer, out, err)
    }

    /// Decides about colour: as `color` says, and for `auto` only on a terminal that can show it,
    /// unless `NO_COLOR` is set (<https://no-color.org>).
    pub(crate) fn set_color(&self, color: Color) {
        let wanted = || {
            let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
            unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        };
        for stream in [&self.out, &self.err] {
            let paints = match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => stream.terminal && wanted(),
            };
            stream.colour.store(paints, Ordering::Relaxed);
        }
    }

    /// Writes data to stdout as it is.
    ///
    /// # Errors
    /// When stdout cannot be written to. A reader that has gone (`augment ops | head`) is no
    /// error: the rest is dropped quietly.
    pub fn data(&self, text: &str) -> io::Result<()> {
        self.out.write(text)
    }

    /// Writes `text` and a line break to stderr. Failing to is not worth failing for.
    pub fn say(&self, text: &str) {
        let _nobody_is_listening = self.err.write(&format!("{text}\n"));
    }

    /// Says that something went wrong: `error: ` and the message, then the remedy, if any.
    pub fn error(&self, message: &str, help: Option<&str>) {
        let palette = self.err_palette();
        let message = message.trim_end();
        let mut text = format!("{}: {message}", palette.bad("error"));
        if let Some(help) = help.map(str::trim_end).filter(|help| !help.is_empty()) {
            text = format!("{text}\n  {} {help}", palette.name("help:"));
        }
        self.say(&text);
    }

    /// The colours of stdout.
    pub fn out_palette(&self) -> Palette {
        self.out.palette()
    }

    /// The colours of stderr.
    pub fn err_palette(&self) -> Palette {
        self.err.palette()
    }

    /// Whether stderr is a terminal that can redraw its lines.
    pub fn draws(&self) -> bool {
        self.err.terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Columns of the terminal on stdout, at most 100 so that lines stay readable; 100 without a
    /// terminal.
    pub fn columns(&self) -> usize {
        const WIDEST: usize = 100;
        let terminal = self
            .out
            .terminal
            .then(terminal_size::terminal_size)
            .flatten();
        terminal.map_or(WIDEST, |(width, _)| usize::from(width.0).clamp(40, WIDEST))
    }
}

/// What a captured stream has received.
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fails(io::ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        assert!(
            Stream::new(Box::new(Fails(io::ErrorKind::BrokenPipe)), false)
                .write("x")
                .is_ok()
        );
        assert!(
            Stream::new(Box::new(Fails(io::ErrorKind::StorageFull)), false)
                .write("x")
                .is_err()
        );
    }

    #[test]
    fn streams_are_kept_apart() {
        let (printer, out, err) = Printer::captured();
        printer.data("rows\n").unwrap();
        printer.error("no such file\n", Some("name one that exists"));
        assert_eq!(out.text(), "rows\n");
        assert_eq!(
            err.text(),
            "error: no such file\n  help: name one that exists\n"
        );
    }

    #[test]
    fn colour_is_only_for_those_who_can_see_it() {
        let (printer, _, err) = Printer::captured();
        printer.set_color(Color::Auto);
        printer.error("plain", None);
        assert_eq!(err.text(), "error: plain\n");
        printer.set_color(Color::Always);
        printer.error("bright", None);
        assert!(err.text().contains("\u{1b}["), "{}", err.text());
    }
}
