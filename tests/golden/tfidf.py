"""Writes tfidf.tsv: the probabilities of UDA's TF-IDF word replacement for a few texts.

By the formulas of Xie et al., "Unsupervised Data Augmentation for Consistency Training" (2020),
section 2.2 and appendix, in plain floating point. Python 3, no packages: python3 tfidf.py
"""

from collections import Counter
from math import log
from pathlib import Path

TEXTS = [
    "the film was weary",
    "the film was long the film was loud and the end was the end",
    "the film of the week was the bore of the year",
    "the cast the crew the score",
]


def main():
    documents = [text.split() for text in TEXTS]
    frequency = Counter(word for document in documents for word in set(document))
    idf = {word: log(len(documents) / count) for word, count in frequency.items()}

    # How likely each word is drawn as a new one.
    telling = dict.fromkeys(idf, 0.0)
    for document in documents:
        for word, count in Counter(document).items():
            telling[word] += count / len(document) * idf[word]
    odds = {word: max(telling.values()) - value for word, value in telling.items()}
    lines = [f"text\t{text}" for text in TEXTS]
    lines += [f"drawn\t{word}\t{odds[word] / sum(odds.values()):.9f}" for word in sorted(odds)]

    # How likely each place is the first to be replaced.
    for number, document in enumerate(documents):
        counts = Counter(document)
        values = [counts[word] / len(document) * idf[word] for word in document]
        odds = [max(values) - value for value in values]
        lines += [
            f"replaced\t{number}\t{place}\t{odd / sum(odds):.9f}" for place, odd in enumerate(odds)
        ]
    Path(__file__).with_suffix(".tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
