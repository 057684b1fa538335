//! The colours of what is printed, by meaning.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// Paints text for a terminal, or leaves it plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    colour: bool,
}

impl Palette {
    /// A palette that paints if `colour`.
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// Whether it paints.
    pub fn has_colour(self) -> bool {
        self.colour
    }

    /// A heading.
    pub fn heading(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// The name of an operator, an option or a node.
    pub fn name(self, text: impl Display) -> String {
        self.paint(AnsiColor::Cyan.on_default().bold(), text)
    }

    /// What matters less.
    pub fn faint(self, text: impl Display) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// Success, or text that is new.
    pub fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default().bold(), text)
    }

    /// A failure, or text that is gone.
    pub fn bad(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// Text that is gone.
    pub fn gone(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default().strikethrough(), text)
    }

    fn paint(self, style: Style, text: impl Display) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}
