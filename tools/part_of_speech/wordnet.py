"""WordNet's database files as the tagger sees them: lemmas, tag counts, base forms, readings.

A reading of a word form is a lemma with a tag, that is a part of speech with an inflection:

    NB NP           noun: base, plural
    VB VZ VG        verb: base, third person, -ing
    VD VN VP        verb: past, past participle, either of them for the form is the same
    AB AC           adjective: base; comparative or superlative
    RB RC           adverb: base; comparative or superlative

This mirrors `src/text/part_of_speech/readings.rs`, and the golden file holds the two together.
"""

import re
from collections import defaultdict
from pathlib import Path

PARTS = ["noun", "verb", "adj", "adv"]
LETTERS = "NVAR"
TAGS = ["NB", "NP", "VB", "VZ", "VD", "VN", "VP", "VG", "AB", "AC", "RB", "RC"]
RULES = [
    [("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y")],
    [("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")],
    [("er", ""), ("est", ""), ("er", "e"), ("est", "e")],
    [],
]


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if not line.startswith(" ")]


class WordNet:
    def __init__(self, dict_folder, inflection_source):
        folder = Path(dict_folder)
        self.senses = defaultdict(lambda: [[], [], [], []])
        for part, name in enumerate(PARTS):
            for line in lines(folder / f"index.{name}"):
                fields = line.split()
                count = int(fields[2])
                self.senses[fields[0]][part] = [int(offset) for offset in fields[-count:]]
        self.counts = defaultdict(int)
        for line in lines(folder / "index.sense"):
            key, offset, _, count = line.split()
            lemma, rest = key.split("%")
            part = {"1": 0, "2": 1, "3": 2, "5": 2, "4": 3}[rest[0]]
            self.counts[lemma, part, int(offset)] += int(count)
        self.exceptions = []
        for name in PARTS:
            table = {}
            for line in lines(folder / f"{name}.exc"):
                form, *bases = line.split()
                table[form] = bases
            self.exceptions.append(table)
        self.verbs = self._principal_parts(inflection_source)
        self.nouns = dict(
            entry.split() for entry in self._table(inflection_source, "NOUNS")
        )
        self._readings = {}

    @staticmethod
    def _table(path, name):
        """A table of the Rust source, so that there is but one."""
        source = Path(path).read_text(encoding="utf-8")
        body = re.search(rf'const {name}: &str = "(.*?)";', source, re.S).group(1)
        return [entry.strip() for entry in body.split(";")]

    def _principal_parts(self, path):
        table = [entry.split() for entry in self._table(path, "VERBS")]
        verbs = {verb: (past, participle) for verb, past, participle in table}
        compounds = {}
        for form, bases in sorted(self.exceptions[1].items()):
            for lemma in bases:
                if not self.senses.get(lemma, [[]] * 4)[1] or "_" in lemma or "_" in form:
                    continue
                for verb, past, participle in table:
                    prefix = lemma[: -len(verb)]
                    if not lemma.endswith(verb) or not prefix or lemma in verbs:
                        continue
                    differs = [p for p in (past, participle) if p != verb and form == prefix + p]
                    if differs:
                        compounds[lemma] = (prefix + past, prefix + participle)
        return verbs | compounds

    def tag_count(self, lemma, part):
        return sum(self.counts[lemma, part, synset] for synset in self.senses[lemma][part])

    def is_lemma(self, form, part):
        return form in self.senses and bool(self.senses[form][part])

    def morphy(self, form, part):
        found = [form] if self.is_lemma(form, part) else []
        if form in self.exceptions[part]:
            bases = [base for base in self.exceptions[part][form] if self.is_lemma(base, part)]
        else:
            bases = []
            for ending, replacement in RULES[part]:
                if form.endswith(ending):
                    base = form[: len(form) - len(ending)] + replacement
                    if self.is_lemma(base, part):
                        bases.append(base)
        return list(dict.fromkeys(found + bases))

    def tags(self, form, lemma, part):
        """The tags of `form` as a form of `lemma`, which morphy has found."""
        if part == 0:
            if form != lemma:
                return ["NP"]
            return ["NB", "NP"] if self.nouns.get(lemma) == form else ["NB"]
        if part == 1:
            past, participle = self.verbs.get(lemma, (None, None))
            if form == lemma:
                tags = ["VB"]
            elif lemma == "be" and form in ("am", "are", "were"):
                return []
            elif form in (past, participle):
                tags = []
            elif form.endswith("ing"):
                return ["VG"]
            elif form.endswith("s"):
                return ["VZ"]
            else:
                return ["VP"]
            if form == past == participle:
                return tags + ["VP"]
            return tags + ["VD"] * (form == past) + ["VN"] * (form == participle)
        letter = LETTERS[part]
        if form == lemma:
            return [letter + "B"]
        compares = form.endswith(("st", "r", "re")) or form in ("worse", "less")
        return [letter + "C"] if compares else []

    def readings(self, form):
        """All readings of a lower-case form: lemma, part of speech, tag, tag count, senses."""
        if form not in self._readings:
            self._readings[form] = [
                (lemma, part, tag, self.tag_count(lemma, part), len(self.senses[lemma][part]))
                for part in range(4)
                for lemma in self.morphy(form, part)
                for tag in self.tags(form, lemma, part)
            ]
        return self._readings[form]
