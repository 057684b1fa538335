//! ONNX Runtime sessions of a model's graphs, and what goes in and out.

use std::borrow::Cow;
use std::sync::Arc;

use half::f16;
use ort::memory::Allocator;
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, PrimitiveTensorElementType, Shape, Tensor, TensorElementType};

use super::ModelError;
use super::files::{Contents, ModelFiles, listed};
use super::weights::Weights;
use crate::mt::decoding::StepError;

/// Makes builders of sessions: on the device and with the threads that the caller wants. All
/// sessions of one model get the same prepacked weights.
pub type SessionSource =
    Arc<dyn Fn(&PrepackedWeights) -> Result<SessionBuilder, String> + Send + Sync>;

/// A session, and the names of its outputs in their order.
#[derive(Debug)]
pub(super) struct Graph {
    session: Session,
    outputs: Vec<String>,
}

/// A named input.
pub(super) type Input<'a> = (Cow<'a, str>, SessionInputValue<'a>);

impl Graph {
    pub(super) fn load(
        files: &ModelFiles,
        name: &str,
        source: &SessionSource,
        weights: &Weights,
    ) -> Result<Self, ModelError> {
        let refused = |reason: String| ModelError::Session {
            model: files.name().to_owned(),
            file: name.to_owned(),
            reason,
        };
        let builder = source(weights.prepacked()).map_err(refused)?;
        let builder = weights.give(name, builder).map_err(refused)?;
        // Shapes change at each step: there is no pattern to be remembered.
        let mut builder = builder
            .with_memory_pattern(false)
            .map_err(|error| refused(error.to_string()))?;
        let session = match files.contents(name) {
            Some(Contents::File(path)) => builder.commit_from_file(path),
            Some(Contents::Bytes(bytes)) => builder.commit_from_memory(bytes),
            None => return Err(refused("the file has gone".to_owned())),
        };
        let session = session.map_err(|error| refused(error.to_string()))?;
        let outputs = session
            .outputs()
            .iter()
            .map(|output| output.name().to_owned())
            .collect();
        Ok(Self { session, outputs })
    }

    /// Names of the inputs, in the order of the graph.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        self.session.inputs().iter().map(Outlet::name)
    }

    /// The type of an input's elements.
    pub(super) fn input_type(&self, name: &str) -> Option<TensorElementType> {
        self.session
            .inputs()
            .iter()
            .find(|input| input.name() == name)
            .and_then(|input| input.dtype().tensor_type())
    }

    /// The places of outputs among those that [`Graph::run`] gives.
    pub(super) fn places(
        &self,
        files: &ModelFiles,
        names: &[String],
    ) -> Result<Vec<usize>, ModelError> {
        let place = |name: &String| {
            let found = self.outputs.iter().position(|output| output == name);
            found.ok_or_else(|| ModelError::Layout {
                model: files.name().to_owned(),
                expected: format!("a graph that puts out `{name}`"),
                found: listed(&self.outputs),
            })
        };
        names.iter().map(place).collect()
    }

    /// Runs the graph. The outputs stay where the runtime made them.
    pub(super) fn run(&mut self, inputs: Vec<Input<'_>>) -> Result<Outputs, StepError> {
        let outputs = self.session.run(inputs).map_err(failed)?;
        Ok(Outputs(
            outputs.into_iter().map(|(_, value)| Some(value)).collect(),
        ))
    }
}

/// What a graph put out, to be taken out one by one.
#[derive(Debug)]
pub(super) struct Outputs(Vec<Option<DynValue>>);

impl Outputs {
    pub(super) fn take(&mut self, place: usize) -> Result<DynValue, StepError> {
        let value = self.0.get_mut(place).and_then(Option::take);
        value.ok_or_else(|| StepError::Runtime(format!("the model gave no output {place}")))
    }

    pub(super) fn take_all(&mut self, places: &[usize]) -> Result<Vec<DynValue>, StepError> {
        places.iter().map(|place| self.take(*place)).collect()
    }
}

/// Values with the names under which a graph takes them.
pub(super) fn named<'a>(
    names: &'a [String],
    values: &'a [DynValue],
) -> impl Iterator<Item = Input<'a>> {
    names
        .iter()
        .zip(values)
        .map(|(name, value)| (name.as_str().into(), value.into()))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn failed(error: ort::Error) -> StepError {
    StepError::Runtime(format!("ONNX Runtime failed: {error}"))
}

/// A tensor of integers.
pub(super) fn integers(shape: &[usize], values: Vec<i64>) -> Result<DynValue, StepError> {
    Tensor::from_array((shape.to_vec(), values))
        .map(Tensor::into_dyn)
        .map_err(failed)
}

/// Source sentences side by side, filled up to the longest: ids, and a mask with 1 for tokens.
pub(super) fn side_by_side(
    sources: &[&[u32]],
    padding: u32,
) -> Result<(DynValue, Vec<i64>, usize), StepError> {
    let longest = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let mut ids = Vec::with_capacity(sources.len() * longest);
    let mut mask = Vec::with_capacity(sources.len() * longest);
    for source in sources {
        let missing = longest - source.len();
        ids.extend(source.iter().map(|token| i64::from(*token)));
        ids.extend(std::iter::repeat_n(i64::from(padding), missing));
        mask.extend(std::iter::repeat_n(1, source.len()));
        mask.extend(std::iter::repeat_n(0, missing));
    }
    Ok((integers(&[sources.len(), longest], ids)?, mask, longest))
}

/// A tensor in which one size is 0: what is there before the first step.
pub(super) fn empty(element: TensorElementType, shape: [usize; 4]) -> Result<DynValue, StepError> {
    let allocator = Allocator::default();
    match element {
        TensorElementType::Float32 => Tensor::<f32>::new(&allocator, shape).map(Tensor::into_dyn),
        TensorElementType::Float16 => Tensor::<f16>::new(&allocator, shape).map(Tensor::into_dyn),
        other => return Err(unknown_type(other)),
    }
    .map_err(failed)
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

/// The logits of the last step. They stay in the runtime's memory where they are of 32 bits and
/// there is one position only.
#[derive(Debug, Default)]
pub(super) struct Logits {
    value: Option<DynValue>,
    copied: Vec<f32>,
}

impl Logits {
    /// Takes the output of a graph, of shape `[rows, vocabulary]` or `[rows, positions,
    /// vocabulary]`, and gives the last position of each row.
    pub(super) fn take(
        &mut self,
        value: DynValue,
        vocabulary: usize,
    ) -> Result<&mut [f32], StepError> {
        let shape = value.shape().to_vec();
        let positions = match shape.as_slice() {
            [_, positions, _] => usize::try_from(*positions).unwrap_or_default(),
            _ => 1,
        };
        let half = value.dtype().tensor_type() == Some(TensorElementType::Float16);
        if positions == 1 && !half {
            let value = self.value.insert(value);
            let (_, logits) = value.try_extract_tensor_mut::<f32>().map_err(failed)?;
            return Ok(logits);
        }
        self.copied.clear();
        let lasts = |length: usize| {
            let per_row = positions * vocabulary;
            (0..length / per_row.max(1)).map(move |row| (row + 1) * per_row - vocabulary)
        };
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
