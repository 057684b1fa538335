"""Writes what transformers' `generate` translates, greedily and with four beams.

    augment models export builtin:en-de MODEL
    python marian_generate.py MODEL PARALLEL {en,de} OUTPUT
    # torch==2.15.0 transformers==4.57.6 sentencepiece==0.2.3

MODEL is a MarianMT folder with `model.safetensors`; its weights are taken as float32, whatever they
are stored as. PARALLEL is a folder with `dev.tsv` and `test.tsv`, each line a tag of origin, an
English and a German sentence. {en,de} is the language to translate from. The sentences are 170 of
Tatoeba and 30 of MLQE-PE (Wikipedia, longer ones), evenly spread over all lengths, and each is
translated by itself, so that no padding is involved. One line per sentence, fields parted by tabs:

    sentence, its token ids, the greedy token ids, the ids of the best of four beams, its score

Ids are parted by spaces. Those of the sentence end with the end of sentence; those of a translation
lack the start token, and end with the end of sentence too. The score is the sum of the logarithms of
the probabilities divided by the number of tokens (length penalty 1).
"""

import sys
from pathlib import Path

import sentencepiece
import torch
import transformers
from transformers import MarianMTModel, MarianTokenizer

PINNED = {
    "torch": ("2.15.0", torch.__version__.split("+")[0]),
    "transformers": ("4.57.6", transformers.__version__),
    "sentencepiece": ("0.2.3", sentencepiece.__version__),
}
WANTED = {"tatoeba": 170, "mlqe-pe": 30}


def read_sentences(folder, language):
    """The sentences to translate: of each origin the wanted number, spread over all lengths."""
    column = {"en": 1, "de": 2}[language]
    found = {origin: [] for origin in WANTED}
    for name in ("dev.tsv", "test.tsv"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if fields[0] in found and fields[column] not in found[fields[0]]:
                found[fields[0]].append(fields[column])
    chosen = []
    for origin, wanted in WANTED.items():
        by_length = sorted(found[origin], key=lambda text: (len(text), text))
        last = len(by_length) - 1
        chosen += [by_length[i * last // (wanted - 1)] for i in range(wanted)]
    return chosen


def translate(model, ids, beams):
    """The token ids of the likeliest translation, and its score."""
    made = model.generate(
        torch.tensor([ids]),
        num_beams=beams,
        do_sample=False,
        early_stopping=False,
        length_penalty=1.0,
        max_length=256,
        return_dict_in_generate=True,
        output_scores=True,
    )
    score = made.sequences_scores[0].item() if beams > 1 else None
    return made.sequences[0].tolist()[1:], score


def main():
    for name, (pinned, installed) in PINNED.items():
        if pinned != installed:
            sys.exit(f"the golden file is made with {name} {pinned}, found {installed}")
    model_folder, parallel, language, output = sys.argv[1:]
    torch.set_num_threads(1)
    tokenizer = MarianTokenizer.from_pretrained(model_folder)
    model = MarianMTModel.from_pretrained(model_folder, dtype=torch.float32).eval()
    spaced = lambda ids: " ".join(map(str, ids))
    with open(output, "w", encoding="utf-8", newline="\n") as file:
        for text in read_sentences(Path(parallel), language):
            ids = tokenizer(text)["input_ids"]
            greedy, _ = translate(model, ids, 1)
            beam, score = translate(model, ids, 4)
            fields = [text, spaced(ids), spaced(greedy), spaced(beam), f"{score:.6f}"]
            file.write("\t".join(fields) + "\n")


if __name__ == "__main__":
    main()
