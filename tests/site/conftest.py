"""The built site: itself, a web server for it, and a browser that visits it."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
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
    """A plain web server that knows nothing outside SUB_PATH, and no script by the name .mjs."""

    extensions_map = {".mjs": "application/octet-stream"}

    def translate_path(self, path):
        below = path.startswith(SUB_PATH)
        return super().translate_path(path[len(SUB_PATH) :] if below else "/nowhere")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(site):
    """Where a web server offers the site."""
    handler = partial(_BelowSubPath, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    from tools.make_pictures import find_browser

    return find_browser() or _missing(
        "no browser: on Debian, `apt-get install chromium`"
    )


# Not for the whole session: playwright's event loop would be in the way of nbval's.
@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FAKE_CAMERA)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser, address):
    """Return a function that opens a page; it returns the page, and a list that faults are added to."""

    def leaves(url):
        return not url.startswith((address, "blob:", "data:"))

    def visit(file, script="", **options):
        context, faults = browser.new_context(**options), []

        def told(message):
            if message.type == "error":
                faults.append(f"console: {message.text}")

        def asked(request):
            if leaves(request.url):
                faults.append(f"request to {request.url}")

        context.set_default_timeout(60_000)  # a busy machine
        page = context.new_page()
        page.add_init_script(script)
        page.on("console", told)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", asked)
        context.route(leaves, lambda route: route.abort())
        page.goto(f"{address}{file}.html", wait_until="networkidle")
        return page, faults

    yield visit
    for context in browser.contexts:
        context.close()
