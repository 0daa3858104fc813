"""How the site shows itself elsewhere: its address, the icons for browsers and phones, the card for shared links."""

from urllib.parse import urlsplit


def _name_and_address(app, config):
    """Without an address of its own, the site is taken to be the Pages site of the repository."""
    config.ogp_site_name = config.html_title
    if not config.html_baseurl:
        owner, name = (
            urlsplit(config.html_theme_options["repository_url"])
            .path.strip("/")
            .split("/")
        )
        config.html_baseurl = f"https://{owner}.github.io/{name}/"
    config.ogp_site_url = config.html_baseurl


def _icons(app, pagename, templatename, context, doctree):
    static = context["pathto"]("_static", resource=True)
    context["metatags"] = context.get("metatags", "") + (
        f'\n<link rel="icon" type="image/png" sizes="48x48" href="{static}/favicon.png">'
        f'\n<link rel="apple-touch-icon" href="{static}/touch-icon.png">'
    )


def setup(app):
    app.connect("config-inited", _name_and_address)
    app.connect("html-page-context", _icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
