"""Hostile and broken data, one case a line: what is accepted, what is left out by name, what is refused as a whole.

In each case: no crash, one plain sentence, nothing written anywhere, and the reader's file as it was.
"""

import hashlib
import io
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnbook import DataError, data

GOOD = "28_1_0_20200101000000001.jpg.chip.jpg"
NAME = "40_0_0_20200101000000009.jpg.chip.jpg"
BOOK = Path(data.__file__).resolve().parents[1]
NAMES = {"faces": data.FACES, "reviews": data.REVIEWS}


def picture(mode="RGB", size=(128, 128), kind="JPEG", colour=90, **options):
    stored = io.BytesIO()
    Image.new(
        mode, size, colour if mode in ("L", "P", "I;16", "1") else (colour,) * len(mode)
    ).save(stored, kind, **options)
    return stored.getvalue()


def turned(orientation):
    """A picture whose upper half is white once it is turned as its tag 274 says."""
    upright = Image.new("RGB", (128, 128))
    upright.paste((255, 255, 255), (0, 0, 128, 64))
    undo = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # Pillow's numbers of the transpositions that the tag will undo
    lying = upright.transpose(undo[orientation]) if orientation > 1 else upright
    tags, stored = Image.Exif(), io.BytesIO()
    tags[274] = orientation
    lying.save(stored, "JPEG", exif=tags)
    return stored.getvalue()


def archive(*members, method=zipfile.ZIP_DEFLATED):
    """A zip archive with a good picture and the members (name or ZipInfo, content)."""
    stored = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stored, "w", method) as made:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in ((GOOD, picture()), *members):
            made.writestr(name, content)
    return stored.getvalue()


def link(target):
    info = zipfile.ZipInfo(NAME)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info, target


def patched(old, new, content, count=-1):
    assert old in content
    return content.replace(old, new, count)


def encrypted():
    """The bit that says so, in the second member's two headers."""
    content = bytearray(archive((NAME, picture())))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.rindex(mark)
        content[at + place] |= 1
    return bytes(content)


def unknown_method():
    content = bytearray(archive((NAME, picture())))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.rindex(mark) + place] = 77
    return bytes(content)


def table(*rows, header="Sentiment,Review", end="\r"):
    return end.join([header, "Pos, It runs  ", *rows]).encode()


TAKEN, LEFT_OUT, REFUSED = "taken", "left out", "refused"
# What is fed in; whether the item beside the good one is taken or left out, or everything refused; a word of what is said.
CASES = {
    # Archives
    "an absolute path": (
        archive(("/etc/" + NAME, picture())),
        LEFT_OUT,
        "out of the archive",
    ),
    "a path upwards": (
        archive(("../" + NAME, picture())),
        LEFT_OUT,
        "out of the archive",
    ),
    "a path of Windows": (
        archive(("C:\\" + NAME, picture())),
        LEFT_OUT,
        "out of the archive",
    ),
    "a path upwards in the middle": (
        archive(("a/../../" + NAME, picture())),
        LEFT_OUT,
        "out of the archive",
    ),
    "a link to a file of the machine": (
        archive(link("/etc/passwd")),
        LEFT_OUT,
        "not a JPEG or PNG",
    ),
    "an archive in the archive": (
        archive((NAME, archive())),
        LEFT_OUT,
        "not a JPEG or PNG",
    ),
    "a bomb": (
        archive((NAME, bytes(19 * 2**20))),
        LEFT_OUT,
        "packed more than 200 times",
    ),
    "a member that is too large": (
        archive((NAME, os.urandom(21 * 2**20)), method=0),
        LEFT_OUT,
        "larger than 20 MB",
    ),
    "the same name in another folder": (
        archive(("copy/" + GOOD, picture(colour=10))),
        LEFT_OUT,
        "a second file of this name",
    ),
    "the same member twice": (
        archive((GOOD, picture(colour=10))),
        LEFT_OUT,
        "a second file of this name",
    ),
    "an encrypted member": (encrypted(), LEFT_OUT, "encrypted"),
    "an unknown way of packing": (unknown_method(), LEFT_OUT, "compression"),
    "10,000 members of junk": (
        archive(*((f"junk/{i}.txt", b"") for i in range(10_000))),
        LEFT_OUT,
        "9,995 more",
    ),
    "a comment behind the archive": (
        archive((NAME, picture()))[:-2] + b"\x05\x00hello",
        TAKEN,
        "",
    ),
    "bytes before the archive": (
        b"#!/bin/sh\n" + archive((NAME, picture())),
        TAKEN,
        "",
    ),
    "half an archive": (
        archive((NAME, picture()))[:400],
        REFUSED,
        "not a complete zip archive",
    ),
    "the beginning of an archive": (
        archive((NAME, picture()))[:10],
        REFUSED,
        "not a complete zip archive",
    ),
    "an archive without its end": (
        archive((NAME, picture()))[:-30],
        REFUSED,
        "not a complete zip archive",
    ),
    "an empty file": (b"", REFUSED, "not a complete zip archive"),
    "a web page": (
        b"<!doctype html><p>Please log in</p>",
        REFUSED,
        "not a complete zip archive",
    ),
    "an archive of another kind": (
        b"\x1f\x8b\x08" + bytes(100),
        REFUSED,
        "not a complete zip archive",
    ),
    # Names
    "an age of 999": (
        archive(("999_0_0_20200101000000009.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "999 years",
    ),
    "an age of 0": (
        archive(("0_0_0_20200101000000009.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "0 years",
    ),
    "a negative age": (
        archive(("-4_0_0_20200101000000009.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "name is not",
    ),
    "gender 3": (
        archive(("40_3_0_20200101000000009.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "name is not",
    ),
    "a name of the set without its race": (
        archive(("61_1_20170109142408075.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "name is not",
    ),
    "another of these": (
        archive(("61_3_20170109150557335.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "name is not",
    ),
    "Arabic digits": (
        archive(("٤٠_0_0_20200101000000009.jpg.chip.jpg", picture())),
        LEFT_OUT,
        "name is not",
    ),
    "a name of 60,000 letters": (
        archive(("x" * 60_000, picture())),
        LEFT_OUT,
        "name is not",
    ),
    "a name that paints the screen": (
        archive(("\x1b[31mred\n" + NAME, picture())),
        LEFT_OUT,
        "?[31mred?" + NAME,
    ),
    # Pictures
    "a JPEG of 200 x 200, as in the whole set": (
        archive((NAME, picture(size=(200, 200)))),
        TAKEN,
        "",
    ),
    "a picture of one pixel": (archive((NAME, picture(size=(1, 1)))), TAKEN, ""),
    "grey": (archive((NAME, picture("L"))), TAKEN, ""),
    "CMYK": (archive((NAME, picture("CMYK"))), TAKEN, ""),
    "a PNG called JPEG": (archive((NAME, picture(kind="PNG"))), TAKEN, ""),
    "16 bits a colour": (archive((NAME, picture("I;16", kind="PNG"))), TAKEN, ""),
    "a palette": (archive((NAME, picture("P", kind="PNG"))), TAKEN, ""),
    "black and white": (archive((NAME, picture("1", kind="PNG"))), TAKEN, ""),
    "transparent": (archive((NAME, picture("RGBA", kind="PNG"))), TAKEN, ""),
    "progressive": (archive((NAME, picture(progressive=True))), TAKEN, ""),
    "20,000 pixels wide and flat": (
        archive((NAME, picture(size=(20_000, 2)))),
        TAKEN,
        "",
    ),
    "20,000 x 20,000 pixels": (
        archive((NAME, patched(b"\x00\x80\x00\x80", b"\x4e\x20\x4e\x20", picture()))),
        LEFT_OUT,
        "pixels",
    ),
    "6,000 x 5,000 pixels": (
        archive((NAME, picture(size=(6000, 5000)))),
        LEFT_OUT,
        "6000 x 5000 pixels",
    ),
    "no pixel": (
        archive((NAME, patched(b"\x00\x80\x00\x80", b"\x00\x00\x00\x00", picture()))),
        LEFT_OUT,
        "",
    ),
    "half a JPEG": (archive((NAME, picture()[:-60])), LEFT_OUT, "truncated"),
    "a GIF": (archive((NAME, picture("P", kind="GIF"))), LEFT_OUT, "not a JPEG or PNG"),
    "a TIFF": (
        archive((NAME, picture(kind="TIFF")), method=zipfile.ZIP_STORED),
        LEFT_OUT,
        "not a JPEG or PNG",
    ),
    "text": (archive((NAME, b"not a picture")), LEFT_OUT, "not a JPEG or PNG"),
    "nothing": (archive((NAME, b"")), LEFT_OUT, "not a JPEG or PNG"),
    **{
        f"a camera's tag {i}": (archive((NAME, turned(i))), TAKEN, "")
        for i in range(1, 9)
    },
    # Tables
    "lines that end in LF": (table("Neg, It broke  ", end="\n"), TAKEN, ""),
    "lines that end in CRLF": (table("Neg, It broke  ", end="\r\n"), TAKEN, ""),
    "lines that end in CR": (table("Neg, It broke  "), TAKEN, ""),
    "a byte order mark": (b"\xef\xbb\xbf" + table("Neg, It broke  "), TAKEN, ""),
    "a newline in quotes": (table('Neg,"It broke\nand broke"', end="\n"), TAKEN, ""),
    "a carriage return in quotes": (table('Neg,"It broke\rand broke"'), TAKEN, ""),
    "quotes in quotes": (table('Neg,"It ""broke"""'), TAKEN, ""),
    "a formula": (table("Neg,=1+1"), TAKEN, ""),
    "a script": (table("Neg,<script>alert(1)</script>"), TAKEN, ""),
    "a NUL byte": (table("Neg,It\0broke"), TAKEN, ""),
    "a review of 100,000 letters": (table("Neg," + "x" * 100_000), TAKEN, ""),
    "another column": (
        table("Neg, It broke  ,5", header="Sentiment,Review,Stars", end="\r").replace(
            b"runs  ", b"runs  ,4"
        ),
        TAKEN,
        "",
    ),
    "an unknown label": (
        table("Neutral, so so"),
        LEFT_OUT,
        "line 3: the label 'Neutral'",
    ),
    "a label in small letters": (
        table("neg, It broke"),
        LEFT_OUT,
        "line 3: the label 'neg'",
    ),
    "no label": (table(", It broke"), LEFT_OUT, "line 3: the label ''"),
    "no review": (table("Neg,   "), LEFT_OUT, "line 3: an empty review"),
    "a field too many": (
        table("Neg, good, cheap"),
        LEFT_OUT,
        "line 3: 3 fields instead of 2",
    ),
    "a field too few": (table("Neg"), LEFT_OUT, "line 3: 1 fields instead of 2"),
    "UTF-16": (
        table("Neg, It broke").decode().encode("utf-16"),
        REFUSED,
        "not text in UTF-8",
    ),
    "Latin-1": (
        table("Neg, naïve").decode().encode("latin-1"),
        REFUSED,
        "not text in UTF-8",
    ),
    "a quote that is never closed": (
        table('Neg,"It broke', "Pos, fine"),
        REFUSED,
        "not a readable table",
    ),
    "a review beyond csv's limit": (
        table("Neg," + "x" * 140_000),
        REFUSED,
        "(line 3: field larger than field limit",
    ),
    "two columns of one name": (
        table("Neg, a, b", header="Sentiment,Review,Review"),
        REFUSED,
        "two columns of one name",
    ),
    "other columns": (
        table(header="Stars,Text"),
        REFUSED,
        "lacks the column Sentiment and Review",
    ),
    "a missing column": (
        table(header="Sentiment,Text"),
        REFUSED,
        "lacks the column Review;",
    ),
    "columns in small letters": (
        table(header="sentiment,review"),
        REFUSED,
        "lacks the column Sentiment and Review",
    ),
    "no rows": (b"Sentiment,Review\r", REFUSED, "no row labelled Pos or Neg"),
    "no label that is known": (
        b"Sentiment,Review\rgreat, car\r",
        REFUSED,
        "no row labelled Pos or Neg",
    ),
    "a picture in place of a table": (picture(), REFUSED, ""),
    "a table of nothing": (b"", REFUSED, "lacks the column"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path / "mine"))
    return tmp_path / "mine"


def everything_below(folder):
    return {
        path: path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
    }


def test_there_are_at_least_sixty_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES)
def test_one_plain_answer(folder, capsys, recwarn, case):
    content, expected, words = CASES[case]
    what = (
        "reviews"
        if list(CASES).index(case) >= list(CASES).index("lines that end in LF")
        else "faces"
    )
    path = folder / NAMES[what]
    path.write_bytes(content)
    before = everything_below(folder.parent)
    try:
        items = data.load_faces()[0] if what == "faces" else data.load_reviews()
        said = capsys.readouterr().out
        left_out = [line for line in said.splitlines() if "left out" in line]
        assert (len(items), bool(left_out)) == {
            TAKEN: (2, False),
            LEFT_OUT: (1, True),
        }.get(expected)
        assert all(len(line) < 400 and line.isprintable() for line in said.splitlines())
        assert " object at 0x" not in said and str(folder) not in said
        assert what == "faces" or items.Review[0] == " It runs  "
    except DataError as error:
        said = str(error)
        assert (
            expected == REFUSED
            and str(path) in said
            and said.endswith(".")
            and "\n" not in said
            and len(said) < 400
        )
        assert "put the set's own file there, or fetch it again from" in said
        assert (
            error.__suppress_context__ or error.__context__ is None
        )  # no library's traceback beside it
    assert words in said and not recwarn.list and capsys.readouterr().err == ""
    assert everything_below(folder.parent) == before


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_stands_upright(folder, orientation):
    (folder / data.FACES).write_bytes(archive((NAME, turned(orientation))))
    face = data.load_faces()[1][1]
    assert face[:60].min() > 200 and face[68:].max() < 50


def test_16_bits_of_grey_keep_their_brightness(folder):
    (folder / data.FACES).write_bytes(
        archive((NAME, picture("I;16", kind="PNG", colour=100 * 256 + 5)))
    )
    assert (data.load_faces()[1][1] == 100).all()


def test_what_stands_in_quotes_is_kept(folder):
    texts = ["It broke\nand broke", "It broke\rand broke", 'It "broke"', "=1+1"]
    rows = [f'Neg,"{text.replace(chr(34), 2 * chr(34))}"' for text in texts]
    (folder / data.REVIEWS).write_bytes(table(*rows))
    assert data.load_reviews().Review.tolist() == [" It runs  ", *texts]


def test_an_archive_that_unpacks_to_too_much_is_refused(folder, monkeypatch):
    monkeypatch.setattr(data, "MAX_ARCHIVE_BYTES", 1000)
    (folder / data.FACES).write_bytes(archive((NAME, picture())))
    with pytest.raises(DataError, match="unpacks to more than"):
        data.load_faces()


CHILD = """
import sys
from experiments.benchmark.harness import peak_megabytes
from cnnbook import DataError, data
before = peak_megabytes()
try:
    data.load_faces() if sys.argv[1] == "faces" else data.load_reviews()
except DataError as error:
    print(error)
print(int(peak_megabytes() - before))
"""


def in_a_child(folder, what):
    """Return what loading prints, and by how many megabytes the largest memory of the process grew."""
    environment = {**os.environ, "CNNBOOK_DATA": str(folder)}
    told = subprocess.run(
        [sys.executable, "-c", CHILD, what],
        env=environment,
        cwd=BOOK.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, grown = told.stdout.splitlines()
    return lines, int(grown)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells the peak of memory in this way"
)
def test_a_line_of_a_gigabyte_is_refused_unread(folder):
    with open(folder / data.REVIEWS, "wb") as file:
        file.write(b"Sentiment,Review\rPos,")
        file.truncate(2**30)  # a sparse file: it takes no room on the disk
    lines, grown = in_a_child(folder, "reviews")
    assert "is larger than 200 MB" in lines[0] and grown < 50


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells the peak of memory in this way"
)
def test_the_whole_of_utkface_fits_into_bounded_memory(folder):
    """23,708 crops of 200 x 200, in a folder as Kaggle offers them: here sixty invented ones under as many names."""
    rng = np.random.default_rng(0)
    (folder / "UTKFace").mkdir()
    originals = []
    for i in range(60):
        stored = folder / f"original-{i}"
        pixels = rng.integers(0, 256, (10, 10, 3), "uint8")
        Image.fromarray(pixels).resize((200, 200)).save(stored, "JPEG", quality=40)
        originals.append(stored)
    for i in range(23_708):
        age, gender, race = 1 + i % 116, i % 2, i % 5
        os.link(
            originals[i % 60],
            folder
            / "UTKFace"
            / f"{age}_{gender}_{race}_{20170101000000000 + i}.jpg.chip.jpg",
        )
    lines, grown = in_a_child(folder, "faces")
    assert lines == [
        "Faces: 23,708 pictures from the folder in CNNBOOK_DATA: other data of the right form."
    ]
    assert (
        grown < 23_708 * 128 * 128 * 3 / 2**20 + 200
    )  # the pictures themselves, and a little


# --- Any name, any bytes ------------------------------------------------------------------------------

ANY = settings(derandomize=True, deadline=None, max_examples=100)


@ANY
@given(
    st.text(max_size=60)
    | st.from_regex(r"\d{1,4}_\d_\d_\d{14,20}\.jpg(\.chip\.jpg)?", fullmatch=True)
)
def test_a_name_is_read_or_refused_with_a_reason(name):
    try:
        base, (age, gender) = data._parse_name(name)
        assert (
            base == name.rsplit("/", 1)[-1]
            and base.isascii()
            and 0 < age <= 120
            and gender in (0, 1)
        )
        assert base.startswith(
            tuple(f"{'0' * zeros}{age}_{gender}_" for zeros in range(3))
        )
    except ValueError as error:
        assert str(error) and "\n" not in str(error)


@ANY
@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_an_error(content):
    try:
        assert data._decode(content).shape == (128, 128, 3)
    except Exception as error:  # as where it is called
        assert not isinstance(error, (MemoryError, RecursionError))
