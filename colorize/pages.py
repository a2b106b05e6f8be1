"""Gradio's Blocks for strangers: calls that no page makes are answered, not logged at length.

python app.py
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse

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


def whole(event: gr.EventData, name: str) -> int:
    """A whole number that a widget sends with its event."""
    try:
        number = getattr(event, name)
    except (AttributeError, TypeError):  # what was sent may be anything
        number = None
    if isinstance(number, int):
        return number
    raise ValueError(f"{name} is {number!r:.40}; it must be a whole number.")


async def misunderstood(request: Request, error: Exception) -> JSONResponse:
    """In place of FastAPI's own answer, which repeats what was sent, and fails if it is no text."""
    return JSONResponse({"detail": NOT_UNDERSTOOD}, 422)
