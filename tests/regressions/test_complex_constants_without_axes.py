"""A complex constant that is an array of no axes could not be printed."""

import numpy as np

import autodiff as ad


def test_explain_shows_it():
    shown = str(ad.explain(lambda z: np.real(z * np.array(1 + 2j)), np.array(1 + 1j)))
    assert "(1+2j)" in shown
