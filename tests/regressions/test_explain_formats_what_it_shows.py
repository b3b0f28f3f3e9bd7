"""Tables and pictures of a long program wrote out every line of it, and then left most of them
out: 36 seconds for 9 kB of text, of 100 000 operations."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.explanation.steps import Sweep
from autodiff.programs.tracing import Graph

LONG = 2000


def long(x):
    for _ in range(LONG // 2):
        x = np.sin(x) * 1.01
    return x


@pytest.mark.parametrize("form", ["__str__", "latex", "dot"])
def test_what_is_hidden_is_not_written(form, monkeypatch):
    counts = {"expression": 0, "step": 0}
    explanation = ad.explain(long, 0.5)
    for owner, name in ((Graph, "expression"), (Sweep, "step")):
        plain = getattr(owner, name)

        def counted(*args, name=name, plain=plain):
            counts[name] += 1
            return plain(*args)

        monkeypatch.setattr(owner, name, counted)
    assert len(getattr(explanation, form)()) > 1000
    assert counts["expression"] < LONG / 4
    assert counts["step"] < LONG / 4


def test_the_steps_are_all_there_for_whoever_asks():
    explanation = ad.explain(long, 0.5)
    assert len(explanation.forward) == len(explanation.reverse) == LONG
    assert explanation.forward[-1].value == pytest.approx(explanation.reverse[-1].value)
    assert [step.node for step in explanation.forward] == explanation.graph.shown()
