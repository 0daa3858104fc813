"""Downloads under faults: a web server on this machine that misbehaves, a full disk, processes that race or are killed.

After each fault the cache holds the complete file or nothing, and the next attempt, on a sound server, succeeds.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnnbook import DataError, data

TABLE = b"Sentiment,Review\r" + b"".join(
    b"Pos, It runs and runs  \rNeg, It broke in week %d  \r" % i for i in range(4000)
)
BOOK = Path(data.__file__).resolve().parents[1]


def begin(handler, length=len(TABLE), status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": str(length), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def sound(handler, server):
    begin(handler)
    handler.wfile.write(TABLE)


def status(code):
    def answer(handler, server):
        begin(handler, 4, code)
        handler.wfile.write(b"oops")

    return answer


def silent(handler, server):
    begin(handler)
    server.stopped.wait(20)


def dripping(handler, server):
    """A byte now and then: no single wait is ever too long."""
    begin(handler)
    for byte in TABLE:
        handler.wfile.write(bytes([byte]))
        if server.stopped.wait(0.05):
            return


def cut(handler, server):
    begin(handler)
    handler.wfile.write(TABLE[: len(TABLE) // 2])
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def promises_more(handler, server):
    begin(handler, len(TABLE) + 1000)
    handler.wfile.write(TABLE)
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def promises_less(handler, server):
    """The reader stops at the length that was promised: in the middle of a quoted field."""
    begin(handler, 40)
    handler.wfile.write(b'Sentiment,Review\rPos," It runs and runs, it never stops "\r')


def in_circles(handler, server):
    begin(handler, 0, 302, Location=server.urls[data.REVIEWS])


def page(handler, server):
    content = b"<!doctype html><html><title>Please log in</title><p>Welcome, dear guest</p></html>"
    begin(handler, len(content), Content_Type="text/html")
    handler.wfile.write(content)


FAULTS = {
    status(404): "HTTPError",
    status(500): "HTTPError",
    silent: "Timeout",
    dripping: "TimeoutError",
    cut: "ConnectionError",
    promises_more: "ConnectionError",
    promises_less: "not usable",
    in_circles: "TooManyRedirects",
    page: "not usable",
}
NAMES = [
    "404",
    "500",
    "silence",
    "drip",
    "cut",
    "promises more",
    "promises less",
    "circles",
    "web page",
]


@pytest.fixture(autouse=True)
def sample(places):
    (places / "sample").mkdir()
    (places / "sample" / data.REVIEWS).write_bytes(
        b"Sentiment,Review\rPos, A sample  \r"
    )


def cached():
    return (
        sorted(path.name for path in data.CACHE.iterdir())
        if data.CACHE.is_dir()
        else []
    )


@pytest.fixture
def impatient(monkeypatch):
    """Return a context that shortens the wait which a fault is meant to exhaust, and no other: the machine may be slow."""

    @contextlib.contextmanager
    def shortened(fault):
        with monkeypatch.context() as patch:
            if fault is silent:
                patch.setattr(data, "DOWNLOAD_TIMEOUT", 0.5)
            if fault is dripping:
                patch.setattr(data, "DOWNLOAD_LIMIT", 1)
            yield

    return shortened


def test_a_sound_server_fills_the_cache(serve):
    server = serve(sound)
    assert len(data.load_reviews()) == len(data.load_reviews()) == 8000
    assert len(server.asked) == 1 and cached() == [data.REVIEWS]
    assert (data.CACHE / data.REVIEWS).read_bytes() == TABLE


@pytest.mark.parametrize(("fault", "reason"), FAULTS.items(), ids=NAMES)
def test_after_a_fault_the_cache_is_empty_and_the_next_attempt_succeeds(
    serve, impatient, capsys, fault, reason
):
    server = serve(fault)
    with impatient(fault):
        assert len(data.load_reviews()) == 1 and cached() == []
    out = capsys.readouterr().out
    assert server.urls[data.REVIEWS] in out and reason in out and "INVENTED" in out
    assert (
        str(data.CACHE) not in out and "delete" not in out
    )  # what came is gone already
    serve(sound)
    assert len(data.load_reviews()) == 8000 and cached() == [data.REVIEWS]


@pytest.mark.parametrize(
    "fault", [status(500), cut, silent], ids=["500", "cut", "silence"]
)
def test_a_passing_fault_is_overcome_by_trying_again(serve, monkeypatch, fault):
    monkeypatch.setattr(data, "DOWNLOAD_RETRIES", 1)
    if fault is silent:
        monkeypatch.setattr(data, "DOWNLOAD_TIMEOUT", 3)
    monkeypatch.setattr(
        time, "sleep", lambda _: None
    )  # pooch waits a second before it tries again
    server = serve(fault, sound)
    assert (
        len(data.load_reviews()) == 8000
        and len(server.asked) == 2
        and cached() == [data.REVIEWS]
    )


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_good_earlier_copy_outlives_a_download_that_fails(serve, impatient, fault):
    data.CACHE.mkdir()
    (data.CACHE / data.REVIEWS).write_bytes(TABLE)
    serve(fault)
    with impatient(fault), pytest.raises(DataError):
        data._download(data.REVIEWS)
    assert (
        cached() == [data.REVIEWS] and (data.CACHE / data.REVIEWS).read_bytes() == TABLE
    )
    assert len(data.load_reviews()) == 8000


@pytest.mark.parametrize(
    "damage",
    [b"", TABLE.replace(b"Review", b"R", 1), b"\xff" + TABLE],
    ids=["empty", "column", "bytes"],
)
def test_a_cached_file_that_was_damaged_later_is_fetched_anew(serve, capsys, damage):
    data.CACHE.mkdir()
    (data.CACHE / data.REVIEWS).write_bytes(damage)
    serve(sound)
    assert (
        len(data.load_reviews()) == 8000
        and (data.CACHE / data.REVIEWS).read_bytes() == TABLE
    )
    assert "as the file in the cache was damaged" in capsys.readouterr().out


@pytest.mark.parametrize("offline", ["", "1"])
def test_where_it_cannot_be_fetched_the_damaged_file_is_named_and_kept(
    serve, monkeypatch, offline
):
    data.CACHE.mkdir()
    (data.CACHE / data.REVIEWS).write_bytes(b"")
    server = serve(status(404))
    monkeypatch.setenv("CNNBOOK_OFFLINE", offline)
    with pytest.raises(DataError, match=str(data.CACHE / data.REVIEWS)) as caught:
        data.load_reviews()
    assert (server.urls[data.REVIEWS] in str(caught.value)) == (
        not offline
    ) and cached() == [data.REVIEWS]
    assert ("leave CNNBOOK_OFFLINE unset" in str(caught.value)) == bool(offline)


def test_a_download_that_does_not_end_is_given_up(serve, monkeypatch, capsys):
    monkeypatch.setattr(data, "MAX_DOWNLOAD_BYTES", 100_000)
    serve(sound)
    assert len(data.load_reviews()) == 1 and cached() == []
    assert "more than 0 MB" in capsys.readouterr().out


def test_a_cache_that_cannot_be_made_is_named(serve, capsys, places):
    (places / "cache").write_text("a file stands where the folder should be")
    serve(sound)
    assert len(data.load_reviews()) == 1
    assert f"The cache {places / 'cache'} cannot be written" in capsys.readouterr().out
    (places / "cache").unlink()


# --- Other processes -------------------------------------------------------------------------------

CHILD = """
import resource, sys
from pathlib import Path
from cnnbook import data
data.CACHE, data.SAMPLE, data.DOWNLOAD_RETRIES = Path(sys.argv[1]), Path(sys.argv[2]), 0
data.DOWNLOADS[data.REVIEWS] = sys.argv[3]
if len(sys.argv) > 4:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond the limit is then an error, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
print(len(data.load_reviews()))
"""


def start_child(places, url, *more):
    command = [
        sys.executable,
        "-c",
        CHILD,
        str(places / "cache"),
        str(places / "sample"),
        url,
        *map(str, more),
    ]
    environment = {**os.environ, "PYTHONPATH": str(BOOK), "NO_PROXY": "*"}
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_disk_without_room_for_the_file(serve, places):
    server = serve(sound)
    out, error = start_child(
        places, server.urls[data.REVIEWS], len(TABLE) // 2
    ).communicate(timeout=120)
    assert (
        out.splitlines()[-1] == "1"
        and "File too large" in out
        and "Traceback" not in error
    )
    assert cached() == []
    assert len(data.load_reviews()) == 8000


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="only root may mount a small disk",
)
def test_a_full_disk(serve, capsys):
    data.CACHE.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", data.CACHE],
        capture_output=True,
    ).returncode:
        pytest.xfail(
            "this machine lets nobody mount a disk; the test before this one stands in"
        )
    try:
        serve(sound)
        assert len(data.load_reviews()) == 1 and cached() == []
        assert "No space left on device" in capsys.readouterr().out
    finally:
        subprocess.run(["umount", data.CACHE], check=True)
    assert len(data.load_reviews()) == 8000


def test_two_processes_that_download_at_once_both_succeed(serve, places):
    together = threading.Barrier(2)

    def at_once(handler, server):
        together.wait(60)
        sound(handler, server)

    server = serve(at_once)
    children = [start_child(places, server.urls[data.REVIEWS]) for _ in range(2)]
    told = [child.communicate(timeout=120)[0] for child in children]
    assert [text.splitlines()[-1] for text in told] == ["8000", "8000"] and len(
        server.asked
    ) == 2
    assert (
        cached() == [data.REVIEWS] and (data.CACHE / data.REVIEWS).read_bytes() == TABLE
    )


def test_a_process_killed_in_mid_download_leaves_nothing_that_counts(serve, places):
    half_way = threading.Event()

    def stops_half_way(handler, server):
        begin(handler)
        handler.wfile.write(TABLE[: len(TABLE) // 2])
        handler.wfile.flush()
        half_way.set()
        server.stopped.wait(60)

    server = serve(stops_half_way)
    child = start_child(places, server.urls[data.REVIEWS])
    assert half_way.wait(60)
    deadline = time.monotonic() + 60
    while not any(path.is_file() for path in data.CACHE.rglob("*")):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    [leftover] = data.CACHE.iterdir()
    assert leftover.name.startswith("download-")

    serve(sound)
    assert len(data.load_reviews()) == 8000
    assert cached() == sorted(
        [data.REVIEWS, leftover.name]
    )  # it might be a living process's
    (data.CACHE / data.REVIEWS).unlink()
    os.utime(leftover, (0, 0))
    assert len(data.load_reviews()) == 8000 and cached() == [data.REVIEWS]
