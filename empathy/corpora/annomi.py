"""AnnoMI: transcribed demonstrations of good and bad motivational interviewing.

Source: github.com/uccollab/AnnoMI, files `AnnoMI-simple.csv` (a row per utterance) and
`AnnoMI-full.csv` (a row per utterance and annotator), in the folder `annomi/`. One is enough.
Citation: Wu et al., "Anno-MI: A Dataset of Expert-Annotated Counselling Dialogues", ICASSP 2022.
Licence: the repository has no licence file; its authors release it for research. Not shipped.

Counts: 133 transcripts (110 of high, 23 of low quality) of 119 videos, 9,699 utterances, 4,743
client-to-therapist exchanges; the full file has 13,551 rows, since ten annotators labelled the
428 utterances of seven transcripts. An invented row of the simple file:

    transcript_id,mi_quality,video_title,video_url,topic,utterance_id,interlocutor,timestamp,
    utterance_text,main_therapist_behaviour,client_talk_type
    7,high,"A talk",https://video.example/7,smoking cessation,0,client,00:00:04,
    "I quit, [chuckles] twice.",n/a,change

Group: the video, since 23 transcripts share nine videos. Marks in square brackets ([chuckles],
[unintelligible 00:01:02]) are the transcriber's and are removed from the text: 285 utterances
hold some, and `marks_removed` in a dialogue's metadata counts them. An utterance that was nothing
else stays, empty. `n/a` is a value (a client has no therapist behaviour), not a missing cell.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from empathy.errors import UserError
from empathy.reading.tables import Row, check_words, is_number, read_csv
from empathy.records import Dialogue, Speaker, Turn

SIMPLE, FULL = "AnnoMI-simple.csv", "AnnoMI-full.csv"
SPEAKERS: dict[str, Speaker] = {"client": "client", "therapist": "counsellor"}
MARK = re.compile(r"\[[^\]]*\]")

# Metadata name -> column. A dialogue's counts are over its utterances, never over annotators.
LABELS = {"behaviours": "main_therapist_behaviour", "client_talk": "client_talk_type"}
FINE_LABELS = {
    "inputs": "therapist_input_subtype",
    "reflections": "reflection_subtype",
    "questions": "question_subtype",
}
COLUMNS = (
    *("transcript_id", "mi_quality", "video_url", "topic", "utterance_id"),
    *("interlocutor", "utterance_text", *LABELS.values()),
)
SEEN = ("reflection_exists", "question_exists")
FULL_COLUMNS = (*COLUMNS, "annotator_id", *FINE_LABELS.values(), *SEEN)
REMEDY = "fetch the authors' file again and leave it unchanged"

# (transcript, utterance) -> its rows: one in the simple file, one per annotator in the full one.
Utterances = dict[tuple[int, int], list[Row]]


class Utterance(NamedTuple):
    """What a therapist said, and whether most annotators saw a reflection or a question in it."""

    session: int
    group: str  # the video
    quality: str  # high or low
    text: str
    reflects: bool
    asks: bool


def load(folder: Path | None) -> list[Dialogue]:
    """The transcripts of `folder/annomi`, by transcript number, turns in their spoken order.

    The simple file's words and main labels win where both files are there; the full one then adds
    its finer labels. Raises `UserError` for a missing, broken or contradicting file.
    """
    if folder is None:
        raise UserError("corpus 'annomi' needs a folder: set EMPATHY_DATA or data.folder")
    simple, full = folder / "annomi" / SIMPLE, folder / "annomi" / FULL
    if not simple.is_file() and not full.is_file():
        raise UserError(
            f"no AnnoMI in '{folder}': neither {simple} nor {full} is a file; "
            "EMPATHY_DATA or data.folder must be the folder that holds 'annomi/'"
        )
    fine = _read(full, FULL_COLUMNS) if full.is_file() else {}
    main = _read(simple, COLUMNS) if simple.is_file() else fine
    if fine and fine.keys() != main.keys():
        transcript, utterance = min(fine.keys() ^ main.keys())
        raise UserError(
            f"{simple} and {full} disagree: utterance {utterance} of transcript {transcript} is in "
            f"one of them only; {REMEDY}, or remove one of the two"
        )
    return [
        _dialogue(part, fine) for part in _transcripts(main, simple if simple.is_file() else full)
    ]


def therapists(folder: Path) -> list[Utterance]:
    """Every therapist's utterance that has words, from the full file, which has all behaviours.

    Raises `UserError` for a missing or broken file.
    """
    found = []
    for (session, _), rows in sorted(_read(folder / "annomi" / FULL, FULL_COLUMNS).items()):
        row, text = rows[0], _spoken(rows[0]["utterance_text"])
        if row["interlocutor"] == "therapist" and text:
            seen = (_most(rows, column) for column in SEEN)
            place = (session, row["video_url"].strip(), row["mi_quality"])
            found.append(Utterance(*place, text, *seen))
    return found


def counts(dialogues: Sequence[Dialogue]) -> dict[str, int]:
    """Transcripts, videos, utterances, the marks removed and the utterances left empty by that."""
    said = [turn.text for dialogue in dialogues for turn in dialogue.turns]
    return {
        "transcripts": len(dialogues),
        "videos": len({dialogue.group for dialogue in dialogues}),
        "utterances": len(said),
        "marks removed": sum(int(each.metadata["marks_removed"]) for each in dialogues),
        "utterances of marks alone": said.count(""),
    }


def _read(path: Path, columns: tuple[str, ...]) -> Utterances:
    """The rows of one file by utterance, every cell that we use checked."""
    utterances: Utterances = defaultdict(list)
    for where, row in read_csv(path, columns, REMEDY):
        _add(utterances, row, where)
    return dict(utterances)


def _add(utterances: Utterances, row: Row, where: str) -> None:
    """Check a row and put it with its utterance; `where` names file and line for an error."""
    for name, allowed in (("interlocutor", tuple(SPEAKERS)), ("mi_quality", ("high", "low"))):
        if row[name] not in allowed:
            raise UserError(f"{where}: {name} is not {' or '.join(allowed)}; {REMEDY}")
    for name in ("transcript_id", "utterance_id"):
        if not is_number(row[name]):
            raise UserError(f"{where}: {name} is not a whole number; {REMEDY}")
    for name in ("video_url", "utterance_text"):
        check_words(row[name], where, name, REMEDY)
    rows = utterances[int(row["transcript_id"]), int(row["utterance_id"])]
    if row.get("annotator_id") in (other.get("annotator_id") for other in rows):
        raise UserError(f"{where}: a second row for the same utterance and annotator; {REMEDY}")
    if any(row[name] != rows[0][name] for name in COLUMNS[:7] if rows):
        raise UserError(f"{where}: its annotators disagree on what was said by whom; {REMEDY}")
    rows.append(row)


def _transcripts(utterances: Utterances, where: Path) -> list[Utterances]:
    """The utterances of each transcript, in order, with nothing missing in between."""
    parts: dict[int, Utterances] = defaultdict(dict)
    for key in sorted(utterances):
        parts[key[0]][key] = utterances[key]
    for transcript, part in parts.items():
        gap = next((n for n in range(len(part)) if (transcript, n) not in part), None)
        if gap is not None:
            raise UserError(
                f"{where}: transcript {transcript} has missing utterances, the first being {gap}; "
                f"{REMEDY}"
            )
        if len({rows[0]["interlocutor"] for rows in part.values()}) < 2:
            raise UserError(f"{where}: only one person speaks in transcript {transcript}; {REMEDY}")
        for name in ("mi_quality", "video_url", "topic"):
            if len({rows[0][name] for rows in part.values()}) > 1:
                raise UserError(f"{where}: transcript {transcript} has two {name}; {REMEDY}")
    return list(parts.values())


def _dialogue(part: Utterances, fine: Utterances) -> Dialogue:
    first = next(iter(part.values()))[0]
    rows = [versions[0] for versions in part.values()]
    metadata = {
        "mi_quality": first["mi_quality"],
        "topic": first["topic"].strip(),
        "marks_removed": str(sum(len(MARK.findall(row["utterance_text"])) for row in rows)),
        **{name: _counts(part, column) for name, column in LABELS.items()},
    }
    if fine:
        part = {key: fine[key] for key in part}
        metadata |= {name: _counts(part, column) for name, column in FINE_LABELS.items()}
        metadata["annotators"] = str(max(len(versions) for versions in part.values()))
    return Dialogue(
        dialogue_id=f"annomi-{int(first['transcript_id']):03d}",
        group=first["video_url"].strip(),
        corpus="annomi",
        turns=tuple(Turn(SPEAKERS[r["interlocutor"]], _spoken(r["utterance_text"])) for r in rows),
        metadata=metadata,
    )


def _most(rows: Sequence[Row], column: str) -> bool:
    return 2 * sum(row[column] == "True" for row in rows) > len(rows)


def _spoken(text: str) -> str:
    return " ".join(MARK.sub(" ", text).split())


def _counts(part: Utterances, column: str) -> str:
    """How many utterances carry each label, as in "question 3, reflection 5".

    An utterance counts once, with the label that most annotators gave it (at a tie, the one that
    comes first in the file).
    """
    votes = (Counter(row[column] for row in rows).most_common(1)[0][0] for rows in part.values())
    counts = Counter(label for label in votes if label != "n/a")
    return ", ".join(f"{label} {counts[label]}" for label in sorted(counts))
