//! A hub on this machine: what Hugging Face answers, as far as fetching models goes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::json;
use sha2::{Digest, Sha256};

/// The commit of every repository.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the hub has, and how it behaves.
#[derive(Default)]
pub(crate) struct Conduct {
    /// The files of the repository `ann/en-de`, by their names.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Who does not send this token is refused.
    pub(crate) token: Option<String>,
    /// Transfers of large files end after so many bytes, so many times.
    pub(crate) cut: Option<(usize, u32)>,
    /// Large files arrive with their first byte wrong, so many times.
    pub(crate) damage: u32,
    /// Requests: method, path, and the range and the token that were sent.
    pub(crate) requests: Vec<String>,
}

/// A server that goes with the process.
pub(crate) struct Hub {
    pub(crate) endpoint: String,
    conduct: Arc<Mutex<Conduct>>,
}

impl Hub {
    /// A hub with these files in the repository `ann/en-de`. Those that end in `.onnx` or
    /// `.safetensors` are large: they are elsewhere, and are known by their SHA-256.
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let files = files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
        let conduct = Arc::new(Mutex::new(Conduct {
            files: files.collect(),
            ..Conduct::default()
        }));
        let shared = Arc::clone(&conduct);
        let own = endpoint.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (conduct, endpoint) = (Arc::clone(&shared), own.clone());
                thread::spawn(move || {
                    // A client may go at any time.
                    let _gone = serve(&stream.unwrap(), &endpoint, &conduct);
                });
            }
        });
        Self { endpoint, conduct }
    }

    /// What the hub has and does, to look at and to change.
    pub(crate) fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap()
    }

    /// The requests since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.conduct().requests)
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn is_large(name: &str) -> bool {
    let ending = name.rsplit('.').next();
    ending.is_some_and(|ending| ["onnx", "safetensors"].contains(&ending))
}

/// Answers one request and closes the connection.
fn serve(stream: &TcpStream, endpoint: &str, conduct: &Mutex<Conduct>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut headers = BTreeMap::new();
    while let Some(line) = lines.next().transpose()? {
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut conduct = conduct.lock().unwrap();
    let noted = format!("{path} {} {}", header("range"), header("authorization"));
    conduct.requests.push(noted.trim_end().to_owned());
    let expected = conduct
        .token
        .as_ref()
        .map(|token| format!("Bearer {token}"));
    if expected.is_some_and(|expected| header("authorization") != expected) {
        return respond(stream, "401 Unauthorized", &[], b"", 0);
    }
    if path.starts_with("/api/models/ann/en-de/revision/") {
        let siblings = conduct.files.iter().map(|(name, bytes)| entry(name, bytes));
        let siblings: Vec<_> = siblings.collect();
        let listing = json!({ "sha": COMMIT, "siblings": siblings }).to_string();
        return respond(stream, "200 OK", &[], listing.as_bytes(), listing.len());
    }
    let named = path.strip_prefix(&format!("/ann/en-de/resolve/{COMMIT}/"));
    if let Some(name) = named
        && let Some(bytes) = conduct.files.get(name).cloned()
    {
        let digest = digest(&bytes);
        let known = [("X-Repo-Commit", COMMIT.to_owned())];
        if is_large(name) {
            let headers = [
                known[0].clone(),
                ("X-Linked-ETag", format!("\"{digest}\"")),
                ("ETag", "\"of the pointer\"".to_owned()),
                ("Location", format!("{endpoint}/large/{digest}")),
            ];
            return respond(stream, "302 Found", &headers, b"", 0);
        }
        let headers = [known[0].clone(), ("ETag", format!("\"{}\"", &digest[..40]))];
        return partial(stream, &headers, &bytes, header("range"), None);
    }
    let large = path.strip_prefix("/large/").and_then(|wanted| {
        let mut contents = conduct.files.values();
        contents.find(|bytes| digest(bytes) == wanted).cloned()
    });
    let Some(mut bytes) = large else {
        return respond(stream, "404 Not Found", &[], b"", 0);
    };
    let is_transfer = header("range") != "bytes=0-0";
    if is_transfer && conduct.damage > 0 {
        conduct.damage -= 1;
        bytes[0] ^= 1;
    }
    let mut cut = None;
    if is_transfer
        && let Some((after, times)) = &mut conduct.cut
        && *times > 0
    {
        *times -= 1;
        cut = Some(*after);
    }
    partial(stream, &[], &bytes, header("range"), cut)
}

/// What the hub lists of a file.
fn entry(name: &str, bytes: &[u8]) -> serde_json::Value {
    let digest = digest(bytes);
    if is_large(name) {
        let large = json!({ "sha256": digest, "size": bytes.len(), "pointerSize": 130 });
        return json!({
            "rfilename": name, "size": bytes.len(), "blobId": "of-the-pointer", "lfs": large,
        });
    }
    json!({ "rfilename": name, "size": bytes.len(), "blobId": &digest[..40] })
}

/// Answers with the part of `bytes` that `range` asks for, or its first `cut` bytes.
fn partial(
    stream: &TcpStream,
    headers: &[(&str, String)],
    bytes: &[u8],
    range: &str,
    cut: Option<usize>,
) -> std::io::Result<()> {
    let (start, end) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .unwrap_or(("0", ""));
    let start: usize = start.parse().unwrap();
    let end = end.parse().map_or(bytes.len(), |end: usize| end + 1);
    let end = end.min(bytes.len());
    if start >= end {
        return respond(stream, "416 Range Not Satisfiable", headers, b"", 0);
    }
    let mut headers = headers.to_vec();
    let range = format!("bytes {start}-{}/{}", end - 1, bytes.len());
    headers.push(("Content-Range", range));
    let part = &bytes[start..end];
    let sent = &part[..cut.unwrap_or(part.len()).min(part.len())];
    respond(stream, "206 Partial Content", &headers, sent, part.len())
}

/// Answers with `body`, and promises `length` bytes of it.
fn respond(
    mut stream: &TcpStream,
    status: &str,
    headers: &[(&str, String)],
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    let mut text =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    stream.write_all(format!("{text}\r\n").as_bytes())?;
    stream.write_all(body)
}
