"""Writes what NLTK's WordNet reader says about some thousands of words.

    python wordnet_nltk.py DICT OUTPUT        # nltk==3.9.1

DICT is the folder the blob is made from (resources/wordnet/README.md). One line per word and part of
speech, fields parted by tabs:

    word, part of speech (n v a r), all base forms by morphy, then a field for each sense of the word
    itself in order: its tag count and the names of the synset's members

Base forms and members are parted by spaces; words are written with underscores.
"""

import os
import random
import shutil
import sys
import tempfile
import warnings

from nltk import __version__ as NLTK_VERSION
from nltk.corpus.reader.wordnet import WordNetCorpusReader

PINNED_NLTK = "3.9.1"
PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SEED = 20260101

# Forms that a reader is likely to get wrong.
ODDITIES = """
'hood .22 .22-caliber 0 1 10 100 1000 24/7 4-h_club 9/11 a a_cappella a.d. a.m. aardwolves ain't am an
are as at b be been being best better boxes buses but by can cannot can't cat-o'-nine-tails children
churches data dice did died dies do does doing don't done dying e.g. ed er est ing s es ies men ses
ves zes xes ches shes elder eldest far farther farthest feet fewer fez fezzes further furthest geese
glass glasses gone good had halves has have he her hers him his i ice_cream ice_creams if in
in_the_first_place indices inning is it its jack-of-all-trades lay leaf leaves least less lice lie lies
lying ma'am man-of-war matrices me media men-of-war mice mine more most mother-in-law mothers-in-law
much my news no o'clock of off offer on one or our oxen passers-by people phenomena quizzes ran saw
seen series she shelves sheep so species spectra spun than that the their them then there they thieves
this those thou tied ties to too u.s. u.s.a. under up us very was washington_d.c. we well went were what
who whom whose will wolves women won't worse worst would x-ray x-rays xmas yes you your youre your's
café naïve façade über zzz zzzs zzzing ss sss sing king bling ring thing things bed red reds red-hot
asleep afraid galore elect big little aurar diastemata involucra sudatoria appalled caddies dowier
""".split()


def corpus_folder(dict_folder, folder):
    """Completes the files of DICT with those that the reader wants and the sources lack."""
    for name in os.listdir(dict_folder):
        shutil.copy(os.path.join(dict_folder, name), folder)
    # Names only serve for display here; 45 lexicographer files exist (lexnames(5WN)).
    with open(os.path.join(folder, "lexnames"), "w") as out:
        for number in range(45):
            out.write(f"{number:02}\tfile{number}\t0\n")
    # cntlist.rev is index.sense without the offsets: key, sense number, tag count.
    with open(os.path.join(folder, "index.sense")) as senses:
        with open(os.path.join(folder, "cntlist.rev"), "w") as out:
            for line in senses:
                key, _, number, count = line.split()
                if count != "0":
                    out.write(f"{key} {number} {count}\n")


def spoiled(word):
    """Naive inflections, right and wrong ones alike."""
    yield word + "s"
    yield word + "es"
    yield word.rstrip("e") + "ed"
    yield word.rstrip("e") + "ing"
    yield word.rstrip("e") + "er"
    yield word.rstrip("e") + "est"
    if word.endswith("y"):
        yield word[:-1] + "ies"
    if word.endswith("f"):
        yield word[:-1] + "ves"
    if word.endswith("man"):
        yield word[:-3] + "men"


def choose_words(wordnet, dict_folder):
    chance = random.Random(SEED)
    lemmas = sorted(wordnet.all_lemma_names())
    frequency = {}
    with open(os.path.join(dict_folder, "index.sense")) as senses:
        for line in senses:
            key, _, _, count = line.split()
            lemma = key.split("%")[0]
            frequency[lemma] = frequency.get(lemma, 0) + int(count)
    frequent = sorted(frequency, key=lambda lemma: (-frequency[lemma], lemma))
    words = set(ODDITIES)
    words.update(frequent[:700])
    for word in chance.sample([word for word in frequent[:4000] if "_" not in word], 150):
        words.update(spoiled(word))
    for part in PARTS.values():
        with open(os.path.join(dict_folder, f"{part}.exc")) as lines:
            forms = [line.split()[0] for line in lines]
        words.update(chance.sample(forms, min(150, len(forms))))
    for part in PARTS:
        of_part = sorted(set(wordnet.all_lemma_names(pos=part)))
        words.update(chance.sample(of_part, 150))
    words.update(chance.sample([lemma for lemma in lemmas if "_" in lemma], 200))
    words.update(lemma + "s" for lemma in chance.sample(lemmas, 100))
    return sorted(words)


def describe(wordnet, word, part):
    fields = [word, part, " ".join(wordnet._morphy(word, part))]
    for offset in wordnet._lemma_pos_offset_map.get(word, {}).get(part, []):
        synset = wordnet.synset_from_pos_and_offset(part, offset)
        lemma = next(lemma for lemma in synset.lemmas() if lemma.name().lower() == word)
        fields.append(" ".join([str(lemma.count()), *synset.lemma_names()]))
    return "\t".join(fields)


def main(dict_folder, output):
    if NLTK_VERSION != PINNED_NLTK:
        sys.exit(f"nltk {PINNED_NLTK} is wanted, this is {NLTK_VERSION}")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        corpus_folder(dict_folder, folder)
        # Sense keys of other versions are not at stake: without this the reader looks for them.
        WordNetCorpusReader.map_wn = lambda self, version="wordnet": None
        wordnet = WordNetCorpusReader(folder, None)
        words = choose_words(wordnet, dict_folder)
        with open(output, "w", encoding="utf-8", newline="\n") as out:
            for word in words:
                for part in PARTS:
                    out.write(describe(wordnet, word, part) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
