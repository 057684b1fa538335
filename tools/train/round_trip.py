#!/usr/bin/env python3
"""What becomes of film reviews that go to German and back: figures, and examples nobody picked.

    round_trip.py AUGMENT TRANSLATE [FORWARD BACKWARD] > report.md

AUGMENT is the program and TRANSLATE its example that translates lines; the models are the built-in
ones by default. 1,000 sentences, every tenth of the sample, are translated there and back by beam
search. The report has the chrF of the round trips against the originals, how many came back
unchanged, how many the default gates of `back_translation` turn down (its own run, with beam search
both ways and one variant wanted), how many lost or gained a negation, or a number, and 40 examples:
every 25th. Needs the packages of requirements.txt and pyarrow==26.0.1.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import sacrebleu

ROOT = Path(__file__).resolve().parents[2]
SENTENCES, EXAMPLES = 1_000, 40
NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|nor|neither|nowhere|without|cannot|hardly|\w+n['’]t)\b", re.I
)
NUMBER = re.compile(r"\d+")

PIPELINE = """version = 1
seed = 1

[sources.reviews]
type = "parquet"
paths = ["in.parquet"]
text = "text"

[operators.back]
type = "back_translation"
inputs = ["reviews"]
forward = "{forward}"
backward = "{backward}"
replicas = 1
decode = {{ strategy = "beam", beams = 4 }}
decode_back = {{ strategy = "beam", beams = 4 }}

[sinks.out]
type = "parquet"
inputs = ["back"]
path = "out/{{shard}}.parquet"
"""


def read_sentences():
    tables = [pq.read_table(path) for path in sorted((ROOT / "resources/sample").glob("*.parquet"))]
    texts = [text for table in tables for text in table["text"].to_pylist()]
    return texts[:: len(texts) // SENTENCES][:SENTENCES]


def translate(program, model, sentences):
    done = subprocess.run([program, model, "4"], input="\n".join(sentences) + "\n",
                          encoding="utf-8", stdout=subprocess.PIPE, check=True)
    return done.stdout.split("\n")[:-1]


def admitted(program, models, sentences):
    """How many sentences get a variant that passes the gates."""
    import pyarrow as pa

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pq.write_table(pa.table({"text": sentences}), folder / "in.parquet")
        pipeline = PIPELINE.format(forward=models[0], backward=models[1])
        (folder / "pipeline.toml").write_text(pipeline)
        subprocess.run([program, "run", "--quiet", "pipeline.toml"], cwd=folder, check=True)
        return pq.read_table(folder / "out/in.parquet").num_rows


def main():
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    augment, program = (str(Path(path).resolve()) for path in sys.argv[1:3])
    models = sys.argv[3:] or ["builtin:en-de", "builtin:de-en"]
    models = [model if ":" in model else str(Path(model).resolve()) for model in models]
    sentences = read_sentences()
    german = translate(program, models[0], sentences)
    back = translate(program, models[1], german)
    chrf = sacrebleu.CHRF()
    score = chrf.corpus_score(back, [sentences]).score

    def share(holds):
        return 100 * sum(map(holds, sentences, back)) / len(sentences)

    negated = [bool(NEGATION.search(text)) for text in sentences]
    came_back = [bool(NEGATION.search(text)) for text in back]
    lost = sum(was and not now for was, now in zip(negated, came_back))
    gained = sum(now and not was for was, now in zip(negated, came_back))
    with_number = [(s, b) for s, b in zip(sentences, back) if NUMBER.search(s)]
    other = sum(sorted(NUMBER.findall(s)) != sorted(NUMBER.findall(b)) for s, b in with_number)
    passed = admitted(augment, models, sentences)
    print("| | |\n| --- | --- |")
    print(f"| sentences | {len(sentences)} |")
    print(f"| chrF against the original | {score:.1f} |")
    print(f"| came back unchanged | {share(lambda s, b: s == b):.1f} % |")
    print(f"| turned down by the default gates | {100 - 100 * passed / len(sentences):.1f} % |")
    print(f"| negation lost, of {sum(negated)} with one | {lost} |")
    print(f"| negation gained, of {len(negated) - sum(negated)} without | {gained} |")
    print(f"| numbers altered, of {len(with_number)} with digits | {other} |")
    print(f"\n{chrf.get_signature()}\n")
    print("| original | in German | and back |\n| --- | --- | --- |")
    for row in range(0, len(sentences), len(sentences) // EXAMPLES):
        cells = (text.replace("|", "\\|") for text in (sentences[row], german[row], back[row]))
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
