"""Blocks of generated text in a page, each between a pair of marker comments."""


def markers(name, writer):
    """Return the comments around the block `name` that tools/`writer` writes."""
    return f"<!-- {name}: begin, written by tools/{writer} -->", f"<!-- {name}: end -->"


def replaced(page, name, writer, block):
    """Return the text `page` with `block` between its markers. Raises SystemExit if they are missing."""
    begin, end = markers(name, writer)
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"The lines '{begin}' and '{end}' are missing in the page: restore them.")
    return f"{before}{begin}\n{block}{end}{after}"
