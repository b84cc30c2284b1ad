"""Which schemes there are, what they need of a sweep, and how many replies they want.

python -m pytest tests/test_schemes.py
"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from empathy.corpora import CORPORA
from empathy.errors import UserError
from empathy.schemes import SCHEMES, draws, problem
from empathy.settings import DataSettings
from sweeps.sweepfile import spec


def data(schemes: dict[str, float], *corpora: str) -> DataSettings:
    return DataSettings(schemes=schemes, corpora=corpora or ("sample",))


def test_every_scheme_names_corpora_that_exist() -> None:
    for scheme in SCHEMES.values():
        assert set(scheme.corpora or ()) <= set(CORPORA)


def test_a_scheme_without_its_corpus_is_refused_with_what_to_do() -> None:
    assert problem(data({"ranked": 1, "generated": 2})) is None
    assert problem(data({"adherence": 1, "matched": 1}, "annomi", "mi")) is None
    assert problem(data({"ranked": 1, "deleted": 1}, "sample", "mi")) == (
        "names 'deleted', which makes pairs of epitome alone; add it to data.corpora "
        "(now sample, mi) or leave 'deleted' out"
    )
    assert problem(data({"rank": 1})) == (
        "names 'rank'; did you mean 'ranked'? known: ranked, generated, adherence, rephrase, "
        "matched, deleted"
    )


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{ranke: 1}", "data.schemes names 'ranke'; did you mean 'ranked'? known: ranked"),
        ("{ranked: 0}", "data.schemes.ranked is 0; it must be greater than 0"),
        ("{ranked: -2.5}", "data.schemes.ranked is -2.5; it must be greater than 0"),
        ("{ranked: many}", "data.schemes.ranked is 'many'; it must be a number"),
        ("{}", "data.schemes is {}; it must be one entry or more"),
        ("ranked", "data.schemes is 'ranked'; it must be a group of `key: value` lines"),
        ("{adherence: 1}", "data.schemes names 'adherence', which makes pairs of mi alone"),
    ],
)
def test_a_sweep_with_schemes_that_cannot_work_is_refused(value: str, says: str) -> None:
    override = f"data.schemes={value}"
    with pytest.raises(UserError) as error:
        spec.load("demo", [override])
    assert str(error.value).startswith(f"--set {override}: {says}")


def test_a_sweep_mixes_schemes_by_weight() -> None:
    sweep = spec.load("demo", ["data.schemes={ranked: 3, adherence: 1}", "data.corpora=[mi]"])
    assert sweep.data.schemes == {"ranked": 3.0, "adherence": 1.0}
    with pytest.raises(ValidationError):
        DataSettings(schemes={"ranked": float("inf")})


def test_samples_are_shared_by_the_schemes_that_want_some() -> None:
    assert DataSettings().candidates == 4
    assert draws(data({"ranked": 1, "generated": 1})) == 4
    assert draws(data({"generated": 1, "adherence": 1})) == 1
    assert draws(data({"adherence": 1, "deleted": 1})) == 0
