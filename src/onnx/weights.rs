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

/// A constant of a graph.
struct Weight {
    name: String,
    value: Arc<DynValue>,
    /// Whether sessions are handed it.
    is_shared: bool,
}

/// The weights of the graphs of a model.
pub(crate) struct GraphWeights {
    prepacked: PrepackedWeights,
    /// By the name of the graph's file.
    graphs: Vec<(String, Vec<Weight>)>,
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

    /// The constant `name` of a graph.
    pub(crate) fn get(&self, graph: &str, name: &str) -> Option<Arc<DynValue>> {
        let mut weights = self.of(graph).iter();
        let found = weights.find(|weight| weight.name == name)?;
        Some(Arc::clone(&found.value))
    }

    fn of(&self, graph: &str) -> &[Weight] {
        let weights = self.graphs.iter().find(|(name, _)| name == graph);
        weights.map_or(&[], |(_, weights)| weights.as_slice())
    }

    /// Hands the weights of a graph to a session that is about to load it.
    pub(crate) fn give(
        &self,
        graph: &str,
        builder: SessionBuilder,
    ) -> Result<SessionBuilder, String> {
        let mut builder = builder;
        for weight in self.of(graph).iter().filter(|weight| weight.is_shared) {
            builder = builder
                .with_initializer(&weight.name, Arc::clone(&weight.value))
                .map_err(|error| error.to_string())?;
        }
        Ok(builder)
    }
}

/// The weights of a graph: of the same file, `mapped`, if it is.
fn read_constants(
    source: &mut (impl Read + Seek),
    mapped: Option<&'static [u8]>,
) -> io::Result<Vec<Weight>> {
    let mut constants = Vec::new();
    for constant in Signature::read(source)?.constants {
        let is_shared = constant.length >= WORTH_SHARING;
        let weight = |name, value| Weight {
            name,
            value: Arc::new(value),
            is_shared,
        };
        let lying = mapped.map(|file| lying(&constant, file)).transpose()?;
        if let Some(value) = lying.flatten() {
            constants.push(weight(constant.name, value));
            continue;
        }
        source.seek(SeekFrom::Start(constant.start))?;
        let mut bytes = Vec::new();
        (&mut *source)
            .take(constant.length)
            .read_to_end(&mut bytes)?;
        if let Some(value) = tensor(&constant, bytes)? {
            constants.push(weight(constant.name, value));
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::onnx::trial;

    #[test]
    fn the_weights_of_the_built_in_models_can_be_used_where_they_lie() {
        if trial::runtime().is_none() {
            return;
        }
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/models");
        for graph in ["encoder", "decoder"] {
            let path = models.join(format!("en-de/{graph}.onnx"));
            let file = File::open(&path).unwrap();
            let mapped = mapped::map(&file).unwrap();
            let constants = Signature::read(&mut BufReader::new(file))
                .unwrap()
                .constants;
            let mut large = constants
                .iter()
                .filter(|constant| constant.length >= WORTH_SHARING)
                .peekable();
            assert!(large.peek().is_some(), "{graph} has no weights");
            for constant in large {
                let lies = lying(constant, mapped).unwrap().is_some();
                assert!(lies, "{} of {graph} is copied", constant.name);
            }
        }
    }

    /// What is mapped changes with its file; what was read does not.
    #[test]
    #[cfg(unix)]
    fn weights_in_a_file_are_mapped() {
        const NUMBERS: usize = 8_192;
        if trial::runtime().is_none() {
            return;
        }
        let numbers = 1.0_f32.to_le_bytes().repeat(NUMBERS);
        // Shape, type, name and numbers of a tensor; in a graph; in a model.
        let tensor = [b"\x08\x80\x40\x10\x01\x42\x01w\x4a\x80\x80\x02", &*numbers].concat();
        let graph = [b"\x2a\x8c\x80\x02", &*tensor].concat();
        let name = b"\x12\x02me";
        let model = [b"\x3a\x94\x80\x02", &name[..], &*graph].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        fs::write(&path, &model).unwrap();
        let start = model.len() - numbers.len();
        assert!(start.is_multiple_of(size_of::<f32>()), "{start}");

        let mut weights = GraphWeights::default();
        let file = GraphFile::Disk(path.clone());
        weights.read("model", &file).unwrap();
        let (_, constants) = &weights.graphs[0];
        assert_eq!(constants[0].name, "w");
        let first = || {
            let (shape, numbers) = constants[0].value.try_extract_tensor::<f32>().unwrap();
            assert_eq!(shape.num_elements(), NUMBERS);
            numbers[0].to_bits()
        };
        assert_eq!(first(), 1.0_f32.to_bits());
        let mut changed = File::options().write(true).open(&path).unwrap();
        changed.seek(SeekFrom::Start(start as u64)).unwrap();
        io::Write::write_all(&mut changed, &2.0_f32.to_le_bytes()).unwrap();
        assert_eq!(first(), 2.0_f32.to_bits());
    }
}
