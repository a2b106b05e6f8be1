"""What may come in from outside: which of Gradio's addresses are open, how large a request may be.

    python app.py

What a stranger sends may be anything. Gradio trips over some of it, and answers with an error of
its own making that fills the log; here such requests get a plain refusal instead.
"""

import gradio as gr
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from colorize.web.handlers import NOT_UNDERSTOOD, error_message

MOST_CALL, MOST_UPLOAD = 1 << 20, 1 << 30  # bytes of a request; one photo has at most 30 MB
UPLOAD, COMPONENT = "/gradio_api/upload", "/gradio_api/component_server"
CLOSED = (  # addresses of Gradio that no page here uses, and through which strangers could …
    "/gradio_api/file=http",  # … fetch from elsewhere, under this server's name
    "/gradio_api/file/http",
    "/gradio_api/process_recording",  # … have videos converted
    "/gradio_api/custom_component",  # … write lines of their own into the log
    "/gradio_api/deep_link",  # … fill the disk
    "/gradio_api/run/",  # … call without waiting their turn
    "/gradio_api/api/",
)
NOT_OFFERED = JSONResponse({"detail": "This is not offered here."}, 404)


class RequestGuard:
    """Stands before the app. What is no photo is read into memory, so it must be small."""

    def __init__(self, app: ASGIApp) -> None:
        self.calls = RequestBodyLimitMiddleware(app, MOST_CALL)
        self.uploads = RequestBodyLimitMiddleware(app, MOST_UPLOAD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith(CLOSED):
            return await NOT_OFFERED(scope, receive, send)
        way = self.uploads if path.startswith(UPLOAD) else self.calls
        try:
            await way(scope, receive, send)
        except Exception as error:
            refuse = refusal(error, path)
            if refuse is None:
                raise
            await refuse(scope, receive, send)


def refusal(error: Exception, path: str) -> ASGIApp | None:
    """The answer to a request that Gradio tripped over; None if the fault is not the sender's."""
    match error:
        case FnIndexInferError():  # a name that no call has
            return JSONResponse({"detail": NOT_UNDERSTOOD}, 404)
        case OSError() if path.startswith(UPLOAD):  # the disk is full, say
            return PlainTextResponse(error_message(error), 507)
        case TypeError() | KeyError() if path.startswith((UPLOAD, COMPONENT)):
            return JSONResponse({"detail": NOT_UNDERSTOOD}, 422)  # no file, no such component
        case RuntimeError(__cause__=HTTPException()):  # "not found", in the middle of an answer
            return cut_off
    return None


async def cut_off(scope: Scope, receive: Receive, send: Send) -> None:
    """End an answer that has begun."""
    await send({"type": "http.response.body"})


async def refuse_values(request: Request, error: Exception) -> JSONResponse:
    """In place of FastAPI's own answer, which repeats what was sent, and fails if it is no text."""
    return JSONResponse({"detail": NOT_UNDERSTOOD}, 422)


async def refuse_download(url: str, cache_dir: str) -> str:
    """In place of Gradio's own, which fetches any public address that a call gives as its file,
    however large, into memory."""
    words = "Photos are not fetched from elsewhere: download this one, then upload it."
    raise gr.Error(words, print_exception=False)
