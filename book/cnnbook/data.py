"""Find, check and read the two data sets: faces (UTKFace subset) and car reviews.

Sources, in this order: the folder named by CNNBOOK_DATA, the cache, a download
(unless CNNBOOK_OFFLINE=1), the embedded sample of invented data. `data/README.md`
describes the data and its terms. Nothing is ever extracted to disk.
"""

import csv
import gzip
import hashlib
import io
import os
import re
import sys
import tarfile
import threading
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from . import DataError, switch

FACES, UNSEEN, REVIEWS = "train_test.zip", "unseen_faces.zip", "car_reviews.csv"
COLUMNS = ["Sentiment", "Review"]
# What each set and its pieces are called, and its classes: column, {label: name}.
WORDS = {
    FACES: ("Faces", "pictures", "gender", {0: "male", 1: "female"}),
    UNSEEN: ("Unseen faces", "pictures", "gender", {0: "male", 1: "female"}),
    REVIEWS: ("Reviews", "texts", "Sentiment", {"Pos": "Pos", "Neg": "Neg"}),
}
NEEDED = 100  # of each class: chapter 02 asks 101 neighbours among the training faces
# How archives of UTKFace are called where people get them, the best first.
ARCHIVES = ("train_test", "utk", "archive", "crop_part", "part")
ENDS = (".zip", ".tar.gz", ".tgz", ".tar")
DOWNLOADS = {
    FACES: "https://patrick-richter.github.io/assets/zip/train_test.zip",
    REVIEWS: "https://patrick-richter.github.io/assets/csv/car_reviews.csv",
}
# SHA-256 of the files that stand there: another file is never kept.
HASHES = {
    FACES: "5807aa68cedee34d465b9b6628d9379d28a3856ffa1d58e15b021350a4f74e88",
    REVIEWS: "233537adbcc772acf4b758187200395ce0c13a0401870290ea93d1ba31fa86d0",
}
# SHA-256 over the sorted content: "the data this book was built with".
DIGESTS = {
    FACES: "7ec195e8b1201031a87e6870b491907ca6284146a9b51ac608912978a08b7d26",
    UNSEEN: "d2b2b0ce4e93ba8cb30bc8446f995b0e82f6dd7ccfff8d1545dcc81f22950aaa",
    REVIEWS: "7853f36b1a9f9961f942d0155f5165f6109a730c152afc050c25823d01be70b2",
}
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "data" / "cache"
SAMPLE = ROOT / "data" / "sample"
# Which of UTKFace's pictures are the unseen ones: the first bytes of SHA-256 of each name.
UNSEEN_NAMES, NAME_BYTES = ROOT / "data" / "unseen.sha256", 5

FACE_SIZE = 128
# A few of the set's own names have a digit too many or too few, or a stray space.
FACE_NAME = re.compile(
    r"(\d{1,3})_([01])_([0-4])_\d{14,20} ?(\.jpg)?(\.chip)?\.(jpe?g|png|webp)",
    re.IGNORECASE,
)
PATTERN = "<age>_<gender>_<race>_<timestamp>.jpg.chip.jpg"
MAX_AGE = 120
# Of all pictures, unpacked; the whole of UTKFace needs a tenth of it.
MAX_ARCHIVE_BYTES = 2**30
MAX_PICTURE_PIXELS = 25_000_000
DOWNLOAD_TIMEOUT = 30  # seconds without an answer
DOWNLOAD_RETRIES = 2
# Kaggle's archive of UTKFace holds most pictures three times, in three folders.
SECOND = "a second file of this name"
SHOWN = 5  # files left out that are named one by one
LINE = "=" * 78


class _Unusable(Exception):
    """Why a file's content will not do: what follows its path in a sentence."""


def load_faces():
    """Return the table and the pictures of the faces, sorted by file name.

    The table is a DataFrame with the columns `filename`, `age` (years) and `gender`
    (1 = female, 0 = male, as the set's annotators saw it); the pictures are a uint8 array
    (N, 128, 128, 3), RGB. `table.attrs["is_book_data"]` says whether this is the data that
    the book was built with. Raises DataError, or ConfigurationError for a misspelt switch.
    """
    table, pictures = _load(FACES, *_find(FACES))
    return table, pictures


def load_unseen_faces():
    """Return 2,000 other faces of UTKFace as `load_faces` does, or None where there are none.

    They are there to judge finished networks: never train on them, and never choose by them.
    """
    origin, folder = "the cache", CACHE
    if os.environ.get("CNNBOOK_DATA"):
        origin, folder = "the folder in CNNBOOK_DATA", _named_folder()
    for path in _places(folder, UNSEEN):
        try:
            return tuple(_load(UNSEEN, path, origin))
        except DataError:
            if path.name.startswith("unseen"):  # another archive need not hold them
                raise
    print(f"Unseen faces: none in {origin}; data/README.md says how to get them.")


def load_reviews():
    """Return the reviews in file order: a DataFrame with `Sentiment` (Pos or Neg) and `Review`.

    `table.attrs["is_book_data"]` says whether this is the data that the book was built with.
    Raises DataError, or ConfigurationError for a misspelt switch.
    """
    return _load(REVIEWS, *_find(REVIEWS))[0]


def load_invented_faces():
    """Return the embedded sample of invented faces, whatever data is at hand, as `load_faces` does."""
    table, pictures, _, _ = _read(FACES, SAMPLE / FACES)
    print(f"Faces: {len(table):,} drawn by a program, of people who do not exist.")
    return table, pictures


def _load(name, path, origin, failure=None):
    """Return [table] or [table, pictures], and say what was taken and from where."""
    table, *pictures, digest, left_out = _read(name, path)
    table.attrs["is_book_data"] = digest == DIGESTS[name]
    _announce(name, table, origin, failure, left_out)
    return [table, *pictures]


def _read(name, path):
    """Return what the reader of this file returns. Raises DataError if it will not do."""
    if path == SAMPLE / name:
        remedy = "restore it with 'python -m tools.make_sample'"
    else:
        remedy = f"put the set's own file there, from {DOWNLOADS.get(name, 'UTKFace')}"
    try:
        if not path.is_dir():
            path.open("rb").close()  # else it would be called damaged
        content = _read_reviews(path) if name == REVIEWS else _read_faces(path, name)
        _, unit, column, labels = WORDS[name]
        counts = [(content[0][column] == label).sum() for label in labels]
        if min(counts) < NEEDED:
            found = " and ".join(f"{n:,} {labels[c]}" for n, c in zip(counts, labels))
            first = f" ({': '.join(content[-1][0])})" if content[-1] else ""
            needed = f"{NEEDED} of each are needed{first}"
            raise _Unusable(f"holds {found} {unit} to use, and {needed}")
    except OSError as error:
        why = f"cannot be read ({error.strerror}); check its permissions, or {remedy}"
        raise DataError(f"{path} {why}.") from None
    except _Unusable as damage:
        raise DataError(f"{path} {damage}; {remedy}.") from None
    return content


def _find(name):
    """Return (path, origin, why the download failed or None) of a data file."""
    if os.environ.get("CNNBOOK_DATA"):
        path = find_in_folder(name)
        if path.resolve() == SAMPLE / name:
            return path, "the embedded sample", "CNNBOOK_DATA leads to the sample."
        return path, "the folder in CNNBOOK_DATA", None
    if (CACHE / name).exists():
        return CACHE / name, "the cache", None
    failure = None
    if not _offline():
        try:
            _download(name)
            return CACHE / name, "a download, kept in the cache", None
        except DataError as error:
            failure = str(error)
    return SAMPLE / name, "the embedded sample", failure


def _offline():
    return switch("CNNBOOK_OFFLINE", ("0", "1"), "0") == "1"


def _named_folder():
    named = os.environ.get("CNNBOOK_DATA", "")
    folder = Path(os.path.expanduser(named))  # Path's own raises an error of its own
    # A relative path would lead elsewhere in a chapter, which runs in its own folder.
    if not (folder.is_absolute() and folder.is_dir()):
        raise DataError(
            f"CNNBOOK_DATA is {named!r}, which is not the absolute path of a folder that is there; "
            f"set it to that of the folder that holds {FACES} and {REVIEWS}, or leave it unset."
        )
    return folder


def find_in_folder(name):
    """Return the path of the reviews, or of the faces in any form, in the reader's folder."""
    folder = _named_folder()
    for path in _places(folder, name):
        return path
    forms = f", nor UTKFace as an archive ({', '.join(ENDS)}) or as pictures {PATTERN}"
    raise DataError(
        f"The folder in CNNBOOK_DATA, {folder}, holds no {name}"
        f"{forms if name == FACES else ''}; put the file there, or leave CNNBOOK_DATA unset."
    )


def _places(folder, name):
    """Yield where the reviews, or faces in the forms that people have, may be in a folder."""
    if (folder / name).is_file():
        yield folder / name
    if name == REVIEWS:
        return
    if (folder / name).with_suffix("").is_dir():
        yield (folder / name).with_suffix("")
    paths = [p for depth in ("*", "*/*", "*/*/*") for p in sorted(folder.glob(depth))]
    found = {}  # the names in the folder itself, and in each folder in it
    for path in paths:
        if FACE_NAME.fullmatch(path.name):
            place = path.relative_to(folder).parts[:-1][:1]
            found.setdefault(place, []).append(path.name)
    found.pop(("unseen_faces",), None)
    if found:  # the most, and none of them twice
        most = max(found, key=lambda place: (len({*found[place]}), -len(found[place])))
        yield folder.joinpath(*most)
    for start in ARCHIVES:
        for path in paths:
            called = path.name.lower()
            if called.startswith(start) and called.endswith(ENDS) and path.is_file():
                yield path


def _download(name):
    """Fetch a data file into the cache: pooch checks its hash, then moves it there."""
    with warnings.catch_warnings(action="ignore"):  # it would miss ipywidgets
        import pooch

    pooch.get_logger().setLevel("ERROR")
    url = DOWNLOADS[name]
    source = {"registry": {name: HASHES[name]}, "urls": {name: url}}
    fetcher = pooch.create(CACHE, "", retry_if_failed=DOWNLOAD_RETRIES, **source)
    # To stdout, where a notebook shows it as a bar and not as an error. Pooch sets the total.
    bar = tqdm(
        total=1, unit="B", unit_scale=True, leave=False, file=sys.stdout, delay=1
    )
    receive = pooch.HTTPDownloader(bar, timeout=DOWNLOAD_TIMEOUT)
    try:
        with bar:
            fetcher.fetch(name, downloader=receive)
    except OSError as error:  # requests' errors are of this kind
        while error.__context__:  # the first says it plainly
            error = error.__context__
        why = _why(error).split(" for url: ")[0].rstrip(".")
        raise DataError(
            f"{url} could not be fetched into {CACHE} ({why}); "
            "try again later, or put the file there yourself."
        ) from None
    except ValueError:  # the hash
        raise DataError(
            f"{url} sent another file than this book was made with; look at it in a "
            f"browser, and if it is the set you want, save it as {CACHE / name} yourself."
        ) from None


def _read_faces(path, name=FACES):
    """Return (table, pictures, digest, [(name, reason left out), ...])."""
    names, labels, left_out = [], [], []
    digest = hashlib.sha256()
    with (
        _open_faces(path) as members,
        # Of broken tags; for all threads, so it is set before the pool starts.
        warnings.catch_warnings(action="ignore"),
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        # Folders, Apple's own files, and the table beside pictures that are loose.
        apart = re.compile(rf"(.*/)?(\._.*|\.DS_Store|{REVIEWS})?")
        members = [member for member in members if not apart.fullmatch(member[0])]
        if name == UNSEEN:
            known = {*np.fromfile(UNSEEN_NAMES, f"V{NAME_BYTES}").tolist()}
            members = [member for member in members if _name_hash(member[0]) in known]
        else:  # the folder, or the archive, beside pictures that are loose
            members = [member for member in members if "unseen_faces" not in member[0]]
        if sum(size for _, size, _ in members) > MAX_ARCHIVE_BYTES:
            raise _Unusable(f"holds more than {MAX_ARCHIVE_BYTES / 2**30:.0f} GB")
        members.sort(key=lambda member: (PurePosixPath(member[0]).name, member[0]))
        # Filled in place: a list, stacked at the end, would need twice the memory.
        pictures = np.empty((len(members), FACE_SIZE, FACE_SIZE, 3), "uint8")
        for member, outcome in _decoded(members, pool):
            if isinstance(outcome, Exception):
                left_out.append((member, _why(outcome)))
            elif names and outcome[0] == names[-1]:
                left_out.append((member, SECOND))
            else:
                base, label, content_digest, pictures[len(names)] = outcome
                names.append(base)
                labels.append(label)
                digest.update(base.encode() + b"\0" + content_digest)
    table = pd.DataFrame(labels, columns=["age", "gender"])
    table.insert(0, "filename", names)
    return table, pictures[: len(names)], digest.hexdigest(), left_out


def _name_hash(name):
    base = PurePosixPath(name).name
    return hashlib.sha256(base.encode()).digest()[:NAME_BYTES]


def _decoded(members, pool):
    """Yield each member's name with (base name, label, digest, pixels), or its error.

    Pillow decodes outside Python's global lock, so threads share the work.
    """
    reading = threading.Lock()  # an archive is no place for two readers at once

    def load(member):
        name, _, opened = member
        try:
            base, label = _parse_name(name)
            with reading, opened() as file:
                content = file.read()
            digest = hashlib.sha256(content).digest()
            return name, (base, label, digest, _decode(content))
        # zipfile and Pillow raise a dozen kinds on malformed content.
        except Exception as error:
            return name, error

    return pool.map(load, members)


@contextmanager
def _open_faces(path):
    """Yield [(name, bytes, function that opens it), ...] of an archive or folder."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        names = [p.relative_to(path).as_posix() for p in files]
        sizes = [p.stat().st_size for p in files]
        yield [*zip(names, sizes, [partial(p.open, "rb") for p in files])]
        return
    try:
        if path.suffix.lower() == ".zip":
            archive = zipfile.ZipFile(path)
            infos = [(i.filename, i.file_size, i) for i in archive.infolist()]
            opened = archive.open
        else:
            archive = _open_tar(path)
            infos = [(i.name, i.size, i) for i in archive if i.isfile()]
            opened = archive.extractfile
    except Exception:  # BadZipFile, TarError and a dozen others on a mangled one
        what = f"a complete archive of at most {MAX_ARCHIVE_BYTES / 2**30:.0f} GB"
        raise _Unusable(f"is not {what}") from None
    with archive:
        yield [(name, size, partial(opened, info)) for name, size, info in infos]


def _open_tar(path):
    """Return a tar archive, unpacked in memory: it is not read in its own order."""
    unpack = open if path.suffix.lower() == ".tar" else gzip.open
    with unpack(path, "rb") as file:
        content = file.read(MAX_ARCHIVE_BYTES + 1)
    if len(content) > MAX_ARCHIVE_BYTES:
        raise ValueError("too large")
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:")


def _parse_name(name):
    """Return (base name, (age, gender)) of a member's name; raises ValueError with the reason."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise ValueError("its path leads out of the archive")
    match = FACE_NAME.fullmatch(parts.name)
    if not match:
        raise ValueError(f"its name is not {PATTERN}")
    age, gender = int(match[1]), int(match[2])
    if not 0 < age <= MAX_AGE:
        raise ValueError(f"an age of {age} years")
    return parts.name, (age, gender)


def _decode(content):
    """Return an encoded picture as uint8 (128, 128, 3); raises any Exception."""
    try:
        picture = Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"])
    except UnidentifiedImageError:  # its own message holds a memory address
        raise ValueError("not a JPEG, PNG or WebP picture") from None
    with picture:
        if picture.width * picture.height > MAX_PICTURE_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels")
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    if picture.size != (FACE_SIZE, FACE_SIZE):
        picture = picture.resize((FACE_SIZE, FACE_SIZE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _read_reviews(path):
    """Return (table, digest, [(line, reason left out), ...])."""
    try:
        # newline="" ends a line at the file's lone carriage returns too, and leaves those
        # in quotes as they are.
        with path.open(encoding="utf-8-sig", newline="") as file:
            csv.field_size_limit(2**31 - 1)  # a review is a field, however long
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [(reader.line_num, row) for row in reader if any(row)]
    except UnicodeDecodeError:
        raise _Unusable("is not text in UTF-8") from None
    except csv.Error as error:
        where = f"line {reader.line_num}: {error}"
        raise _Unusable(f"is not a readable table with commas ({where})") from None
    if not set(COLUMNS) <= set(header):
        columns, first = " and ".join(COLUMNS), ",".join(header)[:60]
        raise _Unusable(
            f"needs the columns {columns}, separated by commas, and begins with {first!r}"
        )
    label, text = map(header.index, COLUMNS)
    records, left_out = [], []
    for line, row in rows:
        if len(row) < len(header) or any(row[len(header) :]):
            reason = f"{len(row)} fields instead of {len(header)}"
        elif row[label] not in ("Pos", "Neg"):
            reason = f"the label {row[label][:20]!r}"
        elif not row[text].strip():
            reason = "an empty review"
        else:
            records.append((row[label], row[text]))
            continue
        left_out.append((f"line {line}", reason))
    table = pd.DataFrame(records, columns=COLUMNS)
    content = "".join(f"{field}\0" for record in records for field in record)
    return table, hashlib.sha256(content.encode()).hexdigest(), left_out


def _why(error):
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _announce(name, table, origin, failure, left_out):
    """Say what was taken and from where; the sample gets a notice not to be missed."""
    what, unit, *_ = WORDS[name]
    amount = f"{len(table):,} {unit}"
    seconds = sum(reason == SECOND for _, reason in left_out)
    if seconds > SHOWN:
        left_out = [(name, reason) for name, reason in left_out if reason != SECOND]
        print(f"{what}: left out {seconds:,} files whose names were read before.")
    for name, reason in left_out[:SHOWN]:
        print(f"{what}: left out {name}: {reason}.")
    if len(left_out) > SHOWN:
        print(f"{what}: left out {len(left_out) - SHOWN:,} more.")
    if origin == "the embedded sample":
        print(
            f"{LINE}\n"
            f"NOTICE: {what.lower()} from the embedded sample: {amount}, all INVENTED.\n"
            f"{failure or 'No real data was found.'}\n"
            "Everything runs, but the results are not the book's. data/README.md says how\n"
            f"to get the real data.\n{LINE}"
        )
    elif table.attrs["is_book_data"]:
        print(f"{what}: {amount} from {origin}: the data this book was built with.")
    else:
        print(f"{what}: {amount} from {origin}: other data of the right form.")
