"""`pytest --nbval-lax book` runs the chapters small, unless the environment says otherwise."""

import os

os.environ.setdefault("CNNBOOK_PROFILE", "quick")
