"""What is found and what is not, and files that come out in the form in which they went in.

python -m pytest tests/test_deidentify.py
"""

from __future__ import annotations

import csv
import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy.__main__ import main
from empathy.deidentify import names
from empathy.deidentify.measured import measure, parsed
from empathy.deidentify.numbers import cns_checks, cpf_checks
from empathy.deidentify.placeholders import Placeholders, find
from empathy.deidentify.spans import KINDS, Span, merged

SECRETS = ("Joana", "Prado", "529", "99912", "exemplo", "Acácias", "2019")


def replaced(text: str, *, pseudonyms: bool = False) -> str:
    (spans,) = find([text])
    return Placeholders(pseudonyms=pseudonyms).put(text, spans)


# -- single rules -----------------------------------------------------------------------------


def test_check_digits_by_hand() -> None:
    # 529982247: 5*10+2*9+9*8+9*7+8*6+2*5+2*4+4*3+7*2 = 295; 295*10 % 11 = 2; with it 347: 5
    assert cpf_checks("52998224725")
    assert not cpf_checks("52998224726")
    assert not cpf_checks("11111111111")  # adds up, but is given to nobody
    # 898000000043208: 8*15+9*14+8*13+4*5+3*4+2*3+0*2+8*1 = 396 = 36 * 11
    assert cns_checks("898000000043208")
    assert not cns_checks("898000000043209")
    assert not cns_checks("398000000043208")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPF 529.982.247-25, sim.", "CPF [CPF], sim."),
        ("cpf: 529.982.247-99", "cpf: [CPF]"),  # wrong check digits: still somebody's
        ("SUS 898 0000 0004 3208", "SUS [CNS]"),
        ("Liga (32) 99912-3456!", "Liga [PHONE]!"),
        ("call me: 617-555-0142", "call me: [PHONE]"),
        ("joana.prado@exemplo.com.br", "[EMAIL]"),
        ("joana ponto prado arroba exemplo ponto com", "[EMAIL]"),
        ("em 12/03/2019 e 2020-12-01", "em [DATE] e [DATE]"),
        ("no dia 3 de agosto de 2021", "no [DATE]"),
        ("on March 3rd, 2021.", "on [DATE]."),
        ("Rua das Acácias, 120, apto 302.", "[ADDRESS]."),
        ("at 48 Larkspur Lane, Apt 3B.", "at [ADDRESS]."),
        ("Meu nome é Joana Prado.", "Meu nome é [NAME]."),
        ("my name is john, and", "my name is [NAME], and"),
        ("o número 12345678901234567", "o número [NUMBER]"),
    ],
)
def test_a_rule_at_a_time(text: str, expected: str) -> None:
    assert replaced(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Fumo 20 por dia, desde os 14 anos.",
        "Durmo na rua quando bebo.",
        "A pressão estava 14 por 9 e o peso 82,5 quilos.",
        "Em 2019 eu fiquei três meses sem fumar.",
        "I smoke 24/7 and drink 3 out of 5 days.",
        "I may quit, who knows, by half past 9.",
        "I'm tired, I'm done, and I'm not going back.",
        "Alcoholics Anonymous, God and the Church.",
    ],
)
def test_what_points_to_nobody_stays(text: str) -> None:
    assert replaced(text) == text


def test_spans_that_overlap_become_one_that_covers_all_of_them() -> None:
    spans = [Span(0, 5, "NUMBER"), Span(3, 9, "PHONE"), Span(9, 11, "DATE"), Span(4, 6, "NAME")]
    assert merged(spans) == [Span(0, 9, "PHONE"), Span(9, 11, "DATE")]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("aÁ1 2-./(@)Rua CPFemdiaMar\n"), max_size=60))
def test_any_text_keeps_all_that_no_span_covers(text: str) -> None:
    (spans,) = find([text])
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    starts, ends = [0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)]
    kept = "".join(text[a:b] for a, b in zip(starts, ends, strict=True))
    put = Placeholders().put(text, spans)
    assert len(put) == len(kept) + sum(len(span.kind) + 2 for span in spans)


def test_a_name_given_away_once_is_found_everywhere_in_the_file() -> None:
    texts = ["Meu nome é Genival.", "Genival sóbrio ela não conhece.", "Ela chama Genival's."]
    found = find(texts)
    assert [[t[s.start : s.end] for s in spans] for t, spans in zip(texts, found, strict=True)] == [
        ["Genival"],
        ["Genival"],
        ["Genival's"],
    ]


def test_pseudonyms_are_the_same_for_the_same_words() -> None:
    text = "Meu irmão Pedro e minha irmã Rita: o PEDRO liga 3215-7788, 3215 7788 ou 3215-9999."
    assert replaced("Meu irmão Pedro, minha irmã Rita e o Pedro.", pseudonyms=True) == (
        "Meu irmão [NAME-1], minha irmã [NAME-2] e o [NAME-1]."
    )
    assert replaced(text, pseudonyms=True).endswith("[PHONE-1], [PHONE-1] ou [PHONE-2].")


# -- names by a model -------------------------------------------------------------------------


def test_a_model_of_spacy_s_finds_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """spaCy is not among the requirements: what it would give is played here."""
    people = [SimpleNamespace(start_char=0, end_char=7, label_="PER")]
    places = [SimpleNamespace(start_char=14, end_char=20, label_="LOC")]
    spacy = ModuleType("spacy")
    spacy.load = lambda name: lambda text: SimpleNamespace(ents=[*people, *places])  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "spacy", spacy)
    monkeypatch.setattr(names, "find_spec", lambda _: object())
    namer = names.by_models(["pt_core_news_md"])
    assert list(namer("Rosalva foi a Lajedo.")) == [Span(0, 7, "NAME")]


def test_without_spacy_a_model_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(names, "find_spec", lambda _: None)
    assert names.installed_models() == []
    (tmp_path / "a.txt").write_text("Oi.")
    code = deidentified(tmp_path / "a.txt", tmp_path / "b.txt", "--model", "pt_core_news_sm")
    assert code == 2
    assert (
        "--model needs spaCy, which is not installed: pip install spacy" in capsys.readouterr().err
    )


# -- files ------------------------------------------------------------------------------------


def deidentified(file: Path, out: Path, *more: str) -> int:
    return main(["deidentify", str(file), "--out", str(out), *more])


TEXT = "Meu nome é Joana Prado, CPF 529.982.247-25, zap (32) 99912-3456, desde 12/03/2019."
PUT = "Meu nome é [NAME], CPF [CPF], zap [PHONE], desde [DATE]."


def test_plain_text_in_plain_text_out_and_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(f"{TEXT}\nSim, Joana.\n", encoding="utf-8")
    report = tmp_path / "report.json"
    assert deidentified(tmp_path / "a.txt", tmp_path / "b.txt", "--report", str(report)) == 0
    assert (tmp_path / "b.txt").read_text("utf-8") == f"{PUT}\nSim, [NAME].\n"
    assert (tmp_path / "b.txt").stat().st_mode & 0o077 == 0
    told = json.loads(report.read_text("utf-8"))
    assert told["replaced"] == dict.fromkeys(KINDS, 0) | {
        "NAME": 2, "CPF": 1, "PHONE": 1, "DATE": 1,
    }  # fmt: skip
    said = capsys.readouterr()
    assert "no guarantee" in said.out
    assert "no guarantee" in told["caution"]
    for secret in SECRETS:
        assert secret not in report.read_text("utf-8") + said.out + said.err


def test_csv_keeps_its_columns_and_those_that_are_kept(tmp_path: Path) -> None:
    rows = [["id", "who", "text"], ["1", "Joana", f'{TEXT} "Oi", disse.'], ["2", "Rita", "a,\nb"]]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    assert deidentified(tmp_path / "a.csv", tmp_path / "b.csv", "--keep", "id") == 0
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found[0] == rows[0]
    assert found[1] == ["1", "[NAME]", f'{PUT} "Oi", disse.']
    assert found[2] == ["2", "Rita", "a,\nb"]  # nothing gives her away: read what comes out


def test_jsonl_keeps_its_shape_and_finds_numbers_without_quotes(tmp_path: Path) -> None:
    item = {"n": 7, "cpf": 52998224725, "ok": True, "said": [{"text": TEXT}], "id": "c-1"}
    (tmp_path / "a.jsonl").write_text(json.dumps(item) + "\n\n" + json.dumps({"n": 1}) + "\n")
    assert deidentified(tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--keep", "id") == 0
    lines = (tmp_path / "b.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0]) == {
        "n": 7, "cpf": "[CPF]", "ok": True, "said": [{"text": PUT}], "id": "c-1",
    }  # fmt: skip
    assert json.loads(lines[1]) == {"n": 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give FILE and --out OUT, or --measure"),
        (["a.csv"], "give FILE and --out OUT, or --measure"),
        (["a.csv", "--out", "b.txt"], "must end in .csv, as FILE does"),
        (["a.docx", "--out", "b.docx"], "ends in none of .csv, .jsonl, .txt; give CSV with commas"),
        (["gone.csv", "--out", "b.csv"], "gone.csv is missing"),
        (["a.csv", "--out", "a.csv"], "is there already: name another file"),
        (["a.csv", "--out", "b.csv", "--report", "b.csv"], "--report b.csv is --out, too"),
        (["a.csv", "--out", f"{'a' * 300}.csv"], "too long for a file's name"),
        (["a.csv", "--out", "b.csv", "--keep", "x"], "--keep x: "),
        (["t.txt", "--out", "b.txt", "--keep", "x"], "plain text without columns"),
        (["bad.jsonl", "--out", "b.jsonl"], "bad.jsonl, line 1: not JSON, cut short, or a name"),
        (["latin.txt", "--out", "b.txt"], "latin.txt, line 1: not UTF-8"),
        (["--measure", "--pseudonyms"], "--measure reads no file of yours"),
        (["a.csv", "--out", "b.csv", "--no-model", "--model", "m"], "contradict each other"),
    ],
)
def test_mistakes_are_told_in_a_sentence_without_any_word_of_the_file(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("id,text\n1,Joana\n")
    Path("a.docx").write_text("Joana")
    Path("t.txt").write_text("Joana")
    Path("bad.jsonl").write_text('{"text": "Joana", "text": "Prado"}\n')
    Path("latin.txt").write_bytes("Joana Acácias".encode("latin-1"))
    assert main(["deidentify", *arguments]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert not [secret for secret in SECRETS if secret in said.err + said.out]


# -- the measure ------------------------------------------------------------------------------


def test_the_marks_are_read() -> None:
    found = parsed("known", "pt", "Oi, {NAME|Ana}: {PHONE|3232-0000}.")
    assert found.text == "Oi, Ana: 3232-0000."
    assert found.spans == (Span(4, 7, "NAME"), Span(9, 18, "PHONE"))


def test_the_measure_counts_what_is_covered_whole_and_what_is_wrong() -> None:
    sentences = [
        parsed("known", "pt", "CPF {CPF|529.982.247-25} e {NAME|jéssica}."),
        # Here the kind is wrong, and the date is said to be nobody's.
        parsed("known", "pt", "Meu nome é {ADDRESS|Ana}, 12/03/2019."),
    ]
    done = measure(sentences)
    assert done.tallies["pt", "CPF"] == (1, 1, 1)
    assert done.tallies["pt", "NAME"] == (0, 1, 0)
    assert done.tallies["pt", "ADDRESS"] == (1, 1, 0)
    assert done.misses == [("pt", "NAME", "jéssica")]
    assert (done.replaced, done.right) == ({"pt": 3}, {"pt": 2})
    assert done.wrong == [("pt", "DATE", "12/03/2019")]
