"""Downloads under faults: a server that misbehaves, a full disk, two at once, one killed.

After each fault the cache holds the whole file or none, and the next attempt succeeds.
"""

import hashlib
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread

import pytest
from nbclient import NotebookClient
from nbformat import v4

from cnnbook import DataError, data

WEEKS = b"".join(
    b"Pos, It runs  \rNeg, It broke in week %d  \r" % i for i in range(400)
)
TABLE = b"Sentiment,Review\r" + WEEKS
SIZE = len(TABLE)


@pytest.fixture(autouse=True)
def sample(places):
    (places / "sample").mkdir()
    (places / "sample" / data.REVIEWS).write_bytes(
        b"Sentiment,Review\rPos, A sample  \r"
    )


@pytest.fixture
def serve(places, monkeypatch):
    """Return a function that starts a server and points the book at it.

    Each request gets the next of its answers (functions of the handler), or the last.
    The function returns the list of what was asked for.
    """
    servers = []

    def start(*answers):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            stopped = Event()

            def do_GET(self):
                asked.append(self.path)
                with suppress(ConnectionError):  # the reader hung up
                    answers[min(len(asked), len(answers)) - 1](self)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/{data.REVIEWS}"
        monkeypatch.setitem(data.DOWNLOADS, data.REVIEWS, url)
        monkeypatch.setitem(
            data.HASHES, data.REVIEWS, hashlib.sha256(TABLE).hexdigest()
        )
        return asked

    yield start
    for server in servers:
        server.RequestHandlerClass.stopped.set()
        server.shutdown()
        server.server_close()


def answer(body=TABLE, size=None, status=200, pause=0.0, end=lambda handler: None):
    """Return a function that sends the body: with a pause, byte by byte; `end` ends it.

    A size of 0 stands for an answer that does not tell its size.
    """

    def send(handler):
        handler.send_response(status)
        if size != 0:
            handler.send_header("Content-Length", str(size or len(body)))
        handler.send_header("Location", "/again")
        handler.end_headers()
        for i in range(0, len(body), 1 if pause else SIZE):
            handler.wfile.write(body[i : i + 1] if pause else body)
            if handler.stopped.wait(pause):
                return
        end(handler)

    return send


def hang(handler):
    handler.stopped.wait(60)


def reset(handler):
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def repeat(handler):
    for _ in range(500):  # ten times the limit, so that a test without it ends
        handler.wfile.write(TABLE)


SOUND = answer()
ANOTHER = "sent another file than this book was made with"
FAULTS = {
    "nobody": (None, "(Connection refused)"),
    "404": (answer(b"oops", status=404), "(404 Client Error: Not Found)"),
    "500": (answer(b"oops", status=500), "(500 Server Error: Internal Server Error)"),
    "in circles": (answer(b"", status=302), "(Exceeded 30 redirects)"),
    "silence": (hang, "(timed out)"),
    "stalled": (answer(TABLE[:9000], SIZE, end=hang), "(timed out)"),
    "reset": (answer(TABLE[:9000], SIZE, end=reset), "(Connection reset by peer)"),
    "cut": (answer(TABLE[: SIZE // 2], SIZE), "(IncompleteRead("),
    "drip": (answer(pause=0.001), "(not complete after 0 minutes)"),
    "endless": (answer(size=0, end=repeat), "(more than 1 MB)"),
    "cut, of no size": (answer(TABLE[: SIZE // 2], 0), ANOTHER),
    "promises less": (answer(TABLE, 40), ANOTHER),
    "web page": (answer(b"<!doctype html><title>Please log in</title>"), ANOTHER),
    "changed": (answer(TABLE.replace(b"week 7 ", b"week 8 ")), ANOTHER),
}
# Short waits, and only for what exhausts them: the machine may be slow.
LIMITS = {
    "silence": ("DOWNLOAD_TIMEOUT", 0.3),
    "stalled": ("DOWNLOAD_TIMEOUT", 0.3),
    "drip": ("DOWNLOAD_LIMIT", 0.2),
    "endless": ("MAX_DOWNLOAD_BYTES", 2**20),
}


def cached():
    return {path.name: path.read_bytes() for path in data.CACHE.glob("*")}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_the_next_attempt_succeeds(serve, monkeypatch, capsys, fault):
    broken, reason = FAULTS[fault]
    if broken:
        serve(broken)
    url, damaged = data.DOWNLOADS[data.REVIEWS], b"Sentiment,Review\r"
    with monkeypatch.context() as patch:
        if fault in LIMITS:
            patch.setattr(data, *LIMITS[fault])
        assert len(data.load_reviews()) == 1 and cached() == {}
        said = capsys.readouterr().out
        assert url in said and reason in said and "yourself." in said
        assert "INVENTED" in said
        # A damaged file in the cache is kept and named until a good one replaces it.
        (data.CACHE / data.REVIEWS).write_bytes(damaged)
        with pytest.raises(DataError, match="0 Neg texts to use.*, and") as caught:
            data.load_reviews()
    said = str(caught.value)
    assert str(data.CACHE / data.REVIEWS) in said and url in said and reason in said
    assert "\n" not in said and cached() == {data.REVIEWS: damaged}
    asked = serve(SOUND)
    capsys.readouterr()
    assert len(data.load_reviews()) == 800 and cached() == {data.REVIEWS: TABLE}
    assert "as the file in the cache was damaged" in capsys.readouterr().out
    assert len(data.load_reviews()) == 800 and len(asked) == 1


def test_what_is_in_the_cache_is_not_fetched_again(serve, capsys):
    asked = serve(SOUND)
    for origin in ("a download, kept in the cache", "the cache"):
        assert len(data.load_reviews()) == 800 and cached() == {data.REVIEWS: TABLE}
        assert f"800 texts from {origin}: other data" in capsys.readouterr().out
    assert len(asked) == 1


@pytest.mark.parametrize("fault", ["500", "cut", "changed", "drip", "endless"])
def test_a_passing_fault_is_overcome_and_a_limit_is_kept(serve, monkeypatch, fault):
    monkeypatch.setattr(data, "DOWNLOAD_RETRIES", 1)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # pooch waits a second
    limited = fault in LIMITS
    if limited:
        monkeypatch.setattr(data, *LIMITS[fault])
    asked = serve(FAULTS[fault][0], SOUND)
    assert len(data.load_reviews()) == (1 if limited else 800)
    assert len(asked) == (1 if limited else 2)


def test_offline_a_damaged_file_is_named_with_the_remedy(serve, monkeypatch):
    data.CACHE.mkdir()
    (data.CACHE / data.REVIEWS).write_bytes(b"")
    asked = serve(SOUND)
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    with pytest.raises(DataError, match=str(data.CACHE / data.REVIEWS)) as caught:
        data.load_reviews()
    assert "leave CNNBOOK_OFFLINE unset, and it is fetched anew." in str(caught.value)
    assert asked == [] and cached() == {data.REVIEWS: b""}


def test_a_cache_that_cannot_be_made_is_named(serve, capsys):
    data.CACHE.write_text("a file stands where the folder should be")
    serve(SOUND)
    assert len(data.load_reviews()) == 1
    assert f"fetched into {data.CACHE} (Not a directory)" in capsys.readouterr().out


def test_a_disk_without_room_for_the_file(serve, capsys):
    resource = pytest.importorskip("resource")
    serve(SOUND)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Writing beyond this limit is an error, as on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, limits[1]))
    try:
        assert len(data.load_reviews()) == 1 and cached() == {}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "(File too large)" in capsys.readouterr().out
    assert len(data.load_reviews()) == 800


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("REQUESTS_CA_BUNDLE", "/nowhere", "(Could not find a suitable TLS CA cert"),
        ("ALL_PROXY", "socks5://127.0.0.1:9", "(Missing dependencies for SOCKS"),
        ("HTTPS_PROXY", "http://127.0.0.1:9", "(Connection refused)"),
    ],
)
def test_a_fault_of_the_setting_is_named(monkeypatch, capsys, variable, value, reason):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv(variable, value)
    monkeypatch.setitem(data.DOWNLOADS, data.REVIEWS, "https://127.0.0.1:9/a.csv")
    with suppress(KeyError):
        try:
            {}["an error of the reader's own, before"]
        finally:
            assert len(data.load_reviews()) == 1
    out = capsys.readouterr().out
    assert reason in out and "a.csv" in out and out.count("127.0.0.1:9/a") == 1


def test_two_that_download_at_once_both_succeed(serve):
    together = Barrier(2)

    def at_once(handler):
        together.wait(60)
        SOUND(handler)

    asked = serve(at_once)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(data.load_reviews) for _ in range(2)]
    assert [len(one.result()) for one in both] == [800, 800] and len(asked) == 2
    assert cached() == {data.REVIEWS: TABLE}


CHILD = """
from pathlib import Path
from cnnbook import data
data.CACHE, data.DOWNLOADS[data.REVIEWS] = Path({!r}), {!r}
data.HASHES[data.REVIEWS] = {!r}
table = data.load_reviews()
"""


def child():
    """Return the code of another process that downloads into the same cache."""
    places = str(data.CACHE), data.DOWNLOADS[data.REVIEWS], data.HASHES[data.REVIEWS]
    return CHILD.format(*places)


def test_a_notebook_shows_a_bar_and_nothing_red(serve):
    """In a real kernel, as a reader has it who installed no ipywidgets."""

    def slowly(handler):
        handler.stopped.wait(1.2)
        handler.wfile.write(TABLE[9000:])

    serve(answer(TABLE[:9000], SIZE, end=slowly))
    code = "import sys; sys.modules['ipywidgets'] = None\n" + child()
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    assert {output.get("name") for output in outputs} == {"stdout"}, outputs
    shown = "".join(output.text for output in outputs)
    assert "B/s]" in shown and "800 texts from a download" in shown


def test_one_that_is_killed_half_way_leaves_nothing_that_counts(serve):
    serve(answer(TABLE[: SIZE // 2], SIZE, end=hang))
    with subprocess.Popen([sys.executable, "-c", child()]) as process:
        deadline = time.monotonic() + 60
        while not any(cached().values()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
    assert len(cached()) == 1 and data.REVIEWS not in cached()
    serve(SOUND)
    assert len(data.load_reviews()) == 800 and cached()[data.REVIEWS] == TABLE
