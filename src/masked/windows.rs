//! Long texts in pieces that a model takes.

use super::tokenizer::Masked;

/// A part of a text that goes through the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Where it begins and ends among the tokens of the text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The blanks that are looked at in it, by their places among those of the text, and where
    /// their masks are in the window.
    pub(super) masks: Vec<(usize, usize)>,
}

/// The windows of at most `size` tokens in which every mask of a text has, where there is so much
/// text, at least a quarter of the window before it and after it.
///
/// The first window is laid around the first mask, the next one around the first mask that is not
/// well inside it, and so on: a text that fits is one window.
pub(super) fn windows(masked: &Masked, size: usize) -> Vec<Window> {
    let all = masked.tokens.len();
    let size = size.max(1);
    let mut windows: Vec<Window> = Vec::new();
    for (blank, mask) in masked.masks.iter().enumerate() {
        let Some(mask) = *mask else {
            continue;
        };
        if let Some(last) = windows.last_mut()
            && (mask < last.end - (last.end - last.start) / 4 || last.end == all)
        {
            last.masks.push((blank, mask - last.start));
            continue;
        }
        let start = mask.saturating_sub(size / 2).min(all.saturating_sub(size));
        windows.push(Window {
            start,
            end: all.min(start + size),
            masks: vec![(blank, mask - start)],
        });
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(length: usize, masks: &[Option<usize>]) -> Masked {
        Masked {
            tokens: (0..).take(length).collect(),
            masks: masks.to_vec(),
        }
    }

    #[test]
    fn a_text_that_fits_is_one_window() {
        let found = windows(&masked(10, &[Some(0), None, Some(9)]), 10);
        let expected = Window {
            start: 0,
            end: 10,
            masks: vec![(0, 0), (2, 9)],
        };
        assert_eq!(found, [expected]);
        assert!(windows(&masked(10, &[None]), 10).is_empty());
    }

    proptest! {
        #[test]
        fn every_mask_is_in_one_window_and_not_at_its_edge(
            length in 1_usize..300,
            size in 1_usize..60,
            masks in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        ) {
            let mut places: Vec<usize> = masks.iter().map(|place| place.index(length)).collect();
            places.sort_unstable();
            places.dedup();
            let masks: Vec<Option<usize>> = places.iter().copied().map(Some).collect();
            let mut seen = Vec::new();
            for window in windows(&masked(length, &masks), size) {
                prop_assert!(window.end <= length && window.end - window.start <= size);
                for (blank, place) in window.masks {
                    let mask = window.start + place;
                    prop_assert_eq!(mask, places[blank]);
                    prop_assert!(mask < window.end);
                    prop_assert!(place >= size / 4 || window.start == 0 || window.end == length);
                    prop_assert!(window.end - mask > size / 4 || window.end == length);
                    seen.push(blank);
                }
            }
            prop_assert_eq!(seen, (0..places.len()).collect::<Vec<_>>());
        }
    }
}
