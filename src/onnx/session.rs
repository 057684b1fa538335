//! Sessions on a device, with the settings that suit many workers.

use std::fmt::Display;

use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::{PrepackedWeights, SessionBuilder};

use super::{ChosenDevice, Device, Runtime, RuntimeError, cuda, probe};

impl Runtime {
    /// A session that computes on `device` and is about to load a graph.
    ///
    /// It computes in one thread, the one that runs it, and no thread of it spins: more speed
    /// comes from more sessions. Sessions that are given the same `weights` keep one copy of what
    /// ONNX Runtime makes of constant matrices.
    ///
    /// # Errors
    /// When the device cannot be used.
    pub fn session_builder(
        &self,
        device: ChosenDevice,
        weights: Option<&PrepackedWeights>,
    ) -> Result<SessionBuilder, RuntimeError> {
        let mut builder = Session::builder(self.environment())
            .map_err(|error| refused("set up a session", error))?
            .with_intra_threads(1)
            .map_err(|error| refused("use one thread", error))?
            .with_inter_threads(1)
            .map_err(|error| refused("use one thread", error))?
            .with_intra_op_spinning(false)
            .map_err(|error| refused("keep threads from spinning", error))?
            .with_inter_op_spinning(false)
            .map_err(|error| refused("keep threads from spinning", error))?;
        if let Some(weights) = weights {
            builder = builder
                .with_prepacked_weights(weights)
                .map_err(|error| refused("share weights", error))?;
        }
        let provider: ExecutionProviderDispatch = match device {
            ChosenDevice::Cpu => ep::CPU::default().with_arena_allocator(true).build(),
            ChosenDevice::Cuda(number) => ep::CUDA::default()
                .with_device_id(i32::from(number))
                // Whoever wants speed takes 16 bits; 32 are there to be exact.
                .with_tf32(false)
                .build()
                .error_on_failure(),
        };
        builder
            .with_execution_providers([provider])
            .map_err(|error| RuntimeError::Device {
                device: device.to_string(),
                reason: one_line(error),
            })
    }

    /// The device to use where `asked` is asked for, and a line that says so where it is not what
    /// one might expect. Whether a GPU works is tried with a model of one node.
    ///
    /// # Errors
    /// When a GPU is asked for that cannot be used.
    pub fn choose(&self, asked: Device) -> Result<(ChosenDevice, Option<String>), RuntimeError> {
        match asked {
            Device::Cpu => Ok((ChosenDevice::Cpu, None)),
            Device::Cuda(number) => {
                let device = ChosenDevice::Cuda(number);
                self.try_device(device)?;
                Ok((device, None))
            }
            Device::Auto => {
                let device = ChosenDevice::Cuda(0);
                match self.try_device(device) {
                    Ok(()) => Ok((device, None)),
                    Err(error) => {
                        let reason = match error {
                            RuntimeError::Device { reason, .. } => reason,
                            other => other.to_string(),
                        };
                        let notice =
                            format!("models run on the CPU, CUDA cannot be used: {reason}");
                        Ok((ChosenDevice::Cpu, Some(notice)))
                    }
                }
            }
        }
    }

    /// Runs the smallest model on `device`.
    fn try_device(&self, device: ChosenDevice) -> Result<(), RuntimeError> {
        let fails = |reason: String| RuntimeError::Device {
            device: device.to_string(),
            reason,
        };
        if let ChosenDevice::Cuda(_) = device {
            if !self.providers().contains(&"CUDAExecutionProvider") {
                return Err(fails("this ONNX Runtime was built without it".to_owned()));
            }
            cuda::preload(self.path(), self.surroundings());
        }
        self.session_builder(device, None)?
            .commit_from_memory(&probe::identity_model())
            .map_err(|error| fails(one_line(error)))?;
        Ok(())
    }
}

fn refused(doing: &'static str, error: impl Display) -> RuntimeError {
    RuntimeError::Refused {
        doing,
        reason: one_line(error),
    }
}

/// What ONNX Runtime says, without its line breaks.
fn one_line(error: impl Display) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
