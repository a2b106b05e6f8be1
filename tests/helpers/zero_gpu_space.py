"""A ZeroGPU Space on this machine: the real app and the real `spaces`, a CPU in place of the GPU.

    python -m tests.helpers.zero_gpu_space FOLDER PORT [refused|lazy|unlent]

FOLDER has the models in `weights/`; what happens is written into its `events.txt`, one line each:
what the service that lends GPUs was asked, and the size of what was sent to a worker.

A CPU build of torch lacks what a worker of `spaces` calls when it gets its GPU: `init` and `move`.
Here they fill the models again on the CPU. `lazy` and `unlent` are the mistakes that
this must notice: models moved by the threads of visitors, and models used without a lent call.
"""

import os
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

SCHEDULED = b'{"idle": true, "nvidiaIndex": 0, "nvidiaUUID": "", "allowToken": "token"}'


class Events:
    """What happened, for another process to read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, *words: object) -> None:
        with self.path.open("a") as file:
            print(*words, file=file)


def lend(events: Events, refused: bool) -> str:
    """The service that lends GPUs, or refuses each; returns its address."""

    class Lender(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.path.partition("?")[0].strip("/")
            events.add(asked)
            no = refused and asked == "schedule"
            self.send_response(503 if no else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}" if no or asked != "schedule" else SCHEDULED)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lender)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class BeforeImport:
    """Does what is given for a module, just before that is imported."""

    def __init__(self, todo: dict[str, Callable[[], None]]) -> None:
        self.todo = todo

    def find_spec(self, name: str, *_: object) -> None:
        if name in self.todo:
            self.todo.pop(name)()


def spaces_first() -> None:
    if "spaces" not in sys.modules:
        raise SystemExit("torch is imported before spaces")


def pretend_cuda_build() -> None:
    import torch

    torch.version.cuda = "12.8"
    torch._C._cuda_init, torch.cuda._is_in_bad_fork = print, bool


def stand_in_for_cuda(events: Events) -> None:
    """What a CPU build of torch lacks; and an eye on what is sent to workers."""
    import torch
    from spaces.utils import SimpleQueue
    from spaces.zero.torch import patching

    main, put, to = os.getpid(), SimpleQueue.put, torch.Tensor.to

    def on_cpu(tensor, *args, **options):
        """In a worker, "cuda" is the CPU."""
        kept = [arg for arg in args if not is_cuda(arg)]
        options = {name: value for name, value in options.items() if not is_cuda(value)}
        return to(tensor, *kept, **options) if kept or options else tensor

    def init(_: str) -> None:
        torch.Tensor.to = on_cpu

    def move(callback=None) -> None:
        for pack in patching.tensor_packs:
            for fakes, original in unpacked(pack):
                for fake in fakes:
                    fake.data = original

    def seen_put(queue, thing) -> None:
        if os.getpid() == main:
            events.add("sent", len(ForkingPickler.dumps(thing)))
        put(queue, thing)

    patching_users = sys.modules["spaces.zero.torch"]
    patching_users.init, patching_users.move, SimpleQueue.put = init, move, seen_put


def is_cuda(thing: object) -> bool:
    import torch

    if isinstance(thing, str):
        return thing.startswith("cuda")
    return isinstance(thing, torch.device) and thing.type == "cuda"


def unpacked(pack):
    """The models' tensors as `spaces` wrote them to its file: each begins on a page."""
    import torch

    content, place = Path(pack.path()).read_bytes(), 0
    for batch in [*pack.batches, pack.big_tensors]:
        for tensor, size, room in batch:
            storage = torch.frombuffer(bytearray(content[place : place + size]), dtype=torch.uint8)
            empty = torch.empty(0, dtype=tensor.dtype)
            filled = empty.set_(storage.untyped_storage(), 0, tensor.shape, tensor.stride())
            yield pack.fakes[tensor], filled
            place += room


def make_mistake(mistake: str) -> None:
    """What a programmer who does not know ZeroGPU would write."""
    from colorize.colorizer import Colorizer
    from colorize.web import zero_gpu

    lend_gpu, load_all = zero_gpu.lend_gpu, zero_gpu.load_all

    class Lazy(dict):
        def __contains__(self, name: object) -> bool:
            return True

        def __missing__(self, name: str) -> Colorizer:
            self[name] = Colorizer.load(name, "cuda")
            return self[name]

    def lend_lazily(models):
        lent = lend_gpu(models)

        def run(name, lightness):
            models[name]  # moved by whoever comes first
            return lent(name, lightness)

        return run

    def lend_nothing(models):
        import torch

        def run(name, lightness):
            with torch.inference_mode():
                return models[name].model(torch.from_numpy(lightness)).numpy()

        return run

    if mistake == "lazy":
        zero_gpu.load_all, zero_gpu.lend_gpu = Lazy, lend_lazily
    if mistake == "unlent":
        zero_gpu.load_all, zero_gpu.lend_gpu = load_all, lend_nothing


def main(folder: Path, port: str, kind: str = "") -> None:
    events = Events(folder / "events.txt")
    (folder / "cgroup").write_text("0::/space\n")
    os.environ |= {
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": lend(events, kind == "refused"),
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
        "ZEROGPU_OFFLOAD_DIR": str(folder / "tensors"),
        "OMP_NUM_THREADS": "1",  # threads of OpenMP do not outlive a fork
        "NO_PROXY": "127.0.0.1",
    }

    def prepare() -> None:
        from colorize import zoo

        zoo.WEIGHTS = folder / "weights"
        make_mistake(kind)

    todo = {"torch": spaces_first, "spaces.zero.torch.static": pretend_cuda_build}
    sys.meta_path.insert(0, BeforeImport(todo | {"colorize.web.studio": prepare}))
    import app

    launch = app.launch

    def launched(*args, **options):
        stand_in_for_cuda(events)
        answer = launch(*args, **options)
        events.add("launched")
        return answer

    app.launch = launched
    sys.argv = ["app.py", "--port", port, "--data", str(folder / "votes")]
    app.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
