import signal

import pytest

from train.processes import Processes, interruption, join_processes


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_one_process_agrees_with_itself(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_processes() as team:
        assert team.first
        assert team.count == 1
        assert team.broadcast(1.5, True) == [1.5, True]


def test_a_single_module_is_not_wrapped():
    module = object()
    assert Processes().share(module) is module


def test_control_c_is_noted_and_not_raised():
    with interruption() as interrupted:
        assert not interrupted()
        press()
        press()  # torchrun passes the same press on
        assert interrupted()


def test_a_later_press_ends_at_once(monkeypatch):
    monkeypatch.setattr("train.processes.REPEAT", 0)
    with pytest.raises(KeyboardInterrupt), interruption():
        press()
        press()


def test_afterwards_control_c_means_what_it_did():
    before = signal.getsignal(signal.SIGINT)
    with interruption():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
