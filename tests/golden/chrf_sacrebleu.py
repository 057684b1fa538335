"""Scores of sacrebleu's chrF for pairs of texts, which src/text/chrf.rs has to give as well.

    pip install sacrebleu==2.6.0
    python chrf_sacrebleu.py > chrf_sacrebleu.jsonl
"""

import json
import random

from sacrebleu.metrics import CHRF

PAIRS = [
    ("", ""),
    ("", "something"),
    ("something", ""),
    ("a", "a"),
    ("a", "b"),
    ("ab", "abc"),
    ("The cat is on the mat.", "The cat is on the mat."),
    ("The cat sat on the mat.", "The cat is on the mat."),
    ("the cat is on the mat", "The cat is on the mat."),
    ("There is a cat on the mat.", "The cat is on the mat."),
    ("Completely different words here", "The cat is on the mat."),
    ("  spaces \t and\nlines  ", "spaces and lines"),
    ("Größe", "Grösse"),
    ("naïve café", "naive cafe"),
    ("東京は日本の首都です。", "東京が日本の首都である。"),
    ("привет, мир", "привет мир"),
    ("😀😀😀", "😀😀"),
    ("e\u0301te\u0301", "été"),
    ("aaaaaaaa", "aaaa"),
    ("abababab", "babababa"),
    ("no\u00a0break", "no break"),
    ("12 kg", "12kg"),
    ("word " * 40, "word " * 30),
]

WORDS = "the a film was very good bad and I liked it not really ending music, actors plot. slow!".split()


def sentences():
    generator = random.Random(5)
    for _ in range(40):
        reference = [generator.choice(WORDS) for _ in range(generator.randint(1, 25))]
        hypothesis = [
            generator.choice(WORDS) if generator.random() < 0.3 else word
            for word in reference
            if generator.random() > 0.1
        ]
        yield " ".join(hypothesis), " ".join(reference)


def main():
    metric = CHRF()
    for hypothesis, reference in [*PAIRS, *sentences()]:
        score = metric.sentence_score(hypothesis, [reference]).score
        print(json.dumps([hypothesis, reference, score], ensure_ascii=True))


if __name__ == "__main__":
    main()
