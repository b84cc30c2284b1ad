"""Random files for every reader: what they cannot use is refused by an error of ours, always.

python -m pytest tests/test_fuzz.py; add -m slow for 10,000 examples of each
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from invented_epitome import invented_rows, write_epitome
from invented_mi import write_gold, write_mi
from invented_ufjf import write_ufjf
from test_annomi import FULL_HEADER, SIMPLE_HEADER, full_rows, simple_rows, write

from empathy.corpora import annomi, epitome, mi, own, rephrasings, sample, ufjf
from empathy.errors import UserError
from empathy.own_data import rows as own_rows
from sweeps.sweepfile import spec

# Hypothesis's own, of a file of 30 kB: it would not be shown whole, and none has to be
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
FEW, MANY = 50, 10_000
AMOUNTS = [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
DEMO = (spec.FOLDER / "demo.yaml").read_text("utf-8")
WORDS = ["0", "1", "-1", "1e400", "9" * 5000, "true", "null", "~", "[]", "{}", "", " ", "\x00"]


def fuzz(amount: int, check: Callable[[Any], object], given_: SearchStrategy[Any]) -> None:
    """Checks as many examples; a small number of them is the same every time."""
    rules = settings(
        max_examples=amount,
        deadline=None,
        database=None,
        derandomize=amount == FEW,
        suppress_health_check=list(HealthCheck),
    )

    @rules
    @given(given_)
    def each(example: Any) -> None:
        check(example)

    each()


def refuses_or_reads(read: Callable[[], object]) -> None:
    try:
        read()
    except UserError:
        return


# -- random content: bytes, a good file changed here and there, cells and lines of all kinds ------

text = st.text(max_size=12) | st.sampled_from(WORDS)


@st.composite
def changed(draw: st.DrawFn, content: bytes) -> bytes:
    """A good file with some pieces cut out, doubled or put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        stop = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(
            st.binary(max_size=6) | text.map(lambda t: t.encode("utf-8", "surrogatepass"))
            | st.just(content[start:stop] * 2)
        )  # fmt: skip
        content = content[:start] + piece + content[stop:]
    return content


def table_of(columns: Sequence[str], good: Sequence[Sequence[str]]) -> SearchStrategy[bytes]:
    """CSV with these columns, whose cells are good ones in a wrong place, or anything."""
    cell = st.sampled_from([cell for row in good for cell in row]) | text
    row = st.lists(cell, min_size=len(columns), max_size=len(columns))
    mixed = st.tuples(st.sampled_from(good), st.integers(0, len(columns) - 1), cell).map(_replaced)
    return st.lists(row | mixed | st.sampled_from(good), max_size=6).map(
        lambda rows: _csv([list(columns), *rows])
    )


def _replaced(given_: tuple[Sequence[str], int, str]) -> list[str]:
    row, place, cell = given_
    return [*row[:place], cell, *row[place + 1 :]]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


def lines_of(names: Sequence[str]) -> SearchStrategy[bytes]:
    """JSON lines with these names and values of all kinds."""
    entry = st.fixed_dictionaries({}, optional=dict.fromkeys(names, json_values))
    line = (entry | json_values).map(json.dumps)
    return st.lists(line, max_size=5).map(lambda lines: "\n".join(lines).encode())


# -- the sweep file ------------------------------------------------------------------------------


def keys_of(tree: object, before: str = "") -> list[str]:
    """The dotted names of all settings in a tree."""
    if not isinstance(tree, dict):
        return []
    here = [f"{before}{name}" for name in tree]
    return here + [key for name, each in tree.items() for key in keys_of(each, f"{before}{name}.")]


SETTINGS = keys_of(spec.load("demo").model_dump())
yaml_values = json_values.map(lambda value: yaml.safe_dump(value, default_flow_style=True))
overrides = st.lists(
    st.tuples(st.sampled_from(SETTINGS) | text, yaml_values | text | st.sampled_from(WORDS)).map(
        lambda pair: f"{pair[0]}={pair[1]}"
    ),
    max_size=3,
)


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("what", ["bytes", "changed", "tree", "overrides"])
def test_no_sweep_file_ends_in_a_foreign_error(tmp_path: Path, what: str, amount: int) -> None:
    path = tmp_path / "small.yaml"
    trees = st.dictionaries(
        st.sampled_from(sorted(spec.SweepSpec.model_fields)) | text, json_values
    )
    contents: dict[str, SearchStrategy[bytes]] = {
        "bytes": st.binary(max_size=60),
        "changed": changed(DEMO.encode()),
        "tree": trees.map(lambda tree: yaml.safe_dump(tree, allow_unicode=True).encode()),
    }

    def check_file(content: bytes) -> None:
        path.write_bytes(content)
        refuses_or_reads(lambda: spec.load(str(path)))

    def check_overrides(given_: list[str]) -> None:
        refuses_or_reads(lambda: spec.load("demo", given_))

    if what == "overrides":
        fuzz(amount, check_overrides, overrides)
    else:
        fuzz(amount, check_file, contents[what])


# -- corpora -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """A reader, a function that writes good files for it, and one of these to be made bad."""

    read: Callable[[Path], object]
    write: Callable[[Path], object]
    file: str
    names: tuple[str, ...]
    """Columns of the file; none for one that is no table."""


def _own(columns: tuple[str, ...]) -> Callable[[Path], object]:
    return lambda folder: [own_rows.read(path, columns) for path in folder.glob("own.*")]


OWN = ("prompt", "reply", "group", "language", "id", "policy")
OWN_CSV = _csv([OWN, ("I failed.", "Tell me.", "a", "en", "1", "ours")])
DIALOGUES = _csv([
    (*own.COLUMNS, *own.CONSTANT),
    ("a", "client", "I failed.", "g", "en", "high", "train"),
    ("a", "therapist", "Tell me.", "g", "en", "high", "train"),
    ("b", "client", "I lost it all.", "h", "pt", "low", "test"),
    ("b", "therapist", "Go on.", "h", "pt", "low", "test"),
])  # fmt: skip
SAMPLE = (
    b'{"dialogue_id": "a", "topic": "sleep", "turns": [["client", "I lie awake."], '
    b'["counsellor", "Since when?"]]}\n'
)
READERS = {
    "annomi": Reader(
        annomi.load,
        lambda folder: write(folder, annomi.SIMPLE, simple_rows(), SIMPLE_HEADER),
        f"annomi/{annomi.SIMPLE}",
        annomi.COLUMNS,
    ),
    "annomi, full": Reader(
        annomi.load,
        lambda folder: write(folder, annomi.FULL, full_rows(), FULL_HEADER),
        f"annomi/{annomi.FULL}",
        annomi.FULL_COLUMNS,
    ),
    "epitome": Reader(
        epitome.dialogues,
        lambda folder: write_epitome(folder, invented_rows(3)),
        f"epitome/{epitome.FILES['interpretations']}",
        epitome.COLUMNS,
    ),
    "mi": Reader(mi.load, write_mi, str(mi.COUNSELCHAT), (*mi.COLUMNS, mi.UNION, "title")),
    "mi, gold": Reader(
        mi.load,
        lambda folder: (write_mi(folder), write_gold(folder)),
        str(mi.GOLD),
        (*mi.COLUMNS, mi.AGREED),
    ),
    "rephrasings": Reader(
        rephrasings.contrasts, write_mi, "mi/PP Dataset/template/advise_train.txt", ()
    ),
    "ufjf": Reader(ufjf.load, write_ufjf, "ufjf/sessions-pt.csv", ufjf.COLUMNS),
    "ufjf, lines": Reader(
        ufjf.load, lambda folder: write_ufjf(folder, "en", "jsonl"), "ufjf/sessions-en.jsonl",
        (*ufjf.COLUMNS, ufjf.LANGUAGE),
    ),
    "own": Reader(
        _own(("prompt", "reply")), lambda folder: (folder / "own.csv").write_bytes(OWN_CSV),
        "own.csv", OWN,
    ),
    "own, lines": Reader(
        _own(("prompt", "reply")),
        lambda folder: (folder / "own.jsonl").write_text('{"prompt": "a", "reply": "b"}\n'),
        "own.jsonl", OWN,
    ),
    "own dialogues": Reader(
        lambda folder: own.load(folder / "dialogues.csv"),
        lambda folder: (folder / "dialogues.csv").write_bytes(DIALOGUES),
        "dialogues.csv", (*own.COLUMNS, *own.CONSTANT),
    ),
    "own dialogues, semicolons": Reader(
        lambda folder: own.load(folder / "dialogues.csv"),
        lambda folder: (folder / "dialogues.csv").write_bytes(DIALOGUES.replace(b",", b";")),
        "dialogues.csv", (*own.COLUMNS, *own.CONSTANT),
    ),
    "sample": Reader(
        lambda folder: sample.read(folder / "sample.jsonl"),
        lambda folder: (folder / "sample.jsonl").write_bytes(SAMPLE),
        "sample.jsonl", ("dialogue_id", "topic", "turns"),
    ),
}  # fmt: skip


def contents_of(reader: Reader, good: bytes) -> SearchStrategy[bytes]:
    """What may stand in the reader's file."""
    found = st.binary(max_size=60) | changed(good)
    if reader.file.endswith(".jsonl"):
        return found | lines_of(reader.names)
    if reader.names:
        table = list(csv.reader(io.StringIO(good.decode(), newline="")))
        return found | table_of(table[0], table[1:7])
    return found | st.lists(text, max_size=4).map("\t".join).map(
        lambda line: line.encode("utf-8", "surrogatepass")
    )


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("name", READERS)
def test_no_file_of_a_corpus_ends_in_a_foreign_error(
    tmp_path: Path, name: str, amount: int
) -> None:
    reader = READERS[name]
    reader.write(tmp_path)
    path = tmp_path / reader.file
    good = path.read_bytes()
    reader.read(tmp_path)

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refuses_or_reads(lambda: reader.read(tmp_path))

    fuzz(amount, check, contents_of(reader, good))
