"""The app: four pages and how they are served.

    python app.py
    python app.py --study studies/faces --data votes --port 7860

It wires only: the pages are in colorize/page.py, colorize/compare.py and survey/page.py.
"""

import argparse
import threading
from pathlib import Path

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from colorize.compare import compare_page
from colorize.page import cached, colorize_page
from colorize.samples import samples
from colorize.studio import Studio
from colorize.theme import ASSETS, theme

NAMES = {"main_page_name": "Colorize"}
HOUR = 3600


def build(studio: Studio, study: Path | None = None, data: Path | None = None) -> gr.Blocks:
    """All pages in one app."""
    temporary = (HOUR // 4, 24 * HOUR)  # uploads and results: looked for each, deleted after
    with gr.Blocks(title="Colorize", analytics_enabled=False, delete_cache=temporary) as demo:
        gr.Navbar(**NAMES)
        colorize_page(demo, studio)
    with demo.route("Compare", "compare"):
        gr.Navbar(**NAMES)
        compare_page(demo, studio)
    return demo.queue(max_size=64, api_open=False)


def health(request: Request) -> JSONResponse:
    """For operators: the server answers."""
    return JSONResponse({"status": "ok"})


def launch(demo: gr.Blocks, port: int | None = None, **options) -> tuple:
    """Serve the pages; nothing is recorded, measured or fetched from elsewhere."""
    return demo.launch(
        server_port=port,
        theme=theme(),
        css_paths=[ASSETS / "page.css"],
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size="30mb",
        state_session_capacity=1000,
        app_kwargs={"routes": [Route("/healthz", health)]},
        **options,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--study", type=Path, help="folder of a study (default: a demonstration)")
    parser.add_argument("--data", type=Path, help="folder for the votes")
    parser.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or 7860")
    args = parser.parse_args()
    studio = Studio()
    demo = build(studio, args.study, args.data)
    warm = threading.Thread(target=studio.warm, args=[cached(samples()[0].path)], daemon=True)
    launch(demo, args.port, prevent_thread_lock=True)
    warm.start()
    demo.block_thread()


if __name__ == "__main__":
    main()
