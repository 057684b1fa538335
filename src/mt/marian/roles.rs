//! What the graphs of a model do, told by their inputs and outputs.

use super::ModelError;
use super::files::{ModelFiles, listed};
use crate::mt::optimise::{MASK, PRODUCTS, ROUNDED, STATE};
use crate::onnx::{Port, Signature};

/// What a graph does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    FastEncoder,
    FastDecoder,
    StateDecoder,
    Compact,
    Screen,
    Encoder,
    Merged,
    WithPast,
    First,
    WithoutPast,
}

impl Role {
    /// What a graph with these inputs and outputs does.
    pub(super) fn of(signature: &Signature) -> Option<Self> {
        let takes = |name| signature.input(name).is_some();
        let gives = |name| signature.output(name).is_some();
        if takes("sentence_index") {
            Some(Self::Compact)
        } else if takes(ROUNDED) && gives(PRODUCTS) {
            Some(Self::Screen)
        } else if takes(MASK) && gives(STATE) {
            Some(Self::StateDecoder)
        } else if (takes(MASK) || takes("beam_index")) && gives("logits") {
            Some(Self::FastDecoder)
        } else if takes("input_ids") && gives("mask_bias") && gives("cross_key.0") {
            Some(Self::FastEncoder)
        } else if takes("input_ids") && gives("last_hidden_state") {
            Some(Self::Encoder)
        } else if !gives("logits") {
            None
        } else if takes("use_cache_branch") {
            Some(Self::Merged)
        } else if takes("past_key_values.0.decoder.key") {
            Some(Self::WithPast)
        } else if takes("encoder_hidden_states") && gives("present.0.encoder.key") {
            Some(Self::First)
        } else if takes("encoder_hidden_states") {
            Some(Self::WithoutPast)
        } else {
            None
        }
    }

    fn called(self) -> &'static str {
        match self {
            Self::FastEncoder => "an encoder of the fast layout",
            Self::FastDecoder => "a decoder of the fast layout",
            Self::StateDecoder => {
                "a decoder of the fast layout, which leaves scores to another graph"
            }
            Self::Screen => "what scores tokens in the fast layout",
            Self::Compact => "what drops sentences in the fast layout",
            Self::Encoder => "an encoder",
            Self::Merged => "a merged decoder",
            Self::WithPast => "a decoder for the later steps",
            Self::First => "a decoder for the first step",
            Self::WithoutPast => "a decoder without past",
        }
    }
}

/// A graph and what it is.
#[derive(Debug)]
pub(super) struct Graph {
    /// The name of its file.
    pub(super) name: String,
    /// Nothing where it is of no layout.
    pub(super) role: Option<Role>,
    pub(super) signature: Signature,
}

impl Graph {
    /// Looks at the inputs and outputs of a graph.
    pub(super) fn read(files: &ModelFiles, name: &str) -> Result<Self, ModelError> {
        let signature = read_signature(files, name)?;
        Ok(Self {
            name: name.to_owned(),
            role: Role::of(&signature),
            signature,
        })
    }
}

fn read_signature(files: &ModelFiles, name: &str) -> Result<Signature, ModelError> {
    let signature = match files.graph(name) {
        Some(file) => file.signature(),
        None => Ok(Signature::default()),
    };
    signature.map_err(|error| files.unreadable(name, &error))
}

/// The graphs that were found, or the files that were left out, in words.
pub(super) fn described(graphs: &[Graph], names: &[String]) -> String {
    if graphs.is_empty() {
        return match names {
            [] => "no file that ends in `.onnx`".to_owned(),
            _ => format!("other variants only: {}", listed(names)),
        };
    }
    let described: Vec<String> = graphs
        .iter()
        .map(|graph| {
            let role = graph.role.map_or_else(
                || {
                    let ports = |ports: &[Port]| {
                        let names: Vec<String> =
                            ports.iter().take(4).map(|port| port.name.clone()).collect();
                        listed(&names)
                    };
                    format!(
                        "nothing known, from {} to {}",
                        ports(&graph.signature.inputs),
                        ports(&graph.signature.outputs),
                    )
                },
                |role| role.called().to_owned(),
            );
            format!("`{}` ({role})", graph.name)
        })
        .collect();
    described.join(", ")
}

/// What a folder in the fast layout lacks, in words; nothing where nothing is lacking, or where no graph is
/// of that layout.
pub(super) fn missing_of_fast(graphs: &[Graph]) -> Option<String> {
    let has = |role: Role| graphs.iter().any(|graph| graph.role == Some(role));
    // The names are those that `augment models optimize` gives them.
    let parts = [
        (has(Role::FastEncoder), "encoder.onnx"),
        (
            has(Role::FastDecoder) || has(Role::StateDecoder),
            "decoder.onnx",
        ),
        (has(Role::Compact), "compact.onnx"),
        (has(Role::Screen) || !has(Role::StateDecoder), "screen.onnx"),
    ];
    let is_fast = has(Role::FastEncoder) || has(Role::FastDecoder) || has(Role::StateDecoder);
    let missing: Vec<String> = parts
        .into_iter()
        .filter(|(is_there, _)| !is_there)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    (is_fast && !missing.is_empty()).then(|| {
        format!(
            "{} beside the other graphs of the fast layout",
            missing.join(" and ")
        )
    })
}
