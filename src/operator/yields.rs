//! How many rows become of one, for estimates.

use super::Port;

/// The rows that leave by an output for each row that comes in, on average: at least, and at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yield {
    /// The fewest rows.
    pub least: f64,
    /// The most rows.
    pub most: f64,
}

impl Yield {
    /// About so many.
    pub fn about(rows: f64) -> Self {
        Self {
            least: rows,
            most: rows,
        }
    }

    /// No more than so many; how many depends on the data.
    pub fn up_to(rows: f64) -> Self {
        Self {
            least: 0.0,
            most: rows,
        }
    }
}

/// What leaves by `ports` where nothing more is known: `expansion` rows by the main output, and by
/// the others what is left over.
pub(super) fn usual(ports: &[Port], expansion: f64) -> Vec<Yield> {
    let of_port = |port: &Port| {
        if port.name.is_empty() {
            Yield::about(expansion)
        } else {
            Yield::up_to(1.0)
        }
    };
    ports.iter().map(of_port).collect()
}
