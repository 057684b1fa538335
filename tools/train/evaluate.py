#!/usr/bin/env python3
"""BLEU and chrF of a model by source, as a table, by sacrebleu.

    evaluate.py --model run/en-de/model --direction en-de test.tsv ntrex.tsv
    evaluate.py --model builtin:en-de --direction en-de --translate TRANSLATE --beams 1 test.tsv

Without `--translate` the model is a folder and runs in 32 bits in `transformers`. With it the program
`TRANSLATE` translates, with whatever precision the model has:

    cargo build --release --example translate     # makes target/release/examples/translate
"""

import argparse
import subprocess
from pathlib import Path

import sacrebleu

import pairs as corpus


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--direction", required=True, choices=["en-de", "de-en"])
    parser.add_argument("--translate", help="the example of this project that translates lines")
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--sources", help="comma-separated; all by default")
    parser.add_argument("--most", type=int, help="the first so many pairs of each source")
    return parser.parse_args()


def by_transformers(model, beams, sentences):
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(model)
    network = MarianMTModel.from_pretrained(model, dtype=torch.float32).eval()
    # Sentences of like length together.
    order = sorted(range(len(sentences)), key=lambda number: len(sentences[number]))
    translations = [""] * len(sentences)
    for first in range(0, len(order), 32):
        rows = order[first : first + 32]
        batch = tokenizer([sentences[row] for row in rows], return_tensors="pt", padding=True,
                          truncation=True, max_length=256)
        with torch.no_grad():
            made = network.generate(**batch, num_beams=beams, max_length=256)
        for row, text in zip(rows, tokenizer.batch_decode(made, skip_special_tokens=True)):
            translations[row] = text
    return translations


def by_program(program, model, beams, sentences):
    done = subprocess.run([program, model, str(beams)], input="\n".join(sentences) + "\n",
                          encoding="utf-8", stdout=subprocess.PIPE, check=True)
    translations = done.stdout.split("\n")[:-1]
    assert len(translations) == len(sentences)
    return translations


def main():
    o = options()
    wanted = o.sources.split(",") if o.sources else None
    by_source = {}
    for path in o.files:
        for pair in corpus.read(path):
            if wanted is None or pair.source in wanted:
                by_source.setdefault(pair.source, []).append(pair)
    by_source = {source: found[: o.most] for source, found in by_source.items()}
    rows = [pair for found in by_source.values() for pair in found]
    sides = [[pair.english for pair in rows], [pair.german for pair in rows]]
    sentences, references = sides if o.direction == "en-de" else sides[::-1]
    if o.translate:
        made = by_program(o.translate, o.model, o.beams, sentences)
    else:
        made = by_transformers(o.model, o.beams, sentences)
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    print("| source | sentences | BLEU | chrF |\n| --- | --- | --- | --- |")
    first = 0
    for source, found in by_source.items():
        ours, theirs = made[first : first + len(found)], [references[first : first + len(found)]]
        first += len(found)
        print(f"| {source} | {len(found)} | {bleu.corpus_score(ours, theirs).score:.1f} "
              f"| {chrf.corpus_score(ours, theirs).score:.1f} |")
    print(f"\n{bleu.get_signature()}\n{chrf.get_signature()}")


if __name__ == "__main__":
    main()
