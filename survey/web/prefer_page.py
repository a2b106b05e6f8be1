"""The Prefer page, and the board on the Results page: each is one component, and one function.

    with demo.route("Prefer", "prefer"):
        prefer_page(host)
    with demo.route("Results", "results"):
        board_section(host)

What is shown and when is in assets/prefer/ and assets/board/. What may be known is decided in
survey/web/prefer_api.py. No model's name and no photo is in a page, so none is in /config.
"""

from survey.web.board_host import BoardHost
from survey.web.pages import component
from survey.web.prefer_api import BoardApi, PreferApi


def prefer_page(host: BoardHost) -> None:
    """Fill the app's current page."""
    files = ["prefer/prefer.html", "shared/keys.css", "prefer/prefer.css"]
    component("prefer", [*files, "shared/images.js", "prefer/prefer.js"], PreferApi(host).answer)


def board_section(host: BoardHost) -> None:
    """Add the board to the app's current page."""
    files = ["board/board.html", "board/board.css", "shared/paper.js", "board/board.js"]
    component("board", files, BoardApi(host).answer)
