//! Fetching, with stand-ins for pip, uv and the web.

#![cfg(unix)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::error::Attempt;
use super::fetch::Fetch;
use super::pinned::Pinned;
use super::{Progress, Surroundings, Watch, silent};
use crate::digest::hexadecimal;

const LIBRARY: &[u8] = b"a library, as far as these tests go";
const MEMBER: &str = "onnxruntime/capi/libonnxruntime.so.1.31.1";
const WHEEL: &str = "onnxruntime-1.31.1-cp312-cp312-here.whl";

/// What is pinned in these tests: [`LIBRARY`].
fn pinned() -> Pinned {
    let digest = Sha256::digest(LIBRARY);
    let digest = hexadecimal(&digest);
    Pinned {
        pip_platform: "here",
        uv_platform: "here-uv",
        wheel: WHEEL,
        folder: "none",
        wheel_bytes: 1_000,
        library: MEMBER,
        bytes: LIBRARY.len() as u64,
        sha256: digest.leak(),
    }
}

/// A machine: a folder for programs, one for the cache, and variables.
struct Machine {
    root: TempDir,
    variables: Vec<(&'static str, OsString)>,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        let path = root.path().join("bin").into_os_string();
        Self {
            root,
            variables: vec![("PATH", path)],
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Puts a program on the path.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A `pip` that notes its arguments and copies `wheel` to where it is told to.
    fn pip(&self, wheel: &Path) {
        self.program("pip", &self.copying(wheel, "--dest"));
    }

    /// A script that notes its arguments, and copies `from` to what follows `flag`.
    fn copying(&self, from: &Path, flag: &str) -> String {
        format!(
            "echo \"$@\" >> {calls}\n\
             while [ $# -gt 0 ]; do [ \"$1\" = {flag} ] && to=$2; shift; done\n\
             /bin/cp -r {from} \"$to/\"",
            calls = self.path("calls").display(),
            from = from.display(),
        )
    }

    /// The calls of the programs, one a line.
    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A wheel with these members.
    fn wheel(&self, members: &[(&str, &[u8])]) -> PathBuf {
        let path = self.path(WHEEL);
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in members {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
        path
    }

    fn right_wheel(&self) -> PathBuf {
        self.wheel(&[("onnxruntime/__init__.py", b""), (MEMBER, LIBRARY)])
    }

    fn fetch(&self) -> Result<PathBuf, Vec<Attempt>> {
        self.fetch_with(&silent())
    }

    fn fetch_with(&self, watch: &Watch) -> Result<PathBuf, Vec<Attempt>> {
        let variables = self.variables.clone();
        let find = move |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let fetch = Fetch {
            pinned: &pinned(),
            folder: &self.path("cache"),
            surroundings: &Surroundings::new(None, find),
            watch,
        };
        fetch.run()
    }

    /// What fails, as one text.
    fn failure(&self) -> String {
        let attempts = self.fetch().unwrap_err();
        let lines: Vec<String> = attempts.iter().map(ToString::to_string).collect();
        // A failed fetch leaves nothing but its lock.
        let left: Vec<String> = fs::read_dir(self.path("cache"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(left, [".lock"]);
        lines.join("\n")
    }

    /// Serves `body` to every request of a file called [`WHEEL`], with a length of `length`.
    fn serve(&mut self, body: Vec<u8>, length: usize) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mirror/", listener.local_addr().unwrap());
        self.variables.push(("AUGMENT_ORT_URL", url.into()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let request = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let answer = if request.contains(&format!("/mirror/{WHEEL} ")) {
                    format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                    )
                } else {
                    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
                };
                stream.write_all(answer.as_bytes()).unwrap();
                drop(stream.write_all(&body));
            }
        });
    }
}

fn assert_fetched(fetched: Result<PathBuf, Vec<Attempt>>, machine: &Machine) {
    let path = fetched.unwrap();
    assert_eq!(path, machine.path("cache/libonnxruntime.so.1.31.1"));
    assert_eq!(fs::read(path).unwrap(), LIBRARY);
    let hidden = fs::read_dir(machine.path("cache")).unwrap().count();
    assert_eq!(hidden, 2, "the library and the lock");
}

#[test]
fn pip_is_asked_for_the_pinned_wheel_once() {
    let machine = Machine::new();
    machine.pip(&machine.right_wheel());
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let watch: Watch = Arc::new(move |step: Progress<'_>| {
        seen.lock().unwrap().push(format!("{step:?}"));
    });
    assert_fetched(machine.fetch_with(&watch), &machine);
    let steps = steps.lock().unwrap().join("\n");
    assert!(steps.contains("ONNX Runtime 1.31.1 with pip"), "{steps}");
    assert!(steps.contains("Finished"), "{steps}");
    assert_fetched(machine.fetch(), &machine);
    let calls = machine.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].starts_with("download --no-deps --only-binary=:all:"));
    assert!(calls[0].contains("--abi cp312 --python-version 3.12 --platform here"));
    assert!(calls[0].ends_with(" onnxruntime==1.31.1"), "{calls:?}");
}

#[test]
fn python_stands_in_for_a_pip_that_is_not_on_the_path() {
    let machine = Machine::new();
    machine.program(
        "python3",
        &machine.copying(&machine.right_wheel(), "--dest"),
    );
    assert_fetched(machine.fetch(), &machine);
    assert!(machine.calls()[0].starts_with("-m pip download "));
}

#[test]
fn uv_stands_in_for_pip() {
    let machine = Machine::new();
    machine.program("pip", "echo no index >&2; exit 1");
    let unpacked = machine.path("unpacked/onnxruntime");
    fs::create_dir_all(unpacked.join("capi")).unwrap();
    fs::write(unpacked.join("capi/libonnxruntime.so.1.31.1"), LIBRARY).unwrap();
    machine.program("uv", &machine.copying(&unpacked, "--target"));
    assert_fetched(machine.fetch(), &machine);
    let calls = machine.calls();
    assert!(calls[0].starts_with("pip install "), "{calls:?}");
    assert!(calls[0].contains("--python-platform here-uv"), "{calls:?}");
}

#[test]
fn the_web_stands_in_for_both() {
    let mut machine = Machine::new();
    let wheel = fs::read(machine.right_wheel()).unwrap();
    let length = wheel.len();
    machine.serve(wheel, length);
    assert_fetched(machine.fetch(), &machine);
}

#[test]
fn what_is_cut_off_is_not_taken() {
    let mut machine = Machine::new();
    let wheel = fs::read(machine.right_wheel()).unwrap();
    let length = wheel.len();
    machine.serve(wheel[..length / 2].to_vec(), length);
    let failure = machine.failure();
    assert!(
        failure.contains("fetch with pip: there is no `pip`"),
        "{failure}"
    );
    assert!(
        failure.contains("fetch with uv: there is no `uv`"),
        "{failure}"
    );
    assert!(failure.contains("cut off after"), "{failure}");
}

#[test]
fn another_library_is_not_taken() {
    let mut machine = Machine::new();
    machine
        .variables
        .push(("AUGMENT_ORT_URL", "http://127.0.0.1:1".into()));
    machine.pip(&machine.wheel(&[(MEMBER, b"another library, just as long as it")]));
    let failure = machine.failure();
    assert!(failure.contains("is not the published one"), "{failure}");
    assert!(failure.contains(pinned().sha256), "{failure}");
    machine.pip(&machine.wheel(&[(MEMBER, &[7; 10_000])]));
    let failure = machine.failure();
    assert!(failure.contains("over more bytes"), "{failure}");
}

#[test]
fn a_damaged_wheel_is_not_taken() {
    let mut machine = Machine::new();
    machine
        .variables
        .push(("AUGMENT_ORT_URL", "http://127.0.0.1:1".into()));
    let right = fs::read(machine.right_wheel()).unwrap();
    let wrong = machine.path(WHEEL);
    for bytes in [
        b"<html>".to_vec(),
        Vec::new(),
        right[..right.len() / 2].to_vec(),
    ] {
        fs::write(&wrong, bytes).unwrap();
        machine.pip(&wrong);
        let failure = machine.failure();
        assert!(
            failure.contains("fetch with pip: the wheel is damaged"),
            "{failure}"
        );
        assert!(
            failure.contains("download: http://127.0.0.1:1"),
            "{failure}"
        );
    }
    machine.pip(&machine.wheel(&[("onnxruntime/capi/other.so", LIBRARY)]));
    let failure = machine.failure();
    assert!(failure.contains(MEMBER), "{failure}");
    machine.program("pip", "echo ERROR: no such version >&2; exit 1");
    let failure = machine.failure();
    assert!(failure.contains("ERROR: no such version"), "{failure}");
    machine.program("pip", "exit 0");
    let failure = machine.failure();
    assert!(failure.contains("left no wheel"), "{failure}");
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let mut machine = Machine::new();
    machine.serve(Vec::new(), 0);
    let base = machine.variables.pop().unwrap().1.into_string().unwrap();
    let elsewhere = base.replace("/mirror/", "/elsewhere");
    machine
        .variables
        .push(("AUGMENT_ORT_URL", elsewhere.into()));
    let failure = machine.failure();
    assert!(
        failure.contains("the server answers 404 Not Found"),
        "{failure}"
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let machine = Machine::new();
    machine.pip(&machine.right_wheel());
    fs::write(machine.path("cache"), "a file where the folder should be").unwrap();
    let attempts = machine.fetch().unwrap_err();
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].to_string().contains("AUGMENT_CACHE"));
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn one_fetch_serves_all_who_want_it_at_once() {
    let machine = Machine::new();
    let slow = machine.copying(&machine.right_wheel(), "--dest");
    machine.program("pip", &format!("sleep 0.2\n{slow}"));
    thread::scope(|scope| {
        let fetches: Vec<_> = (0..4).map(|_| scope.spawn(|| machine.fetch())).collect();
        for fetch in fetches {
            assert_fetched(fetch.join().unwrap(), &machine);
        }
    });
    assert_eq!(machine.calls().len(), 1);
}
