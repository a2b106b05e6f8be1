from colorize.photo import open_photo
from colorize.samples import samples


def test_the_samples_are_inside_the_installed_packages():
    assert len(samples()) >= 6
    assert len({sample.words for sample in samples()}) == len(samples())
    for sample in samples():
        photo = open_photo(sample.path)
        assert min(photo.width, photo.height) >= 256
