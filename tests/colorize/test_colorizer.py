import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color

from colorize.colorizer import LONGEST, Colorizer, prefetch
from colorize.config import ModelError
from colorize.device import DeviceMemoryError
from colorize.photo import Photo, PhotoError
from tests.helpers.models import KINDS
from tests.helpers.photos import pixels_of, speckled


def lightness(pixels: np.ndarray) -> np.ndarray:
    return color.rgb2lab(pixels)[..., 0]


def chroma(pixels: np.ndarray) -> np.ndarray:
    return np.hypot(*color.rgb2lab(pixels)[..., 1:].transpose(2, 0, 1))


class TestLightness:
    """The promise: at full size, whatever the model, only the colour changes."""

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("gray", [False, True])
    def test_stays_for_every_kind_of_model(self, make_model, kind, gray):
        photo = Photo(speckled(150, 210, gray=gray))
        colored = Colorizer(make_model(kind), device="cpu")(photo)
        off = np.abs(lightness(colored.pixels) - lightness(photo.pixels))
        assert off.max() < 0.5 and off.mean() < 0.1
        assert chroma(colored.pixels).mean() > 1  # it did paint

    @pytest.mark.parametrize("temperature", [0.0, 0.38, 1.0])
    @pytest.mark.parametrize("saturation", [0.0, 1.0, 4.0])
    def test_stays_at_every_setting(self, colorizer, temperature, saturation):
        photo = Photo(speckled(80, 120))
        painted = colorizer(photo, temperature=temperature, saturation=saturation).pixels
        assert np.abs(lightness(painted) - lightness(photo.pixels)).max() < 0.5

    def test_a_gray_ramp_stays_monotone(self, colorizer):
        ramp = np.arange(256, dtype=np.uint8)[None, :, None]
        painted = colorizer(Photo(ramp.repeat(96, axis=0).repeat(3, axis=2))).pixels
        assert (np.diff(lightness(painted).mean(axis=0)) > 0).all()

    def test_no_saturation_is_gray(self, colorizer):
        assert chroma(colorizer(Photo(speckled(40, 40)), saturation=0).pixels).max() < 1


class TestWorkingSize:
    @pytest.mark.parametrize(
        ("height", "width", "expected"),
        [
            (3000, 4000, (192, 256)),
            (4000, 3000, (256, 192)),
            (192, 192, (192, 192)),
            (60, 80, (192, 256)),  # enlarged: the network knows things at this size
            (400, 4000, (192, 1920)),  # a panorama of 1:10
            (300, 6000, (96, 2048)),
            (1, 20_000, (32, 2048)),
            (20_000, 1, (2048, 32)),
            (1, 1, (192, 192)),
        ],
    )
    def test_keeps_the_aspect_within_limits(self, make_model, height, width, expected):
        colorizer = Colorizer(make_model(short_side=192), device="cpu")
        assert colorizer.working_size(height, width) == expected

    @pytest.mark.parametrize("short_side", [32, 100, 256])
    def test_always_multiples_of_thirty_two(self, make_model, short_side):
        colorizer = Colorizer(make_model(), device="cpu", short_side=short_side)
        random = np.random.default_rng(0)
        for height, width in random.integers(1, 9000, (200, 2)).tolist():
            size = colorizer.working_size(height, width)
            assert all(side % 32 == 0 and 32 <= side <= LONGEST for side in size)
            if 0.2 < height / width < 5:
                assert abs(min(size) - short_side) <= 16

    def test_square_networks_see_squares(self, make_model):
        assert Colorizer(make_model("palette-net"), "cpu").working_size(300, 500) == (12, 12)

    @pytest.mark.parametrize("shape", [(1, 300), (300, 1), (1, 1), (20, 400), (2000, 3)])
    def test_odd_photos_are_painted(self, colorizer, shape):
        photo = Photo(speckled(*shape))
        assert colorizer(photo).pixels.shape == photo.pixels.shape


class TestColored:
    def test_comes_from_pixels_bytes_and_files(self, colorizer, tmp_path):
        path = tmp_path / "old.png"
        Image.fromarray(speckled(40, 50)).save(path)
        by_path, by_bytes = colorizer(path), colorizer(path.read_bytes())
        by_text, by_photo = colorizer(str(path)), colorizer(Photo(speckled(40, 50)))
        for other in (by_bytes, by_text, by_photo):
            assert np.array_equal(by_path.pixels, other.pixels)
        assert set(by_path.seconds) == {"read", "network", "colour"}
        assert by_path.ab.shape == (2, 8, 8)  # a quarter of 32 x 32, for 32 x 40 rounds to that

    def test_keeps_name_format_and_resolution(self, colorizer):
        photo = replace(Photo(speckled(20, 20)), name="a.tif", format="TIFF", dpi=(300.0, 300.0))
        colored = colorizer(photo).photo
        assert (colored.name, colored.format, colored.dpi) == ("a.tif", "TIFF", (300.0, 300.0))

    def test_is_saved_but_never_over_its_source(self, colorizer, tmp_path):
        path = tmp_path / "old.png"
        Image.fromarray(speckled(40, 50)).save(path)
        colored = colorizer(path)
        assert np.array_equal(pixels_of(colored.save(tmp_path / "new.png")), colored.pixels)
        with pytest.raises(PhotoError, match="choose another name"):
            colored.save(path)

    def test_the_photo_itself_is_not_painted_over(self, colorizer):
        photo = Photo(speckled(40, 50))
        colorizer(photo)
        assert np.array_equal(photo.pixels, speckled(40, 50))

    def test_the_same_twice(self, colorizer):
        photo = Photo(speckled(40, 50))
        assert np.array_equal(colorizer(photo).pixels, colorizer(photo).pixels)


class TestMany:
    def photos(self, count: int):
        for seed in range(count):
            yield Photo(speckled(30 + 10 * (seed % 3), 50, seed), name=f"{seed}.png")

    @pytest.mark.parametrize("batch", [1, 3, 50])
    def test_come_back_in_order_and_as_one_by_one(self, colorizer, batch):
        done = list(colorizer.map(self.photos(7), batch=batch))
        assert [colored.photo.name for colored in done] == [f"{n}.png" for n in range(7)]
        for colored, photo in zip(done, self.photos(7), strict=True):
            alone = colorizer(photo).pixels.astype(int)
            assert np.abs(colored.pixels - alone).max() <= 12  # bfloat16 rounds a batch otherwise
            assert np.abs(colored.pixels - alone).mean() < 0.5

    def test_settings_reach_every_photo(self, colorizer):
        for colored in colorizer.map(self.photos(3), saturation=0):
            assert chroma(colored.pixels).max() < 1

    def test_memory_does_not_grow_with_the_number(self, colorizer):
        alive: list[weakref.ref] = []

        def counted():
            for photo in self.photos(40):
                alive.append(weakref.ref(photo))
                yield photo

        most = 0
        for number, _ in enumerate(colorizer.map(counted(), batch=2)):
            if number % 8 == 7:
                gc.collect()
                most = max(most, sum(ref() is not None for ref in alive))
        assert len(alive) == 40 and most <= 8

    def test_none_is_none(self, colorizer):
        assert list(colorizer.map([])) == []

    def test_a_broken_file_is_told_at_its_place(self, colorizer, tmp_path):
        (tmp_path / "broken.png").write_bytes(b"no photo")
        done = colorizer.map([*self.photos(2), tmp_path / "broken.png"], batch=1)
        next(done), next(done)
        with pytest.raises(PhotoError, match="broken.png"):
            next(done)

    def test_equal_sizes_go_through_the_network_together(self, colorizer, monkeypatch):
        batches, forward = [], colorizer.model.forward
        monkeypatch.setattr(
            colorizer.model, "forward", lambda x: batches.append(len(x)) or forward(x)
        )
        colorizer.look_all(list(self.photos(6)))
        assert sorted(batches) == [2, 4]  # seen at 32 x 48, and at 32 x 32

    def test_out_of_memory_falls_back_to_halves(self, colorizer, monkeypatch):
        photos, batches = [Photo(speckled(40, 40, seed)) for seed in range(5)], []
        expected = [look.render().pixels for look in map(colorizer.look, photos)]
        forward = colorizer.model.forward

        def small_gpu(x: torch.Tensor) -> torch.Tensor:
            batches.append(len(x))
            if len(x) > 1:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return forward(x)

        monkeypatch.setattr(colorizer.model, "forward", small_gpu)
        looks = colorizer.look_all(photos)
        assert batches == [5, 2, 1, 1, 3, 1, 2, 1, 1]
        for look, pixels in zip(looks, expected, strict=True):
            assert np.array_equal(look.render().pixels, pixels)

    def test_memory_for_not_even_one_is_a_sentence(self, colorizer, monkeypatch):
        def no_gpu(_: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory.")

        monkeypatch.setattr(colorizer.model, "forward", no_gpu)
        with pytest.raises(
            DeviceMemoryError, match="memory of cpu does not suffice .*another device"
        ):
            colorizer(Photo(speckled(20, 20)))

    def test_weights_that_a_disk_spoiled_are_a_sentence(self, colorizer):
        state = colorizer.model.network.state_dict()
        next(iter(state.values()))[0] = float("inf")  # as a bit of an exponent makes it
        with pytest.raises(ModelError, match="weights are damaged"):
            colorizer(Photo(speckled(20, 20)))

    def test_memory_for_not_even_the_model_is_a_sentence(self, make_model, monkeypatch):
        def no_gpu(*_, **__):
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB.")

        model = make_model()
        monkeypatch.setattr(model, "to", no_gpu)
        with pytest.raises(DeviceMemoryError, match=r"suffice \(CUDA out of memory\.\)\. End what"):
            Colorizer(model, "cpu")


class TestPrefetch:
    def test_keeps_the_order_and_its_distance(self):
        asked: list[int] = []

        def items():
            for number in range(20):
                asked.append(number)
                yield number

        for number, square in enumerate(prefetch(lambda n: n * n, items(), count=3)):
            assert square == number**2 and len(asked) <= number + 4

    def test_an_error_comes_in_its_turn(self):
        done = prefetch(lambda n: 1 / n, [2, 1, 0, 5])
        assert [next(done), next(done)] == [0.5, 1]
        with pytest.raises(ZeroDivisionError):
            next(done)


def test_says_what_it_is(colorizer):
    assert colorizer.name == "hull" and "CPU" in colorizer.why


def test_is_on_the_package_without_torch_at_import():
    import colorize

    assert colorize.Colorizer is Colorizer
    with pytest.raises(AttributeError, match="no attribute 'Decolorizer'"):
        _ = colorize.Decolorizer
