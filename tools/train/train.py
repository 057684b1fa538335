#!/usr/bin/env python3
"""Trains a MarianMT model of one direction, on a CUDA GPU or on threads of a CPU.

    train.py --pairs train.tsv.xz --dev dev.tsv --direction en-de --out run/en-de --minutes 120
    train.py ... --part 8            # stops after 8 minutes of the 120
    train.py ... --resume            # goes on from run/en-de/state.pt, on the same schedule
    train.py ... --start FOLDER      # from a trained model, with its tokenizer and its shape
    train.py ... --prepare OUT.npz   # writes the pairs as numbers of pieces for --pairs, and stops

Time drives the schedule of the learning rate, not steps, so that a run fits the time there is: it
warms up, stays, and then falls to nothing in a line. What comes out, `OUT/model`, is a folder for
`transformers` with the mean of the last weights, those of the falling part weighted alike.
"""

import argparse
import json
import math
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F
from transformers import MarianConfig, MarianMTModel

import pairs as corpus

# Batches are cut from so many draws, sorted by length.
POOL = 60_000


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", required=True, type=Path, help="sentences, or what --prepare wrote")
    parser.add_argument("--dev", required=True, type=Path)
    parser.add_argument("--direction", required=True, choices=["en-de", "de-en"])
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--start", type=Path, help="a folder with a trained model to go on from")
    parser.add_argument("--prepare", type=Path, help="where a machine is lent for minutes, before that")
    parser.add_argument("--sentencepiece", type=Path, help="a model for both languages, else one is trained")
    parser.add_argument("--vocabulary", type=int, default=8_000)
    parser.add_argument("--encoder-layers", type=int, default=6)
    parser.add_argument("--decoder-layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--feed-forward", type=int, default=1_536)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--longest", type=int, default=128, help="pieces of a sentence, at most")
    parser.add_argument("--batch", type=int, default=32_000, help="pieces of a batch, with padding")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="of learning, at its highest")
    parser.add_argument("--warm-up", type=int, default=1_000, help="steps")
    parser.add_argument("--hold", type=float, default=0.35, help="share of the time before the rate falls")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--minutes", type=float, default=12, help="of the whole schedule")
    parser.add_argument("--part", type=float, help="minutes of this call")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--most-pairs", type=int, help="for a smoke run")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def train_sentencepiece(o, pairs):
    """One vocabulary for both languages, of pairs as they are drawn."""
    rng = np.random.default_rng(0)
    weights = np.array([corpus.weight(pair.source) for pair in pairs])
    count = min(len(pairs), 300_000)
    drawn = rng.choice(len(pairs), size=count, p=weights / weights.sum())
    text = o.out / "sentencepiece.txt"
    with text.open("w", encoding="utf-8") as lines:
        for number in drawn:
            lines.write(f"{pairs[number].english}\n{pairs[number].german}\n")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(o.out / "joint"), vocab_size=o.vocabulary,
        model_type="unigram", character_coverage=0.9999, bos_id=-1, pad_id=-1, eos_id=1, unk_id=0,
        num_threads=o.threads, minloglevel=2, hard_vocab_limit=False,
    )
    text.unlink()
    return o.out / "joint.model"


class Tokenizer:
    """Texts as the numbers of a Marian vocabulary, which are not those of SentencePiece."""

    def __init__(self, model, vocabulary=None):
        self.path = model
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        names = [self.pieces.id_to_piece(number) for number in range(self.pieces.get_piece_size())]
        if vocabulary is None:
            vocabulary = {"</s>": 0, "<unk>": 1}
            for name in names:
                vocabulary.setdefault(name, len(vocabulary))
            vocabulary["<pad>"] = len(vocabulary)
        self.vocabulary = vocabulary
        self.numbers = np.array([vocabulary.get(name, 1) for name in names], np.int32)

    def encode(self, texts):
        """All texts, each with the end of a sentence, 0."""
        texts = [self.numbers[ids] for ids in self.pieces.encode(texts)]
        starts = np.cumsum([0] + [len(text) + 1 for text in texts])
        flat = np.zeros(starts[-1], np.uint16)
        for start, text in zip(starts, texts):
            flat[start : start + len(text)] = text
        return Side(flat, starts)


class Side(NamedTuple):
    """Sentences of one language, end to end, and where each starts."""

    flat: np.ndarray
    starts: np.ndarray

    def lengths(self):
        return np.diff(self.starts)

    def padded(self, rows, pad):
        """Some sentences as the rows of a tensor."""
        begin, end = self.starts[rows, None], self.starts[rows + 1, None]
        places = begin + np.arange((end - begin).max())
        inside = places < end
        return torch.from_numpy(np.where(inside, self.flat[np.where(inside, places, 0)], pad).astype(np.int64))


class Prepared(NamedTuple):
    """Pairs as numbers of pieces, and how often each is drawn."""

    english: Side
    german: Side
    weights: np.ndarray

    @classmethod
    def of(cls, pairs, tokenizer):
        sides = zip(*((pair.english, pair.german) for pair in pairs))
        weights = np.array([corpus.weight(pair.source) for pair in pairs])
        return cls(*(tokenizer.encode(list(side)) for side in sides), weights)

    def write(self, path):
        np.savez_compressed(path, english=self.english.flat, english_lengths=self.english.lengths(),
                            german=self.german.flat, german_lengths=self.german.lengths(),
                            weights=self.weights)

    @classmethod
    def read(cls, path):
        with np.load(path) as kept:
            sides = [Side(kept[name], np.concatenate([[0], np.cumsum(kept[f"{name}_lengths"])]))
                     for name in ("english", "german")]
            return cls(*sides, kept["weights"])


class Batches:
    """Batches without end, of sentences of like length, drawn by the weights of their sources."""

    def __init__(self, o, pairs, pad, seed):
        self.source, self.target = pairs.english, pairs.german
        if o.direction == "de-en":
            self.source, self.target = self.target, self.source
        self.targets = self.target.lengths()
        self.lengths = np.maximum(self.source.lengths(), self.targets)
        weights = np.where(self.lengths <= o.longest, pairs.weights, 0.0)
        self.weights = weights / weights.sum()
        self.batch, self.pad, self.rng = o.batch, pad, np.random.default_rng(seed)
        print(f"{(weights > 0).sum()} of {len(weights)} pairs, "
              f"{weights @ self.targets / 1e6:.1f} M weighted target pieces", flush=True)

    def __iter__(self):
        while True:
            drawn = self.rng.choice(len(self.weights), size=POOL, p=self.weights)
            drawn = drawn[np.lexsort((self.targets[drawn], self.lengths[drawn]))]
            batches = self.cut(drawn)
            self.rng.shuffle(batches)
            for batch in batches:
                yield self.source.padded(batch, self.pad), self.target.padded(batch, self.pad)

    def cut(self, sorted_rows):
        """Stretches of the rows that fit a batch."""
        batches, first = [], 0
        for row in range(1, len(sorted_rows) + 1):
            full = row == len(sorted_rows) or self.lengths[sorted_rows[row]] * (row + 1 - first) > self.batch
            if full:
                batches.append(sorted_rows[first:row])
                first = row
        return batches


def new_model(o, tokenizer):
    pad = tokenizer.vocabulary["<pad>"]
    model = MarianMTModel(MarianConfig(
        vocab_size=len(tokenizer.vocabulary), d_model=o.width,
        encoder_layers=o.encoder_layers, decoder_layers=o.decoder_layers,
        encoder_attention_heads=o.heads, decoder_attention_heads=o.heads,
        encoder_ffn_dim=o.feed_forward, decoder_ffn_dim=o.feed_forward,
        activation_function="swish", max_position_embeddings=256, pad_token_id=pad, eos_token_id=0,
        forced_eos_token_id=0, decoder_start_token_id=pad, scale_embedding=True, dropout=o.dropout,
        share_encoder_decoder_embeddings=True, tie_word_embeddings=True, static_position_embeddings=True,
    ))
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and "embed" not in name and "shared" not in name:
            torch.nn.init.xavier_uniform_(weight)
        if "embed_positions" in name:
            weight.requires_grad_(False)
    torch.nn.init.normal_(model.model.shared.weight, std=o.width**-0.5)
    return model


def sentences(o):
    """The pairs to learn from, cleaned, in an order of their own."""
    report = {}
    read = list(corpus.clean(corpus.read(o.pairs), report))
    print(f"{len(read)} clean pairs, {sum(report.values())} left out", flush=True)
    return corpus.shuffled(read, o.seed)[: o.most_pairs]


def begin(o):
    """A tokenizer and the pairs to learn from."""
    if o.pairs.suffix == ".npz":
        model = o.start / "source.spm" if o.start else o.sentencepiece
        if model is None:
            sys.exit("pairs that are numbers have a tokenizer: name it by --sentencepiece or --start")
        return tokenizer_of(o, model), Prepared.read(o.pairs)
    pairs = sentences(o)
    model = o.start / "source.spm" if o.start else o.sentencepiece or train_sentencepiece(o, pairs)
    tokenizer = tokenizer_of(o, model)
    return tokenizer, Prepared.of(pairs, tokenizer)


def tokenizer_of(o, model):
    if o.start is None:
        return Tokenizer(model)
    return Tokenizer(model, json.loads((o.start / "vocab.json").read_text(encoding="utf-8")))


def model_of(o, tokenizer):
    """The model to train."""
    if o.start is None:
        return new_model(o, tokenizer)
    return MarianMTModel.from_pretrained(o.start, dtype=torch.float32, dropout=o.dropout)


@torch.no_grad()
def start_from_nothing(model, pad):
    """Keeps the embedding of what a translation starts with at zero: Marian and CTranslate2 know no
    other start. Its row is tied to the scores of the pieces, and would be learnt."""
    model.model.shared.weight[pad] = 0


def loss_of(model, batch, pad, device, smoothing):
    """Sum over the pieces of a batch, and how many these are."""
    source, target = batch
    # What is padding costs no product with the vocabulary. Found here, so that no GPU is waited for.
    real = (target.flatten() != pad).nonzero().squeeze(1)
    count = len(real)
    if device == "cuda":
        source, target, real = (x.pin_memory().to(device, non_blocking=True) for x in (source, target, real))
    before = torch.cat([torch.full_like(target[:, :1], pad), target[:, :-1]], 1)
    with torch.autocast(device, dtype=torch.bfloat16):
        hidden = model.model(
            input_ids=source, attention_mask=(source != pad).long(), decoder_input_ids=before
        ).last_hidden_state
        hidden = hidden.flatten(0, 1).index_select(0, real)
        logits = F.linear(hidden, model.lm_head.weight, model.final_logits_bias[0])
    target = target.flatten().index_select(0, real)
    loss = F.cross_entropy(logits.float(), target, label_smoothing=smoothing, reduction="sum")
    return loss, count


def rate_at(o, step, done):
    warm = min(1.0, (step + 1) / o.warm_up)
    falling = min(1.0, (1.0 - done) / (1.0 - o.hold))
    return o.rate * warm * max(falling, 0.01)


@torch.no_grad()
def held_out(model, batches, pad, device):
    model.eval()
    parts = [loss_of(model, batch, pad, device, 0.0) for batch in batches]
    model.train()
    return float(sum(loss for loss, _ in parts)) / sum(count for _, count in parts)


def save(o, model, mean, tokenizer):
    """The mean of the last weights, as a folder for `transformers`."""
    folder = o.out / "model"
    now = {name: weight.clone() for name, weight in model.state_dict().items()}
    if mean["count"]:
        model.load_state_dict({n: (w / mean["count"]).to(now[n].dtype) for n, w in mean["sum"].items()})
    model.save_pretrained(folder)
    model.load_state_dict(now)
    source, target = o.direction.split("-")
    (folder / "vocab.json").write_text(json.dumps(tokenizer.vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "source_lang": source, "target_lang": target, "model_max_length": 256,
        "tokenizer_class": "MarianTokenizer",
    }))
    for side in ("source", "target"):
        shutil.copy(tokenizer.path, folder / f"{side}.spm")


def main():
    o = options()
    o.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(o.seed)
    torch.set_num_threads(o.threads)
    tokenizer, pairs = begin(o)
    if o.prepare:
        pairs.write(o.prepare)
        return
    model = model_of(o, tokenizer)
    pad = tokenizer.vocabulary["<pad>"]
    dev = Batches(o, Prepared.of(list(corpus.read(o.dev)), tokenizer), pad, 0)
    dev = [batch for batch, _ in zip(dev, range(12))]
    model.to(o.device)
    if o.device == "cpu":
        # The fused attention's way back takes a quarter of the time on a CPU.
        model.set_attn_implementation("eager")
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=o.rate, betas=(0.9, 0.98), eps=1e-9,
                                  weight_decay=0.01, fused=True)
    step, spent, mean = 0, 0.0, {"count": 0, "sum": {}}
    state = o.out / "state.pt"
    if o.resume and state.exists():
        kept = torch.load(state, map_location=o.device, weights_only=True)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        step, spent, mean = kept["step"], kept["spent"], kept["mean"]
    # Draws after a break must not be those before it.
    train = Batches(o, pairs, pad, o.seed + step)
    if o.compile:
        model.model.compile(dynamic=True)
    start_from_nothing(model, pad)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters on {o.device}, "
          f"step {step}, {spent / 60:.1f} minutes spent", flush=True)

    def keep():
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step,
                    "spent": spent, "mean": mean}, state.with_suffix(".partial"))
        state.with_suffix(".partial").replace(state)
        save(o, model, mean, tokenizer)

    total, limit = o.minutes * 60, (o.part or math.inf) * 60
    model.train()
    began = last = reported = kept_at = time.monotonic()
    sums, seen = [0.0, 0], 0
    for batch in train:
        now = time.monotonic()
        spent += now - last
        last = now
        if spent >= total or now - began >= limit:
            break
        done = spent / total
        for group in optimiser.param_groups:
            group["lr"] = rate_at(o, step, done)
        loss, count = loss_of(model, batch, pad, o.device, 0.1)
        (loss / count).backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        start_from_nothing(model, pad)
        step += 1
        seen += count
        sums = [sums[0] + loss.detach(), sums[1] + count]
        if done > 0.9 and step % 20 == 0:
            for name, weight in model.state_dict().items():
                mean["sum"][name] = mean["sum"].get(name, 0.0) + weight.double()
            mean["count"] += 1
        if now - reported > 60:
            print(f"{done:4.0%} step {step} {seen / (now - began):.0f} pieces/s "
                  f"rate {optimiser.param_groups[0]['lr']:.1e} loss {float(sums[0]) / sums[1]:.3f} "
                  f"held out {held_out(model, dev, pad, o.device):.3f}", flush=True)
            sums, reported = [0.0, 0], now
        if now - kept_at > 300:
            keep()
            kept_at = now
    keep()
    print(f"step {step}, {spent / 60:.1f} of {o.minutes} minutes, {seen / 1e6:.1f} M target pieces in this call")


if __name__ == "__main__":
    sys.exit(main())
