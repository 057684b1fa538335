//! Which graphs a model has, recognised by their inputs and outputs.

use serde::Deserialize;

use super::ModelError;
use super::config::ModelConfig;
use super::files::ModelFiles;
use super::roles::{Graph, Role, described, missing_of_fast};
use crate::mt::optimise::PRODUCTS;

/// The versions of the fast layout.
const FORMATS: [u32; 3] = [1, 3, 4];

/// What is part of a file's name where there are several of the same graph.
const VARIANTS: [&str; 7] = ["fp16", "quantized", "int8", "uint8", "q4", "q4f16", "bnb4"];

/// The graphs of a model, by the names of their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// Our own layout: all keys and values of the source at once, fused projections, beams chosen
    /// inside the graph.
    Fast {
        /// Sentences to keys and values.
        encoder: String,
        /// One step.
        decoder: String,
        /// Drops finished sentences.
        compact: String,
        /// Finds the tokens that are worth an exact score, if the decoder leaves scores to it.
        screen: Option<String>,
    },
    /// Optimum's export with one decoder, which has a branch for the first step.
    Merged {
        /// Sentences to hidden states.
        encoder: String,
        /// One step.
        decoder: String,
    },
    /// Optimum's export with a decoder for the first step and one for the others.
    Split {
        /// Sentences to hidden states.
        encoder: String,
        /// The first step.
        first: String,
        /// The steps after it.
        decoder: String,
    },
    /// A decoder that remembers nothing: all tokens are computed anew at each step.
    WithoutPast {
        /// Sentences to hidden states.
        encoder: String,
        /// One step.
        decoder: String,
    },
}

/// The part of the manifest of the fast layout that is checked.
#[derive(Debug, Deserialize)]
struct Manifest {
    format: u32,
    layers: usize,
    heads: usize,
    width: usize,
    vocabulary: usize,
}

impl Layout {
    /// Finds the graphs of a model. `variant` chooses among several: `quantized` takes
    /// `*_quantized.onnx`; without it, files that have no such ending are taken.
    ///
    /// # Errors
    /// When the graphs are not those of a known layout, or do not fit the configuration.
    pub fn find(
        files: &ModelFiles,
        variant: Option<&str>,
        config: &ModelConfig,
    ) -> Result<Self, ModelError> {
        let names: Vec<String> = files
            .names()?
            .into_iter()
            .filter(|name| name.strip_suffix(".onnx").is_some())
            .collect();
        let mut graphs = Vec::new();
        for name in names.iter().filter(|name| is_variant(name, variant)) {
            graphs.push(Graph::read(files, name)?);
        }
        let layout = Self::choose(&graphs).ok_or_else(|| ModelError::Layout {
            model: files.name().to_owned(),
            expected: expected(&graphs, variant),
            found: described(&graphs, &names),
        })?;
        let used = layout.graphs();
        for graph in graphs
            .iter()
            .filter(|graph| used.contains(&graph.name.as_str()))
        {
            check_graph(files, graph, config)?;
        }
        if matches!(layout, Self::Fast { .. }) {
            check_manifest(files, config)?;
        }
        Ok(layout)
    }

    fn choose(graphs: &[Graph]) -> Option<Self> {
        let one = |role: Role| {
            graphs
                .iter()
                .find(|graph| graph.role == Some(role))
                .map(|graph| graph.name.clone())
        };
        let fast = || {
            let screened = || Some((one(Role::StateDecoder)?, Some(one(Role::Screen)?)));
            let (decoder, screen) = match one(Role::FastDecoder) {
                Some(decoder) => (decoder, None),
                None => screened()?,
            };
            Some(Self::Fast {
                encoder: one(Role::FastEncoder)?,
                decoder,
                compact: one(Role::Compact)?,
                screen,
            })
        };
        // A merged decoder has the weights once, the split ones twice.
        let merged = || {
            Some(Self::Merged {
                encoder: one(Role::Encoder)?,
                decoder: one(Role::Merged)?,
            })
        };
        let split = || {
            Some(Self::Split {
                encoder: one(Role::Encoder)?,
                first: one(Role::First)?,
                decoder: one(Role::WithPast)?,
            })
        };
        let without_past = || {
            Some(Self::WithoutPast {
                encoder: one(Role::Encoder)?,
                decoder: one(Role::WithoutPast).or_else(|| one(Role::First))?,
            })
        };
        fast().or_else(merged).or_else(split).or_else(without_past)
    }

    /// The graph that finds the tokens that are worth an exact score, if there is one.
    pub(super) fn screen(&self) -> Option<&str> {
        match self {
            Self::Fast { screen, .. } => screen.as_deref(),
            _ => None,
        }
    }

    /// The files of its graphs.
    pub(super) fn graphs(&self) -> Vec<&str> {
        match self {
            Self::Fast {
                encoder,
                decoder,
                compact,
                screen,
            } => {
                let mut graphs = vec![encoder.as_str(), decoder, compact];
                graphs.extend(screen.as_deref());
                graphs
            }
            Self::Split {
                encoder,
                first,
                decoder,
            } => vec![encoder, first, decoder],
            Self::Merged { encoder, decoder } | Self::WithoutPast { encoder, decoder } => {
                vec![encoder, decoder]
            }
        }
    }
}

/// What is to be in the folder that has these graphs.
fn expected(graphs: &[Graph], variant: Option<&str>) -> String {
    let of_variant =
        || variant.map_or_else(String::new, |variant| format!(" of variant `{variant}`"));
    missing_of_fast(graphs)
        .unwrap_or_else(|| format!("encoder and decoder as ONNX graphs{}", of_variant()))
}

/// Whether a file is of this variant.
fn is_variant(name: &str, variant: Option<&str>) -> bool {
    let stem = name.strip_suffix(".onnx").unwrap_or(name);
    let ends_with = |variant: &str| {
        stem.strip_suffix(variant)
            .is_some_and(|rest| rest.ends_with('_'))
    };
    match variant {
        Some(variant) => ends_with(variant),
        None => !VARIANTS.into_iter().any(ends_with),
    }
}

/// Compares what a graph says about its sizes with the configuration.
fn check_graph(files: &ModelFiles, graph: &Graph, config: &ModelConfig) -> Result<(), ModelError> {
    let mismatch = |what: &str, found: usize, expected: usize| ModelError::Mismatch {
        model: files.name().to_owned(),
        what: what.to_owned(),
        place: format!("`{}`", graph.name),
        found: found.to_string(),
        expected: expected.to_string(),
    };
    let ports = || {
        graph
            .signature
            .inputs
            .iter()
            .chain(&graph.signature.outputs)
    };
    let scores = ["logits", PRODUCTS].map(|name| graph.signature.output(name));
    if let Some(logits) = scores.into_iter().flatten().next()
        && let Some(Some(found)) = logits.shape.last()
        && *found != config.vocabulary
    {
        return Err(mismatch(
            "the size of the vocabulary",
            *found,
            config.vocabulary,
        ));
    }
    let keys = ports().filter(|port| is_decoder_key(&port.name));
    for port in keys {
        if let Some(Some(found)) = port.shape.get(1)
            && *found != config.heads
        {
            return Err(mismatch("the number of heads", *found, config.heads));
        }
        if let Some(Some(found)) = port.shape.get(3)
            && *found != config.head_size()
        {
            return Err(mismatch("the width of a head", *found, config.head_size()));
        }
    }
    let names = graph
        .signature
        .outputs
        .iter()
        .filter(|port| is_decoder_key(&port.name) || port.name.starts_with("cross_key."));
    let layers = names.count();
    if layers > 0 && layers != config.layers {
        return Err(mismatch("the number of layers", layers, config.layers));
    }
    Ok(())
}

/// Whether this is the key of a layer's past, in either layout.
fn is_decoder_key(name: &str) -> bool {
    name.starts_with("past_key.")
        || name.starts_with("new_key.")
        || name.starts_with("present_key.")
        || name.ends_with(".decoder.key")
}

fn check_manifest(files: &ModelFiles, config: &ModelConfig) -> Result<(), ModelError> {
    const NAME: &str = "augment-mt.json";
    let manifest: Manifest = serde_json::from_slice(&files.require(NAME)?)
        .map_err(|error| files.unreadable(NAME, &error))?;
    if !FORMATS.contains(&manifest.format) {
        let reason = format!(
            "it has format {}, and this program knows formats 1, 3 and 4: make the folder anew with \
             `augment models optimize`",
            manifest.format
        );
        return Err(files.unreadable(NAME, &reason));
    }
    for (what, found, expected) in [
        ("the number of layers", manifest.layers, config.layers),
        ("the number of heads", manifest.heads, config.heads),
        ("the width", manifest.width, config.width),
        (
            "the size of the vocabulary",
            manifest.vocabulary,
            config.vocabulary,
        ),
    ] {
        if found != expected {
            return Err(ModelError::Mismatch {
                model: files.name().to_owned(),
                what: what.to_owned(),
                place: format!("`{NAME}`"),
                found: found.to_string(),
                expected: expected.to_string(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mt::optimise::{MASK, ROUNDED, STATE};
    use crate::onnx::{Element, Port, Signature};

    fn graph(name: &str, inputs: &[&str], outputs: &[&str]) -> Graph {
        let ports = |names: &[&str]| {
            names
                .iter()
                .map(|name| Port {
                    name: (*name).to_owned(),
                    element: Element::Float32,
                    shape: Vec::new(),
                })
                .collect()
        };
        let signature = Signature {
            inputs: ports(inputs),
            outputs: ports(outputs),
            constants: Vec::new(),
        };
        Graph {
            name: name.to_owned(),
            role: Role::of(&signature),
            signature,
        }
    }

    fn optimum() -> Vec<Graph> {
        vec![
            graph(
                "a",
                &["input_ids", "attention_mask"],
                &["last_hidden_state"],
            ),
            graph(
                "b",
                &["input_ids", "encoder_hidden_states"],
                &["logits", "present.0.decoder.key", "present.0.encoder.key"],
            ),
            graph(
                "c",
                &["input_ids", "past_key_values.0.decoder.key"],
                &["logits", "present.0.decoder.key"],
            ),
            graph(
                "d",
                &[
                    "input_ids",
                    "past_key_values.0.decoder.key",
                    "use_cache_branch",
                ],
                &["logits", "present.0.decoder.key"],
            ),
        ]
    }

    #[test]
    fn layouts_are_recognised_whatever_the_files_are_called() {
        let mut graphs = optimum();
        assert!(matches!(
            Layout::choose(&graphs),
            Some(Layout::Merged { decoder, .. }) if decoder == "d"
        ));
        graphs.pop();
        assert!(matches!(
            Layout::choose(&graphs),
            Some(Layout::Split { first, decoder, .. }) if first == "b" && decoder == "c"
        ));
        graphs.pop();
        assert!(matches!(
            Layout::choose(&graphs),
            Some(Layout::WithoutPast { decoder, .. }) if decoder == "b"
        ));
        graphs.pop();
        assert_eq!(Layout::choose(&graphs), None);
        graphs.push(graph("e", &["input_ids"], &["mask_bias", "cross_key.0"]));
        graphs.push(graph("f", &["input_ids", "beam_index"], &["logits"]));
        graphs.push(graph("g", &["sentence_index"], &["kept_mask_bias"]));
        assert!(matches!(Layout::choose(&graphs), Some(Layout::Fast { .. })));
    }

    #[test]
    fn a_fast_folder_is_told_which_files_it_lacks() {
        let encoder = || graph("e", &["input_ids"], &["mask_bias", "cross_key.0"]);
        let decoder = || graph("d", &[MASK], &[STATE]);
        let told = |files: &str| {
            Some(format!(
                "{files} beside the other graphs of the fast layout"
            ))
        };
        assert_eq!(missing_of_fast(&optimum()), None);
        assert_eq!(
            missing_of_fast(&[encoder()]),
            told("`decoder.onnx` and `compact.onnx`")
        );
        let mut graphs = vec![encoder(), decoder()];
        graphs.push(graph("c", &["sentence_index"], &["kept_mask_bias"]));
        assert_eq!(Layout::choose(&graphs), None);
        assert_eq!(missing_of_fast(&graphs), told("`screen.onnx`"));
        graphs.push(graph("s", &[ROUNDED], &[PRODUCTS]));
        assert_eq!(missing_of_fast(&graphs), None);
        assert!(matches!(
            Layout::choose(&graphs),
            Some(Layout::Fast { screen: Some(screen), .. }) if screen == "s"
        ));
    }

    #[test]
    fn a_variant_is_the_end_of_a_name() {
        assert!(is_variant("onnx/decoder_model_merged.onnx", None));
        assert!(!is_variant("onnx/decoder_model_merged_fp16.onnx", None));
        assert!(!is_variant(
            "onnx/decoder_model_merged_fp16.onnx",
            Some("quantized")
        ));
        assert!(is_variant(
            "decoder_model_quantized.onnx",
            Some("quantized")
        ));
        assert!(!is_variant("decoder_model_q4f16.onnx", Some("fp16")));
    }

    #[test]
    fn what_was_found_is_listed() {
        let mut graphs = optimum();
        graphs.truncate(1);
        graphs.push(graph("x.onnx", &["pixels"], &["label"]));
        assert_eq!(
            described(&graphs, &[]),
            "`a` (an encoder), `x.onnx` (nothing known, from pixels to label)"
        );
        let files = ModelFiles::memory("test", Vec::new());
        let config = ModelConfig {
            layers: 1,
            heads: 1,
            width: 1,
            vocabulary: 1,
            positions: 1,
            padding: 0,
            special: crate::mt::decoding::SpecialTokens::default(),
        };
        let error = Layout::find(&files, Some("fp16"), &config)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("of variant `fp16`; found no file that ends in `.onnx`"),
            "{error}"
        );
    }
}
