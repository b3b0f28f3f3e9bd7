"""Laws of the tools that watch: they understand every row, and they change nothing."""

import numpy as np
from laws.statements import constant, same_bits
from strategies import SMOOTH, cases, tried

import autodiff as ad

every_smooth_row = tried(SMOOTH, examples=1)


def is_differentiable(case):
    return any(np.asarray(x).dtype.kind in "fc" for x in case.inputs)


@every_smooth_row
def test_every_row_can_be_diagnosed(row, data):
    case = data.draw(cases(row, "ties"))
    if not is_differentiable(case):
        return
    report = ad.diagnose(case, *case.inputs)
    assert report.heading in str(report)
    for finding in report.findings:
        assert all((finding.kind, finding.name, finding.value, finding.cause, finding.cure))


@every_smooth_row
def test_what_is_guarded_has_the_same_bits(row, data):
    case = data.draw(cases(row, "ties"))
    x = case.inputs
    if not is_differentiable(case):
        return

    def both_modes():
        y, pullback = ad.vjp(case, *x)
        return y, pullback(constant(y, 0.5)), ad.jvp(case, x, constant(x, 0.5))

    plain = both_modes()
    try:
        with ad.raise_on_nonfinite():
            guarded = both_modes()
    except ad.NonFiniteError as error:
        assert row.name.removeprefix("scipy.special.") in error.finding.value
        return
    same_bits(guarded, plain, "guarded")
