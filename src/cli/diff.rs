//! What changed between two texts, word by word, on one line.

use similar::{ChangeTag, TextDiff};

use crate::report::Palette;

/// `after` with what is gone and what is new marked: by colour, or as `[-gone-]` and `{+new+}`.
pub(super) fn inline(before: &str, after: &str, palette: Palette) -> String {
    let diff = TextDiff::from_unicode_words(before, after);
    let mut text = String::new();
    // Neighbouring words of one kind are marked as one; what is gone stands before what is new.
    let (mut gone, mut new) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Delete => gone.push_str(change.value()),
            ChangeTag::Insert => new.push_str(change.value()),
            ChangeTag::Equal => {
                text.push_str(&marked(&mut gone, &mut new, palette));
                text.push_str(&visible(change.value()));
            }
        }
    }
    text.push_str(&marked(&mut gone, &mut new, palette));
    text
}

/// What is gone and what is new, marked; both are empty after.
fn marked(gone: &mut String, new: &mut String, palette: Palette) -> String {
    let (gone, new) = (
        visible(&std::mem::take(gone)),
        visible(&std::mem::take(new)),
    );
    let mut text = String::new();
    if !gone.is_empty() {
        let marks = if palette.has_colour() {
            palette.gone(&gone)
        } else {
            format!("[-{gone}-]")
        };
        text.push_str(&marks);
    }
    if !new.is_empty() {
        let marks = if palette.has_colour() {
            palette.good(&new)
        } else {
            format!("{{+{new}+}}")
        };
        text.push_str(&marks);
    }
    text
}

/// `text` on one line, with control characters as escapes: a text cannot steer the terminal, and
/// every change shows.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        // The marks that turn the direction of a line hide text as well as control characters do.
        let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(before: &str, after: &str) -> String {
        inline(before, after, Palette::new(false))
    }

    #[test]
    fn changes_are_marked_word_by_word() {
        assert_eq!(
            plain("a quick fox", "a slow fox"),
            "a [-quick-]{+slow+} fox"
        );
        assert_eq!(plain("a quick fox", "a fox"), "a [-quick -]fox");
        assert_eq!(plain("same", "same"), "same");
        assert_eq!(plain("", "new"), "{+new+}");
        let coloured = inline("a", "b", Palette::new(true));
        assert!(
            coloured.contains("\u{1b}[") && !coloured.contains('{'),
            "{coloured}"
        );
    }

    #[test]
    fn texts_cannot_steer_the_terminal() {
        assert_eq!(
            visible("a\n\t\u{1b}[2Jb\u{202e}"),
            "a\\n\\t\\u{1b}[2Jb\\u{202e}"
        );
        assert_eq!(visible("über 👩‍🚀"), "über 👩‍🚀");
    }

    proptest! {
        #[test]
        fn without_the_marks_a_diff_is_both_texts(before in "[a-z ]{0,20}", after in "[a-z ]{0,20}") {
            let diff = plain(&before, &after);
            let without = |text: &str, open: &str, close: &str| {
                let mut rest = text.to_owned();
                while let Some(start) = rest.find(open) {
                    let end = rest[start..].find(close).unwrap() + start + close.len();
                    rest.replace_range(start..end, "");
                }
                rest
            };
            let old = without(&diff, "{+", "+}").replace("[-", "").replace("-]", "");
            let new = without(&diff, "[-", "-]").replace("{+", "").replace("+}", "");
            prop_assert_eq!((old, new), (before, after));
        }
    }
}
