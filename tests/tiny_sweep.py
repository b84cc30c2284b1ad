"""The demo sweep shrunk to a tiny random model and a few prompts: seconds on a CPU."""

from __future__ import annotations

SETTINGS = (
    "family=tiny",
    "model=auto",
    "run_cap=4",
    "early_terminate={type: hyperband, min_iter: 2, eta: 2}",
    # Far beyond what a real model bears, so that four steps change what a random one says.
    "parameters.learning_rate={distribution: log_uniform_values, min: 3e-3, max: 3e-2}",
    "data={corpora: [sample], candidates: 2, context_turns: 1, max_prompts: 16, held_out_pairs: 4}",
    "warm_start={steps: 6, batch_size: 4, learning_rate: 0.01, lora_rank: 8}",
    "training={max_steps: 4, batch_size: 4, max_prompt_tokens: 300, max_length: 400}",
    "evaluation={report_every: 2, validation_prompts: 12, test_prompts: 12,"
    " crisis_prompts: 28, max_new_tokens: 8}",
    "finalists={top: 2, seeds: 2}",
    "resources={device: cpu}",
    "tracking={mode: offline}",
)


def arguments(*overrides: str) -> list[str]:
    """For `launch.main`."""
    settings = [*SETTINGS, *overrides]
    return ["--sweep", "demo", *(word for each in settings for word in ("--set", each))]
