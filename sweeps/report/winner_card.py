"""The card that goes with the winner: README.md, NOTICE and the manifest in `winner/`.

Made from the files of a sweep alone, after its end, for the numbers are not known when the adapter
is written. It holds counts, settings and scores, and no word of any dialogue or reply.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from empathy.cache import file_sha256, write_atomically
from empathy.families import family_named
from empathy.privacy import holds_private
from empathy.winner import folder as winners
from empathy.winner.licences import FROM_FOUR_BITS, hub_id, terms_of
from empathy.winner.loading import Loading, how_to_load
from empathy.winner.merge_command import FACTS, MERGED
from sweeps.record.ledger import Record, figures, read_record
from sweeps.record.wording import said, settings
from sweeps.report import fresh_seeds
from sweeps.report.cautions import data_warnings, guard_warnings, style_warnings
from sweeps.report.findings import Outcome, answer, change_of, judged, outcome
from sweeps.report.guard_text import in_leaderboard
from sweeps.report.report import environment, reported
from sweeps.report.report_safety import safety_view, share
from sweeps.report.winner_terms import NOTICE, corpora, front_matter, scorers
from sweeps.sweepfile.manifest import MANIFEST

CARD = "README.md"
PINNED = ("empathy-sweeps", "torch", "transformers", "peft", "trl")


class Row(NamedTuple):
    """A number on test prompts, as text."""

    name: str
    base: str
    sft: str
    winner: str
    fresh: str
    against_sft: str


def write_winner_card(out: Path) -> None:
    """Write what goes with the winner of the ended sweep in `out`; nothing where there is none.

    A winner, or merged weights, that an earlier end of the sweep left are not of this one, and go.
    """
    folder, record = out / winners.NAME, read_record(out)
    if record.summary is None:
        return
    _drop_stale(out, won=bool(record.summary.get("best")))
    if not (folder / winners.CONFIG).is_file():
        return
    view = contents(record, winners.find(out))
    for name, template in ((CARD, "winner_card.md.j2"), (NOTICE, "winner_notice.j2")):
        text = environment(template).get_template(template).render(view)
        write_atomically(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
    if not view["private"]:
        copied = partial(shutil.copyfile, out / MANIFEST)
        write_atomically(folder / MANIFEST, copied)


def _drop_stale(out: Path, *, won: bool) -> None:
    folder, merged = out / winners.NAME, out / MERGED
    if not won:
        shutil.rmtree(folder, ignore_errors=True)
    facts = merged / FACTS
    if facts.is_file():
        made_of = json.loads(facts.read_text("utf-8"))["adapter_sha256"]
        if not won or made_of != file_sha256(folder / winners.WEIGHTS):
            shutil.rmtree(merged)


def contents(record: Record, winner: winners.Winner) -> dict[str, Any]:
    """All that both templates show, by name."""
    manifest, found = record.manifest, outcome(record)
    terms, given = terms_of(winner.base_name), manifest["settings"]
    told_of_scorers = scorers(given, found.metric)
    private = holds_private(given["data"])
    return {
        "front_matter": front_matter(manifest, winner, strict=bool(told_of_scorers) or private),
        "title": f"{manifest['sweep']}: replies tuned for empathy",
        "private": private,
        "answer": answer(found),
        "safety": safety_view(record, found),
        "guards": _guards(found),
        "no_signpost": _no_signpost(record, found),
        "warnings": [
            *guard_warnings(found),
            *style_warnings(found),
            *data_warnings(manifest),
            *_of_weights(manifest, winner),
        ],
        "rows": rows(found),
        "trials": (record.summary or {}).get("trials"),
        "seed_failures": fresh_seeds.failures(found.seeds),
        "loading": how_to_load(_loading(winner, manifest)),
        "settings": _settings(found, given),
        "corpora": corpora(manifest),
        "splits": {name: part for name, part in manifest.get("data", {}).items()
                   if isinstance(part, Mapping)},
        "base": base_label(winner),
        "hub": hub_id(winner.base_name),
        "terms": terms,
        "scorers": told_of_scorers,
        "command": shlex.join(["python", "launch.py", *manifest["command"][1:]]),
        "versions": _versions(manifest),
        "manifest": manifest,
    }  # fmt: skip


def rows(found: Outcome) -> list[Row]:
    """Every number that the winner has on test prompts, the sweep's metric first."""
    assert found.best is not None, "only a sweep with a winner has one to write about"
    test = {name: trial.test for name, trial in found.trials.items()}
    own, base, sft = test[found.best], test.get("base", {}), test.get("sft", {})
    seeds = (found.seeds or {}).get("finalists", {}).get(found.best)
    fresh = figures(seeds["fresh"]) if seeds else {}
    ordered = [found.metric, *(name for name in reported(found) if name != found.metric)]
    told = []
    for name in ordered:
        if name not in own:
            continue
        change = change_of(name, own[name], sft.get(name), found)
        verdict = judged(name, change)
        difference = said(change, name, difference=True) + (f", {verdict}" if verdict else "")
        told.append(
            Row(
                name,
                base=said(base.get(name), name),
                sft=said(sft.get(name), name),
                winner=said(own[name], name),
                fresh=said(fresh.get(name), name),
                against_sft=difference,
            )
        )
    return told


def _guards(found: Outcome) -> str:
    """What the winner breaks of the sweep's guards on test prompts, or that it keeps them."""
    assert found.best is not None
    return in_leaderboard(
        found.guarded, found.trials[found.best], won=True, changes=found.differences
    )


def _no_signpost(record: Record, found: Outcome) -> str:
    """The share of its replies to people in crisis that point to no help; "" if nobody asked."""
    policies = ((record.summary or {}).get("safety") or {}).get("policies", {})
    rates = policies.get(found.best, {}).get("rates", {})
    return share(rates["no_signpost"]) if "no_signpost" in rates else ""


def _of_weights(manifest: Mapping[str, Any], winner: winners.Winner) -> list[str]:
    """Where the weights are not what their name suggests."""
    told = []
    if manifest.get("weights", {}).get("quantization") == "4bit":
        told.append(
            "Training read the base in 4 bits; loaded in full precision, base and adapter give "
            "other numbers than those measured."
        )
    if winner.base_name in FROM_FOUR_BITS:
        told.append(
            f"The base's weights come out of {winner.base_name}, unpacked from 4 bits: "
            f"{hub_id(winner.base_name)} on the hub is the same model, not the same numbers."
        )
    return told


def _loading(winner: winners.Winner, manifest: Mapping[str, Any]) -> Loading:
    family = family_named(manifest["settings"]["family"])
    local = Path(winner.base_name).is_absolute()
    return Loading(
        base_label(winner),
        "local weights" if local else winner.notes.get("source") or manifest["weights"]["source"],
        own_base=winner.own_base,
        multimodal="text_prefix" in winner.notes,
        changes=family.config_changes,
    )


def base_label(winner: winners.Winner) -> str:
    """The base's name; of local weights the start of their hash, since paths may tell."""
    if not Path(winner.base_name).is_absolute():
        return winner.base_name
    sha = winner.notes.get("made_of_sha256") or winner.notes.get("base_sha256", "")
    return f"local weights {sha[:12]}"


def _settings(found: Outcome, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What made this model, as name and text; what a sweep does not say is left out."""
    assert found.best is not None
    chosen = found.trials[found.best].parameters
    data, rules = given["data"], given.get("evaluation", {})
    fixed = {name: value for name, value in given.get("training", {}).items()
             if name not in chosen and value is not None}  # fmt: skip
    decoding = {name: rules[name] for name in ("temperature", "max_new_tokens") if name in rules}
    schemes = data.get("schemes", {})
    made = {"schemes": ", ".join(f"{name} {share:g}" for name, share in schemes.items())}
    made |= {name: data[name] for name in ("candidates", "relevance", "context_turns")
             if name in data}  # fmt: skip
    parts = {
        "objective": given.get("objective", "dpo"),
        "trial": f"{found.best}: {settings(chosen)}",
        "training": settings(fixed),
        "warm start": settings(given.get("warm_start", {})),
        "pairs": settings(made),
        "decoding when measured": settings(decoding),
    }
    return [(name, text) for name, text in parts.items() if text]


def _versions(manifest: Mapping[str, Any]) -> str:
    packages = manifest.get("packages", {})
    found = [f"{name} {packages[name]}" for name in PINNED if packages.get(name)]
    return ", ".join([f"Python {manifest['python']}", *found])
