"""AnnoMI: an invented copy of the format with its quirks, and broken files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from empathy.corpora import annomi
from empathy.errors import UserError

SIMPLE_HEADER = (
    "transcript_id,mi_quality,video_title,video_url,topic,utterance_id,interlocutor,timestamp,"
    "utterance_text,main_therapist_behaviour,client_talk_type"
)
FULL_HEADER = (
    "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor,timestamp,"
    "utterance_text,annotator_id,therapist_input_exists,therapist_input_subtype,"
    "reflection_exists,reflection_subtype,question_exists,question_subtype,"
    "main_therapist_behaviour,client_talk_type"
)
# (transcript, quality, video, topic, utterance, who, text, behaviour, talk)
SAID = [
    (0, "high", "v/1", "smoking cessation ", 0, "client", "I quit, [chuckles] twice.", "change"),
    (
        0,
        "high",
        "v/1",
        "smoking cessation ",
        1,
        "therapist",
        "Twice, that took work.",
        "reflection",
    ),
    (0, "high", "v/1", "smoking cessation ", 2, "therapist", "What helped?", "question"),
    (0, "high", "v/1", "smoking cessation ", 3, "client", "[sighs]", "neutral"),
    (1, "low", "v/1", "smoking cessation", 0, "therapist", "n/a", "other"),
    (1, "low", "v/1", "smoking cessation", 1, "client", "Are you listening?", "neutral"),
]


def simple_rows() -> list[dict[str, str]]:
    rows = []
    for number, quality, video, topic, utterance, who, text, label in SAID:
        cells = [number, quality, "A talk", video, topic, utterance, who, "00:00:01", text]
        cells += [label, "n/a"] if who == "therapist" else ["n/a", label]
        rows.append(dict(zip(SIMPLE_HEADER.split(","), map(str, cells), strict=True)))
    return rows


def full_rows(annotators: int = 3) -> list[dict[str, str]]:
    """Transcript 1 first (the real file is not in order), transcript 0 by several annotators."""
    rows = []
    for row in reversed(simple_rows()):
        for annotator in range(annotators if row["transcript_id"] == "0" else 1):
            # Annotator 2 alone hears complex reflections: outvoted by the others.
            kind = "complex" if annotator == 2 else "simple"
            full = dict.fromkeys(FULL_HEADER.split(","), "n/a") | row
            full["annotator_id"] = str(annotator)
            full["reflection_subtype"] = kind if row["utterance_id"] == "1" else "n/a"
            rows.append(full)
    return rows


def write(folder: Path, name: str, rows: list[dict[str, str]], header: str) -> Path:
    path = folder / "annomi" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    return write(tmp_path, annomi.SIMPLE, simple_rows(), SIMPLE_HEADER)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    return write(tmp_path, annomi.FULL, full_rows(), FULL_HEADER)


def test_simple_file_alone(simple: Path, tmp_path: Path) -> None:
    first, second = annomi.load(tmp_path)
    assert [(turn.speaker, turn.text) for turn in first.turns] == [
        ("client", "I quit, twice."),  # the mark and the double blank are gone
        ("counsellor", "Twice, that took work."),
        ("counsellor", "What helped?"),
        ("client", ""),  # only a mark: the turn stays, nobody's order changes
    ]
    assert first.metadata == {
        "mi_quality": "high",
        "topic": "smoking cessation",  # stripped
        "marks_removed": "2",
        "behaviours": "question 1, reflection 1",
        "client_talk": "change 1, neutral 1",
    }
    assert second.turns[0].text == "n/a"  # a value, not a missing cell
    assert [d.dialogue_id for d in (first, second)] == ["annomi-000", "annomi-001"]
    assert first.group == second.group == "v/1"  # one video, one group


def test_ten_annotators_never_double_an_utterance(full: Path, tmp_path: Path) -> None:
    first, second = annomi.load(tmp_path)
    assert (len(first.turns), len(second.turns)) == (4, 2)
    assert first.metadata["reflections"] == "simple 1"  # two votes to one
    assert first.metadata["behaviours"] == "question 1, reflection 1"
    assert (first.metadata["annotators"], second.metadata["annotators"]) == ("3", "1")


def test_both_files_give_the_same_words_as_either(simple: Path, full: Path, tmp_path: Path) -> None:
    both = annomi.load(tmp_path)
    full.unlink()
    assert [d.turns for d in annomi.load(tmp_path)] == [d.turns for d in both]
    assert both[0].metadata["reflections"] == "simple 1"
    assert both[0].metadata["client_talk"] == "change 1, neutral 1"


def test_files_of_different_versions_are_refused(tmp_path: Path, full: Path) -> None:
    write(tmp_path, annomi.SIMPLE, simple_rows()[:-1], SIMPLE_HEADER)
    with pytest.raises(UserError, match=r"disagree: utterance 1 of transcript 1 .* remove one"):
        annomi.load(tmp_path)


def test_a_missing_file_names_both_and_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither .*AnnoMI-simple\.csv nor .*AnnoMI-full\.csv"):
        annomi.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("topic,", "subject,", r"AnnoMI-simple\.csv has no column topic; fetch"),
        ("0,high,A talk,v/1,smoking cessation ,2,the", "0,high,2,the", "line 4: .*few or too many"),
        (
            "client,00:00:01,[sighs]",
            "clown,00:00:01,[sighs]",
            "line 5: interlocutor is not client or therapist; fetch",
        ),
        ("1,low", "1,medium", "line 6: mi_quality is not high or low"),
        ("1,low", "one,low", "line 6: transcript_id is not a whole number"),
        ("What helped?", " ", "line 4: utterance_text is blank"),
        ("v/1", "", "line 2: video_url is blank"),
        ("cessation ,2", "cessation ,1", "line 4: a second row for the same utterance"),
        ("cessation ,2", "cessation ,9", "transcript 0 has missing utterances, the first being 2"),
        ("cessation ,2", "drinking,2", "transcript 0 has two topic"),
        ("cessation,0,therapist", "cessation,0,client", "only one person speaks in transcript 1"),
        ("What helped?", "what " * 10_000, "line 4: utterance_text has 10,000 words, .*4,000"),
        ("Are you", '"Are you', "after line 6: unexpected end of data"),
    ],
)
def test_a_broken_row_is_named(simple: Path, tmp_path: Path, old: str, new: str, says: str) -> None:
    text = simple.read_text(encoding="utf-8")
    assert old in text
    simple.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=says):
        annomi.load(tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"AnnoMI-simple\.csv is empty"),
        (f"{SIMPLE_HEADER}\n".encode(), "has a header but no rows"),
        (f"{SIMPLE_HEADER}\ncaf\xe9\n".encode("latin-1"), "line 2: not UTF-8; save it as UTF-8"),
    ],
)
def test_a_broken_file_is_named(simple: Path, tmp_path: Path, data: bytes, says: str) -> None:
    simple.write_bytes(data)
    with pytest.raises(UserError, match=says):
        annomi.load(tmp_path)


def test_the_same_annotator_twice_is_refused(tmp_path: Path) -> None:
    rows = full_rows()
    write(tmp_path, annomi.FULL, [*rows, rows[-1]], FULL_HEADER)
    with pytest.raises(UserError, match="second row for the same utterance and annotator"):
        annomi.load(tmp_path)


def test_annotators_must_agree_on_the_words(tmp_path: Path) -> None:
    rows = full_rows()
    rows[-1]["utterance_text"] = "Something else."
    write(tmp_path, annomi.FULL, rows, FULL_HEADER)
    with pytest.raises(UserError, match="disagree on what was said"):
        annomi.load(tmp_path)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(
    simple: Path, tmp_path: Path
) -> None:
    before = annomi.load(tmp_path)
    simple.write_bytes(b"\xef\xbb\xbf" + simple.read_bytes().replace(b"\n", b"\r\n"))
    assert annomi.load(tmp_path) == before
