use proptest::prelude::*;

use super::*;
use crate::text::wordnet::WordNet;
use Inflection::{
    Base, Comparative, Past, PastParticiple, Plural, PresentParticiple, Superlative, ThirdPerson,
};

fn inflect(lemma: &str, part: PartOfSpeech, inflection: Inflection) -> Option<String> {
    let mut out = String::from("<");
    let done = Inflector::english().inflect(lemma, part, inflection, &mut out);
    let written = out.split_off(1);
    assert_eq!(
        (out.as_str(), written.is_empty()),
        ("<", !done || lemma.is_empty()),
        "{lemma}"
    );
    done.then_some(written)
}

/// Forms of verbs: base, third person, past, past participle, present participle.
const VERBS: &str = "
    buy buys bought bought buying
    purchase purchases purchased purchased purchasing
    go goes went gone going
    be is was been being
    have has had had having
    do does did done doing
    see sees saw seen seeing
    stop stops stopped stopped stopping
    plan plans planned planned planning
    visit visits visited visited visiting
    open opens opened opened opening
    prefer prefers preferred preferred preferring
    occur occurs occurred occurred occurring
    travel travels traveled traveled traveling
    control controls controlled controlled controlling
    focus focuses focused focused focusing
    try tries tried tried trying
    play plays played played playing
    die dies died died dying
    dye dyes dyed dyed dyeing
    agree agrees agreed agreed agreeing
    fix fixes fixed fixed fixing
    watch watches watched watched watching
    pass passes passed passed passing
    echo echoes echoed echoed echoing
    picnic picnics picnicked picnicked picnicking
    quit quits quit quit quitting
    quiz quizzes quizzed quizzed quizzing
    equip equips equipped equipped equipping
    make makes made made making
    take takes took taken taking
    overtake overtakes overtook overtaken overtaking
    undergo undergoes underwent undergone undergoing
    understand understands understood understood understanding
    withdraw withdraws withdrew withdrawn withdrawing
    rewrite rewrites rewrote rewritten rewriting
    behave behaves behaved behaved behaving
    put puts put put putting
    begin begins began begun beginning
    write writes wrote written writing
    get gets got gotten getting
    run runs ran run running
    lie lies lay lain lying
    lay lays laid laid laying
    singe singes singed singed singeing
    show shows showed shown showing
    panic panics panicked panicked panicking
    chat chats chatted chatted chatting";

const PLURALS: &str = "
    dog dogs; hound hounds; box boxes; church churches; dish dishes; bus buses; city cities;
    day days; child children; foot feet; goose geese; tooth teeth; mouse mice; man men; woman women;
    policeman policemen; german germans; human humans; knife knives; wolf wolves; leaf leaves;
    roof roofs; chief chiefs; hero heroes; photo photos; piano pianos; potato potatoes; radio radios;
    analysis analyses; crisis crises; criterion criteria; phenomenon phenomena; sheep sheep;
    series series; person people; brother brothers; cow cows; stadium stadiums; genius geniuses;
    brother-in-law brothers-in-law; stepchild stepchildren; quiz quizzes; cat cats; house houses;
    gas gases; business businesses; class classes; lens lenses; pea peas; penny pennies; monarch monarchs; car cars; fez fezzes";

const DEGREES: &str = "
    big bigger biggest
    large larger largest
    happy happier happiest
    good better best
    bad worse worst
    fast faster fastest
    gentle gentler gentlest
    narrow narrower narrowest
    unhappy unhappier unhappiest
    dry drier driest
    thin thinner thinnest
    clean cleaner cleanest
    gray grayer grayest
    free freer freest
    quiet quieter quietest";

#[test]
fn verbs_are_inflected() {
    let inflections = [Base, ThirdPerson, Past, PastParticiple, PresentParticiple];
    for line in VERBS.lines().skip(1) {
        let forms: Vec<&str> = line.split_ascii_whitespace().collect();
        assert_eq!(forms.len(), inflections.len(), "{line}");
        for (form, inflection) in forms.iter().zip(inflections) {
            let found = inflect(forms[0], PartOfSpeech::Verb, inflection);
            assert_eq!(
                found.as_deref(),
                Some(*form),
                "{inflection:?} of {}",
                forms[0]
            );
        }
    }
}

#[test]
fn forms_of_verbs_are_recognised() {
    let inflections = [Base, ThirdPerson, Past, PastParticiple, PresentParticiple];
    for line in VERBS.lines().skip(1) {
        let forms: Vec<&str> = line.split_ascii_whitespace().collect();
        for (i, form) in forms.iter().enumerate() {
            // Of equal forms the first is meant.
            let first = forms.iter().position(|other| other == form).unwrap_or(i);
            let found = Inflector::english().detect(form, forms[0], PartOfSpeech::Verb);
            assert_eq!(found, Some(inflections[first]), "{form}");
        }
    }
}

#[test]
fn nouns_are_inflected_and_recognised() {
    for entry in PLURALS.split(';') {
        let [noun, plural] = entry.split_ascii_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{entry}");
        };
        let found = inflect(noun, PartOfSpeech::Noun, Plural);
        assert_eq!(found.as_deref(), Some(plural));
        let expected = if noun == plural { Base } else { Plural };
        let found = Inflector::english().detect(plural, noun, PartOfSpeech::Noun);
        assert_eq!(found, Some(expected), "{plural}");
    }
}

#[test]
fn adjectives_are_inflected_and_recognised() {
    for line in DEGREES.lines().skip(1) {
        let forms: Vec<&str> = line.split_ascii_whitespace().collect();
        for (form, inflection) in forms.iter().zip([Base, Comparative, Superlative]) {
            let found = inflect(forms[0], PartOfSpeech::Adjective, inflection);
            assert_eq!(found.as_deref(), Some(*form));
            let found = Inflector::english().detect(form, forms[0], PartOfSpeech::Adjective);
            assert_eq!(found, Some(inflection), "{form}");
        }
    }
    assert_eq!(
        inflect("soon", PartOfSpeech::Adverb, Comparative).as_deref(),
        Some("sooner")
    );
    assert_eq!(
        inflect("early", PartOfSpeech::Adverb, Superlative).as_deref(),
        Some("earliest")
    );
}

#[test]
fn the_head_of_a_phrase_takes_the_form() {
    let phrase = |lemma, part, inflection| {
        let mut out = "> ".to_owned();
        let found = Inflector::english().inflect_phrase(lemma, part, inflection, &mut out);
        assert_eq!(found, out.len() > 2);
        out
    };
    let noun = |lemma| phrase(lemma, PartOfSpeech::Noun, Plural);
    assert_eq!(noun("ice cream"), "> ice creams");
    assert_eq!(noun("rate of exchange"), "> rates of exchange");
    assert_eq!(noun("dog"), "> dogs");
    assert_eq!(noun("peace of mind"), "> peaces of mind");
    let verb = |lemma, inflection| phrase(lemma, PartOfSpeech::Verb, inflection);
    assert_eq!(verb("give up", Past), "> gave up");
    assert_eq!(verb("take place", PresentParticiple), "> taking place");
    assert_eq!(verb("give up", Base), "> give up");
    assert_eq!(
        phrase("well known", PartOfSpeech::Adjective, Comparative),
        "> "
    );
    assert_eq!(
        noun("common sense of happiness"),
        "> common senses of happiness"
    );
    assert_eq!(noun("office furniture"), "> ");
}

#[test]
fn a_word_may_be_several_forms_of_a_verb() {
    let forms = |form, lemma| Inflector::english().verb_forms(form, lemma);
    let put = forms("put", "put");
    assert!(put.base && put.past && put.past_participle && !put.third_person);
    let walked = forms("walked", "walk");
    assert!(walked.past && walked.past_participle && !walked.base);
    let went = forms("went", "go");
    assert!(went.past && !went.past_participle);
    assert!(forms("going", "go").present_participle);
    assert!(forms("goes", "go").third_person);
    assert_eq!(forms("were", "be"), VerbForms::default());
    assert!(Inflector::english().is_own_plural("sheep"));
    assert!(!Inflector::english().is_own_plural("dog"));
}

#[test]
fn what_has_no_such_form_is_refused() {
    for (lemma, part, inflection) in [
        ("beautiful", PartOfSpeech::Adjective, Comparative),
        ("tired", PartOfSpeech::Adjective, Superlative),
        ("real", PartOfSpeech::Adjective, Comparative),
        ("quickly", PartOfSpeech::Adverb, Comparative),
        ("then", PartOfSpeech::Adverb, Comparative),
        ("furniture", PartOfSpeech::Noun, Plural),
        ("happiness", PartOfSpeech::Noun, Plural),
        ("years", PartOfSpeech::Noun, Plural),
        ("politics", PartOfSpeech::Noun, Plural),
        ("jack-of-all-trades", PartOfSpeech::Noun, Past),
        ("ice cream", PartOfSpeech::Noun, Plural),
        ("phone up", PartOfSpeech::Verb, Past),
        ("dog", PartOfSpeech::Noun, Past),
        ("run", PartOfSpeech::Verb, Plural),
        ("big", PartOfSpeech::Adjective, Plural),
        ("1990", PartOfSpeech::Noun, Plural),
        ("", PartOfSpeech::Noun, Plural),
    ] {
        assert_eq!(inflect(lemma, part, inflection), None, "{lemma}");
    }
    for form in ["am", "are", "were"] {
        assert_eq!(
            Inflector::english().detect(form, "be", PartOfSpeech::Verb),
            None
        );
    }
    assert_eq!(
        inflect("ice cream", PartOfSpeech::Noun, Base).as_deref(),
        Some("ice cream")
    );
}

/// What is written must lead back: morphy finds the lemma in its own inflected forms.
#[test]
fn morphy_finds_the_way_back_for_frequent_words() {
    let wordnet = WordNet::english();
    let (mut tried, mut lost) = (0, Vec::new());
    for lemma in wordnet.lemmas() {
        let text = wordnet.text(lemma);
        for (part, inflections) in [
            (PartOfSpeech::Noun, &[Plural][..]),
            (
                PartOfSpeech::Verb,
                &[ThirdPerson, Past, PastParticiple, PresentParticiple],
            ),
            (PartOfSpeech::Adjective, &[Comparative, Superlative]),
        ] {
            if wordnet.tag_count(lemma, part) < 5 {
                continue;
            }
            for &inflection in inflections {
                let Some(form) = inflect(text, part, inflection) else {
                    continue;
                };
                tried += 1;
                if !wordnet.morphy(&form, part).as_slice().contains(&lemma) {
                    lost.push(form);
                }
            }
        }
    }
    assert!(tried > 9_000, "{tried}");
    // WordNet's lists lack some irregular forms: "people", "worse" of "ill", "more".
    assert!(
        lost.len() * 400 < tried,
        "{} of {tried}: {lost:?}",
        lost.len()
    );
}

proptest! {
    #[test]
    fn any_text_is_safe(form in ".{0,12}", lemma in "[a-zA-Zäß' -]{0,9}") {
        for part in PartOfSpeech::ALL {
            let inflection = Inflector::english().detect(&form, &lemma, part);
            prop_assert_eq!(inflection == Some(Base), form == lemma);
            for inflection in [Plural, Past, ThirdPerson, PresentParticiple, Superlative] {
                for word in [&form, &lemma] {
                    if let Some(written) = inflect(word, part, inflection) {
                        prop_assert!(!written.is_empty());
                    }
                }
            }
        }
    }
}
