"""Eighty invented counselling dialogues as a user's CSV: three exchanges each, no long turn twice.

python tests/invented_own.py > dialogues.csv
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from typing import TextIO

COLUMNS = ("dialogue_id", "speaker", "text")
DIALOGUES, EXCHANGES = 80, 3

# (what the client tells, what the counsellor hears in it)
TROUBLE = (
    ("I keep putting off the call to my landlord", "that call weighs on you"),
    ("my sister has stopped answering my letters", "her silence hurts"),
    ("I failed the driving test for the third time", "you feel you let yourself down"),
    ("my shift was cut and the rent is due", "money has become a worry"),
    ("our dog died and the flat is so quiet", "you miss somebody who was always there"),
    ("I argue with my son about school again", "you want peace with your son"),
    ("I cannot sleep before I have to give a talk", "speaking in front of others scares you"),
    ("my best friend moved to another country", "you lost the one you told everything"),
    ("I shouted at my mother on the telephone", "you regret how that call went"),
    ("the doctor wants to repeat the blood test", "waiting for the result is hard"),
    ("I was passed over for the job I wanted", "you hoped for that job very much"),
    ("my flatmates eat together and never ask me", "you feel left out at home"),
    ("I spent the savings we had put aside", "you are ashamed of what you did"),
    ("my father does not know me any more", "you are losing him bit by bit"),
    ("I started smoking again after two good months", "you are disappointed in yourself"),
    ("nobody came to the birthday I had planned", "you felt forgotten that evening"),
    ("my thesis is late and my tutor is silent", "you feel alone with that work"),
    ("I lied to my partner about where I was", "the lie stands between you two"),
    ("the new baby cries and I cry with him", "you are worn out"),
    ("I left the choir because I felt judged", "you gave up something you loved"),
)
WHEN = (
    *("and it has been so since last spring", "and this week it was worse than ever"),
    *("and yesterday it all came back to me", "and I think of it on every bus ride"),
    *("and it began around the end of summer", "and I noticed it again this very morning"),
    *("and on Sundays I can think of nothing else", "and that has gone on for a month now"),
)
FEELING = (
    *("I feel small.", "I am so tired.", "It makes me angry.", "I feel ashamed."),
    *("I am afraid.", "I feel numb.", "It makes me sad.", "I feel stuck."),
    *("I feel guilty.", "I do not know why."),
)
OPEN = (
    *("It sounds as if", "I hear that", "So", "If I understand you well,"),
    *("From what you tell me,", "Listening to you, I sense that", "It seems that", "Perhaps"),
)
QUESTION = (
    *("What would help you a little this week?", "When did you last feel lighter?"),
    *("Whom could you tell about it?", "What have you tried so far?"),
    *("How do you get through the evenings?", "What worries you most about it?"),
    *("What would you say to a friend?", "Where do you feel it in your body?"),
    *("What was different on better days?", "What do you wish to happen now?"),
)
ALL = len(TROUBLE) * len(WHEN) * len(FEELING)


def rows(dialogues: int = DIALOGUES) -> list[dict[str, str]]:
    """Every turn by column. No two exchanges say the same, as 37 and the 1,600 share no factor."""
    found = []
    for number in range(dialogues * EXCHANGES):
        place = number * 37 % ALL
        rest = place // len(TROUBLE)
        trouble, heard = TROUBLE[place % len(TROUBLE)]
        when, which = rest % len(WHEN), rest // len(WHEN)
        client = f"{trouble[0].upper()}{trouble[1:]}, {WHEN[when]}. {FEELING[which]}"
        counsellor = f"{OPEN[when]} {heard}. {QUESTION[which]}"
        dialogue = f"d{number // EXCHANGES + 1:02d}"
        for cells in (("client", client), ("counsellor", counsellor)):
            found.append(dict(zip(COLUMNS, (dialogue, *cells), strict=True)))
    return found


def write(stream: TextIO, given: Iterable[dict[str, str]], **form: str) -> None:
    """The rows as CSV; `form` goes to `csv.DictWriter`."""
    table = list(given)
    writer = csv.DictWriter(stream, list(table[0]), **form)  # type: ignore[arg-type]  # a dialect
    writer.writeheader()
    writer.writerows(table)


if __name__ == "__main__":
    write(sys.stdout, rows())
