//! The rules that tables must obey for lookups to be right.

use super::format::FormatError;
use super::morphy::MOST_BASES;
use super::tables::{Exceptions, LexicalLink, Lists, Tables, TextPool};

/// No text is longer, in bytes. The longest lemma of WordNet 3.1 has 71.
pub(super) const LONGEST_TEXT: usize = 120;

/// Checks `tables` and returns the number of synsets.
pub(super) fn validate(tables: &Tables) -> Result<u32, FormatError> {
    let text_count = tables.texts.count();
    let lemma_count = tables.lemma_count;
    rule(
        lemma_count <= text_count,
        "counts",
        "there are more lemmas than texts",
    )?;
    sorted(&tables.texts, lemma_count, "texts")?;
    let lengths_hold = tables.texts.iter().all(|text| text.len() <= LONGEST_TEXT);
    rule(lengths_hold, "texts", "a text is too long")?;
    let spelling_count = (text_count - lemma_count) as usize;
    rule(
        tables.spelling_lemmas.len() == spelling_count,
        "spellings",
        "there is not one per text",
    )?;
    below(&tables.spelling_lemmas, lemma_count, "spellings")?;

    let synset_count = tables
        .synset_counts
        .iter()
        .try_fold(0u32, |sum, &count| sum.checked_add(count));
    let synset_count =
        synset_count.ok_or_else(|| broken("counts", "there are too many synsets"))?;
    lists(&tables.senses, lemma_count, synset_count, "senses")?;
    grouped_by_part_of_speech(tables)?;
    let tags_hold = tables.tag_counts.len() == tables.senses.values().len();
    rule(tags_hold, "tags", "there is not one per sense")?;
    for (column, part) in [
        (&tables.synset_flags, "flags"),
        (&tables.lexicographer_files, "files"),
    ] {
        rule(
            column.len() == synset_count as usize,
            part,
            "there is not one per synset",
        )?;
        below(column, 256, part)?;
    }
    lists(&tables.members, synset_count, text_count, "members")?;
    lists(&tables.hypernyms, synset_count, synset_count, "hypernyms")?;
    lists(&tables.similar, synset_count, synset_count, "similar")?;
    for (column, part) in [
        (&tables.antonyms, "antonyms"),
        (&tables.derivations, "derivations"),
        (&tables.usages, "usages"),
    ] {
        links(column, tables, synset_count, part)?;
    }
    for exceptions in &tables.exceptions {
        irregular(exceptions, lemma_count)?;
    }
    Ok(synset_count)
}

fn broken(part: &'static str, problem: &'static str) -> FormatError {
    FormatError::Invalid { part, problem }
}

fn rule(holds: bool, part: &'static str, problem: &'static str) -> Result<(), FormatError> {
    if holds {
        Ok(())
    } else {
        Err(broken(part, problem))
    }
}

fn below(values: &[u32], limit: u32, part: &'static str) -> Result<(), FormatError> {
    rule(
        values.iter().all(|&value| value < limit),
        part,
        "a number refers to nothing",
    )
}

fn sorted(pool: &TextPool, count: u32, part: &'static str) -> Result<(), FormatError> {
    let ascending = (1..count).all(|number| pool.get(number - 1) < pool.get(number));
    rule(ascending, part, "the texts are not sorted")
}

fn lists(lists: &Lists, count: u32, limit: u32, part: &'static str) -> Result<(), FormatError> {
    rule(lists.count() == count, part, "the number of lists is wrong")?;
    below(lists.values(), limit, part)
}

fn grouped_by_part_of_speech(tables: &Tables) -> Result<(), FormatError> {
    let part_of_speech = |&synset: &u32| {
        let mut end = 0;
        tables
            .synset_counts
            .iter()
            .take_while(|&&count| {
                end += count;
                synset >= end
            })
            .count()
    };
    let grouped = (0..tables.lemma_count)
        .all(|lemma| tables.senses.get(lemma).is_sorted_by_key(part_of_speech));
    rule(
        grouped,
        "senses",
        "a lemma's senses are not grouped by part of speech",
    )
}

fn links(
    links: &[LexicalLink],
    tables: &Tables,
    synset_count: u32,
    part: &'static str,
) -> Result<(), FormatError> {
    rule(
        links.is_sorted_by_key(LexicalLink::source),
        part,
        "the links are not sorted",
    )?;
    let refer = links.iter().all(|link| {
        link.source_synset.max(link.target_synset) < synset_count
            && link.source_lemma < tables.lemma_count
            && link.target_text < tables.texts.count()
    });
    rule(refer, part, "a number refers to nothing")
}

fn irregular(exceptions: &Exceptions, lemma_count: u32) -> Result<(), FormatError> {
    let Exceptions { forms, bases } = exceptions;
    sorted(forms, forms.count(), "exceptions")?;
    lists(bases, forms.count(), lemma_count, "exceptions")?;
    let few = (0..bases.count()).all(|number| bases.get(number).len() <= MOST_BASES);
    rule(few, "exceptions", "a form has too many bases")
}

#[cfg(test)]
mod tests {
    use super::super::small;
    use super::*;

    fn part_of_error(damage: impl FnOnce(&mut Tables)) -> &'static str {
        let mut tables = small::tables();
        damage(&mut tables);
        match validate(&tables) {
            Err(FormatError::Invalid { part, .. }) => part,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sound_tables_pass() {
        let tables = small::tables();
        assert_eq!(validate(&tables).unwrap(), tables.members.count());
    }

    #[test]
    fn every_damage_is_named() {
        assert_eq!(part_of_error(|tables| tables.lemma_count = 1000), "counts");
        assert_eq!(
            part_of_error(|tables| tables.synset_counts = [u32::MAX; 4]),
            "counts"
        );
        assert_eq!(part_of_error(|tables| tables.lemma_count += 1), "texts");
        assert_eq!(
            part_of_error(|tables| {
                tables.texts.push(&"x".repeat(121));
            }),
            "texts"
        );
        assert_eq!(
            part_of_error(|tables| tables.spelling_lemmas[0] = 1000),
            "spellings"
        );
        assert_eq!(part_of_error(|tables| tables.senses.push([])), "senses");
        assert_eq!(
            part_of_error(|tables| tables.synset_counts[0] = 0),
            "senses"
        );
        assert_eq!(part_of_error(|tables| tables.tag_counts.push(0)), "tags");
        assert_eq!(
            part_of_error(|tables| tables.synset_flags[0] = 256),
            "flags"
        );
        assert_eq!(
            part_of_error(|tables| {
                tables.lexicographer_files.pop();
            }),
            "files"
        );
        assert_eq!(part_of_error(|tables| tables.members.push([0])), "members");
        assert_eq!(
            part_of_error(|tables| tables.hypernyms = Lists::default()),
            "hypernyms"
        );
        assert_eq!(part_of_error(|tables| tables.similar.push([])), "similar");
        assert_eq!(
            part_of_error(|tables| tables.antonyms.reverse()),
            "antonyms"
        );
        assert_eq!(
            part_of_error(|tables| tables.antonyms[1].target_text = 1000),
            "antonyms"
        );
        assert_eq!(
            part_of_error(|tables| tables.exceptions[0].bases.push([0])),
            "exceptions"
        );
        let crowd = |tables: &mut Tables| {
            tables.exceptions[0].forms.push("zz");
            tables.exceptions[0].bases.push([0; MOST_BASES + 1]);
        };
        assert_eq!(part_of_error(crowd), "exceptions");
    }
}
