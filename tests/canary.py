"""Words that stand nowhere else, and a search for them in whatever a run wrote, said and sent.

A run gets a home, a temporary folder and a working folder of its own under one root, so that every
file it makes is found; a hook in each of its Python processes tells of files made elsewhere, and of
connections to anywhere else.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tokenizers import Tokenizer

ROOT = Path(__file__).parent.parent

TOKENS = {
    "HF_TOKEN": "hf_canaryQwErTyUiOpAsDfGhJkLzXcVbNm",
    "WANDB_API_KEY": "ca9a7e5" * 5 + "ca9a7",  # W&B wants forty characters
    "JUDGE_KEY": "sk-canary-mNbVcXzLkJhGfDsApOiUyTrEwQ",
}
"""Secrets by the variable that holds them."""

LONGEST = 1000.0  # seconds of a run, on a machine that has other things to do

CLOUD = "169.254.169.254"
"""Where a cloud tells a machine which cloud it is. Ray 2.60 asks, telling nothing, before it looks
whether it may report its use (dashboard/modules/usage_stats/usage_stats_head.py)."""

# Runs in every Python process of a run, before anything else does.
HOOK = """
import os, sys

SOCK_STREAM = 1
root, log = os.environ["CANARY_ROOT"], os.environ["CANARY_ROOT"] + "/outside"
allowed = (root + "/", "/dev/", "/proc/", "/sys/")


def note(line):
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, (line + "\\n").encode())
    os.close(file)


def watch(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if not (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
    elif event == "socket.connect":
        connection, address = arguments
        if connection.type & SOCK_STREAM and isinstance(address, tuple):
            note(event + " " + str(address[0]))
        return
    elif event == "os.mkdir":
        path = arguments[0]
    elif event == "os.rename":
        path = arguments[1]
    else:
        return
    if isinstance(path, int):
        return
    path = os.path.abspath(os.fsdecode(path))
    if path != root and not path.startswith(allowed):
        note(event + " " + path)


sys.addaudithook(watch)
"""


def forms(text: str, tokenizer: Tokenizer | None = None) -> dict[str, bytes]:
    """The text as bytes, by how it was written; `tokenizer` adds its token ids."""
    escaped = json.dumps(text)[1:-1]
    found = {
        "plain": text.encode(),
        "latin-1": text.encode("latin-1"),
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        "JSON": escaped.encode(),
        "JSON in JSON": json.dumps(escaped)[1:-1].encode(),
        "Python": repr(text.encode())[2:-1].encode(),
        "URL": quote(text).encode(),
        "HTML": html.escape(text).encode("ascii", "xmlcharrefreplace"),
        "hex": text.encode().hex().encode(),
    }
    for shift in range(3):
        for name, alphabet in (
            ("base64", base64.b64encode),
            ("base64 URL", base64.urlsafe_b64encode),
        ):
            found[f"{name}, {shift}"] = _inside(text.encode(), shift, alphabet)
        found[f"base64 of UTF-16, {shift}"] = _inside(
            text.encode("utf-16-le"), shift, base64.b64encode
        )
    if tokenizer is not None:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        found |= {
            "tokens": ", ".join(map(str, ids)).encode(),
            "tokens, tight": ",".join(map(str, ids)).encode(),
            "tokens of 64 bits": array("q", ids).tobytes(),
            "tokens of 32 bits": array("i", ids).tobytes(),
        }
    return found


def _inside(data: bytes, shift: int, encode: object) -> bytes:
    """What of the base64 of a longer text is due to `data` alone, which begins at `shift` mod 3."""
    assert callable(encode)
    found: bytes = encode(b"\0" * shift + data + b"\0" * 3)
    first = (8 * shift + 5) // 6  # the first character without a bit of what comes before
    last = 8 * (shift + len(data)) // 6
    return found[first:last]


@dataclass
class Search:
    """What is looked for, by name; each in all its forms and in any case."""

    needles: Mapping[str, str]
    tokenizer: Tokenizer | None = None
    _forms: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._forms = {name: forms(text, self.tokenizer) for name, text in self.needles.items()}

    def in_bytes(self, data: bytes) -> set[str]:
        """Names of the needles that are there, with the form they are there in."""
        found = set[str]()
        for content in _unpacked(data):
            lowered = content.lower()
            for name, written in self._forms.items():
                found |= {
                    f"{name} ({form})"
                    for form, needle in written.items()
                    if needle in content or needle.lower() in lowered
                }
        return found

    def in_files(self, root: Path) -> dict[str, set[str]]:
        """Of every file under the root, by its path, that holds or is called after a needle."""
        found = {}
        for path in _everything(root):
            told = self.in_bytes(str(path.relative_to(root)).encode())
            if path.is_symlink():
                told |= self.in_bytes(os.readlink(path).encode())
            elif path.is_file():
                told |= self.in_bytes(path.read_bytes())
            if told:
                found[str(path.relative_to(root))] = told
        return found


def _everything(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        yield from (Path(folder, name) for name in [*folders, *names])


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, and as they are unpacked where they are packed."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                yield packed.read(name)


@dataclass
class Ground:
    """Where runs take place: all that they may write is under `root`."""

    root: Path
    data: Path
    """What they read, elsewhere."""
    environment: dict[str, str]

    @property
    def out(self) -> Path:
        """The results."""
        return self.root / "work" / "out"

    @property
    def cache(self) -> Path:
        """The cache, where it is without EMPATHY_CACHE."""
        return self.root / "home" / ".cache" / "empathy"

    @property
    def outside(self) -> list[str]:
        """Where Python processes wrote elsewhere, and what they called beyond this machine."""
        log = self.root / "outside"
        own = {f"socket.connect {at}" for at in ("127.0.0.1", "::1", CLOUD, *addresses())}
        return sorted(set(log.read_text().splitlines()) - own) if log.exists() else []

    def launch(self, arguments: Sequence[str], **more: str) -> tuple[int, bytes]:
        """Run `launch.py` with these arguments, and these variables in its environment.

        Returns the exit code, and all that it printed. One that takes too long is ended.
        """
        with subprocess.Popen(
            [sys.executable, str(ROOT / "launch.py"), *arguments],
            cwd=self.root / "work",
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            umask=0o022,  # as most people have it
        ) as process:
            try:
                said, _ = process.communicate(timeout=LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()  # Ray's own processes end when they miss it
                raise
        return process.returncode, said


def addresses() -> list[str]:
    """This machine's own addresses, by which Ray's processes call each other."""
    found = socket.getaddrinfo(socket.gethostname(), None)
    return sorted({str(address[0]) for *_, address in found})


@contextmanager
def ground() -> Iterator[Ground]:
    """Empty folders; their names are short, as Ray's sockets want them."""
    root, data = (Path(tempfile.mkdtemp(prefix=name, dir="/tmp")) for name in ("e", "d"))
    try:
        for name in ("home", "tmp", "work", "site"):
            (root / name).mkdir()
        (root / "site" / "sitecustomize.py").write_text(HOOK)
        yield Ground(
            root,
            data,
            {
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "HOME": str(root / "home"),
                "TMPDIR": str(root / "tmp"),
                "PYTHONPATH": f"{root / 'site'}:{ROOT}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
                "EMPATHY_DATA": str(data),
                "CANARY_ROOT": str(root),
            },
        )
    finally:
        for _ in range(50):  # Ray's last processes may still write
            for folder in (root, data):
                shutil.rmtree(folder, ignore_errors=True)
            if not root.exists():
                break
            time.sleep(0.2)


def open_to_others(root: Path) -> list[str]:
    """Files and folders under the root that other users could reach and read."""
    if root.stat().st_mode & 0o077 == 0:
        return []
    return [
        str(path.relative_to(root))
        for path in _reachable(root)
        if not path.is_symlink() and path.stat().st_mode & 0o044
    ]


def _reachable(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink() and path.stat().st_mode & 0o011:
            yield from _reachable(path)
