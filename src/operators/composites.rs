//! What holds for every operator that holds operators.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::tests::any_text;
use super::trial;
use crate::batch::{EditLog, OperatorSet, Origins, Shard};
use crate::counters::Counts;
use crate::operator::{Configured, Resources, TextColumn, TextValues};
use crate::prelude::*;

/// A row that left: which it was made of, its replica number, its text, and the positions of the
/// steps that changed it.
type Row = (u64, u32, Option<String>, Vec<usize>);

/// An edit: the position of the step, the span, what was there and what is there now.
type Edit = (usize, u32, u32, String, String);

/// What came of some rows.
struct Outcome {
    rows: Vec<Row>,
    edits: Vec<Vec<Edit>>,
    counts: BTreeMap<String, Counts>,
}

impl Outcome {
    fn texts(&self) -> Vec<&str> {
        let texts = self.rows.iter().map(|(_, _, text, _)| text.as_deref());
        texts.map(|text| text.unwrap_or("null")).collect()
    }

    fn reason(&self, name: &str, reason: &str) -> u64 {
        let counts = self.counts[name].reasons.get(reason);
        counts.copied().unwrap_or_default()
    }
}

/// Fails texts that begin with a full stop, and puts the others in capitals.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Picky {}

struct Picking;

impl TextOperatorConfig for Picky {
    const NAME: &'static str = "picky";

    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Picking))
    }
}

impl TextOperator for Picking {
    fn rewrite(
        &mut self,
        text: &Text<'_>,
        _: &mut Random,
        edits: &mut Edits,
    ) -> crate::operator::Outcome {
        if text.as_str().starts_with('.') {
            return crate::operator::Outcome::Failed("begins with a full stop".to_owned());
        }
        let whole = 0..text.as_str().len();
        edits.replace(whole, &text.as_str().to_uppercase());
        crate::operator::Outcome::Edited
    }
}

fn configured(name: &str, options: &str) -> Box<dyn Configured> {
    let table = DeTable::parse(options).unwrap();
    let mut registry = Registry::builtin();
    registry.register_text::<Picky>();
    let parsed = registry.parse(name, table.get_ref(), table.span());
    parsed
        .unwrap()
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Runs an operator of id `node` on rows numbered from `first`.
fn try_run(
    configured: &dyn Configured,
    records: RecordBatch,
    first: u64,
) -> Result<Outcome, OperatorError> {
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let resources = Resources::default();
    let mut operator = configured.build(&BuildContext {
        id: "node",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        source_rows: 1,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    })?;
    let parts = configured.parts();
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1 + parts.len()));
    let origins = Arc::new(Origins::new("demo", first, records.num_rows(), None));
    let batch = Batch {
        rows: Rows::originals(origins, true),
        records,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let schema = batch.records.schema();
    let mut context = Context::new(&shard, 0, 1);
    operator.process(batch, &mut context)?;
    let output = context.into_outputs().pop().flatten().unwrap();
    assert_eq!(output.records.schema(), schema);
    let values = TextValues::new(output.records.column(0)).unwrap();
    let rows = (0..output.rows.len()).map(|row| {
        (
            output.rows.number(row),
            output.rows.replica[row],
            values.get(row).map(str::to_owned),
            output.rows.changed[row].iter().collect(),
        )
    });
    let names = std::iter::once("node".to_owned()).chain(parts);
    Ok(Outcome {
        rows: rows.collect(),
        edits: output
            .rows
            .edits
            .iter()
            .flatten()
            .map(|log| edits(log.as_ref()))
            .collect(),
        counts: names.zip(shard.counters.snapshot()).collect(),
    })
}

fn run(configured: &dyn Configured, texts: &[Option<&str>]) -> Outcome {
    try_run(configured, trial::records(texts), 0).unwrap()
}

/// The edits of a row in the order in which to apply them, each with the position of its step.
fn edits(log: Option<&Arc<EditLog>>) -> Vec<Edit> {
    let mut logs = Vec::new();
    let mut next = log.map(Arc::as_ref);
    while let Some(log) = next {
        logs.push(log);
        next = log.previous.as_deref();
    }
    let edit = |log: &EditLog| {
        let edits = log.edits.iter();
        edits
            .map(|edit| {
                let (old, new) = (edit.old.to_owned(), edit.new.to_owned());
                (log.operator, edit.start, edit.end, old, new)
            })
            .collect::<Vec<_>>()
    };
    logs.into_iter().rev().flat_map(edit).collect()
}

/// `text` with the edits of all steps applied, step by step.
fn replayed(text: &str, edits: &[Edit]) -> String {
    let mut text = text.to_owned();
    for step in edits.chunk_by(|one, two| one.0 == two.0) {
        let (mut new, mut done) = (String::new(), 0);
        for (_, start, end, old, with) in step {
            let (start, end) = (*start as usize, *end as usize);
            assert_eq!(&text[start..end], old);
            new.push_str(&text[done..start]);
            new.push_str(with);
            done = end;
        }
        text = new + &text[done..];
    }
    text
}

const SWAP_AND_TYPO: &str =
    "steps = [{ type = 'random_swap', rate = 0.1 }, { type = 'keyboard_typo', rate = 0.1 }]\n";
const ALTERNATIVES: &str = "alternatives = [\n\
    { weight = 2, type = 'random_swap' },\n\
    { weight = 1, type = 'contraction' },\n\
    { weight = 1, steps = [{ type = 'random_deletion' }, { type = 'random_swap', rate = 0.5 }] },\n\
    { weight = 0.5, type = 'sometimes', probability = 0.5, step = { type = 'case', mode = 'upper' } },\n]\n";
const NESTED: &str = "steps = [\n\
    { type = 'sometimes', probability = 0.5, step = { type = 'random_deletion' } },\n\
    { type = 'choose', alternatives = [{ type = 'random_swap' }, { type = 'contraction' }] },\n]\n";
const HALF: &str =
    "probability = 0.5\nsteps = [{ type = 'random_swap' }, { type = 'random_deletion' }]";

/// All that change rows in place, by name.
const IN_PLACE: [(&str, &str); 4] = [
    ("chain", SWAP_AND_TYPO),
    ("choose", ALTERNATIVES),
    ("chain", NESTED),
    ("sometimes", HALF),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn in_place_each_row_stays_one_and_its_edits_explain_it(
        texts in prop::collection::vec(prop::option::of(any_text()), 1..20)
    ) {
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        for (name, options) in IN_PLACE {
            let outcome = run(&*configured(name, options), &texts);
            let numbers: Vec<u64> = outcome.rows.iter().map(|(number, ..)| *number).collect();
            prop_assert_eq!(numbers, (0..texts.len() as u64).collect::<Vec<_>>());
            let rows = outcome.rows.iter().zip(&texts).zip(&outcome.edits);
            let mut changed_rows = 0;
            for (((_, replica, after, changed), before), edits) in rows {
                let text = before.map(|before| replayed(before, edits));
                prop_assert_eq!(&text, after);
                prop_assert_eq!(*replica, u32::from(!changed.is_empty()));
                let by: BTreeSet<usize> = edits.iter().map(|edit| edit.0).collect();
                prop_assert_eq!(by.into_iter().collect::<Vec<_>>(), changed.clone());
                changed_rows += u64::from(!changed.is_empty());
            }
            prop_assert_eq!(outcome.counts["node"].changed, changed_rows);
        }
    }

    #[test]
    fn variants_differ_from_the_row_and_from_each_other_or_are_counted(
        texts in prop::collection::vec(prop::option::of(any_text()), 1..8)
    ) {
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        for (name, options) in &IN_PLACE[..3] {
            let options = format!("replicas = 4\n{options}");
            let outcome = run(&*configured(name, &options), &texts);
            let mut all: BTreeSet<(u64, Option<&str>)> = BTreeSet::new();
            all.extend((0..).zip(texts.iter().copied()));
            for ((number, replica, text, changed), edits) in outcome.rows.iter().zip(&outcome.edits) {
                prop_assert!((1..=4).contains(replica) && !changed.is_empty());
                prop_assert!(all.insert((*number, text.as_deref())), "{}: {:?}", name, text);
                let before = texts[usize::try_from(*number).unwrap()].unwrap();
                prop_assert_eq!(&Some(replayed(before, edits)), text);
            }
            let order = outcome.rows.iter().map(|(number, replica, ..)| (*number, *replica));
            prop_assert!(order.is_sorted_by(|one, two| one < two));
            let reasons = outcome.counts["node"].reasons.iter();
            let short: u64 = reasons
                .filter(|(reason, _)| reason.starts_with("shortfall: "))
                .map(|(_, count)| count)
                .sum();
            prop_assert_eq!(outcome.rows.len() as u64 + short, 4 * texts.len() as u64);
        }
    }

    #[test]
    fn a_row_fares_the_same_in_any_batch(
        texts in prop::collection::vec(prop::option::of(any_text()), 1..24)
    ) {
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let variants = IN_PLACE[..3].iter();
        let variants = variants.map(|(name, options)| (*name, format!("replicas = 3\n{options}")));
        let in_place = IN_PLACE.map(|(name, options)| (name, options.to_owned()));
        for (name, options) in in_place.into_iter().chain(variants) {
            let configured = configured(name, &options);
            let whole = run(&*configured, &texts);
            for size in [1, 7] {
                let mut rows = Vec::new();
                let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
                for (part, texts) in texts.chunks(size).enumerate() {
                    let first = (part * size) as u64;
                    let records = trial::records(texts);
                    let outcome = try_run(&*configured, records, first).unwrap();
                    rows.extend(outcome.rows);
                    for (name, more) in outcome.counts {
                        counts.entry(name).or_default().add(&more);
                    }
                }
                prop_assert_eq!(&rows, &whole.rows, "{} in batches of {}", name, size);
                prop_assert_eq!(&counts, &whole.counts, "{} in batches of {}", name, size);
            }
        }
    }

    #[test]
    fn what_changes_nothing_is_the_identity(texts in prop::collection::vec(any_text(), 1..20)) {
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
        for (name, options) in [
            ("chain", "steps = [{ type = 'random_swap', rate = 0.0 }, { type = 'word_split', rate = 0.0 }]"),
            ("choose", "alternatives = [{ type = 'random_swap', rate = 0.0 }, { type = 'word_split', rate = 0.0 }]"),
            ("sometimes", "probability = 0.0\nstep = { type = 'random_swap' }"),
        ] {
            let outcome = run(&*configured(name, options), &texts);
            let expected: Vec<&str> = texts.iter().flatten().copied().collect();
            prop_assert_eq!(outcome.texts(), expected, "{}", name);
            prop_assert!(outcome.rows.iter().all(|(_, replica, _, changed)| *replica == 0 && changed.is_empty()));
            prop_assert_eq!(outcome.counts["node"].changed, 0);
        }
    }
}

/// `count` different texts that every step can change.
fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|row| format!("it is row {row} of all"))
        .collect()
}

/// How many rows each step changed, of 4,000 that any of them can change.
fn changed_by(name: &str, options: &str) -> BTreeMap<String, u64> {
    let texts = numbered(4_000);
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
    let outcome = run(&*configured(name, options), &texts);
    let counts = outcome.counts.into_iter();
    counts
        .map(|(name, counts)| (name, counts.changed))
        .collect()
}

#[test]
fn alternatives_are_drawn_by_weight() {
    let options =
        "alternatives = [{ weight = 3, type = 'case', mode = 'upper' }, { type = 'random_swap' }]";
    let changed = changed_by("choose", options);
    assert_eq!(changed["case"] + changed["random_swap"], 4_000);
    // Three standard deviations of a share of 0.75 are 82 rows.
    assert!(changed["case"].abs_diff(3_000) < 82, "{changed:?}");
    let changed = changed_by("choose", &format!("replicas = 1\n{options}"));
    assert!(changed["case"].abs_diff(3_000) < 82, "{changed:?}");
}

#[test]
fn a_share_of_the_rows_is_drawn() {
    let options = "probability = 0.3\nstep = { type = 'random_swap' }";
    let changed = changed_by("sometimes", options);
    assert!(changed["random_swap"].abs_diff(1_200) < 87, "{changed:?}");
    let texts = numbered(10);
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
    let outcome = run(&*configured("sometimes", options), &texts);
    let drawn = outcome.counts["random_swap"].rows_in;
    assert_eq!(outcome.reason("node", "unchanged: not drawn"), 10 - drawn);
    assert_eq!(outcome.counts["random_swap"].rows_out, drawn);
}

#[test]
fn two_steps_of_one_type_draw_for_themselves() {
    let options = "steps = [{ type = 'random_swap', max = 1 }, { type = 'random_swap', max = 1 }]";
    let configured = configured("chain", options);
    assert_eq!(configured.parts(), ["random_swap", "random_swap#2"]);
    let texts = numbered(50);
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
    let outcome = run(&*configured, &texts);
    let (first, second): (Vec<_>, Vec<_>) =
        outcome.edits.iter().flatten().partition(|edit| edit.0 == 1);
    let spans = |edits: Vec<&Edit>| {
        edits
            .iter()
            .map(|edit| (edit.1, edit.2))
            .collect::<Vec<_>>()
    };
    assert_ne!(spans(first), spans(second));
}

#[test]
fn names_of_what_is_inside_tell_the_way() {
    assert_eq!(
        configured("chain", NESTED).parts(),
        [
            "sometimes",
            "sometimes/random_deletion",
            "choose",
            "choose/random_swap",
            "choose/contraction"
        ]
    );
}

#[test]
fn what_cannot_change_is_not_tried_again() {
    let deterministic = "replicas = 3\nsteps = [{ type = 'picky' }]";
    let texts = [None, Some("ZANZIBAR"), Some("it is late")];
    let outcome = run(&*configured("chain", deterministic), &texts);
    assert_eq!(outcome.texts(), ["IT IS LATE"]);
    // Three draws for each text, and none for null.
    assert_eq!(outcome.counts["picky"].rows_in, 6);
    assert_eq!(outcome.reason("node", "shortfall: null"), 3);
    assert_eq!(outcome.reason("node", "shortfall: no edit drawn"), 3);
    assert_eq!(outcome.reason("node", "shortfall: no new variant"), 2);
    let reasons: u64 = outcome.counts["node"].reasons.values().sum();
    assert_eq!(reasons, 8);
    // A text of one word: nothing is drawn, because there is nothing to draw.
    let outcome = run(
        &*configured("chain", "replicas = 1\nsteps = [{ type = 'random_swap' }]"),
        &[Some("Zanzibar")],
    );
    assert_eq!(outcome.counts["random_swap"].rows_in, 1);
}

#[test]
fn variants_of_variants_are_numbered_after_those_before() {
    let configured = configured("chain", &format!("replicas = 2\n{SWAP_AND_TYPO}"));
    let rows = trial::run(
        &*configured,
        trial::records(&[Some("one two three four")]),
        0,
        3,
    );
    let numbers: Vec<u32> = rows.unwrap().rows.iter().map(|row| row.1).collect();
    assert_eq!(numbers, [5, 6]);
}

#[test]
fn an_error_names_the_step_and_a_policy_of_a_step_holds() {
    let texts = [Some("one two"), Some(". bad"), Some("three four")];
    let fails = "steps = [{ type = 'random_swap' }, { type = 'picky' }]";
    let failure = |name: &str, options: &str| {
        let outcome = try_run(&*configured(name, options), trial::records(&texts), 7);
        outcome.err().unwrap().to_string()
    };
    assert_eq!(
        failure("chain", fails),
        "row 8: step `node/picky`: begins with a full stop"
    );
    let nested = format!("replicas = 2\nalternatives = [{{ type = 'chain', {fails} }}]");
    assert_eq!(
        failure("choose", &nested),
        "row 8: step `node/chain/picky`: begins with a full stop"
    );
    let drops = "steps = [{ type = 'picky', on_error = 'drop' }, { type = 'random_swap' }]";
    let outcome = run(&*configured("chain", drops), &texts);
    assert_eq!(outcome.texts(), ["TWO ONE", "FOUR THREE"]);
    assert_eq!(outcome.reason("picky", "error: the row was refused"), 1);
    let outcome = run(
        &*configured("chain", &format!("replicas = 1\n{drops}")),
        &texts,
    );
    assert_eq!(outcome.texts(), ["TWO ONE", "FOUR THREE"]);
    assert_eq!(
        outcome.reason("node", "shortfall: a step refused the row"),
        1
    );
    let choice = format!("alternatives = [{{ {drops} }}, {{ type = 'chain', {drops} }}]");
    let outcome = run(&*configured("choose", &choice), &texts);
    assert_eq!(outcome.texts(), ["TWO ONE", "FOUR THREE"]);
}

#[test]
fn presets_that_make_replicas_change_rows_in_place_as_steps() {
    let options = "steps = [{ type = 'eda' }]";
    let configured = configured("chain", options);
    let outcome = run(&*configured, &[Some("The movie was a big success.")]);
    assert_eq!(outcome.rows.len(), 1);
    assert!(configured.rewrites_in_place());
    let canonical = configured.canonical(100);
    let step = &canonical["alternatives"][0]["steps"][0];
    assert_eq!(step["type"], "eda");
    assert_eq!(
        step["options"]["common"]["replicas"],
        serde_json::Value::Null
    );
}

#[test]
fn operators_with_a_model_can_be_steps() {
    let steps = "steps = [{ type = 'random_swap', max = 1 }, \
                 { type = 'back_translation', forward = 'fake:', backward = 'fake:' }]";
    let configured = configured("chain", &format!("replicas = 2\n{steps}"));
    assert!(configured.batch_rows().is_some());
    let texts = [Some("one two three"), Some("42"), None];
    let whole = run(&*configured, &texts);
    let of_first = whole.rows.iter().filter(|row| row.0 == 0).count();
    assert_eq!(of_first, 2);
    let alone = run(&*configured, &texts[..1]);
    assert_eq!(alone.rows, whole.rows[..2]);
    // Null is not tried; the number is, and cannot be translated.
    assert!(whole.counts["back_translation"].rows_in >= 4);
    assert_eq!(whole.reason("node", "shortfall: null"), 2);
}

#[test]
fn a_set_knows_whether_it_has_any_of_a_range() {
    let set = OperatorSet::default().with(3).with(127);
    for (range, has) in [
        (0..3, false),
        (3..4, true),
        (4..127, false),
        (4..128, true),
        (0..0, false),
    ] {
        assert_eq!(set.has_any(range.clone()), has, "{range:?}");
    }
}
