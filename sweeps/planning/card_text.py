"""A data card as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 12  # of the first column


def as_text(card: Mapping[str, Any]) -> str:
    """The card as lines of `what  it is`; a label stands once, over the lines it holds for."""
    lines, last = [], ""
    for label, text in _lines(card):
        lines.append(f"{'' if label == last else label:<{WIDTH}}{text}".rstrip())
        last = label
    return "\n".join(lines)


def _lines(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for corpus, counts in card.get("reading", {}).items():
        yield f"{corpus}", _counts(counts)
    for split, part in card.get("splits", {}).items():
        yield from ((split, text) for text in _split(part))
    limits = card.get("limits", {})
    if limits:
        yield "limits", _counts(limits)
    if "tokenizer" in card:
        yield "tokenizer", str(card["tokenizer"])
    for name, told in card.get("schemes", {}).items():
        yield from ((name, text) for text in _scheme(told))
        yield from ((name, text) for text in _rules(card["baselines"][name]))
    if card.get("sampled"):
        yield "sampled", _sampled(card["sampled"])
    for pair, count in card.get("overlap", {}).items():
        yield "overlap", f"{pair}: {count} equal long texts"
    for sentence in card.get("cautions", []) or ["nothing"]:
        yield "caution", sentence


def _split(part: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{_counts(part['dialogues'])} dialogues of {part['groups']} groups "
        f"({part['dialogues_twice']} there before in the same words), "
        f"{part['rephrasings']} rephrasings"
    )
    yield f"{part['prompts_used']} of {part['prompts']} prompts, from {part['exchanges']} exchanges"
    for reason, count in part["left_out"].items():
        yield f"left out: {count}, {reason}"
    yield from _lengths(part)


def _scheme(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for split, part in told.items():
        used = "" if part["used"] is None else f", {part['used']} of them in the mix"
        yield (
            f"{split}: {part['pairs']} pairs of {part['prompts']} different prompts "
            f"({part['from']} looked at, {part['groups']} groups){used}"
        )
        for reason, count in part["skipped"].items():
            yield f"  skipped: {count}, {reason}"
        if part["ignored"]:
            yield f"  {part['ignored']} unscorable candidates ignored"
        if part["pairs"]:
            yield (
                f"  {part['different_chosen']} different replies chosen, "
                f"{part['different_rejected']} rejected"
            )
        if part["reply_in_train"]:
            yield f"  {part['reply_in_train']} pairs with a reply that a train pair has too"
        yield from (f"  {text}" for text in _lengths(part))


def _lengths(part: Mapping[str, Any]) -> Iterator[str]:
    told = [
        f"{name} {each['p50']} / {each['p95']} / {each['max']}"
        for name, each in part["tokens"].items()
        if each is not None
    ]
    if told:
        yield f"tokens, p50 / p95 / max: {', '.join(told)}"
        yield f"the limits cut {part['prompts_cut']} prompts and {part['replies_cut']} replies"


def _rules(rules: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What sees no model, on validation and test pairs together."""
    for rule, found in rules.items():
        value = f"{100 * found['value']:.0f} %"
        if found["low"] is not None and found["high"] is not None:
            value += f" [{100 * found['low']:.0f}, {100 * found['high']:.0f}]"
        yield f"{rule}: {value} of {found['n']} held-out pairs ({found['method']})"


def _sampled(told: Mapping[str, Any]) -> str:
    prompts = ", ".join(f"{count} {split}" for split, count in told["prompts"].items())
    replies = sum(told["prompts"].values()) * told["draws"]
    return (
        f"{' and '.join(told['schemes'])}: {prompts} prompts, {told['draws']} replies each, "
        f"{replies} in all; its pairs are counted when the sweep starts"
    )


def _counts(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
