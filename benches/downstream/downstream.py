"""Trains plain classifiers on 500 reviews with and without augmentation, and reports accuracies.

    pip install -r benches/downstream/requirements.txt
    cargo build --release
    python benches/downstream/downstream.py --augment target/release/augment --work out/downstream

The README beside this script says what is measured, and what came of it. Nothing here is tuned: the
pipelines have their defaults, the classifiers those of their authors. Prints a table in Markdown.
"""

import argparse
import dataclasses
import json
import pathlib
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from scipy import stats

from classifiers import CLASSIFIERS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SAMPLE = sorted((ROOT / "resources" / "sample").glob("*.parquet"))
PIPELINES = {
    "eda": ROOT / "pipelines" / "eda.toml",
    "aeda": HERE / "aeda.toml",
    "back_translation": ROOT / "pipelines" / "backtranslate.toml",
}
ROWS, SEEDS = 500, 10
# Copies of each row that tell whether more rows alone make a difference: as many as `eda` makes.
COPIES = 16


@dataclasses.dataclass
class Rows:
    """Texts with their labels, and of each the id of the row that it is or comes from."""

    texts: list[str]
    labels: np.ndarray
    parents: np.ndarray
    is_variant: np.ndarray

    @staticmethod
    def of(table: pa.Table) -> "Rows":
        return Rows(
            table["text"].to_pylist(),
            np.array([int(label == "positive") for label in table["label"].to_pylist()]),
            np.array(table["aug_parent"].to_pylist()),
            np.array(table["aug_replica"].to_pylist()) > 0,
        )


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--augment", type=pathlib.Path, required=True, help="the program")
    arguments.add_argument("--work", type=pathlib.Path, required=True, help="folder to work in")
    arguments.add_argument("--seeds", type=int, default=SEEDS)
    options = arguments.parse_args()
    check_versions()
    torch.set_num_threads(1)

    # Shards are in the order of a hash, so that any of them is a sample.
    pool = pa.concat_tables(pq.read_table(path) for path in SAMPLE[:2])
    test = pa.concat_tables(pq.read_table(path) for path in SAMPLE[2:])
    test_texts = test["text"].to_pylist()
    test_labels = np.array([int(label == "positive") for label in test["label"].to_pylist()])
    seen = set(test_texts)
    pool = pool.filter(pa.array([text not in seen for text in pool["text"].to_pylist()]))

    results: dict[tuple[str, str], list[float]] = {}
    sizes: dict[str, list[int]] = {}
    for seed in range(options.seeds):
        chosen = np.random.default_rng(seed).choice(len(pool), ROWS, replace=False)
        work = options.work.resolve() / f"seed-{seed}"
        for name, train in training_sets(pool.take(chosen), options.augment, work, seed):
            assert not set(train.parents) & set(test["id"].to_pylist()), "a test row in training"
            sizes.setdefault(name, []).append(len(train.texts))
            for classifier, predict in CLASSIFIERS.items():
                right = predict(train, test_texts, seed) == test_labels
                results.setdefault((classifier, name), []).append(100 * float(right.mean()))
                print(seed, classifier, name, len(train.texts), right.mean(), file=sys.stderr)
        keep(results, options.work)
    report(results, sizes, options, len(pool), len(test_texts))


def check_versions() -> None:
    for line in (HERE / "requirements.txt").read_text().splitlines():
        if not line.startswith("#"):
            package, expected = line.split("==")
            # torch says with which CUDA it was built, too.
            found = version(package).split("+")[0]
            if found != expected:
                sys.exit(f"expected {package} {expected}, found {found}")


def training_sets(rows: pa.Table, augment: pathlib.Path, work: pathlib.Path, seed: int):
    """Each kind of training set by its name, the rows alone first."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    pq.write_table(rows, work / "train.parquet")
    alone = rows.append_column("aug_parent", rows["id"])
    alone = alone.append_column("aug_replica", pa.array([0] * len(rows)))
    yield "none", Rows.of(alone)
    yield "copies", Rows.of(pa.concat_tables([alone] * (1 + COPIES)))
    for name, pipeline in PIPELINES.items():
        run(augment, pipeline, work / "train.parquet", work / name, seed)
        augmented = Rows.of(pq.read_table(work / name / "train.parquet"))
        assert set(augmented.parents) == set(rows["id"].to_pylist()), "rows are missing"
        yield name, augmented


def run(
    augment: pathlib.Path, pipeline: pathlib.Path, train: pathlib.Path, out: pathlib.Path, seed: int
) -> None:
    values = {
        "sources.reviews.paths": [str(train)],
        "sinks.augmented.path": str(out / "{shard}.parquet"),
    }
    # A value is TOML, of which strings and lists are written as in JSON.
    sets = [f"--set={key}={json.dumps(value)}" for key, value in values.items()]
    command = [str(augment), "run", str(pipeline), "--quiet", f"--seed={seed}", *sets]
    subprocess.run(command, check=True)


def keep(results: dict, work: pathlib.Path) -> None:
    """What there is so far, for who wants to look at single seeds."""
    lines = [
        {"classifier": classifier, "augmentation": name, "accuracies": accuracies}
        for (classifier, name), accuracies in results.items()
    ]
    (work / "accuracies.json").write_text(json.dumps(lines, indent=1))


def interval(values: list[float]) -> tuple[float, float]:
    """The mean, and half of its 95 % confidence interval by Student's t."""
    values = np.array(values)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def report(results: dict, sizes: dict, options: argparse.Namespace, pool: int, test: int) -> None:
    program = subprocess.run([options.augment, "--version"], capture_output=True, text=True)
    versions = ", ".join(
        f"{package} {version(package)}" for package in ("scikit-learn", "torch", "numpy", "pyarrow")
    )
    print(
        f"{program.stdout.strip()}, Python {platform.python_version()}, {versions}; "
        f"{ROWS} of {pool:,} rows for each of {options.seeds} seeds, {test:,} test rows.\n"
    )
    print("| classifier | augmentation | training rows | accuracy, % | difference to none |")
    print("| --- | --- | --- | --- | --- |")
    in_order = [(classifier, name) for classifier in CLASSIFIERS for name in sizes]
    for classifier, name in in_order:
        accuracies = results[classifier, name]
        mean, half = interval(accuracies)
        difference = ""
        if name != "none":
            pairs = zip(accuracies, results[classifier, "none"], strict=True)
            difference = "{:+.2f} ± {:.2f}".format(*interval([a - b for a, b in pairs]))
        rows = round(float(np.mean(sizes[name])))
        print(f"| {classifier} | {name} | {rows:,} | {mean:.2f} ± {half:.2f} | {difference} |")


if __name__ == "__main__":
    main()
