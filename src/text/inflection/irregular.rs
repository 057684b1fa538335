//! The words that go their own way: a table by hand, completed from WordNet's exception lists.

use std::collections::{HashMap, HashSet};

use super::super::wordnet::{PartOfSpeech, WordNet};
use super::{Inflector, spelling};

/// The past and the past participle of an irregular verb.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) past: Box<str>,
    pub(super) participle: Box<str>,
}

/// Verb, past, past participle.
const VERBS: &str = "
arise arose arisen;awake awoke awoken;be was been;bear bore borne;beat beat beaten;
become became become;beget begot begotten;begin began begun;bend bent bent;beset beset beset;
bet bet bet;bid bid bid;bind bound bound;bite bit bitten;bleed bled bled;blow blew blown;
break broke broken;breed bred bred;bring brought brought;broadcast broadcast broadcast;
build built built;burst burst burst;buy bought bought;cast cast cast;catch caught caught;
choose chose chosen;cling clung clung;come came come;cost cost cost;creep crept crept;cut cut cut;
deal dealt dealt;dig dug dug;do did done;draw drew drawn;drink drank drunk;drive drove driven;
dwell dwelt dwelt;eat ate eaten;fall fell fallen;feed fed fed;feel felt felt;fight fought fought;
find found found;flee fled fled;fling flung flung;fly flew flown;forbid forbade forbidden;
forecast forecast forecast;forget forgot forgotten;forgive forgave forgiven;
forsake forsook forsaken;freeze froze frozen;get got gotten;give gave given;go went gone;
grind ground ground;grow grew grown;hang hung hung;have had had;hear heard heard;
hide hid hidden;hit hit hit;hold held held;hurt hurt hurt;input input input;inset inset inset;
keep kept kept;kneel knelt knelt;know knew known;lay laid laid;lead led led;leave left left;
lend lent lent;let let let;lie lay lain;light lit lit;lose lost lost;make made made;
mean meant meant;meet met met;mistake mistook mistaken;mow mowed mown;offset offset offset;
overcast overcast overcast;partake partook partaken;pay paid paid;plead pleaded pleaded;prove proved proven;put put put;
quit quit quit;read read read;recast recast recast;rend rent rent;reset reset reset;rid rid rid;
ride rode ridden;ring rang rung;rise rose risen;run ran run;saw sawed sawn;say said said;
see saw seen;seek sought sought;sell sold sold;send sent sent;set set set;sew sewed sewn;
shake shook shaken;shed shed shed;shine shone shone;shit shat shat;shoot shot shot;
show showed shown;shrink shrank shrunk;shut shut shut;sing sang sung;sink sank sunk;sit sat sat;
slay slew slain;sleep slept slept;slide slid slid;sling slung slung;slink slunk slunk;
slit slit slit;smite smote smitten;sow sowed sown;speak spoke spoken;speed sped sped;
spend spent spent;spin spun spun;spit spat spat;split split split;spread spread spread;
spring sprang sprung;stand stood stood;steal stole stolen;stick stuck stuck;sting stung stung;
stink stank stunk;stride strode stridden;strike struck struck;string strung strung;
strive strove striven;swear swore sworn;sweep swept swept;swell swelled swollen;swim swam swum;
swing swung swung;take took taken;teach taught taught;tear tore torn;tell told told;
think thought thought;throw threw thrown;thrust thrust thrust;tread trod trodden;
typeset typeset typeset;understand understood understood;upset upset upset;wake woke woken;
wear wore worn;weave wove woven;weep wept wept;wet wet wet;win won won;wind wound wound;
wring wrung wrung;write wrote written";

/// Noun, plural. For other nouns of Latin or Greek the regular plural is as good or better.
const NOUNS: &str = "
addendum addenda;aircraft aircraft;alga algae;alumnus alumni;appendix appendices;
bacillus bacilli;bacterium bacteria;beau beaux;bison bison;bourgeois bourgeois;buffalo buffaloes;
cactus cacti;chateau chateaux;child children;chassis chassis;corps corps;corpus corpora;
crossroads crossroads;criterion criteria;curriculum curricula;datum data;deer deer;die dice;
erratum errata;fez fezzes;fish fish;foot feet;fungus fungi;ganglion ganglia;gallows gallows;genus genera;
goose geese;headquarters headquarters;hovercraft hovercraft;index indices;larva larvae;
locus loci;louse lice;man men;matrix matrices;means means;medium media;memorandum memoranda;
milieu milieux;millennium millennia;moose moose;mouse mice;nebula nebulae;nucleus nuclei;
offspring offspring;ovum ova;ox oxen;person people;phenomenon phenomena;phylum phyla;quiz quizzes;
radius radii;salmon salmon;series series;sheep sheep;shrimp shrimp;spacecraft spacecraft;
species species;spectrum spectra;stimulus stimuli;stratum strata;swine swine;tableau tableaux;
tooth teeth;trout trout;vertebra vertebrae;vertex vertices;woman women;yes yeses";

/// Adjective or adverb, comparative, superlative.
const DEGREES: [(&str, &str, &str); 12] = [
    ("bad", "worse", "worst"),
    ("badly", "worse", "worst"),
    ("early", "earlier", "earliest"),
    ("far", "farther", "farthest"),
    ("good", "better", "best"),
    ("ill", "worse", "worst"),
    ("little", "less", "least"),
    ("many", "more", "most"),
    ("much", "more", "most"),
    ("often", "oftener", "oftenest"),
    ("quiet", "quieter", "quietest"),
    ("well", "better", "best"),
];

/// Nouns without a plural, among those that stand beside countable ones in WordNet.
const UNCOUNTABLE: [&str; 51] = [
    "advice",
    "applause",
    "arms",
    "baggage",
    "belongings",
    "cash",
    "cattle",
    "clothes",
    "clothing",
    "electricity",
    "equipment",
    "evidence",
    "fun",
    "furniture",
    "gold",
    "goods",
    "hardware",
    "health",
    "help",
    "homework",
    "information",
    "jewelry",
    "knowledge",
    "laughter",
    "leisure",
    "luck",
    "luggage",
    "machinery",
    "merchandise",
    "money",
    "music",
    "news",
    "pants",
    "pasta",
    "people",
    "police",
    "poultry",
    "progress",
    "rice",
    "savings",
    "scissors",
    "software",
    "stuff",
    "surroundings",
    "thanks",
    "thunder",
    "traffic",
    "trousers",
    "violence",
    "wealth",
    "weather",
];

/// Nouns in -ness that have a plural.
const COUNTABLE_NESS: [&str; 12] = [
    "baroness",
    "business",
    "eyewitness",
    "governess",
    "harness",
    "illness",
    "kindness",
    "likeness",
    "lioness",
    "weakness",
    "wilderness",
    "witness",
];

/// Nouns whose -man is no man.
const NO_MEN: [&str; 14] = [
    "brahman",
    "caiman",
    "cayman",
    "dolman",
    "german",
    "hetman",
    "human",
    "norman",
    "ottoman",
    "pacman",
    "roman",
    "shaman",
    "superhuman",
    "talisman",
];

/// Nouns in -o that take -es.
const OES: [&str; 16] = [
    "cargo", "domino", "echo", "embargo", "go", "hero", "mango", "mosquito", "motto", "negro",
    "potato", "tomato", "tornado", "torpedo", "veto", "volcano",
];

/// Short adjectives that do not compare with -er.
const INCOMPARABLE: [&str; 107] = [
    "net", "all", "any", "back", "best", "better", "born", "bound", "chief", "cut", "damn", "dead",
    "double", "down", "due", "each", "east", "easter", "eight", "eighth", "eighty", "fake",
    "false", "female", "fifth", "fifty", "first", "five", "forty", "four", "fourth", "front",
    "fun", "giant", "glad", "gone", "half", "home", "hostile", "joint", "key", "known", "last",
    "left", "less", "like", "live", "loath", "lone", "lost", "main", "male", "mere", "mid",
    "middle", "more", "most", "nearby", "next", "nine", "ninety", "ninth", "north", "off", "on",
    "one", "out", "over", "own", "past", "prime", "prior", "purple", "real", "right", "same",
    "set", "seventy", "shut", "single", "six", "sixth", "sixty", "sole", "some", "south", "spread",
    "such", "ten", "third", "thirty", "three", "top", "total", "triple", "twelve", "twenty", "two",
    "up", "upper", "very", "west", "whole", "worse", "worst", "worth", "wrong",
];

/// Adverbs that compare with -er.
const COMPARABLE_ADVERBS: [&str; 20] = [
    "close", "cheap", "clean", "clear", "deep", "fair", "fast", "hard", "high", "late", "long",
    "loud", "low", "near", "quick", "sharp", "slow", "soon", "tight", "wide",
];

/// Verbs of more than one syllable in -l that double it in American spelling too.
const DOUBLE_L: [&str; 20] = [
    "annul", "appal", "cabal", "compel", "control", "corral", "dispel", "distil", "enrol",
    "enthral", "excel", "expel", "extol", "fulfil", "impel", "instil", "patrol", "propel", "rebel",
    "repel",
];

/// Verbs that double a consonant in WordNet's lists but seldom in print.
const SELDOM_DOUBLED: [&str; 5] = ["benefit", "bias", "bus", "combat", "focus"];

pub(super) fn is_uncountable(noun: &str) -> bool {
    UNCOUNTABLE.contains(&noun)
        || noun.ends_with("ness") && !COUNTABLE_NESS.contains(&noun)
        || noun.ends_with("ics") && noun.len() > 5
        || is_plural_already(noun)
}

/// Lemmas such as "years" (old age) and "woods" (forest), beside "year" and "wood".
fn is_plural_already(noun: &str) -> bool {
    let Some(stem) = noun.strip_suffix('s') else {
        return false;
    };
    let wordnet = WordNet::english();
    let is_noun = |lemma| wordnet.parts_of_speech(lemma).contains(PartOfSpeech::Noun);
    stem.len() >= 3 && !stem.ends_with(['s', 'u', 'i']) && wordnet.lemma(stem).is_some_and(is_noun)
}

pub(super) fn is_compound_of_man(noun: &str) -> bool {
    !NO_MEN.contains(&noun) && !noun.starts_with(char::is_uppercase)
}

pub(super) fn takes_oes(noun: &str) -> bool {
    OES.contains(&noun)
}

pub(super) fn is_incomparable(adjective: &str) -> bool {
    INCOMPARABLE.contains(&adjective)
}

pub(super) fn is_comparable_adverb(adverb: &str) -> bool {
    COMPARABLE_ADVERBS.contains(&adverb)
}

pub(super) fn degrees(word: &str) -> Option<(&'static str, &'static str)> {
    let found = DEGREES.iter().find(|(base, ..)| *base == word);
    found.map(|&(_, comparative, superlative)| (comparative, superlative))
}

/// The third person where no rule gives it.
pub(super) fn third_person(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "be" => "is",
        "have" => "has",
        "quiz" => "quizzes",
        "whiz" => "whizzes",
        "gas" => "gasses",
        _ => return None,
    })
}

/// Builds the tables of [`Inflector::english`].
pub(super) fn english() -> Inflector {
    let wordnet = WordNet::english();
    let mut inflector = Inflector {
        plurals: plurals_of_lists(wordnet),
        verbs: HashMap::new(),
        doubling: doubling_of_lists(wordnet),
    };
    for entry in NOUNS.split(';') {
        if let [noun, plural] = words(entry)[..] {
            inflector.plurals.insert(noun.into(), plural.into());
        }
    }
    for entry in VERBS.split(';') {
        if let [verb, past, participle] = words(entry)[..] {
            let principal = Principal {
                past: past.into(),
                participle: participle.into(),
            };
            inflector.verbs.insert(verb.into(), principal);
        }
    }
    inflector.verbs.extend(compounds_of_lists(wordnet));
    inflector
}

fn words(entry: &str) -> Vec<&str> {
    entry.split_ascii_whitespace().collect()
}

/// Form and lemma of every entry of an exception list whose both are single words.
fn entries(wordnet: &WordNet, part_of_speech: PartOfSpeech) -> impl Iterator<Item = (&str, &str)> {
    let forms = wordnet.irregular_forms(part_of_speech);
    let pairs =
        forms.flat_map(move |(form, lemmas)| lemmas.map(move |lemma| (form, wordnet.text(lemma))));
    pairs.filter(|(form, lemma)| !form.contains(' ') && !lemma.contains(' '))
}

/// Plurals that the lists give and that are in use: "wolves", "analyses", "brothers-in-law",
/// "stepchildren". Most of the other entries are learned or archaic ("kine", "fora").
fn plurals_of_lists(wordnet: &WordNet) -> HashMap<Box<str>, Box<str>> {
    let same_stem = |form: &str, lemma: &str, endings: (&str, &str)| {
        lemma
            .strip_suffix(endings.0)
            .is_some_and(|stem| form.strip_suffix(endings.1) == Some(stem))
    };
    let in_use = |form: &str, lemma: &str| {
        let same = |endings| same_stem(form, lemma, endings);
        same(("f", "ves")) && lemma != "turf" && lemma != "beef"
            || same(("fe", "ves"))
            || same(("is", "es")) && lemma.len() > 3
            || same(("child", "children"))
            || same(("foot", "feet"))
            || same(("tooth", "teeth"))
            || same(("mouse", "mice"))
            || lemma.contains('-') && form.len() <= lemma.len() + 3 && !form.contains('\'')
    };
    let entries = entries(wordnet, PartOfSpeech::Noun);
    entries
        .filter(|(form, lemma)| in_use(form, lemma))
        .map(|(form, lemma)| (lemma.into(), form.into()))
        .collect()
}

/// Words of which the lists have a form with the last consonant doubled, or -ck- for -c.
fn doubling_of_lists(wordnet: &WordNet) -> HashSet<Box<str>> {
    let endings = ["ed", "ing", "er", "est"];
    let doubled = |form: &str, lemma: &str| {
        let ending = form.strip_prefix(lemma).unwrap_or("");
        let last = lemma
            .chars()
            .next_back()
            .map(|last| if last == 'c' { 'k' } else { last });
        last.and_then(|last| ending.strip_prefix(last))
            .is_some_and(|rest| endings.contains(&rest))
    };
    let usual = |lemma: &str| {
        let seldom = lemma.ends_with('l') && spelling::syllables(lemma) > 1;
        !SELDOM_DOUBLED.contains(&lemma) && (!seldom || DOUBLE_L.contains(&lemma))
    };
    let verbs = entries(wordnet, PartOfSpeech::Verb);
    let entries = verbs.chain(entries(wordnet, PartOfSpeech::Adjective));
    entries
        .filter(|(form, lemma)| doubled(form, lemma) && usual(lemma))
        .map(|(_, lemma)| lemma.into())
        .collect()
}

/// Verbs that the lists show to go like one of the table: "overtook" makes "overtake" go like
/// "take". Verbs that only begin alike, as "behave" and "have", have no such entry.
fn compounds_of_lists(wordnet: &WordNet) -> HashMap<Box<str>, Principal> {
    let table: Vec<Vec<&str>> = VERBS.split(';').map(words).collect();
    let mut compounds = HashMap::new();
    for (form, lemma) in entries(wordnet, PartOfSpeech::Verb) {
        for row in &table {
            let &[verb, past, participle] = row.as_slice() else {
                continue;
            };
            let Some(prefix) = lemma.strip_suffix(verb).filter(|prefix| !prefix.is_empty()) else {
                continue;
            };
            let rest = form.strip_prefix(prefix);
            let differs = |part| part != verb && rest == Some(part);
            // "begin" is no compound of "gin": the table itself goes first.
            let in_table = table.iter().any(|other| other.first() == Some(&lemma));
            if !in_table && (differs(past) || differs(participle)) {
                let whole = |part: &str| format!("{prefix}{part}").into_boxed_str();
                let principal = Principal {
                    past: whole(past),
                    participle: whole(participle),
                };
                compounds.insert(lemma.into(), principal);
            }
        }
    }
    compounds
}
