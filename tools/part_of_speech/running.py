"""Contexts of words of one part of speech in running text, which nobody has tagged.

What stands around "movie", "decide" and "quickly" tells what stands around nouns, verbs and adverbs,
as often as it does so in text. The other tags that a word of this shape could have had are what the
context has to decide against. Likewise "wrote" and "written" teach what stands around a past and
around a participle, for all the verbs in which both look the same.
"""

from context import WORD

SHAPES = [
    ("ing", ("VG", "NB", "AB")),
    ("ed", ("VD", "VN", "VP", "AB")),
    ("ly", ("RB", "AB")),
    ("er", ("NB", "VB", "AC", "RC")),
    ("s", ("NP", "VZ")),
    ("", ("NB", "VB", "AB", "RB")),
]
# A part of speech counts as the only one from this share of the tags on.
CLEAR = 0.97


def shape_of(form, tags):
    """The shape of a form: its number in SHAPES."""
    if tags in ({"VD"}, {"VN"}):
        return 1
    for number, (ending, _) in enumerate(SHAPES):
        if form.endswith(ending) and not (ending == "s" and form.endswith("ss")):
            return number


def clear_tags(readings):
    """The tags of the one part of speech of a word; none where there are several."""
    counts = {}
    for lemma, part, _, count, _ in readings:
        counts[part] = max(counts.get(part, 0), count)
    if not counts:
        return None
    part = max(counts, key=counts.get)
    if len(counts) > 1 and counts[part] < max(10, CLEAR * sum(counts.values())):
        return None
    return {reading[2] for reading in readings if reading[1] == part}


def contexts(wordnet, texts, stop_words):
    """Text, start, end, number of the shape, right tags: of each clear word."""
    for text in texts:
        for match in WORD.finditer(text):
            form = match.group().lower()
            beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
            if form in stop_words or any(c.isalnum() or c in "-'’_" for c in beside):
                continue
            if match.group()[0].isupper() and match.start() > 0:
                continue
            tags = clear_tags(wordnet.readings(form))
            if not tags:
                continue
            shape = shape_of(form, tags)
            right = tags & set(SHAPES[shape][1])
            if right:
                yield text, match.start(), match.end(), shape, right
