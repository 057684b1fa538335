//! What the lines and bars say.

use super::*;

fn totals() -> Vec<SourceTotal> {
    vec![SourceTotal {
        id: "train".to_owned(),
        rows: 400,
        shards: 2,
    }]
}

#[test]
fn counts_of_running_and_finished_shards_add_up() {
    let progress = Progress::new(Show::Json, false, totals(), vec!["swap".into()], &|_| {});
    let shards = [0, 1].map(|index| Arc::new(Shard::new(index, "train", "a.parquet", 1)));
    for shard in &shards {
        progress.shard_started(shard);
        Observer::rows_read(&progress, shard, 100);
        shard
            .counters
            .operator(0)
            .rows_in
            .fetch_add(100, Ordering::Relaxed);
        shard.counters.operator(0).count("unchanged: too short", 3);
        shard.counters.operator(0).measure("padding", 2, Some(10));
    }
    progress.shard_finished(&shards[0], &ShardOutcome::Committed);
    let json = progress.json();
    assert_eq!(
        (&json["rows_read"], &json["rows_total"]),
        (&json!(200), &json!(400))
    );
    assert_eq!(
        json["shards"],
        json!({ "total": 2, "running": 1, "committed": 1, "failed": 0 })
    );
    assert_eq!(json["operators"][0]["rows_in"], 200);
    assert_eq!(
        json["operators"][0]["reasons"],
        json!({ "unchanged: too short": 6 })
    );
    assert_eq!(
        json["operators"][0]["measures"],
        json!({ "padding": { "part": 4, "whole": 20 } })
    );
    assert_eq!(progress.running(), ["a.parquet"]);
    assert!(
        progress.line().starts_with("200 of 400 rows read (50 %)"),
        "{}",
        progress.line()
    );
    assert!(
        progress
            .line()
            .ends_with("1 of 2 shards committed; swap: padding 20 %"),
        "{}",
        progress.line()
    );
}

#[test]
fn words_that_are_counted_first_are_on_show_until_then() {
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let progress = Progress::new(Show::Plain, false, totals(), Vec::new(), &say);
    progress.counting_started("words", 1_000);
    progress.rows_counted(250);
    assert_eq!(
        progress.any_line(),
        "words counted in 250 of 1,000 rows (25 %)"
    );
    let event = progress.event();
    assert_eq!(
        (
            &event["event"],
            &event["rows_counted"],
            &event["rows_total"]
        ),
        (&json!("counting"), &json!(250), &json!(1_000))
    );
    progress.counting_finished();
    assert!(progress.any_line().starts_with("0 of 400 rows read"));
    assert_eq!(progress.event()["event"], "progress");
    let lines = lines.into_inner().unwrap();
    assert_eq!(lines, ["counting the words of 1,000 rows first"]);
}

#[test]
fn what_is_committed_already_is_not_waited_for() {
    let progress = Progress::new(Show::Nothing, false, totals(), Vec::new(), &|_| {});
    progress.shard_expected(&Shard::new(1, "train", "b.parquet", 0), 100);
    let line = progress.line();
    assert!(line.starts_with("0 of 100 rows read (0 %)"), "{line}");
    assert!(line.ends_with("0 of 1 shard committed"), "{line}");
}

#[test]
fn every_shard_that_ends_gets_a_line_if_asked_for() {
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let progress = Progress::new(Show::Nothing, true, totals(), Vec::new(), &say);
    let shard = Arc::new(Shard::new(0, "train", "a.parquet", 0));
    progress.watch(|| {
        progress.shard_started(&shard);
        progress.shard_finished(&shard, &ShardOutcome::Failed("torn page".to_owned()));
    });
    assert_eq!(lines.into_inner().unwrap(), ["failed a.parquet: torn page"]);
}

#[test]
fn the_work_s_result_comes_back_whatever_is_shown() {
    for show in [
        Show::Plain,
        Show::Json,
        Show::Nothing,
        Show::Bars(Palette::new(false)),
    ] {
        let progress = Progress::new(show, false, totals(), Vec::new(), &|_| {});
        assert_eq!(progress.watch(|| 7), 7);
    }
}
