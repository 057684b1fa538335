//! Downloads over HTTP.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::{Progress, Watch};

/// How long a server may take to accept a connection, and then to send something.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that knows the proxy and the certificates of the system.
fn agent() -> ureq::Agent {
    ureq::AgentBuilder::new()
        .try_proxy_from_env(true)
        .timeout_connect(PATIENCE)
        .timeout_read(PATIENCE)
        .user_agent(concat!("augment/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// What went wrong, in one line.
pub(crate) fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Status(code, response) => {
            format!("the server answers {code} {}", response.status_text())
        }
        ureq::Error::Transport(transport) => {
            let source = transport.source().map(ToString::to_string);
            let parts = [transport.message().map(str::to_owned), source];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            format!("{}: {}", transport.kind(), parts.join(": "))
        }
    }
}

/// Writes what `url` leads to, at most `most` bytes, into a new file at `path`.
pub(super) fn download(url: &str, path: &Path, most: u64, watch: &Watch) -> Result<(), String> {
    let response = agent()
        .get(url)
        .call()
        .map_err(|error| format!("{url}: {}", explain(&error)))?;
    let mut file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut body = response.into_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut received: u64 = 0;
    loop {
        let length = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("{url}: cut off after {received} bytes: {error}")),
        };
        let read = buffer.get(..length).unwrap_or_default();
        file.write_all(read)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        received += read.len() as u64;
        if received > most {
            return Err(format!("{url}: more than {most} bytes"));
        }
        watch(Progress::Received(received));
    }
    Ok(())
}
