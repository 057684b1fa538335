//! Which sentences are translated together: like with like, and not too many.

/// How much is translated at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most tokens of the sources of a batch, padding included. A sentence that has more is
    /// translated by itself.
    pub sources: usize,
    /// The same times the rows per sentence.
    pub tokens: usize,
    /// The most rows of a step.
    pub rows: usize,
}

impl Default for Budget {
    /// Enough to keep one processor busy: measured speed is flat above 32 rows, and the past grows
    /// with each.
    fn default() -> Self {
        Self {
            sources: 2_048,
            tokens: 2_048,
            rows: 64,
        }
    }
}

/// The size of one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Tokens of its source.
    pub tokens: usize,
    /// Rows that it takes.
    pub rows: usize,
}

/// Puts sentences, given by their sizes, into batches: the longest first, sentences of one batch
/// with the same number of rows. The outcome depends on the sizes alone.
pub fn form_batches(sizes: &[Size], budget: Budget) -> Vec<Vec<usize>> {
    let mut order: Vec<(usize, Size)> = sizes.iter().copied().enumerate().collect();
    // The sort keeps the order of what is alike.
    order.sort_by(|(_, a), (_, b)| b.rows.cmp(&a.rows).then(b.tokens.cmp(&a.tokens)));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut longest = Size { tokens: 0, rows: 0 };
    for (sentence, size) in order {
        if let Some(batch) = batches.last_mut()
            && longest.rows == size.rows
            && (batch.len() + 1) * longest.tokens <= budget.sources
            && (batch.len() + 1) * longest.rows <= budget.rows
            && (batch.len() + 1) * longest.rows * longest.tokens <= budget.tokens
        {
            batch.push(sentence);
        } else {
            batches.push(vec![sentence]);
            longest = size;
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_hold_all_sentences_and_keep_to_the_budget(
            sizes in prop::collection::vec((1_usize..50, 1_usize..4), 0..60),
            limits in (1_usize..200, 1_usize..300, 1_usize..40),
        ) {
            let sizes: Vec<Size> = sizes
                .into_iter()
                .map(|(tokens, rows)| Size { tokens, rows })
                .collect();
            let (sources, tokens, rows) = limits;
            let budget = Budget { sources, tokens, rows };
            let batches = form_batches(&sizes, budget);
            let mut all: Vec<usize> = batches.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>());
            for batch in &batches {
                let of_batch: Vec<Size> = batch.iter().map(|one| sizes[*one]).collect();
                let longest = of_batch.iter().map(|size| size.tokens).max().unwrap();
                prop_assert!(of_batch.iter().all(|size| size.rows == of_batch[0].rows));
                if batch.len() > 1 {
                    let all_rows: usize = of_batch.iter().map(|size| size.rows).sum();
                    prop_assert!(all_rows <= rows && all_rows * longest <= tokens);
                    prop_assert!(batch.len() * longest <= sources);
                }
            }
        }
    }

    #[test]
    fn like_goes_with_like() {
        let sizes: Vec<Size> = [3, 9, 4, 8]
            .into_iter()
            .map(|tokens| Size { tokens, rows: 1 })
            .collect();
        let budget = Budget {
            sources: 18,
            tokens: 18,
            rows: 9,
        };
        assert_eq!(form_batches(&sizes, budget), [vec![1, 3], vec![2, 0]]);
    }
}
