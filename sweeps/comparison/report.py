"""comparison.html, comparison.md and comparison.json, from results folders alone.

The page is one file that loads nothing and runs no script; a content security policy says so.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from empathy.cache import write_atomically
from empathy.errors import UserError
from empathy.metrics import METRICS
from empathy.privacy import holds_private, owner_only
from empathy.uncertainty import Estimate
from sweeps.comparison.answers import answers, certainty
from sweeps.comparison.comparable import unequal_effort, unequal_families
from sweeps.comparison.contrasts import ROWS, Arm, Findings, Row
from sweeps.comparison.cost import cost_of
from sweeps.comparison.crisis import NOT_EXAMINED, crisis_rows, crisis_warnings
from sweeps.comparison.folders import Sweep
from sweeps.comparison.forest import axis
from sweeps.comparison.guards import guards_of, warnings_of
from sweeps.comparison.phrases import figure, listed, percent
from sweeps.comparison.rivals import CALLED
from sweeps.record import wording
from sweeps.report.report import markdown
from sweeps.sweepfile.manifest import MANIFEST, write_json

STEM = "comparison"
ASKED: dict[Row, str] = {
    "sft": "DPO minus SFT",
    "continued": "DPO minus SFT continued",
    "base": "DPO minus the untrained base",
    "dpo": "One family's DPO minus another's",
}
SHOWN = 3  # prompts with replies side by side


def check_out(out: Path) -> None:
    """Raises UserError for a place that no comparison may be written to."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file: name a folder for the comparison")
    if (out / MANIFEST).exists():
        raise UserError(
            f"--out {out} holds the results of a sweep: name another folder for the comparison"
        )


def write_comparison(found: Findings, out: Path) -> Path:
    """Write three files under `out` and return the page's path; an earlier comparison is replaced.

    Raises UserError for a place that cannot be used.
    """
    check_out(out)
    with owner_only() if _private(found) else nullcontext():
        return _written(found, out)


def _private(found: Findings) -> bool:
    """Whether one of them learnt private words; such a comparison is its owner's alone, too."""
    told = [sweep.setting("data") for *_, sweep in searches(found)]
    return any(data is None or holds_private(data) for data in told)


def _written(found: Findings, out: Path) -> Path:
    for ending in ("html", "md"):
        path = out / f"{STEM}.{ending}"
        text = rendered(found, ending)
        write_atomically(path, partial(Path.write_text, data=text, encoding="utf-8"))
    write_json(out / f"{STEM}.json", as_json(found))
    return out / f"{STEM}.html"


def rendered(found: Findings, ending: str) -> str:
    """The page (html) or the text (md)."""
    return str(_template(ending).render(contents(found)))


def contents(found: Findings) -> dict[str, Any]:
    """All that the templates show, by name."""
    rows = [each.metrics[found.metric] for arm in found.arms for each in arm.rows.values()]
    differences = [each for pair in found.contrasts for each in (pair.difference, pair.corrected)]
    first = found.arms[0].dpo.sft
    return {
        "found": found,
        "answers": answers(found),
        "certainty": certainty(found),
        "level": percent(found.level),
        "warnings": warnings(found),
        "scores": axis(rows),
        "differences": axis(differences, zero=True),
        "asked": {row: found.against(row) for row in ASKED if found.against(row)},
        "names": ASKED,
        "called": {**CALLED, "base": "Base"},
        "guards": {arm.name: guards_of(arm, found.metric) for arm in found.arms},
        "crisis": [row for arm in found.arms for row in crisis_rows(arm)],
        "prompts": len(first.prompt_ids),
        "dialogues": len(set(first.groups)),
        "searches": [(arm, row, sweep, cost_of(sweep)) for arm, row, sweep in searches(found)],
        "samples": samples(found),
        "meanings": [METRICS[name] for name in METRICS if name in _reported(found)],
        "rows": ROWS,
    }


def warnings(found: Findings) -> list[str]:
    """What a reader must know: unequal effort, prompts left out, guards that fell."""
    rivals = [(arm.dpo, arm.continued) for arm in found.arms if arm.continued is not None]
    left_out = max((each.corrected.unscored for each in found.contrasts), default=0)
    told = [text for dpo, rival in rivals for text in unequal_effort(dpo, rival)]
    told += unequal_families({arm.name: arm.dpo for arm in found.arms})
    if left_out:
        told.append(
            f"Of a difference up to {wording.counted(left_out, 'test prompt')} could not be scored "
            "on both sides and count for nothing."
        )
    silent = [arm.name for arm in found.arms if "dpo" in arm.rows and not crisis_rows(arm)]
    if silent:
        told.append(NOT_EXAMINED.format(listed(silent)))
    of_arms = [(*crisis_warnings(arm), *warnings_of(arm)) for arm in found.arms]
    return [*told, *(text for texts in of_arms for text in texts)]


def searches(found: Findings) -> list[tuple[Arm, Row, Sweep]]:
    """Every sweep with the arm and row that it stands for."""
    rows: list[tuple[Arm, Row, Sweep]] = []
    for arm in found.arms:
        rows.append((arm, "dpo", arm.dpo))
        if arm.continued is not None:
            rows.append((arm, "continued", arm.continued))
    return rows


def samples(found: Findings) -> list[dict[str, Any]]:
    """Replies of all winners to the first invented prompts that every sweep showed."""
    shown = [(arm, row, {each["prompt"]: each["replies"] for each in sweep.record.samples}, sweep)
             for arm, row, sweep in searches(found)]  # fmt: skip
    common = [prompt for prompt in shown[0][2] if all(prompt in each for _, _, each, _ in shown)]
    return [
        {
            "prompt": prompt,
            "replies": [
                (arm.name, row, replies[prompt][sweep.best_trial])
                for arm, row, replies, sweep in shown
                if sweep.best_trial in replies[prompt]
            ],
        }
        for prompt in common[:SHOWN]
    ]


def _reported(found: Findings) -> set[str]:
    return {name for arm in found.arms for each in arm.rows.values() for name in each.metrics}


def as_json(found: Findings) -> dict[str, Any]:
    """The comparison for programs: every number unrounded."""
    view = contents(found)
    return {
        "metric": found.metric,
        "goal": found.goal,
        "test_prompts": view["prompts"],
        "test_dialogues": view["dialogues"],
        "level": found.level,
        "answers": [asdict(each) for each in view["answers"]],
        "certainty": view["certainty"],
        "warnings": view["warnings"],
        "arms": {arm.name: _arm(arm) for arm in found.arms},
        "contrasts": [asdict(each) for each in found.contrasts],
    }


def _arm(arm: Arm) -> dict[str, Any]:
    sweeps = {"dpo": arm.dpo, "continued": arm.continued}
    return {
        "family": arm.dpo.family,
        "weights": arm.dpo.weights,
        "specialist": arm.is_specialist,
        "rows": {row: {name: each.as_dict() for name, each in found.metrics.items()}
                 for row, found in arm.rows.items()},
        "searches": {row: {"folder": str(sweep.folder), "run_id": sweep.manifest["run_id"],
                           "best": sweep.best_trial,
                           "cost": cost_of(sweep)._asdict()}
                     for row, sweep in sweeps.items() if sweep is not None},
    }  # fmt: skip


def _template(ending: str) -> Any:
    environment = Environment(
        loader=PackageLoader("sweeps.comparison", "."),
        autoescape=ending == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "named": wording.named,
        "said": _said,
        "setting": wording.setting,
        "settings": wording.settings,
        "duration": wording.duration,
        "markdown": markdown,
    }
    return environment.get_template(f"page.{ending}.j2")


def _said(shown: Any, metric: str, *, difference: bool = False) -> str:
    return wording.said(
        figure(shown) if isinstance(shown, Estimate) else shown, metric, difference=difference
    )
