//! Object stores: the same bytes as on a file system, whatever the network does.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::samples;
use crate::scratch::{Finished, Scratch};
use crate::store_server::{Conduct, Proxy, ask, moto};

const SHARDS: usize = 6;

const SECRET: &str = "hush-this-is-the-secret";

pub(crate) const RUN: [&str; 7] = [
    "run",
    "test.toml",
    "-j",
    "2",
    "--batch-rows",
    "50",
    "--quiet",
];

/// A pipeline that reads `source` and writes below `sink`.
pub(crate) fn pipeline(source: &str, sink: &str) -> String {
    format!(
        r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["{source}"]
text = "text"

[operators.deletion]
type = "random_deletion"
inputs = ["data"]

[sinks.variants]
type = "parquet"
inputs = ["data", "deletion"]
path = "{sink}/{{shard}}.parquet"
"#
    )
}

/// Data in a folder and in a bucket of its own, and what a run on the file system makes of them.
pub(crate) struct Bench {
    pub(crate) scratch: Scratch,
    pub(crate) store: SocketAddr,
    bucket: &'static str,
    pub(crate) expected: BTreeMap<String, String>,
}

impl Bench {
    /// Nothing where there is no store to test with.
    pub(crate) fn new(bucket: &'static str) -> Option<Self> {
        Self::with_rows(bucket, SHARDS, 300)
    }

    pub(crate) fn with_rows(bucket: &'static str, shards: usize, rows: usize) -> Option<Self> {
        let store = moto()?;
        let scratch = Scratch::new();
        assert_eq!(ask(store, "PUT", &format!("/{bucket}"), b"").status, 200);
        for shard in 0..shards {
            let name = format!("data/part-{shard}.parquet");
            let path = scratch.parquet(&name, &[samples::numbered_sentences(shard as u64, rows)]);
            let bytes = fs::read(path).unwrap();
            assert_eq!(
                ask(store, "PUT", &format!("/{bucket}/{name}"), &bytes).status,
                200
            );
        }
        scratch.write("test.toml", pipeline("data", "expected"));
        scratch.run(RUN).says(0, &[]);
        let mut expected = scratch.digests("expected");
        expected.retain(|name, _| !name.starts_with('.'));
        assert_eq!(expected.len(), shards);
        scratch.write(
            "test.toml",
            pipeline(
                &format!("s3://{bucket}/data/*.parquet"),
                &format!("s3://{bucket}/out"),
            ),
        );
        Some(Self {
            scratch,
            store,
            bucket,
            expected,
        })
    }

    pub(crate) fn command(&self, server: SocketAddr, arguments: &[&str]) -> Command {
        let mut command = self.scratch.command(arguments);
        // The store is on this machine.
        for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(variable);
        }
        command
            .env("AWS_ENDPOINT_URL", format!("http://{server}"))
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "ann")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env(
                "AWS_SHARED_CREDENTIALS_FILE",
                self.scratch.path("credentials"),
            )
            .env("AWS_CONFIG_FILE", self.scratch.path("config"));
        command
    }

    pub(crate) fn run(&self, server: SocketAddr, arguments: &[&str]) -> Finished {
        Finished::of(self.command(server, arguments).output().unwrap())
    }

    /// The names of all objects.
    pub(crate) fn objects(&self) -> Vec<String> {
        let listing = ask(
            self.store,
            "GET",
            &format!("/{}?list-type=2", self.bucket),
            b"",
        )
        .body;
        let listing = String::from_utf8(listing).unwrap();
        let keys = listing.split("<Key>").skip(1);
        keys.map(|rest| rest.split("</Key>").next().unwrap().to_owned())
            .collect()
    }

    fn digest(&self, object: &str) -> String {
        let answer = ask(
            self.store,
            "GET",
            &format!("/{}/{object}", self.bucket),
            b"",
        );
        assert_eq!(answer.status, 200, "{object}");
        let digest = Sha256::digest(answer.body);
        let digest: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digest.concat()
    }

    /// The outputs in the bucket, by their paths below the folder of the sink.
    pub(crate) fn outputs(&self) -> BTreeMap<String, String> {
        let objects = self.objects();
        let names = objects
            .iter()
            .filter_map(|object| object.strip_prefix("out/"));
        let names = names.filter(|name| !name.starts_with('.'));
        names
            .map(|name| (name.to_owned(), self.digest(&format!("out/{name}"))))
            .collect()
    }

    /// The record, with the digests of its objects.
    fn record(&self) -> BTreeMap<String, String> {
        let objects = self.objects().into_iter();
        let record = objects.filter(|object| object.starts_with("out/.augment/"));
        record
            .map(|object| (object.clone(), self.digest(&object)))
            .collect()
    }

    /// Runs to the end through `server`, and compares what is in the bucket with what is expected.
    pub(crate) fn completes(&self, server: SocketAddr) {
        let finished = self.run(server, &RUN);
        finished.says(0, &[]);
        assert_eq!(self.outputs(), self.expected);
        let record = self.record();
        assert_eq!(record.len(), self.expected.len() + 1, "{record:?}");
    }
}

#[test]
fn outputs_are_those_of_a_file_system_and_are_made_once() {
    let Some(bench) = Bench::new("plain") else {
        return;
    };
    bench.completes(bench.store);
    let proxy = Proxy::before(bench.store, Conduct::default());
    bench.run(proxy.address, &RUN).says(0, &[]);
    let is_output = |line: &&String| line.starts_with("PUT") && line.contains("part-");
    assert_eq!(proxy.conduct().requests.iter().filter(is_output).count(), 0);

    let status = bench.run(bench.store, &["status", "s3://plain/out"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    assert!(
        status.stdout.contains("6 shards finished"),
        "{}",
        status.stdout
    );
    assert!(
        status.stdout.contains("no run is at work"),
        "{}",
        status.stdout
    );
    let verified = bench.run(bench.store, &["verify", "s3://plain/out"]);
    assert_eq!(
        verified.code,
        Some(0),
        "{}{}",
        verified.stdout,
        verified.stderr
    );

    // A changed input is done again, and so is an output that is gone.
    let changed = bench
        .scratch
        .parquet("x.parquet", &[samples::numbered_sentences(99, 10)]);
    let changed = fs::read(changed).unwrap();
    ask(bench.store, "PUT", "/plain/data/part-1.parquet", &changed);
    ask(bench.store, "DELETE", "/plain/out/part-2.parquet", b"");
    let status = bench.run(bench.store, &["status", "s3://plain/out"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    bench.run(bench.store, &RUN).says(0, &[]);
    let mut outputs = bench.outputs();
    assert_ne!(
        outputs.remove("part-1.parquet").as_ref(),
        bench.expected.get("part-1.parquet")
    );
    let mut expected = bench.expected.clone();
    expected.remove("part-1.parquet");
    assert_eq!(outputs, expected);
}

#[test]
fn faults_on_the_way_change_nothing() {
    let Some(bench) = Bench::new("faults") else {
        return;
    };
    let conduct = Conduct {
        refuse_every: Some(3),
        cut_every: Some(7),
        ..Conduct::default()
    };
    let proxy = Proxy::before(bench.store, conduct);
    bench.completes(proxy.address);
    assert!(proxy.conduct().faults >= 10);
}

#[test]
fn a_server_may_go_and_come_back() {
    let Some(bench) = Bench::new("restart") else {
        return;
    };
    for down_after in [5, 25, 45] {
        let conduct = Conduct {
            down_after: Some(down_after),
            ..Conduct::default()
        };
        let proxy = Proxy::before(bench.store, conduct);
        let mut arguments = RUN.to_vec();
        arguments.push("--fresh");
        bench.run(proxy.address, &arguments).says(0, &[]);
        assert_eq!(proxy.conduct().faults, 1);
        assert_eq!(bench.outputs(), bench.expected);
    }
}

/// Starts a run that gets so many answers and no more, and waits until it asks for another.
fn stalled(bench: &Bench, answers: usize) -> std::process::Child {
    let conduct = Conduct {
        stall_after: Some(answers),
        ..Conduct::default()
    };
    let proxy = Proxy::before(bench.store, conduct);
    let mut command = bench.command(proxy.address, &RUN);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = command.spawn().unwrap();
    while proxy.conduct().requests.len() <= answers {
        let ended = run.try_wait().unwrap();
        assert!(
            ended.is_none(),
            "the run took fewer than {answers} requests"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    run
}

#[test]
fn a_killed_run_is_resumed_and_a_living_one_left_alone() {
    let Some(bench) = Bench::new("resume") else {
        return;
    };
    let mut resumed = 0;
    for answers in [24, 32, 40] {
        for object in bench
            .objects()
            .iter()
            .filter(|object| object.starts_with("out/"))
        {
            ask(bench.store, "DELETE", &format!("/resume/{object}"), b"");
        }
        let mut run = stalled(&bench, answers);
        let second = bench.run(bench.store, &RUN);
        second.says(2, &["another run is writing to s3://resume/out"]);
        run.kill().unwrap();
        run.wait().unwrap();
        for (name, digest) in bench.outputs() {
            assert_eq!(digest, bench.expected[&name], "{name} is not complete");
        }
        let before = bench.record().len().saturating_sub(2);
        resumed += usize::from(before > 0);
        bench.completes(bench.store);
    }
    assert!(resumed > 0, "no shard was finished before a kill");
}

#[test]
fn parts_of_a_run_share_the_record() {
    let Some(bench) = Bench::new("parts") else {
        return;
    };
    for part in ["1/2", "2/2"] {
        let mut arguments = RUN.to_vec();
        arguments.extend(["--shard", part]);
        bench.run(bench.store, &arguments).says(0, &[]);
    }
    assert_eq!(bench.outputs(), bench.expected);
    let record = bench.record();
    bench.completes(bench.store);
    assert_eq!(bench.record(), record);
    bench.scratch.write(
        "test.toml",
        pipeline("data", "s3://parts/out").replace("seed = 42", "seed = 43"),
    );
    bench
        .run(bench.store, &RUN)
        .says(2, &["holds the output of another pipeline"]);
}

#[test]
fn large_outputs_go_in_parts_and_leave_none_behind() {
    let Some(bench) = Bench::with_rows("large", 1, 120_000) else {
        return;
    };
    let text = pipeline("s3://large/data/", "s3://large/out");
    let text = text.replace(
        "\ninputs = [\"data\", \"deletion\"]",
        "\ninputs = [\"data\", \"deletion\"]\ncompression = \"none\"",
    );
    bench
        .scratch
        .write("test.toml", text.replace("s3://large/out", "local"));
    bench.run(bench.store, &RUN).says(0, &[]);
    let size = fs::metadata(bench.scratch.path("local/part-0.parquet"))
        .unwrap()
        .len();
    assert!(size > 2 * (8 << 20), "{size}");
    bench.scratch.write("test.toml", text);
    let conduct = Conduct {
        refuse_every: Some(3),
        ..Conduct::default()
    };
    let proxy = Proxy::before(bench.store, conduct);
    bench.run(proxy.address, &RUN).says(0, &[]);
    let parts = |line: &&String| line.contains("partNumber=");
    assert!(proxy.conduct().requests.iter().filter(parts).count() >= 3);
    let local = bench.scratch.digests("local");
    assert_eq!(bench.digest("out/part-0.parquet"), local["part-0.parquet"]);
    // Pages that do not fit into memory wait elsewhere.
    let mut arguments = RUN.to_vec();
    arguments.extend(["--fresh", "--memory", "150MiB"]);
    bench.run(bench.store, &arguments).says(0, &[]);
    assert_eq!(bench.digest("out/part-0.parquet"), local["part-0.parquet"]);
    let uploads = ask(bench.store, "GET", "/large?uploads", b"").body;
    let uploads = String::from_utf8(uploads).unwrap();
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

#[test]
fn files_and_stores_mix() {
    let Some(bench) = Bench::new("mixed") else {
        return;
    };
    bench
        .scratch
        .write("test.toml", pipeline("data", "s3://mixed/out"));
    bench.completes(bench.store);
    for source in ["s3://mixed/data", "s3://mixed/da*"] {
        bench.scratch.write("test.toml", pipeline(source, "copy"));
        let mut arguments = RUN.to_vec();
        arguments.push("--fresh");
        bench.run(bench.store, &arguments).says(0, &[]);
        let mut copy = bench.scratch.digests("copy");
        copy.retain(|name, _| bench.expected.contains_key(name));
        // `da*` is a pattern for the folder, so that names have it in front.
        if source.ends_with('*') {
            assert!(
                bench
                    .scratch
                    .visible("copy")
                    .contains(&"data/part-0.parquet".to_owned())
            );
        } else {
            assert_eq!(copy, bench.expected);
        }
    }
    // The store is a server of the web, too.
    let url = format!("http://{}/mixed/data/part-0.parquet", bench.store);
    bench.scratch.write("test.toml", pipeline(&url, "web"));
    bench.run(bench.store, &RUN).says(0, &[]);
    let web = bench.scratch.digests("web");
    assert_eq!(web["part-0.parquet"], bench.expected["part-0.parquet"]);
}

#[test]
fn errors_name_the_object_and_the_remedy_and_no_secret() {
    let Some(bench) = Bench::new("errors") else {
        return;
    };
    let body = format!(
        "<Error><Code>SignatureDoesNotMatch</Code><Message>not signed with {SECRET}</Message>\
         <StringToSign>{SECRET}</StringToSign></Error>"
    );
    for (status, body, parts) in [
        (
            "403 Forbidden",
            body.clone(),
            [
                "s3://errors/data",
                "403 Forbidden: SignatureDoesNotMatch",
                "AWS_ACCESS_KEY_ID",
            ],
        ),
        (
            "503 Slow Down",
            format!("<Error><Code>SlowDown</Code><Message>{SECRET}</Message></Error>"),
            ["s3://errors/data", "503", "run again"],
        ),
        (
            "500 Internal Server Error",
            format!("what is {SECRET}?"),
            ["s3://errors/data", "500", "run again"],
        ),
    ] {
        let conduct = Conduct {
            answer_all: Some((status, body)),
            ..Conduct::default()
        };
        let proxy = Proxy::before(bench.store, conduct);
        for command in [&RUN[..2], &["check", "test.toml"]] {
            let mut command = bench.command(proxy.address, command);
            command.env("AUGMENT_STORE_PATIENCE", "0");
            let finished = Finished::of(command.output().unwrap());
            assert_ne!(finished.code, Some(0));
            let said = format!("{}{}", finished.stdout, finished.stderr);
            for part in parts {
                assert!(said.contains(part), "`{part}` is not in:\n{said}");
            }
            assert!(!said.contains(SECRET), "{said}");
        }
    }
    let missing = pipeline("s3://errors/none/*.parquet", "s3://errors/out");
    bench.scratch.write("test.toml", missing);
    bench
        .run(bench.store, &RUN)
        .says(2, &["A402", "s3://errors/none/*.parquet"]);
    bench.scratch.write(
        "test.toml",
        pipeline("https://ann:hush@host/a.parquet?key=hush", "out"),
    );
    let refused = bench.run(bench.store, &RUN);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("holds credentials"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_profile_gives_credentials_and_address() {
    let Some(bench) = Bench::new("profile") else {
        return;
    };
    let proxy = Proxy::before(bench.store, Conduct::default());
    let credentials = format!("[lab]\naws_access_key_id = bea\naws_secret_access_key = {SECRET}\n");
    bench.scratch.write("credentials", credentials);
    let config = format!("[profile lab]\nendpoint_url = http://{}\n", proxy.address);
    bench.scratch.write("config", config);
    let mut command = bench.command(bench.store, &RUN);
    for variable in [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
    ] {
        command.env_remove(variable);
    }
    command.env("AWS_PROFILE", "lab");
    Finished::of(command.output().unwrap()).says(0, &[]);
    assert_eq!(bench.outputs(), bench.expected);
    let conduct = proxy.conduct();
    assert!(!conduct.authorizations.is_empty());
    for authorization in &conduct.authorizations {
        assert!(authorization.contains("Credential=bea/"), "{authorization}");
    }
}
