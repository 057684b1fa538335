//! Lower case without an allocation for each word.

/// Appends `word` in lower case, as [`str::to_lowercase`] gives it, to `into`.
#[inline]
pub fn push_lower_case(word: &str, into: &mut String) {
    let start = into.len();
    if word.is_ascii() {
        into.push_str(word);
        if let Some(new) = into.get_mut(start..) {
            new.make_ascii_lowercase();
        }
    } else if word.contains('Σ') {
        // The one letter whose small form depends on what stands around it.
        into.push_str(&word.to_lowercase());
    } else {
        into.extend(word.chars().flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lower(word: &str) -> String {
        let mut lower = "before".to_owned();
        push_lower_case(word, &mut lower);
        lower.split_off("before".len())
    }

    #[test]
    fn a_final_sigma_is_one() {
        assert_eq!(lower("ΟΔΟΣ"), "οδος");
        assert_eq!(lower("İx"), "i̇x");
    }

    proptest! {
        #[test]
        fn it_is_what_the_library_gives(word in "\\PC{0,8}|[A-Za-zΑ-Ωα-ω]{0,8}") {
            prop_assert_eq!(lower(&word), word.to_lowercase());
        }
    }
}
