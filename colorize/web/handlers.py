"""What all pages share: how many colour at once, how errors are told, where files lie.

    python app.py

Strangers may call what the pages call, with any values: that is answered, and not logged at length.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from uuid import uuid4

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder

from colorize.web.error_messages import apology

AT_ONCE = 2 if (os.cpu_count() or 1) > 2 else 1  # more, and votes wait for the cores
HEAVY = {"concurrency_id": "colour", "concurrency_limit": AT_ONCE, "api_visibility": "private"}
LIGHT = {"concurrency_id": "paint", "concurrency_limit": AT_ONCE, "api_visibility": "private"}
LONG = {"concurrency_id": "bundle", "concurrency_limit": 1, "api_visibility": "private"}
LATEST = {**LIGHT, "trigger_mode": "always_last", "show_progress": "hidden"}
CLICK = "() => document.querySelector('#{}').click()"  # a hidden link whose file is ready
NOT_UNDERSTOOD = "This call is not understood: its values are not those that this page sends."
log = logging.getLogger(__name__)


class Pages(gr.Blocks):
    """All pages of an app."""

    async def preprocess_data(self, *args, **options):
        """From what was sent to what our functions take; whatever fails here is the sender's."""
        with politely(Exception):
            return await super().preprocess_data(*args, **options)

    async def call_function(self, *args, **options):
        """Our functions speak for themselves; what comes with an event is looked at before them."""
        with politely(OSError, ValueError):
            return await super().call_function(*args, **options)


@contextmanager
def politely(*kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds are a sentence to the sender and a line in the log."""
    try:
        yield
    except gr.Error as error:
        error.print_exception = False
        raise
    except kinds as error:
        log.info("A call was not understood: %.200r", error)
        raise gr.Error(NOT_UNDERSTOOD, print_exception=False) from error


def spoken(handler: Callable) -> Callable:
    """Whatever goes wrong is a note on this visitor's page."""

    @wraps(handler)
    def run(*args, **options):
        try:
            return handler(*args, **options)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(apology(error), print_exception=False) from error

    return run


def whole(event: gr.EventData, name: str) -> int:
    """A whole number that a widget sends with its event."""
    try:
        number = getattr(event, name)
    except (AttributeError, TypeError):  # what was sent may be anything
        number = None
    if isinstance(number, int):
        return number
    raise ValueError(f"{name} is {number!r:.40}; it must be a whole number.")


def cached(path: Path) -> str:
    """A copy that Gradio may show: its cache, unlike an installed package, is open to the page."""
    return save_file_to_cache(path, get_upload_folder())


def new_folder() -> Path:
    """For one visitor's files, where they are deleted in time."""
    return Path(get_upload_folder()) / uuid4().hex
