"""How an adapter is loaded, in words and in code that runs as it stands: a part of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Loading:
    """What decides how an adapter is loaded."""

    name: str
    """Of the base's weights, as `empathy.weights.prepare` knows them."""
    source: str
    """The same for people."""
    own_base: bool
    """The base goes with the adapter, since training changed all of it or gave it a head."""
    multimodal: bool = False
    """The adapter is for the text model inside a base that also sees."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What of the base's configuration is set when it is read."""


def how_to_load(of: Loading) -> str:
    """Sentences around one block of Python that gives `tokenizer` and `model`."""
    changes = {} if of.own_base else of.changes
    options = "".join(f", {option}={value!r}" for option, value in changes.items())
    told = (_OWN_BASE if of.own_base else _SAME_BASE).format(name=of.name, source=of.source)
    if of.multimodal and not of.own_base:
        told = f"{_MULTIMODAL}\n\n{told}"
    made_here = not of.own_base and "/" not in of.name and " " not in of.name
    where = _PACKAGE.format(name=of.name) if made_here else ""
    return _CODE.format(told=told, options=options, where=where)


_SAME_BASE = """\
Base model: `{name}` ({source}), unchanged: the warm start and the trial's own training are both in
this one adapter. With `base` a folder or hub id of those weights:"""

_MULTIMODAL = """\
The base also sees: this adapter changes its text model alone, under the names that the text model
has inside the whole one, as `AutoModelForCausalLM` loads it."""

_OWN_BASE = """\
Base model: the folder `base` beside this file. It was made of `{name}` ({source})
and differs from that by more than an adapter can say: this one fits no other model, not even the
original. With `base` the path `winner/base`:"""

_PACKAGE = """
Weights out of a package or made in code are a folder after their first use:
`empathy.weights.prepare("{name}", family).folder`.
"""

_CODE = """\
{told}

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("winner")
model = AutoModelForCausalLM.from_pretrained(base{options})
model = PeftModel.from_pretrained(model, "winner")
```
{where}"""
