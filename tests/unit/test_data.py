"""The loader: four sources in order, a fixed interface, one sentence for what is wrong.

Whatever is fed in: no crash, nothing written anywhere, the reader's file as it was.
"""

import gzip
import hashlib
import io
import os
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbook import ConfigurationError, DataError, data

# Before `places` takes it away.
REAL = Path(os.environ.get("CNNBOOK_DATA") or "nowhere").expanduser()
NEEDED = data.NEEDED
TIME = "2020010100000000"
NAMES = [f"{who}_{TIME}1.jpg.chip.jpg" for who in ("28_1_0", "3_0_4", "64_0_2")]
GOOD, NAME = NAMES[0], f"40_0_0_{TIME}9.jpg.chip.jpg"
TABLE = b"Sentiment,Review\rNeg, It broke  \rPos, It runs  and runs  \rNeg, It leaks  "

pytestmark = pytest.mark.usefixtures("places")


def picture(mode="RGB", colour=(90, 90, 90), size=(128, 128), kind="JPEG", **more):
    stored = io.BytesIO()
    Image.new(mode, size, colour).save(stored, kind, **more)
    return stored.getvalue()


JPEG, LARGE = picture(), picture(size=(6000, 5000))


def archive(*members):
    """Return the bytes of a zip archive of members (name, content)."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", 8) as made:
        for member in members:
            made.writestr(*member)
    return stored.getvalue()


THREE = [(name, picture(colour=(60 * i,) * 3)) for i, name in enumerate(NAMES, 1)]


def put(folder, faces=None, reviews=TABLE):
    """Fill a folder, as readers have it."""
    folder.mkdir(exist_ok=True)
    faces = archive(*THREE) if faces is None else faces
    (folder / data.FACES).write_bytes(faces)
    (folder / data.REVIEWS).write_bytes(reviews)
    return folder


@pytest.fixture
def mine(places, monkeypatch):
    """The folder in CNNBOOK_DATA, yet empty."""
    (places / "mine").mkdir()
    monkeypatch.setenv("CNNBOOK_DATA", str(places / "mine"))
    return places / "mine"


def load(name):
    """Return the table that the loader gives."""
    return data.load_reviews() if name == data.REVIEWS else data.load_faces()[0]


def complaint(name):
    """Return the message of the DataError: one sentence, and no library's traceback."""
    with pytest.raises(DataError) as caught:
        load(name)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 500
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


def left_out(capsys):
    return [s for s in capsys.readouterr().out.splitlines() if "left out" in s]


# --- The fixed interface ---------------------------------------------------------------


FORMS = """
    train_test.zip train_test/ UTKFace/ a/b/ ./ UTKFace.tar.gz utkface.tar crop_part1.tgz
    Archive.ZIP a/UTKFace.tar.gz
""".split()
PACKED = {"zip": "zip", "tar": "tar", "gz": "gztar", "tgz": "gztar"}


def lay(folder, form, members):
    """Put pictures into a folder in one of the forms in which people have them."""
    path, packed = folder / form, folder.parent / "packed"
    place = path if form.endswith("/") else packed / "any"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in members:
        (place / name).write_bytes(content)
    if packed.exists():
        path.parent.mkdir(exist_ok=True)
        kind = PACKED[form.lower().split(".")[-1]]
        os.rename(shutil.make_archive(packed, kind, packed), path)
        shutil.rmtree(packed)


@pytest.mark.parametrize("form", FORMS)
def test_faces_have_the_fixed_interface(mine, capsys, form):
    (mine / data.REVIEWS).write_bytes(TABLE)
    more = [(NAME, b"no picture"), (".DS_Store", b""), ("._" + GOOD, b"")]
    lay(mine, form, [*reversed(THREE), *more])
    table, pictures = data.load_faces()
    (line,) = left_out(capsys)
    assert line.endswith(f"{NAME}: not a JPEG, PNG or WebP picture.")
    assert list(table.columns) == ["filename", "age", "gender"]
    assert table.filename.tolist() == sorted(NAMES)
    assert table.age.tolist() == [28, 3, 64] and table.gender.tolist() == [1, 0, 0]
    assert (table.age.dtype, table.gender.dtype) == (np.int64, np.int64)
    assert table.index.tolist() == [0, 1, 2]
    assert pictures.dtype == np.uint8 and pictures.shape == (3, 128, 128, 3)
    assert [int(p.mean()) for p in pictures] == [60, 120, 180]


@pytest.mark.parametrize(
    ("forms", "taken"),
    [
        (["utkface/:3", "train_test/:2"], 2),
        (["train_test.zip:1", "train_test/:2"], 1),
        (["crop_part1/:2", "utkface/:3", "UTK/crop/:2", "UTK/face/:3"], 3),
        (["crop_part1.tar.gz:2", "UTKFace.tar.gz:3", "unseen_faces.zip:1"], 3),
        (["unseen_faces/:3", "UTKFace.tar.gz:2"], 2),
        (["unseen_faces/:3", "unseen_faces.zip:3", "./:1"], 1),
    ],
)
def test_of_several_forms_the_best_is_taken(mine, capsys, forms, taken):
    for form in forms:
        lay(mine, form[:-2], THREE[: int(form[-1])])
    assert len(data.load_faces()[0]) == taken and left_out(capsys) == []


@pytest.fixture
def unseen(places, monkeypatch):
    """Two of the three pictures are the unseen ones."""
    (places / "names").write_bytes(b"".join(map(data._name_hash, NAMES[:2])))
    monkeypatch.setattr(data, "UNSEEN_NAMES", places / "names")
    monkeypatch.setattr(data, "NEEDED", 1)


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize("form", ["unseen_faces.zip", "unseen_faces/", *FORMS[2:]])
def test_unseen_faces_are_picked_by_name(mine, capsys, form):
    lay(mine, "train_test.zip", [(NAME, JPEG)])
    lay(mine, form, THREE)
    table, pictures = data.load_unseen_faces()
    assert table.filename.tolist() == sorted(NAMES[:2]) and table.age.sum() == 31
    assert [int(p.mean()) for p in pictures] == [60, 120]
    assert capsys.readouterr().out == (
        "Unseen faces: 2 pictures from the folder in CNNBOOK_DATA: "
        "other data of the right form.\n"
    )


@pytest.mark.usefixtures("unseen")
def test_without_unseen_faces_one_line_says_so(places, monkeypatch, capsys):
    monkeypatch.setattr(data, "_download", pytest.fail)
    assert data.load_unseen_faces() is None
    put(places / "cache", archive((NAME, JPEG)))
    (places / "cache" / "archive.zip").write_bytes(b"of something else")
    assert data.load_unseen_faces() is None
    line = "Unseen faces: none in the cache; data/README.md says how to get them."
    assert capsys.readouterr().out.splitlines() == [line, line]
    (places / "cache" / data.UNSEEN).write_bytes(b"half of it")
    with pytest.raises(DataError, match="unseen_faces.zip is not a complete archive"):
        data.load_unseen_faces()


def test_reviews_have_the_fixed_interface(mine):
    put(mine)
    table = data.load_reviews()
    assert list(table.columns) == ["Sentiment", "Review"]
    assert table.Sentiment.tolist() == ["Neg", "Pos", "Neg"]
    texts = [" It broke  ", " It runs  and runs  ", " It leaks  "]
    assert table.Review.tolist() == texts and table.index.tolist() == [0, 1, 2]


# --- The sources and what they announce ---------------------------------------------------


def test_the_named_folder_comes_before_the_cache(places, monkeypatch, capsys):
    """A download stands between cache and sample: test_download.py."""
    monkeypatch.setattr(data, "_download", pytest.fail)
    for place in ("mine", "cache", "sample"):
        put(places / place)
    assert len(data.load_faces()[0]) == 3
    monkeypatch.setenv("CNNBOOK_DATA", str(places / "mine"))
    assert len(data.load_reviews()) == 3
    origins = "from the cache", "from the folder in CNNBOOK_DATA"
    assert capsys.readouterr().out.splitlines() == [
        f"Faces: 3 pictures {origins[0]}: other data of the right form.",
        f"Reviews: 3 texts {origins[1]}: other data of the right form.",
    ]


@pytest.mark.parametrize("folder", ["", data.ROOT / "data" / "sample"])
def test_last_comes_the_sample_with_a_notice(places, monkeypatch, capsys, folder):
    monkeypatch.setattr(data, "SAMPLE", data.ROOT / "data" / "sample")
    monkeypatch.setattr(data, "NEEDED", NEEDED)
    monkeypatch.setattr(data, "_download", pytest.fail)
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")  # never connects
    monkeypatch.setenv("CNNBOOK_DATA", str(folder))
    (faces, pictures), reviews = data.load_faces(), data.load_reviews()
    assert len(faces) == len(pictures) == 600 and len(reviews) == 400
    assert faces.attrs["is_book_data"] is reviews.attrs["is_book_data"] is False
    out = capsys.readouterr().out
    assert out.count("NOTICE") == out.count("INVENTED") == 2
    assert "data/README.md" in out and "built with" not in out
    assert max(map(len, out.splitlines())) <= 80 and len(out.splitlines()) > 8
    assert str(data.ROOT) not in out


def test_invented_faces_come_from_the_sample_whatever_data_is_named(mine, monkeypatch):
    monkeypatch.setattr(data, "SAMPLE", data.ROOT / "data" / "sample")
    table, pictures = data.load_invented_faces()
    assert len(table) == 600 and pictures.shape == (600, 128, 128, 3)


def test_a_missing_or_damaged_sample_is_restored(places, monkeypatch):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    missing = complaint(data.FACES)
    sample = put(places / "sample", b"")
    for message in (missing, complaint(data.FACES)):
        assert message.startswith(f"{sample / data.FACES} ")
        assert message.endswith("restore it with 'python -m tools.make_sample'.")


def test_a_misspelt_switch_is_refused(monkeypatch):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "yes")
    with pytest.raises(ConfigurationError, match="CNNBOOK_OFFLINE is 'yes'; set it to"):
        data.load_reviews()


@pytest.mark.parametrize("name", [data.FACES, data.REVIEWS])
def test_a_wrong_folder_is_named_with_the_remedy(mine, name):
    message = complaint(name)
    assert f"{mine}, holds no {name}" in message and "; put the file there" in message
    assert ("UTKFace as an archive (.zip, " in message) == (name == data.FACES)


def test_the_folder_is_named_by_its_absolute_path(mine, monkeypatch):
    put(mine)
    monkeypatch.chdir(mine.parent)
    monkeypatch.setenv("HOME", str(mine.parent))
    monkeypatch.setenv("CNNBOOK_DATA", "~/mine")
    assert len(data.load_reviews()) == 3
    for wrong in ("mine", "/nowhere"):
        monkeypatch.setenv("CNNBOOK_DATA", wrong)
        assert "which is not the absolute path of a fol" in complaint(data.REVIEWS)


def test_a_file_that_may_not_be_read_is_not_called_damaged(mine, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    path = put(mine) / data.FACES
    monkeypatch.setattr(Path, "open", refused)
    start = f"{path} cannot be read (Permission denied); check its permissions, or"
    assert complaint(data.FACES).startswith(start)


def test_the_digest_sees_the_content_and_not_the_packing(mine, monkeypatch, capsys):
    digest = data._read_faces(put(mine) / data.FACES)[2]
    monkeypatch.setitem(data.DIGESTS, data.FACES, digest)
    put(mine, archive(*((f"other/{name}", jpeg) for name, jpeg in reversed(THREE))))
    assert data.load_faces()[0].attrs["is_book_data"] is True
    assert "the data this book was built with" in capsys.readouterr().out
    put(mine, archive((GOOD, JPEG), *THREE[1:]))
    assert data.load_faces()[0].attrs["is_book_data"] is False


@pytest.mark.skipif(
    not all((REAL / name).is_file() for name in data.HASHES),
    reason="CNNBOOK_DATA does not name a folder with the real data",
)
def test_the_real_data_is_recognised(monkeypatch, capsys):
    monkeypatch.setenv("CNNBOOK_DATA", str(REAL))
    (faces, pictures), reviews = data.load_faces(), data.load_reviews()
    assert faces.shape == (5000, 3) and pictures.shape == (5000, 128, 128, 3)
    assert faces.gender.value_counts().to_dict() == {0: 2584, 1: 2416}
    ages = faces.age
    assert (ages.min(), ages.max(), ages.median()) == (1, 116, 29)
    assert round(ages.mean(), 2) == 33.07 and reviews.shape == (1382, 2)
    assert reviews.Sentiment.value_counts().to_dict() == {"Neg": 691, "Pos": 691}
    assert faces.attrs["is_book_data"] is reviews.attrs["is_book_data"] is True
    out = capsys.readouterr().out
    assert out.count("\n") == out.count("the data this book was built with") == 2
    for name, known in data.HASHES.items():  # what a download is held against
        assert hashlib.sha256((REAL / name).read_bytes()).hexdigest() == known


@pytest.mark.skipif(
    not (REAL / data.UNSEEN).is_file(), reason=f"CNNBOOK_DATA holds no {data.UNSEEN}"
)
def test_the_unseen_faces_are_recognised_and_are_not_among_the_others(monkeypatch):
    monkeypatch.setenv("CNNBOOK_DATA", str(REAL))
    table, pictures = data.load_unseen_faces()
    assert table.attrs["is_book_data"] and pictures.shape == (2000, 128, 128, 3)
    hashes = sorted(map(data._name_hash, table.filename))
    assert data.UNSEEN_NAMES.read_bytes() == b"".join(hashes)
    with data._open_faces(REAL / data.FACES) as members:
        assert not {data._name_hash(member[0]) for member in members} & {*hashes}


# --- Hostile and broken files ---------------------------------------------------------------


def faces(name=NAME, content=JPEG):
    """A good picture, and one that may be hostile."""
    return data.FACES, archive((GOOD, JPEG), (name, content))


def rows(*more, header="Sentiment,Review", end="\r"):
    """A good row, and others that may be hostile."""
    return data.REVIEWS, end.join([header, "Pos, It runs  ", *more]).encode()


# What is fed in: the second item is taken beside the first, good one.
TAKEN = {
    "lines that end in LF": rows("Neg, It broke  ", end="\n"),
    "lines that end in CRLF": rows("Neg, It broke  ", end="\r\n"),
    "a byte order mark": (data.REVIEWS, b"\xef\xbb\xbf" + rows("Neg, It broke  ")[1]),
    "empty lines": rows("", ",", "Neg, It broke  "),
    "a long review": rows("Neg," + "It broke " * 20_000),
    "more columns": (
        data.REVIEWS,
        b", Sentiment,Review,,\n0,Pos, It runs  ,,\n1,Neg, It broke,x,,,\n",
    ),
    "a broken tag": faces(content=picture(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01")),
    "a name in capitals": faces(NAME.upper()),
    "a WebP": faces(NAME[:-13] + ".webp", picture(kind="WEBP")),
}
# The second item is left out, for this reason.
LEFT_OUT = {
    "an absolute path": (faces("/etc/" + NAME), "its path leads out of the archive"),
    "a path upwards": (faces("a/../../" + NAME), "its path leads out of the archive"),
    "a path of Windows": (faces("C:\\" + NAME), "its path leads out of the archive"),
    "the same name elsewhere": (faces("b/" + GOOD), "a second file of this name"),
    "age 121": (faces("121" + NAME[2:]), "an age of 121 years"),
    "age 0": (faces("0" + NAME[2:]), "an age of 0 years"),
    "gender 3": (faces(NAME.replace("_0", "_3")), "its name is not"),
    "no race": (faces(NAME.replace("_0_0", "_0")), "its name is not"),
    "a portrait": (faces("portrait.jpg"), "portrait.jpg: its name is not <age>_<gen"),
    "too many pixels": (faces(content=LARGE), "6000 x 5000 pixels"),
    "half a picture": (faces(content=JPEG[:-60]), "truncated"),
    "a GIF": (faces(content=picture(kind="GIF")), "not a JPEG, PNG or WebP"),
    "an unknown label": (rows("Neutral, so so"), "line 3: the label 'Neutral'"),
    "no review": (rows("Neg,   "), "line 3: an empty review"),
    "a field too many": (rows("Neg, good, cheap"), "line 3: 3 fields instead of 2"),
    "a field too few": (rows("Neg"), "line 3: 1 fields instead of 2"),
}
HALF_A_TAR = gzip.compress(bytes(2000))[:-9]
# The whole file is refused, with this sentence and the remedy.
REFUSED = {
    "half an archive": ((data.FACES, faces()[1][:400]), "is not a complete archive"),
    "a web page": ((data.FACES, b"<!doctype html>"), "is not a complete archive"),
    "another archive": (
        (data.FACES, archive(("beach.jpg", JPEG))),
        "holds 0 male and 0 female pictures to use, and 1 of each are needed "
        "(beach.jpg: its name is not <age>_",
    ),
    "half a tar": (("UTKFace.tar.gz", HALF_A_TAR), "is not a complete archive"),
    "Latin-1": ((data.REVIEWS, TABLE + b" na\xefve"), "is not text in UTF-8"),
    "an open quote": (rows('Neg,"It broke', "Pos, fine"), "is not a readable table"),
    "semicolons": (rows(header="Sentiment;Review"), "begins with 'Sentiment;Review'"),
    "an empty table file": ((data.REVIEWS, b""), "needs the columns Sentiment and Rev"),
    "no rows": ((data.REVIEWS, TABLE[:17]), "holds 0 Pos and 0 Neg texts to use"),
}
CASES = (
    [(case, 2, "") for case in TAKEN.values()]
    + [(case, 1, words) for case, words in LEFT_OUT.values()]
    + [(case, 0, words) for case, words in REFUSED.values()]
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (data.FACES, "2 male and 1 female pictures"),
        (data.REVIEWS, "1 Pos and 2 Neg texts"),
    ],
)
def test_too_little_of_a_class_is_refused(mine, monkeypatch, name, found):
    monkeypatch.setattr(data, "NEEDED", 2)
    message = f"{put(mine) / name} holds {found} to use, and 2 of each are needed; "
    assert complaint(name).startswith(message)


@pytest.mark.parametrize(
    ("case", "items", "words"), CASES, ids=[*TAKEN, *LEFT_OUT, *REFUSED]
)
def test_one_plain_answer(mine, monkeypatch, capsys, recwarn, case, items, words):
    name, content = case
    (mine / name).write_bytes(content)
    if items:
        table = load(name)
        said = capsys.readouterr().out
        assert len(table) == items and said.count("left out") == 2 - items
        assert name != data.REVIEWS or table.Review[0] == " It runs  "
        assert " object at 0x" not in said and str(mine) not in said
    else:
        monkeypatch.setattr(data, "NEEDED", 1)
        said = complaint(name)
        assert said.startswith(f"{mine / name} ")
        assert "; put the set's own file there, from http" in said
    assert words in said and not recwarn.list and capsys.readouterr().err == ""
    assert [p for p in mine.parent.rglob("*") if p.is_file()] == [mine / name]
    assert (mine / name).read_bytes() == content


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (picture(colour=(200, 100, 20), kind="PNG"), (200, 100, 20)),
        (picture("L", 90), (90, 90, 90)),
        (picture("RGBA", (180, 180, 180, 90), kind="PNG"), (180, 180, 180)),
        (picture(size=(200, 200)), (90, 90, 90)),
    ],
    ids="PNG grey transparent UTKFace".split(),
)
def test_pictures_of_other_kinds_and_sizes_are_fitted(mine, content, colour):
    put(mine, archive((NAME, content)))
    pictures = data.load_faces()[1]
    assert pictures.shape == (1, 128, 128, 3)
    assert np.abs(pictures[0].astype(int) - colour).max() <= 2


def test_a_turned_picture_stands_upright(mine):
    upright, exif, stored = Image.new("RGB", (128, 128)), Image.Exif(), io.BytesIO()
    upright.paste((255, 255, 255), (0, 0, 128, 64))
    exif[274] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(stored, "JPEG", exif=exif)
    put(mine, archive((NAME, stored.getvalue())))
    face = data.load_faces()[1][0]
    assert face[:60].min() > 200 and face[68:].max() < 50


def test_what_stands_in_quotes_is_kept_and_other_columns_are_welcome(mine):
    table = b',Review,Sentiment\r0,"It broke\nand\rbroke, ""badly""",Neg\r1,NA,Neg'
    put(mine, reviews=table)
    texts = ['It broke\nand\rbroke, "badly"', "NA"]
    assert data.load_reviews().Review.tolist() == texts


def test_many_files_left_out_are_told_in_few_lines(mine, capsys):
    """Kaggle's archive holds most pictures three times; Apple's own folder is not told of."""
    copies = [(f"{part}/{name}", JPEG) for part in "abc" for name in NAMES]
    junk = [(f"junk/{i}.txt", b"") for i in range(100)]
    put(mine, archive(*copies, *junk, ("__MACOSX/._" + GOOD, b"x")))
    assert data.load_faces()[0].filename.tolist() == sorted(NAMES)
    lines = left_out(capsys)
    assert lines[0] == "Faces: left out 6 files whose names were read before."
    assert len(lines) == 7 and lines[-1] == "Faces: left out 95 more."


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("train_test.zip", "holds more than 0 GB;"),
        ("UTKFace.tar.gz", "is not a complete archive of at most 0 GB;"),
    ],
)
def test_what_is_too_large_is_refused(mine, monkeypatch, form, words):
    lay(mine, form, THREE)
    # A tar that is cut here, behind its first header, looks complete.
    monkeypatch.setattr(data, "MAX_ARCHIVE_BYTES", 1535)
    assert words in complaint(data.FACES)


@pytest.mark.parametrize("seed", range(30))
def test_random_damage_is_left_out_or_refused_in_a_sentence(mine, seed):
    rng = random.Random(seed)

    def damage(content):
        content = bytearray(content)
        for _ in range(rng.choice([1, 4, 40])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content)

    damaged_inside = archive(*((name, damage(jpeg)) for name, jpeg in THREE))
    for content in (damage(archive(*THREE)), damaged_inside):
        put(mine, content, damage(TABLE))
        for name in (data.FACES, data.REVIEWS):
            try:
                assert len(load(name)) <= 3
            except DataError:
                complaint(name)
