//! A run of the program that is watched: its peak of memory, and what it made.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::Failure;

/// What a run took and made.
pub(crate) struct Ran {
    pub(crate) peak: u64,
    pub(crate) elapsed: Duration,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) succeeded: bool,
    pub(crate) said: String,
}

/// Runs the program in `folder`, and removes what it wrote.
pub(crate) fn run(program: &Path, folder: &Path, flags: &[&str]) -> Result<Ran, Failure> {
    let out = folder.join("out");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["run", "soak.toml", "-j", "2", "--quiet"])
        .args(flags)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak = 0;
    let mut outputs = BTreeMap::new();
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        take_outputs(&out, &mut outputs)?;
        thread::sleep(Duration::from_millis(10));
    };
    let elapsed = started.elapsed();
    take_outputs(&out, &mut outputs)?;
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    fs::remove_dir_all(&out)?;
    Ok(Ran {
        peak,
        elapsed,
        outputs,
        succeeded: status.success(),
        said: said.trim().to_owned(),
    })
}

/// Notes what the finished files hold, and removes them: all of them would take much room.
fn take_outputs(out: &Path, outputs: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    if !out.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".parquet") && !name.starts_with('.') {
            outputs.insert(name.into_owned(), digest(&path)?);
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The most bytes that a process has had resident; 0 if it is gone.
fn high_water(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kilobytes = kilobytes.and_then(|number| number.trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn digest(path: &Path) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(path)?, &mut Writer(&mut hash))?;
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// A digest that can be written to.
struct Writer<'a>(&'a mut Sha256);

impl std::io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
