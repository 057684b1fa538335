//! What Python takes for white space: it is not quite what Unicode does.

/// Whether `str.isspace` holds: the property White_Space, and the four information separators.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// `str.strip`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.lstrip`.
pub(super) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// `str.rstrip`.
pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_space_and_invisible_characters_are_not() {
        assert_eq!(trim("\u{1c}\u{1f} \u{85}\u{a0}\u{2028}\u{3000}x\t"), "x");
        assert_eq!(trim("\u{200b}x\u{feff}"), "\u{200b}x\u{feff}");
        assert_eq!((trim_start(" x "), trim_end(" x ")), ("x ", " x"));
        assert_eq!(trim(" \n "), "");
    }
}
