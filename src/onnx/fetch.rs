//! Fetches the pinned library into the cache, once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Attempt;
use super::lock::lock;
use super::pinned::{PYTHON, Pinned, VERSION};
use super::{Progress, Surroundings, Watch, archive, extract};

/// A fetch and what it needs.
pub(super) struct Fetch<'a> {
    /// What to fetch.
    pub(super) pinned: &'a Pinned,
    /// The folder that the library goes to.
    pub(super) folder: &'a Path,
    /// The environment of the process.
    pub(super) surroundings: &'a Surroundings,
    /// Is told about the progress.
    pub(super) watch: &'a Watch,
}

/// What has come of a way to get at the library.
enum Received {
    /// A wheel, which is a zip archive.
    Wheel(PathBuf),
    /// A folder that a wheel was unpacked into.
    Unpacked(PathBuf),
}

/// A way to get at the library: brings something into the folder, or says why not.
type Way = fn(&Fetch<'_>, &Path) -> Result<Received, String>;

/// pip, because it knows the mirrors and proxies of its user; uv, where it stands in for pip; else
/// the file itself.
const WAYS: [(&str, Way); 3] = [
    ("fetch with pip", with_pip),
    ("fetch with uv", with_uv),
    ("download", from_the_web),
];

impl Fetch<'_> {
    /// The path of the library, which is complete and has the pinned digest. Where another
    /// process is fetching it, that one is waited for.
    ///
    /// # Errors
    /// Every way that was tried, and why it failed.
    pub(super) fn run(&self) -> Result<PathBuf, Vec<Attempt>> {
        let target = self.folder.join(self.pinned.file_name());
        let unwritable = |error: io::Error| {
            let outcome =
                format!("cannot be written: {error}: set AUGMENT_CACHE to a folder that can");
            vec![Attempt::new(
                format!("the cache {}", self.folder.display()),
                outcome,
            )]
        };
        fs::create_dir_all(self.folder).map_err(unwritable)?;
        let _lock =
            lock(&self.folder.join(".lock"), "ONNX Runtime", self.watch).map_err(unwritable)?;
        if target.is_file() {
            return Ok(target);
        }
        let mut tried = Vec::new();
        for (name, way) in WAYS {
            let workplace = Workplace::new(self.folder).map_err(unwritable)?;
            let placed =
                way(self, &workplace.0).and_then(|received| self.place(&received, &target));
            match placed {
                Ok(()) => {
                    let what = format!("ONNX Runtime {VERSION}, to {}", target.display());
                    (self.watch)(Progress::Finished { what: &what });
                    return Ok(target);
                }
                Err(reason) => tried.push(Attempt::new(name, reason)),
            }
        }
        Err(tried)
    }

    /// Checks what was received, and makes the library visible at `target` in one step.
    fn place(&self, received: &Received, target: &Path) -> Result<(), String> {
        match received {
            Received::Wheel(wheel) => extract::from_wheel(wheel, self.pinned, target),
            Received::Unpacked(folder) => {
                extract::from_file(&folder.join(self.pinned.library), self.pinned, target)
            }
        }
    }

    fn started(&self, how: &str) {
        let what = format!("ONNX Runtime {VERSION} {how}");
        (self.watch)(Progress::Started {
            what: &what,
            bytes: Some(self.pinned.wheel_bytes),
        });
    }
}

/// A folder in the cache that goes with what is in it.
struct Workplace(PathBuf);

impl Workplace {
    fn new(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!(".fetch-{}", std::process::id()));
        // One of a process that was killed and had the same number.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn with_pip(fetch: &Fetch<'_>, into: &Path) -> Result<Received, String> {
    let find = |name: &str| fetch.surroundings.find_program(name);
    let mut command = match (find("pip").or_else(|| find("pip3")), find("python3")) {
        (Some(pip), _) => Command::new(pip),
        (None, Some(python)) => {
            let mut command = Command::new(python);
            command.args(["-m", "pip"]);
            command
        }
        (None, None) => return Err("there is no `pip` on the path".to_owned()),
    };
    fetch.started("with pip");
    command
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--quiet"])
        // The wheel is the one for this platform, whatever Python pip runs on.
        .args(["--implementation", "cp", "--abi"])
        .arg(format!("cp{}", PYTHON.replace('.', "")))
        .args(["--python-version", PYTHON, "--platform"])
        .arg(fetch.pinned.pip_platform)
        .arg("--dest")
        .arg(into)
        .arg(requirement());
    run(&mut command)?;
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|end| end == "whl");
    let entries = fs::read_dir(into).map_err(|error| error.to_string())?;
    let wheel = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(is_wheel);
    match wheel {
        Some(wheel) => Ok(Received::Wheel(wheel)),
        None => Err("pip succeeded, but left no wheel".to_owned()),
    }
}

/// uv has no `pip download`: it installs into a folder instead, which may be of another platform.
fn with_uv(fetch: &Fetch<'_>, into: &Path) -> Result<Received, String> {
    let Some(uv) = fetch.surroundings.find_program("uv") else {
        return Err("there is no `uv` on the path".to_owned());
    };
    fetch.started("with uv");
    let mut command = Command::new(uv);
    command
        .args(["pip", "install", "--quiet", "--no-deps"])
        // It wants a Python to be there, but this is no reason to fetch one.
        .args(["--only-binary", ":all:", "--no-python-downloads"])
        .args(["--python-version", PYTHON, "--python-platform"])
        .arg(fetch.pinned.uv_platform)
        .arg("--target")
        .arg(into)
        .arg(requirement());
    run(&mut command)?;
    Ok(Received::Unpacked(into.to_owned()))
}

fn from_the_web(fetch: &Fetch<'_>, into: &Path) -> Result<Received, String> {
    let pinned = fetch.pinned;
    let url = match fetch.surroundings.text("AUGMENT_ORT_URL") {
        Some(base) => format!("{}/{}", base.trim_end_matches('/'), pinned.wheel),
        None => format!(
            "https://files.pythonhosted.org/packages/{}/{}",
            pinned.folder, pinned.wheel
        ),
    };
    let host = url.split('/').nth(2).unwrap_or(&url);
    fetch.started(&format!("from {host}"));
    let wheel = into.join(pinned.wheel);
    // A wheel for another version of Python differs in size, but not by much.
    let most = pinned.wheel_bytes.saturating_mul(2);
    archive::download(&url, &wheel, most, fetch.watch)?;
    Ok(Received::Wheel(wheel))
}

/// What pip and uv are asked for.
fn requirement() -> String {
    format!("onnxruntime=={VERSION}")
}

/// Runs a program to its end; on failure, what it said last.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines
        .get(lines.len().saturating_sub(3)..)
        .unwrap_or_default();
    Err(format!(
        "{program} failed ({}): {}",
        output.status,
        last.join("; ")
    ))
}
