"""Sample photos: good ones that come inside the installed packages, so that nothing is fetched.

    python -c "from colorize.samples import samples; print(*samples(), sep='\\n')"

scikit-image's are public domain or CC0 (see its data/README.txt); Gradio's come under its Apache
licence.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

FOLDERS = {"skimage": "data", "gradio": "media_assets/images"}


@dataclass(frozen=True)
class Sample:
    """A photo in an installed package."""

    words: str  # what is to be seen
    package: str
    file: str

    @property
    def path(self) -> Path:
        found = find_spec(self.package)  # finds the package, does not import it
        assert found and found.origin, f"{self.package} is among the requirements"
        return Path(found.origin).parent / FOLDERS[self.package] / self.file


ALL = (
    Sample("A man behind a camera on a tripod", "skimage", "camera.png"),
    Sample("A tabby cat's face", "skimage", "chelsea.png"),
    Sample("The Eiffel Tower", "gradio", "tower.jpg"),
    Sample("A cup of coffee on a wooden table", "skimage", "coffee.png"),
    Sample("A rocket on its launch pad", "skimage", "rocket.jpg"),
    Sample("An astronaut in front of a flag", "skimage", "astronaut.png"),
    Sample("A lion", "gradio", "lion.jpg"),
    Sample("A cheetah in the grass", "gradio", "cheetah.jpg"),
)


def samples() -> list[Sample]:
    """Those that are there: another version of a package may have let one go."""
    return [sample for sample in ALL if sample.path.is_file()]
