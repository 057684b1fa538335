//! Prose in lines of a given width.

/// `text` in lines of at most `width` characters, each after `indent`. Paragraphs, list items and
/// lines that are indented as code keep their breaks; a word longer than a line gets its own. Ends
/// with a line break unless the text is empty.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let room = width.saturating_sub(indent.chars().count()).max(20);
    let mut lines: Vec<String> = Vec::new();
    // The line being filled, and what its continuation lines begin with.
    let mut open: Option<(String, &str)> = None;
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if fence || fenced || line.starts_with("    ") || line.trim().is_empty() {
            lines.extend(open.take().map(|(line, _)| line));
            lines.push(line.trim_end().to_owned());
            fenced ^= fence;
            continue;
        }
        if line.starts_with(['-', '*', '|', '#']) {
            lines.extend(open.take().map(|(line, _)| line));
            open = Some((
                String::new(),
                if line.starts_with(['-', '*']) {
                    "  "
                } else {
                    ""
                },
            ));
        }
        let (mut filled, hang) = open.take().unwrap_or_default();
        for word in line.split_whitespace() {
            let space = usize::from(!filled.is_empty());
            if space == 1 && filled.chars().count() + 1 + word.chars().count() > room {
                lines.push(std::mem::replace(&mut filled, hang.to_owned()));
            } else if space == 1 && filled != hang {
                filled.push(' ');
            }
            filled.push_str(word);
        }
        open = Some((filled, hang));
    }
    lines.extend(open.map(|(line, _)| line));
    let indented = |line: &String| match line.as_str() {
        "" => "\n".to_owned(),
        line => format!("{indent}{line}\n"),
    };
    lines.iter().map(indented).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_filled_and_structure_kept() {
        let text = "One two three four\nfive six seven.\n\n- an item that is long\n  and goes on\n- \
                    next\n\n    code  stays\nabcdefghijklmnopqrstuvwxyz";
        let expected = "  One two three four\n  five six seven.\n\n  - an item that is\n    long \
                        and goes on\n  - next\n\n      code  stays\n  abcdefghijklmnopqrstuvwxyz\n";
        assert_eq!(wrapped(text, "  ", 22), expected);
        assert_eq!(wrapped("", "  ", 22), "");
    }
}
