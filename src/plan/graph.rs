//! Who reads whom: the names in `inputs`, resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::nodes::Nodes;
use super::{Producer, name_of_port};
use crate::batch::OperatorSet;
use crate::config::{NodeKind, RawNode, RawPipeline};
use crate::diagnostic::Diagnostic;
use crate::operator::{Configured, Port};
use crate::table::nearest;

/// The most sources of a pipeline, far more than are of use.
const MOST_SOURCES: usize = 256;
/// The most sinks of a pipeline, far more than are of use.
const MOST_SINKS: usize = 256;

/// One thing that a node reads. Positions are those of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) producer: Producer,
    /// Where its name, or the glob that matched it, stands.
    pub(super) span: Range<usize>,
    /// Whether it is an `errors` port.
    pub(super) errors: bool,
}

/// What every operator and every sink reads.
pub(super) struct Wiring {
    pub(super) operators: Vec<Vec<Input>>,
    pub(super) sinks: Vec<Vec<Input>>,
    /// Whether everything that the file names was found. If not, what seems to be unread may be
    /// what was meant.
    pub(super) resolved: bool,
}

/// Resolves the `inputs` of all nodes.
pub(super) fn wire(raw: &RawPipeline<'_>, nodes: &Nodes, problems: &mut Vec<Diagnostic>) -> Wiring {
    if !check_counts(raw, problems) || !check_positions(raw, nodes, problems) {
        let nothing = |count| std::iter::repeat_with(Vec::new).take(count).collect();
        let (operators, sinks) = (nothing(raw.operators.len()), nothing(raw.sinks.len()));
        return Wiring {
            operators,
            sinks,
            resolved: false,
        };
    }
    let names = Names::new(raw, nodes);
    let mut resolved = raw.complete;
    let mut resolve = |node: &RawNode<'_>| {
        let before = problems.len();
        let inputs = names.resolve(node, problems);
        resolved &= problems.len() == before && !inputs.is_empty();
        inputs
    };
    let operators = raw.operators.iter().map(&mut resolve).collect();
    let sinks = raw.sinks.iter().map(&mut resolve).collect();
    Wiring {
        operators,
        sinks,
        resolved,
    }
}

/// Checks the numbers of nodes; whether it is worth to look at them.
fn check_counts(raw: &RawPipeline<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    let complete = raw.complete;
    if complete && raw.sources.is_empty() {
        let help = "add one: [sources.train] with `type = \"parquet\"`, `paths` and `text`";
        problems.push(Diagnostic::error("A201", "the pipeline has no source").help(help));
    }
    if complete && raw.sinks.is_empty() {
        let help = "add one: [sinks.out] with `type = \"parquet\"`, `inputs` and `path`";
        problems.push(Diagnostic::error("A202", "the pipeline has no sink").help(help));
    }
    let mut few = true;
    for (nodes, most) in [
        (&raw.sources, MOST_SOURCES),
        (&raw.operators, OperatorSet::CAPACITY),
        (&raw.sinks, MOST_SINKS),
    ] {
        if let Some(node) = nodes.get(most) {
            let (count, kind) = (nodes.len(), node.kind);
            let message = format!("{count} {kind}s: a pipeline has at most {most}");
            let problem = Diagnostic::error("A209", message)
                .at(node.span.clone())
                .label("the first one too many")
                .help(match kind {
                    NodeKind::Source => "read more files by one source: `paths` takes folders",
                    NodeKind::Operator => "cut it in two: the second reads what the first wrote",
                    NodeKind::Sink => "let one sink read several outputs, or cut the pipeline",
                });
            problems.push(problem);
            few = false;
        }
    }
    few
}

/// Checks how many operators there are with those inside of others, each of which has a position of
/// its own.
fn check_positions(raw: &RawPipeline<'_>, nodes: &Nodes, problems: &mut Vec<Diagnostic>) -> bool {
    let mut count = 0;
    for (node, operator) in raw.operators.iter().zip(&nodes.operators) {
        count += 1 + operator
            .as_ref()
            .map_or(0, |operator| operator.parts().len());
        if count > OperatorSet::CAPACITY {
            let most = OperatorSet::CAPACITY;
            let message =
                format!("more than {most} operators, the steps inside of others included");
            let problem = Diagnostic::error("A209", message)
                .at(node.span.clone())
                .label("one too many is in here")
                .help("cut the pipeline in two: the second reads what the first wrote");
            problems.push(problem);
            return false;
        }
    }
    true
}

/// Everything that can be read, by the name that `inputs` uses.
struct Names<'a> {
    producers: BTreeMap<String, Producer>,
    /// Positions of the operators, by id.
    operators: BTreeMap<&'a str, usize>,
    /// Ports by operator; nothing where the options are wrong, so that any port may exist.
    ports: Vec<Option<Vec<Port>>>,
    sinks: BTreeSet<&'a str>,
    /// The ids of nodes that are reported as being no tables.
    broken: &'a [String],
}

impl<'a> Names<'a> {
    fn new(raw: &'a RawPipeline<'_>, nodes: &Nodes) -> Self {
        let ports_of = |configured: &Option<Arc<dyn Configured>>| {
            configured.as_ref().map(|configured| configured.ports())
        };
        let ports: Vec<_> = nodes.operators.iter().map(ports_of).collect();
        let mut producers = BTreeMap::new();
        let mut operators = BTreeMap::new();
        // Where an id is used twice the first node keeps it; the second is reported elsewhere.
        for (source, node) in raw.sources.iter().enumerate() {
            producers
                .entry(node.id.clone())
                .or_insert(Producer::Source(source));
        }
        for (operator, (node, ports)) in raw.operators.iter().zip(&ports).enumerate() {
            if producers.contains_key(&node.id) || operators.contains_key(node.id.as_str()) {
                continue;
            }
            operators.insert(node.id.as_str(), operator);
            let first = ports.as_ref().and_then(|ports| ports.first());
            if first.is_none_or(|port| port.name.is_empty()) {
                let main = Producer::Operator { operator, port: 0 };
                producers.insert(node.id.clone(), main);
            }
            for (port, named) in ports.iter().flatten().enumerate() {
                if !named.name.is_empty() {
                    let name = format!("{}.{}", node.id, named.name);
                    producers.insert(name, Producer::Operator { operator, port });
                }
            }
        }
        let sinks = raw.sinks.iter().map(|sink| sink.id.as_str()).collect();
        Self {
            producers,
            operators,
            ports,
            sinks,
            broken: &raw.broken,
        }
    }

    /// What `node` reads, each thing once.
    fn resolve(&self, node: &RawNode<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Input> {
        let mut inputs: Vec<Input> = Vec::with_capacity(node.inputs.len());
        let mut named = BTreeSet::new();
        for input in &node.inputs {
            let name = input.get_ref();
            if !named.insert(name.as_str()) {
                let message = format!("{} `{}` reads `{name}` twice", node.kind, node.id);
                let problem = Diagnostic::error("A206", message)
                    .at(input.span())
                    .label("named before")
                    .help("take it out: every row would come twice");
                problems.push(problem);
                continue;
            }
            let found = if is_glob(name) {
                self.matching(node, input)
            } else {
                self.one(node, input)
                    .map(|producer| producer.into_iter().collect())
            };
            match found {
                Ok(producers) => {
                    for producer in producers {
                        if !inputs.iter().any(|input| input.producer == producer) {
                            let errors = self.is_errors(producer);
                            inputs.push(Input {
                                producer,
                                span: input.span(),
                                errors,
                            });
                        }
                    }
                }
                Err(problem) => problems.push(problem.at(input.span())),
            }
        }
        inputs
    }

    /// What a name stands for; nothing if that is broken.
    fn one(
        &self,
        node: &RawNode<'_>,
        input: &Spanned<String>,
    ) -> Result<Option<Producer>, Diagnostic> {
        let name = input.get_ref().as_str();
        if let Some(producer) = self.producers.get(name) {
            return Ok(Some(*producer));
        }
        if self
            .broken
            .iter()
            .any(|id| name.split('.').next() == Some(id))
        {
            return Ok(None);
        }
        if self.sinks.contains(name) {
            let message = format!("{} `{}` reads from the sink `{name}`", node.kind, node.id);
            let help = "read what the sink reads instead; nothing leaves a sink";
            return Err(Diagnostic::error("A208", message)
                .label("a sink is an end")
                .help(help));
        }
        if let Some((id, port)) = name.split_once('.') {
            if let Some(&operator) = self.operators.get(id) {
                return match self.ports.get(operator) {
                    Some(Some(ports)) => Err(unknown_port(node, id, port, ports)),
                    // The operator is broken: whether it has the port is not known.
                    _ => Ok(Some(Producer::Operator { operator, port: 0 })),
                };
            }
            if self.producers.contains_key(id) {
                let message = format!("source `{id}` has no port `{port}`");
                let help = format!("a source has one output: write \"{id}\"");
                return Err(Diagnostic::error("A204", message)
                    .label("no such port")
                    .help(help));
            }
        }
        if let Some(Some(ports)) = self.operators.get(name).and_then(|at| self.ports.get(*at)) {
            return Err(no_main_output(node, name, ports));
        }
        let message = format!(
            "{} `{}` reads from unknown node `{name}`",
            node.kind, node.id
        );
        let problem =
            Diagnostic::error("A203", message).label("no source, operator or port has this name");
        let others = self
            .producers
            .keys()
            .map(String::as_str)
            .filter(|other| *other != node.id);
        Err(match nearest(name, others) {
            Some(near) => problem.help(format!("a similar node exists: `{near}`")),
            None => problem.help(self.list(node)),
        })
    }

    /// All that a glob matches, by name, except what is the node's own.
    fn matching(
        &self,
        node: &RawNode<'_>,
        input: &Spanned<String>,
    ) -> Result<Vec<Producer>, Diagnostic> {
        let glob = input.get_ref().as_str();
        let own = self.operators.get(node.id.as_str());
        let found: Vec<Producer> = self
            .producers
            .iter()
            .filter(|(name, _)| matches(glob, name))
            .map(|(_, producer)| *producer)
            .filter(|producer| match producer {
                Producer::Operator { operator, .. } => Some(operator) != own,
                Producer::Source(_) => true,
            })
            .collect();
        // Ports of broken operators are not known, so a glob for ports may yet match.
        if !found.is_empty() || self.ports.iter().any(Option::is_none) && glob.contains('.') {
            return Ok(found);
        }
        let message = format!("`{glob}` matches no node or port");
        let problem = Diagnostic::error("A205", message).label("nothing to read");
        let has_errors = self.producers.keys().any(|name| name.ends_with(".errors"));
        Err(if glob.ends_with(".errors") && !has_errors {
            problem.help("an operator has a port `errors` if it has `on_error = \"route\"`")
        } else {
            problem.help(self.list(node))
        })
    }

    fn list(&self, node: &RawNode<'_>) -> String {
        const MOST: usize = 12;
        let names: Vec<&str> = self
            .producers
            .keys()
            .map(String::as_str)
            .filter(|name| *name != node.id)
            .collect();
        let shown = names
            .iter()
            .take(MOST)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        match names.len() {
            0 => "there is nothing to read: add a source".to_owned(),
            count if count > MOST => format!("there is {shown} and {} more", count - MOST),
            _ => format!("there is: {shown}"),
        }
    }

    fn is_errors(&self, producer: Producer) -> bool {
        let Producer::Operator { operator, port } = producer else {
            return false;
        };
        let ports = self.ports.get(operator).and_then(Option::as_ref);
        ports
            .and_then(|ports| ports.get(port))
            .is_some_and(|port| port.name == "errors")
    }
}

fn unknown_port(node: &RawNode<'_>, id: &str, port: &str, ports: &[Port]) -> Diagnostic {
    let message = format!(
        "{} `{}` reads from unknown port `{id}.{port}`",
        node.kind, node.id
    );
    let problem = Diagnostic::error("A204", message).label(format!("`{id}` has no such port"));
    let named = || {
        ports
            .iter()
            .map(|port| port.name.as_str())
            .filter(|name| !name.is_empty())
    };
    if let Some(near) = nearest(port, named()) {
        return problem.help(format!("a similar port exists: `{id}.{near}`"));
    }
    if port == "errors" {
        return problem.help(format!(
            "`{id}` has one if it is given `on_error = \"route\"`"
        ));
    }
    problem.help(format!("it has: {}", names_of_ports(id, ports)))
}

fn no_main_output(node: &RawNode<'_>, id: &str, ports: &[Port]) -> Diagnostic {
    let message = format!(
        "{} `{}` does not say which output of `{id}` it reads",
        node.kind, node.id
    );
    Diagnostic::error("A204", message)
        .label(format!("`{id}` has no main output"))
        .help(format!(
            "name one or more of {}, or all of them by `{id}.*`",
            names_of_ports(id, ports)
        ))
}

fn names_of_ports(id: &str, ports: &[Port]) -> String {
    let name = |port| format!("`{}`", name_of_port(id, ports, port));
    let names: Vec<String> = (0..ports.len()).map(name).collect();
    names.join(", ")
}

fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether `name` matches `glob`, in which `*` stands for any characters but `.`, and `?` for one.
fn matches(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // The last star, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
                continue;
            }
            Some(b'?') if name[seen] != b'.' => {
                at += 1;
                seen += 1;
                continue;
            }
            Some(byte) if *byte == name[seen] => {
                at += 1;
                seen += 1;
                continue;
            }
            _ => {}
        }
        match star {
            Some((place, taken)) if name[taken] != b'.' => {
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
            _ => return false,
        }
    }
    glob.get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stops_at_the_dot() {
        for (glob, name, expected) in [
            ("*", "train", true),
            ("*", "bt.errors", false),
            ("*.errors", "bt.errors", true),
            ("*.errors", "bt.rejected", false),
            ("tr*n", "train", true),
            ("t?ain", "train", true),
            ("b*.*", "bt.errors", true),
            ("b?errors", "b.errors", false),
            ("**n", "train", true),
            ("", "train", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }
}
