"""Makes the tiny masked language model of the tests, and what transformers predicts with it.

    python masked_lm.py MODEL GOLDEN
    # torch==2.15.0 transformers==4.57.6 tokenizers==0.22.2 onnx==1.23.2 pyarrow==26.0.1

Trains a BERT of 2 layers from scratch on three shards of `resources/sample` (MIT licence), on one
thread in about five minutes, and writes a folder as Optimum would: `config.json`, `tokenizer.json`,
`special_tokens_map.json`, `model.onnx`. It is small enough to lie beside the tests, and knows enough to
put a noun after an article.

GOLDEN gets one JSON object a line, for 30 sentences of the fourth shard, with one word of each masked:

    text    the sentence
    span    the bytes of the word
    ids     the token ids of the sentence with the mask in place of the word
    top     the ten likeliest tokens there, with the logarithms of their probabilities

The sentences go through the model one by one, so that no padding is involved.
"""

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

import onnx
import pyarrow
import pyarrow.parquet
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

PINNED = {
    "torch": ("2.15.0", torch.__version__.split("+")[0]),
    "transformers": ("4.57.6", transformers.__version__),
    "tokenizers": ("0.22.2", tokenizers.__version__),
    "onnx": ("1.23.2", onnx.__version__),
    "pyarrow": ("26.0.1", pyarrow.__version__),
}
SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
WORDS, ENDINGS = 1400, 60
POSITIONS = 64
STEPS, BATCH = 6000, 64


def sentences(shard):
    table = pyarrow.parquet.read_table(SAMPLE / f"reviews-0000{shard}-of-00004.parquet")
    return table["text"].to_pylist()


def make_tokenizer(texts):
    """Whole words, endings and single characters, the most frequent ones of `texts`."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    cutter = pre_tokenizers.BertPreTokenizer()
    counts = Counter()
    for text in texts:
        pieces = cutter.pre_tokenize_str(normalizer.normalize_str(text))
        counts.update(word for word, _ in pieces)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    characters = sorted({letter for word in ordered for letter in word if letter.isascii()})
    words = [word for word in ordered if len(word) > 1][:WORDS]
    endings = Counter()
    for word in ordered[WORDS:]:
        for length in (2, 3, 4):
            if len(word) > length + 2:
                endings[word[-length:]] += counts[word]
    endings = sorted(endings, key=lambda piece: (-endings[piece], piece))[:ENDINGS]
    pieces = SPECIAL + characters + words
    pieces += ["##" + piece for piece in characters if piece.isalnum()]
    pieces += ["##" + piece for piece in endings if piece.isalnum()]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = cutter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def train(tokenizer, texts):
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=POSITIONS,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=PAD,
    )
    model = BertForMaskedLM(config)
    all_ids = [tokenizer.encode(text).ids[:POSITIONS] for text in texts]
    draws = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=STEPS)
    for step in range(STEPS):
        batch = [all_ids[draws.randrange(len(all_ids))] for _ in range(BATCH)]
        longest = max(map(len, batch))
        ids = torch.full((BATCH, longest), PAD)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
        attention = (ids != PAD).long()
        chosen = (ids > MASK) & (torch.rand(ids.shape) < 0.15)
        labels = ids.masked_fill(~chosen, -100)
        fate = torch.rand(ids.shape)
        masked = ids.masked_fill(chosen & (fate < 0.9), MASK)
        loss = model(input_ids=masked, attention_mask=attention, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0 or step == STEPS - 1:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    return model.eval()


class Logits(torch.nn.Module):
    """The model as a function of tensors alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).logits


def export(model, path):
    ids = torch.tensor([[CLS, 10, MASK, SEP], [CLS, MASK, SEP, PAD]])
    inputs = (ids, (ids != PAD).long(), torch.zeros_like(ids))
    names = ["input_ids", "attention_mask", "token_type_ids"]
    sizes = {0: "batch", 1: "length"}
    torch.onnx.export(
        Logits(model), inputs, str(path), input_names=names, output_names=["logits"],
        dynamic_axes={name: sizes for name in [*names, "logits"]}, opset_version=17,
        dynamo=False,
        # Otherwise the embeddings would be in it twice: as they are, and turned for the output.
        do_constant_folding=False,
    )


def golden(model, tokenizer, texts):
    fast = BertTokenizerFast(tokenizer_object=tokenizer, do_lower_case=True)
    lines = []
    for text in texts:
        words = list(re.finditer(r"[A-Za-z]{3,}", text))
        if len(tokenizer.encode(text).ids) > POSITIONS or len(words) < 4:
            continue
        word = words[len(lines) * 7 % len(words)]
        masked = text[: word.start()] + fast.mask_token + text[word.end() :]
        ids = fast(masked)["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids])).logits[0, ids.index(MASK)]
        top = torch.log_softmax(logits.double(), -1).topk(10)
        span = [len(text[: end].encode()) for end in word.span()]
        pairs = [[token, round(value, 5)] for value, token in zip(top.values.tolist(), top.indices.tolist())]
        lines.append(json.dumps({"text": text, "span": span, "ids": ids, "top": pairs}, ensure_ascii=False))
        if len(lines) == 30:
            break
    return "\n".join(lines) + "\n"


def main():
    for name, (wanted, found) in PINNED.items():
        if wanted != found:
            sys.exit(f"{name} {wanted} is needed, and {found} is here")
    folder, output = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    texts = [text for shard in range(3) for text in sentences(shard)]
    tokenizer = make_tokenizer(texts)
    model = train(tokenizer, texts)
    model.config.architectures = ["BertForMaskedLM"]
    (folder / "config.json").write_text(model.config.to_json_string(use_diff=True))
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False))
    names = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"]
    special = dict(zip(names, SPECIAL))
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=1) + "\n")
    export(model, folder / "model.onnx")
    output.write_text(golden(model, tokenizer, sentences(3)), encoding="utf-8")


main()
