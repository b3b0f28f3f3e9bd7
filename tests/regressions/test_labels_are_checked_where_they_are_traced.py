"""Wrong labels gave a number under jit and vmap: only plain calls checked them."""

import re

import numpy as np
import pytest

import autodiff as ad
from nn import losses, optim

rng = np.random.default_rng(0)
Z, z = rng.normal(size=(4, 3)), rng.normal(size=4)
CLASSES = np.array([0, 1, 2, 2])
P = np.array([[0.2, 0.3, 0.5], [1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]])


PROBABILITIES = (
    "cross_entropy: labels of the logits' shape must be probabilities: not negative, with sum 1 "
    "over the classes"
)
BCE, HINGE = "binary_cross_entropy: labels must be", "hinge: labels must be"
EXPONENTIAL, NLL = "exponential: labels must be", "gaussian_nll: std must be above 0"
SIGNED, ZERO_ONE = "for labels -1 or 1 say negative=-1", "for labels 0 or 1 say negative=0"
bce, softmax_loss = losses.binary_cross_entropy, ad.special.softmax_cross_entropy


def coded(logits, labels):
    return logits * ad.special.one_hot(labels, 3)


def nll(mean, std):
    return losses.gaussian_nll(mean, mean + 1, std)


def zero_one(scores, labels):
    return losses.hinge(scores, labels, negative=0)


def signed(scores, labels):
    return losses.binary_cross_entropy(scores, labels, negative=-1)


def smooth(logits, labels):
    return losses.cross_entropy(logits, labels, label_smoothing=0.1)


CASES = [
    (losses.cross_entropy, Z, CLASSES, [0, 1, 3, 2], "label 3 is not among the classes 0 .. 2"),
    (losses.cross_entropy, Z, CLASSES, [0, -1, 1, 2], "label -1 is not among the classes 0 .. 2"),
    (smooth, Z, CLASSES, [0, 1, 3, 2], "label 3 is not among the classes 0 .. 2"),
    (softmax_loss, Z, CLASSES, [7, 1, 3, 2], "label 7 is not among the classes 0 .. 2"),
    (coded, Z, CLASSES, [0, 1, 3, 2], "label 3 is not among the classes 0 .. 2"),
    (losses.cross_entropy, Z, P, 2 * P, PROBABILITIES),
    (losses.cross_entropy, Z, P, -P, PROBABILITIES),
    (bce, z, [0, 1, 1, 0], [0, 1, 2, 0], f"{BCE} 0 or 1, found 2"),
    (bce, z, [0, 1, 0.3, 0], [0, 1, 0.3, 1.5], f"{BCE} 0 or 1, found 1.5"),
    (bce, z, [0, 1, 0.3, 0], [0, 1, np.nan, 0], f"{BCE} 0 or 1, found nan"),
    (bce, z, [0, 1, 1, 0], [0, 1, -1, 0], f"{BCE} 0 or 1, found -1; {SIGNED}"),
    (signed, z, [-1, 1, 1, -1], [-1, 1, 0, 1], f"{BCE} -1 or 1, found 0; {ZERO_ONE}"),
    (losses.hinge, z, [-1, 1, 1, -1], [1, 0, 1, 1], f"{HINGE} -1 or 1, found 0; {ZERO_ONE}"),
    (losses.hinge, z, [-1, 1, 1, -1], [1, 3, 1, 1], f"{HINGE} -1 or 1, found 3"),
    (zero_one, z, [0, 1, 1, 0], [0, 1, 5, 0], f"{HINGE} 0 or 1, found 5"),
    (losses.exponential, z, [-1, 1, 1, -1], [1, -2, 1, 1], f"{EXPONENTIAL} -1 or 1, found -2"),
    (nll, z, [1.0, 2, 3, 4], [1.0, 0, 3, 4], f"{NLL}; predict its log and take np.exp of it"),
]


def summed(f):
    return lambda x, y: np.sum(f(x, y))


def wrappings(f):
    return {
        "plain": f,
        "grad": ad.grad(summed(f)),
        "vmap": ad.vmap(f),
        "vmap of grad": ad.vmap(ad.grad(summed(f))),
    }


@pytest.mark.share(4)
@pytest.mark.parametrize("name", wrappings(np.add))
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].__name__}: {case[-1]}")
def test_the_error_of_the_plain_call(case, name):
    f, x, right, wrong, text = case
    g = wrappings(f)[name]
    right, wrong = np.array(right), np.array(wrong)
    kinds = [(False, g), *((True, ad.jit(g, backend=backend)) for backend in ("numpy", "llvm"))]
    if name == "plain":
        kinds.append((True, ad.jit(g, pure=False)))
    for is_compiled, h in kinds:
        for labels in (wrong, right, wrong, right):
            if labels is right:
                found = h(x, right)
                np.testing.assert_allclose(found, g(x, right), rtol=1e-12 if is_compiled else 0)
                continue
            with pytest.raises(ValueError, match=f"^{re.escape(text)}$") as caught:
                h(x, wrong)
            assert type(caught.value) is ValueError


def test_derivatives_in_the_targets_check_them():
    slope = ad.grad(losses.binary_cross_entropy, 1)
    assert ad.check(losses.binary_cross_entropy, z, np.array([0.4, 0.5, 0.6, 0.5])).ok
    with pytest.raises(ValueError, match=r"found 1\.5$"):
        slope(z, np.array([0.2, 1.5, 0.7, 0.9]))


def test_batches_without_examples_pass():
    for f in (losses.hinge, losses.binary_cross_entropy):
        assert ad.jit(lambda s, y, f=f: f(s, y, reduction="none"))(z[:0], z[:0]).shape == (0,)
    assert ad.special.one_hot(CLASSES[:0], 3).shape == (0, 3)


@pytest.mark.parametrize("rate", [-0.5, np.inf, np.nan])
def test_a_learning_rate_that_is_traced(rate):
    def step(w, rate):
        sgd = optim.SGD(0.1)
        sgd.learning_rate = rate
        return sgd.update(w, w, sgd.init(w))[0]

    compiled = ad.jit(step)
    w = np.array([1.0, 2.0])
    np.testing.assert_allclose(compiled(w, 0.5), w / 2)
    for g in (step, compiled):
        with pytest.raises(
            ValueError, match=r"^SGD: the learning rate at step 0 must be "
        ) as caught:
            g(w, rate)
        be = "at least 0" if rate == -0.5 else "finite"
        assert str(caught.value).endswith(f"must be {be}, not {rate}")
