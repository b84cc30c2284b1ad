"""Two random layers and a tokenizer of bytes, made in code: for tests and for trying things out.

`tiny-llama` has an LM head of its own; `tiny-gemma3` has tied embeddings and one sliding-window
layer of 16 tokens, so that even short prompts meet the window. Weights depend on a fixed seed
only. A text costs one token per byte, and what the models write is noise.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empathy.families.family import Family

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerFast

_SPECIAL = ("<|pad|>", "<|begin|>", "<|turn|>", "<|end|>")  # ids 0 to 3; the bytes follow
_VOCABULARY = len(_SPECIAL) + 256

_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|turn|>' + message['role'] + '\\n' + message['content'] + '<|end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|turn|>assistant\\n' }}{% endif %}"
)

_SHAPE: dict[str, Any] = {
    "vocab_size": _VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 4096,
    # Larger than usual, lest 64 random dimensions make every next token equally likely.
    "initializer_range": 0.1,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 3,
}


def _tokenizer() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*_SPECIAL, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    pad, begin, turn, end = _SPECIAL
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        bos_token=begin,
        eos_token=end,
        additional_special_tokens=[turn],
        chat_template=_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _config(name: str) -> PreTrainedConfig:
    from transformers import Gemma3TextConfig, LlamaConfig

    if name == "tiny-llama":
        return LlamaConfig(**_SHAPE, tie_word_embeddings=False)
    return Gemma3TextConfig(
        **_SHAPE,
        tie_word_embeddings=True,
        query_pre_attn_scalar=16,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention"],
    )


def _build(name: str, folder: Path) -> None:
    """Write config, weights and tokenizer of a tiny model; the random state stays as it is."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(_config(name), dtype=torch.float32)
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)


TINY = Family(
    name="tiny",
    model_types=("llama", "gemma3_text"),
    hub=None,
    presets={},
    package=None,
    package_install=None,
    end_of_turn=("<|end|>",),
    begin=("<|begin|>",),
    built={name: partial(_build, name) for name in ("tiny-llama", "tiny-gemma3")},
)
