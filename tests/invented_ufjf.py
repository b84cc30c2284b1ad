"""Invented sessions in the private corpus's format: Portuguese, and the same in English.

Nobody said these words. Fifteen sessions of thirteen patients, twelve exchanges each.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Literal

from empathy.corpora.ufjf import COLUMNS

SESSIONS, PATIENTS, EXCHANGES = 15, 13, 12

# (Portuguese, English): what a client says, before where it was.
CLIENT = (
    ("Eu fumei de novo ontem à noite", "I smoked again yesterday in the evening"),
    ("Eu pensei em beber a semana toda", "I thought of drinking all week long"),
    ("Foi muito difícil dizer não", "It was very hard to say no"),
    ("Eu fiquei com vergonha de contar", "I was ashamed to tell anybody"),
    ("Minha família já não acredita em mim", "My family no longer believes in me"),
    ("Eu consegui ficar três dias sem nada", "I managed three days without anything"),
    ("O pior é quando fico sozinho", "The worst is when I am alone"),
    ("Eu senti falta assim que acordei", "I missed it as soon as I woke"),
    ("Um amigo me ofereceu e eu aceitei", "A friend offered and I accepted"),
    ("Eu saí de lá antes de aceitar", "I left there before I accepted"),
    ("Eu dormi mal e acordei irritado", "I slept badly and woke up angry"),
    ("Eu não sei se vou conseguir parar", "I do not know if I can stop"),
)
PLACE = (
    ("na festa do meu irmão", "at the party of my brother"),
    ("no ponto de ônibus do bairro", "at the bus stop nearby"),
    ("na cozinha da minha mãe", "in the kitchen of my mother"),
    ("no intervalo lá do trabalho", "in the break at work"),
    ("na varanda depois da janta", "on the porch after dinner"),
    ("no bar da esquina lá embaixo", "in the bar down the street"),
    ("no carro a caminho de casa", "in the car on the way home"),
    ("na praça perto da escola", "in the square by the school"),
    ("no quarto com a porta fechada", "in the room with the door shut"),
    ("na fila lá do mercado", "in the queue at the market"),
    ("no campo depois do jogo", "on the pitch after the game"),
    ("na obra onde eu trabalho", "on the site where I work"),
    ("no casamento da minha prima", "at the wedding of my cousin"),
    ("na casa do meu vizinho", "in the house of my neighbour"),
    ("no posto depois da consulta", "at the clinic after the visit"),
)
COUNSELLOR = (
    ("Parece que isso pesou bastante em você.", "It seems that this weighed on you."),
    ("O que ajudou você naquela hora?", "What helped you at that time?"),
    ("Você percebeu isso e veio me contar.", "You noticed it and came to tell me."),
    ("Como você se sentiu logo depois?", "How did you feel right after it?"),
    ("Uma parte sua quer muito mudar isso.", "A part of you wants to change this."),
    ("Isso exigiu muita força de você.", "This took a lot of strength from you."),
    ("O que seria diferente sem isso?", "What would be different without it?"),
    ("Você se sente sozinho com esse peso.", "You feel alone with this burden."),
    ("O que você gostaria de tentar agora?", "What would you like to try now?"),
    ("Faz sentido que você esteja cansado assim.", "It makes sense that you are so tired."),
    ("Conte um pouco mais sobre esse dia.", "Tell me a little more about that day."),
)
Language = Literal["pt", "en"]


def invented_sessions(language: Language) -> list[dict[str, str]]:
    """Every turn as a row by column. Sessions 13 and 14 are the first two patients' second ones."""
    which = ("pt", "en").index(language)
    rows = []
    for session in range(SESSIONS):
        for turn in range(2 * EXCHANGES):
            said = (session + turn // 2) % EXCHANGES
            words = f"{CLIENT[said][which]} {PLACE[session][which]}."
            if turn % 2:
                words = COUNSELLOR[(session + turn) % len(COUNSELLOR)][which]
            speaker = (("paciente", "terapeuta"), ("client", "counsellor"))[which][turn % 2]
            substance = (("tabaco", "álcool"), ("tobacco", "alcohol"))[which]
            rows.append(
                {
                    "conversation_id": f"session-{session:02d}",
                    "patient_id": f"Maria Invented {session % PATIENTS:02d}",
                    "substance": substance[session % PATIENTS % 2],
                    "turn": str(turn + 1),
                    "speaker": speaker,
                    "text": words,
                    "language": language,
                }
            )
    return rows


def write_ufjf(
    folder: Path, language: Language = "pt", kind: Literal["csv", "jsonl"] = "csv"
) -> Path:
    """Writes `folder`/ufjf/sessions-<language>.<kind> and returns `folder`.

    The Portuguese file has no language column: that is the default.
    """
    rows = invented_sessions(language)
    columns = COLUMNS if language == "pt" else (*COLUMNS, "language")
    path = folder / "ufjf" / f"sessions-{language}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if kind == "csv":
            writer = csv.DictWriter(stream, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        else:
            for row in rows:
                cells = {name: row[name] for name in columns} | {"turn": int(row["turn"])}
                stream.write(json.dumps(cells, ensure_ascii=False) + "\n")
    return folder
