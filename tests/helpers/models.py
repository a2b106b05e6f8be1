"""Models made for tests."""

KINDS = {  # every kind of model there is, as small as it goes
    "hull": {},
    "regression": {"bins": None},
    "grid": {"bins": "grid", "bins_options": {"n": 5}},
    "palette": {
        "bins": "palette",
        "bins_options": {"colors": [[220, 40, 30], [20, 90, 200], [90, 90, 90], [60, 160, 40]]},
    },
    "channels": {"bins": "channels", "network": "unet-pair"},
    "autoencoder": {"bins": None, "network": "autoencoder", "ab_scale": 128.0},
    "palette-net": {
        "bins": "palette",
        "bins_options": {"colors": [[200, 30, 30], [30, 30, 200], [90, 90, 90]]},
        "network": "palette-net",
        "network_options": {"side": 12},
        "source": "gray",
        "mean": 0.0,
        "scale": 1.0,
        "square": 12,
    },
    "zhang": {"network": "zhang"},
    "siggraph17": {"bins": None, "network": "siggraph17", "square": 32},
}
UNETS = ("unet", "unet-pair")
