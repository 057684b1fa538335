"""Make the annotated sample: review sentences in which names of people and places are marked.

The sentences are those of ../sample; the marks are made by the lists in ../entities. README.md beside
this script says how good they are.

Run it in a virtual environment, from any folder:

    pip install -r requirements.txt
    python make_annotated.py

For the pyarrow version in requirements.txt the file is the same byte for byte on every run.
"""

import pathlib
import re

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = HERE.parent / "sample"
LISTS = HERE.parent / "entities"
TARGET = HERE / "reviews-with-entities.parquet"

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        (
            "entities",
            pa.list_(
                pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string())])
            ),
        ),
    ]
)

CAPITALISED = r"[A-Z][a-z]+(?:['-][A-Z][a-z]+)*"


def main() -> None:
    person, place = person_pattern(), place_pattern()
    rows = []
    for path in sorted(SAMPLE.glob("reviews-*.parquet")):
        for row in pq.read_table(path, columns=["id", "text"]).to_pylist():
            entities = annotate(row["text"], person, place)
            if entities:
                rows.append({**row, "entities": entities})
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    pq.write_table(table, TARGET, compression="zstd", row_group_size=500)
    labels = [entity["label"] for row in rows for entity in row["entities"]]
    counts = ", ".join(f"{labels.count(label):,} {label}" for label in sorted(set(labels)))
    print(f"{len(rows):,} rows, {counts}")


def annotate(text: str, person: re.Pattern, place: re.Pattern) -> list[dict]:
    """The names in a text, in order; where two overlap, the one that begins first stays."""
    found = [(match.span(), "person") for match in person.finditer(text)]
    found += [(match.span(), "place") for match in place.finditer(text)]
    entities, end_of_last = [], 0
    for (start, end), label in sorted(found):
        if start >= end_of_last:
            entities.append({"start": start, "end": end, "label": label})
            end_of_last = end
    return entities


def person_pattern() -> re.Pattern:
    """A first name of the list, and one to three capitalised words after it."""
    names = "|".join(re.escape(name) for name, _ in names_in("first_names.txt"))
    return re.compile(rf"\b(?:{names})(?: (?:[A-Z]\.|{CAPITALISED})){{1,3}}\b")


def place_pattern() -> re.Pattern:
    """A place of the list that is no common word as well."""
    places = [name for name, common in names_in("places.txt") if not common]
    places.sort(key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(re.escape(place) for place in places)})\b")


def names_in(file: str) -> list[tuple[str, bool]]:
    """The names in a list, and whether each is a common word as well."""
    lines = (LISTS / file).read_text(encoding="utf-8").splitlines()
    names = [line.split(" ", 1)[1] for line in lines if line]
    return [(name.rstrip("*"), name.endswith("*")) for name in names]


if __name__ == "__main__":
    main()
