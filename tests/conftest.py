from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.disk import Disk, NoMount

UNTIMED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("untimed", deadline=None, suppress_health_check=UNTIMED)
settings.load_profile("untimed")  # a busy machine is no fault of ours

TINY = {  # what a test of the pages needs to choose from; weights are random
    "rebalanced": {},
    "regression": {"bins": None},
    "classification": {"temperature": 0.5},
}


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory) -> Path:
    """A folder like colorize/weights with three tiny models of strong, random colours."""
    import torch

    from colorize.config import ModelConfig, from_flat
    from colorize.model import Model

    folder = tmp_path_factory.mktemp("weights")
    for seed, (name, changes) in enumerate(TINY.items()):
        torch.manual_seed(seed)
        options = {"widths": [16, 32], "depths": [1, 1]}
        described = {"name": name, "network_options": options, "short_side": 64, **changes}
        model = Model(from_flat(ModelConfig, described))
        last = [m for m in model.network.modules() if hasattr(m, "weight") and m.weight.ndim > 1]
        with torch.no_grad():
            last[-1].weight.mul_(30)
        model.save(folder / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="module")
def address(tiny_weights, tmp_path_factory) -> Iterator[str]:
    """The app with tiny models, served in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        import app
        from colorize import zoo
        from colorize.web.studio import Studio

        patch.setattr(zoo, "WEIGHTS", tiny_weights)
        demo = app.build(Studio("cpu"), data=tmp_path_factory.mktemp("votes"))
        _, url, _ = app.launch(demo, prevent_thread_lock=True, quiet=True)
        yield url.rstrip("/")
        demo.close(verbose=False)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Disk]:
    """Eight mebibytes of a disk of its own; skipped where it cannot be mounted."""
    try:
        disk = Disk(tmp_path / "disk", size=8 << 20)
    except NoMount as error:
        pytest.skip(str(error))
    with disk:
        yield disk


@pytest.fixture
def zoo_of_tiny_models(tiny_weights: Path, monkeypatch) -> Iterator[Path]:
    """The tiny models in place of the shipped ones."""
    from colorize import zoo

    monkeypatch.setattr(zoo, "WEIGHTS", tiny_weights)
    yield tiny_weights
