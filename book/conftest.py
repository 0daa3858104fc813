"""`pytest --nbval-lax book` runs the chapters small, unless the environment says otherwise.

A notebook that _toc.yml does not name is no chapter: Untitled.ipynb, a copy.
"""

import os
from pathlib import Path

from tools import chapters

os.environ.setdefault("CNNBOOK_PROFILE", "quick")
collect_ignore = {*Path(__file__).parent.glob("*.ipynb")} - set(chapters.files())
