import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorize.bins import HULL_ROWS, Centres, Channels, Grid, Hull, Palette
from colorize.lab import rgb_to_lab

PER_A = (5, 8, 10, 12, 14, 15, 16, 16, 17, 18, 18, 18, 19, 20, 19, 20, 20, 19, 19, 10)


def colours(count: int, seed: int, reach: float = 110) -> torch.Tensor:
    """(1, 2, count, 1): random ab."""
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(1, 2, count, 1, generator=random) - 0.5) * 2 * reach


@pytest.fixture(scope="module")
def hull() -> Hull:
    return Hull()


class TestHull:
    def test_is_the_published_table(self, hull):
        a, counts = hull.centres[:, 0].unique(return_counts=True)
        assert hull.size == len(hull.centres) == 313
        assert tuple(counts.tolist()) == PER_A
        assert a.tolist() == list(range(-90, 101, 10)) == list(HULL_ROWS)
        assert hull.centres[0].tolist() == [-90, 50] and hull.centres[-1].tolist() == [100, 0]

    def test_order_is_a_then_b(self, hull):
        assert hull.centres.tolist() == sorted(hull.centres.tolist())

    def test_centres_are_their_own_bins(self, hull):
        assert hull.encode(hull.centres.T[None, :, :, None]).flatten().tolist() == list(range(313))

    def test_gaussian_shares_of_the_five_nearest(self, hull):
        ab = colours(500, seed=1)
        soft = hull.encode_soft(ab)
        distances = torch.cdist(ab[0, :, :, 0].T.double(), hull.centres.double())
        squared, indices = distances.square().topk(5, largest=False)
        expected = torch.exp(-squared / 50)
        expected /= expected.sum(1, keepdim=True)
        assert soft.indices.shape == soft.shares.shape == (1, 5, 500, 1)
        assert torch.allclose(soft.shares[0, :, :, 0].T.double(), expected, atol=1e-4)

    def test_soft_code_keeps_the_colour(self, hull):
        random = torch.Generator().manual_seed(0)
        rgb = torch.rand(3, 40, 40, generator=random) * 0.5 + 0.25  # well inside the hull
        ab = rgb_to_lab(rgb)[None, 1:]
        soft = hull.encode_soft(ab)
        back = (hull.centres[soft.indices] * soft.shares[..., None]).sum(1).permute(0, 3, 1, 2)
        assert (back - ab).norm(dim=1).mean() < 0.5  # the nearest centre alone is 3.8 away


class TestCentres:
    @settings(max_examples=25)
    @given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 10_000), st.booleans())
    def test_the_k_nearest_are_exact(self, count, k, seed, clustered):
        random = torch.Generator().manual_seed(seed)
        centres = (torch.rand(count, 2, generator=random) - 0.5) * (8 if clustered else 220)
        bins = Centres(centres, neighbours=k)
        ab = colours(2000, seed, reach=20 if clustered else 127.9)
        squared, indices = bins._nearest(ab, bins.neighbours)
        brute = torch.cdist(ab[0, :, :, 0].T.double(), bins.centres.double()).square()
        nearest = brute.topk(bins.neighbours, largest=False).values
        assert torch.allclose(squared[0, :, :, 0].T.double(), nearest, rtol=1e-4, atol=1e-3)
        chosen = brute.gather(1, indices[0, :, :, 0].T)
        assert torch.allclose(chosen, nearest, rtol=1e-4, atol=1e-3)

    def test_more_neighbours_than_centres_are_all(self):
        soft = Centres(torch.tensor([[0.0, 0.0], [10.0, 0.0]]), neighbours=5).encode_soft(
            colours(10, seed=0)
        )
        assert soft.indices.shape[1] == 2

    def test_none_is_refused(self):
        with pytest.raises(ValueError, match="no centres"):
            Centres(torch.zeros(0, 2))

    def test_the_list_is_made_when_it_is_needed(self):
        bins = Hull()
        assert bins.candidates is None and not bins.state_dict()
        bins.encode(colours(1, seed=0))
        copied = copy.deepcopy(bins).double()  # a model's `to` moves it along
        assert copied.candidates.dtype == torch.int32
        assert bins.candidates.shape[1] < 40  # of 313


class TestPalette:
    def test_rgb_colours_become_their_ab(self):
        palette = Palette([[255, 0, 0], [0, 0, 255]])
        expected = rgb_to_lab(torch.tensor([[[1.0, 0]], [[0, 0]], [[0, 1.0]]]))[1:, 0].T
        assert torch.allclose(palette.centres, expected, atol=1e-3)

    def test_ab_colours_are_taken_as_they_are(self):
        assert Palette([[1.5, -2], [30, 4]]).centres.tolist() == [[1.5, -2], [30, 4]]

    def test_other_lists_are_refused(self):
        with pytest.raises(ValueError, match=r"shape \(1, 4\)"):
            Palette([[1, 2, 3, 4]])


class TestGrid:
    @pytest.mark.parametrize("n", [1, 5, 20])
    def test_index_is_the_cell(self, n):
        grid = Grid(n)
        assert grid.size == len(grid.centres) == n * n
        centres = grid.centres.T[None, :, :, None]
        assert grid.encode(centres).flatten().tolist() == list(range(n * n))

    def test_cells_of_the_poster(self):
        """a and b in [0, 1], cells of 0.05, index = row of a times 20 plus row of b."""
        unit = torch.tensor([[0.51, 0.26], [0.0, 0.999], [1.0, 0.0]])
        ab = (unit * 255 - 128).T[None, :, :, None]
        assert Grid(20).encode(ab).flatten().tolist() == [10 * 20 + 5, 19, 19 * 20]

    def test_beyond_the_square_is_its_border(self):
        assert Grid(20).encode(torch.tensor([[[[-500.0]], [[500.0]]]])).item() == 19

    def test_soft_labels_spread_over_three_by_three(self):
        grid = Grid(20)
        soft = grid.encode_soft(grid.centres[10 * 20 + 5][None, :, None, None])
        found = dict(zip(soft.indices.flatten().tolist(), soft.shares.flatten(), strict=True))
        kernel = (1, 2, 1)
        for i, a in enumerate((9, 10, 11)):
            for j, b in enumerate((4, 5, 6)):
                assert found[20 * a + b] == pytest.approx(kernel[i] * kernel[j] / 16)

    def test_at_a_corner_the_shares_still_sum_to_one(self):
        grid = Grid(20)
        soft = grid.encode_soft(grid.centres[:1, :, None, None])
        assert soft.shares.sum().item() == pytest.approx(1)
        assert soft.shares[soft.indices == 0].max().item() == pytest.approx(4 / 9)

    def test_none_is_refused(self):
        with pytest.raises(ValueError, match="0 cells"):
            Grid(0)


class TestChannels:
    def test_ten_bins_of_25_5(self):
        channels = Channels(10)
        assert channels.size == 20
        assert torch.allclose(channels.steps, 25.5 * (torch.arange(10) + 0.5) - 128)

    def test_each_channel_has_its_bin(self):
        ab = torch.tensor([-128.0, 126.9]).view(1, 2, 1, 1)
        assert Channels(10).encode(ab).flatten().tolist() == [0, 9]

    @pytest.mark.parametrize("n", [2, 10, 64])
    def test_centres_are_their_own_bins(self, n):
        channels = Channels(n)
        ab = channels.steps.expand(2, n)[None, :, :, None]
        assert torch.equal(channels.encode(ab)[0, 0, :, 0], torch.arange(n))

    def test_none_is_refused(self):
        with pytest.raises(ValueError, match="0 bins"):
            Channels(0)
