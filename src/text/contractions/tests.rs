use super::*;
use crate::text::Segmenter;

/// The text with every change of one direction made.
fn apply(text: &str, find: fn(Surroundings<'_>, usize) -> Option<Change>) -> String {
    let mut segmenter = Segmenter::new(&[]).unwrap();
    let words: Vec<Word> = segmenter.segment(text).words.iter().collect();
    let around = Surroundings {
        text,
        words: &words,
    };
    let mut new = String::new();
    let mut done = 0;
    for change in (0..words.len()).filter_map(|place| find(around, place)) {
        new.push_str(&text[done..change.span.range().start]);
        change.write('\'', &mut new);
        done = change.span.range().end;
    }
    new + &text[done..]
}

#[test]
fn what_is_sure_is_contracted() {
    for (text, contracted) in [
        (
            "I do not know, and he is not here.",
            "I don't know, and he isn't here.",
        ),
        ("You cannot and will not win", "You can't and won't win"),
        (
            "You can not win, we shall not lose",
            "You can't win, we shan't lose",
        ),
        ("I am sure that it is good", "I'm sure that it's good"),
        ("I am not sure", "I'm not sure"),
        (
            "It has been fun, I have already seen it",
            "It's been fun, I've already seen it",
        ),
        (
            "They have gone; I had never known",
            "They've gone; I'd never known",
        ),
        (
            "I would like to see; we will go",
            "I'd like to see; we'll go",
        ),
        (
            "Let us go! And then let us rest.",
            "Let's go! And then let's rest.",
        ),
        ("DO NOT PANIC, I AM HERE", "DON'T PANIC, I'M HERE"),
        ("Do Not Disturb", "Don't Disturb"),
        (
            "What is the matter? Where is the dog?",
            "What's the matter? Where's the dog?",
        ),
        ("you had better leave", "you'd better leave"),
    ] {
        assert_eq!(apply(text, contract), contracted);
    }
}

#[test]
fn what_is_not_sure_is_not_contracted() {
    for text in [
        "Yes, I am.",
        "taller than I am by far",
        "I know where he is now, and how old it is by now",
        "I have a dog, she has no cat, we had mixed feelings, I have limited time",
        "do NOT touch, it IS good, Do nOt",
        "not only can not only",
        "Let us know. They let us go. Let us show you the way.",
        "I would if I could, you will too",
        "You are and always will be",
        "do, not; that is, all",
        "it\nis, I  \n am",
        "John is here",
        "",
    ] {
        assert_eq!(apply(text, contract), text);
    }
}

#[test]
fn what_is_sure_is_expanded() {
    for (text, expanded) in [
        (
            "I don't know, he isn't here.",
            "I do not know, he is not here.",
        ),
        (
            "It can't and won't and shan't",
            "It cannot and will not and shall not",
        ),
        ("I’m sure it’s good", "I am sure it is good"),
        ("Don't go! DON'T GO!", "Do not go! DO NOT GO!"),
        ("I'M HERE, IT'S ME", "I AM HERE, IT IS ME"),
        (
            "Let's go. They're late, we've seen.",
            "Let us go. They are late, we have seen.",
        ),
        (
            "he's really good, that's it",
            "he is really good, that is it",
        ),
        (
            "it's been great, she's got a cat",
            "it has been great, she has got a cat",
        ),
        (
            "I'd like to, I'd rather not, I'd seen it",
            "I would like to, I would rather not, I had seen it",
        ),
        ("You don't like it?", "You do not like it?"),
        ("those who don't try", "those who do not try"),
        ("what's the matter", "what is the matter"),
        (
            "You should've come, it'll do",
            "You should have come, it will do",
        ),
        ("it's lovely.", "it is lovely."),
    ] {
        assert_eq!(apply(text, expand), expanded);
    }
}

#[test]
fn what_is_not_sure_is_not_expanded() {
    for text in [
        "It is good, isn't it? Aren't I? Won't you?",
        "Why don't people like it",
        "Isn't the film great",
        "Don't people like it?",
        "he's gone, it's called a day, he's just left",
        "the dog's tail, John's here, ain't it",
        "what's he want, where's she gone",
        "I'd put it there, I'd",
        "I'd've come, y'all",
        "dOn'T",
        "'s 'tis rock 'n' roll",
    ] {
        assert_eq!(apply(text, expand), text);
    }
}

#[test]
fn an_apostrophe_is_kept_in_kind() {
    let change = Change {
        span: Word { start: 0, end: 0 },
        new: "n't",
        upper: true,
    };
    let mut written = String::new();
    change.write('’', &mut written);
    assert_eq!(written, "N’T");
}
