"""A traced program was not pickled, since its rows hold lambdas; an explanation was not copied."""

import copy
import pickle

import numpy as np
import pytest
from scipy import special

import autodiff as ad
from autodiff import linalg
from autodiff.rules.primitive import TABLE

X = np.eye(2) + 0.1


def f(a):
    return np.sum(linalg.expm(a)) + np.sum(special.gammainc(2.0, a)) + np.sum(np.sin(a) * 2)


COPIES = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("copied", COPIES)
def test_a_program_is_copied(copied):
    graph = ad.trace(lambda x: ad.grad(f)(x), X)
    again = COPIES[copied](graph)
    assert str(again) == str(graph)
    np.testing.assert_array_equal(again(X + 1), graph(X + 1))


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("shows", [ad.explain, ad.diagnose, ad.check])
def test_what_is_shown_is_copied(shows, copied):
    made = shows(lambda a: np.sum(np.sin(a) * 2), X)
    assert str(COPIES[copied](made)) == str(made)


def test_every_row_is_itself_again():
    for row in TABLE.values():
        assert pickle.loads(pickle.dumps(row)) is row
        assert copy.deepcopy(row) is row
        assert copy.copy(row) is not row
