//! Parts of speech with inflections: what a form can be.

use super::super::inflection::Inflection;
use super::super::wordnet::PartOfSpeech;

/// A part of speech and an inflection. In the order of the columns of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// "dog"
    Noun = 0,
    /// "dogs", and "sheep"
    PluralNoun = 1,
    /// "go"
    Verb = 2,
    /// "goes"
    ThirdPerson = 3,
    /// "went"
    Past = 4,
    /// "gone"
    PastParticiple = 5,
    /// "walked", "put": which of both, the context tells.
    PastOrParticiple = 6,
    /// "going"
    PresentParticiple = 7,
    /// "big"
    Adjective = 8,
    /// "bigger", "biggest"
    ComparedAdjective = 9,
    /// "soon"
    Adverb = 10,
    /// "sooner"
    ComparedAdverb = 11,
}

impl Tag {
    /// How many there are.
    pub(super) const COUNT: usize = 12;

    /// All tags, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Noun,
        Self::PluralNoun,
        Self::Verb,
        Self::ThirdPerson,
        Self::Past,
        Self::PastParticiple,
        Self::PastOrParticiple,
        Self::PresentParticiple,
        Self::Adjective,
        Self::ComparedAdjective,
        Self::Adverb,
        Self::ComparedAdverb,
    ];

    /// Its name in the weights.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Noun => "NB",
            Self::PluralNoun => "NP",
            Self::Verb => "VB",
            Self::ThirdPerson => "VZ",
            Self::Past => "VD",
            Self::PastParticiple => "VN",
            Self::PastOrParticiple => "VP",
            Self::PresentParticiple => "VG",
            Self::Adjective => "AB",
            Self::ComparedAdjective => "AC",
            Self::Adverb => "RB",
            Self::ComparedAdverb => "RC",
        }
    }

    /// The part of speech.
    pub fn part_of_speech(self) -> PartOfSpeech {
        match self {
            Self::Noun | Self::PluralNoun => PartOfSpeech::Noun,
            Self::Adjective | Self::ComparedAdjective => PartOfSpeech::Adjective,
            Self::Adverb | Self::ComparedAdverb => PartOfSpeech::Adverb,
            _ => PartOfSpeech::Verb,
        }
    }

    /// The tag of a form that is compared or not, as the inflection says.
    pub(super) fn of_degree(part_of_speech: PartOfSpeech, inflection: Inflection) -> Self {
        match (part_of_speech, inflection) {
            (PartOfSpeech::Adverb, Inflection::Base) => Self::Adverb,
            (PartOfSpeech::Adverb, _) => Self::ComparedAdverb,
            (_, Inflection::Base) => Self::Adjective,
            _ => Self::ComparedAdjective,
        }
    }
}
