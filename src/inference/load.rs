//! From the name of a model to its files, and to sessions on the device that the run asks for.

use std::path::Path;
use std::sync::Once;

use super::{ModelError, ModelName, ModelSettings};
use crate::models::{ModelFolder, ModelReference, ParseReferenceError, ResolveSettings, resolve};
use crate::onnx::{Progress, Runtime, RuntimeError, RuntimeOptions, SessionSource, Surroundings};

/// The files of the model that `name` names. Relative folders start at `base`.
pub(crate) fn find(
    name: ModelName<'_>,
    base: &Path,
    settings: &ModelSettings,
) -> Result<ModelFolder, ModelError> {
    let reference: ModelReference =
        name.reference
            .parse()
            .map_err(|error: ParseReferenceError| {
                ModelError::new(
                    error.to_string(),
                    "write `builtin:NAME`, the path of a folder, or `hf://owner/name[@revision]`",
                )
            })?;
    let settings = ResolveSettings {
        offline: settings.offline,
        variant: name.variant.map(str::to_owned),
        progress: settings.watch.0.clone(),
        ..ResolveSettings::of(&Surroundings::of_process())
    };
    resolve(&reference, base, &settings)
        .map_err(|error| ModelError::new(error.to_string(), error.help()))
}

/// What makes sessions on the device of the run: the runtime is loaded, fetched if need be.
pub(crate) fn sessions(settings: &ModelSettings) -> Result<SessionSource, ModelError> {
    let refused = |error: RuntimeError| ModelError::new(error.to_string(), error.help());
    let runtime = Runtime::load(&RuntimeOptions {
        library: settings.ort_library.clone(),
        offline: settings.offline,
        progress: settings.watch.0.clone(),
        surroundings: Surroundings::of_process(),
    })
    .map_err(refused)?;
    let (device, notice) = runtime.choose(settings.device).map_err(refused)?;
    if let Some(notice) = notice {
        // Once, however many models there are.
        static TOLD: Once = Once::new();
        TOLD.call_once(|| (settings.watch.0)(Progress::Notice(&notice)));
    }
    let sessions = SessionSource::new(device, move |weights| {
        runtime
            .session_builder(device, Some(weights))
            .map_err(|error| error.to_string())
    });
    Ok(match settings.gpu_threads {
        Some(threads) => sessions.with_threads(threads),
        None => sessions,
    })
}
