//! Graphs of a translation model, and tensors that go in and out.

use half::f16;
use ort::memory::Allocator;
use ort::value::{DynValue, PrimitiveTensorElementType, Shape, Tensor, TensorElementType};

use super::ModelError;
use super::files::{ModelFiles, listed};
use crate::mt::decoding::{Scores, StepError};
use crate::onnx::{Graph, GraphError, GraphWeights, SessionSource, failed};

impl From<GraphError> for StepError {
    fn from(error: GraphError) -> Self {
        Self::Runtime(error.0)
    }
}

/// A session of one graph of the model.
pub(super) fn load(
    files: &ModelFiles,
    name: &str,
    source: &SessionSource,
    weights: &GraphWeights,
) -> Result<Graph, ModelError> {
    let loaded = match files.graph(name) {
        Some(file) => Graph::load(&file, name, source, weights),
        None => Err("the file has gone".to_owned()),
    };
    loaded.map_err(|reason| files.refused(name, &reason))
}

/// The places of outputs among those that a graph gives.
pub(super) fn places(
    graph: &Graph,
    files: &ModelFiles,
    names: &[String],
) -> Result<Vec<usize>, ModelError> {
    let place = |name: &String| {
        graph.place(name).ok_or_else(|| ModelError::Layout {
            model: files.name().to_owned(),
            expected: format!("a graph that puts out `{name}`"),
            found: listed(graph.outputs()),
        })
    };
    names.iter().map(place).collect()
}

/// A tensor in which one size is 0: what is there before the first step.
pub(super) fn empty(element: TensorElementType, shape: [usize; 4]) -> Result<DynValue, StepError> {
    let allocator = Allocator::default();
    match element {
        TensorElementType::Float32 => Tensor::<f32>::new(&allocator, shape).map(Tensor::into_dyn),
        TensorElementType::Float16 => Tensor::<f16>::new(&allocator, shape).map(Tensor::into_dyn),
        other => return Err(unknown_type(other)),
    }
    .map_err(|error| failed(error).into())
}

fn unknown_type(element: TensorElementType) -> StepError {
    StepError::Runtime(format!(
        "the model keeps its past as {element:?}: expected Float32 or Float16"
    ))
}

/// The rows of `value` with these numbers, in this order.
pub(super) fn gather(value: &DynValue, rows: &[u32]) -> Result<DynValue, StepError> {
    fn copy<T: PrimitiveTensorElementType + Copy + std::fmt::Debug + 'static>(
        value: &DynValue,
        rows: &[u32],
    ) -> Result<DynValue, StepError> {
        let (shape, from) = value.try_extract_tensor::<T>().map_err(failed)?;
        let mut sizes: Vec<i64> = shape.iter().copied().collect();
        let all = sizes.first().copied().unwrap_or_default();
        if let Some(first) = sizes.first_mut() {
            *first = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        }
        let length = from.len() / usize::try_from(all).unwrap_or_default().max(1);
        let mut tensor =
            Tensor::<T>::new(&Allocator::default(), Shape::new(sizes)).map_err(failed)?;
        let (_, to) = tensor.extract_tensor_mut();
        if length > 0 {
            for (row, to) in rows.iter().zip(to.chunks_exact_mut(length)) {
                let start = *row as usize * length;
                if let Some(from) = from.get(start..start + length) {
                    to.copy_from_slice(from);
                }
            }
        }
        Ok(tensor.into_dyn())
    }
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float16) => copy::<f16>(value, rows),
        _ => copy::<f32>(value, rows),
    }
}

/// The logits of the last step. They stay in the runtime's memory where they are of 32 bits, of
/// one position, and of the vocabulary only.
#[derive(Debug, Default)]
pub(super) struct Logits {
    value: Option<DynValue>,
    copied: Vec<f32>,
}

impl Logits {
    /// Takes the output of a graph, of shape `[rows, width]` or `[rows, positions, width]`, and
    /// gives the first `vocabulary` logits of the last position of each row.
    pub(super) fn take(
        &mut self,
        value: DynValue,
        vocabulary: usize,
    ) -> Result<&mut [f32], StepError> {
        let size = |size: &i64| usize::try_from(*size).unwrap_or_default();
        let shape: Vec<usize> = value.shape().iter().map(size).collect();
        let (positions, width) = match shape.as_slice() {
            [_, positions, width] => (*positions, *width),
            [.., width] => (1, *width),
            [] => (0, 0),
        };
        let half = value.dtype().tensor_type() == Some(TensorElementType::Float16);
        if positions == 1 && width == vocabulary && !half {
            let value = self.value.insert(value);
            let (_, logits) = value.try_extract_tensor_mut::<f32>().map_err(failed)?;
            return Ok(logits);
        }
        self.copied.clear();
        let rows = positions * width;
        let lasts = |length: usize| (1..=length / rows.max(1)).map(move |row| row * rows - width);
        if half {
            let (_, logits) = value.try_extract_tensor::<f16>().map_err(failed)?;
            for last in lasts(logits.len()) {
                let row = logits.iter().skip(last).take(vocabulary);
                self.copied.extend(row.map(|logit| logit.to_f32()));
            }
        } else {
            let (_, logits) = value.try_extract_tensor::<f32>().map_err(failed)?;
            for last in lasts(logits.len()) {
                self.copied
                    .extend(logits.iter().skip(last).take(vocabulary));
            }
        }
        Ok(&mut self.copied)
    }
}

/// The likeliest tokens of the last step, as the graph chose them.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    logits: Option<DynValue>,
    tokens: Vec<u32>,
    log_probabilities: Vec<f32>,
}

impl Chosen {
    /// Takes logits, tokens and logarithms of probabilities, each of shape `[rows, count]`.
    pub(super) fn take(
        &mut self,
        [logits, tokens, log_probabilities]: [DynValue; 3],
        count: usize,
    ) -> Result<Scores<'_>, StepError> {
        let (_, chosen) = tokens.try_extract_tensor::<i64>().map_err(failed)?;
        let number = |token: &i64| u32::try_from(*token).unwrap_or(u32::MAX);
        self.tokens.clear();
        self.tokens.extend(chosen.iter().map(number));
        let (_, all) = log_probabilities.try_extract_tensor().map_err(failed)?;
        self.log_probabilities.clear();
        self.log_probabilities
            .extend(all.iter().step_by(count.max(1)));
        let logits = self.logits.insert(logits);
        let (_, logits) = logits.try_extract_tensor_mut().map_err(failed)?;
        Ok(Scores::Likeliest {
            logits,
            tokens: &self.tokens,
            log_probabilities: &self.log_probabilities,
        })
    }
}
