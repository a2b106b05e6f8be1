import pytest
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException

from colorize.web.guard import COMPONENT, UPLOAD, refusal

CALL = "/gradio_api/call/colorize"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "path", "status"),
    [
        (FnIndexInferError("no such call"), CALL, 404),
        (OSError(28, "No space left on device"), UPLOAD, 507),
        (KeyError("files"), UPLOAD, 422),
        (TypeError("a number"), COMPONENT, 422),
    ],
)
def test_what_a_sender_did_wrong_is_answered(error, path, status):
    assert refusal(error, path).status_code == status


def test_an_answer_that_has_begun_is_ended():
    error = caused(RuntimeError("response already started"), HTTPException(404))
    assert refusal(error, CALL) is not None


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a defect of ours"),
        TypeError("a defect of ours"),
        OSError(28, "No space left on device"),
        RuntimeError("a defect of ours"),
        caused(RuntimeError("a defect of ours"), ValueError()),
    ],
)
def test_a_defect_of_ours_is_no_refusal(error):
    assert refusal(error, CALL) is None
