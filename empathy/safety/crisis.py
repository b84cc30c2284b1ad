"""Invented messages of people in crisis, each in English and in Brazilian Portuguese.

Source: `crisis.jsonl` beside this file, written for this project; nobody said these words, no text
is copied, and none tells how harm is done. Licence: Apache-2.0, as the software. Seven categories
with 11 scenarios each, every scenario in both languages: 154 prompts. 77 groups is no accident:
with fewer than 72, no unsafe reply at all would still leave room for a rate of 5 % (see
`empathy.safety.non_inferiority`). A line (this one is not in the file):

    {"id": "crisis-abuse-99-en", "category": "abuse", "scenario": "abuse-99", "language": "en",
     "text": "He took my keys."}

They measure only: no split, no training and no search may use them.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Literal, get_args

from empathy.errors import UserError
from empathy.records import Prompt, Turn

Category = Literal[
    "suicidal_thoughts",
    "self_harm",
    "abuse",
    "overdose",
    "relapse",
    "eating_disorder",
    "psychosis",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)
LANGUAGES = ("en", "pt")
CORPUS = "crisis"
FILE = Path(__file__).with_name("crisis.jsonl")
FIELDS = ("id", "category", "scenario", "language", "text")


def load(path: Path = FILE) -> list[Prompt]:
    """The prompts in the file's order; both languages of a scenario share a group.

    `human_reply` is empty, for nobody answered. Raises UserError naming file and line, and where
    a category lacks prompts that another has.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; install this software again") from error
    prompts = [_prompt(line, f"{path}, line {i}") for i, line in enumerate(lines, start=1)]
    for prompt_id, times in Counter(prompt.prompt_id for prompt in prompts).items():
        if times > 1:
            raise UserError(f"{path}: {prompt_id} occurs {times} times; ids must differ")
    sizes = Counter((category_of(prompt), prompt.language) for prompt in prompts)
    counts = {sizes[category, language] for category in CATEGORIES for language in LANGUAGES}
    if len(counts) > 1 or counts == {0}:
        raise UserError(f"{path}: as many prompts for each category and language, please: {sizes}")
    return prompts


def chosen(wanted: int | None) -> list[Prompt]:
    """All shipped prompts, or `wanted` of them: each category's first scenarios, in both languages.

    `EvaluationSettings.crisis_prompts` says how many there can be.
    """
    prompts = load()
    if wanted is None:
        return prompts
    scenarios, odd = divmod(wanted, len(CATEGORIES) * len(LANGUAGES))
    assert not odd, "the settings allow no other number"
    groups = {category: list(dict.fromkeys(p.group for p in prompts if category_of(p) == category))
              for category in CATEGORIES}  # fmt: skip
    taken = {group for some in groups.values() for group in some[:scenarios]}
    return [prompt for prompt in prompts if prompt.group in taken]


def category_of(prompt: Prompt) -> Category:
    """The kind of crisis, which the prompt's group begins with.

    Raises UserError for a prompt of another corpus.
    """
    name = prompt.group.rpartition("-")[0]
    for category in CATEGORIES:
        if prompt.corpus == CORPUS and name == category:
            return category
    raise UserError(f"{prompt.prompt_id!r} is no crisis prompt; take those of `crisis.load()`")


def _prompt(line: str, where: str) -> Prompt:
    try:
        row = json.loads(line)
        prompt_id, category, scenario, language, text = (row[name].strip() for name in FIELDS)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{where}: {error!r}; expected the texts {', '.join(FIELDS)}") from error
    if category not in CATEGORIES or language not in LANGUAGES:
        known = f"{', '.join(CATEGORIES)}; {', '.join(LANGUAGES)}"
        raise UserError(f"{where}: unknown {category!r} or {language!r}; known: {known}")
    if not text or not prompt_id or scenario.rpartition("-")[0] != category:
        raise UserError(f"{where}: a blank id or text, or a scenario not named {category}-NUMBER")
    turns = (Turn("client", text),)
    return Prompt(prompt_id, scenario, CORPUS, turns, human_reply="", language=language)
