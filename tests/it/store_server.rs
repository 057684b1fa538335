//! A store on this machine: the S3 of `moto`, and a server before it that misbehaves on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread;
use std::time::Duration;

/// Serves until its standard input ends, which it does with this process.
const SERVE: &str = "import sys; from moto.server import ThreadedMotoServer as Server; \
server = Server(ip_address='127.0.0.1', port=0, verbose=False); server.start(); \
print(server.get_host_and_port()[1], flush=True); sys.stdin.read(); server.stop()";

/// What a server answers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The address of the store, which all tests share, each with a bucket of its own; nothing where
/// `moto` is not installed.
pub(crate) fn moto() -> Option<SocketAddr> {
    static MOTO: OnceLock<Option<(SocketAddr, Mutex<Child>)>> = OnceLock::new();
    let moto = MOTO.get_or_init(|| {
        let python = python()?;
        let mut server = Command::new(python)
            .args(["-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let output = server.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut port).unwrap();
        let port: u16 = port.trim().parse().expect("moto does not start");
        Some((SocketAddr::from(([127, 0, 0, 1], port)), Mutex::new(server)))
    });
    moto.as_ref().map(|(address, _)| *address)
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped() {
    eprintln!(
        "\n*** SKIPPED: no store to test with. Install it with `python3 -m venv DIR` and `DIR/bin/pip \
         install 'moto[server]==5.1.22'`, and set AUGMENT_MOTO_PYTHON=DIR/bin/python ***\n"
    );
}

/// The Python that has `moto`: that of `AUGMENT_MOTO_PYTHON`, or the one that `.ci/run` makes.
fn python() -> Option<PathBuf> {
    if let Some(python) = std::env::var_os("AUGMENT_MOTO_PYTHON") {
        return Some(python.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let python = cache?.join("augment-ci/moto/bin/python");
    if python.exists() {
        return Some(python);
    }
    skipped();
    None
}

/// What requests are signed with: the store looks for whom and for what, and does not check it.
const AUTHORIZATION: &str = "Authorization: AWS4-HMAC-SHA256 Credential=ann/20250101/us-east-1/s3/\
aws4_request, SignedHeaders=host, Signature=0\r\n";

/// Asks `server` for something.
pub(crate) fn ask(server: SocketAddr, method: &str, target: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {server}\r\nContent-Length: {length}\r\n\
         x-amz-acl: public-read\r\n{AUTHORIZATION}Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    let body = answer.split_off(end + 4);
    Answer { status, body }
}

/// How the server before the store behaves.
#[derive(Default)]
pub(crate) struct Conduct {
    /// Every so manieth request is answered with 503.
    pub(crate) refuse_every: Option<usize>,
    /// The body of every so manieth answer is cut off in its middle.
    pub(crate) cut_every: Option<usize>,
    /// After so many requests the server is down for a while.
    pub(crate) down_after: Option<usize>,
    /// After so many requests nothing is answered any more.
    pub(crate) stall_after: Option<usize>,
    /// All requests get this answer.
    pub(crate) answer_all: Option<(&'static str, String)>,
    /// The server speaks as that of Google does: it knows states of objects by numbers.
    pub(crate) google: bool,
    /// The tags that the store has for these numbers.
    pub(crate) tags: BTreeMap<String, String>,
    /// Requests so far: their first lines.
    pub(crate) requests: Vec<String>,
    /// What the requests were signed with.
    pub(crate) authorizations: Vec<String>,
    /// How often the server misbehaved.
    pub(crate) faults: usize,
}

impl Conduct {
    /// A line of a request as the store understands it.
    fn understood(&self, line: String) -> String {
        if self.google && line.to_lowercase().starts_with("authorization:") {
            return AUTHORIZATION.to_owned();
        }
        let Some(number) = line.strip_prefix("x-goog-if-generation-match: ") else {
            return line;
        };
        assert!(self.google);
        match number.trim() {
            "0" => "If-None-Match: *\r\n".to_owned(),
            number => {
                let tag = self.tags.get(number).map_or("no such state", |tag| tag);
                format!("If-Match: {tag}\r\n")
            }
        }
    }

    /// Adds the number of a state to an answer, whose headers end at `end`, and answers where they end then.
    fn add_number(&mut self, answer: &mut Vec<u8>, end: usize) -> usize {
        let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned();
        let tag = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("etag").then(|| value.to_owned())
        });
        let Some(tag) = tag.filter(|_| self.google) else {
            return end;
        };
        let digits: String = tag
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(12)
            .collect();
        let number = u64::from_str_radix(&digits, 16).unwrap().to_string();
        let header = format!("\r\nx-goog-generation: {number}");
        self.tags.insert(number, tag);
        answer.splice(end..end, header.bytes());
        end + header.len()
    }
}

/// A server before the store.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    conduct: Arc<Mutex<Conduct>>,
}

impl Proxy {
    pub(crate) fn before(store: SocketAddr, conduct: Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let conduct = Arc::new(Mutex::new(conduct));
        let shared = Arc::clone(&conduct);
        thread::spawn(move || listen(listener, store, &shared));
        Self { address, conduct }
    }

    pub(crate) fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap()
    }
}

fn listen(mut listener: TcpListener, store: SocketAddr, conduct: &Arc<Mutex<Conduct>>) {
    let address = listener.local_addr().unwrap();
    loop {
        let (stream, _) = listener.accept().unwrap();
        let is_down = {
            let mut conduct = conduct.lock().unwrap();
            let seen = conduct.requests.len();
            let is_down = conduct.down_after.is_some_and(|after| seen >= after);
            if is_down {
                conduct.down_after = None;
                conduct.faults += 1;
            }
            is_down
        };
        if is_down {
            // Killed: the connection is lost, and for a while nobody listens.
            drop(stream);
            drop(listener);
            thread::sleep(Duration::from_secs(1));
            listener = TcpListener::bind(address).unwrap();
            continue;
        }
        let conduct = Arc::clone(conduct);
        thread::spawn(move || {
            // Either side may go at any time.
            let _gone = serve(&stream, store, &conduct);
        });
    }
}

fn serve(stream: &TcpStream, store: SocketAddr, conduct: &Mutex<Conduct>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut client = stream;
    let mut head = Vec::new();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let line = conduct.lock().unwrap().understood(line);
        if !line.to_lowercase().starts_with("connection:") {
            head.extend(line.into_bytes());
        }
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let first = String::from_utf8_lossy(&head)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let (refuse, cut, answer) = {
        let mut conduct = conduct.lock().unwrap();
        if conduct.google && !headers.contains_key("authorization") {
            head.extend(AUTHORIZATION.bytes());
        }
        conduct.requests.push(first);
        let authorization = headers.get("authorization").cloned().unwrap_or_default();
        conduct.authorizations.push(authorization);
        let number = conduct.requests.len();
        if conduct.stall_after.is_some_and(|after| number > after) {
            drop(conduct);
            thread::sleep(Duration::from_mins(10));
            return Ok(());
        }
        let due = |every: Option<usize>| every.is_some_and(|every| number.is_multiple_of(every));
        let (refuse, cut) = (due(conduct.refuse_every), due(conduct.cut_every));
        conduct.faults += usize::from(refuse || cut);
        (refuse, cut, conduct.answer_all.clone())
    };
    if let Some((status, body)) = answer {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close");
        return write!(client, "{head}\r\n\r\n{body}");
    }
    if refuse {
        let head = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(head.as_bytes());
    }
    let mut upstream = TcpStream::connect(store)?;
    upstream.write_all(&head)?;
    upstream.write_all(b"Connection: close\r\n\r\n")?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(answer.len());
    let end = conduct.lock().unwrap().add_number(&mut answer, end);
    if cut {
        answer.truncate(end + (answer.len() - end) / 2);
    }
    client.write_all(&answer)
}
