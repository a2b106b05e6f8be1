"""Faults of the machine under the running app: each is made, felt, and taken away again.

    python -m tests.stress faults
    python -m tests.stress faults --only damage hub

disk      full (a real small one where it can be mounted; else no file may grow), while people vote
          and visitors upload; then no file handles; then a temporary folder that vanishes
damage    of the database, before the start: the study is closed, photos are coloured, and once the
          file is repaired the study opens; then it loses all its bytes, and the mirror has them
lock      of the database by another program, before the start and in the middle
hub       answers 500, 429, dies in the middle, hangs: votes go on, the end does not wait, the next
          start sends all; then the disk is lost, and the Hub has it all

Checked each time: a plain answer, no acknowledged vote lost or doubled, nothing half written, no
restart needed, no traceback in the log. The first thing that is not so ends the fault's test.
"""

import argparse
import json
import resource
import shutil
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from survey.mirror import FOLDER, files
from survey.store import Store, read_only
from tests.helpers.disk import Disk, NoMount
from tests.helpers.study import make_study
from tests.stress.fake_hub import FakeHub
from tests.stress.raw_client import RawClient, photo
from tests.stress.serving import Server
from tests.stress.visitor import photograph

ROOM = 96 << 20  # bytes of the small disk
PATIENCE_S = 60.0  # with an app that comes back
EXPOSURE_MS = 50


class Person:
    """A participant who answers again until the answer is taken."""

    def __init__(self, client: RawClient) -> None:
        self.client, self.token = client, client.enrol()
        self.acknowledged = 0
        self.said = client.look(self.token)

    def answer(self) -> bool:
        """One call with the open vote; False if the app asks to wait, in a sentence."""
        answer = self.client.vote(**self.said)
        if "wait" in answer:
            assert "None is lost" in answer["wait"], answer
            return False
        if answer.get("refused") == "stale":  # it is kept: only its acknowledgment was lost
            following = self.client.ask("next_trial", token=self.token)
        else:
            following = {"reply": answer["reply"]["next"]}
        if "wait" in following:
            return False
        self.acknowledged += 1
        self.said = self.client.watch(self.token, following["reply"])
        return True

    def go_on(self, votes: int = 1) -> None:
        for _ in range(votes):
            within(PATIENCE_S, self.answer)


def within(seconds: float, done: Callable[[], object]) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"{done} did not come true in {seconds} s"
        time.sleep(0.2)


def check_votes(server: Server, person: Person) -> None:
    """Every acknowledged vote once in the database and once in the mirror."""
    db = read_only(server.data / "votes.db")
    votes = list(db.query("SELECT id, position FROM votes ORDER BY id"))
    (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
    db.close()
    assert verdict == "ok", verdict
    assert [vote["position"] for vote in votes] == list(range(person.acknowledged)), votes
    lines = [line for path in files(server.data / FOLDER) for line in path.read_text().splitlines()]
    copied = sorted(json.loads(line)["vote"]["id"] for line in lines)  # a file for each process
    assert copied == [vote["id"] for vote in votes], copied


def check_log(server: Server) -> None:
    assert "Traceback" not in server.said(), server.said()[-3000:]


def colours(client: RawClient, jpeg: bytes) -> str:
    """The way of a visitor's photo: '' if it came back, else what the visitor is told."""
    answer = client.upload("old.jpg", jpeg)
    if answer.status_code != 200:
        return answer.text
    said = client.call(photo(path=answer.json()[0]), "", 0.4, 1.0, "")
    if "event: complete" in said:
        return ""
    return json.loads(said.partition("data: ")[2])["error"]


@contextmanager
def short_of(server: Server, what: int, least: int) -> Iterator[None]:
    """The running app with this limit of the operating system's."""
    soft, hard = resource.prlimit(server.pid, what)
    resource.prlimit(server.pid, what, (least, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, what, (soft, hard))


@contextmanager
def full(disk: Disk) -> Iterator[None]:
    disk.fill()
    try:
        yield
    finally:
        disk.free()


def disk(place: Path) -> None:
    make_study(place / "study", trials=80, exposure_ms=EXPOSURE_MS)
    with ExitStack() as stack:
        try:
            small: Disk | None = stack.enter_context(Disk(place / "disk", ROOM))
        except NoMount as error:
            print(f"{error}: instead, no file may grow", file=sys.stderr)
            small = None
        room = small.path if small else place / "room"
        temporary = {"GRADIO_TEMP_DIR": str(room / "gradio"), "TMPDIR": str(room / "tmp")}
        (room / "tmp").mkdir(parents=True)
        server = Server(place / "server", place / "study", room / "votes", **temporary)
        client = RawClient(stack.enter_context(server).url)
        person, jpeg = Person(client), photograph(2)
        person.go_on(3)
        assert colours(client, jpeg) == ""
        troubles = [lambda: short_of(server, resource.RLIMIT_FSIZE, 0)]
        troubles += [lambda: full(small)] if small else []
        for trouble in troubles:
            feel(trouble, server, person, jpeg)
        check_log(server)
        starve(server, person)  # of which asyncio itself tells at length
        shutil.rmtree(room / "gradio")
        shutil.rmtree(room / "tmp")
        assert colours(client, jpeg) == ""
        person.go_on(3)
        check_votes(server, person)


def feel(trouble: Callable, server: Server, person: Person, jpeg: bytes) -> None:
    """No vote is taken and no photo, in sentences; afterwards both are."""
    before = {path for path in Path(server.temporary).rglob("*") if path.is_file()}
    with trouble():
        for _ in range(3):
            assert not person.answer()
        told = colours(person.client, jpeg)
        assert told.endswith((".", "!")), told
    person.go_on(3)
    assert colours(person.client, jpeg) == ""
    check_votes(server, person)
    assert before <= {path for path in Path(server.temporary).rglob("*") if path.is_file()}


def starve(server: Server, person: Person) -> None:
    """No file handle is free; whoever has a connection is told, whoever has none waits."""
    opened = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    unheard = suppress(httpx.TransportError)  # nobody could take the call
    with short_of(server, resource.RLIMIT_NOFILE, opened), unheard:
        httpx.get(f"{server.url}/healthz", timeout=2)
    person.go_on(3)
    check_votes(server, person)


def damage(place: Path) -> None:
    make_study(place / "study", exposure_ms=EXPOSURE_MS)
    server = Server(place / "server", place / "study")
    path, whole = server.data / "votes.db", place / "whole.db"
    Store(place / "study", server.data).close()
    shutil.copy(path, whole)
    path.write_bytes(whole.read_bytes()[:8192] + b"\xff" * 16_384)
    with server:
        assert "is damaged" in server.said() and "survey restore" in server.said()
        client = RawClient(server.url)
        assert is_closed(client)
        assert colours(client, photograph(1)) == ""
        assert client.http.get("/compare").status_code == 200
        shutil.copy(whole, path)
        within(PATIENCE_S, lambda: "reply" in client.ask("welcome"))
        person = Person(client)
        person.go_on(4)
        server.kill()
        path.write_bytes(b"")  # and the log beside it, with the votes, is worth nothing without
        server.start()
        assert "came back from its mirror" in server.said()
        come_back(person, server)
        person.go_on(2)
        check_votes(server, person)
        check_log(server)


def lock(place: Path) -> None:
    make_study(place / "study", exposure_ms=EXPOSURE_MS)
    server = Server(place / "server", place / "study")
    Store(place / "study", server.data).close()
    holder = sqlite3.connect(server.data / "votes.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with server:
        assert "is locked" in server.said() and "end that one" in server.said()
        client = RawClient(server.url)
        assert is_closed(client)
        assert colours(client, photograph(1)) == ""
        holder.close()
        within(PATIENCE_S, lambda: "reply" in client.ask("welcome"))
        person = Person(client)
        person.go_on(4)
        holder = sqlite3.connect(server.data / "votes.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert not person.answer()  # after the patience of survey/store.py
        holder.close()
        person.go_on(2)
        check_votes(server, person)
        check_log(server)


def is_closed(client: RawClient) -> bool:
    said = client.ask("welcome")  # which may have begun another try
    return said.get("refused") == "closed" or "wait" in said


def come_back(person: Person, server: Server) -> None:
    """The page is loaded anew."""
    person.client = RawClient(server.url)
    person.said = person.client.look(person.token)


def hub(place: Path, moods: Sequence[int | str] = (500, 429, "dies", "hang")) -> None:
    make_study(place / "study", exposure_ms=EXPOSURE_MS)
    with FakeHub() as away:
        given = {"HF_ENDPOINT": away.url, "HF_TOKEN": "hf_x", "SURVEY_MIRROR_REPO": "you/votes"}
        server = Server(place / "server", place / "study", **given)
        with server:
            person = Person(RawClient(server.url))
            person.go_on(2)
        assert len(away.lines()) == 2  # the last push, at SIGTERM
        for mood in moods:
            away.mood = mood
            with server:
                come_back(person, server)
                person.go_on(1)
                ended = time.monotonic()
            print(f"hub, {mood}: the end took {time.monotonic() - ended:.1f} s", flush=True)
        away.mood = "well"
        with server:
            within(PATIENCE_S, lambda: len(away.lines()) == person.acknowledged)
        check_votes(server, person)
        check_log(server)
        shutil.rmtree(server.data)  # a Space forgets its disk
        with server:
            come_back(person, server)
            assert f"{person.acknowledged} came back" in server.said()
            person.go_on(1)


FAULTS = {"disk": disk, "damage": damage, "lock": lock, "hub": hub}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS))


def main(args: argparse.Namespace) -> int:
    failed = []
    for name in args.only:
        with TemporaryDirectory() as place:
            try:
                FAULTS[name](Path(place))
            except Exception:
                failed.append(name)
                traceback.print_exc()
        print(f"{name}: {'FAILED' if name in failed else 'well'}", flush=True)
    return int(bool(failed))
