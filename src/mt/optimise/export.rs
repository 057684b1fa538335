//! From the fast layout to a folder that `transformers` and its like load.

use std::fs;
use std::path::Path;

use super::onnx::Graph;
use super::{
    COPIED, Config, MANIFEST, Manifest, Marian, OptimiseError, Partial, SCREEN, fast, io_error,
};
use crate::models::ModelFolder;

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// What the fast layout says about itself.
    pub manifest: Manifest,
    /// How many numbers the model has. Shared ones count once.
    pub parameters: usize,
    /// Bytes of `model.safetensors`.
    pub bytes: u64,
}

/// Writes the model in `folder`, which has the fast layout, as a MarianMT folder to `output`: its
/// weights as `model.safetensors` in 32 bits, with its configuration and its tokenizer. Weights in
/// eight bits become the numbers that the eight bits stand for: what was lost when they were
/// rounded is not there any more.
///
/// # Errors
/// When `folder` has another layout or is damaged, or `output` exists or cannot be written. There is
/// no `output` then.
pub fn export(folder: &ModelFolder, output: &Path) -> Result<Exported, OptimiseError> {
    if output.exists() {
        return Err(OptimiseError::Exists(output.to_owned()));
    }
    let refuse = |problems| OptimiseError::Export {
        model: folder.to_string(),
        problems,
    };
    if !folder.has(MANIFEST) {
        let found: Vec<&str> = folder.names().collect();
        return Err(refuse(vec![format!(
            "it has no `{MANIFEST}`, which the fast layout has; what is there: {}",
            found.join(", ")
        )]));
    }
    let read = |name: &str| folder.bytes(name).map_err(|e| refuse(vec![e.to_string()]));
    let wrong = |name: &str, why: String| refuse(vec![format!("`{name}`: {why}")]);
    let manifest: Manifest = serde_json::from_slice(&read(MANIFEST)?)
        .map_err(|error| wrong(MANIFEST, error.to_string()))?;
    let config = Config::read(&String::from_utf8_lossy(&read("config.json")?));
    let config = config.map_err(|found| wrong("config.json", found.join("; ")))?;
    let (encoder, decoder) = (read("encoder.onnx")?, read("decoder.onnx")?);
    let screen = folder.has(SCREEN.0).then(|| read(SCREEN.0)).transpose()?;
    let parse = |name: &str, file| Graph::read(file).map_err(|e| wrong(name, e.to_string()));
    let encoder = parse("encoder.onnx", &encoder)?;
    let mut decoder = vec![parse("decoder.onnx", &decoder)?];
    if let Some(screen) = &screen {
        decoder.push(parse(SCREEN.0, screen)?);
    }
    let decoder: Vec<&Graph<'_>> = decoder.iter().collect();
    let tensors = fast::take(&encoder, &decoder, &config);
    let weights = tensors.to_safetensors();
    let weights = weights.map_err(|why| wrong("decoder.onnx", why))?;
    let parameters = tensors.numbers();
    // A model that lacks something is told of here, and not by whoever loads it.
    Marian::take(config, tensors).map_err(refuse)?;

    let partial = Partial::new(output)?;
    let write = |name: &str, bytes: &[u8]| {
        let path = partial.path.join(name);
        fs::write(&path, bytes).map_err(|source| io_error(&path, source))
    };
    write("model.safetensors", &weights)?;
    for name in COPIED.iter().filter(|name| folder.has(name)) {
        write(name, &read(name)?)?;
    }
    // Where both languages have the same pieces, a model in the program has one file of them.
    if !folder.has("target.spm") && folder.has("source.spm") {
        write("target.spm", &read("source.spm")?)?;
    }
    partial.publish(output)?;
    Ok(Exported {
        manifest,
        parameters,
        bytes: weights.len() as u64,
    })
}
