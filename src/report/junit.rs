//! The outcome of tests as JUnit XML, which most build servers can show.

use std::fmt::Write;
use std::time::Duration;

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JunitCase {
    /// What it is called.
    pub name: String,
    /// The line of the pipeline file that it begins on.
    pub line: usize,
    /// How long it took.
    pub time: Duration,
    /// If it failed, why: in one line, and in full.
    pub failure: Option<(String, String)>,
}

/// The outcome of the tests in the pipeline file `file`.
pub fn to_junit(file: &str, cases: &[JunitCase]) -> String {
    let tests = cases.len();
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let time = seconds(cases.iter().map(|case| case.time).sum());
    let file = escaped(file);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{time}\"");
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a `String` cannot fail, here and below.
    let _ = writeln!(xml, "<testsuites name=\"augment test\" {counts}>");
    let _ = writeln!(xml, "  <testsuite name=\"{file}\" {counts} skipped=\"0\">");
    for case in cases {
        let (name, line, time) = (escaped(&case.name), case.line, seconds(case.time));
        let _ = write!(
            xml,
            "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" \
             time=\"{time}\""
        );
        match &case.failure {
            None => xml.push_str("/>\n"),
            Some((message, text)) => {
                let (message, text) = (escaped(message), escaped(text));
                let _ = writeln!(
                    xml,
                    ">\n      <failure message=\"{message}\">{text}</failure>\n    </testcase>"
                );
            }
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// `text` as it may stand in an attribute or an element. What XML cannot hold at all is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // As they are, a parser would make spaces of them in an attribute.
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    fn case(name: &str, failure: Option<(&str, &str)>) -> JunitCase {
        JunitCase {
            name: name.to_owned(),
            line: 7,
            time: Duration::from_millis(1_250),
            failure: failure.map(|(message, text)| (message.to_owned(), text.to_owned())),
        }
    }

    /// Name, attributes and text.
    type Element = (String, Vec<(String, String)>, String);

    /// The elements of a document in their order.
    fn elements(xml: &str) -> Vec<Element> {
        let mut reader = Reader::from_str(xml);
        let mut elements = Vec::new();
        let mut open = Vec::new();
        loop {
            let event = reader.read_event().unwrap();
            match &event {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) => {
                    let attributes = tag.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                        (key, attribute.unescape_value().unwrap().into_owned())
                    });
                    let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                    elements.push((name, attributes.collect(), String::new()));
                    if matches!(event, Event::Start(_)) {
                        open.push(elements.len() - 1);
                    }
                }
                Event::End(_) => drop(open.pop().unwrap()),
                Event::Text(text) => {
                    if let Some(element) = open.last() {
                        elements[*element].2.push_str(&text.decode().unwrap());
                    }
                }
                Event::GeneralRef(name) => {
                    let name = name.decode().unwrap();
                    let text = quick_xml::escape::unescape(&format!("&{name};"))
                        .unwrap()
                        .into_owned();
                    elements[*open.last().unwrap()].2.push_str(&text);
                }
                _ => {}
            }
        }
        assert!(open.is_empty());
        elements
    }

    fn attribute<'a>(element: &'a Element, key: &str) -> &'a str {
        let found = element.1.iter().find(|(name, _)| name == key);
        &found.unwrap().1
    }

    #[test]
    fn the_numbers_and_the_reasons_are_in_it() {
        let cases = [
            case("one", None),
            case("two & <three>", Some(("rows: 1, not 2", "line\nline"))),
        ];
        let xml = to_junit("a \"b\".toml", &cases);
        let elements = elements(&xml);
        let names: Vec<&str> = elements.iter().map(|(name, _, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["testsuites", "testsuite", "testcase", "testcase", "failure"]
        );
        for suite in &elements[..2] {
            assert_eq!(attribute(suite, "tests"), "2");
            assert_eq!(attribute(suite, "failures"), "1");
            assert_eq!(attribute(suite, "time"), "2.500");
        }
        assert_eq!(attribute(&elements[1], "name"), "a \"b\".toml");
        assert_eq!(attribute(&elements[3], "name"), "two & <three>");
        assert_eq!(attribute(&elements[3], "line"), "7");
        assert_eq!(attribute(&elements[3], "time"), "1.250");
        assert_eq!(attribute(&elements[4], "message"), "rows: 1, not 2");
        assert_eq!(elements[4].2, "line\nline");
    }

    proptest! {
        #[test]
        fn any_text_can_stand_in_it(name: String, message: String, text: String) {
            let xml = to_junit(&name, &[case(&name, Some((&message, &text)))]);
            let elements = elements(&xml);
            let kept = |text: &str| -> String {
                let held = |c| c >= ' ' || matches!(c, '\n' | '\r' | '\t');
                let held = |c| held(c) && !matches!(c, '\u{fffe}' | '\u{ffff}');
                text.chars().map(|c| if held(c) { c } else { '\u{fffd}' }).collect()
            };
            prop_assert_eq!(attribute(&elements[2], "name"), kept(&name));
            prop_assert_eq!(attribute(&elements[3], "message"), kept(&message));
            prop_assert_eq!(&elements[3].2, &kept(&text));
        }
    }
}
