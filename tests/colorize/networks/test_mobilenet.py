"""The U-Net over MobileNetV2: shapes, sizes, an oracle of its padding, and a quiet beginning."""

import pytest
import torch

from colorize.networks.mobilenet import STAGES, TAPS, Attention, MobileNet, MobileUNet, pad_late


@pytest.fixture(scope="module")
def network() -> MobileUNet:
    torch.manual_seed(0)
    return MobileUNet(313).eval()


def test_it_has_less_than_ten_million_weights(network: MobileUNet) -> None:
    assert sum(p.numel() for p in network.parameters()) == 8_276_777


@pytest.mark.parametrize(("height", "width"), [(64, 96), (37, 50), (33, 128)])
def test_the_answer_is_a_quarter_of_the_photo(network: MobileUNet, height: int, width: int) -> None:
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, height, width)).shape == (2, 313, height // 4, width // 4)


def test_features_come_at_every_second_size(network: MobileUNet) -> None:
    with torch.inference_mode():
        taps = network.mobile(torch.zeros(1, 1, 64, 96))
    sizes = [(c, 64 // s, 96 // s) for c, s in zip(TAPS.values(), (4, 8, 16, 32), strict=True)]
    assert [tuple(tap.shape[1:]) for tap in taps] == sizes


def test_the_stages_are_the_papers() -> None:
    """As many weights as the published network, less its last layers, two colours and the norms."""
    mobile = MobileNet()
    assert len(mobile.blocks) == sum(repeats for _, _, repeats, _ in STAGES) == 17
    ours = sum(p.numel() for p in mobile.parameters())
    norms = sum(m.out_channels for m in mobile.modules() if isinstance(m, torch.nn.Conv2d))
    colours, last, classifier = 2 * 32 * 9, 320 * 1280 + 2 * 1280, 1280 * 1000 + 1000
    assert ours + norms + colours + last + classifier == 3_504_872


def test_a_stride_sees_the_row_behind_and_not_the_one_before() -> None:
    """The first place of a strided 3x3 window begins at the first pixel: TensorFlow's `same`."""
    ramp = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(pad_late(ramp)[0, 0, :4, :4], ramp[0, 0])
    assert pad_late(ramp).shape == (1, 1, 5, 5)
    assert float(pad_late(ramp)[0, 0, 4].abs().max()) == 0


def test_attention_begins_as_the_identity_and_then_looks_everywhere() -> None:
    torch.manual_seed(0)
    attention = Attention(32, heads=4)
    x = torch.randn(1, 32, 3, 5)
    assert torch.equal(attention(x), x)
    torch.nn.init.normal_(attention.output.weight)
    far = x.clone()
    far[0, 0, 2, 4] += 10
    assert (attention(far) - attention(x))[0, :, 0, 0].abs().max() > 1e-4


def test_attention_does_not_care_for_the_order_of_places() -> None:
    torch.manual_seed(0)
    attention = Attention(32, heads=4)
    torch.nn.init.normal_(attention.output.weight)
    x, order = torch.randn(1, 32, 1, 12), torch.randperm(12)
    assert torch.allclose(attention(x)[..., order], attention(x[..., order]), atol=1e-5)
