"""Names that cannot do harm, and writes that are whole or not at all."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize.files import MAX_NAME_BYTES, bare_name, same_file, sweep, write_whole


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\old.jpg", "old.jpg"),
        ("..", ""),
        ("folder/", ""),
        ("", ""),
        ("a\nb\tc\0d.jpg", "abcd.jpg"),
        ("gpj.\u202etxt.exe", "gpj.txt.exe"),  # the sign that turns the rest around
        ("  two   words .jpg ", "two words .jpg"),
        (".hidden", "hidden"),
        ('a<b>:"c"|?*.png', "a_b___c____.png"),
        ("Großmutter 祖母 👵.jpg", "Großmutter 祖母 👵.jpg"),
        ("broken \udcff byte.jpg", "broken byte.jpg"),
    ],
)
def test_bare_names(name, bare):
    assert bare_name(name) == bare


def test_long_names_keep_their_suffix():
    assert bare_name("x" * 300 + ".jpeg") == "x" * (MAX_NAME_BYTES - 5) + ".jpeg"
    assert bare_name("é" * 300) == "é" * (MAX_NAME_BYTES // 2)
    assert bare_name("x." + "y" * 300) == ("x." + "y" * 300)[:MAX_NAME_BYTES]


@given(st.text(max_size=400))
def test_any_name_becomes_harmless_and_stays_so(name):
    bare = bare_name(name)
    assert bare_name(bare) == bare
    assert len(bare.encode()) <= MAX_NAME_BYTES
    assert not set(bare) & set("/\\\n\r\0\u202e\u200f") and bare not in (".", "..")


def test_same_file_sees_through_links_and_dots(tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(b"a")
    (tmp_path / "link.jpg").symlink_to(file)
    os.link(file, tmp_path / "hard.jpg")
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "link.jpg", "hard.jpg", "sub/../a.jpg"):
        assert same_file(tmp_path / name, file)
    (tmp_path / "b.jpg").write_bytes(b"a")
    assert not same_file(tmp_path / "b.jpg", file)
    assert not same_file(tmp_path / "missing.jpg", file)
    assert same_file(tmp_path / "sub/../missing.jpg", tmp_path / "missing.jpg")


def test_a_whole_file_in_new_folders_and_over_an_old_one(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    for data in (b"first", b"second"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert [file.name for file in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, broken):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(broken, full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing(tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError):
            write_whole(tmp_path / "file", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_files_are_as_readable_as_others(tmp_path):
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_halves_that_a_killed_process_left_are_swept_and_nothing_else(tmp_path):
    old, young = tmp_path / ".0123456789abcdef.part", tmp_path / ".fedcba9876543210.part"
    others = [tmp_path / ".part", tmp_path / "a.part", tmp_path / ".hidden"]
    for path in (old, young, *others):
        path.write_bytes(b"half")
        if path != young:
            os.utime(path, (1e9, 1e9))
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([young, *others])
    sweep(tmp_path / "nowhere")
