"""The MI corpus's files in small, all words invented, for tests that may not see the real ones."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from empathy.corpora.mi import COUNSELCHAT, GOLD
from empathy.reading.miti import GOLD_TEST

HEADER = (
    *("dialog_id", "title", "turn_count", "turn", "author", "text", "N-gram labels"),
    *("Cosine label", "All labels", "Intersection", "Union (without disambiguities)"),
)
ASKED = "My brother no longer\n   speaks to me,\xa0and I do not know why."
# (dialogue, title, author, text, union label)
ROWS = (
    ("counsel_chat | 4", "Brother", "speaker", ASKED, ""),
    ("counsel_chat | 4", "Brother", "listener", "You have been patient.", "Affirm"),
    ("counsel_chat | 4", "Brother", "listener", "I am here for you.", "Support"),
    ("counsel_chat | 4", "Brother", "listener", "Families are\nhard.", ""),
    ("counsel_chat | 7", "Brother", "speaker", " ".join(ASKED.split()), ""),
    ("counsel_chat | 7", "Brother", "listener", "Call him.", "Advise without Permission"),
    ("counsel_chat | 9", "Sleep", "speaker", "I lie awake until four each night.", ""),
    ("counsel_chat | 9", "Sleep", "listener", "Some people do.", ""),
)
GOLD_ROWS = (
    ("r1", "speaker", "I lie awake  until four each night.", "-"),
    ("r1", "listener", "What keeps you up?", "Open Question"),
    ("r1", "listener", "Stop it.", "Confront"),
    ("r1", "speaker", "Work does.", ""),
    ("r1", "listener", "It weighs on you.", "-"),
)
TESTED = (("Never test on this.", "9", "Advise without Permission", "11", "Direct"),) * 2
REPHRASED = {
    "PP Dataset/template/advise_train.txt": [
        ("Call her.", "You may want to call her."),
        ("Call her.", "You may want to call her."),  # an exact duplicate
        ("Sell the car.", "An option would be to sell the car."),
    ],
    "PP Dataset/template/advise_valid.txt": [
        ("call  her.", "I wonder if you can call her."),  # the source again, in another part
        ("never test on this.", "You may never test on this."),
    ],
    "PP Dataset/template/advise_test.txt": [("Rest.", "Never test on this.")],
    "PP Dataset/retrieve/advise_train.txt": [("Call her.", "Perhaps she would like a letter.")],
    "PP Dataset/retrieve/advise_valid.txt": [("Walk more.", "Fresh air may help.")],
    "PP Dataset/retrieve/advise_test.txt": [("Walk less.", "A pause may help.")],
    "PPA Dataset/template/advise_valid.txt": [("Call her.", "You may want to call her.")],
    "PPA Dataset/template/advise_test.txt": [("Eat .", "You may want to eat .")],
    "PPA Dataset/retrieve/advise_valid.txt": [("Sleep .", "Rest could help .")],
    "PPA Dataset/retrieve/advise_test.txt": [("Run .", "Sport could help .")],
}


def write_mi(folder: Path) -> Path:
    """Writes everything but the optional gold file under `folder`/mi and returns `folder`."""
    rows = [
        (i, title, 2, 1 if who == "speaker" else 2, who, text, "", "", "", "", label)
        for i, title, who, text, label in ROWS
    ]
    write_csv(folder / COUNSELCHAT, HEADER, rows)
    columns = ("Text", "Ground truth (index)", "Ground truth", "Prediction (index)", "Prediction")
    write_csv(folder / GOLD_TEST, columns, TESTED)
    for name, pairs in REPHRASED.items():
        path = folder / "mi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"text:{a}\tlabels:{b}\tepisode_done:True\n" for a, b in pairs)
        path.write_text("".join(lines), encoding="utf-8")
    return folder


def write_gold(folder: Path) -> Path:
    """Writes the optional `MI Dataset.csv` and returns its path."""
    columns = ("dialog_id", "author", "text", "final agreed label")
    return write_csv(folder / GOLD, columns, GOLD_ROWS)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """A CSV file with Windows line ends, as the authors' are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
