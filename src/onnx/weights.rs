//! The weights of a model, held once for all sessions.
//!
//! A session that loads a graph makes a copy of its weights. Here they are read once and handed to
//! each session, which then keeps neither its own copy nor its own rearrangement of them.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use half::f16;
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::value::{DynValue, Tensor};

use super::graph::GraphFile;
use super::signature::{Constant, Signature};

/// Smaller constants are not worth the trouble; and shapes, axes and the like must be known to the
/// optimiser of the graph.
const WORTH_SHARING: u64 = 16 * 1024;

/// A weight, and its name in the graph.
type Named = (String, Arc<DynValue>);

/// The weights of the graphs of a model.
pub(crate) struct GraphWeights {
    prepacked: PrepackedWeights,
    /// By the name of the graph's file.
    graphs: Vec<(String, Vec<Named>)>,
}

impl fmt::Debug for GraphWeights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GraphWeights")
            .finish_non_exhaustive()
    }
}

impl Default for GraphWeights {
    /// Those of no graph.
    fn default() -> Self {
        Self {
            prepacked: PrepackedWeights::new(),
            graphs: Vec::new(),
        }
    }
}

impl GraphWeights {
    /// Reads the weights of one more graph.
    pub(crate) fn read(&mut self, name: &str, file: &GraphFile<'_>) -> io::Result<()> {
        let constants = match file {
            GraphFile::Bytes(bytes) => read_constants(&mut Cursor::new(bytes)),
            GraphFile::Disk(path) => {
                File::open(path).and_then(|file| read_constants(&mut BufReader::new(file)))
            }
        };
        self.graphs.push((name.to_owned(), constants?));
        Ok(())
    }

    /// What sessions make of the weights, shared between them.
    pub(crate) fn prepacked(&self) -> &PrepackedWeights {
        &self.prepacked
    }

    /// Hands the weights of a graph to a session that is about to load it.
    pub(crate) fn give(
        &self,
        graph: &str,
        builder: SessionBuilder,
    ) -> Result<SessionBuilder, String> {
        let weights = self.graphs.iter().find(|(name, _)| name == graph);
        let weights = weights.map(|(_, weights)| weights.as_slice());
        let mut builder = builder;
        for (name, value) in weights.unwrap_or_default() {
            builder = builder
                .with_initializer(name, Arc::clone(value))
                .map_err(|error| error.to_string())?;
        }
        Ok(builder)
    }
}

fn read_constants(source: &mut (impl Read + Seek)) -> io::Result<Vec<Named>> {
    let mut constants = Vec::new();
    for constant in Signature::read(source)?.constants {
        if constant.length < WORTH_SHARING {
            continue;
        }
        source.seek(SeekFrom::Start(constant.start))?;
        let mut bytes = Vec::new();
        (&mut *source)
            .take(constant.length)
            .read_to_end(&mut bytes)?;
        if let Some(value) = tensor(&constant, bytes)? {
            constants.push((constant.name, Arc::new(value)));
        }
    }
    Ok(constants)
}

/// A constant as a value of the runtime; nothing for types that weights do not have.
fn tensor(constant: &Constant, bytes: Vec<u8>) -> io::Result<Option<DynValue>> {
    let shape = constant.shape.clone();
    let value = match constant.data_type {
        1 => {
            let (numbers, _) = bytes.as_chunks::<4>();
            let numbers: Vec<f32> = numbers
                .iter()
                .map(|four| f32::from_le_bytes(*four))
                .collect();
            Tensor::from_array((shape, numbers)).map(Tensor::into_dyn)
        }
        2 => Tensor::from_array((shape, bytes)).map(Tensor::into_dyn),
        3 => {
            let numbers: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
            Tensor::from_array((shape, numbers)).map(Tensor::into_dyn)
        }
        10 => {
            let (numbers, _) = bytes.as_chunks::<2>();
            let numbers: Vec<f16> = numbers.iter().map(|two| f16::from_le_bytes(*two)).collect();
            Tensor::from_array((shape, numbers)).map(Tensor::into_dyn)
        }
        _ => return Ok(None),
    };
    value
        .map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}
