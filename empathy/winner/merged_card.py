"""The card of merged weights: the winner's own, but for what they are and how they load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

LOADING = "## How to load it"
"""The heading of the card's part that is another one here."""


def write(winner: Path, out: Path, difference: float) -> None:
    """Write README.md into `out`, of the one in the folder `winner` where there is one."""
    told = winner / "README.md"
    text = told.read_text("utf-8") if told.is_file() else ""
    how = _CODE.format(difference=f"{difference:.1g}")
    if text.startswith("---\n"):
        found: Any = ModelCard(text, ignore_metadata_errors=True)
        found.data.library_name = "transformers"
        found.data.tags = [tag for tag in found.data.tags or () if tag not in ("peft", "lora")]
        if found.data.get("base_model") is not None:
            found.data["base_model_relation"] = "finetune"
        text = str(found).replace("A LoRA adapter for", "A LoRA adapter merged into", 1)
    part = re.compile(rf"^{re.escape(LOADING)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    text = part.sub(lambda _: how, text) if part.search(text) else _TITLE + how + _PLAIN
    (out / "README.md").write_text(text, encoding="utf-8")


_CODE = (
    LOADING
    + """

The adapter is merged into these weights: no PEFT is needed, and servers that know the architecture
load the folder as it is. On a chat of a few sentences the logits differed from those of base and
adapter by {difference} at most. With `merged` this folder:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("merged")
model = AutoModelForCausalLM.from_pretrained("merged")
```

"""
)
_TITLE = "# A model for more empathic replies\n\n"
_PLAIN = """\
For research. Its replies are not clinical advice, and a higher score by an automatic scorer is not
proof of better care. The licence of the base model applies, and that of the training data.
"""
