"""Keys and shapes of the published weights of Zhang et al."""

from colorize.networks.zhang import Siggraph17, Zhang


def conv(key: str, *shape: int, bias: int | None = None) -> dict[str, tuple[int, ...]]:
    return {f"{key}.weight": shape, f"{key}.bias": (bias or shape[0],)}


def norm(key: str, width: int) -> dict[str, tuple[int, ...]]:
    names = ("weight", "bias", "running_mean", "running_var")
    return {f"{key}.{name}": (width,) for name in names} | {f"{key}.num_batches_tracked": ()}


def block(key: str, before: int, width: int, count: int) -> dict[str, tuple[int, ...]]:
    """3x3 convolutions at 0, 2, ... and the batch norm after the last one's ReLU."""
    shapes = conv(f"{key}.0", width, before, 3, 3)
    for number in range(1, count):
        shapes |= conv(f"{key}.{2 * number}", width, width, 3, 3)
    return shapes | norm(f"{key}.{2 * count}", width)


def trunk(inputs: int) -> dict[str, tuple[int, ...]]:
    shapes = block("model1", inputs, 64, 2) | block("model2", 64, 128, 2)
    shapes |= block("model3", 128, 256, 3) | block("model4", 256, 512, 3)
    for number in (5, 6, 7):
        shapes |= block(f"model{number}", 512, 512, 3)
    return shapes


def eccv16_shapes() -> dict[str, tuple[int, ...]]:
    """Keys and shapes of colorization_release_v2-9b330a0b.pth."""
    return (
        trunk(1)
        | conv("model8.0", 512, 256, 4, 4, bias=256)
        | conv("model8.2", 256, 256, 3, 3)
        | conv("model8.4", 256, 256, 3, 3)
        | conv("model8.6", 313, 256, 1, 1)
        | {"model_out.weight": (2, 313, 1, 1)}
    )


def siggraph17_shapes() -> dict[str, tuple[int, ...]]:
    """Keys and shapes of siggraph17-df00044c.pth."""
    return (
        trunk(4)
        | conv("model8up.0", 512, 256, 4, 4, bias=256)
        | conv("model3short8.0", 256, 256, 3, 3)
        | conv("model8.1", 256, 256, 3, 3)
        | conv("model8.3", 256, 256, 3, 3)
        | norm("model8.5", 256)
        | conv("model9up.0", 256, 128, 4, 4, bias=128)
        | conv("model2short9.0", 128, 128, 3, 3)
        | conv("model9.1", 128, 128, 3, 3)
        | norm("model9.3", 128)
        | conv("model10up.0", 128, 128, 4, 4, bias=128)
        | conv("model1short10.0", 128, 64, 3, 3)
        | conv("model10.1", 128, 128, 3, 3)
        | conv("model_class.0", 529, 256, 1, 1)
        | conv("model_out.0", 2, 128, 1, 1)
    )


PUBLISHED = {"eccv16": (Zhang, eccv16_shapes()), "siggraph17": (Siggraph17, siggraph17_shapes())}
