"""Make the embedded sample: `python -m tools.make_sample [--to FOLDER]`.

Nothing of the real data goes in: the faces are drawn (synthetic_faces.py), the reviews
composed (synthetic_reviews.py). The same versions of Python and Pillow give the same bytes.

What is copied is the form: names, sizes and labels of the pictures, the shape of the age
distribution, a few pictures that are there twice (some with contradicting labels), lone
carriage returns as line ends, punctuation turned into spaces.
"""

import argparse
import io
import random
import zipfile
from pathlib import Path

import numpy as np

from tools import synthetic_faces, synthetic_reviews

SEED = 20170117
FACES = 596
REVIEWS_PER_CLASS = 200
# The share of people below an age; those between are read off straight lines.
SHARES = [0, 0.05, 0.1, 0.15, 0.225, 0.28, 0.4, 0.5, 0.6, 0.7, 0.8, 0.89, 0.95, 1]
AGES = [1, 2, 5, 13, 20, 23, 26, 29, 34, 40, 50, 60, 72, 117]
# Pictures that get a second name: (how many years and genders the second label is off).
TWINS = [(0, 0), (4, 0), (0, 1), (7, 0)]
ZIP_DATE = (2020, 1, 1, 0, 0, 0)
FOLDER = Path(__file__).resolve().parents[1] / "data" / "sample"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    write_zip(folder / "train_test.zip", make_faces(random.Random(SEED)))
    write_csv(folder / "car_reviews.csv", random.Random(SEED + 1))


def make_faces(rng):
    """Return {member name: JPEG bytes}."""
    faces, adults = {}, []
    for age, gender in people(rng):
        name, picture = member_name(age, gender, rng), io.BytesIO()
        synthetic_faces.draw(age, gender, rng).save(picture, "JPEG", quality=78)
        faces[name] = picture.getvalue()
        if 20 <= age < 60:
            adults.append((age, gender, name))
    twins = zip(rng.sample(adults, len(TWINS)), TWINS)
    for (age, gender, name), (years, flip) in twins:
        faces[member_name(age + years, gender ^ flip, rng)] = faces[name]
    return faces


def people(rng):
    """Return (age, gender) of all invented people: ages as in AGES, genders in balance."""
    ages = np.interp((np.arange(FACES) + 0.5) / FACES, SHARES, AGES).astype(int)
    genders = [gender for _ in range(0, FACES, 2) for gender in rng.sample([0, 1], 2)]
    return zip(ages.tolist(), genders)


def member_name(age, gender, rng):
    """Return a name as in the real archive; the time stamp is invented."""
    numbers = rng.randint(1, 12), rng.randint(1, 28), *map(rng.randrange, (24, 60, 60))
    stamp = "2020" + "".join(f"{number:02}" for number in numbers)
    stamp += f"{rng.randrange(1000):03}"
    return f"train_test/{age}_{gender}_{rng.randrange(5)}_{stamp}.jpg.chip.jpg"


def write_zip(path, members):
    """Write sorted, uncompressed members of a fixed date: the same bytes each time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.create_system = 3
            archive.writestr(info, members[name])


def write_csv(path, rng):
    """Write negative reviews, then positive ones, with a lone carriage return between two."""
    labels = ["Neg"] * REVIEWS_PER_CLASS + ["Pos"] * REVIEWS_PER_CLASS
    lines = [f"{label},{synthetic_reviews.compose(label, rng)}" for label in labels]
    path.write_bytes("\r".join(["Sentiment,Review", *lines]).encode("ascii"))


if __name__ == "__main__":
    main()
