//! Which files of a folder or repository a model needs.

/// The kinds of weights that exports come with, as they end the names of graphs: those of
/// `transformers.js` and Optimum. Without one, a graph has the precision it was trained in.
pub const VARIANTS: [&str; 8] = [
    "fp16",
    "quantized",
    "int8",
    "uint8",
    "q4",
    "q4f16",
    "bnb4",
    "q8",
];

/// Files that say what a model is and how it cuts text into tokens.
const DESCRIPTIONS: [&str; 11] = [
    "augment-mt.json",
    "config.json",
    "generation_config.json",
    "quantize_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "vocab.json",
    "target_vocab.json",
    "source.spm",
    "target.spm",
];

/// Which weights are wanted where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// ONNX graphs, else `model.safetensors`: for translating.
    #[default]
    GraphsFirst,
    /// `model.safetensors`, else ONNX graphs: for making graphs of one's own.
    TensorsFirst,
}

/// The weights of a `transformers` model.
const TENSORS: &str = "model.safetensors";

/// The names, of those in `names`, that a model needs: descriptions first, weights last. Paths
/// have `/` between their parts. Without weights to use, what was looked for.
///
/// Where names follow Optimum and there is a merged decoder, the two that it was merged from are
/// left out.
pub(super) fn select(
    names: &[String],
    weights: Weights,
    variant: Option<&str>,
) -> Result<Vec<String>, String> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let mut selected: Vec<String> = DESCRIPTIONS
        .iter()
        .filter(|name| has(name))
        .map(|name| (*name).to_owned())
        .collect();
    let tensors = || has(TENSORS).then(|| vec![TENSORS.to_owned()]);
    let graphs = || {
        let graphs = graphs(names, variant);
        (!graphs.is_empty()).then_some(graphs)
    };
    let chosen = match (weights, variant) {
        (Weights::TensorsFirst, _) => tensors().or_else(graphs),
        // A variant names graphs; tensors have none.
        (Weights::GraphsFirst, Some(_)) => graphs(),
        (Weights::GraphsFirst, None) => graphs().or_else(tensors),
    };
    let Some(chosen) = chosen else {
        return Err(match variant {
            Some(variant) => format!("ONNX graphs whose names end in `_{variant}.onnx`"),
            None => format!("ONNX graphs (*.onnx, or onnx/*.onnx) or {TENSORS}"),
        });
    };
    selected.extend(chosen);
    Ok(selected)
}

/// The graphs of a variant, and the files with their weights.
fn graphs(names: &[String], variant: Option<&str>) -> Vec<String> {
    let all = |folder: &str| -> Vec<&String> {
        let of_variant = |name: &&String| {
            name.strip_prefix(folder)
                .filter(|name| !name.contains('/'))
                .and_then(|name| name.strip_suffix(".onnx"))
                .is_some_and(|stem| variant_of(stem) == variant)
        };
        names.iter().filter(of_variant).collect()
    };
    let mut graphs = all("");
    if graphs.is_empty() {
        graphs = all("onnx/");
    }
    if graphs
        .iter()
        .any(|name| name.contains("decoder_model_merged"))
    {
        graphs.retain(|name| {
            let name = name.rsplit('/').next().unwrap_or(name);
            !name.starts_with("decoder_") || name.starts_with("decoder_model_merged")
        });
    }
    let mut found: Vec<String> = graphs.iter().map(|name| (*name).clone()).collect();
    // Large graphs keep their weights in files beside them: `x.onnx_data`, `x.onnx.data`.
    let beside = |name: &&String| {
        let of = |graph: &&String| {
            name.strip_prefix(graph.as_str())
                .is_some_and(|rest| rest.starts_with("_data") || rest.starts_with(".data"))
        };
        graphs.iter().any(of)
    };
    found.extend(names.iter().filter(beside).cloned());
    found
}

/// The variant that a graph's name, without its ending, tells of.
fn variant_of(stem: &str) -> Option<&str> {
    let (_, last) = stem.rsplit_once('_')?;
    VARIANTS.contains(&last).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    const BROWSER: [&str; 12] = [
        ".gitattributes",
        "README.md",
        "config.json",
        "source.spm",
        "target.spm",
        "vocab.json",
        "onnx/encoder_model.onnx",
        "onnx/encoder_model_quantized.onnx",
        "onnx/decoder_model.onnx",
        "onnx/decoder_model_merged_quantized.onnx",
        "onnx/decoder_with_past_model.onnx",
        "onnx/decoder_with_past_model_quantized.onnx",
    ];

    #[test]
    fn the_variant_chooses_among_graphs() {
        let all = names(&BROWSER);
        let plain = select(&all, Weights::GraphsFirst, None).unwrap();
        let descriptions = ["config.json", "vocab.json", "source.spm", "target.spm"];
        assert_eq!(plain[..4], descriptions);
        assert_eq!(
            plain[4..],
            [
                "onnx/encoder_model.onnx",
                "onnx/decoder_model.onnx",
                "onnx/decoder_with_past_model.onnx"
            ]
        );
        let quantized = select(&all, Weights::GraphsFirst, Some("quantized")).unwrap();
        assert_eq!(
            quantized[4..],
            [
                "onnx/encoder_model_quantized.onnx",
                "onnx/decoder_model_merged_quantized.onnx"
            ]
        );
        let missing = select(&all, Weights::GraphsFirst, Some("q4")).unwrap_err();
        assert!(missing.contains("_q4.onnx"), "{missing}");
    }

    #[test]
    fn tensors_are_taken_where_they_are_wanted_or_all_there_is() {
        let trained = names(&["config.json", "model.safetensors", "pytorch_model.bin"]);
        assert_eq!(
            select(&trained, Weights::GraphsFirst, None).unwrap(),
            ["config.json", "model.safetensors"]
        );
        let both = names(&["model.safetensors", "a.onnx", "b.onnx", "b.onnx_data"]);
        assert_eq!(
            select(&both, Weights::TensorsFirst, None).unwrap(),
            ["model.safetensors"]
        );
        assert_eq!(
            select(&both, Weights::GraphsFirst, None).unwrap(),
            ["a.onnx", "b.onnx", "b.onnx_data"]
        );
        assert!(select(&names(&["config.json"]), Weights::GraphsFirst, None).is_err());
    }

    #[test]
    fn a_folder_of_ours_is_taken_whole() {
        let ours = names(&[
            "augment-mt.json",
            "encoder.onnx",
            "decoder.onnx",
            "compact.onnx",
            "source.spm",
        ]);
        let selected = select(&ours, Weights::GraphsFirst, None).unwrap();
        assert_eq!(selected.len(), ours.len());
    }
}
