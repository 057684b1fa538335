"""The example sentences in WordNet's glosses: each holds a word of its synset, whose part of speech
is therefore known."""

import hashlib
import re
from collections import namedtuple
from pathlib import Path

from context import WORD
from wordnet import PARTS, lines

# A word in a sentence, its part of speech, how often its lemma was tagged with the sense.
Example = namedtuple("Example", "synset text start end part lemma count")

QUOTED = re.compile(r'"([^"]+)"')


def examples(wordnet, folder):
    found = []
    for part, name in enumerate(PARTS):
        for line in lines(Path(folder) / f"data.{name}"):
            data, _, gloss = line.partition(" | ")
            fields = data.split()
            offset, count = int(fields[0]), int(fields[3], 16)
            members = {re.sub(r"\(.*\)", "", fields[4 + 2 * i]).lower() for i in range(count)}
            for text in QUOTED.findall(gloss):
                text = text.strip()
                hits = []
                for match in WORD.finditer(text):
                    beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
                    if re.search(r"[-'’\w]", beside):
                        continue
                    for lemma in wordnet.morphy(match.group().lower(), part):
                        if lemma in members:
                            hits.append((match, lemma))
                            break
                if len(hits) == 1:
                    match, lemma = hits[0]
                    tagged = wordnet.counts[lemma, part, offset]
                    found.append(Example(f"{name} {offset}", text, match.start(), match.end(), part, lemma, tagged))
    return found


def held_out(example):
    """One synset in five, by a hash of it, is for the test alone."""
    return hashlib.sha256(example.synset.encode()).digest()[0] < 51
