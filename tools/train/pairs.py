"""Pairs of sentences: reading, cleaning, and how often each source is drawn.

A file of pairs has a line `source<TAB>English<TAB>German` each, and may be compressed by xz.
"""

import lzma
import random
import re
from typing import NamedTuple

# How often a pair of a source is drawn, beside one of Tatoeba. General language up; what repeats
# itself, and dictionaries and the Bible, whose language is not today's, down.
WEIGHTS = {
    "tatoeba": 1.0,
    "xquad": 4.0,
    "mlqe-pe": 4.0,
    "wesnoth": 1.5,
    "naev": 1.5,
    "flare": 1.0,
    "webwml": 1.0,
    "ding": 0.5,
    "ddtp": 0.5,
    "bible": 0.3,
    "stellarium": 0.3,
}
OTHER = 0.25

LETTER = re.compile(r"[^\W\d_]")
MARKUP = re.compile(r"<[^>]*>|&[a-z]+;|%[0-9$]*[sdifuxc]|\{[^}]*\}|\\[nt]|https?://|__|--\w")


class Pair(NamedTuple):
    """A sentence in both languages, and where it comes from."""

    source: str
    english: str
    german: str


def read(path):
    """All pairs of a file, in its order."""
    opener = lzma.open if str(path).endswith(".xz") else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 3:
                raise SystemExit(f"{path}:{number}: {len(fields)} columns, not 3: source, English, German")
            yield Pair(*fields)


def weight(source):
    """How often a pair of this source is drawn."""
    return WEIGHTS.get(source, OTHER)


def fault(pair):
    """Why a pair teaches the wrong thing; nothing if it does not."""
    english, german = pair.english.strip(), pair.german.strip()
    for text in (english, german):
        letters = len(LETTER.findall(text))
        if letters == 0:
            return "no letter"
        if letters < 0.5 * len(text):
            return "mostly no letters"
        if MARKUP.search(text):
            return "mark-up or a placeholder"
        if len(text) > 600:
            return "long"
    if english == german and len(english.split()) > 2:
        return "not translated"
    longer, shorter = max(len(english), len(german)), min(len(english), len(german))
    if longer > 2.5 * shorter + 15:
        return "lengths do not match"
    digits = [sorted(re.findall(r"\d+", text)) for text in (english, german)]
    if len(digits[0]) != len(digits[1]):
        return "numbers do not match"
    return None


def clean(pairs, report=None):
    """The pairs that are worth learning from, each once; faults are counted in `report`."""
    seen = set()
    for pair in pairs:
        key = (pair.english.strip().casefold(), pair.german.strip().casefold())
        why = "twice" if key in seen else fault(pair)
        if why is None:
            seen.add(key)
            yield Pair(pair.source, pair.english.strip(), pair.german.strip())
        elif report is not None:
            report[pair.source, why] = report.get((pair.source, why), 0) + 1


def shuffled(pairs, seed):
    """The pairs in an order that depends on the seed alone."""
    pairs = list(pairs)
    random.Random(seed).shuffle(pairs)
    return pairs
