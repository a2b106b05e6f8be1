"""What all pages share: how many colour at once, how errors are told, how settings arrive.

    python app.py

Strangers may call what the pages call, with any values: that is answered, and not logged at length.
"""

import inspect
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypedDict, TypeVar, cast
from uuid import uuid4

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.data_classes import BlocksConfigDict
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder

from colorize.files import NO_SPACE
from colorize.hints.file import parse_hints
from colorize.settings import Settings
from colorize.web.link_preview import link_preview

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Queue(TypedDict, total=False):
    """How an event waits for its turn, and who may cause it."""

    concurrency_id: str
    concurrency_limit: int
    api_visibility: Literal["public", "private", "undocumented"]
    trigger_mode: Literal["once", "multiple", "always_last"]
    show_progress: Literal["full", "minimal", "hidden"]


AT_ONCE = 2 if (os.cpu_count() or 1) > 2 else 1  # more, and votes wait for the cores
HEAVY: Queue = {
    "concurrency_id": "colour",
    "concurrency_limit": AT_ONCE,
    "api_visibility": "private",
}
PUBLIC: Queue = {**HEAVY, "api_visibility": "public"}
LIGHT: Queue = {**HEAVY, "concurrency_id": "paint"}
LONG: Queue = {**HEAVY, "concurrency_id": "bundle", "concurrency_limit": 1}
LATEST: Queue = {**LIGHT, "trigger_mode": "always_last", "show_progress": "hidden"}
CLICK = "() => document.querySelector('#{}').click()"  # a hidden link whose file is ready
NOT_UNDERSTOOD = "This call is not understood: its values are not those that this page sends."
NO_ROOM = "There is no room for files on this computer at the moment. Please try again later."
SORRY = "This did not work, and it is not your fault. Please try again, or take another model."
log = logging.getLogger(__name__)


class Pages(gr.Blocks):
    """All pages of an app, with what they want done once they are served, and when that ends."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.at_start: list[Callable[[], object]] = []
        self.at_end: list[Callable[[], object]] = []

    def get_config_file(self) -> BlocksConfigDict:
        """What Gradio makes its page of; its template asks for more than its type names."""
        return cast(BlocksConfigDict, {**super().get_config_file(), **link_preview()})

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], *args: Any, **options: Any
    ) -> Any:
        """From what was sent to what our functions take; whatever fails here is the sender's.

        Programs may leave out the last values: some were written before there were so many.
        """
        with politely(Exception):
            if block_fn.api_visibility == "public":
                missing = block_fn.inputs[len(inputs) :]
                inputs = [*inputs, *(getattr(part, "value", None) for part in missing)]
            return await super().preprocess_data(block_fn, inputs, *args, **options)

    async def call_function(self, *args: Any, **options: Any) -> Any:
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


def told(handler: Callable[Given, Made]) -> Callable[Given, Made]:
    """Whatever goes wrong is a note on this visitor's page; the next one must not notice."""

    @wraps(handler)
    def run(*args: Given.args, **options: Given.kwargs) -> Made:
        try:
            return handler(*args, **options)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(error_message(error), print_exception=False) from error

    return run


def error_message(error: Exception) -> str:
    """Our own errors are sentences already; of others the log tells more."""
    if isinstance(error, ValueError):  # PhotoError, ModelError, values out of range
        return str(error)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        log.error("%s", error)
        return NO_ROOM
    log.error("A visitor's photo failed.", exc_info=error)
    return SORRY


def with_settings(handler: Callable[..., Made]) -> Callable[..., Made]:
    """Where the handler takes `settings`, Gradio sends what `page_settings` takes, one by one."""
    signature = inspect.signature(handler)
    own = list(signature.parameters.values())
    sent = list(inspect.signature(page_settings).parameters.values())
    first = list(signature.parameters).index("settings")
    after = first + len(sent)

    @wraps(handler)
    def run(*args: Any) -> Made:
        return handler(*args[:first], page_settings(*args[first:after]), *args[after:])

    expanded = [*own[:first], *sent, *own[first + 1 :]]
    run.__signature__ = signature.replace(parameters=expanded)  # type: ignore[attr-defined]
    return run


def page_settings(
    model: str | None, temperature: float | None, saturation: float, hints: str | None
) -> Settings:
    """The settings that a page sends, in this order; hints are a JSON list, or "" for none."""
    return Settings(model or "", temperature, saturation, parse_hints(hints) if hints else ())


def sent(event: gr.EventData, name: str) -> Any:
    """What a widget sends with its event by that name; None if it does not."""
    try:
        return getattr(event, name)
    except (AttributeError, TypeError):  # what was sent may be anything
        return None


def whole_number(event: gr.EventData, name: str) -> int:
    """A whole number that a widget sends with its event."""
    number = sent(event, name)
    if isinstance(number, int):
        return number
    raise ValueError(f"{name} is {number!r:.40}; it must be a whole number.")


def cached_copy(path: Path) -> str:
    """A copy that Gradio may show: its cache, unlike an installed package, is open to the page."""
    return str(save_file_to_cache(path, get_upload_folder()))


def new_folder() -> Path:
    """For one visitor's files, where they are deleted in time."""
    return Path(get_upload_folder()) / uuid4().hex
