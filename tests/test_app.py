"""The app as programs see it: addresses, limits, what it says and what it does not."""

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image


@pytest.fixture
def client(address):
    client = Client(address, verbose=False)
    yield client
    client.close()


@pytest.fixture
def old_photo(tmp_path) -> Path:
    ramp = np.linspace(20, 230, 96).astype(np.uint8)
    Image.fromarray(np.tile(ramp, (64, 1))).save(tmp_path / "castle.jpg")
    return tmp_path / "castle.jpg"


def test_the_readme_example_for_programs(address, old_photo):
    """The block of the README that calls the app, with only its address and file changed."""
    blocks = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(), re.DOTALL)
    (example,) = (block for block in blocks if "gradio_client" in block)
    example = example.replace("http://127.0.0.1:7860", address).replace("old.jpg", str(old_photo))
    names = {}
    exec(example, names)
    names["client"].close()
    with Image.open(names["path"]) as image:
        assert image.size == (96, 64)


def test_a_program_may_choose(client, old_photo):
    photo = handle_file(old_photo)
    path = client.predict(photo, "regression", 0.2, 0.0, "PNG", api_name="/colorize")
    assert Path(path).name == "castle-colorized.png"
    with Image.open(path) as image:
        assert np.ptp(np.asarray(image).astype(int), axis=2).max() <= 2  # saturation 0


def test_the_readme_example_of_hints(address, old_photo, tmp_path):
    """The second block for programs: hints and a reference photo."""
    blocks = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(), re.DOTALL)
    (example,) = (block for block in blocks if "reference=" in block and "client" in block)
    with Image.open(old_photo) as image:
        values = np.asarray(image.convert("RGB")).astype(int)
    values[:32] += [50, -15, -40]  # as light as it was, in two colours
    values[32:] -= [50, -15, -40]
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(tmp_path / "today.jpg")
    example = example.replace("old.jpg", str(old_photo)).replace(
        "today.jpg", str(tmp_path / "today.jpg")
    )
    with contextlib.closing(Client(address, verbose=False)) as client:
        names = {"client": client, "handle_file": handle_file}
        exec(example, names)
        plain = client.predict(handle_file(old_photo), api_name="/colorize")
    made = [Path(names[name]).read_bytes() for name in ("path", "again")]
    assert len({*made, Path(plain).read_bytes()}) == 3


def test_a_program_that_knows_fewer_values_is_answered(address, old_photo):
    """One that was written before there were hints, and speaks HTTP."""
    files = {"files": ("castle.jpg", old_photo.read_bytes())}
    (path,) = httpx.post(f"{address}/gradio_api/upload", files=files).json()
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    call = f"{address}/gradio_api/call/colorize"
    for values in ([photo, "rebalanced", 0.4, 1.0, ""], [photo]):
        event = httpx.post(call, json={"data": values}).json()
        assert "event: complete" in httpx.get(f"{call}/{event['event_id']}", timeout=60).text


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"hints": "red"}, "The hints are no JSON"),
        ({"hints": '[{"x": 2, "y": 0, "color": null}]'}, "x is 2; it must be a number from 0 to 1"),
        ({"hints": json.dumps([{}] * 10_000)}, "10,000 hints were given; at most 500"),
        ({"strength": 2}, "2"),
    ],
)
def test_hints_that_are_none_are_refused_with_a_sentence(client, old_photo, wish, sentence):
    with pytest.raises(AppError) as refused:
        client.predict(handle_file(old_photo), **wish, api_name="/colorize")
    assert sentence in str(refused.value)


def test_references_that_are_none_are_refused_with_a_sentence(client, old_photo, tmp_path):
    Image.new("1", (7100, 7100)).save(tmp_path / "huge.png")
    (tmp_path / "letter.png").write_text("Dear all")
    for path, sentence in (
        (old_photo, "grey or of one tint"),
        (tmp_path / "huge.png", "at most 50 megapixels"),
        (tmp_path / "letter.png", "letter.png"),
    ):
        with pytest.raises(AppError) as refused:
            client.predict(
                handle_file(old_photo), reference=handle_file(path), api_name="/colorize"
            )
        assert sentence in str(refused.value)


def test_without_a_choice_it_is_the_default(client, old_photo):
    path = client.predict(handle_file(old_photo), api_name="/colorize")
    assert Path(path).name == "castle-colorized.jpg"
    with Image.open(path) as image:
        assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 10  # there are colours


def test_visitors_do_not_disturb_each_other(client, tmp_path):
    """Eight photos at once come back each with its own lightness and its own name."""
    jobs = {}
    for value in range(20, 240, 30):
        path = tmp_path / f"{value}.png"
        Image.new("L", (40, 30), value).save(path)
        jobs[value] = client.submit(handle_file(path), "", 0.4, 0.0, api_name="/colorize")
    for value, job in jobs.items():
        path = job.result(timeout=120)
        assert Path(path).name == f"{value}-colorized.png"
        with Image.open(path) as image:
            assert np.abs(np.asarray(image).astype(int) - value).max() <= 2


def test_one_endpoint_is_meant_for_programs(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/colorize"]
    names = [p["parameter_name"] for p in endpoints["/colorize"]["parameters"]]
    first = ["photo", "model", "temperature", "saturation", "format"]
    assert names == [*first, "hints", "reference", "strength"]


def refusal(client, path: Path, model: str = "rebalanced") -> str:
    with pytest.raises(AppError) as refused:
        client.predict(handle_file(path), model, api_name="/colorize")
    return str(refused.value)


def test_huge_photos_are_refused_with_a_sentence(client, tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    said = refusal(client, tmp_path / "huge.png")
    assert "huge.png" in said and "50" in said


def test_what_is_no_photo_is_refused_with_a_sentence(client, tmp_path):
    (tmp_path / "letter.png").write_text("Dear all")
    assert "letter.png" in refusal(client, tmp_path / "letter.png")


def test_files_are_no_models(client, old_photo):
    assert "choose one of rebalanced" in refusal(client, old_photo, "/etc/hostname")


def test_large_files_are_refused_with_a_sentence(address):
    answer = httpx.post(
        f"{address}/gradio_api/upload", files={"files": ("a.png", bytes(32_000_000))}, timeout=60
    )
    assert answer.status_code == 413 and "exceeded" in answer.text


def test_files_of_the_server_are_no_photos(address):
    """A path that was not uploaded is refused before anything reads it."""
    photo = {"path": str(Path(__file__).resolve()), "meta": {"_type": "gradio.FileData"}}
    call = f"{address}/gradio_api/call/colorize"
    event = httpx.post(call, json={"data": [photo, "rebalanced", 0.4, 1.0, ""]}).json()
    assert "event: error" in httpx.get(f"{call}/{event['event_id']}", timeout=60).text


@pytest.mark.parametrize("page", ["/", "/compare"])
def test_pages_have_their_own_addresses(address, page):
    answer = httpx.get(address + page)
    assert answer.status_code == 200 and "text/html" in answer.headers["content-type"]


def test_operators_can_ask_whether_it_lives(address):
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/monitoring", "/gradio_api/runs", "/docs", "/gradio_api/mcp/"])
def test_nothing_is_watched_or_recorded(address, path):
    assert httpx.get(address + path).status_code in (403, 404)


def test_the_page_names_no_model_and_no_folder_of_the_server(address, tiny_weights):
    config = httpx.get(f"{address}/config").text
    names = [path.stem for path in tiny_weights.glob("*.safetensors")]
    for secret in (str(Path.cwd()), str(Path.home()), str(tiny_weights), *names):
        assert secret not in config


def test_on_a_space_a_visitors_address_is_the_one_that_its_proxy_saw(monkeypatch):
    """Whatever stands before it in the header, the visitor may have written."""
    import uvicorn
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    import app

    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")  # so that it is as before afterwards
    monkeypatch.delenv("FORWARDED_ALLOW_IPS")
    served = SimpleNamespace(launch=lambda **_: uvicorn.Config(app=None).forwarded_allow_ips)
    trusted = ProxyHeadersMiddleware(None, app.launch(served)).trusted_hosts
    assert "10.16.3.80" in trusted and "1.2.3.4" not in trusted
    seen = trusted.get_trusted_client_address("6.6.6.6, 1.2.3.4, 10.16.3.80")
    assert seen[0] == "1.2.3.4"


def test_a_demonstration_is_prepared_once_the_pages_are_served_and_given_up_at_the_end(tmp_path):
    import app
    from colorize.web.studio import Studio
    from survey.web.study_host import Leaving

    demo = app.build(Studio("cpu"), data=tmp_path)
    assert not list(tmp_path.iterdir())
    for leave in demo.at_end:
        leave()
    (opening,) = [begin() for begin in demo.at_start]
    assert isinstance(opening.exception(120), Leaving)  # with its first picture
    assert not list(tmp_path.iterdir())


def test_help_waits_for_nothing():
    code = (
        "import sys, runpy; sys.argv = ['app.py', '--help']\n"
        "try: runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--study" in done.stdout
    assert not {"torch", "gradio"} & set(done.stdout.split())


def test_the_readme_block_runs_as_printed(address, old_photo, monkeypatch):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    block = readme.split("```python\nfrom gradio_client")[1].split("```")[0]
    monkeypatch.chdir(old_photo.parent)
    printed = f"from gradio_client{block}".replace("http://127.0.0.1:7860", address)
    names: dict = {}
    exec(printed.replace("old.jpg", old_photo.name), names)
    assert Path(names["path"]).name == "castle-colorized.png"  # the block's last call asks for PNG
    names["client"].close()


def test_a_study_that_is_not_there_is_wrong_usage(tmp_path):
    words = [sys.executable, "app.py", "--study", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert "holds no study; make one with `python -m survey build`" in done.stderr


def test_two_studies_of_one_name_are_wrong_usage(tmp_path):
    words = [sys.executable, "app.py"]
    for place in ("a", "b"):
        folder = tmp_path / place / "faces"
        folder.mkdir(parents=True)
        (folder / "study.json").write_text("{}")
        words += ["--study", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert "would have the address /study-faces" in done.stderr


@pytest.mark.parametrize("wish", ["cuda:7000", "abacus"])
def test_a_device_that_is_not_there_is_wrong_usage(wish):
    words = [sys.executable, "app.py", "--device", wish]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"The device '{wish}' is not there; this machine has" in done.stderr


def test_programs_are_told_what_each_value_means(client):
    colorize = client.view_api(return_format="dict")["named_endpoints"]["/colorize"]
    by_name = {one["parameter_name"]: one for one in colorize["parameters"]}
    assert not [one["label"] for one in by_name.values() if one["label"].startswith("parameter_")]
    assert by_name["model"]["python_type"]["type"] == "str"
    assert "default model if empty" in by_name["model"]["python_type"]["description"]
    assert all(f"`{name}`" in colorize["description"] for name in by_name if name != "photo")


def test_a_link_has_a_title_a_description_and_a_picture(address, monkeypatch):
    from colorize.web.link_preview import DESCRIPTION, link_preview

    page = httpx.get(address).text
    for name, content in {"og:title": "Colorize", "og:description": DESCRIPTION}.items():
        assert re.findall(rf'property="{name}"\s+content="([^"]*)"', page) == [content]
    assert not re.search(r'<meta[^>]*content="[^"]*gradio[^"]*"', page, re.IGNORECASE)
    monkeypatch.setenv("SPACE_HOST", "you-colour.hf.space")
    shown = link_preview()["thumbnail"].removeprefix("https://you-colour.hf.space")
    answer = httpx.get(address + shown)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"


def test_robots_may_read_pages_but_no_calls_and_no_results(address):
    answer = httpx.get(f"{address}/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    barred = {line.removeprefix("Disallow: ") for line in answer.text.splitlines()[1:]}
    assert barred == {"/gradio_api/", "/results"}
