"""A language model as judge, behind any endpoint of OpenAI's chat protocol. No torch.

Each comparison is asked in both orders, because models prefer what stands first or second: a reply
wins only if it wins in both, and two verdicts that disagree are a tie (Zheng et al. 2023, "Judging
LLM-as-a-Judge", section 3.4). Verdicts are kept in the cache under the content of the question, so
a rerun costs nothing; the cache holds no words. What the budget forbids, what the server never
answers and what the model answers with nonsense twice is unjudged and counted, never a loss.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from empathy.cache import cache_folder, content_key, write_atomically
from empathy.corpora import CORPORA
from empathy.errors import UserError
from empathy.settings import LlmSettings
from empathy.verdicts.asking import Answer, Message, again, question, verdict_in, win_of_first
from empathy.verdicts.budget import Budget
from empathy.verdicts.chat import Chat
from empathy.verdicts.verdict import Comparison, Verdict, Verdicts, settle

OVER_BUDGET, NONSENSE, UNANSWERED = "over budget", "nonsense", "unanswered"
CACHED = "verdicts from the cache"
SILENT = 10
"""Questions in a row that nothing answers before the judge gives the server up."""


class LlmJudge:
    """Asks a language model which reply is the more empathic one.

    `tokens` counts what the last call of `judge` spent. `sleep` is for tests.
    """

    def __init__(
        self,
        settings: LlmSettings,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = f"llm:{settings.model}"
        self.tokens = 0
        self._settings, self._sleep = settings, sleep

    def judge(self, comparisons: Sequence[Comparison]) -> Verdicts:
        """A verdict per comparison; `counts` also tells requests, retries and tokens.

        Raises UserError for a private corpus, where the server refuses key or model, and where it
        has stopped answering; what was judged until then stays in the cache.
        """
        if not self._settings.allow_private:
            refuse_private(comparisons)
        budget = Budget(self._settings.token_budget)
        with Chat(self._settings, budget, self._sleep) as chat:
            run = _Run(chat, self._settings)
            try:
                verdicts, counts = settle(comparisons, run.decide)
            finally:
                self.tokens = budget.spent
        spent = Counter({"tokens": budget.spent})
        return Verdicts(self.name, tuple(verdicts), counts + run.counts + chat.counts + spent)


def refuse_private(comparisons: Sequence[Comparison]) -> None:
    """Raises UserError if any words come from a corpus that is private, or that nobody knows."""
    names = {each.corpus for each in comparisons}
    private = sorted(name for name in names if name not in CORPORA or CORPORA[name].private)
    if private:
        raise UserError(
            f"the llm judge would send words of the corpus {', '.join(private)}, which is private "
            "or unknown; use another judge, or set allow_private if its owners agree"
        )


class _Run:
    """One call of `judge`."""

    def __init__(self, chat: Chat, settings: LlmSettings) -> None:
        self.counts: Counter[str] = Counter()
        self._chat, self._settings = chat, settings
        self._lock = threading.Lock()
        self._silent = 0
        self._stopped = threading.Event()

    def decide(self, comparisons: Sequence[Comparison]) -> list[Verdict]:
        """A verdict for each; equal comparisons are asked once.

        They are asked in the order of a hash, lest a budget that ends early leaves out whole
        dialogues and corpora.
        """
        different = sorted(set(comparisons), key=lambda each: content_key(*each))
        with ThreadPoolExecutor(self._settings.concurrent) as pool:
            try:
                verdicts = dict(zip(different, pool.map(self._guarded, different), strict=True))
            finally:
                self._stopped.set()  # after an interrupt, too, nobody asks anything more
        return [verdicts[each] for each in comparisons]

    def _guarded(self, comparison: Comparison) -> Verdict:
        """The verdict; after one thread has failed, the others ask nothing more."""
        if self._stopped.is_set():
            return Verdict(None)
        try:
            return self._judged(comparison)
        except BaseException:
            self._stopped.set()
            raise

    def _judged(self, comparison: Comparison) -> Verdict:
        prompt, a, b = comparison[:3]
        a_first = b_first = None
        if self._settings.both_orders or _a_stands_first(comparison):
            a_first = self._win_of_first(prompt, a, b)
            if a_first is None:  # half a verdict is none, so the other half is not paid for
                return Verdict(None)
        if self._settings.both_orders or a_first is None:
            lost = self._win_of_first(prompt, b, a)
            b_first = None if lost is None else 1 - lost
        if not self._settings.both_orders:
            return Verdict(b_first if a_first is None else a_first, a_first, b_first)
        if b_first is None:
            return Verdict(None, a_first, None)
        return Verdict(a_first if a_first == b_first else 0.5, a_first, b_first)

    def _win_of_first(self, prompt: str, first: str, second: str) -> float | None:
        """The raw verdict of one order, from the cache or from the model; None for none."""
        asked = question(prompt, first, second)
        path = self._path(asked)
        kept = _kept(path)
        if kept is not None:
            self._count(CACHED)
            answer = kept.answer
        else:
            answer, final = self._answer(asked)
            if not final:
                return None
            text = json.dumps({"answer": answer})
            write_atomically(path, lambda temporary: temporary.write_text(text))
        if answer is None:
            self._count(NONSENSE)
            return None
        return win_of_first(answer)

    def _answer(self, asked: list[Message]) -> tuple[Answer | None, bool]:
        """The model's verdict, None for nonsense said twice; and whether that is its last word."""
        messages = asked
        for _ in range(2):
            reply = self._chat.ask(messages)
            if reply.text is None:
                self._no_answer(reply.refused)
                return None, False
            with self._lock:
                self._silent = 0
            answer = verdict_in(reply.text)
            if answer is not None:
                return answer, True
            messages = again(asked, reply.text)
        return None, True

    def _no_answer(self, refused: bool) -> None:
        self._count(OVER_BUDGET if refused else UNANSWERED)
        if refused:
            return
        with self._lock:
            self._silent += 1
        if self._silent >= SILENT:
            seen = ", ".join(f"{what}: {n}" for what, n in sorted(self._chat.counts.items()))
            raise UserError(
                f"the judge's server left {SILENT} questions in a row unanswered ({seen}); see to "
                "it and run again: what was judged is kept"
            )

    def _path(self, asked: list[Message]) -> Path:
        told = self._settings
        how = [told.url, told.model, told.temperature, told.max_answer_tokens]
        name = content_key("verdict", *how, asked)
        return cache_folder() / "verdicts" / name[:2] / f"{name}.json"

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verdict found in the cache; None is nonsense, which the model may not repeat for money."""

    answer: Answer | None


def _kept(path: Path) -> _Kept | None:
    """The verdict in a cache file; None where there is none, or only a damaged one."""
    try:
        answer = json.loads(path.read_text("utf-8"))["answer"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _Kept(answer) if answer in ("A", "B", "tie", None) else None


def _a_stands_first(comparison: Comparison) -> bool:
    """A coin that falls the same way every time."""
    return int(content_key("order", *comparison)[:8], 16) % 2 == 0
