"""Blocks of generated text in a page, each between a pair of marker comments."""

import re


def markers(name, writer):
    """Return the comments around the block `name` that tools/`writer` writes."""
    return f"<!-- {name}: begin, written by tools/{writer} -->", f"<!-- {name}: end -->"


def replaced(page, path, name, writer, block):
    """Return `page`, the text of the file `path`, with `block` between its markers. Raises SystemExit if they are missing."""
    begin, end = markers(name, writer)
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{path}: restore the lines '{begin}' and '{end}'.")
    return f"{before}{begin}\n{block}{end}{after}"


def typed(page):
    """Return the text `page` without its generated blocks: what somebody typed."""
    begin, end = markers(r"(\w+)", r"\S+")[0], markers(r"\1", "")[1]
    return re.sub(f"{begin}.*?{end}", "", page, flags=re.S)
