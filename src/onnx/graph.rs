//! A session of one graph, what goes in and what comes out.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType};

use super::external;
use super::limit::{self, Kind};
use super::signature::Signature;
use super::weights::GraphWeights;
use super::{ChosenDevice, Owner};

/// Makes sessions: on the device and with the threads that the caller wants. All sessions of one model
/// get the same prepacked weights.
#[derive(Clone)]
pub struct SessionSource {
    builder: Arc<MakeBuilder>,
    device: ChosenDevice,
    residence: Residence,
    /// Threads that the device has where it has a memory of its own.
    threads: NonZeroUsize,
}

type MakeBuilder = dyn Fn(&PrepackedWeights) -> Result<SessionBuilder, String> + Send + Sync;

/// Where what a graph puts out stays until another graph takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Residence {
    /// Wherever the runtime gives it out: in the memory of the host.
    Host,
    /// In the memory of the device that computes, bound to it.
    Device,
}

impl SessionSource {
    /// Sessions on `device`, for each of which `builder` gives a builder.
    pub fn new(
        device: ChosenDevice,
        builder: impl Fn(&PrepackedWeights) -> Result<SessionBuilder, String> + Send + Sync + 'static,
    ) -> Self {
        let residence = match device {
            ChosenDevice::Cpu => Residence::Host,
            ChosenDevice::Cuda(_) => Residence::Device,
        };
        Self {
            builder: Arc::new(builder),
            device,
            residence,
            threads: Owner::USUAL_THREADS,
        }
    }

    /// The same, with so many threads that compute where the device is a GPU: each has sessions of
    /// its own.
    #[must_use]
    pub fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// How many threads compute where the device is a GPU.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The same with outputs bound to the memory of the device, as on a GPU: the way to try that
    /// without one.
    #[cfg(test)]
    pub(crate) fn bound(self) -> Self {
        Self {
            residence: Residence::Device,
            ..self
        }
    }

    /// The device that sessions compute on.
    pub fn device(&self) -> ChosenDevice {
        self.device
    }

    /// Whether the device has a memory of its own, as GPUs do.
    pub(crate) fn has_own_memory(&self) -> bool {
        self.residence == Residence::Device
    }

    /// The memory that outputs are bound to, if they are.
    fn memory(&self) -> ort::Result<Option<MemoryInfo<'static>>> {
        let (device, number) = match (self.residence, self.device) {
            (Residence::Host, _) => return Ok(None),
            (Residence::Device, ChosenDevice::Cpu) => (AllocationDevice::CPU, 0),
            (Residence::Device, ChosenDevice::Cuda(number)) => {
                (AllocationDevice::CUDA, i32::from(number))
            }
        };
        let kind = (AllocatorType::Device, MemoryType::Default);
        MemoryInfo::new(device, number, kind.0, kind.1).map(Some)
    }
}

impl fmt::Debug for SessionSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionSource")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

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
    /// Where outputs are bound to, if they are.
    memory: Option<MemoryInfo<'static>>,
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
        let mut builder = (source.builder)(weights.prepacked())?;
        // Another device cannot use what lies in the memory of the host: it has copies of its own.
        if source.device == ChosenDevice::Cpu {
            builder = weights.give(name, builder)?;
        }
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
        Ok(Self {
            session,
            outputs,
            memory: source.memory().map_err(refused)?,
        })
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

    /// Runs the graph. What it puts out stays on the device that computes, but for the outputs at
    /// the places `wanted`, which the host can read.
    pub(crate) fn run_resident(
        &mut self,
        inputs: Vec<Input<'_>>,
        wanted: &[usize],
    ) -> Result<Outputs, GraphError> {
        let Some(memory) = &self.memory else {
            return self.run(inputs);
        };
        let host = MemoryInfo::default();
        // A binding has the memory of its outputs used again: each run needs one of its own.
        let mut binding = self.session.create_binding().map_err(failed)?;
        for (name, value) in &inputs {
            binding.bind_input(&**name, value).map_err(failed)?;
        }
        for (place, name) in self.outputs.iter().enumerate() {
            let memory = if wanted.contains(&place) {
                &host
            } else {
                memory
            };
            let bound = binding.bind_output_to_device(name.as_str(), memory);
            bound.map_err(failed)?;
        }
        // Ids are copied to the device beside what it computes.
        binding.synchronize_inputs().map_err(failed)?;
        let outputs = self.session.run_binding(&binding).map_err(failed)?;
        Ok(Outputs(
            outputs.into_iter().map(|(_, value)| Some(value)).collect(),
        ))
    }

    /// Runs the graph. The outputs come to the host.
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

    pub(crate) fn take_each<const N: usize>(
        &mut self,
        places: [usize; N],
    ) -> Result<[DynValue; N], GraphError> {
        let taken = self.take_all(&places)?;
        let count = taken.len();
        let wrong = |_| GraphError(format!("the model gave {count} outputs, not {N}"));
        taken.try_into().map_err(wrong)
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
