//! An object that nobody sees before it is complete.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::PutPayload;
use object_store::multipart::{MultipartStore, PartId};
use tokio::task::JoinHandle;

use super::client::{Place, place};
use super::error::{Kind, StoreError};
use super::held::{AT_A_TIME, PART};
use super::object::digest_of;
use super::requests::write;
use super::runtime::{explain, persistently, runtime, wait};

/// An object that grows. What is at most one part is put in one request when it is complete, more is
/// sent part by part. Dropping it gives the parts up.
pub(crate) struct Upload {
    path: PathBuf,
    place: Place,
    parts: Arc<dyn MultipartStore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is not sent yet.
    buffer: Vec<u8>,
    /// The upload as the store knows it, once there is more than one part.
    id: Option<String>,
    sent: Vec<PartId>,
    coming: VecDeque<JoinHandle<object_store::Result<PartId>>>,
    begun: usize,
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Upload").field(&self.path).finish()
    }
}

impl Upload {
    /// Begins the object `path`.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let place = place(path)?;
        let Some(parts) = place.client.parts.clone() else {
            let message = "servers of the web cannot be written to".to_owned();
            let kind = Kind::Settings;
            return Err(StoreError { kind, message }.into());
        };
        Ok(Self {
            path: path.to_owned(),
            place,
            parts,
            state: Mutex::default(),
        })
    }

    /// Waits until the store has all parts, if there are several. The object is not there yet.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.id.is_some() && !state.buffer.is_empty() {
            let rest = std::mem::take(&mut state.buffer);
            self.send(&mut state, rest)?;
        }
        while !state.coming.is_empty() {
            state.await_part()?;
        }
        Ok(())
    }

    /// Makes the object visible, in place of what may have its name. `sha256` is that of its bytes.
    pub(crate) fn complete(self, sha256: &str) -> io::Result<()> {
        self.settle()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = state.id.clone() else {
            return write(&self.path, std::mem::take(&mut state.buffer)).map(drop);
        };
        let completed = wait(|| {
            let sent = state.sent.iter().map(|part| PartId {
                content_id: part.content_id.clone(),
            });
            self.parts
                .complete_multipart(&self.place.key, &id, sent.collect())
        });
        match completed {
            Ok(_) => {}
            // The answer to an earlier attempt may have been lost: then the upload is gone, and the
            // object there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if digest_of(&self.path).is_ok_and(|digest| digest == sha256) {
                    state.id = None;
                    return Ok(());
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        state.id = None;
        Ok(())
    }

    fn send(&self, state: &mut State, bytes: Vec<u8>) -> io::Result<()> {
        let key = &self.place.key;
        let id = if let Some(id) = &state.id {
            id.clone()
        } else {
            let id = wait(|| self.parts.create_multipart(key))?;
            state.id.insert(id).clone()
        };
        while state.coming.len() >= AT_A_TIME {
            state.await_part()?;
        }
        let (parts, key, index) = (Arc::clone(&self.parts), key.clone(), state.begun);
        let payload = PutPayload::from(bytes);
        let send =
            async move { persistently(|| parts.put_part(&key, &id, index, payload.clone())).await };
        state.coming.push_back(runtime()?.spawn(send));
        state.begun += 1;
        Ok(())
    }
}

impl State {
    /// Waits for the part that was sent first.
    fn await_part(&mut self) -> io::Result<()> {
        if let Some(task) = self.coming.pop_front() {
            let part = runtime()?.block_on(task).map_err(io::Error::other)?;
            self.sent.push(part.map_err(explain)?);
        }
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A part goes only when there is more to come: the last may be of any size.
        if state.buffer.len() >= PART {
            let full = std::mem::replace(&mut state.buffer, Vec::with_capacity(PART));
            self.send(&mut state, full)?;
        }
        let room = PART - state.buffer.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        state.buffer.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in &state.coming {
            task.abort();
        }
        if let (Some(id), Ok(runtime)) = (state.id.take(), runtime()) {
            // Once: what went wrong before may go wrong again, and the store forgets uploads that
            // nobody completes, where it is told to.
            drop(runtime.block_on(self.parts.abort_multipart(&self.place.key, &id)));
        }
    }
}
