"""What the tests of the loader share."""

import pytest

from cnnbook import data


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Point every source of data into tmp_path: all are empty, and nobody answers."""
    for name in ("CNNBOOK_DATA", "CNNBOOK_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")  # the test server is on this machine
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(data, "SAMPLE", tmp_path / "sample")
    monkeypatch.setattr(data, "DOWNLOAD_RETRIES", 0)
    monkeypatch.setattr(data, "NEEDED", 0)  # a few pictures show what a test asks for
    for name in (data.FACES, data.REVIEWS):
        monkeypatch.setitem(data.DOWNLOADS, name, f"http://127.0.0.1:9/{name}")
    return tmp_path
