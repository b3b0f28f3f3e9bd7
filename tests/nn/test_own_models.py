"""Models of one's own in `fit`: several outputs, and what is easily forgotten."""

import numpy as np
import pytest
from training_runs import blobs, rng, trained

from nn import Dense, Module, losses, optim
from nn.training import EarlyStopping, fit, predict


class TwoHeads(Module):
    def __init__(self, rng):
        self.trunk, self.a, self.b = Dense(2, 4, rng), Dense(4, 3, rng), Dense(4, 1, rng)

    def forward(self, x):
        h = np.tanh(self.trunk(x))
        return self.a(h), self.b(h)


@pytest.mark.parametrize("jit", [False, "numpy"])
def test_a_model_may_return_several_arrays(jit):
    def loss(prediction, y):
        a, b = prediction
        return losses.cross_entropy(a, y) + np.mean(np.square(b))

    X, y = blobs()
    model = TwoHeads(rng())
    history = fit(
        model,
        loss,
        X,
        y,
        optimizer=optim.Adam(0.05),
        epochs=4,
        validation=(X, y),
        progress=False,
        jit=jit,
    )
    assert history["loss"][-1] < history["loss"][0]
    assert "accuracy" not in history
    a, b = predict(model, X, batch_size=50)
    np.testing.assert_allclose(a, model(X)[0], rtol=1e-12)
    assert b.shape == (len(X), 1)


def test_what_a_model_forgets_is_said():
    class Silent(Module):
        def __init__(self):
            self.layer = Dense(2, 3, rng())

        def forward(self, x):
            self.layer(x)

    class Integers(Module):
        def __init__(self):
            self.weight = np.ones((2, 3), int)

        def forward(self, x):
            return x @ self.weight

    with pytest.raises(TypeError, match=r"Silent\.forward returned None: is a `return` missing"):
        trained(Silent())
    with pytest.raises(ValueError, match="Integers has no parameters: no attribute is an array of"):
        trained(Integers())
    with pytest.raises(KeyError, match=r"give fit validation=\(X, y\), or monitor='loss'"):
        trained(callbacks=[EarlyStopping(2)])
