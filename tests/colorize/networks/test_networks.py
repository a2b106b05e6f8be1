import pytest
import torch

from colorize.networks import Autoencoder, PaletteNet, UNet, UNetPair
from colorize.zoo import gflop

SMALL = {"widths": (16, 32), "depths": (1, 1)}


def count(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


class TestUNet:
    def test_size_and_cost_of_the_workhorse(self):
        with torch.device("meta"):
            network = UNet(313)
        assert count(network) <= 10_000_000
        assert gflop(network, 256) <= 10

    @pytest.mark.parametrize("height", [16, 48, 112])
    @pytest.mark.parametrize("width", [16, 32, 80])
    def test_any_multiple_of_sixteen_gives_logits_at_a_quarter(self, height, width):
        with torch.device("meta"):
            logits = UNet(313)(torch.empty(2, 1, height, width))
        assert logits.shape == (2, 313, height // 4, width // 4)

    def test_what_is_padded_does_not_move_the_answer(self):
        """The answer at a size that needs padding is that of the picture padded by hand."""
        torch.manual_seed(0)
        network, x = UNet(3, **SMALL).eval(), torch.randn(1, 1, 20, 28)
        by_hand = torch.nn.functional.pad(x, (0, 4, 0, 4), mode="replicate")
        with torch.no_grad():
            assert torch.allclose(network(x), network(by_hand)[:, :, :5, :7], atol=1e-5)

    def test_sees_patches_of_any_size(self):
        network = UNet(5, patch=1, **SMALL)
        assert network(torch.zeros(1, 1, 32, 32)).shape == (1, 5, 32, 32)

    def test_every_weight_learns(self):
        torch.manual_seed(0)
        network = UNet(4, widths=(16, 32, 48), depths=(1, 2, 1))
        network(torch.randn(2, 1, 64, 64)).square().sum().backward()
        silent = [name for name, p in network.named_parameters() if not p.grad.any()]
        assert silent == []

    def test_channels_last_is_kept_throughout(self):
        network = UNet(8, **SMALL).to(memory_format=torch.channels_last)
        x = torch.randn(1, 1, 32, 32).to(memory_format=torch.channels_last)
        assert network(x).is_contiguous(memory_format=torch.channels_last)

    def test_bfloat16_says_nearly_the_same(self):
        torch.manual_seed(0)
        network, x = UNet(8, **SMALL).eval(), torch.randn(1, 1, 64, 64)
        with torch.no_grad():
            exact = network(x)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                rough = network(x).float()
        assert (rough - exact).norm() / exact.norm() < 0.05


class TestUNetPair:
    def test_shares_nothing_between_a_and_b(self):
        network = UNetPair(20, **SMALL)
        out = network(torch.randn(1, 1, 32, 32))
        assert out.shape == (1, 20, 8, 8)
        out[:, :10].sum().backward()
        assert not any(p.grad.any() for p in network.b.parameters())
        assert all(p.grad.any() for p in network.a.parameters())

    def test_an_odd_number_of_outputs_is_refused(self):
        with pytest.raises(ValueError, match="21 outputs"):
            UNetPair(21)


class TestAutoencoder:
    def test_has_exactly_the_papers_parameters(self):
        with torch.device("meta"):
            assert count(Autoencoder()) == 6_219_410

    @pytest.mark.parametrize("size", [(32, 32), (16, 48), (20, 27)])
    def test_answers_at_full_size_within_tanh(self, size):
        torch.manual_seed(0)
        out = Autoencoder()(torch.randn(1, 1, *size) * 100)
        assert out.shape == (1, 2, *size) and out.abs().max() <= 1

    def test_strides_two_at_the_first_third_and_fifth(self):
        convs = [m for m in Autoencoder().encoder if isinstance(m, torch.nn.Conv2d)]
        strided = [number for number, conv in enumerate(convs, 1) if conv.stride == (2, 2)]
        assert strided == [1, 3, 5]


class TestPaletteNet:
    @pytest.mark.parametrize(("side", "weights"), [(32, 67_142_976), (16, 4_203_072)])
    def test_sizes(self, side, weights):
        """side^4 (32 + 32) in the dense layers, their biases, and 320 in the convolution."""
        with torch.device("meta"):
            network = PaletteNet(32, side=side)
        pixels = side**2
        assert count(network) == weights == pixels**2 * 64 + pixels * 33 + 320

    def test_the_size_is_told_before_anything_is_allocated(self):
        with pytest.raises(ValueError, match=r"1,073,741,824 weights.*smaller side"):
            PaletteNet(32, side=64)

    def test_answers_each_pixel(self):
        network = PaletteNet(5, side=8).eval()
        assert network(torch.rand(3, 1, 8, 8)).shape == (3, 5, 8, 8)

    def test_another_size_is_refused(self):
        with pytest.raises(ValueError, match="8x16 pixels"):
            PaletteNet(5, side=8)(torch.rand(1, 1, 8, 16))
