"""Downloads under faults: a server that misbehaves, no place for the file, one killed.

After each fault the cache holds the whole file or none, and the next attempt succeeds.
"""

import hashlib
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cnnbook import data

TABLE = b"Sentiment,Review\r" + b"Pos, It runs  \rNeg, It broke  \r" * 400
SIZE, HALF = len(TABLE), TABLE[: len(TABLE) // 2]


@pytest.fixture(autouse=True)
def sample(places):
    (places / "sample").mkdir()
    (places / "sample" / data.REVIEWS).write_bytes(
        b"Sentiment,Review\rPos, A sample  \r"
    )


@pytest.fixture
def serve(places, monkeypatch):
    """Return a function that starts a server and points the book at it.

    It takes the answer, a function of the handler, and returns the list of what was asked for.
    """
    servers = []

    def start(answer):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                with suppress(ConnectionError):  # the reader hung up
                    answer(self)

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
        server.shutdown()
        server.server_close()


def answer(body=TABLE, size=None, status=200, end=lambda handler: None):
    """Return a function that sends the body; a size of 0: it does not tell its size."""

    def send(handler):
        handler.send_response(status)
        if size != 0:
            handler.send_header("Content-Length", str(size or len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        end(handler)

    return send


def hang(handler):
    time.sleep(60)


SOUND = answer()
ANOTHER = "sent another file than this book was made with"
FAULTS = {
    "nobody": (None, "(Connection refused)"),
    "404": (answer(b"oops", status=404), "(404 Client Error: Not Found)"),
    "stalled": (answer(HALF, SIZE, end=hang), "(timed out)"),
    "cut": (answer(HALF, SIZE), "(IncompleteRead("),
    "cut, of no size": (answer(HALF, 0), ANOTHER),
    "web page": (answer(b"<!doctype html><title>Please log in</title>"), ANOTHER),
}


def cached():
    return {path.name: path.read_bytes() for path in data.CACHE.glob("*")}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_the_next_attempt_succeeds(serve, monkeypatch, capsys, fault):
    broken, reason = FAULTS[fault]
    if broken:
        serve(broken)
    with monkeypatch.context() as patch:
        if fault == "stalled":
            patch.setattr(data, "DOWNLOAD_TIMEOUT", 0.3)
        assert len(data.load_reviews()) == 1 and cached() == {}
    said = capsys.readouterr().out
    assert data.DOWNLOADS[data.REVIEWS] in said and reason in said
    assert "yourself." in said and "INVENTED" in said
    asked = serve(SOUND)
    for origin in ("a download, kept in the cache", "the cache"):
        assert len(data.load_reviews()) == 800 and cached() == {data.REVIEWS: TABLE}
        assert f"800 texts from {origin}: other data" in capsys.readouterr().out
    assert len(asked) == 1


def test_a_cache_that_cannot_be_made_is_named(serve, capsys):
    data.CACHE.write_text("a file stands where the folder should be")
    serve(SOUND)
    assert len(data.load_reviews()) == 1
    assert f"fetched into {data.CACHE} (Not a directory)" in capsys.readouterr().out


# Another process that downloads into the same cache.
CHILD = """
import sys
from pathlib import Path
from cnnbook import data
data.CACHE, data.DOWNLOADS[data.REVIEWS] = Path(sys.argv[1]), sys.argv[2]
data.load_reviews()
"""


def test_one_that_is_killed_half_way_leaves_nothing_that_counts(serve):
    serve(FAULTS["stalled"][0])
    command = [sys.executable, "-c", CHILD, data.CACHE, data.DOWNLOADS[data.REVIEWS]]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not any(cached().values()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
    assert len(cached()) == 1 and data.REVIEWS not in cached()
    serve(SOUND)
    assert len(data.load_reviews()) == 800 and cached()[data.REVIEWS] == TABLE
