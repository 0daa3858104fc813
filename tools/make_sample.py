"""Make the embedded sample: invented faces and invented reviews in the formats of the real files.

    python tools/make_sample.py [--to FOLDER]

writes `train_test.zip` and `car_reviews.csv` into FOLDER (default: data/sample). Nothing of the real
data goes in: the faces are drawn (synthetic_faces.py), the reviews composed (synthetic_reviews.py).
The same versions of Python and Pillow give the same bytes on every run.

What is copied from the real data is its form: names, sizes and labels of the pictures, the shape of
the age distribution, a few pictures that are there twice under different names (some with labels that
contradict each other), lone carriage returns as line ends, punctuation turned into spaces.
"""

import argparse
import io
import random
import zipfile
from pathlib import Path

from tools import synthetic_faces
from tools import synthetic_reviews

SEED = 20170117
FACES = 596
REVIEWS_PER_CLASS = 200
# (share of people, age): the ages between are read off straight lines.
AGES = [(0, 1), (0.05, 2), (0.10, 5), (0.15, 13), (0.225, 20), (0.28, 23), (0.40, 26), (0.50, 29),
        (0.60, 34), (0.70, 40), (0.80, 50), (0.89, 60), (0.95, 72), (1, 117)]  # fmt: skip
# Pictures that get a second name: (how many years and genders the second label is off).
TWINS = [(0, 0), (4, 0), (0, 1), (7, 0)]
ZIP_DATE = (2020, 1, 1, 0, 0, 0)
FOLDER = Path(__file__).resolve().parents[1] / "data" / "sample"


def main():
    """Read the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    write_zip(folder / "train_test.zip", make_faces(random.Random(SEED)))
    write_csv(folder / "car_reviews.csv", make_reviews(random.Random(SEED + 1)))


def make_faces(rng):
    """Return {member name: JPEG bytes}."""
    faces = {}
    drawn = []
    for age, gender in people(rng):
        name = member_name(age, gender, rng)
        faces[name] = jpeg(synthetic_faces.draw(age, gender, rng))
        drawn.append((age, gender, name))
    adults = [person for person in drawn if 20 <= person[0] < 60]
    for (age, gender, name), (years, flip) in zip(
        rng.sample(adults, len(TWINS)), TWINS
    ):
        faces[member_name(age + years, gender ^ flip, rng)] = faces[name]
    return faces


def people(rng):
    """Return (age, gender) of all invented people: ages spread evenly over AGES, genders in balance."""
    ages = [age_at((i + 0.5) / FACES) for i in range(FACES)]
    genders = []
    while len(genders) < FACES:
        genders += rng.sample([0, 1], 2)
    return list(zip(ages, genders))


def age_at(share):
    """Return the age below which a share of the people is."""
    for (low, young), (high, old) in zip(AGES, AGES[1:]):
        if share < high:
            return int(young + (old - young) * (share - low) / (high - low))
    raise ValueError(share)


def member_name(age, gender, rng):
    """Return a name as in the real archive; the time stamp is invented."""
    stamp = f"2020{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randrange(24):02}"
    stamp += f"{rng.randrange(60):02}{rng.randrange(60):02}{rng.randrange(1000):03}"
    return f"train_test/{age}_{gender}_{rng.randrange(5)}_{stamp}.jpg.chip.jpg"


def jpeg(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=78)
    return buffer.getvalue()


def write_zip(path, members):
    """Write the members in sorted order, uncompressed, with a fixed date: the same bytes each time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.create_system = 3
            archive.writestr(info, members[name])


def make_reviews(rng):
    """Return the rows (label, text): all negative reviews first, as in the real file."""
    return [
        (label, synthetic_reviews.compose(label, rng))
        for label in ("Neg", "Pos")
        for _ in range(REVIEWS_PER_CLASS)
    ]


def write_csv(path, rows):
    """Write the table with lone carriage returns between the lines and none at the end."""
    lines = ["Sentiment,Review"] + [f"{label},{text}" for label, text in rows]
    path.write_bytes("\r".join(lines).encode("ascii"))


if __name__ == "__main__":
    main()
