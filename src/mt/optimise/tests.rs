use std::collections::BTreeMap;
use std::sync::Arc;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::models::{ModelReference, ResolveSettings, resolve};
use crate::onnx::{Runtime, Surroundings};
use crate::random::Random;

/// A MarianMT folder with random weights.
struct Tiny {
    folder: TempDir,
    keys: Value,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    random: Random,
}

impl Tiny {
    fn new(changes: &[(&str, Value)]) -> Self {
        let mut keys = json!({
            "model_type": "marian", "d_model": 16, "encoder_layers": 2, "decoder_layers": 2,
            "encoder_attention_heads": 2, "decoder_attention_heads": 4, "encoder_ffn_dim": 40,
            "decoder_ffn_dim": 24, "vocab_size": 37, "scale_embedding": true,
            "max_position_embeddings": 20, "pad_token_id": 36, "decoder_start_token_id": 36,
            "activation_function": "swish"
        });
        for (key, value) in changes {
            keys[*key] = value.clone();
        }
        let mut tiny = Self {
            folder: tempfile::tempdir().unwrap(),
            keys,
            tensors: BTreeMap::new(),
            random: Random::from_key(5),
        };
        tiny.fill();
        tiny
    }

    fn count(&self, key: &str) -> usize {
        usize::try_from(self.keys[key].as_u64().unwrap()).unwrap()
    }

    fn add(&mut self, name: &str, shape: &[usize], spread: f32, middle: f32) {
        let values = (0..shape.iter().product())
            .map(|_| {
                let unit = marian::narrow(self.random.unit());
                middle + spread * (2.0 * unit - 1.0)
            })
            .collect();
        self.tensors
            .insert(name.to_owned(), (shape.to_vec(), values));
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(&format!("{name}.weight"), &[outputs, inputs], 0.4, 0.0);
        self.add(&format!("{name}.bias"), &[outputs], 0.2, 0.0);
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[16], 0.3, 1.0);
        self.add(&format!("{name}.bias"), &[16], 0.3, 0.0);
    }

    fn fill(&mut self) {
        self.add("model.shared.weight", &[37, 16], 0.5, 0.0);
        self.add("final_logits_bias", &[1, 37], 0.5, 0.0);
        for (side, blocks) in [
            ("encoder", &["self_attn"][..]),
            ("decoder", &["self_attn", "encoder_attn"]),
        ] {
            for layer in 0..self.count(&format!("{side}_layers")) {
                let name = format!("model.{side}.layers.{layer}");
                for block in blocks {
                    for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                        self.linear(&format!("{name}.{block}.{part}"), 16, 16);
                    }
                    self.norm(&format!("{name}.{block}_layer_norm"));
                }
                let inner = self.count(&format!("{side}_ffn_dim"));
                self.linear(&format!("{name}.fc1"), 16, inner);
                self.linear(&format!("{name}.fc2"), inner, 16);
                self.norm(&format!("{name}.final_layer_norm"));
            }
        }
    }

    /// Writes the folder and gives its path.
    fn write(&self) -> PathBuf {
        let folder = self.folder.path().join("model");
        fs::create_dir_all(&folder).unwrap();
        let bytes: BTreeMap<&String, Vec<u8>> = self
            .tensors
            .iter()
            .map(|(name, (_, values))| {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes());
                (name, bytes.collect())
            })
            .collect();
        let views = self.tensors.iter().map(|(name, (shape, _))| {
            let view = TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap();
            (name.clone(), view)
        });
        let file = serialize(views, None).unwrap();
        fs::write(folder.join("model.safetensors"), file).unwrap();
        fs::write(folder.join("config.json"), self.keys.to_string()).unwrap();
        for name in ["source.spm", "target.spm", "vocab.json"] {
            fs::write(folder.join(name), name).unwrap();
        }
        folder
    }

    fn optimise(
        &self,
        environment: &Environment,
        precision: Precision,
    ) -> Result<Report, OptimiseError> {
        let output = self.folder.path().join(precision.to_string());
        let options = Options {
            precision,
            samples: vec![vec![1, 2, 3, 4, 0], vec![7, 0]],
        };
        let made = optimise(environment, &self.write(), &output, &options);
        let left = fs::read_dir(self.folder.path()).unwrap().flatten();
        let names = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let hidden: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
        assert!(hidden.is_empty(), "{hidden:?}");
        assert_eq!(output.exists(), made.is_ok());
        made
    }
}

/// ONNX Runtime; where it is not there, says so.
fn runtime() -> Option<&'static Environment> {
    crate::onnx::trial::runtime().map(Runtime::environment)
}

#[test]
fn the_graphs_say_what_the_model_says() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    let report = tiny.optimise(runtime, Precision::Fp32).unwrap();
    assert!(report.agreement.greatest < 1e-4, "{report:?}");
    assert!(report.agreement.steps > 20, "{report:?}");
    let report = tiny.optimise(runtime, Precision::Int8).unwrap();
    assert!(report.agreement.mean > 1e-4, "{report:?}");
    let report = tiny.optimise(runtime, Precision::Fp16).unwrap();
    assert!(report.agreement.mean > 1e-6, "{report:?}");
    let folder = tiny.folder.path().join("int8");
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap();
    let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
    assert_eq!((manifest.layers, manifest.heads), (2, 4));
    assert_eq!((manifest.head_size, manifest.vocabulary), (4, 37));
    assert_eq!(manifest.precision, Precision::Int8);
    assert!(folder.join("source.spm").is_file());
}

#[test]
fn decoders_that_keep_their_past_say_the_same() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    for (precision, greatest) in [(Precision::Fp32, 1e-4), (Precision::Fp16, 0.1)] {
        tiny.optimise(runtime, precision).unwrap();
        let folder = tiny.folder.path().join(precision.to_string());
        let path = folder.join("decoder.onnx");
        let usual = fs::read(&path).unwrap();
        let model = Source::find(&tiny.write()).unwrap().read().unwrap();
        let mut other = Vec::new();
        let graph = model.decoder_graph_of(precision, graphs::Keeper::Graph);
        graph.write(&mut other).unwrap();
        assert_ne!(usual, other);
        fs::write(&path, other).unwrap();
        let judge = &mut Plain::new(&model);
        let agreement = verify::compare(runtime, &folder, &model, &[], judge).unwrap();
        assert!(agreement.greatest < greatest, "{agreement:?}");
        assert!(agreement.steps > 10, "{agreement:?}");
    }
}

#[test]
fn every_variant_of_the_architecture_is_as_the_reference_has_it() {
    let Some(runtime) = runtime() else {
        return;
    };
    for activation in ["relu", "gelu"] {
        let changes = [
            ("activation_function", activation.into()),
            ("scale_embedding", false.into()),
            ("decoder_layers", 1.into()),
        ];
        let report = Tiny::new(&changes)
            .optimise(runtime, Precision::Fp32)
            .unwrap();
        assert!(report.agreement.greatest < 1e-4, "{activation}: {report:?}");
        assert_eq!(report.manifest.layers, 1);
    }
    let mut tiny = Tiny::new(&[
        ("share_encoder_decoder_embeddings", false.into()),
        ("tie_word_embeddings", false.into()),
        ("static_position_embeddings", false.into()),
        ("decoder_vocab_size", 41.into()),
    ]);
    tiny.add("model.encoder.embed_tokens.weight", &[37, 16], 0.5, 0.0);
    tiny.add("model.decoder.embed_tokens.weight", &[41, 16], 0.5, 0.0);
    tiny.add("lm_head.weight", &[41, 16], 0.5, 0.0);
    tiny.add("final_logits_bias", &[1, 41], 0.5, 0.0);
    tiny.add("model.encoder.embed_positions.weight", &[20, 16], 0.5, 0.0);
    tiny.add("model.decoder.embed_positions.weight", &[20, 16], 0.5, 0.0);
    for precision in [Precision::Fp32, Precision::Int8] {
        let report = tiny.optimise(runtime, precision).unwrap();
        assert_eq!(report.manifest.vocabulary, 41);
    }
}

/// The tensors of the folder that exporting `folder` writes.
fn exported(folder: &Path) -> (Exported, Tensors) {
    let settings = ResolveSettings::of(&Surroundings::of_process());
    let reference = ModelReference::Folder(folder.to_owned());
    let model = resolve(&reference, Path::new(""), &settings).unwrap();
    let output = folder.with_extension("exported");
    let exported = export(&model, &output).unwrap();
    let again = export(&model, &output).unwrap_err();
    assert!(matches!(again, OptimiseError::Exists(_)), "{again}");
    for name in ["config.json", "source.spm", "target.spm", "vocab.json"] {
        let same = fs::read(output.join(name)).unwrap() == fs::read(folder.join(name)).unwrap();
        assert!(same, "{name}");
    }
    let file = fs::read(output.join("model.safetensors")).unwrap();
    assert_eq!(exported.bytes, file.len() as u64);
    (exported, Tensors::from_safetensors(&file).unwrap())
}

/// A model whose three tables are different ones.
fn untied() -> Tiny {
    let mut untied = Tiny::new(&[
        ("share_encoder_decoder_embeddings", false.into()),
        ("tie_word_embeddings", false.into()),
        ("decoder_vocab_size", 41.into()),
    ]);
    untied.tensors.remove("model.shared.weight");
    untied.add("model.encoder.embed_tokens.weight", &[37, 16], 0.5, 0.0);
    untied.add("model.decoder.embed_tokens.weight", &[41, 16], 0.5, 0.0);
    untied.add("lm_head.weight", &[41, 16], 0.5, 0.0);
    untied.add("final_logits_bias", &[1, 41], 0.5, 0.0);
    untied
}

#[test]
fn exporting_gives_the_weights_back() {
    let Some(runtime) = runtime() else {
        return;
    };
    for tiny in [Tiny::new(&[]), untied()] {
        for (precision, near) in [
            (Precision::Fp32, 1e-6),
            (Precision::Fp16, 1e-3),
            (Precision::Int8, 0.01),
        ] {
            let report = tiny.optimise(runtime, precision).unwrap();
            let folder = tiny.folder.path().join(precision.to_string());
            let (exported, mut tensors) = exported(&folder);
            assert_eq!(exported.manifest, report.manifest);
            assert!(exported.parameters > 5_000, "{exported:?}");
            for (name, (shape, was)) in &tiny.tensors {
                let is = tensors.take(name, shape);
                assert_eq!(is.len(), was.len(), "{:?}", tensors.problems);
                for (place, (was, is)) in was.iter().zip(&is).enumerate() {
                    // No translation has the token that fills up rows.
                    let hidden = name == "final_logits_bias" && place == 36;
                    let same = (was - is).abs() <= near * was.abs().max(1.0);
                    assert!(same || hidden, "{precision} {name}: {was} {is}");
                }
            }
            assert!(tensors.problems.is_empty(), "{:?}", tensors.problems);
        }
    }
}

#[test]
fn eight_bits_are_the_same_after_exporting() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    tiny.optimise(runtime, Precision::Int8).unwrap();
    let first = tiny.folder.path().join("int8");
    exported(&first);
    let second = tiny.folder.path().join("second");
    let options = Options {
        precision: Precision::Int8,
        ..Options::default()
    };
    optimise(
        runtime,
        &first.with_extension("exported"),
        &second,
        &options,
    )
    .unwrap();
    for name in ["encoder.onnx", "decoder.onnx"] {
        let [first, second] = [&first, &second].map(|folder| fs::read(folder.join(name)).unwrap());
        let [first, second] = [&first, &second].map(|file| Graph::read(file).unwrap());
        let pairs = first.constants.iter().zip(&second.constants);
        for (first, second) in pairs.filter(|(first, _)| first.element == Element::I8) {
            assert_eq!(first, second);
        }
    }
}

#[test]
fn large_tables_in_eight_bits_say_the_same() {
    let Some(runtime) = runtime() else {
        return;
    };
    for tiny in [Tiny::new(&[]), untied()] {
        tiny.optimise(runtime, Precision::Int8).unwrap();
        let folder = tiny.folder.path().join("int8");
        let model = Source::find(&tiny.write()).unwrap().read().unwrap();
        let look = || {
            let judge = &mut Plain::new(&model);
            let agreement = verify::compare(runtime, &folder, &model, &[], judge).unwrap();
            exported(&folder);
            let output = folder.with_extension("exported");
            let weights = fs::read(output.join("model.safetensors")).unwrap();
            fs::remove_dir_all(output).unwrap();
            (agreement, weights)
        };
        let before = look();
        let mut builder = builder::Builder::new("decoder", Precision::Int8);
        builder.cached = 0;
        let graph = model.decoder_graph_in(builder, graphs::Keeper::Host);
        let columns = graph
            .constants
            .iter()
            .filter(|one| one.name.ends_with(".columns.int8"));
        assert_eq!(columns.count(), 1);
        let mut file = Vec::new();
        graph.write(&mut file).unwrap();
        fs::write(folder.join("decoder.onnx"), file).unwrap();
        assert_eq!(look(), before);
    }
}

/// Where scores of 32 bits are made by way of eight, nothing of the model is lost.
#[test]
fn screened_models_are_verified_and_exported_as_others() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    let input = tiny.write();
    let made = |name: &str, cached| {
        let folder = tiny.folder.path().join(name);
        let report = optimise_with(runtime, &input, &folder, &Options::default(), cached).unwrap();
        assert!(report.agreement.greatest < 1e-4, "{report:?}");
        exported(&folder);
        let exported = folder.with_extension("exported").join("model.safetensors");
        (folder, report, fs::read(exported).unwrap())
    };
    let (_, usual, weights) = made("usual", CACHED);
    let (folder, screened, same) = made("screened", 0);
    assert_eq!((usual.manifest.format, screened.manifest.format), (3, 4));
    assert_eq!(weights, same);
    // What is made anew for a GPU is the same, too.
    let read = |folder: &Path, name: &str| fs::read(folder.join(name)).unwrap();
    let config = String::from_utf8(read(&folder, "config.json")).unwrap();
    let recast = |folder: &Path, decoder: &[&str]| {
        let decoder: Vec<Vec<u8>> = decoder.iter().map(|name| read(folder, name)).collect();
        let decoder: Vec<&[u8]> = decoder.iter().map(Vec::as_slice).collect();
        let encoder = read(folder, "encoder.onnx");
        recast(&encoder, &decoder, &config, Precision::Fp16).unwrap()
    };
    let usual = folder.with_file_name("usual");
    assert_eq!(
        recast(&folder, &["decoder.onnx", "screen.onnx"]),
        recast(&usual, &["decoder.onnx"])
    );
    // The same table for other words.
    let model = Source::find(&input).unwrap().read().unwrap();
    let mut other = model.clone();
    let table = Arc::make_mut(&mut other.output);
    table.values.rotate_right(16);
    let mut file = Vec::new();
    other
        .screen_graph(Precision::Fp32)
        .write(&mut file)
        .unwrap();
    fs::write(folder.join("screen.onnx"), file).unwrap();
    let judge = &mut Plain::new(&model);
    let refusal = verify::compare(runtime, &folder, &model, &[], judge).unwrap_err();
    assert!(refusal.contains("the screen says"), "{refusal}");
}

#[test]
fn what_cannot_be_exported_is_told() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    let settings = ResolveSettings::of(&Surroundings::of_process());
    let output = tiny.folder.path().join("output");
    let refusal = |folder: &Path| {
        let reference = ModelReference::Folder(folder.to_owned());
        let model = resolve(&reference, Path::new(""), &settings).unwrap();
        let refusal = export(&model, &output).unwrap_err().to_string();
        assert!(!output.exists());
        refusal
    };
    tiny.optimise(runtime, Precision::Int8).unwrap();
    let folder = tiny.folder.path().join("int8");
    let options = Options::default();
    let refused = optimise(runtime, &folder, &output, &options).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("in the fast layout already"), "{refused}");

    let encoder = fs::read(folder.join("encoder.onnx")).unwrap();
    fs::write(folder.join("encoder.onnx"), &encoder[..encoder.len() - 9]).unwrap();
    let refused = refusal(&folder);
    assert!(refused.contains("`encoder.onnx`: "), "{refused}");
    let decoder = fs::read(folder.join("decoder.onnx")).unwrap();
    fs::write(folder.join("encoder.onnx"), decoder).unwrap();
    let refused = refusal(&folder);
    let missing = "`model.encoder.layers.0.self_attn.q_proj.weight` of shape [16, 16] is missing";
    assert!(refused.contains(missing), "{refused}");
}

#[test]
fn a_result_that_says_something_else_is_not_kept() {
    let Some(runtime) = runtime() else {
        return;
    };
    let mut tiny = Tiny::new(&[]);
    let (_, values) = tiny.tensors.get_mut("model.shared.weight").unwrap();
    values[0] = f32::NAN;
    let refusal = tiny.optimise(runtime, Precision::Fp32).unwrap_err();
    assert!(matches!(refusal, OptimiseError::Disagrees(_)), "{refusal}");
}

#[test]
fn what_is_missing_or_wrong_is_listed() {
    let Some(runtime) = runtime() else {
        return;
    };
    let mut tiny = Tiny::new(&[("decoder_layers", 3.into())]);
    let last = "model.decoder.layers.2.";
    tiny.tensors.retain(|name, _| !name.starts_with(last));
    tiny.add("model.encoder.layers.0.fc1.weight", &[41, 16], 0.1, 0.0);
    let refusal = tiny
        .optimise(runtime, Precision::Fp32)
        .unwrap_err()
        .to_string();
    assert!(
        refusal.contains("`model.decoder.layers.2.encoder_attn.q_proj.weight`"),
        "{refusal}"
    );
    assert!(refusal.contains("[40, 16] and has [41, 16]"), "{refusal}");

    let folder = tiny.write();
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    fs::remove_file(folder.join("target.spm")).unwrap();
    let output = tiny.folder.path().join("out");
    let refusal = optimise(runtime, &folder, &output, &Options::default()).unwrap_err();
    let refusal = refusal.to_string();
    assert!(refusal.contains("`target.spm` is missing"), "{refusal}");
    assert!(
        refusal.contains("config.json, source.spm, vocab.json"),
        "{refusal}"
    );
    let refusal = optimise(runtime, &folder, &folder, &Options::default()).unwrap_err();
    assert!(matches!(refusal, OptimiseError::Exists(_)), "{refusal}");
    let nowhere = tiny.folder.path().join("nowhere");
    let refusal = optimise(runtime, &nowhere, &output, &Options::default()).unwrap_err();
    assert!(refusal.to_string().contains("not a folder"), "{refusal}");
    assert!(!output.exists());
}

#[test]
fn damaged_weights_are_an_error() {
    let Some(runtime) = runtime() else {
        return;
    };
    let tiny = Tiny::new(&[]);
    let folder = tiny.write();
    let output = tiny.folder.path().join("out");
    let whole = fs::read(folder.join("model.safetensors")).unwrap();
    for length in [0, 5, 100, whole.len() - 1] {
        fs::write(folder.join("model.safetensors"), &whole[..length]).unwrap();
        let refusal = optimise(runtime, &folder, &output, &Options::default()).unwrap_err();
        assert!(matches!(refusal, OptimiseError::Model { .. }), "{refusal}");
    }
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    for name in ["encoder_model.onnx", "decoder_model.onnx"] {
        fs::write(folder.join(name), b"\x3a\xff\xff").unwrap();
    }
    let refusal = optimise(runtime, &folder, &output, &Options::default()).unwrap_err();
    assert!(
        refusal.to_string().contains("not an ONNX file"),
        "{refusal}"
    );
}
