"""Rules for all tests: figures are drawn without a screen, and where everything is present nothing is skipped.

And what several files share: sources of data that a test fills, and a web server that offers some.
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def _nothing_is_missing():
    return os.environ.get("CI") == "true" and bool(os.environ.get("CNNBOOK_DATA"))


def _refuse_skip(report):
    if report.skipped and not hasattr(report, "wasxfail") and _nothing_is_missing():
        reason = (
            report.longrepr[-1]
            if isinstance(report.longrepr, tuple)
            else report.longrepr
        )
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI, where the data is present and nothing may be skipped. {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _refuse_skip((yield))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Point every source of data into tmp_path; nothing is there yet, and nothing may be downloaded."""
    from cnnbook import data

    for name in ("CNNBOOK_DATA", "CNNBOOK_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")  # the test server is on this machine
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(data, "SAMPLE", tmp_path / "sample")
    monkeypatch.setattr(data, "DOWNLOAD_RETRIES", 0)
    monkeypatch.setattr(
        data,
        "DOWNLOADS",
        {name: "http://127.0.0.1:9/" + name for name in data.DOWNLOADS},
    )
    return tmp_path


class Server:
    """A web server that answers each request with the next of its `answers`, and with the last one ever after.

    An answer is a function of the handler and this server. `asked` holds the paths that it was asked for.
    """

    def __init__(self, answers):
        self.answers, self.asked, self.stopped = list(answers), [], Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                answer = (
                    server.answers[0]
                    if len(server.answers) == 1
                    else server.answers.pop(0)
                )
                try:
                    answer(self, server)
                except ConnectionError:
                    pass  # the reader hung up

            def log_message(self, *_):
                pass

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.web.daemon_threads = True
        Thread(
            target=self.web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self):
        self.stopped.set()
        self.web.shutdown()
        self.web.server_close()


@pytest.fixture
def serve(places, monkeypatch):
    """Return a function that starts a Server with these answers and points the book at it."""
    from cnnbook import data

    servers = []

    def start(*answers):
        server = Server(answers)
        servers.append(server)
        server.urls = {
            name: f"http://127.0.0.1:{server.web.server_port}/{name}"
            for name in data.DOWNLOADS
        }
        monkeypatch.setattr(data, "DOWNLOADS", server.urls)
        return server

    yield start
    for server in servers:
        server.close()
