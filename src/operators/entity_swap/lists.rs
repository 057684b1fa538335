//! The embedded lists of names and places, and what a word is by them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

const FIRST_NAMES: &str = include_str!("../../../resources/entities/first_names.txt");
const LAST_NAMES: &str = include_str!("../../../resources/entities/last_names.txt");
const PLACES: &str = include_str!("../../../resources/entities/places.txt");

/// What takes the place of what: names and places are swapped within their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A first name of women.
    Female,
    /// A first name of men.
    Male,
    /// A first name of either.
    Either,
    /// A last name.
    Last,
    City,
    Country,
    /// A country with an article: the Netherlands.
    TheCountry,
    /// A state of the USA.
    State,
}

impl Class {
    const ALL: [Self; 8] = [
        Self::Female,
        Self::Male,
        Self::Either,
        Self::Last,
        Self::City,
        Self::Country,
        Self::TheCountry,
        Self::State,
    ];

    /// The class that the first word of a line stands for.
    fn of_code(code: &str) -> Option<Self> {
        const CODES: [&str; 8] = ["f", "m", "u", "l", "city", "country", "the", "state"];
        let place = CODES.iter().position(|other| *other == code)?;
        Self::ALL.get(place).copied()
    }
}

/// One meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) class: Class,
    /// Whether it is a common word, too, when it does not begin with a capital.
    pub(super) is_word: bool,
}

/// What a name can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meanings {
    pub(super) first: Option<Meaning>,
    pub(super) last: Option<Meaning>,
    pub(super) place: Option<Meaning>,
}

/// The names and places.
#[derive(Debug)]
pub(super) struct Lists {
    /// In small letters.
    meanings: HashMap<String, Meanings>,
    /// First words of names of several words, in small letters.
    beginnings: HashSet<String>,
    /// For each class the names that are put in place of others: those that are no common words.
    choices: Vec<Vec<&'static str>>,
}

impl Lists {
    /// Those of the crate; the first call reads them.
    pub(super) fn embedded() -> &'static Self {
        static LISTS: LazyLock<Lists> = LazyLock::new(Lists::read);
        &LISTS
    }

    fn read() -> Self {
        let mut lists = Self {
            meanings: HashMap::new(),
            beginnings: HashSet::new(),
            choices: vec![Vec::new(); Class::ALL.len()],
        };
        let files = [FIRST_NAMES, LAST_NAMES, PLACES];
        for line in files.iter().flat_map(|file| file.lines()) {
            if let Some((code, name)) = line.split_once(' ')
                && let Some(class) = Class::of_code(code)
            {
                lists.add(class, name);
            }
        }
        lists
    }

    fn add(&mut self, class: Class, entry: &'static str) {
        let name = entry.trim_end_matches('*');
        let is_word = name.len() < entry.len();
        let folded = name.to_lowercase();
        if let Some((first, _)) = folded.split_once(' ') {
            self.beginnings.insert(first.to_owned());
        }
        let meanings = self.meanings.entry(folded).or_default();
        let meaning = Some(Meaning { class, is_word });
        match class {
            Class::Female | Class::Male | Class::Either => meanings.first = meaning,
            Class::Last => meanings.last = meaning,
            _ => meanings.place = meaning,
        }
        if !is_word && let Some(choices) = self.choices.get_mut(class as usize) {
            choices.push(name);
        }
    }

    /// What `name`, in small letters, can be.
    pub(super) fn meanings(&self, name: &str) -> Meanings {
        self.meanings.get(name).copied().unwrap_or_default()
    }

    /// Whether names of several words begin with `word`, in small letters.
    pub(super) fn begins(&self, word: &str) -> bool {
        self.beginnings.contains(word)
    }

    /// What may take the place of a name of this class.
    pub(super) fn choices(&self, class: Class) -> &[&'static str] {
        self.choices.get(class as usize).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_every_class_has_choices() {
        let lists = Lists::embedded();
        let files = [FIRST_NAMES, LAST_NAMES, PLACES];
        let lines = files.iter().flat_map(|file| file.lines());
        for line in lines {
            let (code, name) = line.split_once(' ').unwrap();
            assert!(Class::of_code(code).is_some(), "{line}");
            assert!(name.starts_with(char::is_uppercase), "{line}");
        }
        for class in Class::ALL {
            assert!(lists.choices(class).len() >= 8, "{class:?}");
        }
    }

    #[test]
    fn names_are_what_people_take_them_for() {
        let lists = Lists::embedded();
        let first = |name| {
            lists
                .meanings(name)
                .first
                .map(|meaning| (meaning.class, meaning.is_word))
        };
        assert_eq!(first("elizabeth"), Some((Class::Female, false)));
        assert_eq!(first("robert"), Some((Class::Male, false)));
        assert!(first("mark").is_some_and(|(class, is_word)| class == Class::Male && is_word));
        assert_eq!(first("john"), Some((Class::Male, false)));
        assert_eq!(first("may"), None);
        let place = |name| lists.meanings(name).place.map(|meaning| meaning.class);
        assert_eq!(place("paris"), Some(Class::City));
        assert_eq!(place("south africa"), Some(Class::Country));
        assert_eq!(place("united kingdom"), Some(Class::TheCountry));
        assert_eq!(place("texas"), Some(Class::State));
        assert!(
            lists
                .meanings("turkey")
                .place
                .is_some_and(|meaning| meaning.is_word)
        );
        assert!(lists.begins("new") && !lists.begins("old"));
    }
}
