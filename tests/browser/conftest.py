"""An installed Chromium, and a way to serve an app to it. Nothing is downloaded."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pytest

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """One browser for all tests; each takes a context of its own."""
    if not CHROMIUM.is_file():
        pytest.skip(f"No Chromium at {CHROMIUM}; install it, or set CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, where AXE names it."""
    if not os.environ.get("AXE"):
        pytest.skip("AXE does not name an axe.min.js; `npm pack axe-core` fetches one.")
    return Path(os.environ["AXE"]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    """Launch an app, get its address; closed when the module's tests are done."""
    served: list[gr.Blocks] = []

    def launch(app: gr.Blocks, **options) -> str:
        served.append(app)
        quiet = {"quiet": True, "prevent_thread_lock": True, "ssr_mode": False}
        return app.launch(server_name="127.0.0.1", **quiet, **options)[1].rstrip("/")

    yield launch
    for app in served:
        app.close()
