//! Single requests: look, list, read, write, remove.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};

use super::client::{Place, place};
use super::runtime::{explain, persistently, runtime, wait};
use super::{Facts, Mark};

/// Requests that are under way at a time where many objects are read.
const AT_A_TIME: usize = 32;

impl From<&ObjectMeta> for Facts {
    fn from(meta: &ObjectMeta) -> Self {
        Self {
            bytes: meta.size,
            modified: SystemTime::from(meta.last_modified),
            mark: Mark {
                tag: meta.e_tag.clone(),
                version: meta.version.clone(),
            },
        }
    }
}

/// What the store tells of the object `path`.
pub(crate) fn facts_of(path: &Path) -> io::Result<Facts> {
    let Place { client, key, .. } = place(path)?;
    let meta = wait(|| client.objects.head(&key))?;
    Ok(Facts::from(&meta))
}

/// The objects below `path`, in the order of their names.
pub(crate) fn list(path: &Path) -> io::Result<Vec<(PathBuf, Facts)>> {
    let place = place(path)?;
    let (objects, prefix) = (&place.client.objects, &place.key);
    let prefix = (!prefix.as_ref().is_empty()).then_some(prefix);
    let found: Vec<ObjectMeta> = wait(|| objects.list(prefix).try_collect())?;
    let mut found: Vec<_> = found
        .iter()
        .map(|meta| {
            let path = format!("{}/{}", place.store, meta.location);
            (PathBuf::from(path), Facts::from(meta))
        })
        .collect();
    found.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(found)
}

/// The object `path` as a whole.
pub(crate) fn read(path: &Path) -> io::Result<(Bytes, Facts)> {
    let Place { client, key, .. } = place(path)?;
    wait(|| fetch(&client.objects, &key))
}

async fn fetch(
    objects: &std::sync::Arc<dyn ObjectStore>,
    key: &object_store::path::Path,
) -> object_store::Result<(Bytes, Facts)> {
    let found = objects.get(key).await?;
    let facts = Facts::from(&found.meta);
    Ok((found.bytes().await?, facts))
}

/// Several objects as a whole, many at a time.
pub(crate) fn read_all(paths: &[PathBuf]) -> io::Result<Vec<Bytes>> {
    let places: io::Result<Vec<Place>> = paths.iter().map(|path| place(path)).collect();
    let reads = places?.into_iter().map(|place| async move {
        let read = || fetch(&place.client.objects, &place.key);
        persistently(read).await.map(|(bytes, _)| bytes)
    });
    let all = stream::iter(reads).buffered(AT_A_TIME).try_collect();
    runtime()?.block_on(all).map_err(explain)
}

/// Writes an object in one step, in place of what may have its name; answers its mark.
pub(crate) fn write(path: &Path, bytes: Vec<u8>) -> io::Result<Mark> {
    put(path, bytes, &PutMode::Overwrite)
}

/// Writes an object if there is none of its name; answers its mark.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<Mark> {
    // Where an answer gets lost, the object in the way may be this one.
    match put(path, bytes.to_vec(), &PutMode::Create) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match read(path) {
            Ok((found, facts)) if found == bytes => Ok(facts.mark),
            _ => Err(error),
        },
        result => result,
    }
}

/// Writes an object in place of the one with this mark; answers the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8], mark: &Mark) -> io::Result<Mark> {
    let mode = PutMode::Update(UpdateVersion {
        e_tag: mark.tag.clone(),
        version: mark.version.clone(),
    });
    match put(path, bytes.to_vec(), &mode) {
        Err(error) if super::is_changed(&error) => match read(path) {
            Ok((found, facts)) if found == bytes => Ok(facts.mark),
            _ => Err(error),
        },
        result => result,
    }
}

fn put(path: &Path, bytes: Vec<u8>, mode: &PutMode) -> io::Result<Mark> {
    let Place { client, key, .. } = place(path)?;
    let payload = PutPayload::from(bytes);
    let put = wait(|| {
        let options = PutOptions::from(mode.clone());
        client.objects.put_opts(&key, payload.clone(), options)
    })?;
    Ok(Mark {
        tag: put.e_tag,
        version: put.version,
    })
}

/// Removes an object. It does not matter if it is not there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let Place { client, key, .. } = place(path)?;
    match wait(|| client.objects.delete(&key)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
