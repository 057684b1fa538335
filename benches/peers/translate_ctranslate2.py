"""Translates token ids with CTranslate2, for `cargo bench --bench translation`.

    python translate_ctranslate2.py MODEL SENTENCES --type int8 --beams 4 --workers 2
    # ctranslate2==4.8.5 transformers==4.57.6 sentencepiece==0.2.3

MODEL is a folder of transformers; it is converted once, into a folder beside it. SENTENCES has the
token ids of one sentence per line. With `--forced`, sentences are translated in groups of this many,
sorted by length, and each translation of a group has as many tokens as its longest sentence.

After `ready` it translates all sentences for each line on standard input, and answers with the
seconds that it took and the number of tokens.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import ctranslate2

PINNED = "4.8.5"


def converted(model, quantization):
    """The model in the format of CTranslate2, stored as 32-bit numbers or as 8-bit ones."""
    folder = model.parent / f"{model.name}-ctranslate2-{quantization}"
    if not folder.exists():
        converter = ctranslate2.converters.TransformersConverter(str(model))
        converter.convert(str(folder), quantization=quantization)
    return str(folder)


def main():
    if ctranslate2.__version__ != PINNED:
        sys.exit(f"expected ctranslate2 {PINNED}, found {ctranslate2.__version__}")
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--type", choices=["float32", "int8"], default="int8")
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--forced", type=int)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()

    pieces = json.loads((arguments.model / "vocab.json").read_text(encoding="utf-8"))
    pieces = {id: piece for piece, id in pieces.items()}
    lines = arguments.sentences.read_text().splitlines()
    sentences = [[pieces[int(id)] for id in line.split()] for line in lines]
    translator = ctranslate2.Translator(
        converted(arguments.model, arguments.type),
        compute_type=arguments.type,
        inter_threads=arguments.workers,
        intra_threads=1,
    )

    def translate():
        common = dict(beam_size=arguments.beams, return_scores=False)
        if not arguments.forced:
            results = translator.translate_batch(
                sentences, max_batch_size=arguments.batch, max_decoding_length=255, **common
            )
            # The end of sentence is not among the tokens.
            return sum(len(result.hypotheses[0]) + 1 for result in results)
        by_length = sorted(sentences, key=len, reverse=True)
        futures = []
        for start in range(0, len(by_length), arguments.forced):
            group = by_length[start : start + arguments.forced]
            tokens = len(group[0])
            futures += translator.translate_batch(
                group,
                asynchronous=True,
                max_batch_size=arguments.batch,
                min_decoding_length=tokens,
                max_decoding_length=tokens,
                **common,
            )
        return sum(len(future.result().hypotheses[0]) for future in futures)

    translate()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        tokens = translate()
        print(time.perf_counter() - start, tokens, flush=True)


if __name__ == "__main__":
    main()
