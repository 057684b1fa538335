//! Models from a Hugging Face hub, through its cache.
//!
//! The cache is the one that Python's `huggingface_hub` has, so that a model is fetched once for
//! both.

mod cache;
mod fetch;
mod settings;

pub use cache::{CachedModel, cached_models};
pub use settings::HubSettings;

use super::{ModelError, ModelFolder, ModelOrigin, ModelReference, ResolveSettings};
use crate::onnx::Progress;
use cache::Repository;

/// The files of a revision of a repository: those in the cache, where fetching is forbidden or
/// the hub cannot be reached; else those that the hub has, fetched as far as they are missing.
pub(super) fn resolve(
    repository: &str,
    revision: &str,
    settings: &ResolveSettings,
) -> Result<ModelFolder, ModelError> {
    let reference = ModelReference::Hub {
        repository: repository.to_owned(),
        revision: revision.to_owned(),
    };
    let reference = reference.to_string();
    let Some(cache) = &settings.hub.cache else {
        return Err(ModelError::Fetch {
            reference,
            endpoint: settings.hub.endpoint.clone(),
            reason: "there is no cache folder to put it: set HF_HOME".to_owned(),
        });
    };
    let files = Repository::new(cache, repository);
    let forbidden_by = match (settings.offline, settings.hub.offline) {
        (true, _) => Some("`--offline`"),
        (false, true) => Some("HF_HUB_OFFLINE"),
        (false, false) => None,
    };
    if let Some(by) = forbidden_by {
        return cached(&files, repository, revision, settings).ok_or_else(|| ModelError::Offline {
            reference,
            cache: cache.clone(),
            by,
        });
    }
    match fetch::fetch(&files, repository, revision, &reference, settings) {
        Err(error @ ModelError::Fetch { .. }) => {
            let cached = cached(&files, repository, revision, settings).ok_or(error)?;
            let notice = format!(
                "{} cannot be reached: {cached} from the cache is used",
                settings.hub.endpoint
            );
            (settings.progress)(Progress::Notice(&notice));
            Ok(cached)
        }
        other => other,
    }
}

/// What the cache has of a revision, if that is enough.
fn cached(
    files: &Repository,
    repository: &str,
    revision: &str,
    settings: &ResolveSettings,
) -> Option<ModelFolder> {
    let commit = files.commit(revision)?;
    let path = files.snapshot(&commit);
    let names = super::resolve::names_in(&path).ok()?;
    let variant = settings.variant.as_deref();
    let selected = super::select::select(&names, settings.weights, variant).ok()?;
    let origin = ModelOrigin::Hub {
        repository: repository.to_owned(),
        commit,
        path: path.clone(),
    };
    Some(ModelFolder::on_disk(origin, &path, selected))
}
