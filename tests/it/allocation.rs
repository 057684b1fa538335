//! Word operators allocate for each row at most, never for each word.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use augment::batch::{Batch, Origins, Rows, Shard};
use augment::operator::{Amount, BuildContext, Context, Operator, Registry, Resources, TextColumn};
use augment::text::WordCounts;
use toml::de::DeTable;

use crate::samples;

/// The system's allocator, how often each thread called it, and how many bytes each holds.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // A thread that is about to end has no count any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let held = BYTES.try_with(|held| {
        held.set(held.get().saturating_add(bytes));
        held.get()
    });
    let _ = MOST.try_with(|most| most.set(most.get().max(held.unwrap_or_default())));
}

fn uncount(bytes: usize) {
    let _ = BYTES.try_with(|held| held.set(held.get().saturating_sub(bytes)));
}

/// What `work` gives, and how many bytes more than before this thread held at a time.
pub(crate) fn most_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = BYTES.get();
    MOST.set(before);
    let result = work();
    (result, MOST.get().saturating_sub(before))
}

#[expect(
    unsafe_code,
    reason = "an allocator has no safe interface; all it adds is a count"
)]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        uncount(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        uncount(layout.size());
        count(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// All word operators, with options under which they work on many words of a text.
const OPERATORS: &[(&str, &str)] = &[
    (
        "chain",
        "steps = [{ type = 'random_swap' }, { type = 'keyboard_typo' }]",
    ),
    (
        "chain",
        "replicas = 1\nsteps = [{ type = 'random_swap' }, { type = 'keyboard_typo' }]",
    ),
    (
        "choose",
        "alternatives = [{ type = 'random_swap' }, { type = 'keyboard_typo' }]",
    ),
    (
        "sometimes",
        "probability = 0.5\nstep = { type = 'random_swap' }",
    ),
    ("aeda", ""),
    ("checklist", ""),
    ("uda_tfidf", ""),
    ("nlpaug_default", "replicas = 8"),
    ("typos", "rate = 0.3\nreplicas = 6"),
    ("random_deletion", "rate = 0.3"),
    ("random_deletion", "rate = 0.3\nreplicas = 3"),
    ("random_swap", "rate = 0.3"),
    ("random_insertion", "rate = 0.3"),
    ("synonym_replacement", "rate = 0.3"),
    ("antonym_replacement", "rate = 0.3"),
    ("hypernym_replacement", "rate = 0.3"),
    ("hyponym_replacement", "rate = 0.3"),
    ("punctuation_insertion", ""),
    ("punctuation_insertion", "replicas = 3"),
    ("eda", "alpha = 0.3\nreplicas = 4"),
    ("keyboard_typo", "rate = 0.3"),
    (
        "keyboard_typo",
        "rate = 0.3\nkinds = [\"insert\", \"double\", \"delete\", \"swap\"]\ncharacters = { rate = 0.5 }",
    ),
    ("ocr_error", "rate = 0.3"),
    ("random_char", "rate = 0.3\ncharacters = { rate = 0.5 }"),
    ("homoglyph", "rate = 0.3"),
    ("case", "mode = \"sentence\""),
    ("case", "mode = \"random\"\nrate = 0.3"),
    ("whitespace", "rate = 0.3"),
    ("diacritics", ""),
    ("diacritics", "mode = \"add\""),
    ("leet", "strength = \"strong\""),
    ("contraction", "mode = \"both\""),
    (
        "dictionary_replacement",
        "words = { the = [\"a\", \"this\"], \"of the\" = \"of\" }",
    ),
    ("inflection", "rate = 0.3"),
    ("punctuation_insertion", "marks = [\"...\", \"-\"]"),
    ("random_deletion", "rate = 0.3\nplaceholders = [\"_\"]"),
    ("spelling_error", "rate = 0.3"),
    ("spelling_error", "rate = 0.3\nreplicas = 3"),
    ("word_merge", "rate = 0.3"),
    ("word_split", "rate = 0.3"),
    ("word_split", "rate = 0.3\nreplicas = 3"),
    ("tfidf_replacement", "rate = 0.3"),
    ("concatenate", ""),
    ("crop", ""),
    ("crop", "unit = \"sentences\"\nkeep = 0.5"),
    ("entity_swap", ""),
    ("sentence_deletion", "rate = 0.3"),
    ("sentence_shuffle", "rate = 1.0"),
    ("template", "template = \"Review: {text}\""),
    (
        "template",
        "template = \"{text}\"\nshots = 3\nshot_template = \"{text}\"",
    ),
    // What has been seen before is forgotten, so that rows leave.
    ("deduplicate", "normalise = true\nremember = 1"),
    ("deduplicate", "mode = \"near\"\nremember = 1"),
    ("filter", "words = [3, 5_000]\ncharacters = [1, 100_000]"),
    ("mix", "weights = {}"),
    ("rename", "columns = { text = \"review\" }"),
    ("sample", "share = 0.5"),
    ("select", "columns = [\"text\"]"),
    ("split", "shares = { train = 0.9, test = 0.1 }"),
];

/// Texts of so many plain words each.
fn batch(rows: usize, words: usize) -> (Batch, Arc<Shard>) {
    let all = samples::sentences(7, rows * words).join(" ");
    let all: Vec<&str> = all.split(' ').collect();
    let texts: Vec<String> = all
        .chunks(words)
        .take(rows)
        .map(|words| words.join(" "))
        .collect();
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    let shard = Arc::new(Shard::new(0, "data", "a.parquet", 1));
    let origins = Arc::new(Origins::new("a.parquet", 0, rows, None));
    let batch = Batch {
        records: RecordBatch::try_from_iter([("text", texts)]).unwrap(),
        rows: Rows::originals(origins, false),
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    (batch, shard)
}

fn build(registry: &Registry, name: &str, options: &str) -> Box<dyn Operator> {
    let table = DeTable::parse(options).unwrap();
    let configured = registry
        .parse(name, table.get_ref(), table.span())
        .unwrap()
        .unwrap();
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let resources = Resources::default();
    if configured.counts_words() {
        let texts = samples::sentences(7, 1_000);
        let counts = WordCounts::of(texts.iter().map(String::as_str));
        resources.set_word_counts("operator", Arc::new(counts));
    }
    let context = BuildContext {
        id: "operator",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        source_rows: 10_000,
        texts: None,
        amount: Amount::NONE,
        resources: &resources,
    };
    configured.build(&context).unwrap()
}

/// How often the allocator is called for one batch, once the operator has seen its like.
fn allocations(operator: &mut dyn Operator, rows: usize, words: usize) -> usize {
    let (batch, shard) = batch(rows, words);
    let mut calls = 0;
    for _ in 0..3 {
        let batch = batch.clone();
        let mut context = Context::new(&shard, 0, 2);
        let before = CALLS.get();
        operator.process(batch, &mut context).unwrap();
        calls = CALLS.get() - before;
        let outputs = context.into_outputs();
        assert!(
            outputs[0]
                .as_ref()
                .is_some_and(|batch| !batch.rows.is_empty())
        );
    }
    calls
}

/// Calls for a batch, whatever is in it: columns, counters, and buffers that double as they grow.
const FOR_A_BATCH: usize = 100;

#[test]
fn the_allocator_is_counted() {
    let before = CALLS.get();
    let text = std::hint::black_box("some text".to_owned());
    assert_eq!((CALLS.get() - before, text.len()), (1, 9));
}

#[test]
fn word_operators_never_allocate_for_each_word() {
    let registry = Registry::builtin();
    let mut covered: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
    covered.sort_unstable();
    covered.dedup();
    // Beside what a model takes for a sentence, or polars for a batch, allocations are nothing. The
    // tables of the crate that tells languages apart are made for each text. `balance` does with each
    // batch what a `chain` with replicas does.
    let left_out = [
        "back_translation",
        "balance",
        "language",
        "masked_lm",
        "route",
        "with_columns",
    ];
    let names = registry.names().filter(|name| !left_out.contains(name));
    assert_eq!(
        covered,
        names.collect::<Vec<_>>(),
        "an operator has no case here"
    );
    for &(name, options) in OPERATORS {
        let mut operator = build(&registry, name, options);
        // Each step gets batches of its own.
        let batches = 1 + options.matches("{ type").count();
        for (rows, words) in [(64, 10), (64, 1_000), (256, 10)] {
            let calls = allocations(&mut *operator, rows, words);
            assert!(
                calls <= rows + batches * FOR_A_BATCH,
                "{name} ({options}): {calls} allocations for {rows} texts of {words} words"
            );
        }
    }
}

#[cfg(feature = "onnx")]
#[test]
fn the_tokenizer_allocates_nothing_once_it_has_seen_a_text_as_long() {
    use augment::mt::tokenizer::{MarianTokenizer, TokenizerFiles, Workspace};

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/marian-en-de");
    let model = std::fs::read(format!("{folder}/source.spm")).unwrap();
    let vocabulary = std::fs::read(format!("{folder}/vocab.json")).unwrap();
    let tokenizer = MarianTokenizer::from_bytes(&TokenizerFiles {
        source_spm: &model,
        target_spm: &model,
        vocabulary: &vocabulary,
        ..TokenizerFiles::default()
    })
    .unwrap();
    let texts = samples::sentences(7, 200);
    let mut workspace = Workspace::default();
    let mut ids = Vec::new();
    let mut calls = 0;
    for _ in 0..2 {
        let before = CALLS.get();
        for text in &texts {
            ids.clear();
            tokenizer.encode_into(text, &mut workspace, &mut ids);
            assert_eq!(tokenizer.count_with(text, &mut workspace), ids.len());
        }
        calls = CALLS.get() - before;
    }
    assert_eq!(calls, 0);
}
