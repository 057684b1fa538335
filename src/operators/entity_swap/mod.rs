//! Numbers, dates, names and places that change for others of their kind.

mod dates;
mod find;
mod lists;
mod numbers;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::{Case, takes_an};
use find::{Finder, Form, Found};
use lists::Lists;

/// Swaps numbers, dates, names and places for others of the same kind and form.
///
/// These are the invariance tests of CheckList (Ribeiro et al., 2020), as TextAttack has them, and
/// the entity changes of NL-Augmenter: for tasks whose label does not depend on who, where, when and
/// how many. `rate` counts different entities: the same one gets the same new one wherever it stands
/// in the text, and different ones get different ones. Entities are found by lists and rules, for
/// English; no model is needed, and what is not clear is left alone. Case, possessives and `a` or
/// `an` before an entity keep right.
///
/// - `number`: as many digits and decimals, the same separators, zeros at the end kept (`1,500` to
///   `7,300`); ordinals (`21st`) with the right letters; number words (`seven`); a number from 1500 to
///   2099 is taken for a year and moves by up to 15. Numbers with units are protected, and 0, 1,
///   ranges, times, codes and versions are left alone.
/// - `date`: days and years beside the name of a month, names of months and days of the week, also
///   short (`Mon, 3 Sept`); dates in digits (`2021-05-17`, `17.5.2021`, `5/17/21`), which stay valid,
///   and as clear as they were on which number is the day. May and March need a number or a
///   preposition beside them. That the day of the week fits the date is not looked after.
/// - `name`: first names for such of the same sex, so that pronouns fit, and last names after a first
///   name, after a title, or alone. A name that is a common word, too (`Mark`, `Will`, `Hope`), is taken
///   for one only where a capital tells it, not at the start of a sentence.
/// - `place`: cities, countries and states of the USA, each for one of its class, and countries with an
///   article (`the Netherlands`) for such. What may be a person, too (`Charlotte`), needs a preposition,
///   and what stands before another capital is part of a longer name.
///
/// First and last names are the most frequent of the US census of 1990, places those of GeoNames that
/// are known in most languages (`resources/entities`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntitySwap {
    /// What is swapped: any of `number`, `date`, `name` and `place`.
    #[serde(default = "all_kinds")]
    pub kinds: Vec<EntityKind>,
}

/// What [`EntitySwap`] swaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// Numbers in digits and words.
    Number,
    /// Dates, months and days of the week.
    Date,
    /// First and last names.
    Name,
    /// Cities, countries and states.
    Place,
}

fn all_kinds() -> Vec<EntityKind> {
    vec![
        EntityKind::Number,
        EntityKind::Date,
        EntityKind::Name,
        EntityKind::Place,
    ]
}

impl TextOperatorConfig for EntitySwap {
    const NAME: &'static str = "entity_swap";
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn validate(&self) -> Vec<Problem> {
        if self.kinds.is_empty() {
            return vec![Problem::new(
                "kinds",
                "there is nothing to swap",
                "leave it out to swap all kinds, or name some: `kinds = [\"name\"]`",
            )];
        }
        Vec::new()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Swap {
            amount: context.amount,
            finder: Finder::new(&self.kinds),
            order: Vec::new(),
            starts: Vec::new(),
            places: Places::default(),
            new: String::new(),
            used: Vec::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "All kinds; who is named twice is the same person after",
                options: "",
                columns: &[],
                input: &[
                    "Mary Johnson moved from Boston to the Netherlands on May 21st, 2003. Mary's two \
                     cats came along, for 1,500 dollars.",
                ],
                output: &[
                    "Bonnie McDowell moved from Łódź to the Solomon Islands on November 7th, 2009. Bonnie's ten cats came along, for 2,500 dollars.",
                ],
            },
            Example {
                title: "Names alone; common words are not taken for names",
                options: "kinds = [\"name\"]",
                columns: &[],
                input: &[
                    "Will you ask Mark? Yes, and Dr. Brown, says Elizabeth. May I hope for 5?",
                ],
                output: &[
                    "Will you ask Alfred? Yes, and Dr. Russo, says Christina. May I hope for 5?",
                ],
            },
            Example {
                title: "Dates stay valid and keep their form; versions and times are none",
                options: "kinds = [\"date\", \"number\"]",
                columns: &[],
                input: &[
                    "2021-02-28, 5/17/98 or 31 January? At 10:30, version 2.10.1, -5 degrees.",
                ],
                output: &["2025-06-10, 2/20/69 or 23 March? At 10:30, version 2.10.1, -8 degrees."],
            },
            Example {
                title: "Two variants with one entity changed each, and none where there is none",
                options: "rate = 0.1\nreplicas = 2",
                columns: &[],
                input: &["From Paris to Canada in 1999", "Nothing to see here"],
                output: &[
                    "From Paris to Canada in 1991",
                    "From Zhengzhou to Canada in 1999",
                ],
            },
        ]
    }
}

/// How often a new entity is drawn that fits.
const TRIES: usize = 12;

/// Entities that are compared with a new one, at most: beyond, a few may be the same.
const COMPARED: usize = 256;

struct Swap {
    amount: Amount,
    finder: Finder,
    /// The entities found, the same ones side by side.
    order: Vec<u32>,
    /// Where in `order` each run of the same ones starts.
    starts: Vec<u32>,
    places: Places,
    /// The new entity.
    new: String,
    /// The names drawn for this text.
    used: Vec<&'static str>,
}

impl TextOperator for Swap {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let Self {
            finder,
            order,
            starts,
            new,
            used,
            ..
        } = self;
        let found = finder.find(text);
        if found.is_empty() {
            return Outcome::Unchanged("no entity");
        }
        group(text, found, order, starts);
        used.clear();
        let wanted = self.amount.of(starts.len());
        for run in self.places.sample(starts.len(), wanted, random) {
            let start = starts.get(*run as usize).copied().unwrap_or_default() as usize;
            let end = starts
                .get(*run as usize + 1)
                .map_or(order.len(), |end| *end as usize);
            let run = order.get(start..end).unwrap_or_default();
            let same = || run.iter().filter_map(|place| found.get(*place as usize));
            let Some(first) = same().next() else {
                continue;
            };
            let article = same().find_map(|entity| vowel_wanted(text, entity.span));
            let days = same().map(|entity| entity.days).max().unwrap_or_default();
            let old = text.word(first.span);
            let fits = (0..TRIES).any(|_| {
                new.clear();
                let name = write(first.form, old, days, random, new);
                let is_known = |other: &Found| {
                    matches!(other.form, Form::Name(_))
                        && text.word(other.span).eq_ignore_ascii_case(new)
                };
                let is_taken = name.is_some_and(|name| {
                    used.iter().take(COMPARED).any(|other| *other == name)
                        || found.iter().take(COMPARED).any(is_known)
                });
                let fits = !is_taken
                    && !new.eq_ignore_ascii_case(old)
                    && article.is_none_or(|vowel| vowel == takes_an(new));
                if fits {
                    used.extend(name);
                }
                fits
            });
            if fits {
                for entity in same() {
                    edits.replace_if(entity.span.range(), |into| {
                        append_like(text.word(entity.span), new, into);
                        true
                    });
                }
            }
        }
        Outcome::Edited
    }
}

/// Puts the entities that are the same side by side in `order`, and says in `starts` where each run of
/// them begins.
fn group(text: &Text<'_>, found: &[Found], order: &mut Vec<u32>, starts: &mut Vec<u32>) {
    let key = |place: &u32| {
        let entity = found.get(*place as usize);
        entity.map(|entity| (entity.form, text.word(entity.span)))
    };
    order.clear();
    order.extend((0..).take(found.len()));
    order.sort_unstable_by(|one, other| match (key(one), key(other)) {
        (Some((form, word)), Some((other_form, other_word))) => form
            .cmp(&other_form)
            .then_with(|| in_small(word).cmp(in_small(other_word)))
            .then(one.cmp(other)),
        _ => one.cmp(other),
    });
    starts.clear();
    let mut last: Option<(Form, &str)> = None;
    for (start, place) in (0..).zip(order.iter()) {
        let this = key(place);
        let is_same = match (last, this) {
            (Some((form, word)), Some((this_form, this_word))) => {
                form == this_form && word.eq_ignore_ascii_case(this_word)
            }
            _ => false,
        };
        if !is_same {
            starts.push(start);
        }
        last = this;
    }
}

fn in_small(word: &str) -> impl Iterator<Item = u8> {
    word.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// Appends a new entity of the form of `old`; the name, if it is one. A month has at least `days`
/// days.
fn write(
    form: Form,
    old: &str,
    days: u32,
    random: &mut Random,
    into: &mut String,
) -> Option<&'static str> {
    let is_upper = old.ends_with(|c: char| c.is_ascii_uppercase());
    match form {
        Form::Number => numbers::write_number(old, random, into),
        Form::Year => numbers::write_year(old.parse().unwrap_or_default(), random, into),
        Form::Ordinal => {
            let digits = numbers::ordinal(old).unwrap_or_default();
            numbers::write_ordinal(digits, is_upper, random, into);
        }
        Form::Day => {
            let digits = numbers::ordinal(old);
            let start = into.len();
            dates::write_day(digits.unwrap_or(old), random, into);
            if digits.is_some() {
                numbers::push_suffix(start, is_upper, into);
            }
        }
        Form::Date => {
            if let Some(date) = dates::NumericDate::read(old) {
                date.write(random, into);
            }
        }
        Form::NumberWord(list) => {
            let list = numbers::NUMBER_WORDS.get(list).copied().unwrap_or_default();
            into.push_str(random.choose(list).copied().unwrap_or_default());
        }
        Form::Calendar(calendar) => into.push_str(calendar.draw(days, random)),
        Form::Name(class) => {
            let name = random.choose(Lists::embedded().choices(class)).copied();
            into.extend(name);
            return name;
        }
    }
    None
}

/// Appends `new` with the capitals of `old`: shouted, or as it is; a number word takes any pattern.
fn append_like(old: &str, new: &str, into: &mut String) {
    match Case::of(old) {
        Case::Upper if old.chars().nth(1).is_some_and(char::is_alphabetic) => {
            Case::Upper.append(new, into);
        }
        Case::Title => Case::Title.append(new, into),
        _ => into.push_str(new),
    }
}

/// Whether what stands at `span` has to be spoken with a vowel at its start, or must not, by the
/// article before it; nothing where there is none.
fn vowel_wanted(text: &Text<'_>, span: Word) -> Option<bool> {
    let before = text.as_str().get(..span.range().start)?.strip_suffix(' ')?;
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next()?;
    if word.eq_ignore_ascii_case("an") {
        Some(true)
    } else {
        word.eq_ignore_ascii_case("a").then_some(false)
    }
}
