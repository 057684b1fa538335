//! What a plan says, and what its fingerprint depends on.

use augment::plan::{FileCatalog, Producer};

use crate::fixture::{check_text, plan_of, registry};

const VALID: &str = include_str!("valid.toml");

fn assert_snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

#[test]
fn a_plan_reads_as_before() {
    let plan = plan_of(VALID);
    assert_snapshot("plan_text", &plan.render());
    assert_snapshot("plan_mermaid", &plan.mermaid());
    assert_snapshot("plan_dot", &plan.dot());
}

#[test]
fn a_wide_schema_is_shortened_around_the_text_column() {
    let text = VALID
        .replace("data/train/*.parquet", "data/wide/*.parquet")
        .replace("id    = \"number\"\n", "");
    let rendered = plan_of(&text).render();
    assert!(
        rendered.contains("c6 Utf8, text Utf8 (text), 13 more"),
        "{rendered}"
    );
}

#[test]
fn operators_come_after_what_they_read_and_know_where_rows_come_from() {
    let plan = plan_of(VALID);
    for (position, operator) in plan.operators.iter().enumerate() {
        for input in &operator.inputs {
            if let Producer::Operator { operator, .. } = input {
                assert!(*operator < position);
            }
        }
        assert_eq!(operator.source_rows, 16_000);
        assert_eq!(operator.sources, [0, 1]);
        assert_eq!(operator.text.index, 1);
    }
    assert!(
        plan.sinks
            .iter()
            .find(|sink| sink.id == "rejects")
            .unwrap()
            .reads_errors
    );
}

#[test]
fn a_chain_is_one_stage_until_it_forks_or_joins() {
    let plan = plan_of(VALID);
    let stages: Vec<Vec<&str>> = plan
        .stages
        .iter()
        .map(|stage| {
            stage
                .iter()
                .map(|operator| plan.operators[*operator].id.as_str())
                .collect()
        })
        .collect();
    assert_eq!(stages, [vec!["mix", "light", "long", "part"]]);
}

#[test]
fn a_linear_pipeline_is_one_stage() {
    let text = VALID
        .replace("on_error = \"route\"\n", "")
        .replace("\"*.errors\", \"long.rejected\"", "\"part.valid\"");
    assert_eq!(plan_of(&text).stages, [vec![0, 1, 2, 3]]);
}

/// The blocks of the pipeline in another order.
fn shuffled() -> String {
    let (head, rest) = VALID.split_once("[sources.train]").unwrap();
    let mut blocks: Vec<String> = format!("[sources.train]{rest}")
        .split("\n\n")
        .map(|block| block.trim().to_owned())
        .collect();
    blocks.reverse();
    format!("{head}{}", blocks.join("\n\n# another order\n"))
}

#[test]
fn the_fingerprint_does_not_depend_on_what_the_output_does_not_depend_on() {
    let expected = plan_of(VALID).fingerprint;
    assert_eq!(expected.len(), 64);
    assert_eq!(plan_of(&shuffled()).fingerprint, expected);
    for (from, to) in [
        ("out/train/", "elsewhere/"),
        ("rate     = 0.2", "rate=0.20 # a fifth"),
        ("data/train/*.parquet", "data/same/*.parquet"),
        ("mode   = \"neighbours\"", "mode='neighbours'"),
        ("name   = \"short rows", "name   = \"other rows"),
    ] {
        let text = VALID.replace(from, to);
        let (plan, _) = check_text("pipelines/renamed.toml", &text, &[]);
        if let Some(plan) = plan {
            assert_eq!(plan.fingerprint, expected, "{to}");
        } else {
            assert!(to.contains("same"), "{to}");
        }
    }
}

#[test]
fn the_fingerprint_depends_on_everything_else() {
    let expected = plan_of(VALID).fingerprint;
    for (from, to) in [
        ("seed    = 42", "seed = 43"),
        ("rate     = 0.2", "rate = 0.3"),
        ("replicas = 2", "replicas = 3"),
        (
            "inputs   = [\"train\", \"more\"]",
            "inputs = [\"more\", \"train\"]",
        ),
        ("{source}-{shard}", "{shard}-{source}"),
        ("zstd:3", "zstd:4"),
        ("id    = \"number\"", "id = \"label\""),
        ("lineage     = \"edits\"", "lineage = false"),
    ] {
        assert!(VALID.contains(from), "{from}");
        assert_ne!(
            plan_of(&VALID.replace(from, to)).fingerprint,
            expected,
            "{to}"
        );
    }
    let renamed = VALID
        .replace("operators.light", "operators.faint")
        .replace("[\"light\"]", "[\"faint\"]");
    assert_ne!(plan_of(&renamed).fingerprint, expected);
}

#[test]
fn real_files_are_looked_into() {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use augment::config;
    use augment::plan::check;

    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(Int64Array::from(vec![1, 2]))),
        ("text", Arc::new(StringArray::from(vec!["one", "two"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    std::fs::create_dir_all(folder.path().join("data/train")).unwrap();
    for name in ["a", "b"] {
        let file = std::fs::File::create(folder.path().join(format!("data/train/{name}.parquet")))
            .unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
    let path = folder.path().join("p.toml");
    let catalog = FileCatalog::new(folder.path().to_owned());
    let environment = |_: &str| None;

    std::fs::write(&path, VALID).unwrap();
    let document = config::read(&path, &[]).unwrap();
    let (plan, report) = check(&document, None, &environment, &registry(), &catalog);
    assert!(report.is_clean(), "{}", report.render(false));
    assert_eq!(plan.unwrap().operators[0].source_rows, 8);

    std::fs::write(&path, VALID.replace("text  = \"text\"", "text  = \"txt\"")).unwrap();
    let document = config::read(&path, &[]).unwrap();
    let (plan, report) = check(&document, None, &environment, &registry(), &catalog);
    assert!(plan.is_none());
    assert!(
        report
            .render(false)
            .contains("a similar column exists: `text`")
    );
}
