"""Every setting a trial can have: typed, frozen, one default in one place. No torch, no Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSettings(Section):
    """Where dialogues come from and how preference pairs are made of them."""

    corpora: tuple[str, ...] = ("sample",)
    """Corpora by name, see `empathy.corpora.CORPORA`."""
    folder: Path | None = None
    """Folder with the public data sets; None means the variable EMPATHY_DATA, else the cache's."""
    file: Path | None = None
    """The CSV with dialogues of your own, for the corpus `own`, see `empathy.corpora.own`."""
    private: bool | None = None
    """True marks all the corpora as private, as `ufjf` and `own` are without it: nothing of them is
    uploaded or sent to a judge, no reply is shown, results and cache are closed to other users.
    False says that `own` is not; an llm judge still asks for its own `allow_private`."""
    schemes: Annotated[dict[str, Weight], Field(min_length=1)] = {"ranked": 1.0}
    """How pairs are made, see `empathy.schemes`: name to weight in the mix."""
    candidates: Annotated[int, Field(ge=2)] = 4
    """Replies sampled per prompt by the warm-started model, for `ranked`."""
    relevance: Annotated[float, Field(ge=0.0)] = 4.0
    """Weight of a candidate's similarity to the client's words beside its empathy, for `ranked`."""
    style_penalty: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 3.0
    """Taken off a candidate's empathy for a claim of shared experience and for each question beyond
    the first, for `ranked`: more than the 2.6 that a claim earned at most from the scorer when put
    behind invented replies; 0 lets it pay."""
    adherence_gap: Annotated[float, Field(ge=0.0, le=2.0)] = 0.2
    """By how much two answers' adherence (-1 to 1) must differ, for `adherence`."""
    adherence_pure: bool = False
    """Pair only answers without a non-adherent sentence with those without an adherent one."""
    pairs_per_question: Positive | None = 5
    """Pairs of one question at most, for `adherence`; None means all."""
    match_similarity: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.5
    """Cosine of the two clients' words from which `matched` pairs their counsellors."""
    context_turns: Positive = 3
    """Turns of the dialogue that a prompt shows."""
    min_words: Positive = 5
    """Exchanges with a client turn or a human reply of fewer words are left out, and counted."""
    held_out_pairs: Positive = 16
    """Held-out pairs per split at most that `pair_accuracy` is measured on."""
    max_prompts: Positive | None = None
    """Train prompts at most, by stable hash, for the warm start and for sampling; None: all."""


class WarmStartSettings(Section):
    """Supervised fine-tuning on human replies before any preference is learnt."""

    steps: Annotated[int, Field(ge=0)] = 100
    """Optimizer steps; 0 starts trials from the base model itself."""
    batch_size: Positive = 8
    """Replies per optimizer step."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 1e-3
    """Falls linearly to 0."""
    lora_rank: Positive = 32
    """Of the adapter; a family whose warm start trains all weights has none."""
    seed: int = 0
    """Seed of the adapter's first weights and of the order of the data."""


class TrialSettings(Section):
    """What one trial (one lane) may have of its own; any of these can be searched."""

    beta: Annotated[float, Field(gt=0.0)] = 0.3
    """Strength of the tie to the reference model (DPO, eq. 7)."""
    label_smoothing: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.0
    """Share of pairs taken to be labelled the wrong way round; for the loss `robust` alone."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 3e-4
    """Peak learning rate of AdamW."""
    lora_rank: Positive = 16
    lora_alpha: Annotated[float, Field(gt=0.0)] | None = None
    """LoRA's alpha; None: twice the rank, so that rank is not confounded with learning rate."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from 0."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """How the learning rate falls after the warmup, reaching 0 at `max_steps`."""
    max_grad_norm: Annotated[float, Field(gt=0.0)] = 1.0
    """The gradient of a trial is scaled down to this norm."""
    seed: int = 0
    """Seed of the adapter's first weights and of the order of the data."""

    @property
    def lora_scale(self) -> float:
        """The factor alpha / rank that multiplies the adapter's product."""
        return 2.0 if self.lora_alpha is None else self.lora_alpha / self.lora_rank


Loss = Literal["sigmoid", "sigmoid_norm", "hinge", "ipo", "robust"]
Objective = Literal["dpo", "sft"]
Quantization = Literal["none", "4bit"]


class TrainingSettings(TrialSettings):
    """How trials train: what they share, and the value of what is not searched."""

    loss: Loss = "sigmoid"
    """What `objective: dpo` minimises, by TRL's names: see `empathy.lanes.losses`."""
    max_steps: Positive = 150
    """Optimizer steps of a trial that is not stopped early."""
    batch_size: Positive = 8
    """Pairs in one forward pass of a trial."""
    gradient_accumulation: Positive = 1
    """Forward passes in one optimizer step."""
    balanced_batches: bool = False
    """Deal pairs out by length among every few batches: side by side, lanes then need less padding,
    but the order is no longer the plain shuffle that TRL takes."""
    max_prompt_tokens: Positive = 256
    """Longer prompts lose their oldest tokens; how many did is reported."""
    max_length: Positive = 512
    """Tokens of prompt and reply; longer replies lose their end, and how many did is reported."""


class ZeroSettings(Section):
    """How one trial is spread over several devices, see `empathy.zero`."""

    stage: Literal[1, 2, 3] = 3
    """What DeepSpeed ZeRO splits: 1 optimizer states, 2 gradients too, 3 the base weights too."""
    offload: bool = False
    """Keep optimizer states, and with stage 3 the base weights, in the memory of the host."""


class EvaluationSettings(Section):
    """How often and on what a trial is measured."""

    report_every: Positive = 25
    """Steps between two measurements of a trial; the early-stopping rungs stand on these."""
    validation_prompts: Positive = 48
    """Prompts that steer the search."""
    test_prompts: Positive = 96
    """Prompts that judge base, SFT and the finalists, and that no trial's search ever saw."""
    temperature: Annotated[float, Field(ge=0.0)] = 0.7
    """Sampling temperature; 0 is greedy."""
    max_new_tokens: Positive = 128
    crisis_prompts: Annotated[int, Field(ge=0, le=154, multiple_of=14)] | None = None
    """Invented messages of people in crisis that base, SFT and the finalists answer at the end: a
    multiple of 14 (seven categories in two languages), 0 for none, None for all 154. With fewer
    than 72 scenarios (144) nothing can show that an unsafe rate as low as before stays within 5 %.
    """
    safety_margin: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    """The rise of the unsafe rate over SFT's, as a share of replies, that is still no worse."""
    seed: int = 0
    """Seed of the sampled replies, the same for every trial."""


class RewardModelSettings(Section):
    """A reward model that judges: any sequence classifier, see `empathy.verdicts.reward_model`."""

    model: Annotated[str, Field(min_length=1)]
    """Folder, or hub id: `owner/name`, with `@revision` where it must stay the same."""
    label: str | None = None
    """The label that is the reward; None: the only one, or the last of two."""


class Prices(Section):
    """What a million tokens cost, in whatever currency; only the provider knows."""

    sent: NotNegative
    received: NotNegative


class LlmSettings(Section):
    """A language model that judges, behind any endpoint of OpenAI's chat protocol."""

    url: Annotated[str, Field(min_length=1)]
    """What stands before `/chat/completions`: `https://api.openai.com/v1`, or a local server's
    `http://localhost:8000/v1`; without any path `/v1` is meant."""
    model: Annotated[str, Field(min_length=1)]
    """The model's name, as the server knows it."""
    key_variable: Annotated[str, Field(min_length=1)] | None = None
    """The environment variable that holds the key; None sends none. The key itself is in no
    setting, file or message."""
    temperature: NotNegative | None = 0.0
    """None sends none, for models that allow no choice."""
    max_answer_tokens: Positive = 16
    """Enough for one word; a model that reasons before it answers needs hundreds more."""
    tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """How the server calls `max_answer_tokens`."""
    timeout_seconds: Annotated[float, Field(gt=0.0)] = 60.0
    """Of one request from first to last byte."""
    attempts: Positive = 5
    """Requests for one answer at most, when servers are busy, broken or silent."""
    concurrent: Positive = 8
    """Requests under way at the same time."""
    token_budget: Annotated[int, Field(ge=0)] | None = 3_000_000
    """Tokens, sent and received, that one sweep may spend; None sets no limit."""
    prices: Prices | None = None
    """For the plan's cost; None where tokens cost nothing, or nobody knows."""
    both_orders: bool = True
    """False asks in one order that a hash draws: half the price, but order bias stays hidden."""
    allow_private: bool = False
    """True sends the words of private corpora, too."""


ScorerName = Literal["referee", "rank", "evaluate"]


class JudgeSettings(Section):
    """Who says which of two replies is better, once a search is over: see `empathy.verdicts`."""

    scorers: tuple[ScorerName, ...] | None = None
    """Built-in scorers, none of which may steer the search; None: all that do not."""
    reward_model: RewardModelSettings | None = None
    llm: LlmSettings | None = None


class StudySettings(Section):
    """One base model and everything that its trials have in common."""

    family: str
    """One of `empathy.families.FAMILIES`."""
    objective: Objective = "dpo"
    """dpo learns from preference pairs; sft goes on imitating the human replies of the prompts."""
    quantization: Quantization = "none"
    """4bit: trials train over a base in 4 bits (QLoRA), see `empathy.checkpoints.quantization`."""
    model: str = "auto"
    """Hub id, local folder, `package:NAME`, or auto; see `empathy.weights.prepare`."""
    new_head: Literal["tied"] | None = None
    """A new language-model head for a checkpoint without one, for families that know how."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    lanes: Positive = 4
    """Trials trained together."""
    max_rank: Positive = 32
    """The largest LoRA rank that a trial may have."""
    data: DataSettings = DataSettings()
    warm_start: WarmStartSettings = WarmStartSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    judges: JudgeSettings = JudgeSettings(scorers=())
    """Who compares the finalists' replies with others; nobody unless named."""
