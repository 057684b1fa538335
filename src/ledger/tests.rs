//! What a ledger keeps, refuses and survives.

use super::*;
use crate::counters::Counts;

fn entry(root: &Path, shard: &str) -> Entry {
    let path = format!("{shard}.out");
    fs::create_dir_all(root.join(&path).parent().unwrap()).unwrap();
    fs::write(root.join(&path), shard).unwrap();
    Entry {
        shard: shard.to_owned(),
        input: Input {
            bytes: 10,
            modified_ns: 1_700_000_000_123_456_789,
            rows: 3,
            footer: "f0".to_owned(),
            row_groups: None,
            tag: None,
        },
        outputs: vec![OutputEntry {
            path,
            rows: 3,
            bytes: shard.len() as u64,
            sha256: "00".to_owned(),
        }],
        counts: BTreeMap::from([(
            "deletion".to_owned(),
            Counts {
                rows_in: 3,
                ..Counts::default()
            },
        )]),
        forgotten: false,
    }
}

fn open(root: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(root, "print", Mode::Resume, None)
}

fn bytes(root: &Path) -> Vec<u8> {
    fs::read(root.join(".augment/ledger.jsonl")).unwrap()
}

#[test]
fn finished_shards_are_found_again() {
    let root = tempfile::tempdir().unwrap();
    let root = &root.path().join("deep/out");
    let first = entry(root, "train/a");
    let mut ledger = open(root).unwrap();
    assert_eq!(ledger.committed("train/a", &first.input), None);
    ledger.append(first.clone()).unwrap();
    drop(ledger);

    let ledger = open(root).unwrap();
    assert_eq!(ledger.committed("train/a", &first.input), Some(&first));
    assert_eq!(ledger.committed("train/b", &first.input), None);
    let touched = Input {
        modified_ns: 1,
        ..first.input.clone()
    };
    assert_eq!(ledger.committed("train/a", &touched), None);
    fs::write(root.join("train/a.out"), "cut").unwrap();
    assert_eq!(ledger.committed("train/a", &first.input), None);
    fs::remove_file(root.join("train/a.out")).unwrap();
    assert_eq!(ledger.committed("train/a", &first.input), None);
}

#[test]
fn a_torn_last_line_is_forgotten() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let (a, b) = (entry(root, "a"), entry(root, "b"));
    let mut ledger = open(root).unwrap();
    ledger.append(a.clone()).unwrap();
    let kept = bytes(root);
    ledger.append(b.clone()).unwrap();
    drop(ledger);
    let whole = bytes(root);
    for length in kept.len()..whole.len() {
        fs::write(root.join(".augment/ledger.jsonl"), &whole[..length]).unwrap();
        let mut ledger = open(root).unwrap();
        assert!(ledger.committed("a", &a.input).is_some());
        assert!(ledger.committed("b", &b.input).is_none());
        ledger.append(b.clone()).unwrap();
        drop(ledger);
        assert_eq!(bytes(root), whole);
    }
}

#[test]
fn a_damaged_line_is_named() {
    let root = tempfile::tempdir().unwrap();
    let mut ledger = open(root.path()).unwrap();
    ledger.append(entry(root.path(), "a")).unwrap();
    ledger.append(entry(root.path(), "b")).unwrap();
    drop(ledger);
    let text = String::from_utf8(bytes(root.path())).unwrap();
    let damaged = text.replacen("\"rows\":3", "\"rows\":?", 1);
    fs::write(root.path().join(".augment/ledger.jsonl"), damaged).unwrap();
    let error = open(root.path()).unwrap_err();
    assert_eq!(error.code(), "A434");
    assert!(error.to_string().contains("line 2 of"), "{error}");
    assert!(error.help().contains("--fresh"));
    assert_eq!(
        Ledger::open(root.path(), "print", Mode::Fresh, None)
            .unwrap()
            .entries()
            .count(),
        0
    );
}

#[test]
fn sealing_forgets_the_order_of_commits() {
    let sealed = |order: [&str; 3]| {
        let root = tempfile::tempdir().unwrap();
        let mut ledger = open(root.path()).unwrap();
        for shard in order {
            ledger.append(entry(root.path(), shard)).unwrap();
        }
        ledger.seal(["c", "a"]).unwrap();
        // The ledger goes on after it is sealed.
        ledger.append(entry(root.path(), "d")).unwrap();
        ledger.seal(["c", "a"]).unwrap();
        drop(ledger);
        assert_eq!(open(root.path()).unwrap().entries().count(), 4);
        assert_eq!(
            fs::read(root.path().join(".augment/lock")).unwrap().len(),
            0
        );
        bytes(root.path())
    };
    let one = sealed(["a", "b", "c"]);
    assert_eq!(one, sealed(["c", "b", "a"]));
    let shards: Vec<_> = one
        .split_inclusive(|&byte| byte == b'\n')
        .skip(1)
        .map(|line| serde_json::from_slice::<Entry>(line).unwrap().shard)
        .collect();
    assert_eq!(shards, ["c", "a", "b", "d"]);
}

/// The shard `shard` of the ledger, as a part of its file.
fn part(root: &Path, shard: &str) -> Entry {
    let whole = entry(root, shard);
    Entry {
        input: whole.input.part(0..1),
        ..whole
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn other_shards_of_a_file_take_the_place_of_the_old_ones() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for mode in [Mode::Resume, Mode::Fresh] {
        let mut ledger = open(root).unwrap();
        for old in ["s/a", "s/gone", "s/kept"] {
            ledger.append(entry(root, old)).unwrap();
        }
        ledger.append(part(root, "s/b/0-of-2")).unwrap();
        drop(ledger);

        let mut ledger = Ledger::open(root, "print", mode, None).unwrap();
        for new in ["s/a/0-of-2", "s/a/1-of-2", "s/b/0-of-1"] {
            ledger.append(part(root, new)).unwrap();
        }
        ledger.append(entry(root, "s/kept")).unwrap();
        // A run that is killed here knows as much afterwards.
        drop(ledger);
        let mut ledger = open(root).unwrap();
        let current = ["s/a/0-of-2", "s/a/1-of-2", "s/b/0-of-1", "s/kept"];
        let files = names(&["s/a", "s/b", "s/kept"]);
        ledger.supersede(&names(&current), &files).unwrap();
        ledger.seal(current).unwrap();
        drop(ledger);
        let exists = |shard: &str| root.join(format!("{shard}.out")).exists();
        assert!(current.into_iter().all(exists));
        assert!(!exists("s/a") && !exists("s/b/0-of-2"));
        // A file that is no longer read keeps its output, and, unless all is done again, its line.
        assert!(exists("s/gone"));
        let ledger = open(root).unwrap();
        let gone = ledger.entries().any(|entry| entry.shard == "s/gone");
        assert_eq!(
            (gone, ledger.entries().count()),
            match mode {
                Mode::Fresh => (false, 4),
                _ => (true, 5),
            }
        );
    }
}

#[test]
fn another_pipeline_is_refused_unless_forced() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let a = entry(root, "a");
    let mut ledger = open(root).unwrap();
    ledger.append(a.clone()).unwrap();
    drop(ledger);
    let error = Ledger::open(root, "other", Mode::Resume, None).unwrap_err();
    assert_eq!(error.code(), "A433");
    assert!(error.help().contains("--fresh") && error.help().contains("--force"));

    let ledger = Ledger::open(root, "other", Mode::Force, None).unwrap();
    assert!(ledger.committed("a", &a.input).is_some());
    drop(ledger);
    assert!(Ledger::open(root, "other", Mode::Resume, None).is_ok());
    let ledger = Ledger::open(root, "third", Mode::Fresh, None).unwrap();
    assert!(ledger.committed("a", &a.input).is_none());
    drop(ledger);
    assert!(Ledger::open(root, "third", Mode::Resume, None).is_ok());
}

#[test]
fn foreign_files_are_not_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let targets = [root.path().join("a.parquet"), root.path().join("b.parquet")];
    let all = || targets.iter().map(PathBuf::as_path);
    fs::write(&targets[1], "mine").unwrap();
    let error = open(root.path()).unwrap().claim(all()).unwrap_err();
    assert!(matches!(&error, LedgerError::Foreign { first, more: 0 } if *first == targets[1]));
    // Asking again does not make it right.
    assert!(open(root.path()).unwrap().claim(all()).is_err());
    Ledger::open(root.path(), "print", Mode::Force, None)
        .unwrap()
        .claim(all())
        .unwrap();
    // From now on the folder is ours: a file without an entry is from a run that was killed.
    open(root.path()).unwrap().claim(all()).unwrap();
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open(root.path()).unwrap();
    let error = open(root.path()).unwrap_err();
    assert_eq!(error.code(), "A432");
    if cfg!(unix) {
        let holder = format!("(process {})", std::process::id());
        assert!(error.to_string().ends_with(&holder), "{error}");
    }
    drop(ledger);
    assert!(open(root.path()).is_ok());
}

#[test]
fn unfinished_outputs_are_removed() {
    let root = tempfile::tempdir().unwrap();
    let partial = |folder: &str| {
        let path = root.path().join(folder).join(".a.parquet.augment-partial");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path
    };
    let stale = [partial("."), partial("sub/sub")];
    fs::create_dir_all(root.path().join("other/.augment")).unwrap();
    let kept = [partial("other"), partial(".git")];
    drop(open(root.path()).unwrap());
    assert!(stale.iter().all(|path| !path.exists()));
    assert!(kept.iter().all(|path| path.exists()));
}

#[test]
fn a_root_that_is_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    fs::write(&file, "").unwrap();
    for root in [file.clone(), file.join("sub")] {
        let error = open(&root).unwrap_err();
        assert!(
            matches!(&error, LedgerError::NotFolder { path } if *path == file),
            "{error}"
        );
        assert!(error.help().contains("move"));
    }
}

fn open_part(root: &Path, part: Part) -> Result<Ledger, LedgerError> {
    Ledger::open(root, "print", Mode::Resume, part)
}

#[test]
fn parts_of_a_run_share_a_folder_and_the_whole_takes_over_what_they_finished() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let mut first = open_part(root, Some((1, 2))).unwrap();
    first.claim([]).unwrap();
    let mut second = open_part(root, Some((2, 2))).unwrap();
    second.claim([]).unwrap();
    assert!(matches!(
        open_part(root, Some((2, 2))),
        Err(LedgerError::Locked { .. })
    ));
    assert!(matches!(
        open_part(root, None),
        Err(LedgerError::Locked { .. })
    ));
    let (a, b) = (entry(root, "s/a"), entry(root, "s/b"));
    first.append(a.clone()).unwrap();
    first.seal(["s/a", "s/b"]).unwrap();
    second.append(b.clone()).unwrap();
    drop((first, second));

    let part = open_part(root, Some((1, 2))).unwrap();
    assert!(part.committed("s/b", &b.input).is_some());
    drop(part);
    let mut whole = open_part(root, None).unwrap();
    let target = root.join(&a.outputs[0].path);
    whole.claim([target.as_path()]).unwrap();
    assert!(whole.committed("s/a", &a.input).is_some());
    whole.seal(["s/a", "s/b"]).unwrap();
    drop(whole);
    let folder = root.join(FOLDER);
    assert!(!folder.join("ledger-1-of-2.jsonl").exists());
    let lines = fs::read_to_string(folder.join("ledger.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
}
