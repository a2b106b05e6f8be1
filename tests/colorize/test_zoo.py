import hashlib
from dataclasses import replace
from urllib.error import URLError

import pytest
import torch

from colorize import zoo
from colorize.config import ModelError
from tests.helpers.published_models import PUBLISHED


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Torch's hub folder, empty, and no network behind it."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def offline(address, *_, **__):
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def shelf(tmp_path, monkeypatch, make_model):
    """A folder of shipped models: alpha, and the default."""
    folder = tmp_path / "weights"
    monkeypatch.setattr(zoo, "WEIGHTS", folder)
    for name in ("alpha", zoo.DEFAULT):
        make_model(name=name, sentence=f"This is {name}.").save(folder / name)
    return folder


def published(name: str, hub, monkeypatch) -> dict[str, torch.Tensor]:
    """Puts a made-up file of the published keys and shapes where it would have been fetched to."""
    random = torch.Generator().manual_seed(0)
    state = {
        key: torch.tensor(0) if shape == () else torch.randn(shape, generator=random) * 0.01
        for key, shape in PUBLISHED[name][1].items()
    }
    hub.mkdir(parents=True, exist_ok=True)
    part = hub / "part"
    torch.save(state, part)
    digits = hashlib.sha256(part.read_bytes()).hexdigest()[:8]
    peer = replace(zoo.PEERS[name], file=f"made-up-{digits}.pth")
    part.replace(hub / peer.file)
    monkeypatch.setitem(zoo.PEERS, name, peer)
    return state


class TestPeers:
    @pytest.mark.parametrize("name", zoo.PEERS)
    def test_the_published_file_loads_whole(self, hub, monkeypatch, name):
        assert zoo.fetched() == []
        state = published(name, hub, monkeypatch)
        assert zoo.fetched() == [name]
        model = zoo.load(name)
        ours = model.network.state_dict()
        assert state.keys() - ours.keys() == ({"model_out.weight"} if name == "eccv16" else set())
        assert all(torch.equal(value, state[key]) for key, value in ours.items())
        assert not model.training

    def test_a_file_that_lacks_a_weight_is_not_taken(self, hub, monkeypatch):
        monkeypatch.setattr(
            torch, "load", lambda *_, **__: {"model1.0.weight": torch.zeros(64, 1, 3, 3)}
        )
        published("eccv16", hub, monkeypatch)
        with pytest.raises(ModelError, match="not the published"):
            zoo.load("eccv16")

    def test_eccv16_decodes_by_the_bins_that_its_last_layer_holds(self):
        """model_out is the 313 centres over 110, and the mean of the distribution: T = 1."""
        config = zoo.PEERS["eccv16"].config
        assert (config.bins.kind, config.temperature, config.input.square) == ("hull", 1.0, 256)

    @pytest.mark.parametrize("name", zoo.PEERS)
    def test_offline_it_says_so_in_one_sentence(self, hub, name):
        with pytest.raises(ModelError, match="could not be fetched.*Connect to the internet") as e:
            zoo.load(name)
        assert zoo.PEERS[name].file in str(e.value) and "\n" not in str(e.value)

    def test_another_file_is_refused_before_it_is_opened(self, hub, monkeypatch):
        hub.mkdir(parents=True)
        (hub / zoo.PEERS["eccv16"].file).write_bytes(b"not those weights")
        monkeypatch.setattr(torch, "load", None)
        with pytest.raises(ModelError, match=r"SHA-256 .*published file 9b330a0b.*Delete it"):
            zoo.load("eccv16")

    def test_is_fetched_from_its_published_address_with_its_hash(self, hub, monkeypatch):
        asked = []
        monkeypatch.setattr(
            torch.hub, "download_url_to_file", lambda *words: asked.append(words) or 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            zoo.load("siggraph17")
        address, path, digits = asked[0]
        assert address == ("https://colorizers.s3.us-east-2.amazonaws.com/siggraph17-df00044c.pth")
        assert path == str(hub / "siggraph17-df00044c.pth") and digits == "df00044c"

    def test_nothing_is_fetched_for_a_list(self, hub, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", None)
        for name in zoo.PEERS:
            assert zoo.describe(name).source == "peer"


class TestShipped:
    def test_the_default_comes_first(self, shelf):
        assert zoo.shipped() == [zoo.DEFAULT, "alpha"]

    def test_loads_by_name_and_by_path(self, shelf, tmp_path):
        by_name = zoo.load("alpha")
        by_path = zoo.load(shelf / "alpha.safetensors")
        assert by_name.config == by_path.config
        assert zoo.load(str(shelf / "alpha")).config.name == "alpha"

    @pytest.mark.parametrize("name", ["beta", "", ".", "/nowhere/at.all", "../alpha", "\0"])
    def test_unknown_names_are_told_the_known_ones(self, shelf, name):
        with pytest.raises(ModelError, match="Known are rebalanced, alpha, eccv16, siggraph17"):
            zoo.load(name)

    def test_no_folder_no_models(self, tmp_path, monkeypatch):
        monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "none")
        assert zoo.shipped() == []


class TestDescribe:
    def test_a_shipped_one(self, shelf):
        entry, model = zoo.describe("alpha"), zoo.load("alpha")
        assert entry.source == "shipped" and entry.sentence == "This is alpha."
        assert entry.parameters == model.parameters_count
        weights = (shelf / "alpha.safetensors").stat().st_size
        assert entry.megabytes == pytest.approx(weights / 1e6)
        assert 0 < entry.gflop < 1

    def test_a_file(self, make_model, tmp_path):
        path = make_model("palette").save(tmp_path / "mine")
        assert zoo.describe(path).source == "file"

    def test_costs_count_multiplications_and_additions(self):
        conv = torch.nn.Conv2d(1, 8, 3, padding=1, bias=False, device="meta")
        assert zoo.gflop(conv, 100) == pytest.approx(2 * 9 * 8 * 100**2 / 1e9)
