"""The app: five pages and how they are served.

    python app.py
    python app.py --study studies/faces --data votes --port 7860
    python app.py --study studies/faces --study studies/places --data votes

It wires only: the pages are in colorize/web/ and survey/web/.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

    from colorize.web.handlers import Pages
    from colorize.web.studio import Studio
    from survey.web.board_host import BoardHost
    from survey.web.study_host import StudyHost


def build(studio: Studio, *studies: Path, data: Path | None = None) -> Pages:
    """All pages in one app."""
    from gradio.components import Navbar

    from colorize.web.colorize_page import colorize_page
    from colorize.web.compare_page import compare_page
    from colorize.web.handlers import Pages
    from survey.web.board_host import open_board
    from survey.web.prefer_page import prefer_page
    from survey.web.study_host import open_hosts

    hosts = open_hosts(studies, data)
    board = open_board(data, lambda: list(studio.models), studio.paint)
    demo = Pages(title="Colorize", analytics_enabled=False)
    with demo:
        Navbar(main_page_name="Colorize")
        colorize_page(demo, studio)
    with demo.route("Compare", "compare"):
        Navbar(main_page_name="Colorize")
        compare_page(demo, studio)
    with demo.route("Prefer", "prefer"):
        Navbar(main_page_name="Colorize")
        prefer_page(board)
    lay_out(demo, hosts, board)
    for host in hosts.values():  # a demonstration's stimuli, before anybody waits for them
        demo.at_start.append(host.opening)
        demo.at_end.append(host.leave)
    demo.queue(max_size=64, api_open=False)
    return demo


def lay_out(demo: gr.Blocks, hosts: Mapping[str, StudyHost], board: BoardHost) -> None:
    """The pages of each study: /study and /results, or with its name, /study-faces, where there are
    several. One secret opens the results of all. The board is on /results in any case."""
    from gradio.components import Navbar

    from survey.web.operator_access import OperatorLock
    from survey.web.pages import results_page, study_page
    from survey.web.prefer_page import board_section

    lock = OperatorLock(os.environ.get("SURVEY_SECRET", ""))
    for name, host in hosts.items():
        end, called = (f"-{name}", f" {name}") if name else ("", "")
        results = [("What everybody said", f"results{end}"), ("Colour a photo", "./")]
        with demo.route(f"Study{called}", f"study{end}"):
            study_page(host, links=results)
        with demo.route(f"Results{called}", f"results{end}"):
            Navbar(main_page_name="Colorize")
            results_page(host, lock)
            if not name:
                board_section(board)
    if "" not in hosts:
        with demo.route("Preferences", "results"):
            Navbar(main_page_name="Colorize")
            board_section(board)


def launch(demo: gr.Blocks, port: int | None = None, **options: Any) -> tuple[Any, str, str | None]:
    """Serve the pages; nothing is recorded, measured or fetched from elsewhere."""
    import gradio as gr
    from fastapi.exceptions import RequestValidationError
    from gradio import processing_utils
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from colorize.web.guard import RequestGuard, refuse_download, refuse_values
    from colorize.web.link_preview import ROUTES, speak_for_ourselves
    from colorize.web.theme import ASSETS, WORDS, theme
    from survey.web.pages import ALONE

    processing_utils.async_ssrf_protected_download = refuse_download
    speak_for_ourselves()
    if os.environ.get("SYSTEM") == "spaces":  # its proxies say in a header who asks
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "127.0.0.1,10.0.0.0/8")
    return demo.launch(
        server_port=port,
        theme=theme(),
        css_paths=[ASSETS / "page.css"],
        favicon_path=ASSETS / "icon.png",
        i18n=gr.I18n(en=WORDS),
        head=ALONE,
        app_kwargs={
            "routes": [*ROUTES, Route("/healthz", lambda _: JSONResponse({"status": "ok"}))],
            "middleware": [Middleware(RequestGuard)],
            "exception_handlers": {RequestValidationError: refuse_values},
        },
        max_file_size="30mb",
        state_session_capacity=1000,  # each visitor keeps the pictures shown, about a megabyte
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        **options,
    )


def missing_device(wish: str) -> str:
    """Why photos cannot be coloured there; '' if they can, or if any device will do."""
    if wish == "auto":  # whatever there is; told without torch, which takes seconds
        return ""
    from colorize.device import pick_device

    try:
        pick_device(wish)
    except (ValueError, RuntimeError) as error:  # the second for what is no device's name
        return str(error)
    return ""


def clash(studies: list[Path]) -> str:
    """Why these studies cannot be served together; '' if they can."""
    from survey.web.study_host import address_names

    try:
        address_names(studies)
    except ValueError as error:
        return str(error)
    return ""


def open_studio(device: str) -> Studio:
    """The models, with their passes on a lent GPU where there is one; by the main thread."""
    from colorize.space import gpu_is_lent, misfit

    if not gpu_is_lent():
        from colorize.web.pass_queue import Passes
        from colorize.web.studio import Studio

        studio = Studio(device)
        studio.network = Passes(studio)
        return studio
    if problem := misfit():
        print(problem, flush=True)
    import spaces  # noqa: F401  (before torch)

    from colorize.web.zero_gpu import lent_studio

    return lent_studio()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--study",
        type=Path,
        action="append",
        default=[],
        help="folder of a study; more than once: each at /study-NAME; else a demonstration",
    )
    parser.add_argument(
        "--data", type=Path, help="folder for the votes; of several studies, each in DATA/NAME"
    )
    parser.add_argument("--port", type=int, help="else GRADIO_SERVER_PORT, else 7860")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; else the best")
    args = parser.parse_args()  # before gradio is imported, which takes two seconds
    for study in args.study:
        if not (study / "study.json").is_file():
            parser.error(f"{study} holds no study; make one with `python -m survey build`")
    if problem := missing_device(args.device) or clash(args.study):
        parser.error(problem)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # in good order

    from colorize.web.housekeeping import keep_tidy, raise_file_limit, warm_up

    raise_file_limit()

    # Apart from other programs' files, since ours are deleted in time.
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir(), "colorize")))

    gc.disable()  # all that is imported and built now stays: searched for garbage, a fifth slower
    studio = open_studio(args.device)
    demo = build(studio, *args.study, data=args.data)
    launch(demo, args.port, prevent_thread_lock=True)
    gc.freeze()
    gc.enable()
    # not a daemon: an end in the middle would be a crash
    threading.Thread(target=warm_up, args=[studio, *demo.at_start]).start()
    threading.Thread(target=keep_tidy, args=[studio], daemon=True).start()
    try:
        demo.block_thread()
    finally:
        for leave in demo.at_end:
            leave()


if __name__ == "__main__":
    main()
