//! How a file becomes shards: whole, or as ranges of its row groups.

use std::ops::Range;

use parquet::file::metadata::ParquetMetaData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ShardFile;

/// Decoded bytes up to which a file is one shard, and of which a range of row groups has about as
/// many.
const RANGE_BYTES: u64 = 256 << 20;

/// What is one shard: read, written and committed alone.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ShardUnit {
    /// A file; where that has more than 256 MiB when decompressed, ranges of its row groups of about
    /// that size.
    #[default]
    Auto,
    /// A file, whatever its size.
    File,
    /// A row group.
    RowGroup,
}

/// The row groups of a file that are a shard of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroupRange {
    /// Which range of the file it is, from 0.
    pub number: usize,
    /// How many ranges the file has.
    pub of: usize,
    /// The row groups in it.
    pub groups: Range<usize>,
    /// The number, in the file, of its first row.
    pub first_row: u64,
}

/// What is known of a row group.
#[derive(Debug, Clone, Copy)]
struct Group {
    rows: u64,
    stored: u64,
    decoded: u64,
}

/// The shards that `file`, with the footer `metadata`, becomes.
pub(super) fn cut(file: &ShardFile, metadata: &ParquetMetaData, unit: ShardUnit) -> Vec<ShardFile> {
    let most = match unit {
        ShardUnit::File => return vec![file.clone()],
        ShardUnit::Auto if file.decoded_bytes <= RANGE_BYTES => return vec![file.clone()],
        ShardUnit::Auto => RANGE_BYTES,
        ShardUnit::RowGroup => 0,
    };
    // A footer that promises fewer than none has none.
    let whole = |number: i64| u64::try_from(number).unwrap_or_default();
    let group = |group: &parquet::file::metadata::RowGroupMetaData| Group {
        rows: whole(group.num_rows()),
        stored: whole(group.compressed_size()),
        decoded: whole(group.total_byte_size()),
    };
    let groups: Vec<Group> = metadata.row_groups().iter().map(group).collect();
    let ranges = ranges(&groups, most);
    let of = ranges.len();
    if of < 2 {
        return vec![file.clone()];
    }
    let mut first_row = 0;
    let shard = |(number, range): (usize, Range<usize>)| {
        let members = groups.get(range.clone()).unwrap_or_default();
        let sum = |of: fn(&Group) -> u64| members.iter().map(of).fold(0, u64::saturating_add);
        let shard = ShardFile {
            rows: sum(|group| group.rows),
            row_groups: members.len(),
            bytes: sum(|group| group.stored),
            decoded_bytes: sum(|group| group.decoded),
            range: Some(RowGroupRange {
                number,
                of,
                groups: range,
                first_row,
            }),
            ..file.clone()
        };
        first_row = first_row.saturating_add(shard.rows);
        shard
    };
    ranges.into_iter().enumerate().map(shard).collect()
}

/// Ranges of row groups with rows in them, of no more than `most` decoded bytes unless one alone has
/// more. A row group without rows is with its neighbours, so that there are no empty shards.
fn ranges(groups: &[Group], most: u64) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut rows, mut bytes) = (0_u64, 0_u64);
    for (index, group) in groups.iter().enumerate() {
        let larger = bytes.saturating_add(group.decoded);
        match ranges.last_mut() {
            Some(last) if rows == 0 || group.rows == 0 || larger <= most => {
                last.end = index + 1;
                rows = rows.saturating_add(group.rows);
                bytes = larger;
            }
            _ => {
                ranges.push(index..index + 1);
                (rows, bytes) = (group.rows, group.decoded);
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(sizes: &[(u64, u64)]) -> Vec<Group> {
        let group = |&(rows, decoded)| Group {
            rows,
            stored: decoded / 2,
            decoded,
        };
        sizes.iter().map(group).collect()
    }

    #[test]
    fn ranges_are_about_as_large_as_asked() {
        let sizes = groups(&[(1, 40), (1, 40), (1, 40), (1, 200), (1, 10), (1, 10)]);
        assert_eq!(ranges(&sizes, 100), [0..2, 2..3, 3..4, 4..6]);
        assert_eq!(ranges(&sizes, 0), [0..1, 1..2, 2..3, 3..4, 4..5, 5..6]);
        assert_eq!(ranges(&sizes, 1000).first(), Some(&(0..6)));
        assert!(ranges(&[], 100).is_empty());
    }

    #[test]
    fn empty_row_groups_are_no_shards() {
        let sizes = groups(&[(0, 5), (0, 5), (3, 5), (0, 5), (3, 5), (0, 5)]);
        assert_eq!(ranges(&sizes, 0), [0..4, 4..6]);
    }

    proptest! {
        #[test]
        fn every_row_group_is_in_one_range(
            sizes in prop::collection::vec((0_u64..3, 0_u64..100), 0..40),
            most in 0_u64..300,
        ) {
            let all = groups(&sizes);
            let ranges = ranges(&all, most);
            let covered: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(covered, (0..all.len()).collect::<Vec<_>>());
            let rows = |range: &Range<usize>| all[range.clone()].iter().map(|group| group.rows).sum::<u64>();
            prop_assert!(ranges.len() < 2 || ranges.iter().all(|range| rows(range) > 0));
        }
    }
}
