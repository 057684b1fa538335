//! How much of an object is in memory while it is read or written.

/// Bytes that are asked for at once.
pub(super) const BLOCK: u64 = 1 << 20;

/// Blocks that are on their way behind the one that is read.
pub(super) const AHEAD: u64 = 2;

/// Blocks that are kept at most, however many columns are read.
const MOST_BLOCKS: u64 = 64;

/// Bytes in a part. S3 takes up to 10 000 parts, the last of which alone may be under 5 MiB.
pub(super) const PART: usize = 8 << 20;

/// Parts that are on their way at a time, besides the one that grows.
pub(super) const AT_A_TIME: usize = 2;

/// Blocks that are kept where so many places of an object are read in turn.
pub(super) fn blocks_for(streams: usize) -> usize {
    let streams = (streams as u64).max(1);
    let blocks = streams.saturating_mul(AHEAD + 1).saturating_add(2);
    usize::try_from(blocks.min(MOST_BLOCKS)).unwrap_or(usize::MAX)
}

/// Bytes that an object takes of which so many columns are read.
pub(crate) fn bytes_read_ahead(columns: usize) -> usize {
    let block = usize::try_from(BLOCK).unwrap_or(usize::MAX);
    // Those that are kept, and those on their way.
    blocks_for(columns).saturating_mul(block)
}

/// Bytes that an object takes while it is written.
pub(crate) fn bytes_in_upload() -> usize {
    (AT_A_TIME + 1) * PART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_do_not_take_more_and_more() {
        assert_eq!(blocks_for(0), blocks_for(1));
        assert!(blocks_for(2) > blocks_for(1));
        assert_eq!(blocks_for(usize::MAX), blocks_for(1000));
        assert_eq!(bytes_read_ahead(1000), 64 << 20);
    }
}
