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
