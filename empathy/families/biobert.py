"""BioBERT (Apache-2.0) as a policy: an encoder that is made to write from left to right.

`is_decoder` gives BERT a causal mask, its masked-LM head becomes the LM head, and the warm start
trains all weights, since an encoder has never written a sentence. `bert-base-cased` is the control
for "specialist": BioBERT's own starting point, without the biomedical texts.

The chat is plain words, for no token may be added to the vocabulary of 28,996:

    [CLS] instruction [SEP] Client: ... [SEP] Counsellor: ... [SEP] Client: ... [SEP] Counsellor:

[CLS] opens a text and [SEP] ends every turn. WordPiece knows no blanks: what people write beside
punctuation is restored after decoding by rules, and characters that the vocabulary lacks (emoji)
become [UNK], which the model can learn but nobody can read: decoding leaves it out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empathy.families.family import Family

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_TEMPLATE = (
    "{% set names = {'system': '', 'user': 'Client: ', 'assistant': 'Counsellor: '} %}"
    "{{ '[CLS] ' }}{% for message in messages %}"
    "{{ names[message['role']] + (message['content'] | trim) + ' [SEP] ' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Counsellor:' }}{% endif %}"
)

_POSITIONS = 512

_SPACING = (
    (re.compile(r" +([.,;:!?%)\]}…])"), r"\1"),
    (re.compile(r"([(\[{$£#]) +"), r"\1"),
    (re.compile(r"(?<=\w) (['\u2019]) (?=(?:s|t|m|d|re|ve|ll|S|T|M|D|RE|VE|LL)\b)"), r"\1"),
    (re.compile(r"(?<=s) (['\u2019]) (?=\w)"), r"\1 "),  # the parents' house
    (re.compile(r"(?<=\w) ([-/]) (?=\w)"), r"\1"),
    (re.compile(r'" ([^"]*?) "'), r'"\1"'),
    (re.compile(r"“ ([^”]*?) ”"), r"“\1”"),
)


def tidied(text: str) -> str:
    """Decoded WordPiece as people write it: `I ' m fine ( well - rested ) .` has gaps.

    A dash between words is taken for a hyphen, an apostrophe after s for a possessive.
    """
    for pattern, written in _SPACING:
        text = pattern.sub(written, text)
    return text


def _retokenised(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """A tokenizer that adds nothing by itself and keeps case where the vocabulary has it.

    A vocabulary file alone, as BioBERT's checkpoint has it, is read as if it were uncased: half of
    its words would never be met.
    """
    from tokenizers import normalizers, processors
    from transformers import PreTrainedTokenizerFast

    backend: Any = getattr(tokenizer, "backend_tokenizer")  # noqa: B009  # unknown to the base class
    words = [token for token in backend.get_vocab() if not token.startswith("[")]
    if any(word != word.lower() for word in words):
        backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.post_processor = processors.TemplateProcessing(single="$A", pair="$A $B")
    backend.no_truncation()
    backend.no_padding()
    roles = {"bos": "[CLS]", "eos": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"}
    known = {
        f"{role}_token": token
        for role, token in roles.items()
        if backend.token_to_id(token) is not None
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=_POSITIONS,
        name_or_path=tokenizer.name_or_path,
        **known,
    )


# Added before the transform's GELU, which then lies on its straight part for nearly every number;
# the layer norm behind it takes a shift of all numbers out again.
_LIFT = 8.0


def _tied_head(model: PreTrainedModel) -> str:
    """Embeddings as vocabulary matrix, behind a transform that only normalises."""
    import torch

    head: Any = model.get_submodule("cls.predictions")
    transform = head.transform
    with torch.no_grad():
        torch.nn.init.eye_(transform.dense.weight)
        transform.dense.bias.fill_(_LIFT)
        transform.LayerNorm.weight.fill_(1.0)
        transform.LayerNorm.bias.zero_()
    model.config.tie_word_embeddings = True
    model.tie_weights()
    with torch.no_grad():
        head.decoder.bias.zero_()
    return "new: tied to the embeddings, without bias, its transform starting as a layer norm"


def _build(folder: Path) -> None:
    """Write `tiny-bert` in the format of BioBERT v1.2: a masked-LM checkpoint and vocab.txt."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    words = _tiny_vocabulary()
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        # Larger than usual, lest 64 random dimensions make every next token equally likely.
        initializer_range=0.1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForMaskedLM(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")


def _tiny_vocabulary() -> list[str]:
    """Special tokens, and every ASCII character at the head of a word and inside of one."""
    characters = [chr(code) for code in range(33, 127)]
    inside = [f"##{character}" for character in characters if character.isalnum()]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *inside]


BIOBERT = Family(
    name="biobert",
    model_types=("bert",),
    hub="dmis-lab/biobert-base-cased-v1.2",
    presets={
        "biobert-base-cased": "dmis-lab/biobert-base-cased-v1.2",
        "bert-base-cased": "google-bert/bert-base-cased",
    },
    package=None,
    package_install=None,
    end_of_turn=("[SEP]",),
    begin=("[CLS]",),
    chat_template=_TEMPLATE,
    # The endings leave out the head's own `transform.dense`, and PEFT reads them the same way.
    lora_targets=("query", "key", "value", "intermediate.dense", "output.dense"),
    built={"tiny-bert": _build},
    warm_start="full",
    max_positions=_POSITIONS,
    config_changes={"is_decoder": True},
    head_transform="cls.predictions.transform",
    new_heads={"tied": _tied_head},
    retokenised=_retokenised,
    tidied=tidied,
)
