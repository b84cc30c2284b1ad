"""The terms that a winner carries on: of its base, its data and the scorers that shaped it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCardData

from empathy.corpora import CORPORA
from empathy.winner.folder import Winner
from empathy.winner.licences import Terms, hub_id, terms_of

NOTICE = "NOTICE"
SCORED = ("empathy", "emotional_reactions", "interpretations", "explorations", "win_rate", "mi_",
          "reflections")  # fmt: skip
"""How the names of numbers begin that the built-in scorers give."""
SCORERS = (
    "The built-in scorers were trained on EPITOME, whose licence restricts them to non-commercial "
    "academic research, and the one of motivational interviewing on data under CC BY-NC-SA 3.0. "
    "{use} Whether their terms reach a model that they shaped is not settled here: non-commercial "
    "research is the safe reading."
)


def front_matter(manifest: Mapping[str, Any], winner: Winner, *, strict: bool) -> str:
    """The hub's YAML. A licence alone would mislead where data or scorers have stricter terms."""
    given, terms = manifest["settings"], terms_of(winner.base_name)
    strict = strict or any(name != "sample" for name in given["data"]["corpora"])
    base = hub_id(winner.base_name)
    card = ModelCardData(
        base_model=base,
        base_model_relation=None if base is None else "adapter",
        library_name="peft",
        pipeline_tag="text-generation",
        license="other" if strict or terms.licence is None else terms.licence,
        license_name=_licence_name(terms) if strict else None,
        license_link=NOTICE if strict else None,
        tags=["peft", "lora", given.get("objective", "dpo"), "empathy", "not-clinical-advice"],
    )
    return str(card.to_yaml())


def _licence_name(terms: Terms) -> str:
    return f"{terms.licence or 'unknown'}-and-terms-of-data-and-scorers"


def scorers(given: Mapping[str, Any], metric: str) -> str:
    """What the scorers had a hand in, as a notice; "" where they only measured beside the rest."""
    ranked = "ranked" in given["data"].get("schemes", {}) and given.get("objective", "dpo") == "dpo"
    uses = []
    if ranked:
        uses.append("they ranked the replies that this model learnt from")
    if metric.startswith(SCORED):
        uses.append("their number chose it among the trials")
    if not uses:
        return ""
    use = " and ".join(uses)
    return SCORERS.format(use=f"{use[0].upper()}{use[1:]}.")


def corpora(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every corpus with its licence. One that is not known here is told as such."""
    names = manifest["settings"]["data"]["corpora"]
    return [
        (name, CORPORA[name].licence if name in CORPORA else "terms not known to this software")
        for name in names
    ]
