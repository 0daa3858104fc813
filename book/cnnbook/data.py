"""Find, check and read the two data sets: faces (UTKFace subset) and car reviews.

Sources, in this order: the folder named by CNNBOOK_DATA, the cache, a download
(unless CNNBOOK_OFFLINE=1), the embedded sample of invented data. `data/README.md`
describes the data and its terms. Nothing is ever extracted to disk.
"""

import contextlib
import csv
import errno
import hashlib
import io
import os
import re
import shutil
import tempfile
import threading
import time
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from . import DataError, switch

FACES, REVIEWS = "train_test.zip", "car_reviews.csv"
UNZIPPED = (
    "train_test",
    "UTKFace",
)  # folders of faces: the book's set, and the whole one as Kaggle offers it
DOWNLOADS = {
    FACES: "https://patrick-richter.github.io/assets/zip/train_test.zip",
    REVIEWS: "https://patrick-richter.github.io/assets/csv/car_reviews.csv",
}
# SHA-256 over the sorted content: "the data this book was built with".
DIGESTS = {
    FACES: "7ec195e8b1201031a87e6870b491907ca6284146a9b51ac608912978a08b7d26",
    REVIEWS: "7853f36b1a9f9961f942d0155f5165f6109a730c152afc050c25823d01be70b2",
}
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "data" / "cache"
SAMPLE = ROOT / "data" / "sample"

FACE_SIZE = 128
# A few of the set's own names have a digit too many or too few, or a stray space.
FACE_NAME = re.compile(
    r"(\d{1,3})_([01])_([0-4])_\d{14,20} ?\.jpg(?:\.chip\.jpg)?", re.ASCII
)
MAX_AGE = 120
MAX_PICTURES = 100_000
MAX_PICTURE_BYTES = 20 * 2**20
MAX_ARCHIVE_BYTES = (
    4 * 2**30
)  # of all pictures, unpacked; the whole of UTKFace needs a fortieth of it
MAX_RATIO = 200  # unpacked to packed, above 1 MB: pictures are compressed already, and a bomb is not
MAX_PICTURE_PIXELS = 25_000_000
DECODE_BATCH = 256  # pictures in work at one time
MAX_TABLE_BYTES = 200 * 2**20
DOWNLOAD_TIMEOUT = 30  # seconds without an answer
DOWNLOAD_LIMIT = (
    30 * 60
)  # seconds for one attempt: a server that sends a byte now and then never times out
DOWNLOAD_RETRIES = 2
MAX_DOWNLOAD_BYTES = 200 * 2**20
SECOND = "a second file of this name"  # Kaggle's archive of UTKFace holds most pictures three times, in three folders
SHOWN = 5  # files left out that are named one by one
RESTORE_SAMPLE = "restore it with 'python tools/make_sample.py'"
LINE = "=" * 78


class _Unusable(DataError):
    """A file that can be read and whose content will not do; who asked for it knows the remedy."""

    def __init__(self, path, fault):
        super().__init__(f"{path} {fault}")
        self.fault = fault


def load_faces():
    """Return the table and the pictures of the faces, in the order of their sorted file names.

    The table is a DataFrame with the columns `filename`, `age` (years) and `gender`
    (1 = female, 0 = male, as the set's annotators saw it); the pictures are a uint8 array
    (N, 128, 128, 3), RGB. `table.attrs["is_book_data"]` says whether this is the data that
    the book was built with. Raises DataError, or ConfigurationError if CNNBOOK_OFFLINE is misspelt.
    """
    (table, pictures, digest, left_out), origin, failure = _find_and_read(FACES)
    _announce(
        "Faces",
        f"{len(table):,} pictures",
        origin,
        failure,
        digest == DIGESTS[FACES],
        left_out,
    )
    table.attrs["is_book_data"] = digest == DIGESTS[FACES]
    return table, pictures


def load_reviews():
    """Return the reviews in file order: a DataFrame with the columns `Sentiment` (Pos or Neg) and `Review`.

    `table.attrs["is_book_data"]` says whether this is the data that the book was built with.
    Raises DataError, or ConfigurationError if CNNBOOK_OFFLINE is misspelt.
    """
    (table, digest, left_out), origin, failure = _find_and_read(REVIEWS)
    _announce(
        "Reviews",
        f"{len(table):,} texts",
        origin,
        failure,
        digest == DIGESTS[REVIEWS],
        left_out,
    )
    table.attrs["is_book_data"] = digest == DIGESTS[REVIEWS]
    return table


def _read(name, path):
    if not path.is_dir() or name == REVIEWS:
        try:
            path.open("rb").close()
        except OSError as error:
            raise DataError(
                f"{path} cannot be read ({error.strerror}); check its permissions."
            ) from None
    return _read_faces(path) if name == FACES else _read_reviews(path)


def _find_and_read(name):
    """Return (what was read, origin, why the download failed or None); a damaged file in the cache is fetched anew."""
    path, origin, failure = _find(name)
    try:
        return _read(name, path), origin, failure
    except _Unusable as damage:
        if path == SAMPLE / name:
            raise DataError(f"{damage}; {RESTORE_SAMPLE}.") from None
        if path != CACHE / name:
            raise DataError(
                f"{damage}; put the set's own file there, or fetch it again from {DOWNLOADS[name]}."
            ) from None
        if _offline():
            raise DataError(
                f"{damage}; leave CNNBOOK_OFFLINE unset, and it is fetched anew."
            ) from None
        try:
            _download(name)  # the damaged file stays until a good one takes its place
        except DataError as error:
            raise DataError(f"{damage}. A new download failed too: {error}") from None
        return (
            _read(name, path),
            "a new download, as the file in the cache was damaged",
            None,
        )


def _find(name):
    """Return (path, origin, why the download failed or None) of a data file."""
    named = os.environ.get("CNNBOOK_DATA")
    if named:
        return (
            _find_in_named_folder(name, Path(named).expanduser()),
            "the folder in CNNBOOK_DATA",
            None,
        )
    if (CACHE / name).exists():
        return CACHE / name, "the cache", None
    failure = None
    if not _offline():
        try:
            _download(name)
            return CACHE / name, "a download, kept in the cache", None
        except DataError as error:
            failure = str(error)
    if not (SAMPLE / name).exists():
        raise DataError(f"{SAMPLE / name} is missing; {RESTORE_SAMPLE}.")
    return SAMPLE / name, "the embedded sample", failure


def _offline():
    return switch("CNNBOOK_OFFLINE", ("0", "1"), "0") == "1"


def _find_in_named_folder(name, folder):
    """Return the path of `name`, or of the unzipped faces, in the folder that the reader named."""
    if not folder.is_dir():
        raise DataError(
            f"CNNBOOK_DATA names {folder}, which is not a folder; "
            f"set it to the folder that holds {FACES} and {REVIEWS}, or leave it unset."
        )
    if (folder / name).is_file():
        return folder / name
    for unzipped in UNZIPPED if name == FACES else ():
        if (folder / unzipped).is_dir():
            return folder / unzipped
    raise DataError(
        f"The folder in CNNBOOK_DATA, {folder}, holds no {name}; put the file there, or leave CNNBOOK_DATA unset."
    )


def _download(name):
    """Fetch a data file into the cache: checked first, then moved there in one step."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        _clear_leftovers()
        folder = tempfile.mkdtemp(prefix="download-", dir=CACHE)
    except OSError as error:
        raise DataError(
            f"The cache {CACHE} cannot be written ({error.strerror})."
        ) from None
    try:
        fetcher = pooch.create(
            path=folder,
            base_url="",
            registry={name: None},
            urls={name: DOWNLOADS[name]},
            retry_if_failed=DOWNLOAD_RETRIES,
        )
        path = Path(fetcher.fetch(name, downloader=_receive))
        _read(name, path)
        os.replace(path, CACHE / name)
    except _Unusable as error:
        raise DataError(
            f"What {DOWNLOADS[name]} sent is not usable: it {error.fault}."
        ) from None
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        why = error.strerror if error.__class__ is OSError else type(error).__name__
        raise DataError(f"{DOWNLOADS[name]} could not be fetched ({why}).") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _receive(url, path, _):
    """Write what `url` sends to a file: a downloader for pooch, which has none with a limit for the whole.

    Raises OSError, of which the errors of requests are a kind.
    """
    import requests
    from tqdm import tqdm
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    deadline = time.monotonic() + DOWNLOAD_LIMIT
    with (
        requests.get(url, stream=True, timeout=DOWNLOAD_TIMEOUT) as response,
        open(path, "wb") as file,
    ):
        response.raise_for_status()
        size = int(response.headers.get("Content-Length", 0)) or None
        with tqdm(
            total=size,
            unit="B",
            unit_scale=True,
            desc=PurePosixPath(url).name,
            leave=False,
        ) as bar:
            try:
                # read1 returns with whatever has come, so that the clock is looked at even while bytes drip.
                while part := response.raw.read1(2**16, decode_content=True):
                    if time.monotonic() > deadline:
                        raise TimeoutError(
                            f"not complete after {DOWNLOAD_LIMIT} seconds"
                        )
                    if file.tell() + len(part) > MAX_DOWNLOAD_BYTES:
                        raise OSError(
                            errno.EFBIG, f"more than {MAX_DOWNLOAD_BYTES // 2**20} MB"
                        )
                    file.write(part)
                    bar.update(len(part))
            # pooch tries again after errors of requests, which translates urllib3's only where it reads itself.
            except ReadTimeoutError as error:
                raise requests.exceptions.ReadTimeout(error) from None
            except HTTPError as error:
                raise requests.exceptions.ConnectionError(error) from None


def _clear_leftovers():
    """Remove what killed downloads left in the cache: folders older than any living download can be."""
    for folder in CACHE.glob("download-*"):
        with contextlib.suppress(OSError):  # another process may be faster
            if time.time() - folder.stat().st_mtime > (DOWNLOAD_RETRIES + 1) * (
                DOWNLOAD_LIMIT + 60
            ):
                shutil.rmtree(folder, ignore_errors=True)


def _read_faces(path):
    """Return (table, pictures, digest, [(name, reason left out), ...])."""
    names, labels, left_out = [], [], []
    digest = hashlib.sha256()
    # Filters of warnings hold for all threads, so they are set here, before the pool starts.
    with (
        _open_faces(path) as members,
        warnings.catch_warnings(),
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        warnings.simplefilter(
            "ignore"
        )  # of broken tags, say; the pixels are what counts
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        if len(members) > MAX_PICTURES:
            raise _Unusable(
                path, f"holds {len(members):,} files, more than {MAX_PICTURES:,}"
            )
        if sum(size for _, size, _ in members) > MAX_ARCHIVE_BYTES:
            raise _Unusable(
                path, f"unpacks to more than {MAX_ARCHIVE_BYTES // 2**30} GB"
            )
        members.sort(key=lambda member: (PurePosixPath(member[0]).name, member[0]))
        # Filled in place: a list of pictures, stacked at the end, would need twice the memory.
        pictures = np.empty((len(members), FACE_SIZE, FACE_SIZE, 3), "uint8")
        for name, outcome in _decoded(members, pool):
            if not isinstance(outcome, Exception) and names and outcome[0] == names[-1]:
                outcome = ValueError(SECOND)
            if isinstance(outcome, Exception):
                left_out.append((name, str(outcome) or type(outcome).__name__))
                continue
            base, label, content_digest, pictures[len(names)] = outcome
            names.append(base)
            labels.append(label)
            digest.update(base.encode() + b"\0" + content_digest)
    if not names:
        raise _Unusable(
            path,
            "holds no usable picture named like 28_1_0_20170117180708809.jpg.chip.jpg",
        )
    table = pd.DataFrame(labels, columns=["age", "gender"])
    table.insert(0, "filename", names)
    return table, pictures[: len(names)], digest.hexdigest(), left_out


def _decoded(members, pool):
    """Yield each member's name with (base name, label, digest of the content, pixels), or with its error.

    Pillow decodes outside Python's global lock, so threads share the work. They take a batch at a
    time: decoded pictures do not pile up, however fast they are.
    """
    reading = threading.Lock()  # an archive is no place for two readers at once

    def load(member):
        name, size, read = member
        try:
            base, label = _parse_name(name)
            if size > MAX_PICTURE_BYTES:
                raise ValueError(f"larger than {MAX_PICTURE_BYTES // 2**20} MB")
            with reading:
                content = read()
            return name, (
                base,
                label,
                hashlib.sha256(content).digest(),
                _decode(content),
            )
        except (
            Exception
        ) as error:  # zipfile and Pillow raise a dozen kinds on malformed content
            return name, error

    for start in range(0, len(members), DECODE_BATCH):
        yield from pool.map(load, members[start : start + DECODE_BATCH])


class _open_faces:
    """Context: the list of (name, bytes, function that reads the content) of an archive or a folder."""

    def __init__(self, path):
        self.path, self.archive = path, None

    def __enter__(self):
        if self.path.is_dir():
            # What is not there although it is listed is a link that leads nowhere; pipes would be waited for.
            found = sorted(
                (p, p.exists())
                for p in self.path.rglob("*")
                if p.is_file() or not p.exists()
            )
            return [
                (
                    p.relative_to(self.path).as_posix(),
                    p.stat().st_size if there else 0,
                    lambda p=p: _stored(p),
                )
                for p, there in found
            ]
        try:
            self.archive = zipfile.ZipFile(self.path)
        except (
            Exception
        ):  # BadZipFile, but NotImplementedError or struct.error too on a mangled one
            raise _Unusable(self.path, "is not a complete zip archive") from None
        infos = [
            i
            for i in self.archive.infolist()
            if not i.is_dir() and not i.filename.startswith("__MACOSX/")
        ]
        return [(i.filename, i.file_size, lambda i=i: self._unpacked(i)) for i in infos]

    def _unpacked(self, info):
        if info.file_size > max(2**20, MAX_RATIO * info.compress_size):
            raise ValueError(f"packed more than {MAX_RATIO} times")
        return self.archive.read(info)

    def __exit__(self, *_):
        if self.archive:
            self.archive.close()


def _stored(path):
    """Return what a file of the folder holds; raises ValueError with the reason, as the system's own holds the whole path."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None


def _parse_name(name):
    """Return (base name, (age, gender)) of a member's name; raises ValueError with the reason."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise ValueError("its path leads out of the archive")
    match = FACE_NAME.fullmatch(parts.name)
    if not match:
        raise ValueError(
            "its name is not <age>_<gender>_<race>_<timestamp>.jpg.chip.jpg"
        )
    age, gender = int(match[1]), int(match[2])
    if not 0 < age <= MAX_AGE:
        raise ValueError(f"an age of {age} years")
    return parts.name, (age, gender)


def _decode(content):
    """Return an encoded picture as uint8 (128, 128, 3); raises ValueError, or whatever Pillow raises."""
    try:
        picture = Image.open(io.BytesIO(content), formats=["JPEG", "PNG"])
    except UnidentifiedImageError:  # its own message holds a memory address
        raise ValueError("not a JPEG or PNG picture") from None
    with picture:
        if picture.width * picture.height > MAX_PICTURE_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels")
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith(
            "I"
        ):  # 16 bits of grey, which convert would cut off at 255
            picture = Image.fromarray((np.asarray(picture) >> 8).astype("uint8"))
        picture = picture.convert("RGB")
    if picture.size != (FACE_SIZE, FACE_SIZE):
        picture = picture.resize((FACE_SIZE, FACE_SIZE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _read_reviews(path):
    """Return (table, digest, [(line, reason left out), ...])."""
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise _Unusable(path, f"is larger than {MAX_TABLE_BYTES // 2**20} MB")
        text = path.read_bytes().decode("utf-8-sig")
        # newline="" ends a line at the file's lone carriage returns too, and leaves those in quotes as they are.
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except UnicodeDecodeError:
        raise _Unusable(path, "is not text in UTF-8") from None
    except csv.Error as error:
        where = f"line {reader.line_num}: {error}"
        raise _Unusable(
            path, f"is not a readable table of comma-separated values ({where})"
        ) from None
    missing = [column for column in ("Sentiment", "Review") if column not in header]
    if missing:
        raise _Unusable(path, f"lacks the column {' and '.join(missing)}")
    if len(set(header)) < len(header):
        raise _Unusable(path, "has two columns of one name")
    records, left_out = [], []
    for line, row in rows:
        record = dict(zip(header, row))
        reason = _fault(header, row, record)
        if reason:
            left_out.append((f"line {line}", reason))
        else:
            records.append((record["Sentiment"], record["Review"]))
    if not records:
        raise _Unusable(path, "holds no row labelled Pos or Neg")
    table = pd.DataFrame(records, columns=["Sentiment", "Review"])
    digest = hashlib.sha256()
    for row in table.itertuples(index=False):
        digest.update(f"{row.Sentiment}\0{row.Review}\0".encode())
    return table, digest.hexdigest(), left_out


def _fault(header, row, record):
    """Return why a row of the reviews cannot be used, or None."""
    if len(row) != len(header):
        return f"{len(row)} fields instead of {len(header)}"
    if record["Sentiment"] not in ("Pos", "Neg"):
        return f"the label {record['Sentiment'][:20]!r}"
    return None if record["Review"].strip() else "an empty review"


def _announce(what, amount, origin, failure, is_book_data, left_out):
    """Say in one line what was taken and from where; the sample gets a notice that cannot be missed."""
    seconds = sum(reason == SECOND for _, reason in left_out)
    if seconds > SHOWN:
        left_out = [(name, reason) for name, reason in left_out if reason != SECOND]
        print(
            f"{what}: left out {seconds:,} files: a second file of a name that was read."
        )
    for name, reason in left_out[:SHOWN]:
        text = f"{name[:100]}: {reason[:200]}"
        print(
            f"{what}: left out {''.join(c if c.isprintable() else '?' for c in text)}."
        )
    if len(left_out) > SHOWN:
        print(f"{what}: left out {len(left_out) - SHOWN:,} more.")
    if origin == "the embedded sample":
        why = failure or "No real data was found."
        print(
            f"{LINE}\nNOTICE: {what.lower()} from the embedded sample: {amount}, all INVENTED.\n{why}\n"
            f"Everything runs, but the results are not the book's. data/README.md says how\n"
            f"to get the real data.\n{LINE}"
        )
        return
    match = (
        "the data this book was built with"
        if is_book_data
        else "other data of the right form"
    )
    print(f"{what}: {amount} from {origin}: {match}.")
