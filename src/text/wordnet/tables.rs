//! The plain data of a WordNet: flat arrays, as they lie in the blob and as lookups read them.

/// Strings laid end to end in one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPool {
    text: String,
    /// Text `i` lies at `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
}

impl Default for TextPool {
    fn default() -> Self {
        Self {
            text: String::new(),
            starts: vec![0],
        }
    }
}

impl TextPool {
    /// Appends a text and returns its number.
    pub fn push(&mut self, text: &str) -> u32 {
        let number = self.count();
        self.text.push_str(text);
        // The format refuses pools of more than 4 GiB, so saturation only ever feeds an error.
        self.starts
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        number
    }

    /// A pool of `text`, cut at `starts`: character boundaries that rise from 0 to its length.
    pub(super) fn from_parts(text: String, starts: Vec<u32>) -> Self {
        Self { text, starts }
    }

    /// How many texts the pool holds.
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX)
    }

    /// The text of that number; empty for a number that is not in the pool.
    #[inline]
    pub fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let (Some(&start), Some(&end)) = (self.starts.get(number), self.starts.get(number + 1))
        else {
            return "";
        };
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).map(|number| self.get(number))
    }

    /// All texts end to end.
    pub(super) fn concatenated(&self) -> &str {
        &self.text
    }
}

/// Lists of numbers laid end to end: list `i` belongs to the thing of number `i`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lists {
    /// List `i` lies at `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            starts: vec![0],
            values: Vec::new(),
        }
    }
}

impl Lists {
    /// Appends the list of the next thing.
    pub fn push(&mut self, list: impl IntoIterator<Item = u32>) {
        self.values.extend(list);
        self.starts
            .push(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
    }

    /// The lists of `values` cut at `starts`, which rise from 0 to their number.
    pub(super) fn from_parts(starts: Vec<u32>, values: Vec<u32>) -> Self {
        Self { starts, values }
    }

    /// How many lists there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX)
    }

    /// The list of that number; empty for a number that has none.
    #[inline]
    pub fn get(&self, number: u32) -> &[u32] {
        self.values.get(self.range(number)).unwrap_or(&[])
    }

    /// All values of all lists, end to end.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Where the list of that number lies in [`Lists::values`].
    #[inline]
    pub(super) fn range(&self, number: u32) -> std::ops::Range<usize> {
        let number = number as usize;
        match (self.starts.get(number), self.starts.get(number + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The lists of the reverse relation: `i` is in list `j` of the result for every `j` in list
    /// `i` of this one. Values of `count` and above are left out.
    pub(super) fn reversed(&self, count: u32) -> Self {
        let mut starts = vec![0u32; count as usize + 1];
        for &value in self.values.iter().filter(|&&value| value < count) {
            starts[value as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut values = vec![0; starts[count as usize] as usize];
        for list in 0..self.count() {
            for &value in self.get(list).iter().filter(|&&value| value < count) {
                let place = &mut next[value as usize];
                values[*place as usize] = list;
                *place += 1;
            }
        }
        Self { starts, values }
    }
}

/// A relation from one word in one sense to another word in one sense.
///
/// Words are numbers of [`Tables::texts`]; the source is a lemma, the target may be a spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexicalLink {
    /// The synset the relation starts from.
    pub source_synset: u32,
    /// The lemma in that synset which it starts from.
    pub source_lemma: u32,
    /// The synset the relation points to.
    pub target_synset: u32,
    /// The member of that synset, as spelled there, which it points to.
    pub target_text: u32,
}

impl LexicalLink {
    /// What links are sorted by: the synset and the lemma they start from.
    #[inline]
    pub fn source(&self) -> (u32, u32) {
        (self.source_synset, self.source_lemma)
    }
}

/// The irregular forms of one part of speech (`noun.exc` and so on).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// Inflected forms, sorted, each once.
    pub forms: TextPool,
    /// Per form the lemmas it may come from. A form whose base is no lemma of that part of speech
    /// keeps an empty list: it still shuts out the detachment rules.
    pub bases: Lists,
}

/// All data of a WordNet. Built by the generator or decoded from the blob; see
/// [`format`](mod@super::format) for the limits that must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tables {
    /// First the lemmas, lower-case and sorted by bytes, then the spellings with capitals. Spaces
    /// stand in place of WordNet's underscores.
    pub texts: TextPool,
    /// How many of `texts` are lemmas.
    pub lemma_count: u32,
    /// For each text after the lemmas: the lemma it spells.
    pub spelling_lemmas: Vec<u32>,
    /// Per lemma its synsets: nouns, verbs, adjectives, adverbs; most frequent sense first.
    pub senses: Lists,
    /// For each value of `senses`: how often the sense was seen in the tagged corpora.
    pub tag_counts: Vec<u32>,
    /// How many synsets are nouns, verbs, adjectives, adverbs. Synset numbers follow that order.
    pub synset_counts: [u32; 4],
    /// Per synset [`SATELLITE`] and [`INSTANCE`].
    pub synset_flags: Vec<u32>,
    /// Per synset the number of its lexicographer file, as in lexnames(5WN).
    pub lexicographer_files: Vec<u32>,
    /// Per synset its words (numbers of `texts`) in WordNet's order.
    pub members: Lists,
    /// Per synset its hypernyms and, for an instance, the classes it is an instance of.
    pub hypernyms: Lists,
    /// Per synset the adjectives of similar meaning.
    pub similar: Lists,
    /// Words of opposite meaning, sorted by [`LexicalLink::source`] as are the other links.
    pub antonyms: Vec<LexicalLink>,
    /// Derivationally related words.
    pub derivations: Vec<LexicalLink>,
    /// Usage labels such as "slang" or "disparagement"; the target is the synset that
    /// names the label.
    pub usages: Vec<LexicalLink>,
    /// Irregular forms of nouns, verbs, adjectives, adverbs.
    pub exceptions: [Exceptions; 4],
}

/// Flag of an adjective synset that hangs on a head synset.
pub const SATELLITE: u32 = 1;

/// Flag of a synset that is an instance (a certain person, place or event) and not a class.
pub const INSTANCE: u32 = 2;
