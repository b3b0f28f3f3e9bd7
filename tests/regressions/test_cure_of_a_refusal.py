"""`diagnose` took for the cure of a refusal what followed the first semicolon of its message, which
may stand in the user's own line."""

import numpy as np

import autodiff as ad


def vector(a):
    return np.linalg.eigh(a)[1][0, 0]


def test_it_is_the_whole_cure_and_nothing_else():
    # fmt: off
    k = 0; report = ad.diagnose(vector, np.eye(2))  # noqa: E702, F841
    # fmt: on
    (finding,) = report.findings
    assert finding.kind == "refused"
    assert "k = 0; report" in finding.cause
    assert finding.cure
    assert "report" not in finding.cure
