"""What therapists do, sentence by sentence: the fifteen MITI labels, and the gold test sentences.

Labels and grouping: Welivita and Pu, "Curating a Large-Scale Motivational Interviewing Dataset
using Peer Support Forums", COLING 2022. Complex reflections and open questions are good
motivational interviewing too, but in neither group: adherence alone under-rewards listening.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from empathy.errors import UserError
from empathy.reading.tables import check_words, read_csv

LABELS = (
    *("Closed Question", "Open Question", "Simple Reflection", "Complex Reflection"),
    *("Give Information", "Advise with Permission", "Affirm", "Emphasize Autonomy", "Support"),
    *("Advise without Permission", "Confront", "Direct", "Warn", "Self-Disclose", "Other"),
)
"""In the order of the authors' indices, 0 to 14."""
ADHERENT = frozenset({"Advise with Permission", "Affirm", "Emphasize Autonomy", "Support"})
NON_ADHERENT = frozenset({"Advise without Permission", "Confront", "Direct", "Warn"})
REFLECTIONS = frozenset({"Simple Reflection", "Complex Reflection"})
QUESTIONS = frozenset({"Closed Question", "Open Question"})
GROUPS = ("adherent", "non-adherent", "neither")

GOLD_TEST = Path("mi", "MI Classifier output", "mi_gold", "test_output.csv")
GOLD_COLUMNS = ("Text", "Ground truth", "Prediction")
REMEDY = "fetch the authors' file again and leave it unchanged"


class GoldSentence(NamedTuple):
    """A sentence that experts labelled, and what the authors' own classifier said of it."""

    text: str
    label: str
    predicted: str  # no label: the mark that another scorer has to beat


def gold_test(folder: Path) -> list[GoldSentence]:
    """The 1,681 gold test sentences (28 texts repeat), for tests only: never train on them.

    Raises `UserError` naming file and line for a file or a row that cannot be used.
    """
    sentences = []
    for where, row in read_csv(folder / GOLD_TEST, GOLD_COLUMNS, REMEDY):
        check_words(row["Text"], where, "Text", REMEDY)
        for name in GOLD_COLUMNS[1:]:
            check_label(row[name], where, name)
        sentences.append(GoldSentence(*(row[name] for name in GOLD_COLUMNS)))
    return sentences


def group_of(label: str) -> str:
    """Which of `GROUPS` a label is in."""
    return GROUPS[0 if label in ADHERENT else 1 if label in NON_ADHERENT else 2]


def check_label(label: str, where: str, column: str) -> None:
    """Raises `UserError` for anything but one of `LABELS`."""
    if label not in LABELS:
        raise UserError(f"{where}: {column} is none of {', '.join(LABELS)}; {REMEDY}")
