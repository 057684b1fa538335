//! A session of one graph, what goes in and what comes out.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::path::PathBuf;
use std::sync::Arc;

use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType};

use super::external;
use super::limit::{self, Kind};
use super::signature::Signature;
use super::weights::GraphWeights;

/// Makes builders of sessions: on the device and with the threads that the caller wants. All
/// sessions of one model get the same prepacked weights.
pub type SessionSource =
    Arc<dyn Fn(&PrepackedWeights) -> Result<SessionBuilder, String> + Send + Sync>;

/// Where a graph is: ONNX Runtime reads files by itself, which matters where weights lie beside.
#[derive(Debug, Clone)]
pub(crate) enum GraphFile<'a> {
    Disk(PathBuf),
    Bytes(Cow<'a, [u8]>),
}

impl GraphFile<'_> {
    /// Refuses a graph that is too large, or whose weights lie where it has no business.
    pub(crate) fn check(&self) -> io::Result<()> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Disk(path) => path.metadata()?.len(),
        };
        limit::check_size(Kind::Weights, bytes)?;
        external::check(self)
    }

    /// What it is, without loading it.
    pub(crate) fn signature(&self) -> io::Result<Signature> {
        self.check()?;
        match self {
            Self::Bytes(bytes) => Signature::read(&mut Cursor::new(bytes)),
            Self::Disk(path) => {
                File::open(path).and_then(|file| Signature::read(&mut BufReader::new(file)))
            }
        }
    }
}

/// The runtime failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct GraphError(pub String);

/// A session, and the names of its outputs in their order.
#[derive(Debug)]
pub(crate) struct Graph {
    session: Session,
    outputs: Vec<String>,
}

/// A named input.
pub(crate) type Input<'a> = (Cow<'a, str>, SessionInputValue<'a>);

impl Graph {
    /// Loads the graph that `weights` know as `name`.
    pub(crate) fn load(
        file: &GraphFile<'_>,
        name: &str,
        source: &SessionSource,
        weights: &GraphWeights,
    ) -> Result<Self, String> {
        let refused = |error: ort::Error| error.to_string();
        // It may have been changed since it was looked at.
        file.check().map_err(|error| error.to_string())?;
        let builder = source(weights.prepacked())?;
        let builder = weights.give(name, builder)?;
        // Shapes change at each step: there is no pattern to be remembered.
        let mut builder = builder
            .with_memory_pattern(false)
            .map_err(|error| error.to_string())?;
        let session = match file {
            GraphFile::Disk(path) => builder.commit_from_file(path),
            GraphFile::Bytes(bytes) => builder.commit_from_memory(bytes),
        };
        let session = session.map_err(refused)?;
        let outputs = session
            .outputs()
            .iter()
            .map(|output| output.name().to_owned())
            .collect();
        Ok(Self { session, outputs })
    }

    /// Names of the inputs, in the order of the graph.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &str> {
        self.session.inputs().iter().map(Outlet::name)
    }

    /// The type of an input's elements.
    pub(crate) fn input_type(&self, name: &str) -> Option<TensorElementType> {
        self.session
            .inputs()
            .iter()
            .find(|input| input.name() == name)
            .and_then(|input| input.dtype().tensor_type())
    }

    /// The names of the outputs, in the order of the graph.
    pub(crate) fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The place of an output among those that [`Graph::run`] gives.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|output| output == name)
    }

    /// Runs the graph. The outputs stay where the runtime made them.
    pub(crate) fn run(&mut self, inputs: Vec<Input<'_>>) -> Result<Outputs, GraphError> {
        let outputs = self.session.run(inputs).map_err(failed)?;
        Ok(Outputs(
            outputs.into_iter().map(|(_, value)| Some(value)).collect(),
        ))
    }
}

/// What a graph put out, to be taken out one by one.
#[derive(Debug)]
pub(crate) struct Outputs(Vec<Option<DynValue>>);

impl Outputs {
    pub(crate) fn take(&mut self, place: usize) -> Result<DynValue, GraphError> {
        let value = self.0.get_mut(place).and_then(Option::take);
        value.ok_or_else(|| GraphError(format!("the model gave no output {place}")))
    }

    pub(crate) fn take_all(&mut self, places: &[usize]) -> Result<Vec<DynValue>, GraphError> {
        places.iter().map(|place| self.take(*place)).collect()
    }
}

/// Values with the names under which a graph takes them.
pub(crate) fn named<'a>(
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
pub(crate) fn failed(error: ort::Error) -> GraphError {
    GraphError(format!("ONNX Runtime failed: {error}"))
}

/// A tensor of integers.
pub(crate) fn integers(shape: &[usize], values: Vec<i64>) -> Result<DynValue, GraphError> {
    Tensor::from_array((shape.to_vec(), values))
        .map(Tensor::into_dyn)
        .map_err(failed)
}

/// Token sequences side by side, filled up to the longest: ids, a mask with 1 for tokens, and the
/// length of the longest.
pub(crate) fn side_by_side(
    sequences: &[&[u32]],
    padding: u32,
) -> Result<(DynValue, Vec<i64>, usize), GraphError> {
    let longest = sequences.iter().map(|one| one.len()).max().unwrap_or(0);
    let mut ids = Vec::with_capacity(sequences.len() * longest);
    let mut mask = Vec::with_capacity(sequences.len() * longest);
    for sequence in sequences {
        let missing = longest - sequence.len();
        ids.extend(sequence.iter().map(|token| i64::from(*token)));
        ids.extend(std::iter::repeat_n(i64::from(padding), missing));
        mask.extend(std::iter::repeat_n(1, sequence.len()));
        mask.extend(std::iter::repeat_n(0, missing));
    }
    Ok((integers(&[sequences.len(), longest], ids)?, mask, longest))
}
