//! ONNX Runtime and models: found, fetched, refused. No test here reaches beyond this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use augment::models::{
    HubSettings, ModelError, ModelFolder, ModelOrigin, ResolveSettings, cached_models, resolve,
};
use augment::onnx::{
    ChosenDevice, Device, Progress, Runtime, RuntimeError, RuntimeOptions, Surroundings,
};

use crate::loopback::{COMMIT, Hub, digest};
use crate::scratch::{Finished, Scratch, files_below};

/// The program in a folder of its own, with an environment that has nothing in it that it could
/// find, and a path with what the test puts on it.
struct Machine(Scratch);

impl Machine {
    fn new() -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("bin")).unwrap();
        Self(scratch)
    }

    fn command(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = self.0.command(arguments);
        for variable in [
            "AUGMENT_ORT_URL",
            "CONDA_PREFIX",
            "HF_ENDPOINT",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HUGGING_FACE_HUB_TOKEN",
            "HUGGINGFACE_HUB_CACHE",
            "LD_LIBRARY_PATH",
            "ORT_DYLIB_PATH",
            "VIRTUAL_ENV",
            "XDG_CACHE_HOME",
        ] {
            command.env_remove(variable);
        }
        command
            .env("PATH", self.0.path("bin"))
            .env("HOME", self.0.path("home"))
            .env("AUGMENT_CACHE", self.0.path("cache"))
            // Nothing answers there, should anything ask.
            .env("AUGMENT_ORT_URL", "http://127.0.0.1:1");
        command
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Finished {
        Finished::of(self.command(arguments).output().unwrap())
    }

    #[cfg(unix)]
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self
            .0
            .write(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Compares with a snapshot, without what differs from machine to machine.
    fn assert_snapshot(&self, name: &str, finished: &Finished) {
        let root = self.0.path("").canonicalize().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_augment")).parent().unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(&regex::escape(root.to_str().unwrap()), "[MACHINE]");
        settings.add_filter(&regex::escape(program.to_str().unwrap()), "[PROGRAM]");
        settings.add_filter(r"built-in   .*", "built-in   [NAMES]");
        settings.add_filter(
            r"the system (?s:.*?)\n  fetched",
            "the system [SYSTEM]\n  fetched",
        );
        let text = format!(
            "exit code: {}\n--- stdout\n{}--- stderr\n{}",
            finished.code.unwrap(),
            finished.stdout,
            finished.stderr
        );
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

/// Says that a test has not run.
#[expect(clippy::print_stderr, reason = "nobody should take it for a success")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// The options that lead to the library of this machine: `ORT_DYLIB_PATH`, or that of the active
/// Python environment. Tests fetch nothing.
fn options() -> RuntimeOptions {
    RuntimeOptions {
        offline: true,
        ..RuntimeOptions::default()
    }
}

/// The real library, or nothing, said loudly.
fn real() -> Option<&'static Runtime> {
    match Runtime::load(&options()) {
        Ok(runtime) => Some(runtime),
        Err(RuntimeError::NotFound { .. }) => {
            skipped(
                "there is no library of ONNX Runtime here: set ORT_DYLIB_PATH, or activate \
                 a Python environment with the package onnxruntime",
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_real_library_loads_and_runs_a_model() {
    let Some(runtime) = real() else { return };
    assert!(runtime.version().starts_with("1."), "{}", runtime.version());
    assert!(runtime.providers().contains(&"CPUExecutionProvider"));
    assert!(std::ptr::eq(Runtime::load(&options()).unwrap(), runtime));
    assert_eq!(
        runtime.choose(Device::Cpu).unwrap(),
        (ChosenDevice::Cpu, None)
    );
    let (device, notice) = runtime.choose(Device::Auto).unwrap();
    let has_cuda = runtime.providers().contains(&"CUDAExecutionProvider");
    if !has_cuda {
        assert_eq!(device, ChosenDevice::Cpu);
        assert!(notice.unwrap().contains("run on the CPU"));
        let error = runtime.choose(Device::Cuda(3)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the device cuda:3 cannot be used")
        );
    }
    let elsewhere = RuntimeOptions {
        library: Some("/elsewhere/libonnxruntime.so".into()),
        ..options()
    };
    let error = Runtime::load(&elsewhere).unwrap_err();
    assert!(
        matches!(error, RuntimeError::AlreadyLoaded { .. }),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_doctor_says_what_is_where() {
    let machine = Machine::new();
    machine
        .0
        .write("cache/onnxruntime-1.31.1/libonnxruntime.so", "no library");
    machine.0.write("home/.cache/huggingface/token", "secret");
    let finished = machine.run(["models", "doctor"]);
    assert!(!finished.stdout.contains("secret"));
    if finished.stdout.contains("in use") {
        return skipped("the system has a library of ONNX Runtime, which is found everywhere");
    }
    machine.assert_snapshot("models_doctor_nothing", &finished);
    assert_eq!(finished.code, Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn the_doctor_knows_the_library_in_use() {
    let Some(runtime) = real().filter(|runtime| runtime.path().is_file()) else {
        return;
    };
    let machine = Machine::new();
    let site = "env/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.99.0";
    machine.0.write(site, "no library");
    let library = machine.0.path(site).with_file_name("libonnxruntime.so");
    std::os::unix::fs::symlink(runtime.path(), library).unwrap();
    let mut command = machine.command(["models", "doctor", "--device", "cpu"]);
    command.env("VIRTUAL_ENV", machine.0.path("env"));
    let finished = Finished::of(command.output().unwrap());
    let text = &finished.stdout;
    assert_eq!(finished.code, Some(0), "{text}{}", finished.stderr);
    assert!(
        text.contains("libonnxruntime.so.1.99.0: does not load"),
        "{text}"
    );
    assert!(text.contains("libonnxruntime.so: in use"), "{text}");
    assert!(
        text.contains(&format!("version    {}", runtime.version())),
        "{text}"
    );
    assert!(text.contains("device     cpu\n"), "{text}");
}

#[test]
fn a_library_that_was_named_is_taken_or_refused() {
    let machine = Machine::new();
    let wrong = machine.0.write("wrong.so", "no library");
    let wrong = wrong.to_str().unwrap();
    let named = machine.run(["models", "fetch", "onnxruntime", "--ort-lib", wrong]);
    named.says(2, &["named by --ort-lib, cannot be used: does not load"]);
    let mut command = machine.command(["models", "fetch", "onnxruntime"]);
    command.env("ORT_DYLIB_PATH", machine.0.path("nowhere.so"));
    let named = Finished::of(command.output().unwrap());
    named.says(2, &["nowhere.so, named by ORT_DYLIB_PATH, cannot be used"]);
}

#[test]
fn a_run_that_cannot_have_a_model_says_one_remedy() {
    let machine = Machine::new();
    let wrong = machine.0.write("wrong.so", "no library");
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/backtranslate.toml");
    let sink = format!(
        "sinks.augmented.path={:?}",
        machine.0.path("out/{shard}.parquet")
    );
    let pipeline = pipeline.to_str().unwrap();
    let wrong = wrong.to_str().unwrap();
    let refused = machine.run(["run", pipeline, "--ort-lib", wrong, "--set", &sink]);
    refused.says(
        2,
        &[
            "an operator cannot start: `german`, `forward`: ",
            "wrong.so, named by --ort-lib, cannot be used: does not load",
        ],
    );
    let remedies = refused.stderr.matches("help:").count();
    assert_eq!(remedies, 1, "{}", refused.stderr);
    assert!(
        !refused.stderr.contains("mend the cause"),
        "{}",
        refused.stderr
    );
    let written = files_below(&machine.0.path("out"));
    let rows = written
        .iter()
        .filter(|path| path.extension() == Some(OsStr::new("parquet")));
    assert_eq!(rows.count(), 0, "{written:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_old_library_is_passed_over() {
    let machine = Machine::new();
    let source = machine.0.write(
        "old.c",
        "struct base { const void *(*api)(unsigned); const char *(*version)(void); };\n\
         static const void *api(unsigned number) { (void)number; return 0; }\n\
         static const char *version(void) { return \"1.23.2\"; }\n\
         static const struct base base = { api, version };\n\
         const struct base *OrtGetApiBase(void) { return &base; }\n",
    );
    let folder = machine.0.path("cache/onnxruntime-1.31.1");
    fs::create_dir_all(&folder).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(folder.join("libonnxruntime.so"))
        .arg(source)
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        skipped("there is no C compiler `cc` to make an old library with");
        return;
    }
    let finished = machine.run(["models", "fetch", "onnxruntime", "--offline"]);
    finished.says(
        2,
        &[
            "libonnxruntime.so: is version 1.23.2, and 1.24 or later is needed",
            "the Python environment: no environment is active",
            "fetch: forbidden by `--offline`",
            "help: run once without `--offline`",
        ],
    );
}

#[cfg(unix)]
#[test]
fn a_failed_fetch_lists_what_was_tried() {
    let machine = Machine::new();
    machine.program("pip", "echo 'ERROR: no matching distribution' >&2; exit 1");
    let finished = machine.run(["models", "fetch", "onnxruntime"]);
    finished.says(
        2,
        &[
            "fetching ONNX Runtime 1.31.1 with pip",
            "--ort-lib: not given",
            "failed (exit status: 1): ERROR: no matching distribution",
            "fetch with uv: there is no `uv` on the path",
            "download: http://127.0.0.1:1/onnxruntime-1.31.1",
            "help: `pip install onnxruntime==1.31.1`",
        ],
    );
    machine.0.write("blocked", "a file");
    let mut command = machine.command(["models", "fetch", "onnxruntime"]);
    command.env("AUGMENT_CACHE", machine.0.path("blocked"));
    let finished = Finished::of(command.output().unwrap());
    finished.says(2, &["blocked/onnxruntime-1.31.1: cannot be written"]);
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_fetch_at_once_share_one_fetch() {
    let Some(runtime) = real().filter(|runtime| runtime.path().is_file()) else {
        return;
    };
    if runtime.version() != augment::onnx::FETCHED_VERSION || runtime.providers().len() != 2 {
        skipped("the library here is not the one that would be fetched");
        return;
    }
    let machine = Machine::new();
    let library = fs::read(runtime.path()).unwrap();
    let name = "onnxruntime/capi/libonnxruntime.so.1.31.1";
    let wheel = machine.0.path("onnxruntime-1.31.1-cp312-cp312-here.whl");
    let mut archive = zip::ZipWriter::new(fs::File::create(&wheel).unwrap());
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file(name, stored).unwrap();
    std::io::Write::write_all(&mut archive, &library).unwrap();
    archive.finish().unwrap();
    machine.program(
        "pip",
        &format!(
            "echo called >> {}\n\
             while [ $# -gt 0 ]; do [ \"$1\" = --dest ] && to=$2; shift; done\n\
             /bin/cp {} \"$to/\"",
            machine.0.path("calls").display(),
            wheel.display()
        ),
    );
    thread::scope(|scope| {
        let fetch = || machine.run(["models", "fetch", "onnxruntime", "--quiet"]);
        let both = [scope.spawn(fetch), scope.spawn(fetch)];
        for finished in both.map(|process| process.join().unwrap()) {
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
            let fetched = "cache/onnxruntime-1.31.1/libonnxruntime.so.1.31.1\n";
            assert!(finished.stdout.ends_with(fetched), "{}", finished.stdout);
        }
    });
    let calls = fs::read_to_string(machine.0.path("calls")).unwrap();
    assert_eq!(calls, "called\n");
    let left = fs::read_dir(machine.0.path("cache/onnxruntime-1.31.1")).unwrap();
    assert_eq!(left.count(), 2, "the library and the lock");
}

#[test]
fn devices_are_checked_by_the_command_line() {
    let machine = Machine::new();
    for command in ["run", "preview"] {
        let finished = machine.run([command, "p.toml", "--device", "gpu"]);
        finished.says(2, &["expected `auto`, `cpu`, `cuda` or"]);
    }
}

// --- models from a hub

/// The files of a repository as `transformers.js` has them, and some that nobody needs.
const FILES: [(&str, &[u8]); 9] = [
    ("README.md", b"# A model"),
    ("config.json", br#"{"model_type": "marian"}"#),
    ("pytorch_model.bin", b"not for us"),
    ("source.spm", b"source"),
    ("vocab.json", b"{}"),
    (
        "onnx/decoder_model_merged.onnx",
        b"the decoder, which is the larger one of the two",
    ),
    (
        "onnx/decoder_model_merged_quantized.onnx",
        b"a smaller decoder",
    ),
    ("onnx/encoder_model.onnx", b"the encoder"),
    ("onnx/encoder_model_quantized.onnx", b"a smaller encoder"),
];

const DECODER: &str = "onnx/decoder_model_merged.onnx";

/// A user of a hub, with a cache.
struct User {
    cache: Scratch,
    settings: ResolveSettings,
    told: Arc<Mutex<Vec<String>>>,
}

impl User {
    fn of(hub: &Hub) -> Self {
        let cache = Scratch::new();
        let mut settings = ResolveSettings::of(&Surroundings::new(None, |_| None));
        settings.hub = HubSettings {
            endpoint: hub.endpoint.clone(),
            cache: Some(cache.path("hub")),
            token: None,
            token_source: None,
            offline: false,
        };
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        settings.progress = Arc::new(move |step: Progress<'_>| {
            listener.lock().unwrap().push(format!("{step:?}"));
        });
        Self {
            cache,
            settings,
            told,
        }
    }

    fn fetch(&self, reference: &str) -> Result<ModelFolder, ModelError> {
        resolve(&reference.parse().unwrap(), Path::new(""), &self.settings)
    }

    /// What the progress was since the last call.
    fn told(&self) -> String {
        std::mem::take(&mut *self.told.lock().unwrap()).join("\n")
    }

    fn blob(&self, bytes: &[u8]) -> PathBuf {
        let blobs = self.cache.path("hub/models--ann--en-de/blobs");
        blobs.join(digest(bytes))
    }
}

fn bytes_of(name: &str) -> &'static [u8] {
    FILES.iter().find(|(known, _)| *known == name).unwrap().1
}

fn assert_whole(model: &ModelFolder) {
    for name in model.names() {
        assert_eq!(
            model.bytes(name).unwrap().as_ref(),
            bytes_of(name),
            "{name}"
        );
    }
}

#[test]
fn only_what_is_needed_is_fetched_and_only_once() {
    let hub = Hub::new(&FILES);
    let mut user = User::of(&hub);
    let model = user.fetch("hf://ann/en-de").unwrap();
    let names: Vec<&str> = model.names().collect();
    assert_eq!(
        names,
        [
            "config.json",
            DECODER,
            "onnx/encoder_model.onnx",
            "source.spm",
            "vocab.json"
        ]
    );
    assert_whole(&model);
    let ModelOrigin::Hub { commit, path, .. } = model.origin() else {
        panic!("{model}");
    };
    assert_eq!((commit.as_str(), path.is_dir()), (COMMIT, true));
    let told = user.told();
    let total: usize = names.iter().map(|name| bytes_of(name).len()).sum();
    assert!(told.contains(&format!("bytes: Some({total})")), "{told}");
    assert!(
        told.contains(&format!("Received({total})\nFinished")),
        "{told}"
    );
    // Everything is there: the hub is asked for its list alone.
    hub.requests();
    let again = user.fetch("hf://ann/en-de").unwrap();
    assert_eq!(again.content_hash().unwrap(), model.content_hash().unwrap());
    assert_eq!(hub.requests().len(), 1);
    assert_eq!(user.told(), "");
    // And with `--offline`, nothing.
    user.settings.offline = true;
    for reference in [
        "hf://ann/en-de".to_owned(),
        format!("hf://ann/en-de@{COMMIT}"),
    ] {
        let offline = user.fetch(&reference).unwrap();
        assert_eq!(
            offline.content_hash().unwrap(),
            model.content_hash().unwrap()
        );
    }
    assert_eq!(hub.requests(), Vec::<String>::new());
    let cached = cached_models(&user.cache.path("hub"));
    assert_eq!(cached[0].reference, "hf://ann/en-de");
    user.settings.variant = Some("quantized".to_owned());
    let error = user.fetch("hf://ann/en-de").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("fetching is forbidden by `--offline`")
    );
    assert!(error.help().contains("augment models fetch hf://ann/en-de"));
}

#[test]
fn a_variant_chooses_the_graphs() {
    let hub = Hub::new(&FILES);
    let mut user = User::of(&hub);
    user.settings.variant = Some("quantized".to_owned());
    let model = user.fetch("hf://ann/en-de@main").unwrap();
    assert!(model.has("onnx/encoder_model_quantized.onnx") && !model.has(DECODER));
    assert_whole(&model);
    user.settings.variant = Some("fp16".to_owned());
    let error = user.fetch("hf://ann/en-de").unwrap_err().to_string();
    assert!(
        error.contains("expected ONNX graphs whose names end in `_fp16.onnx`"),
        "{error}"
    );
    assert!(
        error.contains("onnx/encoder_model_quantized.onnx"),
        "{error}"
    );
}

#[test]
fn a_transfer_that_breaks_off_goes_on_where_it_stopped() {
    let hub = Hub::new(&FILES);
    hub.conduct().cut = Some((10, 2));
    let user = User::of(&hub);
    let model = user.fetch("hf://ann/en-de").unwrap();
    assert_whole(&model);
    let requests = hub.requests().join("\n");
    assert!(requests.contains("bytes=10-"), "{requests}");
    assert!(requests.contains("bytes=20-") || requests.matches("bytes=10-").count() == 2);
}

#[test]
fn what_an_earlier_process_left_is_gone_on_with_or_thrown_away() {
    let hub = Hub::new(&FILES);
    let decoder = bytes_of(DECODER);
    for (left, range) in [
        // The beginning of the file.
        (decoder[..7].to_vec(), "bytes=7-"),
        // All of it, but never renamed: the hub has nothing after it.
        (decoder.to_vec(), "bytes=0-"),
        // More than all of it.
        ([decoder, decoder].concat(), "bytes=0-"),
        // The beginning of something else.
        (vec![0; 7], "bytes=0-"),
    ] {
        let user = User::of(&hub);
        let part = user.blob(decoder).with_extension("part");
        fs::create_dir_all(part.parent().unwrap()).unwrap();
        fs::write(&part, left).unwrap();
        let model = user.fetch("hf://ann/en-de").unwrap();
        assert_whole(&model);
        let path = format!("/large/{} {range}", digest(decoder));
        let requests = hub.requests();
        assert!(requests.contains(&path), "{path} is not in {requests:#?}");
    }
}

#[test]
fn what_arrives_damaged_is_fetched_again_and_then_refused() {
    let hub = Hub::new(&FILES);
    hub.conduct().damage = 1;
    let user = User::of(&hub);
    assert_whole(&user.fetch("hf://ann/en-de").unwrap());
    let user = User::of(&hub);
    hub.conduct().damage = 100;
    let error = user.fetch("hf://ann/en-de").unwrap_err();
    assert!(matches!(error, ModelError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("its SHA-256 is"), "{error}");
    assert!(!user.blob(bytes_of(DECODER)).exists());
    // Nothing incomplete is found later.
    let offline = ResolveSettings {
        offline: true,
        ..user.settings.clone()
    };
    let reference = "hf://ann/en-de".parse().unwrap();
    assert!(resolve(&reference, Path::new(""), &offline).is_err());
}

#[test]
fn a_private_repository_needs_a_token() {
    let hub = Hub::new(&FILES);
    hub.conduct().token = Some("hf_secret".to_owned());
    let mut user = User::of(&hub);
    let error = user.fetch("hf://ann/en-de").unwrap_err();
    assert!(
        matches!(error, ModelError::NotThere { status: 401, .. }),
        "{error}"
    );
    assert!(error.help().contains("set HF_TOKEN"), "{}", error.help());
    user.settings.hub.token = Some("hf_wrong".to_owned());
    let error = user.fetch("hf://ann/en-de").unwrap_err();
    assert!(error.help().contains("that the token (HF_TOKEN) may read"));
    assert!(!format!("{error:?}{error}").contains("hf_wrong"));
    user.settings.hub.token = Some("hf_secret".to_owned());
    assert_whole(&user.fetch("hf://ann/en-de").unwrap());
}

#[test]
fn a_repository_that_is_not_there_is_told_from_a_hub_that_is_not() {
    let hub = Hub::new(&FILES);
    let user = User::of(&hub);
    let error = user.fetch("hf://ann/fr-de").unwrap_err();
    assert!(
        matches!(error, ModelError::NotThere { status: 404, .. }),
        "{error}"
    );
    let mut gone = User::of(&hub);
    gone.settings.hub.endpoint = "http://127.0.0.1:1".to_owned();
    let error = gone.fetch("hf://ann/en-de").unwrap_err();
    assert!(matches!(error, ModelError::Fetch { .. }), "{error}");
    assert!(error.help().contains("HF_ENDPOINT"));
    // With the model in the cache, it serves.
    gone.settings.hub.endpoint.clone_from(&hub.endpoint);
    gone.fetch("hf://ann/en-de").unwrap();
    gone.told();
    gone.settings.hub.endpoint = "http://127.0.0.1:1".to_owned();
    assert_whole(&gone.fetch("hf://ann/en-de").unwrap());
    assert!(gone.told().contains("from the cache is used"));
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let hub = Hub::new(&FILES);
    let user = User::of(&hub);
    user.cache.write("hub", "a file where the folder should be");
    let error = user.fetch("hf://ann/en-de").unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
}

#[test]
fn those_who_fetch_at_once_all_get_the_whole() {
    let hub = Hub::new(&FILES);
    let user = User::of(&hub);
    thread::scope(|scope| {
        let fetches: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| user.fetch("hf://ann/en-de")))
            .collect();
        for fetch in fetches {
            assert_whole(&fetch.join().unwrap().unwrap());
        }
    });
}

#[test]
fn the_program_fetches_from_the_hub_it_is_told() {
    let hub = Hub::new(&FILES);
    let machine = Machine::new();
    let fetch = |arguments: &[&str]| {
        let mut command = machine.command(["models", "fetch", "hf://ann/en-de"]);
        command.args(arguments).env("HF_ENDPOINT", &hub.endpoint);
        Finished::of(command.output().unwrap())
    };
    fetch(&["--offline"]).says(
        2,
        &["hf://ann/en-de is not in the cache", "augment models fetch"],
    );
    let finished = fetch(&["--variant", "quantized"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let folder = finished.stdout.trim_end();
    assert!(folder.ends_with(&format!("snapshots/{COMMIT}")), "{folder}");
    assert!(
        Path::new(folder)
            .join("onnx/encoder_model_quantized.onnx")
            .is_file()
    );
    assert!(
        finished.stderr.contains("fetched hf://ann/en-de"),
        "{}",
        finished.stderr
    );
    let listed = machine.run(["models", "list"]);
    assert_eq!(listed.code, Some(0));
    assert!(
        listed.stdout.contains("hf://ann/en-de"),
        "{}",
        listed.stdout
    );
    machine
        .run(["models", "fetch", "https://example.org/m"])
        .says(2, &["names no model"]);
    machine
        .run(["models", "fetch", "nowhere"])
        .says(2, &["does not exist"]);
    machine
        .run(["models", "fetch", "builtin:xx-yy"])
        .says(2, &["no built-in model `xx-yy`"]);
}

#[test]
fn built_in_models_are_written_for_other_programs() {
    let machine = Machine::new();
    let folder = machine.0.path("exported");
    let export = |reference: &str, output: &Path| {
        machine.run(["models", "export", reference, output.to_str().unwrap()])
    };
    let finished = export("builtin:de-en", &folder);
    finished.says(0, &["million numbers of builtin:de-en", "those of 8 bits"]);
    for name in [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "source.spm",
        "target.spm",
        "tokenizer_config.json",
        "vocab.json",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert!(!folder.join("augment-mt.json").exists());
    export("builtin:de-en", &folder).says(2, &["exists", "name another folder"]);

    let other = machine.0.path("other");
    export("builtin:de-fr", &other).says(2, &["no built-in model `de-fr`"]);
    let plain = folder.to_str().unwrap();
    export(plain, &other).says(2, &["cannot be exported", "it has no `augment-mt.json`"]);
    assert!(!other.exists());
}
