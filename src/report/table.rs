//! Text in aligned columns: the first to the left, the others, figures, to the right.

use std::fmt::Write;

use super::Palette;

/// Rows of cells. Width is counted in characters.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<([String; COLUMNS], bool)>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table that begins with headings.
    pub(crate) fn new(headings: [&str; COLUMNS]) -> Self {
        Self {
            rows: vec![(headings.map(str::to_owned), true)],
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, cells: [String; COLUMNS]) {
        self.rows.push((cells, false));
    }

    /// The rows as lines, the headings painted. No line ends in spaces.
    pub(crate) fn render(&self, palette: Palette) -> String {
        let mut widths = [0; COLUMNS];
        for (cells, _) in &self.rows {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for (cells, heading) in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
                // Writing to a `String` cannot fail.
                let _ = match column {
                    0 => write!(line, "{cell:<width$}"),
                    _ => write!(line, "  {cell:>width$}"),
                };
            }
            let line = line.trim_end();
            text.push_str(&if *heading {
                palette.heading(line)
            } else {
                line.to_owned()
            });
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_aligned_to_the_right() {
        let mut table = Table::new(["", "in", "out"]);
        table.push(["ägypten".into(), "1".into(), "1,000".into()]);
        table.push(["b".into(), "20".into(), String::new()]);
        let expected = "         in    out\nägypten   1  1,000\nb        20\n";
        assert_eq!(table.render(Palette::new(false)), expected);
    }
}
