"""What stands around a word, as classes. Mirrors `src/text/part_of_speech/{context,classes}.rs`."""

import re

# Each is a class of its own.
FUNCTION_WORDS = """
a an the this that these those some any no every each all both either neither another other such
what which who whom whose when where why how whether
i you he she it we they me him her us them my your his its our their mine yours hers ours theirs
myself yourself himself herself itself ourselves themselves one ones nobody nothing something
anything everything somebody someone anyone everyone none
of in on at to for from with without by about into onto over under up down out off through during
against between among across along around behind beyond near toward towards upon within after before
since until till than as like per via despite except inside outside above below beside besides
and or but nor so yet if because although though while unless
be is am are was were been being have has had having do does did doing done
can could will would shall should may might must ought cannot let
not never very too quite rather really just only also even still already always often sometimes
usually ever here there now then again more most less least much many few little well far away back
almost enough perhaps soon once twice together however
get gets got getting go goes went going gone make makes made making take takes took
keep keeps kept become becomes became seem seems seemed look looks looked feel feels felt
want wants wanted try tries tried need needs
two three four first last next same own
""".split()

OTHER_CLASSES = """
<edge> <,> <;> <quote> <open> <close> <dash> <mark> <number> <name> <possessive>
<?> <?s> <?ed> <?ing> <?ly>
""".split()

TAG_CLASSES = [
    f"<{tag}{doubt}>"
    for tag in "NB NP VB VZ VD VN VP VG AB AC RB RC".split()
    for doubt in ("", "?")
]
CLASSES = FUNCTION_WORDS + OTHER_CLASSES + TAG_CLASSES
FUNCTIONS = set(FUNCTION_WORDS)

MARKS = {
    ".": "<edge>", "!": "<edge>", "?": "<edge>", "…": "<edge>", "\n": "<edge>", "\r": "<edge>",
    ",": "<,>", ";": "<;>", ":": "<;>",
    '"': "<quote>", "“": "<quote>", "”": "<quote>", "‘": "<quote>", "'": "<quote>", "’": "<quote>", "`": "<quote>",
    "(": "<open>", "[": "<open>", "{": "<open>", ")": "<close>", "]": "<close>", "}": "<close>",
    "-": "<dash>", "–": "<dash>", "—": "<dash>",
}  # fmt: skip

ENDINGS = [
    "ing", "ed", "ly", "ness", "tion", "sion", "ment", "ity", "ous", "ive", "ful", "less", "able",
    "ible", "ical", "al", "ic", "ary", "ant", "ent", "ate", "ize", "ise", "ish", "age", "ance",
    "ence", "est", "er", "or", "y", "s", "e",
]  # fmt: skip


def is_word_character(c):
    return c.isalnum() or c in "_'’"


def before(text, place):
    """What stands before `place`: a mark or a word, and where it begins."""
    while place > 0 and text[place - 1] in " \t":
        place -= 1
    if place == 0:
        return "<edge>", "", place
    start = place
    while start > 0 and is_word_character(text[start - 1]):
        start -= 1
    word = text[start:place]
    if not word.strip("'’_"):
        return MARKS.get(text[place - 1], "<mark>"), "", place - 1
    return None, word.strip("'’"), start


def after(text, place):
    """What stands after `place`."""
    while place < len(text) and text[place] in " \t":
        place += 1
    if place == len(text):
        return "<edge>", ""
    end = place
    while end < len(text) and is_word_character(text[end]):
        end += 1
    word = text[place:end]
    if not word.strip("'’_"):
        return MARKS.get(text[place], "<mark>"), ""
    return None, word.strip("'’")


def contraction(word):
    """The word as which a contraction counts."""
    stem, mark, tail = word.partition("'")
    if not mark:
        return None
    if tail == "t" and stem.endswith("n"):
        verb = stem[:-1]
        if verb in ("is", "are", "was", "were", "ai"):
            return "is"
        if verb in ("have", "has", "had"):
            return "have"
        return "can"
    if tail == "s" and stem in ("it", "that", "he", "she", "there", "what", "here", "who", "this"):
        return "is"
    return {"s": "<possessive>", "": "<possessive>", "m": "is", "re": "is", "ve": "have", "ll": "will", "d": "would"}.get(tail, "<?>")


def dominant(readings):
    """The class of a word by its likeliest reading, with doubt unless nine tenths speak for its
    part of speech."""
    best = max(readings, key=lambda reading: (reading[3], reading[4]))
    counts = {}
    for lemma, part, _, count, _ in readings:
        counts[lemma, part] = count
    total = sum(counts.values())
    of_part = sum(count for (_, part), count in counts.items() if part == best[1])
    alone = all(reading[1] == best[1] for reading in readings)
    certain = alone or of_part * 10 >= total * 9 and total > 0
    return f"<{best[2]}{'' if certain else '?'}>"


def word_class(wordnet, word):
    lower = word.replace("’", "'").lower()
    if lower in FUNCTIONS:
        return lower
    if word[0] in "0123456789":
        return "<number>"
    if found := contraction(lower):
        return found
    if word[0].isupper() and not word[1:2].isupper():
        return "<name>"
    if not lower.isascii():
        return "<?>"
    if readings := wordnet.readings(lower):
        return dominant(readings)
    for ending in ("ing", "ed", "ly", "s"):
        if lower.endswith(ending):
            return f"<?{ending}>"
    return "<?>"


def ending(form):
    for number, ending in enumerate(ENDINGS):
        if form.endswith(ending):
            return number
    return len(ENDINGS)


def classes(wordnet, text, start, end):
    """Classes of the word before, of the one before that, and of the one after."""
    mark, word, place = before(text, start)
    first = mark or word_class(wordnet, word)
    if first == "<edge>":
        second = "<edge>"
    else:
        mark, word, _ = before(text, place)
        second = mark or word_class(wordnet, word)
    mark, word = after(text, end)
    third = mark or word_class(wordnet, word)
    return first, second, third


WORD = re.compile(r"[A-Za-z]+")
