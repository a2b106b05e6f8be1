"""The app: four pages and how they are served.

    python app.py
    python app.py --study studies/faces --data votes --port 7860

It wires only: the pages are in colorize/page.py, colorize/compare.py and survey/page.py.
"""

import argparse
import os
import threading
import time
from pathlib import Path

HOUR = 3600


def build(studio, study: Path | None = None, data: Path | None = None):
    """All pages in one app."""
    import gradio as gr

    from colorize.compare import compare_page
    from colorize.page import colorize_page
    from survey.lock import Lock
    from survey.page import results_page, study_page
    from survey.venue import open_venue

    venue = open_venue(study, data)
    temporary = (HOUR // 4, 24 * HOUR)  # uploads and results: how often to look, how old to delete
    with gr.Blocks(title="Colorize", analytics_enabled=False, delete_cache=temporary) as demo:
        gr.Navbar(main_page_name="Colorize")
        colorize_page(demo, studio)
    with demo.route("Compare", "compare"):
        gr.Navbar(main_page_name="Colorize")
        compare_page(demo, studio)
    with demo.route("Study", "study"):
        study_page(venue, links=[("What everybody said", "results"), ("Colour a photo", "./")])
    with demo.route("Results", "results"):
        gr.Navbar(main_page_name="Colorize")
        results_page(venue, Lock(os.environ.get("SURVEY_SECRET", "")))
    return demo.queue(max_size=64, api_open=False)


def launch(demo, port: int | None = None, **options) -> tuple:
    """Serve the pages; nothing is recorded, measured or fetched from elsewhere."""
    import gradio as gr
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from colorize.theme import ASSETS, WORDS, theme
    from survey.page import ALONE

    return demo.launch(
        server_port=port,
        theme=theme(),
        css_paths=[ASSETS / "page.css"],
        favicon_path=ASSETS / "icon.png",
        i18n=gr.I18n(en=WORDS),
        head=ALONE,
        app_kwargs={"routes": [Route("/healthz", lambda _: JSONResponse({"status": "ok"}))]},
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--study", type=Path, help="folder of a study; else a demonstration")
    parser.add_argument("--data", type=Path, help="folder for the votes")
    parser.add_argument("--port", type=int, help="else GRADIO_SERVER_PORT, else 7860")
    args = parser.parse_args()  # before gradio is imported, which takes two seconds

    from colorize.studio import Studio

    studio = Studio()
    demo = build(studio, args.study, args.data)
    launch(demo, args.port, prevent_thread_lock=True)
    threading.Thread(target=attend, args=[studio], daemon=True).start()
    demo.block_thread()


def attend(studio) -> None:
    """Show the default model the first sample while the first visitor arrives; then, every hour,
    let go of the photos in memory, as Gradio does of those on disk."""
    from colorize.page import cached
    from colorize.samples import samples

    studio.warm(cached(samples()[0].path))
    while True:
        time.sleep(HOUR)
        studio.forget()


if __name__ == "__main__":
    main()
