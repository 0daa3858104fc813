"""The run profile: how much work a notebook does, and whether faces may be shown.

Read once, at import, from the book's environment switches (the whole list is
in CONTRIBUTING.md). Notebooks use it as visible ternaries::

    EPOCHS = 60 if profile.FULL else 1
"""

from . import switch

NAME = switch("CNNBOOK_PROFILE", ("quick", "full"), "full")
FULL = NAME == "full"
PUBLISH = switch("CNNBOOK_PUBLISH", ("0", "1"), "0") == "1"
