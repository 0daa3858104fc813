"""Sphinx extension: repairs what docutils writes that screen readers cannot make sense of."""


def setup(app):
    app.connect("html-page-context", _plain_bibliography)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _plain_bibliography(app, page, template, context, doctree):
    """A bibliography is announced as a list, but its entries are not announced as the items of one."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
