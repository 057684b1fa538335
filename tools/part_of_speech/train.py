"""Trains the part-of-speech tagger on the example sentences of WordNet's glosses.

    python tools/part_of_speech/train.py DICT

`DICT` is made as `resources/wordnet/README.md` tells. Needs numpy==2.4.6 and pyarrow==26.0.1. Writes
`resources/part_of_speech/weights.tsv` and `tests/golden/part_of_speech.tsv`, the same bytes every
time on one machine, and prints the accuracies that the module's documentation states.
`--validate` trains on four fifths of the training set and prints accuracies on the fifth.

The first model, over the readings of a word, learns from the examples, and from contexts of words
of one part of speech in running text: the first three shards of `resources/sample`. The second, for
forms that are both past and participle, learns from verbs in both whose forms differ.
"""

import hashlib
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from context import CLASSES, ENDINGS, WORD, classes, ending
from examples import examples, held_out
from running import SHAPES, contexts
from wordnet import LETTERS, TAGS, WordNet

ROOT = Path(__file__).resolve().parents[2]
INFLECTION = ROOT / "src/text/inflection/irregular.rs"
SCALE = 64
RIDGE = 0.7
STEPS = 400

CLASS = {name: number for number, name in enumerate(CLASSES)}
TAG = {name: number for number, name in enumerate(TAGS)}
T, C, E = len(TAGS), len(CLASSES), len(ENDINGS) + 1
# Columns of the parameter vector.
PREVIOUS, SECOND, NEXT = 0, C * T, 2 * C * T
ENDING = 3 * C * T
BIAS = ENDING + E * T
COUNT, SENSES = BIAS + T, BIAS + T + 4
# Of use in training only: how often words of a shape are what.
SHAPE = SENSES + 4
SIZE = SHAPE + len(SHAPES) * T
# What a word of running text counts.
RUNNING = 0.2
# The second model: whether a form that is both is a past (positive) or a participle.
PAST_SIZE = 3 * C + 1


def log2(number):
    """The binary logarithm in sixteenths, by straight lines between powers of two."""
    bits = number.bit_length() - 1
    return 16 * bits + ((number << 4 >> bits) - 16)


def features(readings, form, around):
    """The active features of each reading: indices with value 1, and the two numbers."""
    first, second, third = (CLASS[name] for name in around)
    suffix = ending(form)
    rows = []
    for _, part, tag, count, senses in readings:
        t = TAG[tag]
        ones = [PREVIOUS + first * T + t, SECOND + second * T + t, NEXT + third * T + t, ENDING + suffix * T + t, BIAS + t]
        numbers = [(COUNT + part, log2(2 * count + 1)), (SENSES + part, log2(senses))]
        rows.append((ones, numbers))
    return rows


def weights_of(data):
    """Within a form, examples count as often as their senses do in text; forms count alike."""
    total, number = defaultdict(float), Counter()
    for example in data:
        form = example.text[example.start : example.end].lower()
        total[form] += example.count + 0.5
        number[form] += 1
    result = []
    for example in data:
        form = example.text[example.start : example.end].lower()
        result.append((example.count + 0.5) / total[form] * number[form])
    return result


def prepare(wordnet, data, texts, stop_words):
    ones, numbers, owner, right, weight = [], [], [], [], []
    kept = 0
    for example, example_weight in zip(data, weights_of(data)):
        form = example.text[example.start : example.end].lower()
        readings = wordnet.readings(form)
        good = [r[0] == example.lemma and r[1] == example.part for r in readings]
        if all(good) or not any(good):
            continue
        for (active, values), is_right in zip(features(readings, form, classes(wordnet, example.text, example.start, example.end)), good):
            ones.append(active)
            numbers.append(values)
            owner.append(kept)
            right.append(is_right)
        weight.append(example_weight)
        kept += 1
    for text, start, end, shape, good in contexts(wordnet, texts, stop_words):
        first, second, third = (CLASS[name] for name in classes(wordnet, text, start, end))
        for tag in SHAPES[shape][1]:
            t = TAG[tag]
            ones.append([PREVIOUS + first * T + t, SECOND + second * T + t, NEXT + third * T + t, SHAPE + shape * T + t, SHAPE + shape * T + t])
            numbers.append([(COUNT, 0), (COUNT, 0)])
            owner.append(kept)
            right.append(tag in good)
        weight.append(RUNNING)
        kept += 1
    columns = np.array(ones)
    value_columns = np.array([[c for c, _ in row] for row in numbers])
    values = np.array([[v / 16 for _, v in row] for row in numbers])
    return columns, value_columns, values, np.array(owner), np.array(right), np.array(weight)


def train_past(wordnet, texts):
    """Logistic regression over the contexts of verbs whose past and participle differ."""
    rows, past = [], []
    for text in texts:
        for match in WORD.finditer(text):
            readings = wordnet.readings(match.group().lower())
            tags = {reading[2] for reading in readings}
            if tags & {"VD", "VN"} and len(tags & {"VD", "VN", "VB", "VP"}) == 1:
                if len(tags) > 1 and "VN" not in tags:
                    continue
                around = classes(wordnet, text, match.start(), match.end())
                rows.append([CLASS[name] + k * C for k, name in enumerate(around)] + [3 * C])
                past.append("VD" in tags)
    rows, past = np.array(rows), np.array(past)
    parameters = np.zeros(PAST_SIZE)
    first, second = np.zeros(PAST_SIZE), np.zeros(PAST_SIZE)
    for step in range(1, STEPS + 1):
        probability = 1 / (1 + np.exp(-parameters[rows].sum(axis=1)))
        gradient = RIDGE * parameters
        for k in range(rows.shape[1]):
            gradient += np.bincount(rows[:, k], probability - past, PAST_SIZE)
        first, second, parameters = adam(step, first, second, parameters, gradient)
    return np.rint(parameters * SCALE).astype(int)


def adam(step, first, second, parameters, gradient):
    first = 0.9 * first + 0.1 * gradient
    second = 0.999 * second + 0.001 * gradient * gradient
    rate = 0.05 * min(1.0, 2 - 2 * step / (STEPS + 1))
    change = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return first, second, parameters - rate * change


def past_score(past_parameters, around):
    """What speaks for a past, and if negative for a participle, where a form is both."""
    return sum(int(past_parameters[CLASS[name] + k * C]) for k, name in enumerate(around)) + int(past_parameters[3 * C])


def train(prepared):
    columns, value_columns, values, owner, right, weight = prepared
    parameters = np.zeros(SIZE)
    parameters[COUNT : COUNT + 4] = 0.5
    count = len(weight)
    first, second = np.zeros(SIZE), np.zeros(SIZE)
    row_weight = weight[owner]
    for step in range(1, STEPS + 1):
        scores = parameters[columns].sum(axis=1) + (parameters[value_columns] * values).sum(axis=1)
        top = np.full(count, -np.inf)
        np.maximum.at(top, owner, scores)
        exponentials = np.exp(scores - top[owner])
        total = np.bincount(owner, exponentials, count)
        good = np.bincount(owner, exponentials * right, count)
        gradient_rows = row_weight * (exponentials / total[owner] - exponentials * right / good[owner])
        gradient = np.zeros(SIZE)
        for k in range(columns.shape[1]):
            gradient += np.bincount(columns[:, k], gradient_rows, SIZE)
        for k in range(value_columns.shape[1]):
            gradient += np.bincount(value_columns[:, k], gradient_rows * values[:, k], SIZE)
        penalty = RIDGE * parameters
        penalty[BIAS:] *= 0.05
        gradient += penalty
        first, second, parameters = adam(step, first, second, parameters, gradient)
    return np.rint(parameters * SCALE).astype(int)


def score(parameters, readings, form, around):
    result = []
    for ones, numbers in features(readings, form, around):
        whole = sum(int(parameters[one]) for one in ones)
        result.append(whole + sum(int(parameters[c]) * v for c, v in numbers) // 16)
    return result


def best(parameters, readings, form, around):
    scores = score(parameters, readings, form, around)
    return readings[scores.index(max(scores))]


# What the accuracies are compared with.
DETERMINERS = set("a an another any each every her his its my no our some that the their these this those very whose your".split())
VERB_MARKERS = set("can cannot could did do does don't may might must shall should to will won't would".split())


def most_frequent(readings):
    return max(readings, key=lambda r: r[3])


def rule_of_one_word(readings, previous):
    """The rule that the tagger took the place of."""
    found = [r for r in readings if not (r[1] == 1 and previous in DETERMINERS)]
    if not found:
        return None
    return max(found, key=lambda r: r[3] + 1_000_000 * (r[1] == 1 and previous in VERB_MARKERS))


def accuracy(wordnet, parameters, cases):
    """Shares of words whose part of speech is right: all, ambiguous; by frequency, rule, tagger.
    Each case: text, start, end, part of speech, weight."""
    right, total = Counter(), Counter()
    for text, start, end, part, weight in cases:
        form = text[start:end].lower()
        readings = wordnet.readings(form)
        if not any(reading[1] == part for reading in readings):
            continue
        around = classes(wordnet, text, start, end)
        ambiguous = len({reading[1] for reading in readings}) > 1
        previous = around[0]
        rule = rule_of_one_word(readings, previous)
        answers = {
            "frequency": most_frequent(readings)[1] == part,
            "rule": rule is not None and rule[1] == part,
            "tagger": best(parameters, readings, form, around)[1] == part,
        }
        for name, is_right in answers.items():
            for group in ["all"] + ["ambiguous"] * ambiguous:
                right[group, name] += weight * is_right
                total[group, name] += weight
    return {key: right[key] / total[key] for key in total}, total


def show(title, result):
    shares, total = result
    print(title)
    for group in ("all", "ambiguous"):
        row = "  ".join(f"{name} {shares[group, name]:.4f}" for name in ("frequency", "rule", "tagger"))
        print(f"  {group:10} {total[group, 'tagger']:9.0f}  {row}")


def cases(data, weighted=False):
    weight = weights_of(data) if weighted else [1] * len(data)
    return [(e.text, e.start, e.end, e.part, w) for e, w in zip(data, weight)]


def write_weights(parameters, past_parameters):
    """One line for each class in each place, for each ending and so on, with a column for each tag
    and, for classes, one more for past against participle."""
    out = ["\t".join(["place", "class", *TAGS, "past"])]

    def line(kind, name, values):
        out.append(f"{kind}\t{name}\t" + "\t".join(str(int(v)) for v in values))

    for k, (kind, start) in enumerate([("before", PREVIOUS), ("second", SECOND), ("after", NEXT)]):
        for number, name in enumerate(CLASSES):
            first = start + number * T
            line(kind, name, [*parameters[first : first + T], past_parameters[k * C + number]])
    for number, name in enumerate(ENDINGS + [""]):
        first = ENDING + number * T
        line("ending", name, parameters[first : first + T])
    line("bias", "", [*parameters[BIAS : BIAS + T], past_parameters[3 * C]])
    line("count", "", parameters[COUNT : COUNT + 4])
    line("senses", "", parameters[SENSES : SENSES + 4])
    target = ROOT / "resources/part_of_speech/weights.tsv"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(out) + "\n", encoding="utf-8")


def write_golden(wordnet, parameters, past_parameters, data):
    """Some of the held-out examples, with the scores of all readings."""
    out = []
    for example in data:
        digest = hashlib.sha256(example.text.encode()).digest()
        if digest[1] >= 24:
            continue
        form = example.text[example.start : example.end].lower()
        readings = wordnet.readings(form)
        if len({reading[1] for reading in readings}) < 2:
            continue
        around = classes(wordnet, example.text, example.start, example.end)
        scores = score(parameters, readings, form, around)
        start = len(example.text[: example.start].encode())
        end = start + len(form.encode())
        listed = " ".join(f"{r[0]}/{r[2]}:{s}" for r, s in zip(readings, scores))
        past = past_score(past_parameters, around)
        out.append(f"{example.text}\t{start}\t{end}\t{LETTERS[example.part]}\t{listed}\t{past}")
    target = ROOT / "tests/golden/part_of_speech.tsv"
    target.write_text("\n".join(out) + "\n", encoding="utf-8")


def stop_words():
    """The list of the Rust source, so that there is but one."""
    source = (ROOT / "src/text/stop_words.rs").read_text(encoding="utf-8")
    return set(re.findall('"([a-z]+)"', source))


def running_text():
    texts = []
    for shard in range(3):
        table = pq.read_table(ROOT / f"resources/sample/reviews-0000{shard}-of-00004.parquet")
        texts += table["text"].to_pylist()
    return texts


def main():
    wordnet = WordNet(sys.argv[1], INFLECTION)
    data = examples(wordnet, sys.argv[1])
    texts = running_text()
    training = [e for e in data if not held_out(e)]
    test = [e for e in data if held_out(e)]
    print(f"{len(training)} examples to train on, {len(test)} held out, {len(texts)} texts")
    if "--validate" in sys.argv:
        fold = lambda e: hashlib.sha256(b"fold" + e.synset.encode()).digest()[0] % 5 == 0
        parameters = train(prepare(wordnet, [e for e in training if not fold(e)], texts, stop_words()))
        dev = [e for e in training if fold(e)]
        show("validation", accuracy(wordnet, parameters, cases(dev)))
        show("validation, weighted by frequency of senses", accuracy(wordnet, parameters, cases(dev, True)))
        return
    parameters = train(prepare(wordnet, training, texts, stop_words()))
    # Reviews have few pasts, examples have few participles.
    past_parameters = train_past(wordnet, texts + [e.text for e in training])
    write_weights(parameters, past_parameters)
    write_golden(wordnet, parameters, past_parameters, test)
    show("held-out examples", accuracy(wordnet, parameters, cases(test)))
    show("held-out examples, weighted by frequency of senses", accuracy(wordnet, parameters, cases(test, True)))


if __name__ == "__main__":
    main()
