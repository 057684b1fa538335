//! A plan as a graph, for mermaid and Graphviz.

use std::fmt::Write;

use super::{Plan, Producer};

/// A node of the graph as it is drawn.
struct Drawn<'p> {
    kind: &'static str,
    id: &'p str,
    type_name: &'p str,
}

impl Plan {
    /// The graph as a mermaid flowchart. See <https://mermaid.js.org/syntax/flowchart.html>.
    pub fn mermaid(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        for node in self.drawn() {
            let label = format!(
                "{}<br>{}",
                mermaid_text(node.id),
                mermaid_text(node.type_name)
            );
            let (open, close) = match node.kind {
                "source" => ("[(", ")]"),
                "sink" => ("[/", "/]"),
                _ => ("[", "]"),
            };
            // Writing to a `String` cannot fail, here and below.
            // The kind before the id keeps clear of mermaid's own words, such as `end`.
            let _ = writeln!(out, "    {}_{}{open}\"{label}\"{close}", node.kind, node.id);
        }
        for (from, port, to) in self.edges() {
            let arrow = match port.as_str() {
                "" => "-->".to_owned(),
                port => format!("-->|\"{}\"|", mermaid_text(port)),
            };
            let _ = writeln!(out, "    {}_{} {arrow} {}_{}", from.0, from.1, to.0, to.1);
        }
        out
    }

    /// The graph in the DOT language. See <https://graphviz.org/doc/info/lang.html>.
    pub fn dot(&self) -> String {
        let mut out = format!("digraph \"{}\" {{\n    rankdir=LR;\n", dot_text(&self.name));
        for node in self.drawn() {
            let shape = match node.kind {
                "source" => "cylinder",
                "sink" => "note",
                _ => "box",
            };
            let label = format!("{}\\n{}", dot_text(node.id), dot_text(node.type_name));
            let _ = writeln!(
                out,
                "    \"{}\" [shape={shape}, label=\"{label}\"];",
                dot_text(node.id)
            );
        }
        for (from, port, to) in self.edges() {
            let label = match port.as_str() {
                "" => String::new(),
                port => format!(" [label=\"{}\"]", dot_text(port)),
            };
            let _ = writeln!(
                out,
                "    \"{}\" -> \"{}\"{label};",
                dot_text(from.1),
                dot_text(to.1)
            );
        }
        out.push_str("}\n");
        out
    }

    fn drawn(&self) -> Vec<Drawn<'_>> {
        let parquet = |kind, id| Drawn {
            kind,
            id,
            type_name: "parquet",
        };
        let sources = self
            .sources
            .iter()
            .map(|source| parquet("source", source.id.as_str()));
        let operators = self.operators.iter().map(|operator| Drawn {
            kind: "operator",
            id: &operator.id,
            type_name: operator.spec.name(),
        });
        let sinks = self
            .sinks
            .iter()
            .map(|sink| parquet("sink", sink.id.as_str()));
        sources.chain(operators).chain(sinks).collect()
    }

    /// All edges: from kind and id, the port if it is not the main output, to kind and id.
    #[expect(clippy::type_complexity, reason = "three words each, for two loops")]
    fn edges(&self) -> Vec<((&'static str, &str), String, (&'static str, &str))> {
        let operators = self
            .operators
            .iter()
            .map(|node| ("operator", node.id.as_str(), &node.inputs));
        let sinks = self
            .sinks
            .iter()
            .map(|node| ("sink", node.id.as_str(), &node.inputs));
        let mut edges = Vec::new();
        for (kind, id, inputs) in operators.chain(sinks) {
            for input in inputs {
                let (from, port) = match *input {
                    Producer::Source(source) => {
                        let id = self.sources.get(source).map_or("", |source| &source.id);
                        (("source", id), String::new())
                    }
                    Producer::Operator { operator, port } => {
                        let Some(producer) = self.operators.get(operator) else {
                            continue;
                        };
                        let named = producer.ports.get(port);
                        let port = named.map_or(String::new(), |port| port.name.clone());
                        (("operator", producer.id.as_str()), port)
                    }
                };
                edges.push((from, port, (kind, id)));
            }
        }
        edges
    }
}

/// Escapes a text in double quotes in mermaid, by its entity codes.
fn mermaid_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

/// Escapes a text in double quotes in DOT.
fn dot_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_a_graph() {
        assert_eq!(mermaid_text("a\"]\n<b>#"), "a#quot;] #lt;b#gt;#35;");
        assert_eq!(dot_text("a\"\\\n"), "a\\\"\\\\ ");
    }
}
