"""Places outside this machine's file system: fsspec addresses, which behave like paths.

    python -m colorize s3://archive/scans --output s3://archive/colour

Drivers are packages of their own: s3fs for s3://, gcsfs for gs://; hf:// is there already.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

SCHEME = "://"
WHOLE = {  # stores that show a new object when all of it is there; elsewhere we rename
    "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "hf", "memory",
}  # fmt: skip


class AddressError(ValueError):
    """A place that cannot be reached, read or written; the text is a sentence for people."""


class Remote(PurePosixPath):
    """An address with a path's manners: Remote("s3://archive/1.tif").with_suffix(".png")."""

    __slots__ = ()

    def __str__(self) -> str:
        return super().__str__().replace(":/", SCHEME, 1)  # a path knows no double slash


Place = Path | Remote


def place(text: str) -> Place:
    """What was named on the command line: a path, or an address if it has a scheme."""
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    return Remote(text) if SCHEME in text else Path(text)


def read_bytes(address: Remote) -> bytes:
    with _reaching(address, "read"):
        store, path = _open(address)
        content: bytes = store.cat_file(path)
        return content


@contextmanager
def opened(address: Remote) -> Iterator[IO[bytes]]:
    """A file to be read from front to end."""
    with _reaching(address, "read"):
        store, path = _open(address)
        file = store.open(path, "rb")
    with file:
        yield file


def write_bytes(address: Remote, data: bytes) -> None:
    """Whole or not at all: as the store does it, or under another name that is changed at last."""
    with _reaching(address, "written"):
        store, path = _open(address)
        if str(address).partition(SCHEME)[0] in WHOLE:
            store.pipe_file(path, data)
            return
        folder = path.rpartition("/")[0]
        part = f"{folder}/.{secrets.token_hex(8)}.part"
        store.makedirs(folder, exist_ok=True)
        try:
            store.pipe_file(part, data)
            store.mv(part, path)
        finally:
            with suppress(Exception):  # it was renamed
                store.rm_file(part)


def is_folder(address: Remote) -> bool:
    with _reaching(address, "reached"):
        store, path = _open(address)
        try:
            return bool(store.isdir(path))
        except FileNotFoundError:
            return False


def is_file(address: Remote) -> bool:
    with _reaching(address, "reached"):
        store, path = _open(address)
        return bool(store.isfile(path))


def listed(address: Remote) -> Iterator[Remote]:
    """Every file beneath an address, by name; none where nothing is."""
    with _reaching(address, "listed"):
        store, path = _open(address)
        store.invalidate_cache()
        try:
            found = sorted(store.find(path))
        except FileNotFoundError:
            found = []
    start = len(path.rstrip("/"))
    return (address / name[start:].lstrip("/") for name in found)


def check_writable(address: Remote) -> None:
    """Refuses a place that takes no file, before hours of work are lost."""
    probe = address / f".{secrets.token_hex(8)}.part"
    write_bytes(probe, b"")
    with suppress(Exception):  # some may write but not delete
        store, path = _open(probe)
        store.rm_file(path)


def _open(address: Remote) -> tuple[Any, str]:
    """The store, and the address as it calls it."""
    from fsspec.core import url_to_fs

    store, path = url_to_fs(str(address))
    return store, path


@contextmanager
def _reaching(address: Remote, done: str) -> Iterator[None]:
    """Whatever a driver raises, as a sentence."""
    name = "".join(c if c.isprintable() else "?" for c in str(address))
    try:
        yield
    except ImportError as error:
        raise AddressError(f"{name} needs a driver that is not installed here: {error}") from error
    except FileNotFoundError as error:
        raise AddressError(f"{name} is not there.") from error
    except Exception as error:  # each driver has its own
        said = " ".join(str(error).split()) or repr(error)
        raise AddressError(
            f"{name} cannot be {done} ({said}). Check the address, your rights and the network."
        ) from error
