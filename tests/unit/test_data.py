"""The loader: four sources in order, a fixed interface, one sentence for what is wrong.

Whatever is fed in: no crash, nothing written anywhere, the reader's file as it was.
"""

import gzip
import hashlib
import io
import os
import random
import shutil
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path
from threading import Timer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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


def encode(image, kind="JPEG", **options):
    stored = io.BytesIO()
    image.save(stored, kind, **options)
    return stored.getvalue()


def picture(mode="RGB", colour=(90, 90, 90), size=(128, 128), kind="JPEG"):
    return encode(Image.new(mode, size, colour), kind)


JPEG = picture()


def archive(*members):
    """Return the bytes of a zip archive of members (name or ZipInfo, content)."""
    stored = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stored, "w", 8) as made:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            made.writestr(name, content)
    return stored.getvalue()


def tarred(*members, mode="w:gz"):
    """Return the bytes of a tar archive of members (name or TarInfo, content)."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode=mode) as made:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
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
    train_test.zip train_test/ UTKFace/ utkface/ crop_part1/ part1/ mine/UTKFace/ a/b/ ./
    UTKFace.tar.gz utkface.tar crop_part1.tgz Archive.ZIP utkface-new.zip a/UTKFace.tar.gz
""".split()


def lay(folder, form, members):
    """Put pictures into a folder in one of the forms in which people have them."""
    path, ends = folder / form, form.lower().split(".")
    if form.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
        for name, content in members:
            (path / name).write_bytes(content)
    else:
        path.parent.mkdir(exist_ok=True)
        members = [(f"any/{name}", content) for name, content in members]
        mode = "w" if "tar" == ends[-1] else "w:gz"
        zipped = "zip" in ends
        path.write_bytes(archive(*members) if zipped else tarred(*members, mode=mode))


@pytest.mark.parametrize("form", FORMS)
def test_faces_have_the_fixed_interface(mine, capsys, form):
    (mine / data.REVIEWS).write_bytes(TABLE)
    lay(mine, form, [*reversed(THREE), (".DS_Store", b""), ("._" + GOOD, b"")])
    table, pictures = data.load_faces()
    assert left_out(capsys) == []
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
    ],
)
def test_of_several_forms_the_best_is_taken(mine, capsys, forms, taken):
    for form in forms:
        lay(mine, form[:-2], THREE[: int(form[-1])])
    assert len(data.load_faces()[0]) == taken and left_out(capsys) == []


def test_reviews_have_the_fixed_interface(mine):
    put(mine)
    table = data.load_reviews()
    assert list(table.columns) == ["Sentiment", "Review"]
    assert table.Sentiment.tolist() == ["Neg", "Pos", "Neg"]
    texts = [" It broke  ", " It runs  and runs  ", " It leaks  "]
    assert table.Review.tolist() == texts and table.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize("batch", [3, 256])
def test_threads_keep_the_order(mine, monkeypatch, capsys, batch):
    monkeypatch.setattr(data, "DECODE_BATCH", batch)
    ages = list(range(10, 50))
    good = [(f"{i}_0_0_{TIME}1.jpg", picture(colour=(3 * i,) * 3)) for i in ages]
    bad = [f"{age}_1_0_{TIME}2.jpg" for age in (20, 30)]
    put(mine, archive(*((name, b"no picture") for name in reversed(bad)), *good))
    table, pictures = data.load_faces()
    assert table.age.tolist() == ages
    assert np.abs(pictures.mean(axis=(1, 2, 3)) - 3 * np.array(ages)).max() < 2
    assert left_out(capsys) == [
        f"Faces: left out {name}: not a JPEG, PNG or WebP picture." for name in bad
    ]


# --- The sources and what they announce ---------------------------------------------------


@pytest.mark.parametrize(
    ("places_filled", "origin"),
    [
        (["mine", "cache", "sample"], "the folder in CNNBOOK_DATA"),
        (["cache", "sample"], "the cache"),
    ],
)
def test_the_first_source_is_taken(
    places, monkeypatch, capsys, places_filled, origin
):  # a download stands between cache and sample: test_download.py
    monkeypatch.setattr(data, "_download", pytest.fail)
    for place in places_filled:
        put(places / place)
    if "mine" in places_filled:
        monkeypatch.setenv("CNNBOOK_DATA", str(places / "mine"))
    assert len(data.load_faces()[0]) == len(data.load_reviews()) == 3
    assert capsys.readouterr().out.splitlines() == [
        f"Faces: 3 pictures from {origin}: other data of the right form.",
        f"Reviews: 3 texts from {origin}: other data of the right form.",
    ]


def test_last_comes_the_sample_with_a_notice(places, monkeypatch, capsys):
    monkeypatch.setattr(data, "SAMPLE", data.ROOT / "data" / "sample")
    monkeypatch.setattr(data, "NEEDED", NEEDED)
    monkeypatch.setattr(data, "_download", pytest.fail)
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")  # never connects
    (faces, pictures), reviews = data.load_faces(), data.load_reviews()
    assert len(faces) == len(pictures) == 600 and len(reviews) == 400
    assert faces.attrs["is_book_data"] is reviews.attrs["is_book_data"] is False
    out = capsys.readouterr().out
    assert out.count("NOTICE") == out.count("INVENTED") == 2
    assert "data/README.md" in out and "built with" not in out
    assert max(map(len, out.splitlines())) <= 80 and len(out.splitlines()) > 8
    assert str(data.ROOT) not in out


def test_invented_faces_come_from_the_sample_whatever_data_is_named(mine, monkeypatch):
    put(mine, archive((f"30_0_0_{TIME}1.jpg", picture())))
    monkeypatch.setattr(data, "SAMPLE", data.ROOT / "data" / "sample")
    table, pictures = data.load_invented_faces()
    assert len(table) == 600 and pictures.shape == (600, 128, 128, 3)


@pytest.mark.parametrize("name", [data.FACES, data.REVIEWS])
def test_a_missing_or_damaged_sample_is_restored(places, monkeypatch, name):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    missing = complaint(name)
    put(places / "sample", b"", b"")
    messages = [missing, complaint(name)]
    if name == data.FACES:
        with pytest.raises(DataError) as refusal:
            data.load_invented_faces()
        messages.append(str(refusal.value))
    for message in messages:
        assert message.startswith(f"{places / 'sample' / name} ")
        assert message.endswith("; restore it with 'python -m tools.make_sample'.")
    assert "is missing" in missing


def test_a_misspelt_switch_is_refused(monkeypatch):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "yes")
    with pytest.raises(ConfigurationError, match="CNNBOOK_OFFLINE is 'yes'; set it to"):
        data.load_reviews()


@pytest.mark.parametrize("name", [data.FACES, data.REVIEWS])
def test_a_wrong_folder_is_named_with_the_remedy(mine, name):
    message = complaint(name)
    assert f"{mine}, holds no {name}" in message and "; put the file there" in message
    assert ("UTKFace as an archive (.zip, " in message) == (name == data.FACES)
    (mine / name).mkdir()  # a folder in place of the file
    assert complaint(name) == message


MAKE = ["make", "-s", "-o", ".venv/.installed", f"BIN={Path(sys.executable).parent}"]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("named", ["~/mine", "mine", "~nobody/mine", "{mine}/no"])
def test_make_and_the_loader_look_for_the_folder_alike(mine, monkeypatch, named):
    put(mine)
    monkeypatch.chdir(mine.parent)
    monkeypatch.setenv("HOME", str(mine.parent))
    monkeypatch.setenv("CNNBOOK_DATA", named.format(mine=mine))
    command = [*MAKE, "-f", data.ROOT / "Makefile", "real-data"]
    asked = subprocess.run(command, capture_output=True, text=True)
    if named == "~/mine":
        assert len(data.load_reviews()) == 3 and asked.returncode == 0
    else:
        message = complaint(data.REVIEWS)
        assert "which is not the absolute path of a folder; set it to" in message
        assert asked.returncode and f"DataError: {message}\n" in asked.stderr


@pytest.mark.parametrize("name", [data.FACES, data.REVIEWS])
def test_a_file_that_may_not_be_read_is_not_called_damaged(places, monkeypatch, name):
    """In the cache, too: it is not fetched anew."""
    path = put(places / "cache") / name
    monkeypatch.setattr(data, "_download", pytest.fail)
    may = Path.open

    def refused(opened, *more):
        if opened == path:
            raise PermissionError(13, "Permission denied")
        return may(opened, *more)

    monkeypatch.setattr(Path, "open", refused)
    remedy = "cannot be read (Permission denied); check its permissions."
    assert complaint(name) == f"{path} {remedy}"


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


# --- Hostile and broken files ---------------------------------------------------------------


def faces(name=NAME, content=JPEG, pack=archive):
    """A good picture, and one that may be hostile."""
    file = data.FACES if pack == archive else "UTKFace.tar.gz"
    return file, pack((GOOD, JPEG), (name, content))


def rows(*more, header="Sentiment,Review", end="\r"):
    """A good row, and others that may be hostile."""
    return data.REVIEWS, end.join([header, "Pos, It runs  ", *more]).encode()


def flagged(local, central, value):
    """Two pictures, and a changed number in both headers of the second."""
    content = bytearray(faces()[1])
    for mark, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        content[content.rindex(mark) + place] |= value
    return data.FACES, bytes(content)


def damaged():
    """Two pictures, the second with a hole in its packed bytes."""
    content = faces()[1]
    at = content.rindex(b"PK\x03\x04") + 100
    return data.FACES, content[:at] + bytes(30) + content[at + 30 :]


def resized(size):
    """A picture whose header claims another size."""
    return faces(content=JPEG.replace(b"\x00\x80\x00\x80", size))


LINK = zipfile.ZipInfo(NAME)
LINK.create_system, LINK.external_attr = 3, 0o120777 << 16
TAR_LINK = tarfile.TarInfo(NAME)
TAR_LINK.type, TAR_LINK.linkname = tarfile.SYMTYPE, "/etc/passwd"
TWO, TARRED = faces()[1], faces(pack=tarred)[1]
# What is fed in: the second item is taken beside the first, good one.
TAKEN = {
    "a comment behind the archive": (data.FACES, TWO[:-2] + b"\x05\x00hello"),
    "bytes before the archive": (data.FACES, b"#!/bin/sh\n" + TWO),
    "lines that end in LF": rows("Neg, It broke  ", end="\n"),
    "lines that end in CRLF": rows("Neg, It broke  ", end="\r\n"),
    "a byte order mark": (data.REVIEWS, b"\xef\xbb\xbf" + rows("Neg, It broke  ")[1]),
    "a NUL byte": rows("Neg,It\0broke"),
    "a review of a million letters": rows("Neg," + "x" * 10**6),
    "Excel's empty columns": rows(
        "Neg, It broke,,", ",,,", header="Sentiment,Review,,"
    ),
    "columns of one name": rows("Neg, It broke,1,2", header="Sentiment,Review,a,a"),
    "an index": (data.REVIEWS, b",Sentiment,Review\n0,Pos, It runs  \n1,Neg,It broke"),
    "a name in capitals": faces(NAME.upper()),
    "a WebP": faces(NAME[:-13] + ".webp", picture(kind="WEBP")),
}
# The second item is left out, for this reason.
LEFT_OUT = {
    "an absolute path": (faces("/etc/" + NAME), "its path leads out of the archive"),
    "a path upwards": (faces("a/../../" + NAME), "its path leads out of the archive"),
    "a path of Windows": (faces("C:\\" + NAME), "its path leads out of the archive"),
    "a link out of the archive": (faces(LINK, "/etc/passwd"), "not a JPEG"),
    "a path up in a tar": (faces("a/../../" + NAME, pack=tarred), "its path leads out"),
    "a link in a tar": (faces(TAR_LINK, b"", tarred), "a link or a device"),
    "an archive in the archive": (faces(content=TWO), "not a JPEG"),
    "a bomb": (faces(content=bytes(2**21)), "packed more than 200 times"),
    "too large": (faces(content=bytes(21 * 2**20)), "larger than 20 MB"),
    "the same name elsewhere": (faces("b/" + GOOD), "a second file of this name"),
    "the same member twice": (faces(GOOD), "a second file of this name"),
    "an encrypted member": (flagged(6, 8, 1), "encrypted"),
    "an unknown way of packing": (flagged(8, 10, 77), "compression"),
    "a hole in a member": (damaged(), NAME),
    "age 121": (faces("121" + NAME[2:]), "an age of 121 years"),
    "age 0": (faces("0" + NAME[2:]), "an age of 0 years"),
    "a negative age": (faces("-4" + NAME[2:]), "name is not <age>_<gender>_<race>"),
    "gender 3": (faces(NAME.replace("_0", "_3")), "its name is not"),
    "no race": (faces(NAME.replace("_0_0", "_0")), "its name is not"),
    "a portrait": (faces("portrait.jpg"), "portrait.jpg: its name is not"),
    "Arabic digits": (faces("٤٠" + NAME[2:]), "its name is not"),
    "a name of 60,000 letters": (faces("x" * 60_000), "its name is not"),
    "a name that paints": (faces(f"\x1b[31mr\n{NAME}"), f"?[31mr?{NAME}: its name"),
    "20,000 x 20,000 pixels": (resized(b"\x4e\x20\x4e\x20"), "pixels"),
    "6,000 x 5,000 pixels": (
        faces(content=picture(size=(6000, 5000))),
        "6000 x 5000 pixels",
    ),
    "no pixel": (resized(bytes(4)), NAME),
    "half a picture": (faces(content=JPEG[:-60]), "truncated"),
    "a GIF": (faces(content=picture(kind="GIF")), "not a JPEG, PNG or WebP"),
    "text": (faces(content=b"not a picture"), "not a JPEG"),
    "nothing": (faces(content=b""), "not a JPEG"),
    "an unknown label": (rows("Neutral, so so"), "line 3: the label 'Neutral'"),
    "a label in small letters": (rows("neg, It broke"), "line 3: the label 'neg'"),
    "no label": (rows(", It broke"), "line 3: the label ''"),
    "no review": (rows("Neg,   "), "line 3: an empty review"),
    "a field too many": (rows("Neg, good, cheap"), "line 3: 3 fields instead of 2"),
    "a field too few": (rows("Neg"), "line 3: 1 fields instead of 2"),
}
# The whole file is refused, with this sentence and the remedy.
REFUSED = {
    "half an archive": ((data.FACES, TWO[:400]), "is not a complete archive"),
    "no end": ((data.FACES, TWO[:-30]), "is not a complete archive"),
    "an empty archive file": ((data.FACES, b""), "is not a complete archive"),
    "a web page": ((data.FACES, b"<!doctype html>"), "is not a complete archive"),
    "another archive": (
        (data.FACES, archive(("beach.jpg", JPEG), (NAME, b"hello"))),
        f"({NAME}: not a JPEG, PNG or WebP picture; beach.jpg: its name is not <age>_",
    ),
    "an empty archive": ((data.FACES, archive()), "holds 0 male and 0 female pictures"),
    "half a tar": (("UTKFace.tar.gz", TARRED[:400]), "is not a complete archive"),
    "a bomb of a tar": (
        ("UTKFace.tar.gz", gzip.compress(bytes(2**21))),
        "is not a complete archive of at most 1 GB",
    ),
    "UTF-16": ((data.REVIEWS, TABLE.decode().encode("utf-16")), "is not text in UTF-8"),
    "Latin-1": ((data.REVIEWS, TABLE + b" na\xefve"), "is not text in UTF-8"),
    "a picture": ((data.REVIEWS, JPEG), "is not text in UTF-8"),
    "an open quote": (rows('Neg,"It broke', "Pos, fine"), "is not a readable table"),
    "semicolons": (
        rows(header="Sentiment;Review"),
        "its first line is 'Sentiment;Review', with ';' in place of ','",
    ),
    "labels of others": (
        (data.REVIEWS, b"Sentiment,Review\npositive,Runs\npositive,Good\nneg,Broke"),
        "(line 2: the label 'positive'; line 4: the label 'neg')",
    ),
    "two columns of one name": (
        rows(header="Sentiment,Review,Review"),
        "needs one column Review, and its first line is 'Sentiment,Review,Review'",
    ),
    "small letters": (rows(header="sentiment,Review"), "needs one column Sentiment,"),
    "an empty table file": ((data.REVIEWS, b""), "one column Sentiment and one column"),
    "no rows": ((data.REVIEWS, TABLE[:17]), "holds 0 Pos and 0 Neg texts to use"),
}
CASES = (
    [(case, 2, "") for case in TAKEN.values()]
    + [(case, 1, words) for case, words in LEFT_OUT.values()]
    + [(case, 0, words) for case, words in REFUSED.values()]
)


@pytest.mark.parametrize(
    ("name", "needed", "found"),
    [
        (data.FACES, 3, "2 male and 1 female pictures"),
        (data.REVIEWS, 3, "1 Pos and 2 Neg texts"),
        (data.REVIEWS, 1, "0 Pos and 1 Neg texts"),
    ],
)
def test_one_class_or_too_little_is_refused(mine, monkeypatch, name, needed, found):
    monkeypatch.setattr(data, "NEEDED", needed)
    put(mine, reviews=TABLE if needed == 3 else TABLE[:33])
    message = f"{mine / name} holds {found} to use, and {needed} of each are needed; "
    assert complaint(name).startswith(message)


def everything_below(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in files}


@pytest.mark.parametrize(
    ("case", "items", "words"), CASES, ids=[*TAKEN, *LEFT_OUT, *REFUSED]
)
def test_one_plain_answer(mine, capsys, recwarn, case, items, words):
    name, content = case
    (mine / name).write_bytes(content)
    before = everything_below(mine.parent)
    if items:
        table = load(name)
        said = capsys.readouterr().out
        assert len(table) == items and said.count("left out") == 2 - items
        assert name != data.REVIEWS or table.Review[0] == " It runs  "
        assert all(len(s) < 400 and s.isprintable() for s in said.splitlines())
        assert " object at 0x" not in said and str(mine) not in said
    else:
        said = complaint(name)
        assert said.startswith(f"{mine / name} ")
        assert "; put the set's own file there, or fetch it again from http" in said
    assert words in said and not recwarn.list and capsys.readouterr().err == ""
    assert everything_below(mine.parent) == before


RED = Image.new("RGB", (128, 128), (200, 100, 20))


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (encode(RED, "PNG"), (200, 100, 20)),
        (encode(RED.quantize(), "PNG"), (200, 100, 20)),
        (picture("L", 90), (90, 90, 90)),
        (picture("CMYK", (0, 0, 0, 155)), (100, 100, 100)),
        (picture("I;16", 100 * 256 + 5, kind="PNG"), (100, 100, 100)),
        (picture("1", 1, kind="PNG"), (255, 255, 255)),
        (picture("RGBA", (180, 180, 180, 90), kind="PNG"), (180, 180, 180)),
        (picture(size=(200, 200)), (90, 90, 90)),
        (picture(size=(20_000, 2)), (90, 90, 90)),
        (picture(size=(1, 1)), (90, 90, 90)),
    ],
    ids="PNG palette grey CMYK 16-bit black-and-white transparent UTKFace flat dot".split(),
)
def test_pictures_of_other_kinds_and_sizes_are_fitted(mine, content, colour):
    put(mine, archive((NAME, content)))
    pictures = data.load_faces()[1]
    assert pictures.shape == (1, 128, 128, 3)
    assert np.abs(pictures[0].astype(int) - colour).max() <= 2


@pytest.mark.parametrize(("tag", "undo"), [(3, "180"), (6, "90"), (8, "270")])
def test_a_turned_picture_stands_upright(mine, tag, undo):
    upright, exif = Image.new("RGB", (128, 128)), Image.Exif()
    upright.paste((255, 255, 255), (0, 0, 128, 64))
    exif[274] = tag
    lying = upright.transpose(Image.Transpose[f"ROTATE_{undo}"])
    put(mine, archive((NAME, encode(lying, exif=exif))))
    face = data.load_faces()[1][0]
    assert face[:60].min() > 200 and face[68:].max() < 50


def test_what_stands_in_quotes_is_kept_and_other_columns_are_welcome(mine):
    texts = ["It broke\nand broke", "It broke\rand, broke", 'It "broke"', "=1+1", "NA"]
    lines = [
        f'{i},"{text.replace(chr(34), 2 * chr(34))}",Neg'
        for i, text in enumerate(texts)
    ]
    put(mine, reviews="\r".join(["id,Review,Sentiment", *lines]).encode())
    assert data.load_reviews().Review.tolist() == texts


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_links_are_followed_and_pipes_passed_over(mine, capsys):
    folder = mine / "train_test"
    folder.mkdir()
    os.mkfifo(folder / NAME)  # who reads it waits, here until something is written
    written = Timer(5, (folder / NAME).write_bytes, [b"x"])
    written.start()
    for name, content in THREE:
        (mine / name).write_bytes(content)
        (folder / name).symlink_to(mine / name)
    (mine / NAMES[1]).unlink()
    assert data.load_faces()[0].filename.tolist() == sorted([NAMES[0], NAMES[2]])
    written.cancel()
    reason = "No such file or directory"
    assert left_out(capsys) == [f"Faces: left out {NAMES[1]}: {reason}."]


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
    ("limit", "value", "name", "words"),
    [
        ("MAX_PICTURES", 2, data.FACES, ", more than 2 or than"),
        ("MAX_ARCHIVE_BYTES", 1000, data.FACES, "holds 3 files of 0 MB in all, more"),
        ("MAX_TABLE_BYTES", 2**20, data.REVIEWS, "is larger than 1 MB;"),
    ],
)
def test_what_is_too_large_is_refused_unread(
    mine, monkeypatch, limit, value, name, words
):
    put(mine)
    os.truncate(mine / data.REVIEWS, 2**30)  # a sparse file: it takes no room
    monkeypatch.setattr(data, limit, value)
    assert words in complaint(name)


CHILD = """
import re
from pathlib import Path
from cnnbook import data
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
assert len(data.load_faces()[0]) == 2000
print((peak() - before) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others count memory otherwise")
def test_decoded_pictures_do_not_pile_up(mine):
    """As the whole of UTKFace has 23,708: here one invented picture, under many names."""
    (mine / "UTKFace").mkdir()
    (mine / "original").write_bytes(JPEG)
    for i in range(2000):
        os.link(
            mine / "original",
            mine / "UTKFace" / f"{i % 100 + 1}_{i % 2}_0_{10**16 + i}.jpg",
        )
    told = subprocess.check_output([sys.executable, "-c", CHILD], text=True)
    pictures = 2000 * 128 * 128 * 3 / 2**20
    assert 0.8 * pictures < float(told.splitlines()[-1]) < 1.6 * pictures


@pytest.mark.parametrize("seed", range(30))
def test_random_damage_is_left_out_or_refused_in_a_sentence(mine, seed):
    rng = random.Random(seed)

    def damage(content):
        content = bytearray(content)
        for _ in range(rng.choice([1, 4, 40])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content)

    put(mine, damage(archive(*THREE)), damage(TABLE))
    damaged_inside = archive(*((name, damage(jpeg)) for name, jpeg in THREE))
    for content in ((mine / data.FACES).read_bytes(), damaged_inside):
        (mine / data.FACES).write_bytes(content)
        for name in (data.FACES, data.REVIEWS):
            try:
                assert 0 < len(load(name)) <= 3
            except DataError:
                complaint(name)


ANY_NAME = st.from_regex(r"\d{1,4}_\d_\d_\d{14,20}\.jpg(\.chip\.jpg)?", fullmatch=True)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(max_size=60) | ANY_NAME)
def test_any_name_is_read_or_refused_with_a_reason(name):
    try:
        base, (age, gender) = data._parse_name(name)
        assert base == name.rsplit("/", 1)[-1] and base.isascii()
        assert 0 < age <= 120 and gender in (0, 1)
        starts = tuple(f"{'0' * zeros}{age}_{gender}_" for zeros in range(3))
        assert base.startswith(starts)
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
