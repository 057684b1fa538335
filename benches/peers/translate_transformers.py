"""Translates token ids with transformers, for `cargo bench --bench translation`.

    python translate_transformers.py MODEL SENTENCES --beams 4 --workers 2
    # torch==2.15.0 transformers==4.57.6 sentencepiece==0.2.3

Arguments and answers are those of `translate_ctranslate2.py`; numbers are 32-bit ones. Sentences are
sorted by length and translated in batches; `--workers` is the number of threads of torch, which is
faster than as many processes.
"""

import argparse
import sys
import time
from pathlib import Path

import torch
import transformers
from transformers import MarianMTModel

PINNED = "4.57.6"


def main():
    if transformers.__version__ != PINNED:
        sys.exit(f"expected transformers {PINNED}, found {transformers.__version__}")
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--forced", type=int)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.workers)

    lines = arguments.sentences.read_text().splitlines()
    sentences = sorted(([int(id) for id in line.split()] for line in lines), key=len, reverse=True)
    model = MarianMTModel.from_pretrained(arguments.model, dtype=torch.float32).eval()
    pad = model.config.pad_token_id

    def translate_batch(batch, forced):
        longest = len(batch[0])
        ids = torch.full((len(batch), longest), pad)
        mask = torch.zeros((len(batch), longest), dtype=torch.long)
        for row, sentence in enumerate(batch):
            ids[row, : len(sentence)] = torch.tensor(sentence)
            mask[row, : len(sentence)] = 1
        limits = dict(min_new_tokens=forced, max_new_tokens=forced) if forced else dict(max_length=256)
        with torch.inference_mode():
            made = model.generate(
                ids, attention_mask=mask, num_beams=arguments.beams, do_sample=False, **limits
            )
        return int((made[:, 1:] != pad).sum())

    def translate():
        tokens = 0
        group = arguments.forced or len(sentences)
        for start in range(0, len(sentences), group):
            of_group = sentences[start : start + group]
            forced = len(of_group[0]) if arguments.forced else None
            for first in range(0, len(of_group), arguments.batch):
                tokens += translate_batch(of_group[first : first + arguments.batch], forced)
        return tokens

    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        tokens = translate()
        print(time.perf_counter() - start, tokens, flush=True)


if __name__ == "__main__":
    main()
