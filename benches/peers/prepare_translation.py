"""Makes the folder that `cargo bench --bench translation` wants.

    python prepare_translation.py AUGMENT OUT [--model builtin:en-de] [--texts FILE] [--most 1000]
    # transformers==4.57.6 sentencepiece==0.2.3 pyarrow==26.0.1

AUGMENT is the program. The model is a built-in one, or a MarianMT folder with `model.safetensors`;
OUT gets it as `transformers/`, and in the fast layout as `fast-fp32/` and `fast-int8/`. Sentences are
the lines of FILE, or without it texts of the shipped sample, evenly spread over all lengths;
`sentences.txt` has their token ids. The peers' scripts convert `transformers/` themselves.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import transformers

PINNED = "4.57.6"
SAMPLE = Path(__file__).resolve().parents[2] / "resources/sample"


def read_texts(path, most):
    """So many different texts, the shortest first, each length as often as it is there."""
    if path:
        texts = path.read_text(encoding="utf-8").splitlines()
    else:
        import pyarrow.parquet as pq

        tables = [pq.read_table(shard, columns=["text"]) for shard in sorted(SAMPLE.glob("*.parquet"))]
        texts = [text for table in tables for text in table["text"].to_pylist()]
    texts = sorted({text for text in texts if text and text.strip()}, key=lambda text: (len(text), text))
    count = min(most, len(texts))
    return [texts[place * len(texts) // count] for place in range(count)]


def main():
    if transformers.__version__ != PINNED:
        sys.exit(f"expected transformers {PINNED}, found {transformers.__version__}")
    parser = argparse.ArgumentParser()
    parser.add_argument("augment", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="builtin:en-de")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--most", type=int, default=1000)
    arguments = parser.parse_args()

    out = arguments.out
    out.mkdir(parents=True)
    plain = out / "transformers"

    def models(*words):
        subprocess.run([arguments.augment.resolve(), "models", *words], check=True)

    if arguments.model.startswith("builtin:"):
        models("export", arguments.model, plain)
    else:
        shutil.copytree(arguments.model, plain)
    models("optimize", plain, out / "fast-fp32")
    models("optimize", "--int8", plain, out / "fast-int8")
    tokenizer = transformers.MarianTokenizer.from_pretrained(plain)
    longest = tokenizer.model_max_length
    with (out / "sentences.txt").open("w") as file:
        for text in read_texts(arguments.texts, arguments.most):
            ids = tokenizer(text)["input_ids"]
            if len(ids) <= longest:
                print(*ids, file=file)


if __name__ == "__main__":
    main()
