"""What other sites show of a link to the app, and what their robots may read.

python -c "from colorize.web.link_preview import link_preview; print(link_preview())"
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from gradio.routes import templates
from jinja2 import BaseLoader, Environment
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route

DESCRIPTION = (
    "Give a black-and-white photo and get it back in colour, at full size and with its lightness "
    "untouched."
)
PICTURE = Path(__file__).parents[2] / "docs" / "colorize-1280-light.jpg"
ROBOTS = "User-agent: *\nDisallow: /gradio_api/\nDisallow: /results\n"  # before a study, nobody …
ADDRESS = "/preview.jpg"  # … should find its results in a search

GRADIOS = re.compile(  # tags that speak of Gradio's own site, before those that speak of the app
    r'<meta\s+(?:property|name)="(?:og|twitter):\w+"\s+'
    r'content="(?!\{\{|summary_large_image|website)[^"]*"\s*/>'
)


class OwnTags(BaseLoader):
    """Gradio's templates without the tags for its own site: readers of links take the first."""

    def __init__(self, inner: BaseLoader) -> None:
        self.inner = inner

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, file, is_fresh = self.inner.get_source(environment, template)
        return GRADIOS.sub("", source), file, is_fresh


def speak_for_ourselves() -> None:
    """Let links to this app show this app; before its first page is asked for."""
    loader = templates.env.loader
    if loader and not isinstance(loader, OwnTags):
        templates.env.loader = OwnTags(loader)


def link_preview() -> dict[str, str]:
    """What Gradio's page puts into its head; a picture needs the whole address of this app."""
    host = os.environ.get("SPACE_HOST", "")
    picture = {"thumbnail": f"https://{host}{ADDRESS}"} if host else {}
    return {"simple_description": DESCRIPTION, **picture}


def picture(_: Request) -> FileResponse | PlainTextResponse:
    if not PICTURE.is_file():  # an app without its docs
        return PlainTextResponse("There is no picture here.", 404)
    return FileResponse(PICTURE)


def robots(_: Request) -> PlainTextResponse:
    return PlainTextResponse(ROBOTS)


ROUTES = [Route("/robots.txt", robots), Route(ADDRESS, picture)]
