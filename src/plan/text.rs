//! Where the texts are, on every edge.

use super::{Plan, Producer};
use crate::columns::TextPath;

impl Plan {
    /// What the texts are called among the columns that `producer` puts out: `text`, or
    /// `messages[].content`. Some may have been left out on the way.
    pub fn text_names_of(&self, producer: Producer) -> Vec<String> {
        match producer {
            Producer::Source(source) => {
                let texts = self.sources.get(source).map(|source| &source.facts.texts);
                let paths = texts.into_iter().flat_map(|texts| &texts.paths);
                paths.map(|path| path.name().to_owned()).collect()
            }
            Producer::Operator { operator, .. } => {
                let node = self.operators.get(operator);
                node.map_or_else(Vec::new, |node| node.text_names.clone())
            }
        }
    }

    /// The position of the first text among the columns that `producer` puts out; nothing if it has
    /// been left out on the way, or is a part of a column.
    pub fn text_of(&self, producer: Producer) -> Option<usize> {
        let schema = match producer {
            Producer::Source(source) => &self.sources.get(source)?.facts.schema,
            Producer::Operator { operator, port } => {
                self.operators.get(operator)?.schemas.get(port)?
            }
        };
        let name = self.text_names_of(producer).into_iter().next()?;
        let path = TextPath::resolve(&name, schema).ok()?;
        path.is_plain().then(|| path.column())
    }
}
