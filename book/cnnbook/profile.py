"""The run profile: how much work a notebook does, and whether faces may be shown.

Read once, at import, from the book's environment switches (the whole list is
in CONTRIBUTING.md). Notebooks use it as visible ternaries::

    EPOCHS = 60 if profile.FULL else 1
"""

import os

from . import ConfigurationError


def _choice(name, allowed, default):
    value = os.environ.get(name, "") or default
    if value not in allowed:
        raise ConfigurationError(
            f"The environment variable {name} is {value!r}; "
            f"set it to one of {', '.join(allowed)}, or leave it unset for {default!r}."
        )
    return value


NAME = _choice("CNNBOOK_PROFILE", ("quick", "full"), "full")
FULL = NAME == "full"
PUBLISH = _choice("CNNBOOK_PUBLISH", ("0", "1"), "0") == "1"
