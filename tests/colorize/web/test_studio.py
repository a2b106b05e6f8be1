import gc
import pickle
import shutil
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorize import zoo
from colorize.config import ModelError
from colorize.hints import Hint
from colorize.lab import rgb_to_lab
from colorize.photo import SCREEN, Photo, PhotoError, shrink
from colorize.settings import Settings
from colorize.web.belief import color_words
from colorize.web.studio import Recent, Studio, download_name

USUAL = Settings("rebalanced", 0.4)


@pytest.fixture
def studio(zoo_of_tiny_models) -> Studio:
    return Studio("cpu")


@pytest.fixture
def portrait(tmp_path) -> str:
    """A colour photo of 300 x 400 pixels."""
    y, x = np.mgrid[0:400, 0:300]
    pixels = np.stack((x * 255 / 299, y * 255 / 399, 128 + 0 * x), -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "portrait.png")
    return str(tmp_path / "portrait.png")


def lightness(pixels: np.ndarray) -> np.ndarray:
    return rgb_to_lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255)[0].numpy()


def test_a_slider_costs_no_network_pass(studio, portrait, monkeypatch):
    passes = []
    forward = type(studio.colorizer("rebalanced").model).forward
    monkeypatch.setattr(
        type(studio.colorizer("rebalanced").model),
        "forward",
        lambda model, x: passes.append(x.shape) or forward(model, x),
    )
    seen = [
        studio.paint_preview(portrait, Settings("rebalanced", t, s))
        for t, s in ((0.1, 1), (0.9, 1), (0.9, 2))
    ]
    assert len(passes) == 1
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])


def test_a_pass_can_be_run_elsewhere(studio, tmp_path):
    """On a GPU that is lent, say: only what is small travels, whatever the photo's size."""
    path = str(tmp_path / "large.png")
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    sent: list[tuple[str, bytes]] = []

    def elsewhere(name, shown):
        sent.append((name, pickle.dumps(shown)))
        return studio.run(name, pickle.loads(sent[-1][1]))

    studio.colorizer("regression")
    far = Studio("cpu", network=elsewhere).paint_preview(path, Settings("regression"))
    assert np.array_equal(far, studio.paint_preview(path, Settings("regression")))
    assert [name for name, _ in sent] == ["regression"] and len(sent[0][1]) < 100_000


def test_nobody_waits_for_a_pass(zoo_of_tiny_models, portrait, tmp_path):
    """No lock is held while a network runs, in which a process that is forked then would hang."""
    other = str(shutil.copy(portrait, tmp_path / "other.png"))
    answered: list[int] = []

    def everything_else() -> int:
        height = studio.preview(portrait, "rebalanced").height
        studio.paint_preview(portrait, USUAL)
        studio.colorizer("regression")
        studio.forget()
        return height

    def network(name, shown):
        if studio.busy:
            studio.busy = False
            answered.append(pool.submit(everything_else).result(timeout=60))
        return studio.run(name, shown)

    studio, pool = Studio("cpu", network=network), ThreadPoolExecutor(1)
    for path, studio.busy in ((portrait, False), (other, True)):
        studio.preview(path, "rebalanced")
    pool.shutdown()
    assert answered == [400]


RED = Hint(0.25, 0.5, "#c02020")


def test_a_hint_costs_no_network_pass_and_the_file_is_as_the_screen(studio, portrait, monkeypatch):
    plain = studio.paint_preview(portrait, USUAL)
    monkeypatch.setattr(studio.colorizer("rebalanced").model, "forward", None)
    wish = replace(USUAL, hints=(RED,))
    painted = studio.paint_preview(portrait, wish)
    assert not np.array_equal(painted, plain)
    assert np.array_equal(studio.colorize(portrait, wish).pixels, painted)  # one size: all of it
    assert studio.paint_preview(portrait, replace(USUAL, hints=[RED])) is painted


def test_a_spot_has_the_colours_that_the_model_held_possible(studio, portrait):
    found = studio.swatches(portrait, USUAL, 0.25, 0.5)
    shares = [one.share for one in found]
    assert 1 < len(found) <= 6 and shares == sorted(shares, reverse=True) and sum(shares) <= 1.001
    assert len({one.words for one in found}) == len(found)
    look = studio.preview(portrait, "rebalanced").look
    lightness = rgb_to_lab(torch.from_numpy(look.photo.pixels[200, 75] / 255).view(3, 1, 1))[0]
    for one in found:
        shown = rgb_to_lab(torch.tensor(Hint(0, 0, one.shown).rgb).view(3, 1, 1) / 255)[0]
        assert abs(shown - lightness) < 4
        painted = studio.paint_preview(
            portrait, replace(USUAL, hints=(Hint(0.25, 0.5, one.color),))
        )
        assert color_words(*lab_of(painted, 0.25, 0.5)).split()[-1] == one.words.split()[-1]
    assert studio.swatches(portrait, Settings("regression"), 0.25, 0.5) == []


def lab_of(pixels: np.ndarray, x: float, y: float) -> list[float]:
    height, width = pixels.shape[:2]
    here = pixels[int(y * height), int(x * width)]
    return rgb_to_lab(torch.from_numpy(here / 255).view(3, 1, 1)).flatten().tolist()


def test_what_a_hint_shows_is_told(studio, portrait):
    wish = replace(USUAL, hints=(RED, Hint(0.5, 0.5)))
    shown, none = studio.shown_colors(portrait, wish)
    assert none is None and shown.startswith("#") and shown != RED.color


def test_other_versions_are_hints_and_small_pictures(studio, portrait):
    versions = studio.alternatives(portrait, USUAL)
    assert 1 <= len(versions) <= 3
    pictures = [studio.paint_preview(portrait, USUAL)]
    for version in versions:
        assert max(version.pixels.shape) == 360
        pictures.append(studio.paint_preview(portrait, replace(USUAL, hints=version.hints)))
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert studio.alternatives(portrait, Settings("regression")) == []


def test_a_reference_lends_regions(studio, portrait, tmp_path):
    path = str(tmp_path / "old.png")
    Image.open(portrait).convert("L").save(path)
    loan = studio.borrow(path, replace(USUAL, reference=portrait))
    assert len(loan.hints) == len(loan.borrowed) > 10
    assert max(loan.taken.shape) == max(loan.reference.shape) == 360
    assert set(np.unique(loan.regions)) <= set(range(len(loan.hints)))
    coloured = np.ptp(loan.taken.astype(int), axis=2) > 3
    lent = np.array([hint.color is not None for hint in loan.hints])[loan.regions]
    assert lent.any() and coloured.any()
    here = np.array(Image.fromarray(lent).resize(coloured.shape[::-1], Image.Resampling.NEAREST))
    assert not (coloured & ~here).any()
    painted = studio.paint_preview(path, replace(USUAL, reference=portrait))
    assert np.array_equal(painted, studio.paint_preview(path, replace(USUAL, hints=loan.hints)))


def test_a_reference_is_forgotten_too(studio, portrait):
    studio.paint_preview(portrait, replace(USUAL, reference=portrait))
    kept = weakref.ref(studio.colorizer("rebalanced").reference(portrait))
    studio.forget()
    gc.collect()
    assert kept() is None


@given(st.lists(st.integers(0, 6)), st.integers(1, 5))
def test_only_the_last_results_are_kept(keys, most):
    kept, worked = Recent[int](most), []
    oracle = lru_cache(most)(lambda key: key * key)
    for key in keys:
        assert kept.get(key, lambda key=key: worked.append(key) or key * key) == oracle(key)
    assert len(worked) == oracle.cache_info().misses
    kept.clear()
    assert kept.get(3, lambda: 10) == 10


def test_photos_are_forgotten(studio, portrait):
    first = studio.paint_preview(portrait, Settings("rebalanced", 0.4))
    assert studio.paint_preview(portrait, Settings("rebalanced", 0.4)) is first
    studio.forget()
    again = studio.paint_preview(portrait, Settings("rebalanced", 0.4))
    assert again is not first and np.array_equal(again, first)


def test_the_screen_is_small_and_the_download_is_not(studio, tmp_path):
    path = str(tmp_path / "wide.png")
    Image.fromarray(np.full((50, SCREEN + 300, 3), 90, np.uint8)).save(path)
    preview = studio.preview(path, "rebalanced")
    assert (preview.width, preview.height) == (SCREEN + 300, 50)
    assert studio.paint_preview(path, Settings("rebalanced", 0.4)).shape[1] == SCREEN
    assert studio.colorize(path, Settings("rebalanced")).pixels.shape == (50, SCREEN + 300, 3)


def test_the_lightness_stays(studio, portrait):
    before = lightness(np.asarray(Image.open(portrait)))
    after = lightness(studio.colorize(portrait, Settings("rebalanced", 0.2, 2.0)).pixels)
    assert np.abs(after - before).max() < 2


@pytest.mark.parametrize("tint, gray", [((1, 1, 1), True), ((1, 0.9, 0.7), True)])
def test_photos_without_colours_of_their_own_are_known(studio, tmp_path, tint, gray):
    ramp = np.arange(256)[None, :, None] * np.array(tint) * np.ones((64, 1, 1))
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "old.png")
    assert studio.preview(str(tmp_path / "old.png"), "rebalanced").gray is gray


def test_photos_with_colours_are_known(studio, portrait):
    assert not studio.preview(portrait, "rebalanced").gray


@pytest.mark.parametrize("name", ["", None, "../rebalanced", "/etc/passwd", "nobody"])
def test_only_names_are_models(studio, portrait, name):
    with pytest.raises(ModelError, match="choose one of rebalanced, "):
        studio.preview(portrait, name)


DAMAGES = {
    "weights cut": lambda w, j: w.write_bytes(w.read_bytes()[:5000]),
    "weights of text": lambda w, j: w.write_bytes(b"damaged"),
    "weights of nothing": lambda w, j: w.write_bytes(b""),
    "weights a folder": lambda w, j: (w.unlink(), w.mkdir()),
    "weights gone": lambda w, j: w.unlink(),
    "description cut": lambda w, j: j.write_text("{"),
    "description gone": lambda w, j: j.unlink(),
    "description of another": lambda w, j: shutil.copy(j.with_name("regression.json"), j),
    "pair of another": lambda w, j: [shutil.copy(x.with_stem("regression"), x) for x in (w, j)],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["rebalanced", "classification"])  # the default, and another
def test_a_broken_model_leaves_the_others(
    zoo_of_tiny_models, portrait, tmp_path, monkeypatch, capsys, damage, name
):
    broken = tmp_path / "weights"
    shutil.copytree(zoo.WEIGHTS, broken)
    damage(broken / f"{name}.safetensors", broken / f"{name}.json")
    monkeypatch.setattr(zoo, "WEIGHTS", broken)
    studio = Studio("cpu")
    others = sorted({"rebalanced", "classification", "regression"} - {name})
    assert sorted(studio.models) == others
    assert studio.default in others
    assert studio.preview(portrait, studio.default).height == 400
    with pytest.raises(ModelError, match=name):
        studio.preview(portrait, name)
    if (broken / f"{name}.safetensors").exists():
        assert f"The model {name} is left out." in capsys.readouterr().out


def test_weights_that_break_later_leave_the_others(
    zoo_of_tiny_models, portrait, tmp_path, monkeypatch
):
    weights = tmp_path / "weights"
    shutil.copytree(zoo.WEIGHTS, weights)
    monkeypatch.setattr(zoo, "WEIGHTS", weights)
    studio = Studio("cpu")
    assert studio.default == "rebalanced"
    whole = (weights / "rebalanced.safetensors").read_bytes()
    (weights / "rebalanced.safetensors").write_bytes(whole[:-9])
    with pytest.raises(ModelError, match="cannot be read"):
        studio.preview(portrait, "rebalanced")
    assert studio.preview(portrait, "regression").height == 400
    (weights / "rebalanced.safetensors").write_bytes(whole)
    assert studio.preview(portrait, "rebalanced").height == 400  # without a restart


def test_no_models_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="train one"):
        _ = Studio("cpu").default


def test_a_file_that_is_no_photo_is_a_sentence(studio, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(PhotoError, match=r"note\.txt"):
        studio.preview(str(tmp_path / "note.txt"), "rebalanced")


@pytest.mark.parametrize("size", [(30, 20), (40, 40), (401, 7), (7, 401)])
def test_shrinking_keeps_the_shape(size):
    width, height = size
    small = shrink(Photo(np.zeros((height, width, 3), np.uint8)), 40)
    scale = min(1, 40 / max(size))
    assert abs(small.width - width * scale) <= 1
    assert abs(small.height - height * scale) <= 1
    assert max(small.width, small.height) <= 40


@pytest.mark.parametrize(
    "name, wish, made, kind",
    [
        ("old.jpg", None, "old-colorized.jpg", "JPEG"),
        ("old.png", "", "old-colorized.png", "PNG"),
        ("old.tif", None, "old-colorized.png", "PNG"),
        ("old.jpg", "PNG", "old-colorized.png", "PNG"),
        ("a.b.png", "JPEG", "a.b-colorized.jpg", "JPEG"),
    ],
)
def test_the_file_is_what_was_asked_for(studio, tmp_path, name, wish, made, kind):
    Image.fromarray(np.full((48, 64), 120, np.uint8)).save(tmp_path / name)
    done = studio.save(str(tmp_path / name), USUAL, wish, tmp_path / "out")
    with Image.open(done) as image:
        assert (done.name, image.format, image.size) == (made, kind, (64, 48))


def test_a_full_disk_leaves_no_half_file(studio, tmp_path, small_disk):
    wide = tmp_path / "wide.png"
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), dtype=np.uint8)
    Image.fromarray(noise).save(wide)
    out = small_disk.path / "out"
    small_disk.fill(leave=300)
    with pytest.raises(PhotoError, match="cannot be written: No space left"):
        studio.save(str(wide), USUAL, "PNG", out)
    assert list(out.iterdir()) == []
    small_disk.free()
    assert studio.save(str(wide), USUAL, "PNG", out).is_file()


def test_names_keep_their_stem():
    assert download_name("/tmp/x/Großmutter 1931.jpeg", "JPEG") == "Großmutter 1931-colorized.jpg"


def test_names_of_results_hide_nothing():
    assert download_name("/tmp/x/\u202egpj.exe\x07.png", "PNG") == "gpj.exe-colorized.png"
    assert download_name("/tmp/x/\u200b.png", "PNG") == "png-colorized.png"
