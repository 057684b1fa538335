//! The record in a store: shards below the file, rejects, locks of runs that are no more.

#![cfg(unix)]

use std::fs;

use crate::scratch::Finished;
use crate::store_server::{Conduct, Proxy, ask};
use crate::stores::{Bench, RUN, pipeline};
use crate::{rejects, samples};

/// The arguments of a run, with more of them.
fn run_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = RUN.to_vec();
    arguments.extend(more);
    arguments
}

/// Puts a file of three row groups into the bucket; answers its bytes.
fn three_groups(bench: &Bench, object: &str) -> Vec<u8> {
    let groups: Vec<_> = (0..3)
        .map(|seed| samples::numbered_sentences(seed, 60))
        .collect();
    let path = bench.scratch.parquet("big.parquet", &groups);
    let bytes = fs::read(path).unwrap();
    assert_eq!(ask(bench.store, "PUT", object, &bytes).status, 200);
    bytes
}

#[test]
fn other_shards_take_the_place_of_the_old_ones() {
    let Some(bench) = Bench::with_rows("groups", 1, 20) else {
        return;
    };
    three_groups(&bench, "/groups/data/big.parquet");
    let whole = pipeline("s3://groups/data", "s3://groups/out");
    let cut = whole.replace("text = \"text\"", "text = \"text\"\nshard = \"row_group\"");
    bench.scratch.write("test.toml", &whole);
    bench.run(bench.store, &RUN).says(0, &[]);
    let before = bench.outputs();
    let names: Vec<&String> = before.keys().collect();
    assert_eq!(names, ["big.parquet", "part-0.parquet"]);

    let parts = [
        "big-00000-of-00003.parquet",
        "big-00001-of-00003.parquet",
        "big-00002-of-00003.parquet",
        "part-0.parquet",
    ];
    // The rows of a file and their identities are the same, however it is cut.
    for fresh in [&[][..], &["--fresh"]] {
        bench.scratch.write("test.toml", &cut);
        bench.run(bench.store, &run_with(fresh)).says(0, &[]);
        let outputs = bench.outputs();
        assert_eq!(outputs.keys().collect::<Vec<_>>(), parts);
        assert_eq!(outputs["part-0.parquet"], before["part-0.parquet"]);
        let entries = bench.objects();
        let is_entry = |object: &&String| object.starts_with("out/.augment/ledger/");
        assert_eq!(entries.iter().filter(is_entry).count(), 5, "{entries:?}");
        let status = bench.run(bench.store, &["status", "s3://groups/out"]);
        assert_eq!(status.code, Some(0), "{}", status.stdout);

        bench.scratch.write("test.toml", &whole);
        bench.run(bench.store, &run_with(fresh)).says(0, &[]);
        assert_eq!(bench.outputs(), before);
    }
}

#[test]
fn shards_that_failed_are_on_record_until_they_are_done() {
    let Some(bench) = Bench::new("rejects") else {
        return;
    };
    let object = "/rejects/data/part-2.parquet";
    let whole = ask(bench.store, "GET", object, b"").body;
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[4..middle].fill(0xff);
    ask(bench.store, "PUT", object, &damaged);
    let run = bench.run(bench.store, &run_with(&["--keep-going"]));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let record = ask(
        bench.store,
        "GET",
        "/rejects/out/.augment/rejects.jsonl",
        b"",
    );
    assert_eq!(record.status, 200);
    let record = String::from_utf8(record.body).unwrap();
    assert_eq!(record.lines().count(), 1, "{record}");
    assert!(record.contains("part-2.parquet"), "{record}");
    assert!(
        record.contains("s3://rejects/data/part-2.parquet"),
        "{record}"
    );
    assert_eq!(bench.outputs().len(), bench.expected.len() - 1);

    ask(bench.store, "PUT", object, &whole);
    bench.completes(bench.store);
}

#[test]
fn refused_rows_are_on_record_as_on_a_file_system() {
    let Some(bench) = Bench::with_rows("refused", 1, 20) else {
        return;
    };
    let local = rejects::workspace();
    let ran = local.run(rejects::RUN);
    let text = rejects::PIPELINE.replace("out/", "s3://refused/refused/");
    local.write(
        "test.toml",
        text.replace("[\"data\"]\ntext", "[\"s3://refused/rows\"]\ntext"),
    );
    for file in ["a", "b", "c"] {
        let bytes = fs::read(local.path(&format!("data/{file}.parquet"))).unwrap();
        let object = format!("/refused/rows/{file}.parquet");
        assert_eq!(ask(bench.store, "PUT", &object, &bytes).status, 200);
    }
    for _ in 0..2 {
        let mut command = bench.command(bench.store, &rejects::RUN);
        command.current_dir(local.path("."));
        let finished = Finished::of(command.output().unwrap());
        assert_eq!(finished.code, ran.code, "{}", finished.stderr);
        for folder in ["good", "bad"] {
            let object = format!("/refused/refused/{folder}/.augment/rejects.jsonl");
            let stored = ask(bench.store, "GET", &object, b"");
            assert_eq!(stored.status, 200);
            let expected = local.path(&format!("out/{folder}/.augment/rejects.jsonl"));
            assert_eq!(
                String::from_utf8(stored.body).unwrap(),
                fs::read_to_string(expected).unwrap()
            );
        }
    }
    let status = bench.run(bench.store, &["status", "s3://refused/refused/good"]);
    assert!(status.stdout.contains("left rejects"), "{}", status.stdout);
}

/// What a lock says of a process of this machine that has ended.
#[cfg(target_os = "linux")]
fn claim_of_the_dead() -> String {
    let mut process = std::process::Command::new("true").spawn().unwrap();
    process.wait().unwrap();
    let started = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let container = fs::read_link("/proc/self/ns/pid").unwrap();
    let machine = format!("{} {}", started.trim(), container.display());
    let number = process.id();
    format!(r#"{{"machine":"{machine}","process":{number},"claim":7,"renewals":3}}"#)
}

#[cfg(target_os = "linux")]
#[test]
fn the_lock_of_a_process_that_has_ended_is_taken_over_at_once() {
    let Some(bench) = Bench::new("ended") else {
        return;
    };
    let lock = "/ended/out/.augment/lock";
    let claim = claim_of_the_dead();
    ask(bench.store, "PUT", lock, claim.as_bytes());
    bench.completes(bench.store);
    assert_eq!(ask(bench.store, "GET", lock, b"").status, 404);
}

/// As far as a server can tell that speaks the language of Google and stores by that of Amazon.
#[cfg(target_os = "linux")]
#[test]
fn a_store_of_google_has_the_same_bytes_and_locks() {
    let Some(bench) = Bench::new("google") else {
        return;
    };
    let google = Conduct {
        google: true,
        refuse_every: Some(5),
        ..Conduct::default()
    };
    let proxy = Proxy::before(bench.store, google);
    bench
        .scratch
        .write("test.toml", pipeline("gs://google/data", "gs://google/out"));
    let claim = claim_of_the_dead();
    let lock = "/google/out/.augment/lock";
    let account = format!(
        r#"{{"gcs_base_url":"http://{}","disable_oauth":true,"client_email":"","private_key":"",
             "private_key_id":""}}"#,
        proxy.address
    );
    ask(proxy.address, "PUT", lock, claim.as_bytes());
    for _ in 0..2 {
        let mut command = bench.command(proxy.address, &RUN);
        command
            .env("GOOGLE_SERVICE_ACCOUNT_KEY", &account)
            .env("GOOGLE_ALLOW_HTTP", "true");
        Finished::of(command.output().unwrap()).says(0, &[]);
        assert_eq!(bench.outputs(), bench.expected);
        assert_eq!(ask(bench.store, "GET", lock, b"").status, 404);
    }
    let puts = |line: &&String| line.starts_with("PUT") && line.contains("/out%2Fpart");
    let conduct = proxy.conduct();
    let puts = conduct.requests.iter().filter(puts).count();
    // Some were refused and made again; the second run made none.
    assert!((6..12).contains(&puts), "{puts}");
}

#[test]
fn a_damaged_record_is_named_and_a_fresh_run_does_without() {
    let Some(bench) = Bench::new("damaged") else {
        return;
    };
    bench.completes(bench.store);
    let objects = bench.objects();
    let is_entry = |object: &&String| {
        object.starts_with("out/.augment/ledger/") && !object.ends_with("header.jsonl")
    };
    let entry = objects.iter().find(is_entry).unwrap();
    ask(
        bench.store,
        "PUT",
        &format!("/damaged/{entry}"),
        b"{nonsense",
    );
    bench
        .run(bench.store, &RUN)
        .says(2, &["cannot be read", entry, "--fresh"]);
    bench.run(bench.store, &run_with(&["--fresh"])).says(0, &[]);
    bench.completes(bench.store);
}

/// Takes as long as a lock counts without being renewed.
#[test]
#[ignore = "it waits for 45 seconds"]
fn the_lock_of_a_machine_that_is_gone_is_taken_over() {
    let Some(bench) = Bench::new("lease") else {
        return;
    };
    let lock = "/lease/out/.augment/lock";
    let claim = r#"{"machine":"elsewhere","process":1,"claim":7,"renewals":3}"#;
    ask(bench.store, "PUT", lock, claim.as_bytes());
    bench.completes(bench.store);
    assert_eq!(ask(bench.store, "GET", lock, b"").status, 404);
}
