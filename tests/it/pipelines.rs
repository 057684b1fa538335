//! Every pipeline that the project shows is one that runs.

use std::path::Path;
use std::process::Command;

use augment::config::{self, Document};
use augment::operator::Registry;
use augment::plan::{self, FileCatalog};

fn problems_of(document: &Document) -> String {
    let catalog = FileCatalog::new(document.base().to_owned());
    let (_, report) = plan::check_tests(document, None, &|_| None, &Registry::builtin(), &catalog);
    if report.is_clean() {
        String::new()
    } else {
        report.render(false)
    }
}

fn names(path: &Path, word: &str) -> bool {
    std::fs::read_to_string(path).unwrap().contains(word)
}

/// Whether this build has the operators of a pipeline.
fn can_be_read(path: &Path) -> bool {
    let models = cfg!(feature = "onnx") || !names(path, "builtin:");
    let sql = cfg!(feature = "polars") || !(names(path, "where =") || names(path, "\"balance\""));
    models && sql
}

#[test]
fn the_shipped_pipelines_have_no_problem() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || !can_be_read(&path) {
            continue;
        }
        let document =
            config::read(&path, &[]).unwrap_or_else(|report| panic!("{}", report.render(false)));
        assert_eq!(problems_of(&document), "", "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 2);
}

#[test]
fn the_tests_of_the_shipped_pipelines_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let mut tested = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Without ONNX Runtime no model can be opened.
        let has_runtime = std::env::var_os("ORT_DYLIB_PATH").is_some();
        if path.is_dir() || !can_be_read(&path) || (!has_runtime && names(&path, "builtin:")) {
            continue;
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_augment"));
        let output = command.args(["test", "-q"]).arg(&path).output().unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {out}{err}",
            path.display()
        );
        // Where models run depends on the machine.
        let mut said = err
            .lines()
            .filter(|line| !line.starts_with("models run on "));
        assert_eq!(said.next(), None, "{}", path.display());
        tested += 1;
    }
    assert!(tested >= 3);
}

#[test]
#[cfg(feature = "polars")]
fn the_pipeline_in_the_readme_has_no_problem() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    let (_, text) = readme.split_once("```toml\n").unwrap();
    let (text, _) = text.split_once("```").unwrap();
    let text = text.replace("data/*.parquet", "resources/sample/*.parquet");
    let document = Document::new("README.md", &text, project, &[]);
    assert_eq!(problems_of(&document), "");
}
