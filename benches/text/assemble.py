"""Assemble real English sentences for the benchmarks from Debian's documentation packages.

    python3 benches/text/assemble.py --out DIR

Downloads the packages below with apt-get into DIR, unpacks each, takes the English prose out of
it, and writes DIR/sentences.txt: one sentence a line, UTF-8, no sentence twice, in an order that
mixes all packages. Needs Debian or Ubuntu (apt-get, dpkg) and Python's standard library, no root:
apt's package lists are kept in DIR, the machine's own are neither read nor changed.

A package that the release lacks is named and left out. Fewer bytes of sentences than --min-bytes
is a failure. Nothing that is downloaded or written is meant to be committed: each package has its
own licence.
"""

import argparse
import gzip
import html
import itertools
import multiprocessing
import pathlib
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

# Packages with much prose for their size; general English first, then software documentation.
PACKAGES = """
    dict-gcide dict-wn dict-foldoc dict-jargon dict-devil fortunes anarchism debian-history
    debian-handbook debian-policy debian-reference-en installation-guide-amd64 gnome-user-docs
    linux-doc-6.1 python3.11-doc python-django-doc python-pandas-doc perl-doc git-doc
    postgresql-doc-15 apache2-doc rust-doc erlang-doc ghc-doc openjdk-17-doc
    cppreference-doc-en-html libboost1.74-doc llvm-14-doc qtbase5-doc-html libgtk-3-doc
    ada-reference-manual-2012 nodejs-doc cmake-doc octave-doc maxima-doc sbcl-doc
    wireshark-doc libreoffice-help-en-us crawl-common
""".split()

Paragraphs = Iterator[str]


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--out", type=pathlib.Path, required=True, help="work folder")
    arguments.add_argument(
        "--min-bytes", type=int, default=60_000_000, help="fail below this (default: 60,000,000)"
    )
    options = arguments.parse_args()
    out = options.out.resolve()

    apt = Apt(out)
    apt.update()
    archives = apt.download(PACKAGES)

    # Keys in the order in which they were first met: a set that keeps the output reproducible.
    sentences: dict[str, None] = {}

    def add(source: str, found: list[str]) -> None:
        before = len(sentences)
        sentences.update(dict.fromkeys(found))
        print(f"{source:32} {len(sentences) - before:9,} new sentences", flush=True)

    add("package descriptions", to_sentences(apt.descriptions()))
    with multiprocessing.Pool() as pool:
        for archive, found in zip(archives, pool.imap(package_sentences, archives)):
            add(archive.name.split("_")[0], found)

    shuffled = list(sentences)
    random.Random(0).shuffle(shuffled)
    text = "".join(sentence + "\n" for sentence in shuffled).encode()
    (out / "sentences.txt").write_bytes(text)
    print(f"{out / 'sentences.txt'}: {len(shuffled):,} distinct sentences, {len(text):,} bytes")
    if len(text) < options.min_bytes:
        sys.exit(f"too little text: {len(text):,} bytes, at least {options.min_bytes:,} wanted")


class Apt:
    """apt-get with package lists and downloads of its own inside the work folder."""

    def __init__(self, out: pathlib.Path) -> None:
        self.lists = out / "apt" / "lists"
        self.packages = out / "packages"
        (self.lists / "partial").mkdir(parents=True, exist_ok=True)
        (out / "apt" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        self.packages.mkdir(exist_ok=True)
        settings = {
            "Dir::State::lists": self.lists,
            "Dir::Cache": out / "apt",
            "Acquire::Languages": "en",  # the descriptions' texts, which slim images leave out
            "Acquire::GzipIndexes": "false",
            "APT::Sandbox::User": "root",  # another user could not write into the work folder
        }
        self.options = [f"--option={name}={value}" for name, value in settings.items()]

    def update(self) -> None:
        """Fetch the lists of packages and their descriptions."""
        run(["apt-get", *self.options, "--quiet=2", "update"])

    def download(self, names: list[str]) -> list[pathlib.Path]:
        """Download those packages that exist, naming those that don't."""
        # apt-cache fails if any name is unknown, and still shows the others.
        shown = subprocess.run(
            ["apt-cache", *self.options, "show", *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        ).stdout
        known = set(re.findall(r"^Package: (\S+)$", shown, re.MULTILINE))
        for name in names:
            if name not in known:
                print(f"{name}: no such package in this release, left out")
        present = [name for name in names if name in known]
        if not present:
            sys.exit("this release has none of the packages")

        # An older version left by an earlier run would be taken twice.
        shutil.rmtree(self.packages)
        self.packages.mkdir()
        run(["apt-get", *self.options, "--quiet=2", "download", *present], folder=self.packages)
        return [path for name in present for path in self.packages.glob(f"{name}_*.deb")]

    def descriptions(self) -> Paragraphs:
        """The paragraphs of all packages' long descriptions; " ." is an empty line there."""
        for translations in sorted(self.lists.glob("*_Translation-en")):
            text = translations.read_text(encoding="utf-8", errors="replace")
            long_descriptions = re.findall(r"^Description-en:.*\n((?: .*\n)+)", text, re.MULTILINE)
            for description in long_descriptions:
                yield from re.split(r"^ \.\n", description, flags=re.MULTILINE)


def run(command: list[str], folder: pathlib.Path | None = None) -> None:
    """Run a command; if it fails, end with what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} {command[-1]}: exit status {done.returncode}\n{done.stderr}")


def package_sentences(archive: pathlib.Path) -> list[str]:
    """The sentences of one package's files, in the order of their paths."""
    folder = archive.with_suffix("")
    subprocess.run(["dpkg", "-x", archive, folder], check=True)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = to_sentences(
        itertools.chain.from_iterable(
            paragraphs(path, path.relative_to(folder).as_posix()) for path in paths
        )
    )
    shutil.rmtree(folder)
    return found


# --- From a file to its paragraphs ---------------------------------------------------------------

# A folder named for a language ("de", "pt-BR", "zh_CN") or for translations in general.
TRANSLATED = re.compile(r"/(?!en\b)[a-z]{2}(?:[-_](?!US|GB)[A-Z]{2})?/|/translations/|/xx-XX/")
# Lists of names, changes and licences rather than prose.
NOT_PROSE = re.compile(r"/(?:changelog|copyright|NEWS|ChangeLog|genindex)[^/]*$")


def paragraphs(path: pathlib.Path, name: str) -> Paragraphs:
    """A file's paragraphs, as far as its format is a known one; `name` is its path as installed."""
    if NOT_PROSE.search(name):
        return
    if name.startswith("usr/share/help/"):
        # GNOME's manuals lie in help/LANGUAGE/, the English originals in help/C/.
        if not name.startswith("usr/share/help/C/"):
            return
    elif name.startswith("usr/share/doc/") and TRANSLATED.search(name.removeprefix("usr/share/")):
        return

    kind = name.removesuffix(".gz")
    if kind.endswith("wn.dict.dz"):
        yield from wordnet_definitions(read(path))
    elif kind.endswith(".dict.dz"):
        yield from dictionary_paragraphs(read(path))
    elif kind.endswith((".html", ".htm", ".xhtml", ".page")):
        yield from markup_paragraphs(read(path))
    elif kind.endswith((".txt", ".rst", ".pod", ".md")):
        yield from plain_paragraphs(read(path))
    elif "/fortunes/" in kind and "." not in path.name:
        yield from read(path).split("\n%\n")


def read(path: pathlib.Path) -> str:
    """A file's text, unpacked if it is compressed (dictzip is gzip).

    Invalid UTF-8 becomes U+FFFD, which no sentence may hold.
    """
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return data.decode("utf-8", errors="replace")


def plain_paragraphs(text: str) -> Paragraphs:
    """Paragraphs set apart by empty lines."""
    yield from re.split(r"\n[ \t]*\n", text)


NOT_TEXT_ELEMENT = re.compile(r"<!--.*?-->|<(script|style|pre|head|svg)\b.*?</\1\s*>", re.S | re.I)
INLINE_TAG = re.compile(
    r"</?(?:a|abbr|acronym|app|b|bdi|big|cite|cmd|code|dfn|em|file|font|gui|guiseq|i|kbd|key|link"
    r"|mark|q|s|samp|small|span|strong|sub|sup|sys|tt|u|var|wbr)\b[^>]*>",
    re.I,
)
LINE_BREAK_TAG = re.compile(r"<br\b[^>]*>", re.I)
ANY_TAG = re.compile(r"<[^>]*>")


def markup_paragraphs(text: str) -> Paragraphs:
    """The text between block-level tags of HTML or Mallard, inline tags taken out."""
    text = NOT_TEXT_ELEMENT.sub("\n\n", text)
    text = INLINE_TAG.sub("", text)
    text = LINE_BREAK_TAG.sub(" ", text)
    for block in ANY_TAG.split(text):
        if len(block) >= SHORTEST:
            # Sphinx and rustdoc put these marks behind headings, as links to themselves.
            yield html.unescape(block).replace("¶", "").replace("§", "")


BRACKETED = re.compile(r"\[[^\]]*\]")
SENSE_NUMBER = re.compile(r"^\s*(?:\d+\.|\([a-z]\))\s+")
QUOTED_AUTHOR = re.compile(r"\s*--\s?[A-Z][\w.' ()]*$")


def dictionary_paragraphs(text: str) -> Paragraphs:
    """Entries without source notes ("[1913 Webster]"), sense numbers and marks of references."""
    for paragraph in plain_paragraphs(text):
        paragraph = BRACKETED.sub("", paragraph).replace("{", "").replace("}", "")
        yield QUOTED_AUTHOR.sub("", SENSE_NUMBER.sub("", paragraph.rstrip()))


WORDNET_SENSE = re.compile(r"^ +(?:(?:n|v|adj|adv) )?\d*: (.*(?:\n {5,}(?!\d*: ).*)*)", re.M)


def wordnet_definitions(text: str) -> Paragraphs:
    """WordNet's definitions, which are phrases, written as sentences; its examples are left out."""
    for sense in WORDNET_SENSE.findall(text):
        definition = BRACKETED.sub("", sense).split('; "')[0].strip()
        yield definition[:1].upper() + definition[1:] + "."


# --- From paragraphs to sentences ----------------------------------------------------------------

# In characters.
SHORTEST, LONGEST = 25, 400
# In words.
FEWEST, MOST = 5, 60

SENTENCE_END = re.compile(
    # Behind a full stop, with or without a closing quotation mark or bracket ...
    r"(?:(?<=[.!?])|(?<=[.!?][\"')”’]))"
    # ... that ends neither an initial nor a common abbreviation ...
    r"(?<!\b[A-Za-z]\.)(?<!\b(?:Mr|Dr|St|vs|No|cf|ca|Jr)\.)(?<!\b(?:Mrs|etc|Fig|Vol|Sec)\.)"
    # ... and before what may begin a sentence.
    r"\s+(?=[\"'(“‘]?[A-Z])"
)
# Begins like a sentence, ends like one, and holds no control characters or marks of code between.
SENTENCE = re.compile(r"[\"'(“‘]?[A-Z][^\x00-\x1f\x7f<>{}\[\]\\|=_^~*#@`\ufffd]*[.!?][\"')”’]?")
# Every real English sentence of some length has one of these; code and other languages have none.
FUNCTION_WORD = re.compile(
    r"\b(?:the|of|and|to|is|are|was|were|be|been|that|this|with|for|it|not|you|which|by|from|or"
    r"|an|as|have|has|can|will|if|on|at)\b"
)
# Of a sentence's characters, the part that must be letters or spaces.
LETTERS = 0.88


def to_sentences(found: Paragraphs) -> list[str]:
    """The paragraphs' sentences, each once, white space made single spaces."""
    sentences: dict[str, None] = {}
    for paragraph in found:
        for sentence in SENTENCE_END.split(" ".join(paragraph.split())):
            if is_sentence(sentence):
                sentences[sentence] = None
    return list(sentences)


def is_sentence(text: str) -> bool:
    """Whether this reads as one whole sentence of English prose."""
    if not SHORTEST <= len(text) <= LONGEST or not FEWEST <= text.count(" ") + 1 <= MOST:
        return False
    if not SENTENCE.fullmatch(text) or not FUNCTION_WORD.search(text):
        return False
    letters = sum(map(str.isalpha, text)) + text.count(" ")
    return letters >= LETTERS * len(text)


if __name__ == "__main__":
    main()
