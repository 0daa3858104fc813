"""The loader: four sources in order, a fixed interface, and a plain sentence for whatever is wrong."""

import io
import os
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbook import ConfigurationError, DataError, data

NAMED = [
    f"{label}_2020010100000000{i}.jpg.chip.jpg"
    for i, label in enumerate(["28_1_0", "3_0_4", "64_0_2"], start=1)
]
TABLE = b"Sentiment,Review\rNeg, It broke  \rPos, It runs  and runs  \rNeg, It leaks  "
REAL = os.environ.get("CNNBOOK_DATA", "")
FULL_REAL = (
    all((Path(REAL) / name).is_file() for name in data.DIGESTS) if REAL else False
)

pytestmark = pytest.mark.usefixtures("places")


# --- Helpers -------------------------------------------------------------------------------------


def picture(colour=90, size=(128, 128), mode="RGB", kind="JPEG"):
    buffer = io.BytesIO()
    Image.new(mode, size, colour if mode == "L" else (colour,) * len(mode)).save(
        buffer, kind
    )
    return buffer.getvalue()


def archive(members):
    """Return the bytes of a zip archive that holds the members {name: content}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def good_faces():
    return {f"train_test/{name}": picture(60 * i + 60) for i, name in enumerate(NAMED)}


@pytest.fixture
def named(places, monkeypatch):
    """Return a function that fills the folder of CNNBOOK_DATA."""
    folder = places / "mine"
    folder.mkdir()
    monkeypatch.setenv("CNNBOOK_DATA", str(folder))

    def fill(faces=None, reviews=None):
        if faces is not None:
            content = archive(faces) if isinstance(faces, dict) else faces
            (folder / data.FACES).write_bytes(content)
        if reviews is not None:
            (folder / data.REVIEWS).write_bytes(reviews)
        return folder

    return fill


def put(folder, faces=None, reviews=None):
    folder.mkdir(exist_ok=True)
    (folder / data.FACES).write_bytes(archive(faces or good_faces()))
    (folder / data.REVIEWS).write_bytes(reviews or TABLE)


def complaint(load):
    """Return the message of the DataError that `load` must raise: a single sentence, no library's traceback."""
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 400
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


def both_files(handler, server):
    content = {data.FACES: archive(good_faces()), data.REVIEWS: TABLE}[
        handler.path.strip("/")
    ]
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


# --- The fixed interface -------------------------------------------------------------------------


def test_faces_have_the_fixed_interface(named):
    named(faces=dict(reversed(good_faces().items())))
    table, pictures = data.load_faces()
    assert list(table.columns) == ["filename", "age", "gender"]
    assert table.filename.tolist() == sorted(NAMED)
    assert table.age.tolist() == [28, 3, 64] and table.gender.tolist() == [1, 0, 0]
    assert (table.age.dtype, table.gender.dtype) == (np.int64, np.int64)
    assert table.index.tolist() == [0, 1, 2]
    assert pictures.dtype == np.uint8 and pictures.shape == (3, 128, 128, 3)
    assert [int(p.mean()) for p in pictures] == [60, 120, 180]


def test_colours_are_red_green_blue_in_this_order(named):
    red = io.BytesIO()
    Image.new("RGB", (128, 128), (200, 100, 20)).save(red, "PNG")
    named(faces={f"train_test/{NAMED[0]}": red.getvalue()})
    assert (data.load_faces()[1] == [200, 100, 20]).all()


def test_reviews_have_the_fixed_interface(named):
    named(reviews=TABLE)
    table = data.load_reviews()
    assert list(table.columns) == ["Sentiment", "Review"]
    assert table.Sentiment.tolist() == ["Neg", "Pos", "Neg"]
    assert table.Review.tolist() == [
        " It broke  ",
        " It runs  and runs  ",
        " It leaks  ",
    ]
    assert table.index.tolist() == [0, 1, 2]


def test_more_columns_and_quoted_texts_are_welcome(named):
    named(reviews=b'id,Review,Sentiment\n1,"Well, it broke",Neg\n2,"NA",Pos\n')
    table = data.load_reviews()
    assert table.Review.tolist() == [
        "Well, it broke",
        "NA",
    ] and table.Sentiment.tolist() == ["Neg", "Pos"]


def test_pictures_of_other_sizes_and_kinds_are_fitted(named):
    grey, large, png = (
        picture(60, mode="L"),
        picture(120, size=(300, 200)),
        picture(180, mode="RGBA", kind="PNG"),
    )
    named(faces=dict(zip(good_faces(), (grey, large, png))))
    _, pictures = data.load_faces()
    assert pictures.shape == (3, 128, 128, 3) and [int(p.mean()) for p in pictures] == [
        60,
        120,
        180,
    ]


def test_an_unzipped_folder_is_as_good(named):
    folder = named()
    for name, content in good_faces().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    table, pictures = data.load_faces()
    assert table.filename.tolist() == sorted(NAMED) and len(pictures) == 3


def test_links_are_followed_and_one_that_leads_nowhere_is_named(named, places, capsys):
    folder = named() / "train_test"
    folder.mkdir()
    for name, content in good_faces().items():
        stored = places / Path(name).name
        stored.write_bytes(content)
        (folder / stored.name).symlink_to(stored)
    (places / NAMED[1]).unlink()
    assert data.load_faces()[0].filename.tolist() == sorted([NAMED[0], NAMED[2]])
    complaint, _ = capsys.readouterr().out.splitlines()
    assert (
        complaint
        == f"Faces: left out {NAMED[1]}: cannot be read (No such file or directory)."
    )


# --- The four sources and what they announce -----------------------------------------------------


def test_the_named_folder_comes_first(named, places, capsys):
    named(faces=good_faces(), reviews=TABLE)
    put(places / "cache")
    put(places / "sample")
    data.load_faces(), data.load_reviews()
    assert capsys.readouterr().out.splitlines() == [
        "Faces: 3 pictures from the folder in CNNBOOK_DATA: other data of the right form.",
        "Reviews: 3 texts from the folder in CNNBOOK_DATA: other data of the right form.",
    ]


def test_then_the_cache(places, serve, capsys):
    put(places / "cache")
    put(places / "sample")
    server = serve(both_files)
    data.load_faces(), data.load_reviews()
    assert capsys.readouterr().out.splitlines() == [
        "Faces: 3 pictures from the cache: other data of the right form.",
        "Reviews: 3 texts from the cache: other data of the right form.",
    ]
    assert server.asked == []


def test_then_a_download_into_the_cache(places, serve, capsys):
    put(places / "sample")
    server = serve(both_files)
    for _ in range(2):
        table, _ = data.load_faces()
        assert table.filename.tolist() == sorted(NAMED)
        data.load_reviews()
    assert sorted(server.asked) == ["/car_reviews.csv", "/train_test.zip"]  # once each
    assert sorted(path.name for path in (places / "cache").iterdir()) == [
        data.REVIEWS,
        data.FACES,
    ]
    assert (places / "cache" / data.REVIEWS).read_bytes() == TABLE
    lines = capsys.readouterr().out.splitlines()
    origins = [line.split(" from ")[1].split(":")[0] for line in lines]
    assert origins == ["a download, kept in the cache"] * 2 + ["the cache"] * 2


def test_last_the_sample_with_a_notice(places, monkeypatch, serve, capsys):
    put(places / "sample")
    server = serve(both_files)
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    data.load_faces(), data.load_reviews()
    out = capsys.readouterr().out
    assert server.asked == []  # CNNBOOK_OFFLINE=1 never connects
    assert (
        out.count("NOTICE") == 2
        and out.count("INVENTED") == 2
        and "data/README.md" in out
    )
    assert max(map(len, out.splitlines())) <= 80 and len(out.splitlines()) > 8
    assert str(places) not in out


def test_no_announcement_holds_a_path(named, capsys):
    folder = named(faces=good_faces(), reviews=TABLE)
    data.load_faces(), data.load_reviews()
    assert str(folder) not in capsys.readouterr().out


def test_without_any_source_the_sample_is_asked_for(places, monkeypatch):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    message = complaint(data.load_faces)
    assert data.FACES in message and "make_sample.py" in message


def test_a_misspelt_switch_is_refused(monkeypatch):
    monkeypatch.setenv("CNNBOOK_OFFLINE", "yes")
    with pytest.raises(
        ConfigurationError,
        match="CNNBOOK_OFFLINE is 'yes'; set it to one of 0, 1, or leave it unset for '0'",
    ):
        data.load_reviews()


# --- Downloads that fail -------------------------------------------------------------------------


def test_an_address_that_nobody_answers(places, capsys):
    put(places / "sample")
    data.load_reviews()
    out = capsys.readouterr().out
    assert "could not be fetched" in out and "INVENTED" in out
    assert list((places / "cache").iterdir()) == []


# --- Malformed data ------------------------------------------------------------------------------


def test_a_folder_that_is_not_there(places, monkeypatch):
    monkeypatch.setenv("CNNBOOK_DATA", str(places / "nowhere"))
    for load in (data.load_faces, data.load_reviews):
        message = complaint(load)
        assert (
            "CNNBOOK_DATA" in message
            and "nowhere" in message
            and "not a folder" in message
        )


def test_an_empty_folder(named):
    named()
    for load, name in (
        (data.load_faces, data.FACES),
        (data.load_reviews, data.REVIEWS),
    ):
        message = complaint(load)
        assert (
            name in message
            and "CNNBOOK_DATA" in message
            and "put the file there" in message
        )


def test_an_empty_unzipped_folder(named):
    (named() / "train_test").mkdir()
    assert "no usable picture" in complaint(data.load_faces)


def test_an_archive_of_something_else(named):
    named(faces={"holiday/beach.jpg": picture(), "notes.txt": b"hello"})
    message = complaint(data.load_faces)
    assert data.FACES in message and "no usable picture named like" in message


def test_a_picture_with_a_wrong_name_is_left_out_by_name(named, capsys):
    wrong = {"train_test/portrait.jpg": picture(), "train_test/28_2_0_20200101000000009.jpg.chip.jpg": picture(),
             "train_test/200_1_0_20200101000000009.jpg.chip.jpg": picture(), "train_test/.DS_Store": b"x"}  # fmt: skip
    named(faces={**good_faces(), **wrong})
    table, pictures = data.load_faces()
    assert table.filename.tolist() == sorted(NAMED) and len(pictures) == 3
    out = capsys.readouterr().out
    assert all(name in out for name in wrong) and "200 years" in out


def test_apples_own_folder_is_passed_over_in_silence(named, capsys):
    named(
        faces={**good_faces(), "__MACOSX/._28_1_0_20200101000000001.jpg.chip.jpg": b"x"}
    )
    assert len(data.load_faces()[0]) == 3
    assert "left out" not in capsys.readouterr().out


def test_a_member_damaged_inside_the_archive_is_left_out_by_name(named, capsys):
    content = bytearray(archive(good_faces()))
    content[200:230] = bytes(30)  # in the first member's compressed bytes
    named(faces=bytes(content))
    assert len(data.load_faces()[0]) == 2
    assert NAMED[0] in capsys.readouterr().out


def test_a_set_that_is_there_three_times_is_told_in_a_line(named, capsys):
    copies = {
        f"{folder}/{name}": picture()
        for folder in ("UTKFace", "aligned/UTKFace", "part1")
        for name in NAMED
    }
    named(faces={**copies, "UTKFace/notes.jpg": b""})
    assert data.load_faces()[0].filename.tolist() == sorted(NAMED)
    complaints = [
        line for line in capsys.readouterr().out.splitlines() if "left out" in line
    ]
    assert (
        complaints[0]
        == "Faces: left out 6 files: a second file of a name that was read."
    )
    assert len(complaints) == 2 and "UTKFace/notes.jpg" in complaints[1]


@pytest.mark.parametrize("batch", [1, 3, 256])
def test_threads_keep_the_order_of_pictures_and_of_complaints(
    named, monkeypatch, capsys, batch
):
    monkeypatch.setattr(data, "DECODE_BATCH", batch)
    ages, bad_ages = list(range(10, 50)), [20, 30]
    members = {
        f"train_test/{age}_0_0_20200101000000001.jpg.chip.jpg": picture(3 * age)
        for age in ages
    }
    bad = [f"train_test/{age}_1_0_20200101000000002.jpg.chip.jpg" for age in bad_ages]
    named(faces={**{name: b"no picture" for name in reversed(bad)}, **members})
    table, pictures = data.load_faces()
    assert table.age.tolist() == ages
    assert np.abs(pictures.mean(axis=(1, 2, 3)) - 3 * np.array(ages)).max() < 2
    complaints = [
        line for line in capsys.readouterr().out.splitlines() if "left out" in line
    ]
    assert complaints == [
        f"Faces: left out {name}: not a JPEG or PNG picture." for name in bad
    ]


def test_too_many_files_are_refused(named, monkeypatch):
    monkeypatch.setattr(data, "MAX_PICTURES", 2)
    named(faces=good_faces())
    assert "more than 2" in complaint(data.load_faces)


def test_a_table_too_large_is_refused(named, monkeypatch):
    monkeypatch.setattr(data, "MAX_TABLE_BYTES", 10)
    named(reviews=TABLE)
    assert "larger than" in complaint(data.load_reviews)


def test_a_folder_in_place_of_a_file(named):
    (named() / data.REVIEWS).mkdir()
    assert data.REVIEWS in complaint(data.load_reviews)


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_never_shows_a_librarys_traceback(named, seed):
    rng = random.Random(seed)
    content = bytearray(archive(good_faces()))
    for _ in range(rng.choice([1, 4, 40])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    table = bytearray(TABLE)
    for _ in range(3):
        table[rng.randrange(len(table))] = rng.randrange(256)
    named(faces=bytes(content), reviews=bytes(table))
    for load in (data.load_faces, data.load_reviews):
        try:
            load()
        except DataError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    "load, name", [(data.load_faces, data.FACES), (data.load_reviews, data.REVIEWS)]
)
def test_a_sound_file_that_may_not_be_read_is_not_called_damaged(
    places, serve, monkeypatch, load, name
):
    """In the cache, too: it is not fetched anew."""
    put(places / "cache")
    server = serve(both_files)
    may = Path.open

    def refused(path, *more):
        if path == places / "cache" / name:
            raise PermissionError(13, "Permission denied")
        return may(path, *more)

    monkeypatch.setattr(Path, "open", refused)
    message = complaint(load)
    assert (
        f"{places / 'cache' / name} cannot be read (Permission denied); check its permissions"
        in message
    )
    assert server.asked == [] and (places / "cache" / name).stat().st_size > 0


@pytest.mark.parametrize(
    "load, name", [(data.load_faces, data.FACES), (data.load_reviews, data.REVIEWS)]
)
def test_a_damaged_sample_is_restored_and_not_replaced_by_real_data(
    places, monkeypatch, load, name
):
    put(places / "sample")
    (places / "sample" / name).write_bytes(b"")
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    message = complaint(load)
    assert str(places / "sample" / name) in message and message.endswith(
        "restore it with 'python tools/make_sample.py'."
    )


# --- The data that the book was built with -------------------------------------------------------


def test_the_sample_is_not_taken_for_the_books_data(monkeypatch, capsys):
    monkeypatch.setattr(data, "SAMPLE", data.ROOT / "data" / "sample")
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    table, pictures = data.load_faces()
    reviews = data.load_reviews()
    assert len(table) == len(pictures) == 600 and len(reviews) == 400
    assert (
        table.attrs["is_book_data"] is False and reviews.attrs["is_book_data"] is False
    )
    assert "built with" not in capsys.readouterr().out


def test_the_digest_sees_the_content_and_not_the_packing(named, monkeypatch, capsys):
    digest = data._read_faces(named(faces=good_faces()) / data.FACES)[2]
    monkeypatch.setitem(data.DIGESTS, data.FACES, digest)
    named(
        faces={
            "other/" + name.split("/")[1]: content
            for name, content in reversed(good_faces().items())
        }
    )
    assert data.load_faces()[0].attrs["is_book_data"] is True
    assert "the data this book was built with" in capsys.readouterr().out
    changed = {**good_faces(), f"train_test/{NAMED[0]}": picture(61)}
    named(faces=changed)
    assert data.load_faces()[0].attrs["is_book_data"] is False


@pytest.mark.skipif(
    not FULL_REAL, reason="CNNBOOK_DATA does not name a folder with the real data"
)
def test_the_real_data_is_recognised(monkeypatch, capsys):
    monkeypatch.setenv("CNNBOOK_DATA", REAL)
    table, pictures = data.load_faces()
    reviews = data.load_reviews()
    assert table.shape == (5000, 3) and pictures.shape == (5000, 128, 128, 3)
    assert table.gender.value_counts().to_dict() == {0: 2584, 1: 2416}
    assert (
        table.age.min(),
        table.age.max(),
        table.age.median(),
        round(table.age.mean(), 2),
    ) == (1, 116, 29, 33.07)
    assert reviews.shape == (
        1382,
        2,
    ) and reviews.Sentiment.value_counts().to_dict() == {"Neg": 691, "Pos": 691}
    assert table.attrs["is_book_data"] is True and reviews.attrs["is_book_data"] is True
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 and all(
        "the data this book was built with" in line for line in out
    )
