//! The graph of a model, recognised by its inputs and outputs.

use super::config::ModelConfig;
use crate::inference::ModelError;
use crate::models::ModelFolder;
use crate::onnx::{Element, Port, Signature};

/// What to do about a folder that is no masked language model.
const HELP: &str = "give a folder with a fill-mask model (BERT, RoBERTa, DistilBERT, ...) as ONNX: \
     `optimum-cli export onnx --task fill-mask --model NAME FOLDER`, or one of the repositories \
     for transformers.js on the hub, such as hf://Xenova/bert-base-uncased";

/// Says that the files of a model are not what they should be.
pub(super) fn unusable(folder: &ModelFolder, reason: impl std::fmt::Display) -> ModelError {
    ModelError::new(format!("{folder}: {reason}"), HELP)
}

/// The graph of a masked language model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FillMaskGraph {
    /// Its file.
    pub(super) file: String,
    /// Whether it wants to be told which of two sentences each token is in.
    pub(super) takes_types: bool,
}

impl FillMaskGraph {
    /// Finds the graph among the files of a model: the one that is called `model`, where there
    /// are several.
    pub(super) fn find(folder: &ModelFolder, config: &ModelConfig) -> Result<Self, ModelError> {
        let mut found = Vec::new();
        let mut others = Vec::new();
        for name in folder.names().filter(|name| is_graph(name)) {
            let Some(file) = folder.graph(name) else {
                continue;
            };
            let signature = file
                .signature()
                .map_err(|error| unusable(folder, format!("cannot read `{name}`: {error}")))?;
            match Self::of(name, &signature, config) {
                Ok(graph) => found.push(graph),
                Err(reason) => others.push(format!("`{name}` ({reason})")),
            }
        }
        let called_model = found.iter().position(|graph| {
            let file = graph.file.rsplit('/').next().unwrap_or_default();
            file.starts_with("model.") || file.starts_with("model_")
        });
        if let Some(graph) = found.into_iter().nth(called_model.unwrap_or_default()) {
            return Ok(graph);
        }
        let found = if others.is_empty() {
            let names: Vec<&str> = folder.names().collect();
            names.join(", ")
        } else {
            others.join(", ")
        };
        Err(unusable(
            folder,
            format!(
                "expected a graph that takes `input_ids` and `attention_mask` and gives `logits` \
                 [batch, length, {}]; found {found}",
                config.vocabulary
            ),
        ))
    }

    /// The graph `name`, if it is one that fills masks.
    fn of(name: &str, signature: &Signature, config: &ModelConfig) -> Result<Self, String> {
        let known = ["input_ids", "attention_mask", "token_type_ids"];
        let is_strange = |port: &&Port| {
            !known.contains(&port.name.as_str()) || !matches!(port.element, Element::Int64)
        };
        if let Some(strange) = signature.inputs.iter().find(is_strange) {
            return Err(format!(
                "it takes `{}` of type {:?}",
                strange.name, strange.element
            ));
        }
        for input in ["input_ids", "attention_mask"] {
            if signature.input(input).is_none() {
                return Err(format!("it does not take `{input}`"));
            }
        }
        let Some(logits) = signature.output("logits") else {
            let names: Vec<&str> = signature
                .outputs
                .iter()
                .take(4)
                .map(|port| port.name.as_str())
                .collect();
            return Err(format!("it gives {}", names.join(", ")));
        };
        let fits = match logits.shape.as_slice() {
            // Sizes need not be written down.
            [] | [_, _, None] => true,
            [_, _, Some(size)] => *size == config.vocabulary,
            _ => false,
        };
        if !fits {
            let sizes: Vec<String> = logits
                .shape
                .iter()
                .map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string()))
                .collect();
            return Err(format!("its `logits` are [{}]", sizes.join(", ")));
        }
        Ok(Self {
            file: name.to_owned(),
            takes_types: signature.input("token_type_ids").is_some(),
        })
    }
}

/// Whether a file of this name is a graph. Names are compared as they are, as by those who write
/// them.
fn is_graph(name: &str) -> bool {
    name.strip_suffix(".onnx").is_some()
}
