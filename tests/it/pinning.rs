//! Models that a pipeline names with what they hold.

use crate::scratch::Scratch;

const HEAD: &str = r#"version = 1
seed = 1

[sources.data]
type = "parquet"
paths = ["data/*.parquet"]
text = "text"

[sinks.out]
type = "parquet"
inputs = ["model"]
path = "out/{shard}.parquet"

[operators.model]
inputs = ["data"]
"#;

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[crate::samples::all_types(1, 3)]);
    scratch
}

#[test]
fn a_digest_that_is_none_is_refused_where_it_stands() {
    let scratch = scratch();
    for (options, line) in [
        (
            "type = \"masked_lm\"\nmodel = \"fake:\"\nsha256 = \"abc\"",
            18,
        ),
        (
            "type = \"back_translation\"\nforward = \"fake:\"\nbackward = \"fake:\"\nsha256_back = \"abc\"",
            19,
        ),
    ] {
        scratch.write("pin.toml", format!("{HEAD}{options}\n"));
        let place = format!("pin.toml:{line}:");
        let finished = scratch.run(["check", "pin.toml"]);
        finished.says(2, &[&place, "`abc` is no SHA-256", "models fetch"]);
    }
}

#[test]
fn another_model_is_refused_with_both_digests() {
    let scratch = scratch();
    let wanted = "0".repeat(64);
    for (options, line) in [
        (
            format!("type = \"masked_lm\"\nmodel = \"fake:\"\nsha256 = \"{wanted}\""),
            18,
        ),
        (
            format!(
                "type = \"back_translation\"\nforward = \"fake:\"\nbackward = \"fake:\"\n\
                 sha256 = \"{wanted}\""
            ),
            19,
        ),
        (
            format!(
                "type = \"back_translation\"\n[[operators.model.via]]\nforward = \"fake:\"\n\
                 backward = \"fake:\"\nsha256_back = \"{wanted}\""
            ),
            20,
        ),
    ] {
        scratch.write("pin.toml", format!("{HEAD}{options}\n"));
        let place = format!("pin.toml:{line}:");
        let finished = scratch.run(["check", "pin.toml"]);
        finished.says(2, &[&place, "its SHA-256 is fake:, not 0000"]);
    }
}

#[cfg(feature = "onnx")]
mod with_files {
    use std::fs;
    use std::path::Path;

    use super::{HEAD, scratch};
    use crate::scratch::Scratch;

    fn copy_model(scratch: &Scratch) {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert");
        for file in fs::read_dir(tiny).unwrap() {
            let file = file.unwrap();
            let name = format!("tiny/{}", file.file_name().to_str().unwrap());
            scratch.write(&name, fs::read(file.path()).unwrap());
        }
    }

    fn pipeline(digest: &str) -> String {
        format!("{HEAD}type = \"masked_lm\"\nmodel = \"tiny\"\nsha256 = \"{digest}\"\n")
    }

    #[test]
    fn a_pinned_folder_is_accepted_until_it_changes() {
        let scratch = scratch();
        copy_model(&scratch);
        let fetched = scratch.run(["models", "fetch", "tiny"]);
        let digest = fetched.stderr.split("sha256 = \"").nth(1).unwrap();
        let digest = digest.split('"').next().unwrap().to_owned();
        scratch.write("pin.toml", pipeline(&digest));
        let finished = scratch.run(["check", "pin.toml"]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        // A pin says nothing about the output.
        let pinned = scratch.plan(&pipeline(&digest)).fingerprint;
        let free = pipeline(&digest).replace("sha256", "# sha256");
        assert_eq!(scratch.plan(&free).fingerprint, pinned);
        let config = scratch.path("tiny/config.json");
        let changed = fs::read_to_string(&config).unwrap() + "\n";
        fs::write(&config, changed).unwrap();
        let finished = scratch.run(["check", "pin.toml"]);
        finished.says(2, &["pin.toml:18:", "its SHA-256 is", &digest]);
    }

    #[test]
    fn a_huge_vocabulary_is_not_read() {
        let scratch = scratch();
        copy_model(&scratch);
        let tokenizer = scratch.path("tiny/tokenizer.json");
        let file = fs::File::create(tokenizer).unwrap();
        file.set_len(1 << 30).unwrap();
        let text = pipeline(&"0".repeat(64));
        scratch.write("pin.toml", text);
        let finished = scratch.run(["check", "pin.toml"]);
        finished.says(
            2,
            &["tokenizer.json", "1073741824", "AUGMENT_MODEL_FILE_LIMIT"],
        );
    }
}

/// A hub that has a tiny model under the name `ann/en-de`.
#[cfg(feature = "onnx")]
mod on_a_hub {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{HEAD, scratch};
    use crate::loopback::{COMMIT, Hub};
    use crate::scratch::{Finished, Scratch};

    fn hub() -> Hub {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert");
        let files: Vec<(String, Vec<u8>)> = fs::read_dir(tiny)
            .unwrap()
            .map(|file| {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                (name, fs::read(file.path()).unwrap())
            })
            .collect();
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        Hub::new(&files)
    }

    fn run(scratch: &Scratch, hub: &Hub, arguments: &[&str]) -> Finished {
        let mut command = scratch.command(arguments);
        for variable in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"] {
            command.env_remove(variable);
        }
        command
            .env("HF_ENDPOINT", &hub.endpoint)
            .env("HF_HOME", scratch.path("hf"))
            .env("NO_PROXY", "127.0.0.1");
        Finished::of(command.output().unwrap())
    }

    fn pin(scratch: &Scratch, model: &str, digest: &str) {
        let text = format!(
            "{HEAD}type = \"masked_lm\"\nmodel = \"hf://ann/en-de{model}\"\nsha256 = \"{digest}\"\n"
        );
        scratch.write("pin.toml", text);
    }

    /// Fetches the model ahead of need: the digest to pin it with.
    fn fetch(scratch: &Scratch, hub: &Hub) -> String {
        let fetched = run(scratch, hub, &["models", "fetch", "hf://ann/en-de"]);
        let digest = fetched.stderr.split("sha256 = \"").nth(1);
        let digest = digest.unwrap_or_else(|| panic!("{}", fetched.stderr));
        digest.split('"').next().unwrap().to_owned()
    }

    #[test]
    fn the_right_pin_passes_and_a_wrong_one_is_refused() {
        let (scratch, hub) = (scratch(), hub());
        let digest = fetch(&scratch, &hub);
        assert_eq!(digest.len(), 64);
        for model in ["", "@main", &format!("@{COMMIT}")] {
            pin(&scratch, model, &digest);
            let finished = run(&scratch, &hub, &["check", "pin.toml"]);
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
            let wrong = "0".repeat(64);
            pin(&scratch, model, &wrong);
            for command in ["check", "run"] {
                let finished = run(&scratch, &hub, &[command, "pin.toml"]);
                let found = format!("its SHA-256 is {digest}, not {wrong}");
                let remedy = "for example by naming its commit (`hf://owner/name@commit`)";
                finished.says(2, &["pin.toml:18:", &found, remedy]);
            }
            assert!(!scratch.path("out").exists());
        }
    }

    #[test]
    fn what_a_run_fetches_is_compared_before_it_is_used() {
        let (scratch, hub) = (scratch(), hub());
        let digest = fetch(&scratch, &hub);
        // Somebody moved the branch: those who have not fetched it yet get something else.
        let config = hub.conduct().files["config.json"].clone();
        let changed = [&config[..], b"\n"].concat();
        hub.conduct()
            .files
            .insert("config.json".to_owned(), changed);
        fs::remove_dir_all(scratch.path("hf")).unwrap();
        pin(&scratch, "", &digest);
        let finished = run(&scratch, &hub, &["run", "pin.toml"]);
        finished.says(
            2,
            &["pin.toml:18:", "its SHA-256 is", &format!("not {digest}")],
        );
        assert!(!scratch.path("out").exists());
        assert!(scratch.path("hf").exists(), "nothing was fetched");
    }

    #[test]
    fn a_file_that_changes_in_the_cache_is_noticed() {
        let (scratch, hub) = (scratch(), hub());
        let digest = fetch(&scratch, &hub);
        pin(&scratch, "", &digest);
        let snapshot = scratch.path(&format!("hf/hub/models--ann--en-de/snapshots/{COMMIT}"));
        let mut names: Vec<PathBuf> = fs::read_dir(&snapshot)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        names.sort();
        assert!(names.len() > 2, "{names:?}");
        for name in names {
            let whole = fs::read(&name).unwrap();
            let mut flipped = whole.clone();
            let middle = flipped.len() / 2;
            flipped[middle] ^= 1;
            // The same length, and the blob behind the link.
            fs::write(&name, flipped).unwrap();
            let finished = run(&scratch, &hub, &["check", "pin.toml"]);
            assert_eq!(
                finished.code,
                Some(2),
                "{}: {}",
                name.display(),
                finished.stderr
            );
            fs::write(&name, whole).unwrap();
            let finished = run(&scratch, &hub, &["check", "pin.toml"]);
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn a_pinned_model_runs() {
        if std::env::var_os("ORT_DYLIB_PATH").is_none() {
            eprintln!("skipped: ORT_DYLIB_PATH names no library of ONNX Runtime");
            return;
        }
        let (scratch, hub) = (scratch(), hub());
        let digest = fetch(&scratch, &hub);
        fs::remove_dir_all(scratch.path("hf")).unwrap();
        pin(&scratch, "", &digest);
        run(&scratch, &hub, &["run", "pin.toml"]).says(0, &[]);
        assert_eq!(scratch.visible("out"), ["a.parquet"]);
    }
}
