"""Augments texts with nlpaug and textaugment, for `cargo bench --bench operators`.

    pip install -r requirements.txt                                   # beside this script, pinned
    python nltk_data.py --out NLTK_DATA                               # once
    NLTK_DATA=NLTK_DATA python augmenters.py SHARD.parquet
    # nlpaug==1.1.11 textaugment==3.0.0 nltk==3.10.4

SHARD has the column `text`; all its texts are in memory, as a list, before anything is timed. After
`ready`, each line on standard input names one of METHODS and for how many seconds to run it. The
answer is how many texts it did, and the seconds that this took, by the clock and of the processor.

Each method is given what makes it do the work of our operator, at the rate of one word in ten, and what
makes it fastest: nlpaug gets lists, textaugment, which takes no lists, one text after the other. One
thread; the texts come in the order of the file, over and over.
"""

import importlib.metadata
import sys
import time

import nltk
import pyarrow.parquet

PINNED = {"nlpaug": "1.1.11", "textaugment": "3.0.0", "nltk": "3.10.4"}
# Texts between looks at the clock.
CHUNK = 128


def check_versions():
    for package, expected in PINNED.items():
        found = importlib.metadata.version(package)
        if found != expected:
            sys.exit(f"expected {package} {expected}, found {found}")


def words_in_ten(text):
    return max(1, round(text.count(" ") / 10))


def textaugment_methods():
    from textaugment import EDA

    eda = EDA()
    return {
        "textaugment.random_deletion": one_by_one(lambda text, _: eda.random_deletion(text, p=0.1)),
        "textaugment.random_swap": one_by_one(lambda text, n: eda.random_swap(text, n=n)),
        "textaugment.synonym_replacement": one_by_one(
            lambda text, n: eda.synonym_replacement(text, n=n)
        ),
    }


def one_by_one(function):
    def augment(texts, numbers):
        return [function(text, number) for text, number in zip(texts, numbers)]

    return augment


def nlpaug_methods():
    import nlpaug.augmenter.char as characters
    import nlpaug.augmenter.word as words

    augmenters = {
        "nlpaug.RandomWordAug.delete": words.RandomWordAug(action="delete", aug_p=0.1),
        "nlpaug.RandomWordAug.swap": words.RandomWordAug(action="swap", aug_p=0.1),
        "nlpaug.SynonymAug": words.SynonymAug(aug_src="wordnet", aug_p=0.1),
        "nlpaug.KeyboardAug": characters.KeyboardAug(aug_word_p=0.1),
    }
    return {name: in_lists(augmenter) for name, augmenter in augmenters.items()}


def in_lists(augmenter):
    return lambda texts, _: augmenter.augment(texts)


def run(method, chunks, seconds):
    texts = 0
    wall, processor = time.perf_counter(), time.process_time()
    while True:
        for chunk in chunks:
            made = method(*chunk)
            if len(made) != len(chunk[0]):
                sys.exit(f"{len(chunk[0])} texts in, {len(made)} out")
            texts += len(made)
            took = time.perf_counter() - wall
            if took >= seconds:
                return texts, took, time.process_time() - processor


def main():
    check_versions()
    # Neither package asks whether its data are there already.
    nltk.download = lambda *_, **__: True
    methods = textaugment_methods() | nlpaug_methods()
    texts = pyarrow.parquet.read_table(sys.argv[1], columns=["text"])["text"].to_pylist()
    numbers = [words_in_ten(text) for text in texts]
    chunks = [
        (texts[start : start + CHUNK], numbers[start : start + CHUNK])
        for start in range(0, len(texts), CHUNK)
    ]
    # WordNet and the tagger are loaded when they are first used.
    for method in methods.values():
        method(*chunks[0])

    print("ready", flush=True)
    for line in sys.stdin:
        name, seconds = line.split()
        print(*run(methods[name], chunks, float(seconds)), flush=True)


if __name__ == "__main__":
    main()
