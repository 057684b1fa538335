//! A map from byte strings that finds all keys at the start of a text in one walk.
//!
//! It is a double array (Aoe, 1989): the child of a node under a byte is at `base ^ byte`, if the
//! place there names the node as its parent. A step is one look into memory.

/// What has no value, or no parent.
const NONE: u32 = u32::MAX;

/// Places that a base can reach.
const BLOCK: usize = 256;

/// Blocks, from the end, in which free places are looked for: earlier ones are nearly full, and
/// trying them would make building slow.
const OPEN_BLOCKS: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Node {
    base: u32,
    parent: u32,
    value: u32,
    score: f32,
}

const FREE: Node = Node {
    base: 0,
    parent: NONE,
    value: NONE,
    score: 0.0,
};

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry<'a> {
    /// The key; it must not be empty.
    pub(super) key: &'a [u8],
    /// Any number below `u32::MAX`.
    pub(super) value: u32,
    /// Any number.
    pub(super) score: f32,
}

/// The map. The default one is empty.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

/// A place in a walk through a [`Trie`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    nodes: &'a [Node],
    place: u32,
    node: Node,
}

impl Walk<'_> {
    /// Goes on by `byte`, unless no key goes on so.
    #[inline]
    pub(super) fn step(&mut self, byte: u8) -> bool {
        let place = self.node.base ^ u32::from(byte);
        match self.nodes.get(place as usize) {
            Some(node) if node.parent == self.place => {
                self.place = place;
                self.node = *node;
                true
            }
            _ => false,
        }
    }

    /// Value and score of the key that ends here, if one does.
    #[inline]
    pub(super) fn found(&self) -> Option<(u32, f32)> {
        (self.node.value != NONE).then_some((self.node.value, self.node.score))
    }
}

impl Trie {
    /// A trie of these keys; where a key is there twice, one of its values is kept.
    pub(super) fn new(mut entries: Vec<Entry<'_>>) -> Self {
        entries.retain(|entry| !entry.key.is_empty());
        entries.sort_by_key(|entry| entry.key);
        if entries.is_empty() {
            return Self::default();
        }
        let mut builder = Builder::default();
        builder.add_block();
        builder.take(0, NONE);
        let mut work = vec![(0u32, 0usize, entries.as_slice())];
        while let Some((place, depth, entries)) = work.pop() {
            let entries = builder.end_keys(place, depth, entries);
            let groups: Vec<&[Entry<'_>]> = entries
                .chunk_by(|one, other| one.key.get(depth) == other.key.get(depth))
                .collect();
            let labels: Vec<u8> = groups
                .iter()
                .filter_map(|group| group.first()?.key.get(depth).copied())
                .collect();
            if labels.is_empty() {
                continue;
            }
            let base = builder.find_base(&labels);
            builder.set_base(place, base);
            for (label, group) in labels.iter().zip(groups) {
                let child = base ^ u32::from(*label);
                builder.take(child, place);
                work.push((child, depth + 1, group));
            }
        }
        Self {
            nodes: builder.nodes,
        }
    }

    /// A walk from the root.
    #[inline]
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk {
            nodes: &self.nodes,
            place: 0,
            node: self.nodes.first().copied().unwrap_or(FREE),
        }
    }

    /// Length and value of the longest key that `text` starts with.
    pub(super) fn longest(&self, text: &[u8]) -> Option<(usize, u32)> {
        let mut walk = self.walk();
        let mut longest = None;
        for (position, byte) in text.iter().enumerate() {
            if !walk.step(*byte) {
                break;
            }
            if let Some((value, _)) = walk.found() {
                longest = Some((position + 1, value));
            }
        }
        longest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[derive(Debug, Default)]
struct Builder {
    nodes: Vec<Node>,
    /// Free places in the open blocks, ascending but for those taken since.
    free: Vec<u32>,
}

impl Builder {
    fn add_block(&mut self) {
        let start = self.nodes.len();
        self.nodes.resize(start + BLOCK, FREE);
        let open = start.saturating_sub(BLOCK * (OPEN_BLOCKS - 1));
        let nodes = &self.nodes;
        self.free
            .retain(|place| *place as usize >= open && is_free(nodes, *place));
        self.free
            .extend((start..start + BLOCK).filter_map(|place| u32::try_from(place).ok()));
    }

    fn take(&mut self, place: u32, parent: u32) {
        if let Some(node) = self.nodes.get_mut(place as usize) {
            // The root has no parent: it must not look free, nor be anyone's child.
            node.parent = if parent == NONE { NONE - 1 } else { parent };
        }
    }

    fn set_base(&mut self, place: u32, base: u32) {
        if let Some(node) = self.nodes.get_mut(place as usize) {
            node.base = base;
        }
    }

    /// Gives `place` the value of the keys that end there, and returns those that go on.
    fn end_keys<'e, 'k>(
        &mut self,
        place: u32,
        depth: usize,
        entries: &'e [Entry<'k>],
    ) -> &'e [Entry<'k>] {
        let mut rest = entries;
        while let Some((first, others)) = rest.split_first() {
            if first.key.len() > depth {
                break;
            }
            if let Some(node) = self.nodes.get_mut(place as usize) {
                node.value = first.value;
                node.score = first.score;
            }
            rest = others;
        }
        rest
    }

    /// A base under which the places of all labels are free.
    fn find_base(&mut self, labels: &[u8]) -> u32 {
        let first = labels.first().copied().unwrap_or_default();
        loop {
            let nodes = &self.nodes;
            let found = self.free.iter().find_map(|place| {
                let base = place ^ u32::from(first);
                let fits = labels
                    .iter()
                    .all(|label| is_free(nodes, base ^ u32::from(*label)));
                fits.then_some(base)
            });
            match found {
                Some(base) => return base,
                None => self.add_block(),
            }
        }
    }
}

fn is_free(nodes: &[Node], place: u32) -> bool {
    nodes
        .get(place as usize)
        .is_some_and(|node| node.parent == NONE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn trie(keys: &[&str]) -> Trie {
        let entries = keys.iter().zip(0..);
        let entries = entries.map(|(key, value)| Entry {
            key: key.as_bytes(),
            value,
            score: 0.0,
        });
        Trie::new(entries.collect())
    }

    #[test]
    fn the_longest_key_is_found() {
        let trie = trie(&["a", "abc", "b", "ab\u{e4}", "c"]);
        assert_eq!(trie.longest(b"abcd"), Some((3, 1)));
        assert_eq!(trie.longest(b"abd"), Some((1, 0)));
        assert_eq!(trie.longest("ab\u{e4}".as_bytes()), Some((4, 3)));
        assert_eq!(trie.longest(b"d"), None);
        assert_eq!(trie.longest(b""), None);
    }

    #[test]
    fn an_empty_trie_finds_nothing() {
        let trie = trie(&["", ""]);
        assert!(trie.is_empty());
        assert_eq!(trie.longest(b"a"), None);
        assert_eq!(trie.longest(b"\0"), None);
    }

    #[test]
    fn null_bytes_are_bytes_like_others() {
        let trie = trie(&["\0", "a\0b"]);
        assert_eq!(trie.longest(b"\0\0"), Some((1, 0)));
        assert_eq!(trie.longest(b"a\0b"), Some((3, 1)));
        assert_eq!(trie.longest(b"a\0"), None);
        assert_eq!(trie.longest(b"b"), None);
    }

    proptest! {
        #[test]
        fn it_finds_what_a_list_of_keys_finds(
            keys in prop::collection::vec("[ab\u{e4}\u{4e00}-\u{4e40}]{1,5}", 1..200),
            texts in prop::collection::vec("[ab\u{e4}\u{4e00}-\u{4e40}]{0,8}", 1..20),
        ) {
            let values: BTreeMap<&str, u32> =
                keys.iter().map(String::as_str).zip(0..).collect();
            let entries = values.iter().map(|(key, value)| Entry {
                key: key.as_bytes(),
                value: *value,
                score: 0.0,
            });
            let trie = Trie::new(entries.collect());
            for text in texts.iter().chain(&keys) {
                let expected = values
                    .iter()
                    .filter(|(key, _)| text.starts_with(**key))
                    .map(|(key, value)| (key.len(), *value))
                    .max();
                prop_assert_eq!(trie.longest(text.as_bytes()), expected);
            }
        }
    }
}
