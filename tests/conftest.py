"""Rules for all tests: figures are drawn without a screen, and where everything is present nothing is skipped.

And what several files share of the built site: the site itself, a web server for it, and a browser.
"""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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


SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
SUB_PATH = "/some/where/"  # the site must work below any address
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def _missing(reason):
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def site():
    if not SITE.is_dir():
        _missing("the site is not built: run `make book` first")
    return SITE


class _BelowSubPath(SimpleHTTPRequestHandler):
    """A plain web server that knows nothing outside SUB_PATH."""

    def translate_path(self, path):
        return super().translate_path(
            path.removeprefix(SUB_PATH) if path.startswith(SUB_PATH) else "/nowhere"
        )

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(site):
    """Where a web server offers the site."""
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_BelowSubPath, directory=site)
    ) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
        server.shutdown()


# Not for the whole session: while playwright is open, no other event loop can run, and nbval needs one.
@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright
    from tools.site_pictures import BROWSERS, find_browser

    found = find_browser()
    if not found:
        _missing(
            f"no browser ({', '.join(BROWSERS)}): install one, on Debian with `apt-get install chromium`"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FAKE_CAMERA)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser, address):
    """Return a function that opens a page of the site: it returns the page, and a list that faults are added to."""

    def visit(file, script="", **options):
        context = browser.new_context(**options)
        faults = []
        page = context.new_page()
        page.add_init_script(script)
        page.on(
            "console",
            lambda message: (
                message.type == "error" and faults.append(f"console: {message.text}")
            ),
        )
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                leaves(request.url) and faults.append(f"request to {request.url}")
            ),
        )
        context.route(leaves, lambda route: route.abort())
        page.goto(f"{address}{file}.html", wait_until="networkidle")
        return page, faults

    def leaves(url):
        return not url.startswith((address, "blob:", "data:"))

    yield visit
    for context in browser.contexts:
        context.close()
