"""Sphinx extension: puts a chapter's number before its title, so that "chapter 04" is easy to find in the contents."""

import re

from docutils import nodes


def setup(app):
    app.connect(
        "doctree-read", _number, priority=400
    )  # before Sphinx collects the titles
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _number(app, doctree):
    if number := re.match(r"book/(\d\d)-", app.env.docname):
        next(doctree.findall(nodes.title)).insert(0, nodes.Text(f"{number[1]} "))
