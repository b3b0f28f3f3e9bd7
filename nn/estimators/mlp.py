"""Multi-layer perceptrons with scikit-learn's interface: dense layers trained by
`nn.training.fit`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import losses, modules, optim
from ..functional import log_softmax, logsumexp, one_hot
from ..modules import Dense, Module, Sequential
from ..requirements import fraction, number, one_of, whole
from ..training import EarlyStopping, fit, predict
from .checks import classes_and_labels, flag, name_of, positive

ACTIVATIONS: dict[str, Callable[[], Module] | None] = {
    "identity": None,
    "relu": modules.ReLU,
    "leaky_relu": modules.LeakyReLU,
    "elu": modules.ELU,
    "selu": modules.SELU,
    "gelu": modules.GELU,
    "silu": modules.SiLU,
    "softplus": modules.Softplus,
    "sigmoid": modules.Sigmoid,
    "tanh": modules.Tanh,
}
OPTIMIZERS: dict[str, Callable[[float], optim.Optimizer]] = {
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "rmsprop": optim.RMSprop,
    "sgd": optim.SGD,
    "momentum": lambda rate: optim.SGD(rate, momentum=0.9, nesterov=True),
}


def cross_entropy(logits: Any, codes: Any) -> Any:
    """The mean of -log softmax(logits) at the 1 of each one-hot code.

    `losses.cross_entropy` also takes labels and infinite logits, and is a little slower for it.
    """
    return np.mean(logsumexp(logits, axis=1)) - np.sum(logits * codes) / len(codes)


def accuracy(logits: Any, codes: Any) -> Any:
    """The share of examples whose largest logit is at the 1 of their one-hot code."""
    return np.mean(np.argmax(logits, axis=1) == np.argmax(codes, axis=1))


class Perceptron(BaseEstimator):
    """What classifier and regressor share: the arguments, the network, and its training."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        optimizer: str = "adam",
        learning_rate: float = 0.01,
        batch_size: int = 200,
        max_epochs: int = 200,
        alpha: float = 0.0,
        tol: float = 1e-4,
        patience: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        verbose: bool = False,
        jit: bool | str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.alpha = alpha
        self.tol = tol
        self.patience = patience
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose
        self.jit = jit

    def _checked_arguments(self) -> None:
        for argument in ("batch_size", "max_epochs", "patience"):
            whole(getattr(self, argument), name_of(self, argument))
        for argument in ("early_stopping", "verbose"):
            flag(self, argument)
        positive(self, "learning_rate")
        number(self.alpha, name_of(self, "alpha"), 0)
        number(self.tol, name_of(self, "tol"), 0)
        one_of(self.activation, name_of(self, "activation"), tuple(ACTIVATIONS))
        one_of(self.optimizer, name_of(self, "optimizer"), tuple(OPTIMIZERS))
        if fraction(self.validation_fraction, name_of(self, "validation_fraction")) == 0:
            raise ValueError(f"{name_of(self, 'validation_fraction')} must be greater than 0")
        self._sizes()

    def _sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        what = name_of(self, "hidden_layer_sizes")
        is_list = np.iterable(sizes) and not isinstance(sizes, str)
        return [whole(s, what) for s in (sizes if is_list else [sizes])]

    def _network(self, inputs: int, outputs: int, rng: np.random.Generator, dtype: Any) -> Any:
        """Dense layers with the activation between them."""
        activation = ACTIVATIONS[self.activation]
        layers: list[Module] = []
        for size in self._sizes():
            layers.append(Dense(inputs, size, rng, dtype=dtype))
            if activation is not None:
                layers.append(activation())
            inputs = size
        return Sequential(*layers, Dense(inputs, outputs, rng, dtype=dtype))

    def _train(self, loss: Any, X: Any, y: Any, outputs: int, held_out: Any, labels: Any) -> None:
        """Train a new network. `held_out` is a validation set (X, y) or None; with early stopping
        and none given, a part of the data is held out, stratified by `labels` if there are any."""
        random = check_random_state(self.random_state)
        if self.early_stopping and held_out is None:
            X, held_X, y, held_y = train_test_split(
                X, y, test_size=self.validation_fraction, random_state=random, stratify=labels
            )
            held_out = held_X, held_y
        stop = EarlyStopping(
            self.patience,
            monitor="validation_loss" if self.early_stopping else "loss",
            min_delta=self.tol,
            restore_best=self.early_stopping,
        )
        rng = np.random.default_rng(random.randint(2**31))
        self.model_ = self._network(X.shape[1], outputs, rng, X.dtype)
        self.history_ = fit(
            self.model_,
            loss,
            X,
            y,
            optimizer=OPTIMIZERS[self.optimizer](self.learning_rate),
            batch_size=self.batch_size,
            epochs=self.max_epochs,
            validation=held_out,
            callbacks=[stop],
            metric=accuracy if labels is not None and held_out is not None else None,
            penalty=self._penalty(len(X)) if self.alpha else None,
            seed=rng,
            progress=self.verbose,
            jit=self.jit,
        )
        if self.history_.stopped == "interrupted":
            warnings.warn(
                f"{type(self).__name__}: training was interrupted after "
                f"{self.history_.epochs} epochs",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _penalty(self, samples: int) -> Callable[[dict[str, Any]], Any]:
        """alpha |W|^2 / (2 samples) over the weights, not the biases."""
        factor = self.alpha / (2 * samples)

        def penalty(parameters: dict[str, Any]) -> Any:
            weights = [p for name, p in parameters.items() if name.endswith("weight")]
            return factor * losses.l2_penalty(weights)

        return penalty

    @property
    def loss_curve_(self) -> list[float]:
        """The mean training loss of each epoch."""
        return self.history_["loss"]

    @property
    def validation_loss_curve_(self) -> list[float]:
        """The validation loss after each epoch."""
        return self.history_["validation_loss"]

    @property
    def n_iter_(self) -> int:
        """How many epochs were run."""
        return self.history_.epochs

    @property
    def coefs_(self) -> list[Any]:
        """The weights of each layer, of shape (inputs, outputs)."""
        return [layer.weight for layer in self.model_.layers if isinstance(layer, Dense)]

    @property
    def intercepts_(self) -> list[Any]:
        """The biases of each layer."""
        return [layer.bias for layer in self.model_.layers if isinstance(layer, Dense)]

    def _outputs(self, X: Any) -> Any:
        """The network's values for checked features."""
        check_is_fitted(self)
        dtype = self.model_[0].weight.dtype
        return predict(self.model_, validate_data(self, X, dtype=dtype, reset=False))


class MLPClassifier(ClassifierMixin, Perceptron):
    """A network of dense layers that classifies, trained on the cross-entropy of its softmax.

    Arguments
        hidden_layer_sizes   units of each hidden layer; () for a linear model
        activation           "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus",
                             "sigmoid", "tanh" or "identity"
        optimizer            "adam", "adamw", "rmsprop", "sgd", or "momentum" (Nesterov's, 0.9)
        learning_rate, batch_size, max_epochs
        alpha                L2 penalty alpha |W|^2 / (2 samples)
        tol, patience        training ends when the loss has not fallen by `tol` for `patience`
                             epochs; with `early_stopping` it is the loss on held-out data, and the
                             best weights are kept
        validation_fraction  how much is held out for that
        random_state         seed of weights, order and held-out data
        verbose              whether to show a progress bar
        jit                  "auto", True, False, "llvm" or "numpy": which steps are compiled, as in
                             `fit`; ``history_.steps`` says which were

    After `fit`: ``classes_``, ``loss_curve_``, ``history_`` (every curve, those of validation too),
    ``n_iter_``, ``coefs_``, ``intercepts_``, ``model_`` (the network). Features are best scaled to
    variance 1, in a pipeline with StandardScaler.

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = MLPClassifier((16,), "tanh", learning_rate=0.05, random_state=0)
    >>> model.fit(X, ["same", "other", "other", "same"]).predict(X)
    array(['same', 'other', 'other', 'same'], dtype='<U5')
    """

    def fit(self, X: Any, y: Any, validation: Any = None) -> MLPClassifier:
        """X: (samples, features); y: (samples,), numbers or strings; `validation`: None or a pair
        (X, y) to follow, whose curves are kept. Returns the estimator."""
        self._checked_arguments()
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32))
        self.classes_, labels = classes_and_labels(self, y)
        held_out = None
        if validation is not None:
            held_X, held_y = validate_data(self, *validation, dtype=X.dtype, reset=False)
            unseen = np.setdiff1d(held_y, self.classes_)
            if len(unseen):
                raise ValueError(
                    f"{type(self).__name__}: the validation set has labels that the training set "
                    f"lacks: {unseen.tolist()}"
                )
            held_labels = np.searchsorted(self.classes_, held_y)
            held_out = held_X, one_hot(held_labels, len(self.classes_), X.dtype)
        codes = one_hot(labels, len(self.classes_), X.dtype)
        self._train(cross_entropy, X, codes, len(self.classes_), held_out, labels)
        return self

    def decision_function(self, X: Any) -> Any:
        """Logits (samples, classes); with two classes (samples,), the second's over the first's."""
        logits = self._outputs(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithms of the probabilities: (samples, classes)."""
        return log_softmax(self._outputs(X))

    def predict_proba(self, X: Any) -> Any:
        """Probabilities: (samples, classes), each row with sum 1."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> Any:
        """The likeliest class of each sample."""
        logits = self._outputs(X)
        return self.classes_[np.argmax(logits, axis=1)]


class MLPRegressor(MultiOutputMixin, RegressorMixin, Perceptron):
    """A network of dense layers that predicts numbers, trained on the mean squared error.

    It is trained on targets scaled to mean 0 and variance 1, in which ``loss_curve_`` is measured.
    Arguments and attributes are those of :class:`MLPClassifier`, but for ``classes_``.

    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, np.newaxis]
    >>> y = 1000 * np.abs(X[:, 0])
    >>> model = MLPRegressor((16,), batch_size=10, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    def fit(self, X: Any, y: Any, validation: Any = None) -> MLPRegressor:
        """X: (samples, features); y: (samples,) or (samples, targets); `validation`: None or a pair
        (X, y) to follow, whose curves are kept. Returns the estimator."""
        self._checked_arguments()
        kinds = (np.float64, np.float32)
        X, y = validate_data(self, X, y, dtype=kinds, multi_output=True, y_numeric=True)
        y = np.asarray(y, np.float64)
        self.target_mean_ = np.mean(y, axis=0)
        spread = np.std(y, axis=0)
        self.target_scale_ = np.where(spread > 0, spread, 1.0)
        held_out = None
        if validation is not None:
            held_X, held_y = validate_data(
                self, *validation, dtype=X.dtype, multi_output=True, y_numeric=True, reset=False
            )
            held_out = held_X, self._scaled(held_y)
        targets = self._scaled(y)
        self._train(losses.mse, X, targets, targets.shape[1], held_out, None)
        self.several_ = np.ndim(y) > 1
        return self

    def _scaled(self, y: Any) -> Any:
        return ((y - self.target_mean_) / self.target_scale_).reshape(len(y), -1)

    def predict(self, X: Any) -> Any:
        """The targets of each sample: (samples,), or (samples, targets) if there were several."""
        scaled = self._outputs(X)
        y = scaled * self.target_scale_ + self.target_mean_
        return y if self.several_ else y[:, 0]
