//! Shards of rows, mostly short ones and some that are very long.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use augment::random::Random;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::Failure;

/// Shards of a kind: the first so many are a data set of a size.
pub(crate) struct Kind {
    /// The folder of the shards.
    pub(crate) name: &'static str,
    /// Bytes of text in a shard, roughly.
    pub(crate) bytes: usize,
    rows: fn(&mut Shard, usize) -> Result<(), Failure>,
}

/// For operators on words.
pub(crate) const WORDS: Kind = Kind {
    name: "words",
    bytes: 64 << 20,
    rows: rows_for_words,
};

/// For translation, which is a thousand times slower.
pub(crate) const TRANSLATED: Kind = Kind {
    name: "translated",
    bytes: 2 << 20,
    rows: rows_to_translate,
};

/// Bytes of the largest row.
const LARGEST: usize = 50_000_000;

/// Puts a data set of so many bytes where pipelines read; what is missing of it is made.
pub(crate) fn use_bytes(folder: &Path, kind: &Kind, bytes: usize) -> Result<(), Failure> {
    let count = bytes.div_ceil(kind.bytes);
    make_shards(folder, kind, count)?;
    use_as_data(folder, (0..count).map(|shard| path(folder, kind, shard)))
}

/// The same for the shard with a row of 50 MB.
pub(crate) fn use_large_row(folder: &Path) -> Result<(), Failure> {
    let shard = folder.join("large.parquet");
    make(&shard, large_row)?;
    use_as_data(folder, [shard])
}

/// The same for a shard of a few short rows.
pub(crate) fn use_short_rows(folder: &Path) -> Result<(), Failure> {
    let shard = folder.join("short.parquet");
    make(&shard, short_rows)?;
    use_as_data(folder, [shard])
}

fn path(folder: &Path, kind: &Kind, shard: usize) -> PathBuf {
    folder
        .join(kind.name)
        .join(format!("part-{shard:05}.parquet"))
}

/// Puts these files into the folder that the pipeline reads, in place of what is there.
fn use_as_data(folder: &Path, files: impl IntoIterator<Item = PathBuf>) -> Result<(), Failure> {
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    for file in files {
        fs::hard_link(&file, data.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Makes the first so many shards of a kind, unless they are there.
fn make_shards(folder: &Path, kind: &Kind, count: usize) -> Result<(), Failure> {
    fs::create_dir_all(folder.join(kind.name))?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), String> {
        loop {
            let shard = next.fetch_add(1, Ordering::Relaxed);
            if shard >= count {
                return Ok(());
            }
            make(&path(folder, kind, shard), |writer| {
                (kind.rows)(writer, shard)
            })
            .map_err(|error| error.to_string())?;
        }
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

/// Makes a shard, which has its name only when it is complete.
fn make(path: &Path, rows: impl FnOnce(&mut Shard) -> Result<(), Failure>) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let partial = path.with_extension("partial");
    let mut shard = Shard::create(&partial)?;
    rows(&mut shard)?;
    shard.close()?;
    Ok(fs::rename(partial, path)?)
}

/// Rows of every length; in every fourth shard long ones lie side by side.
fn rows_for_words(writer: &mut Shard, shard: usize) -> Result<(), Failure> {
    let mut random = Random::from_key(shard as u64);
    let mut side_by_side = if shard % 4 == 1 { 40 } else { 0 };
    while writer.bytes < WORDS.bytes {
        let length = match random.below(1_000) {
            _ if writer.bytes > WORDS.bytes / 2 && side_by_side > 0 => {
                side_by_side -= 1;
                1_000_000
            }
            0..900 => 20 + random.below(400),
            900..990 => 1_000 + random.below(4_000),
            990..999 => 50_000 + random.below(150_000),
            _ => 1_000_000,
        };
        writer.row(text(length, &mut random))?;
    }
    Ok(())
}

/// Short rows, one in a hundred of 4 to 10 kB, and in turns: one of 1 MB; three of 300 kB side by side;
/// one of 100 kB without the end of a sentence.
fn rows_to_translate(writer: &mut Shard, shard: usize) -> Result<(), Failure> {
    let mut random = Random::from_key(shard as u64);
    let mut long: &[usize] = match shard % 3 {
        0 => &[1_000_000],
        1 => &[300_000; 3],
        _ => &[],
    };
    let mut unbroken = shard % 3 == 2;
    while writer.bytes < TRANSLATED.bytes {
        let is_halfway = writer.bytes > TRANSLATED.bytes / 2;
        if is_halfway && std::mem::take(&mut unbroken) {
            writer.row(text(100_000, &mut random).replace('.', ""))?;
        } else if let ([length, left @ ..], true) = (long, is_halfway) {
            long = left;
            writer.row(text(*length, &mut random))?;
        } else {
            let length = match random.below(100) {
                0 => 4_000 + random.below(6_000),
                _ => 20 + random.below(400),
            };
            writer.row(text(length, &mut random))?;
        }
    }
    Ok(())
}

/// What takes next to nothing beside the models.
fn short_rows(writer: &mut Shard) -> Result<(), Failure> {
    let mut random = Random::from_key(0);
    for _ in 0..80 {
        writer.row(text(50, &mut random))?;
    }
    Ok(())
}

/// One large row between small ones.
fn large_row(writer: &mut Shard) -> Result<(), Failure> {
    let mut random = Random::from_key(0);
    for row in 0..10_000 {
        let length = if row == 5_000 { LARGEST } else { 300 };
        writer.row(text(length, &mut random))?;
    }
    Ok(())
}

/// Words up to so many bytes.
fn text(length: usize, random: &mut Random) -> String {
    const WORDS: [&str; 24] = [
        "the", "a", "of", "house", "river", "good", "quick", "slowly", "walk", "people", "city",
        "bright", "every", "morning", "small", "answer", "kind", "story", "begin", "happy", "and",
        "train", "window", "cold",
    ];
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        if random.below(4) == 0 {
            for _ in 0..3 + random.below(6) {
                text.push(char::from(b'a' + random.below(26) as u8));
            }
        } else {
            text.push_str(WORDS[random.below(WORDS.len())]);
        }
        text.push_str(if random.below(12) == 0 { ". " } else { " " });
    }
    text
}

/// A shard that is being written.
pub(crate) struct Shard {
    writer: ArrowWriter<File>,
    texts: Vec<String>,
    waiting: usize,
    rows: i64,
    bytes: usize,
}

impl Shard {
    fn create(path: &Path) -> Result<Self, Failure> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = File::create(path)?;
        let schema = rows(&[], 0)?.schema();
        Ok(Self {
            writer: ArrowWriter::try_new(file, schema, Some(properties))?,
            texts: Vec::new(),
            waiting: 0,
            rows: 0,
            bytes: 0,
        })
    }

    fn row(&mut self, text: String) -> Result<(), Failure> {
        self.bytes += text.len();
        self.waiting += text.len();
        self.texts.push(text);
        if self.waiting > 1 << 20 {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.writer.write(&rows(&self.texts, self.rows)?)?;
        self.rows += self.texts.len() as i64;
        self.texts.clear();
        self.waiting = 0;
        Ok(())
    }

    fn close(mut self) -> Result<(), Failure> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

fn rows(texts: &[String], first: i64) -> Result<RecordBatch, Failure> {
    let ids = first..first + texts.len() as i64;
    Ok(RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(ids)) as _),
        ("text", Arc::new(StringArray::from_iter_values(texts)) as _),
    ])?)
}
