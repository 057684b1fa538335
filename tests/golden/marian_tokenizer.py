"""Writes what MarianTokenizer of transformers makes of some thousands of texts.

    pip install transformers==4.57.6 sentencepiece==0.2.3 protobuf pyarrow==26.0.1

    python marian_tokenizer.py fixture ../fixtures/marian-en-de marian_tokenizer_en_de.jsonl
    python marian_tokenizer.py opus MODEL marian_tokenizer_opus.jsonl.zst
    python marian_tokenizer.py made marian_tokenizer_made.jsonl.zst

MODEL is a folder with the tokenizer of Helsinki-NLP/opus-mt-en-mg. A line holds a text, its ids,
and what they are decoded to without special tokens; the text is null where ids are decoded that no
text gave. `made` makes tokenizers with settings that published models rarely have; a line there
holds one of them, with its files (models of sentencepiece in hexadecimal) and such lines.
"""

import json
import os
import random
import shutil
import sys
import tempfile

import pyarrow
import pyarrow.parquet
import sentencepiece
import transformers
from sentencepiece import sentencepiece_model_pb2 as proto
from transformers import MarianTokenizer

PINNED = {"transformers": "4.57.6", "sentencepiece": "0.2.3"}
SAMPLE = os.path.join(os.path.dirname(__file__), "../../resources/sample")
SEED = 20261125

# Texts that a tokenizer is likely to get wrong.
ODDITIES = [
    "", " ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\0", "a\0b", "\x1c x \x1f",
    "a  b", " a b ", "a\tb", "a\nb", "a\r\nb", "a\u00a0b", "a\u2003\u2009b", "a\u200bb", "a\u200db", "a\u2060b",
    "\u2028x\u2029y\u0085z", "x\u00ady", "\u0001\u0002\u0003", "a\u007fb", "a\u009fb", "\u001b[31mred\u001b[0m",
    # Joined and coloured emoji, flags, key caps, variation selectors.
    "👨‍👩‍👧‍👦 family", "🏳️‍🌈🏳️‍⚧️", "👍🏽👍🏿", "🇩🇪🇲🇬🇫🇷", "1️⃣2️⃣#️⃣", "☺☺️☺︎", "❤️‍🔥", "🧑🏻‍🚀", "🤦🏼‍♂️ ok", "😀😃😄",
    # Combining marks, alone and stacked, before and behind spaces.
    "cafe\u0301", "caf\u00e9", "e\u0301\u0323", "\u0301", "a \u0301b", " \u0301", "Z\u0351\u036b\u0343\u036a\u0302\u036f algo",
    "n\u0303o", "A\u030angstro\u0308m", "o\u0302\u0303\u0309\u0323", "\u0344\u0340\u0341", "q\u0307\u0323", "s\u0323\u0307", "\u1e9b\u0323",
    # Right to left, with marks and directional controls.
    "שלום עולם", "مرحبا بالعالم", "שָׁלוֹם", "العَرَبِيَّة", "\u202eabc\u202c", "abc \u200fdef\u200e", "\u2066אבג\u2069 123", "ﷺ ﷲ ﻻ ﺍﻟﻠﻪ", "ﬡﬢשׁשׂ",
    # Full width, half width, circled, super- and subscripts, fractions, ligatures, digraphs.
    "ＡＢＣ　ａｂｃ　１２３！", "ｱｲｳｴｵ ﾊﾟﾋﾞ", "￥￡￦", "①②③ ⑴⒈Ⓐⓩ", "x² + y³ = z₁₀", "½ ¼ ⅔ ⅞", "ﬁne oﬃce ﬂow ﬆ", "ǆ ǈ ŉ ĳ", "㍿㏂㎏㎡", "ℌℯ𝓁𝕝𝗈 𝟘𝟙𝟚", "™ ℠ © ®", "Ⅷ ⅷ Ⅻ",
    "…‥․", "–—―‐‑‒−", "‘a’ “b” „c“ «d» ‹e›", "′ ″ ‴", "´ ` ¨ ¸ ˜", "ß ẞ ſ", "İ ı", "Ω Å K", "µ μ", "ŀ ·",
    # Hangul: syllables, conjoining and compatibility letters.
    "안녕하세요 세계", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u1112\u1161 \u11ab", "ㅎㅏㄴ ㄱㅡㄹ", "한\u11ab", "가\u11a8각", "ﾡﾢ",
    # Thai, Lao, Khmer, Burmese, Devanagari, Tamil, Tibetan, Ethiopic, Georgian, Armenian, Mongolian.
    "สวัสดีชาวโลก", "กำ ำ นํ้า", "ສະບາຍດີ ຳ", "សួស្តី​ពិភពលោក", "မင်္ဂလာပါ", "नमस्ते दुनिया क़ ख़", "க்ஷ வணக்கம்", "བཀྲ་ཤིས", "ሰላም ልዑል", "გამარჯობა", "Բարեւ և", "ᠮᠣᠩᠭᠣᠯ\u180e",
    # Cyrillic, Greek, Vietnamese, Chinese, Japanese, and all in one.
    "Привет, мир! Ёлка ёж", "Γειά σου Κόσμε ΐ ΰ", "Tiếng Việt ở đâu", "你好，世界。", "こんにちは世界、パーティー", "が か\u3099 は\u309a", "漢字かなカナabcабвאבג123", "㐀𠀀𪛖", "豈更車", "Mixed русский и English и 中文 a",
    "Malagasy: ny olona amin'ny tany, «veloma»!", "N\u2019y ‘tany’ n\u02bcy", "Ärger über Öl, süß & groß", "naïve façade Zoë", "ÀÁÂÃÄÅ àáâãäå", "Łódź Żółć", "þ ð Þ Ð œ Œ æ Æ",
    # Looks like surrogates, noncharacters, private use, what is not assigned, the last code point.
    "\\ud83d\\ude00", "\\u0041", "\ufffd\ufffd", "\ud7ff\ue000", "\ufdd0\ufffe\uffff", "\ue000\uf8ff", "\u0378\u0379", "\U0010ffff\U000e0001\U000e0061", "\U0001f9ff\U0001fbff", "&#x1F600; &amp; &lt;",
    # Looks like tokens.
    "</s>", "<pad>", "<unk>", "<s>", "a</s>b", "a </s> b", "</s></s>", "<pad><pad>x", " <unk> ", "<unk>\u0301", "<s>x</s>", "</S>", "< /s>", "<\u200b/s>", "＜/s＞", "＜pad＞ x", "<pad", "pad>", "<<<</s>>>>", "<mask> <0x0A> <0x41>", "[CLS] [SEP]",
    ">>fra<< Hello", ">>fra<<Hello", ">>fra<<", ">>fra", "fra<<", " >>fra<< Hello", ">><< x", ">><<", ">><", ">>", "<<", ">>a<b<<c<< d", ">>>>fra<<<<", ">>fra<< >>deu<< x", "x >>fra<< y", "</s>>>fra<< x", "</s> >>fra<< x", "<pad>>>x<< y", ">>fr\u0301a<< x", ">>mlg<<\u2581x", ">>\n<< x", ">>a</s>b<< c", ">>the<< x",
    "\u2581", "\u2581\u2581", "a\u2581b", " \u2581 a \u2581 ", "\u2581the", "the\u2581", "▁▂▃▄", "_ __ ___", "\u2581</s>\u2581",
    # Runs, ties, numbers, addresses, code.
    "x" * 200, "a" * 77, "ab" * 60, "aaaaab" * 20, "." * 50, "!?" * 30, "-" * 33, "0" * 64, "1234567890" * 8, "ä" * 40, "äöüÄÖÜß" * 9, "ñ" * 9, "é" * 40, "中" * 40, "x y " * 30, "A" * 60, "ha" * 40, "no" * 45, "' " * 20, "'" * 41,
    "3.14159 1,000,000 10%", "12:34:56 2026-11-25", "$5.00 €5,00 £5", "https://example.com/a?b=c&d=%20e#f", "user@example.com", "C:\\path\\file.txt", "if (a < b && c > d) { return x[0]; }", "<p class=\"x\">Hi</p>", "{name} {{slot}} %s %d", "~`!@#$%^&*()_+-={}[]|\\:;\"'<>,.?/", "e=mc^2", "#hashtag @mention",
]  # fmt: skip


def check_versions():
    for module in (transformers, sentencepiece):
        if module.__version__ != PINNED[module.__name__]:
            sys.exit(f"{module.__name__} {PINNED[module.__name__]} is wanted")


def sample_sentences(count, chance):
    texts = []
    for name in sorted(os.listdir(SAMPLE)):
        if name.endswith(".parquet"):
            table = pyarrow.parquet.read_table(os.path.join(SAMPLE, name), columns=["text"])
            texts += table.column("text").to_pylist()
    return chance.sample(texts, count)


def character(chance):
    """A code point, of the whole range or of a block that tokenizers change."""
    blocks = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x2000, 0x206F), (0x2100, 0x214F), (0xFB00, 0xFFEF), (0x3040, 0x33FF), (0xAC00, 0xD7A3), (0x1100, 0x11FF), (0x1F300, 0x1F9FF), (0x0E00, 0x0E7F), (0x0590, 0x06FF), (1, 0x10FFFF)]  # fmt: skip
    while True:
        point = chance.randint(*chance.choice(blocks))
        if not 0xD800 <= point <= 0xDFFF:
            return chr(point)


def spoiled(sentence, chance):
    """The sentence with something odd in some places."""
    out = []
    for letter in sentence:
        draw = chance.random()
        if draw < 0.02:
            out.append(character(chance))
        elif draw < 0.03:
            out.append(chance.choice(["  ", "\u00a0", "\u0301", "\u200b", "</s>", "<unk>", "\u2581", "\ufb01", "\t"]))
        elif draw < 0.05:
            out.append(letter.upper())
            continue
        if draw < 0.97:
            out.append(letter)
    return "".join(out)


def joined_pieces(pieces, chance):
    """Pieces of the vocabulary one after the other: the best way to cut them is often another."""
    return "".join(chance.choice(pieces) for _ in range(chance.randint(1, 30))).replace("\u2581", chance.choice([" ", " ", "\u2581"]))


def long_lines(sentences, pieces, chance):
    """Lines of 10,000 characters."""
    lines = [
        " ".join(sentences), "".join(sentences).replace(" ", ""), "x" * 10_000, "ab" * 5_000, "\u00e4" * 10_000, " " * 10_000, "\u2581" * 10_000, "a " * 5_000, "\u4e2d" * 10_000, "\U0001f600" * 10_000, "<" * 10_000, "</s>" * 2_500, "</s" * 3_333, ">>" * 5_000, ">>" + "x" * 9_998, "\u0301" * 10_000, "e\u0301" * 5_000, "\u3000" * 10_000, "1" * 10_000, "." * 10_000,
    ]  # fmt: skip
    lines.append("".join(character(chance) for _ in range(10_000)))
    lines.append("".join(chance.choice(pieces) for _ in range(5_000)).replace("\u2581", ""))
    lines.append("".join(chance.choice(pieces) for _ in range(5_000)).replace("\u2581", " "))
    lines.append(spoiled(" ".join(sentences), chance))
    return [line[:10_000] for line in lines]


def texts_for(tokenizer, count, long, chance):
    pieces = [token for token in tokenizer.encoder if not token.startswith("<")]
    sentences = sample_sentences(400, chance)
    texts = list(ODDITIES)
    if long:
        texts += long_lines(sentences, pieces, chance)
    while len(texts) < count:
        kind = chance.random()
        if kind < 0.3:
            texts.append(chance.choice(sentences))
        elif kind < 0.55:
            texts.append(spoiled(chance.choice(sentences), chance))
        elif kind < 0.85:
            texts.append(joined_pieces(pieces, chance))
        elif kind < 0.95:
            texts.append("".join(character(chance) for _ in range(chance.randint(1, 40))))
        else:
            texts.append(chance.choice(ODDITIES) + chance.choice(["", " ", "\u0301", "x"]) + chance.choice(ODDITIES))
    return texts


def golden_lines(tokenizer, texts, decoded_only, chance):
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        yield [text, ids, tokenizer.decode(ids, skip_special_tokens=True)]
    for _ in range(decoded_only):
        ids = [chance.randrange(len(tokenizer.encoder) + 3) for _ in range(chance.randint(0, 25))]
        yield [None, ids, tokenizer.decode(ids, skip_special_tokens=True)]


def write(path, lines):
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    content = text.encode()
    if path.endswith(".zst"):
        content = pyarrow.Codec("zstd", compression_level=19).compress(content, asbytes=True)
    with open(path, "wb") as out:
        out.write(content)


def load(folder):
    return MarianTokenizer.from_pretrained(folder)


def fixture(folder, path):
    """The committed tokenizer. Both languages have the same model, which is there once."""
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as complete:
        for name in ("source.spm", "vocab.json", "tokenizer_config.json", "config.json"):
            shutil.copy(os.path.join(folder, name), complete)
        shutil.copy(os.path.join(folder, "source.spm"), os.path.join(complete, "target.spm"))
        tokenizer = load(complete)
        write(path, golden_lines(tokenizer, texts_for(tokenizer, 500, False, chance), 60, chance))


def opus(folder, path):
    chance = random.Random(SEED)
    tokenizer = load(folder)
    write(path, golden_lines(tokenizer, texts_for(tokenizer, 2_000, True, chance), 300, chance))


NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)


def model(pieces, **settings):
    """A model of sentencepiece with these pieces: spelling, score, kind."""
    made = proto.ModelProto()
    for text, score, kind in [("<unk>", 0, UNKNOWN), ("</s>", 0, CONTROL), ("<s>", 0, CONTROL), *pieces]:
        made.pieces.add(piece=text, score=score, type=kind)
    made.trainer_spec.model_type = 1
    for name, value in settings.items():
        spec = made.trainer_spec if name in ("byte_fallback", "treat_whitespace_as_suffix", "unk_surface") else made.normalizer_spec
        setattr(spec, name, value)
    return made.SerializeToString()


def normal(texts, chance, scores=None):
    return [(text, chance.choice(scores or [-1, -2, -3, -4, -5.5]), NORMAL) for text in texts]


def trained(sentences, **settings):
    """A small model with rules of its own for replacing characters."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "model")
        for name in [name for name in settings if name.endswith("_tsv")]:
            rules = os.path.join(folder, name)
            with open(rules, "w", encoding="utf-8") as out:
                for source, target in settings[name]:
                    points = [" ".join(f"{ord(letter):X}" for letter in text) for text in (source, target)]
                    out.write("\t".join(points) + "\n")
            settings[name] = rules
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_prefix=prefix, vocab_size=120, hard_vocab_limit=False,
            bos_id=-1, minloglevel=2, num_threads=1, **settings,
        )  # fmt: skip
        made = proto.ModelProto()
        with open(prefix + ".model", "rb") as file:
            made.ParseFromString(file.read())
    # What training leaves in the file differs from run to run and is not read.
    made.trainer_spec.ClearField("input")
    made.trainer_spec.ClearField("model_prefix")
    made.normalizer_spec.ClearField("normalization_rule_tsv")
    made.denormalizer_spec.ClearField("normalization_rule_tsv")
    return made.SerializeToString()


def vocabulary(*models, first=("</s>", "<unk>"), last=("<pad>",), more=()):
    """All spellings of the models, in one order."""
    spellings = list(first)
    for content in models:
        made = proto.ModelProto()
        made.ParseFromString(content)
        spellings += [piece.piece for piece in made.pieces if piece.piece not in ("<unk>", "</s>", "<s>", "<pad>")]
    spellings = list(dict.fromkeys([*spellings, *more, *last]))
    return json.dumps({text: number for number, text in enumerate(spellings)}, ensure_ascii=False)


def made_tokenizers(chance):
    """Names and files of tokenizers with uncommon settings."""
    letters = list("abcdexy.,'-") + ["\u2581", "ä", "中", "😀"]
    runs = ["a" * length for length in range(2, 9)] + ["ab", "ba", "aba", "bab", "abab", "cde", "\u2581a", "\u2581ab", "xy", "yx", "\u2581\u2581", "a\u2581b"]
    plain = model(normal(letters + runs, chance))
    other = model(normal(["\u2581", "a", "q", "r", "ö", "qr", "\u2581q", "öö", "ñ"], chance))
    config = {"tokenizer_class": "MarianTokenizer"}

    def files(source, target, vocab, more=(), **options):
        return {"source.spm": source.hex(), "target.spm": target.hex(), "vocab.json": vocab, "tokenizer_config.json": json.dumps({**config, **options}), **dict(more)}

    yield "ties", files(model(normal(letters + runs, chance, [-1, -2, -3])), plain, vocabulary(plain, other))
    yield "equal scores", files(model(normal(letters + runs, chance, [-1.5])), plain, vocabulary(plain, other))
    yield "scores that rounding loses", files(model(normal(letters + runs, chance, [-1000.1, -2000.2, -3000.3, -0.1])), plain, vocabulary(plain, other))
    close = normal(letters + runs, chance, [-0.1, -0.2, -0.25, -0.3, -0.31]) + [("\u2581z", -5000, NORMAL)]
    yield "sums far from zero", files(model(close), plain, vocabulary(plain, other))
    yield "pieces of the other side", files(plain, other, vocabulary(plain, other))
    yield "pieces without ids", files(plain, other, vocabulary(other, more=("a", "\u2581a", "öñ")))
    special = [("<mask>", 0, CONTROL), ("ab", 0, USER_DEFINED), ("x y", 0, USER_DEFINED), ("\u2581c", 0, USER_DEFINED), ("ÄÖ", 0, USER_DEFINED), ("aba", -1, UNUSED), ("e", -1, UNUSED), ("a", 0, CONTROL)]
    some = model(normal([text for text in letters + runs if text not in ("ab", "aba", "e")], chance) + special)
    yield "user-defined, unused and control pieces", files(some, some, vocabulary(some, more=("<s>",)))
    byte_pieces = [(f"<0x{byte:02X}>", -9, BYTE) for byte in range(256)]
    fallback = model(byte_pieces + normal(letters, chance), byte_fallback=True)
    yield "byte fallback", files(fallback, fallback, vocabulary(fallback))
    yield "byte fallback without all ids", files(fallback, plain, vocabulary(plain, more=("<0xC3>", "<0xB6>", "<0x41>")))
    for name, settings in {
        "no prefix": {"add_dummy_prefix": False},
        "spaces kept": {"remove_extra_whitespaces": False},
        "spaces kept, no prefix": {"add_dummy_prefix": False, "remove_extra_whitespaces": False},
        "spaces not marked": {"escape_whitespaces": False},
        "space as suffix": {"treat_whitespace_as_suffix": True},
        "own mark of the unknown": {"unk_surface": "[?]"},
    }.items():
        content = model(normal([*letters, *runs, " ", "a b", "a\u2581", "b "], chance), **settings)
        yield name, files(content, content, vocabulary(content))
    yield "ids from the end", files(plain, other, vocabulary(plain, other, first=(), last=("<unk>", "<pad>", "</s>")))
    yield "two vocabularies", files(
        plain, other, vocabulary(plain), [("target_vocab.json", vocabulary(other, more=("<s>", "[UNK]")))], separate_vocabs=True
    )  # fmt: skip
    codes = (">>fra<<", ">>deu<<", ">>a b<<")
    yield "languages", files(plain, other, vocabulary(plain, other, more=codes))
    yield "languages as special tokens", files(plain, other, vocabulary(plain, other, more=codes), additional_special_tokens=list(codes))
    yield "special tokens are text", files(plain, other, vocabulary(plain, other), split_special_tokens=True)
    yield "spaces cleaned up", files(plain, plain, vocabulary(plain, other), clean_up_tokenization_spaces=True)
    marked = model(normal(["\u2581", "a", "q", "ö"], chance), unk_surface="[?]")
    yield "other names", files(
        plain, marked, vocabulary(plain, marked, first=("[end]", "[unk]"), last=("[fill]",), more=("<unk>", "<s>", "</s>")),
        eos_token="[end]", unk_token="[unk]", pad_token={"__type": "AddedToken", "content": "[fill]", "lstrip": False, "rstrip": False, "normalized": True, "single_word": False},
    )  # fmt: skip
    flags = {
        str(number): {"content": content, "lstrip": "l" in kind, "rstrip": "r" in kind, "single_word": "w" in kind, "normalized": False, "special": "s" in kind}
        for number, (content, kind) in enumerate([("<l>", "l"), ("<r>", "r"), ("<w>", "w"), ("<s2>", "s"), ("xyx", ""), ("xy", "lr"), ("ab ", "s")], 200)
    }  # fmt: skip
    yield "added tokens", files(plain, other, vocabulary(plain, other), added_tokens_decoder=flags)
    yield "added tokens in older files", files(
        plain, other, vocabulary(plain, other, more=("<one>",)),
        [
            ("added_tokens.json", json.dumps({"<new>": 300, "ba": 301})),
            ("special_tokens_map.json", json.dumps({"additional_special_tokens": ["<one>", "<new>"], "eos_token": {"content": "</s>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}})),
        ],
    )  # fmt: skip
    sentences = sample_sentences(300, random.Random(SEED))
    rules = [("\u00e4", "ae"), ("a\u0301", "\u00e1"), ("...", "\u2026"), ("\t", "  "), ("~", ""), ("#", " number "), ("ab", "b"), ("abc", "c"), ("\u00df", "s s")]
    replacing = trained(sentences, normalization_rule_tsv=rules, user_defined_symbols=["ab#", "~~"])
    back = trained(sentences, normalization_rule_name="identity", denormalization_rule_tsv=[("ae", "\u00e4"), (" n", " N"), ("the", "THE"), ("!", ""), ("e", "3")])
    yield "own replacements", files(replacing, back, vocabulary(replacing, back))
    keeping = trained(sentences, normalization_rule_tsv=rules, remove_extra_whitespaces=False)
    yield "own replacements, spaces kept", files(keeping, back, vocabulary(keeping, back))


def made(path):
    chance = random.Random(SEED)
    lines = []
    alphabet = ["a", "a", "a", "b", "b", "ab", "c", "d", "e", "x", "y", " ", " ", "  ", ".", ",", "'", "ä", "ö", "q", "r", "ñ", "中", "😀", "é", "\u2581", "</s>", "<mask>", "~", "#", "...", "\t", "ß", "a\u0301", "ÄÖ"]  # fmt: skip
    words = ["<l>", "<r>", "<w>", "<s2>", "xyx", "xy", "ab ", "<one>", "<new>", "ba", "[end]", "[fill]", ">>fra<<", ">>a b<<", "<pad>", "<unk>", "\u3000", "\x1c", " "]
    for name, files in made_tokenizers(chance):
        texts = chance.sample(ODDITIES, 12) + ["", "a", " a ", "a" * 60, "ab" * 30, "ab#ab~~~~ abc \u00e4a\u0301 x...", "x y xy x  y", ">>fra<< a", "do n't ' a ' .", "\u00f6\u00f1 \u00f1\u00f6 \u00e9\u00f6\u00f1", "a" * 3_000 + "\u00e9" * 3_000 + "ba" * 1_000, ("\u00e9" * 40 + "abaabbabaaab") * 20]  # fmt: skip
        for _ in range(45):
            texts.append("".join(chance.choice(alphabet if chance.random() < 0.85 else words) for _ in range(chance.randint(1, 30))))
        with tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                with open(os.path.join(folder, file), "wb") as out:
                    out.write(bytes.fromhex(content) if file.endswith(".spm") else content.encode())
            tokenizer = load(folder)
            lines.append({"name": name, "files": files, "lines": list(golden_lines(tokenizer, texts, 25, chance))})
    write(path, lines)


if __name__ == "__main__":
    check_versions()
    {"fixture": fixture, "opus": opus, "made": made}[sys.argv[1]](*sys.argv[2:])
