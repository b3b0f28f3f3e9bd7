"""The object interface: tensor, operators, backward, grad, and the picture in a notebook."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad


def test_backward_gives_the_gradient_of_every_leaf() -> None:
    x, w = ad.tensor(0.1, name="x"), ad.tensor(np.arange(3.0), name="w")
    y = np.sum(np.exp(x) * w**2)
    y.backward()
    np.testing.assert_allclose(x.grad, 5 * np.exp(0.1), rtol=1e-14)
    np.testing.assert_allclose(w.grad, 2 * np.arange(3.0) * np.exp(0.1), rtol=1e-14)
    assert x.grad.shape == ()
    assert y.grad is None


def test_gradients_accumulate_and_may_be_reset() -> None:
    x = ad.tensor(3.0)
    for expected in (6.0, 12.0):
        (x * x).backward()
        assert x.grad == expected
    x.grad = None
    (x * x).backward()
    assert x.grad == 6.0


def test_a_freed_graph_raises_with_the_cure_and_adds_nothing() -> None:
    x = ad.tensor(2.0)
    y = np.sin(x) * x
    y.backward(keep_graph=True)
    once = x.grad
    y.backward()
    assert x.grad == 2 * once
    with pytest.raises(ad.AutodiffError, match="keep_graph=True"):
        y.backward()
    assert x.grad == 2 * once


def test_a_result_of_several_entries_needs_a_cotangent() -> None:
    x = ad.tensor(np.array([1.0, 2.0]))
    with pytest.raises(ad.ShapeError, match="sum it first"):
        (x * x).backward()
    (x * x).backward(np.array([1.0, 10.0]))
    assert x.grad.tolist() == [2.0, 40.0]
    with pytest.raises(ad.ShapeError, match=r"shape \(3,\)"):
        (x * x).backward(np.ones(3))


def test_a_leaf_that_does_not_matter_gets_zero_and_an_unused_one_nothing() -> None:
    x, unused = ad.tensor(2.0), ad.tensor(1.0)
    (x + np.sign(x) * 0).backward()
    assert x.grad == 1.0
    assert unused.grad is None


def test_transforms_close_over_tensors() -> None:
    x = ad.tensor(2.0)
    y = ad.grad(lambda t: t**2 * x)(3.0)  # 2 t x
    y.backward()
    assert x.grad == 6.0


def test_backward_inside_a_transform_is_refused() -> None:
    with pytest.raises(ad.NotDifferentiableError, match="transform"):
        ad.grad(lambda x: x.backward())(1.0)


def test_tensors_show_themselves() -> None:
    x = ad.tensor(0.5, name="x")
    assert repr(x) == "Tensor(0.5, name='x')"
    assert x.name == "x"
    svg = (np.exp(x) * x)._repr_svg_()
    assert svg is not None
    assert "<svg" in svg
    assert "exp" in svg
    assert ad.grad(lambda t: t._repr_svg_() is None and t)(1.0) == 1.0


@pytest.mark.parametrize("value", ["text", True, np.array(["a"]), np.array([None]), None])
def test_what_is_not_a_number_is_refused(value: object) -> None:
    with pytest.raises(ad.NotDifferentiableError, match="tensor"):
        ad.tensor(value)


def test_a_name_is_a_string() -> None:
    with pytest.raises(TypeError, match="a name is a string, not 5"):
        ad.tensor(1.0, name=5)  # type: ignore[arg-type]
