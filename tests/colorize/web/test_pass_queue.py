"""Passes that arrive together are one batch, each gets its own answer, and GPUs take turns."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from colorize.config import ModelError
from colorize.look import Input
from colorize.web import pass_queue
from colorize.web.pass_queue import MOST, Pass, Passes, PassQueue, answer, runners, sorted_out
from colorize.web.studio import Studio


def shown(value: float, height: int = 32, photos: int = 1) -> Input:
    return Input(torch.full((photos, 1, height, 32), float(value)))


@dataclass
class Device:
    """A GPU that doubles what it is shown, once it may."""

    may: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    batches: list[tuple[str, int]] = field(default_factory=list)

    def run(self, name: str, shown: Input) -> Tensor:
        self.batches.append((name, len(shown.lightness)))
        self.begun.release()
        assert self.may.wait(60)
        return 2 * shown.lightness


def ask(queue: PassQueue, count: int) -> tuple[ThreadPoolExecutor, list[Future[Tensor]]]:
    """So many visitors at once; the pool lets them in only when all are there."""
    threads, together = ThreadPoolExecutor(count), threading.Barrier(count)

    def visitor(number: int) -> Tensor:
        together.wait(60)
        return queue("mine", shown(number))

    return threads, [threads.submit(visitor, number) for number in range(count)]


def test_what_waits_while_a_gpu_works_is_its_next_batch():
    device = Device()
    queue = PassQueue([device.run], wait_s=0.0)
    first = ThreadPoolExecutor(1).submit(queue, "mine", shown(7))
    assert device.begun.acquire(timeout=60)
    threads, waiting = ask(queue, 10)
    while queue._waiting.qsize() < 10:
        threading.Event().wait(0.01)
    device.may.set()
    assert torch.equal(first.result(60), shown(14).lightness)
    for number, one in enumerate(waiting):
        assert torch.equal(one.result(60), shown(2 * number).lightness)
    assert device.batches == [("mine", 1), ("mine", 10)]
    threads.shutdown()


def test_a_batch_has_a_bound():
    device = Device()
    device.may.set()
    queue = PassQueue([device.run], wait_s=60.0)  # it would wait for more, but has enough
    threads, waiting = ask(queue, MOST)
    assert [one.result(60).mean().item() for one in waiting] == [2.0 * n for n in range(MOST)]
    assert device.batches == [("mine", MOST)]
    threads.shutdown()


def test_gpus_take_turns():
    one = Device()
    other = Device(begun=one.begun)
    queue, threads = PassQueue([one.run, other.run], wait_s=0.0), ThreadPoolExecutor(2)
    answers = []
    for number in range(2):  # the second comes while a GPU works, and none is done yet
        answers.append(threads.submit(queue, "mine", shown(number)))
        assert one.begun.acquire(timeout=60)
    assert one.batches == other.batches == [("mine", 1)]
    one.may.set()
    other.may.set()
    assert [answer.result(60).mean().item() for answer in answers] == [0.0, 2.0]
    threads.shutdown()


def test_only_passes_of_one_model_and_size_go_together():
    some = [
        Pass(name, shown(0, height, photos), Future())
        for name, height, photos in [
            ("a", 32, 1), ("b", 32, 1), ("a", 64, 1), ("a", 32, 3), ("b", 32, 2),
        ]
    ]  # fmt: skip
    assert sorted_out(some) == [[some[0], some[3]], [some[1], some[4]], [some[2]]]


def together(run: Callable[[str, Input], Tensor], *inputs: Input) -> list[Future[Tensor]]:
    passes = [Pass("mine", one, Future()) for one in inputs]
    answer(run, passes)
    return [one.answer for one in passes]


def test_everybody_gets_as_many_answers_as_photos_and_no_more_memory():
    answers = together(lambda _, x: 2 * x.lightness, shown(1), shown(2, photos=3), shown(3))
    found = [one.result() for one in answers]
    assert [len(one) for one in found] == [1, 3, 1]
    assert [one.mean().item() for one in found] == [2, 4, 6]
    assert all(one.untyped_storage().nbytes() == one.nbytes for one in found)


def test_a_bad_photo_spoils_no_other():
    def run(_: str, some: Input) -> Tensor:
        if (some.lightness == 2).any():
            raise ModelError("It answers with what is no number.")
        return some.lightness

    one, bad, other = together(run, shown(1), shown(2), shown(3))
    assert (one.result().mean(), other.result().mean()) == (1, 3)
    with pytest.raises(ModelError, match="no number"):
        bad.result()


def test_a_batch_beyond_the_memory_is_halved(make_model, monkeypatch):
    from colorize.colorizer import Colorizer

    colorizer = Colorizer(make_model(), "cpu")
    alone = [colorizer.run(shown(n)) for n in range(5)]
    forward, tried = type(colorizer.model).forward, []

    def small(model, lightness: Tensor) -> Tensor:
        tried.append(len(lightness))
        if len(lightness) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return forward(model, lightness)

    monkeypatch.setattr(type(colorizer.model), "forward", small)
    answers = together(lambda _, x: colorizer.run(x), *(shown(n) for n in range(5)))
    for one, expected in zip(answers, alone, strict=True):
        assert torch.allclose(one.result(), expected, atol=1e-5)
    assert tried == [5, 2, 3, 1, 2]


def test_on_a_cpu_a_pass_is_run_where_it_is_asked_for(zoo_of_tiny_models, monkeypatch):
    monkeypatch.delattr(pass_queue, "PassQueue")
    studio = Studio("cpu")
    studio.network = Passes(studio)
    ran, run = [], studio.run
    monkeypatch.setattr(
        studio, "run", lambda *words: ran.append(threading.get_ident()) or run(*words)
    )
    assert studio.network("rebalanced", shown(50)).shape[0] == 1
    assert ran == [threading.get_ident()]


def test_on_a_gpu_passes_are_queued_in_one_queue(monkeypatch):
    devices = {"cuda": Device(), "cuda:1": Device()}
    for device in devices.values():
        device.may.set()

    class FakeStudio:
        def __init__(self, device: str) -> None:
            self.device, self.run = device, devices[device].run

        def colorizer(self, name: str) -> SimpleNamespace:
            gpu = SimpleNamespace(device=torch.device(self.device))
            return SimpleNamespace(compute=gpu, run=lambda x: self.run(name, x))

    monkeypatch.setattr(pass_queue, "Studio", FakeStudio)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    network = Passes(FakeStudio("cuda"))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: network("mine", shown(n)).mean().item(), range(8)))
    assert found == [2.0 * n for n in range(8)]
    assert sum(count for device in devices.values() for _, count in device.batches) == 8


@pytest.mark.parametrize(
    ("wish", "count"), [("auto", 3), ("cuda", 3), ("cuda:1", 1), ("mps", 1), ("cpu", 1)]
)
def test_other_gpus_are_taken_where_none_is_named(wish, count, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert len(runners(Studio(wish))) == count
    assert capsys.readouterr().out == ("3 GPUs take turns.\n" if count == 3 else "")
