"""The invented corpus that ships with this software, so that it runs without any download.

Source: `sample.jsonl` beside this file, written for this project; nobody said these words and no
text is copied. Licence: Apache-2.0, as the software. At least 80 dialogues across topics; each is
its own group. A line (this one is not in the file):

    {"dialogue_id": "sample-000", "topic": "sleep", "turns": [["client", "I lie awake."],
    ["counsellor", "What keeps you up?"]]}

It is for demonstrations and tests. What a sweep finds on it says nothing about real clients.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from empathy.errors import UserError
from empathy.reading.tables import check_words
from empathy.records import Dialogue, Speaker, Turn

FILE = Path(__file__).with_name("sample.jsonl")
SHAPE = '{"dialogue_id": text, "topic": text, "turns": [[client | counsellor, text], ...]}'


def load(folder: Path | None = None) -> list[Dialogue]:
    """The invented dialogues; `folder` is not used, they ship with the package."""
    return read(FILE)


def read(path: Path) -> list[Dialogue]:
    """The dialogues of a file in this format. Raises `UserError` naming file and line."""
    dialogues: dict[str, Dialogue] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        dialogue = _dialogue(line, f"{path}, line {number}")
        if dialogue.dialogue_id in dialogues:
            raise UserError(f"{path}, line {number}: {dialogue.dialogue_id} occurs twice")
        dialogues[dialogue.dialogue_id] = dialogue
    if not dialogues:
        raise UserError(f"{path} holds no dialogues; expected lines of {SHAPE}")
    return list(dialogues.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; install this software again") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _dialogue(line: str, where: str) -> Dialogue:
    try:
        raw: dict[str, Any] = json.loads(line)
        turns = tuple(Turn(speaker, text.strip()) for speaker, text in raw["turns"])
        dialogue_id, topic = raw["dialogue_id"].strip(), raw["topic"].strip()
        speakers = {turn.speaker for turn in turns}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{where}: {error!r}; expected {SHAPE}") from error
    if speakers != set(get_args(Speaker)):
        raise UserError(f"{where}: the speakers must be client and counsellor, both of them")
    if not dialogue_id or not all(turn.text for turn in turns):
        raise UserError(f"{where}: a blank dialogue_id or turn; expected {SHAPE}")
    said = [("a turn", turn.text) for turn in turns]
    for name, text in [("dialogue_id", dialogue_id), ("topic", topic or "none"), *said]:
        check_words(text, where, name, f"expected {SHAPE}")
    return Dialogue(dialogue_id, dialogue_id, "sample", turns, metadata={"topic": topic})
