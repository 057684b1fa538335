//! Where the text is, on every edge.

use super::{Plan, Producer};

impl Plan {
    /// The position of the text column among the columns that `producer` puts out; nothing if it
    /// has been left out on the way.
    pub fn text_of(&self, producer: Producer) -> Option<usize> {
        match producer {
            Producer::Source(source) => self.sources.get(source).map(|source| source.facts.text),
            Producer::Operator { operator, port } => {
                let node = self.operators.get(operator)?;
                let before = &node.text.name;
                let name = node.spec.renamed(before).unwrap_or(before);
                let (column, _) = node.schemas.get(port)?.column_with_name(name)?;
                Some(column)
            }
        }
    }
}
