"""What passes between the stages: dialogues, prompts, pairs, replies. Plain data, no torch."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Speaker = Literal["client", "counsellor"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class _Blanks(dict[int, int]):
    """For `str.translate`: a blank for punctuation of any script, every other letter itself."""

    def __missing__(self, code: int) -> int:
        mark = unicodedata.category(chr(code)).startswith("P")
        self[code] = ord(" ") if mark else code
        return self[code]


_BLANKS = _Blanks()


def same_words(text: str) -> str:
    """A text as it is compared with others: capitals, blanks and punctuation do not matter, nor
    how an accent is encoded. Of a text without any word the punctuation stays."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.translate(_BLANKS).split()) or " ".join(plain.split())


def fingerprint(kind: str, text: str) -> str:
    """16 hex digits that stand for a text (a question, a patient's id) without showing it.

    Capitals and the kind of blanks do not matter, punctuation does: an id may consist of it, and
    what decides a split may never change. `kind` keeps fingerprints for different uses apart.
    """
    plain = " ".join(text.split()).casefold()
    return hashlib.sha256(f"{kind}\0{plain}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A whole session as its corpus tells it.

    `group` is what a split may never cut in two: the video, question or patient the dialogue
    comes from. Several dialogues may share one group. `split` is where the corpus itself puts the
    dialogue; None leaves that to the group's hash.
    """

    dialogue_id: str
    group: str
    corpus: str
    turns: tuple[Turn, ...]
    language: str = "en"
    metadata: Mapping[str, str] = field(default_factory=dict)
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two ways to say one thing, of which the corpus calls one better; no client spoke before."""

    contrast_id: str
    group: str
    corpus: str
    better: str
    worse: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Prompt:
    """The last turns before a counsellor speaks, and what the counsellor then really said."""

    prompt_id: str
    group: str
    corpus: str
    turns: tuple[Turn, ...]  # oldest first; the last one is the client's
    human_reply: str
    language: str = "en"

    @property
    def client_text(self) -> str:
        """The client's words that the reply answers."""
        return self.turns[-1].text


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two replies to one prompt, the first preferred; `scheme` names who says so."""

    prompt: Prompt
    chosen: str
    rejected: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a policy answered to a prompt; `finished` is whether it ended by itself."""

    prompt_id: str
    text: str
    tokens: int
    finished: bool
