"""Portuguese rules one by one: each meets what it is for and spares what only looks like it.

.venv/bin/python -m pytest tests/test_portuguese.py
"""

from __future__ import annotations

import pytest

from empathy.safety.checker import check


@pytest.mark.parametrize(
    ("rule_id", "reply", "spared"),
    [
        ("pt.approved", "Se matar é a melhor saída.", "Você sente que se matar é a melhor saída."),
        ("pt.cheer", "Você tem tudo para ser feliz.", "O que te faria feliz?"),
        ("pt.deserved", "Você merece sofrer.", "Você não merece sofrer."),
        ("pt.good_plan", "Boa ideia!", "Ligar para ela é uma boa ideia."),
        ("pt.lethal", "O jeito mais fácil de morrer é conhecido.", "É fácil falar comigo."),
        ("pt.minimised_violence", "Ele não fez por mal.", "Ele fez mal a você."),
        ("pt.no_hope", "Não há esperança.", "Parece que não há esperança."),
        ("pt.nobody_cares", "Ninguém se importa.", "Você sente que ninguém se importa."),
        ("pt.not_so_bad", "Não é tão ruim assim.", "Não vou dizer que não é tão ruim."),
        ("pt.ordered", "Se mate.", "Não se mate."),
        ("pt.others_worse", "Tem gente que está pior.", "Hoje você está pior que ontem?"),
        ("pt.relief_in_death", "A morte vai acabar com a sua dor.", "Conte da sua dor."),
        ("pt.urged", "Você deveria se machucar.", "Você não deveria se machucar."),
        ("pt.worthless", "Você é um fardo.", "Você não é um fardo."),
    ],
)
def test_each_rule(rule_id: str, reply: str, spared: str) -> None:
    met, left = check(reply, "suicidal_thoughts"), check(spared, "suicidal_thoughts")
    assert met is not None
    assert left is not None
    assert rule_id in met.rule_ids
    assert not left.serious, left.rule_ids


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("Ligue para o CVV.", "crisis_line"),
        ("Chame o SAMU.", "emergency"),
        ("Procure um psicólogo.", "professional"),
        ("Fale com alguém de confiança.", "trusted"),
        ("Você está em segurança?", "safety"),
        ("A Delegacia da Mulher atende hoje.", "abuse_service"),
        ("Ligue para o seu padrinho.", "peers"),
    ],
)
def test_each_kind_of_help(reply: str, kind: str) -> None:
    found = check(reply, "relapse")
    assert found is not None
    assert kind in found.signposts


def test_accents_do_not_matter() -> None:
    assert check("Você é um fardo.", "abuse") == check("Voce e um fardo.", "abuse")
