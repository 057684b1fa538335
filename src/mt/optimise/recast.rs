//! A model of the fast layout as devices with a memory of their own compute it.

use super::onnx::Graph;
use super::{Config, Make, Marian, Precision, fast};

/// What such devices compute: encoder, decoder, and what keeps sentences.
const GRAPHS: [Make; 3] = [
    Marian::encoder_graph,
    Marian::choosing_decoder_graph,
    Marian::compact_graph,
];

/// The files of the graphs in `precision`, which are made from those of a model in any precision;
/// weights are never more precise than they were. `decoder` are the graph of the decoder and, if there is
/// one, that of the screen.
///
/// # Errors
/// Everything that is wrong with the graphs, or with the text of `config.json`.
pub(in crate::mt) fn recast(
    encoder: &[u8],
    decoder: &[&[u8]],
    config: &str,
    precision: Precision,
) -> Result<Vec<Vec<u8>>, Vec<String>> {
    let config = Config::read(config)?;
    let read = |file| Graph::read(file).map_err(|error| vec![error.to_string()]);
    let encoder = read(encoder)?;
    let decoder = decoder.iter().map(|file| read(file));
    let decoder = decoder.collect::<Result<Vec<_>, _>>()?;
    let decoder: Vec<&Graph<'_>> = decoder.iter().collect();
    let tensors = fast::take(&encoder, &decoder, &config);
    let model = Marian::take(config, tensors)?;
    GRAPHS
        .into_iter()
        .map(|make| {
            let mut bytes = Vec::new();
            let written = make(&model, precision).write(&mut bytes);
            written.map_err(|error| vec![error.to_string()])?;
            Ok(bytes)
        })
        .collect()
}
