//! The weights of a model, held once for all sessions.
//!
//! A session that loads a graph makes a copy of its weights. Here they are handed to each session, which
//! then keeps neither its own copy nor its own rearrangement of them. Those in a file are mapped, not read:
//! what was rearranged is not looked at again, and would otherwise take memory for nothing.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use half::f16;
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::value::{DynValue, Tensor, TensorElementType};

use super::graph::GraphFile;
use super::signature::{Constant, Signature};
use crate::foreign::mapped;

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
            GraphFile::Bytes(bytes) => read_constants(&mut Cursor::new(bytes), None),
            GraphFile::Disk(path) => File::open(path).and_then(|file| {
                // Where a file cannot be mapped, it is read.
                let mapped = mapped::map(&file).ok();
                read_constants(&mut BufReader::new(file), mapped)
            }),
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

/// The weights of a graph: of the same file, `mapped`, if it is.
fn read_constants(
    source: &mut (impl Read + Seek),
    mapped: Option<&'static [u8]>,
) -> io::Result<Vec<Named>> {
    let mut constants = Vec::new();
    for constant in Signature::read(source)?.constants {
        if constant.length < WORTH_SHARING {
            continue;
        }
        let lying = mapped.map(|file| lying(&constant, file)).transpose()?;
        if let Some(value) = lying.flatten() {
            constants.push((constant.name, Arc::new(value)));
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

/// A constant where it lies in its file; nothing if it cannot be used there.
fn lying(constant: &Constant, file: &'static [u8]) -> io::Result<Option<DynValue>> {
    let element = match constant.data_type {
        1 => TensorElementType::Float32,
        2 => TensorElementType::Uint8,
        3 => TensorElementType::Int8,
        10 => TensorElementType::Float16,
        _ => return Ok(None),
    };
    let end = constant.start.saturating_add(constant.length);
    let range = usize::try_from(constant.start)
        .ok()
        .zip(usize::try_from(end).ok());
    let bytes = range.and_then(|(start, end)| file.get(start..end));
    // The numbers of a file are in little endian.
    let Some(bytes) = bytes.filter(|_| cfg!(target_endian = "little")) else {
        return Ok(None);
    };
    let size = |size: &usize| i64::try_from(*size).unwrap_or(i64::MAX);
    let shape: Vec<i64> = constant.shape.iter().map(size).collect();
    mapped::tensor(&shape, element, bytes).map_err(invalid)
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
    value.map(Some).map_err(invalid)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn invalid(error: ort::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
