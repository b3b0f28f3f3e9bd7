"""What is drawn: the numbers in the figures are those of the model, on any ground."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

import autodiff as ad
from nn import Dense, Dropout, Sequential, Tanh, losses, optim
from nn.estimators import LogisticRegression
from nn.plots import explain_loss, plot_decision_regions, plot_history, plot_loss_surface
from nn.training import History, fit


@pytest.fixture(autouse=True)
def figures():
    """Every figure is drawn to the end, on no screen."""
    previous = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")
    plt.switch_backend(previous)


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng().normal(size=(40, 2))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
LINE = Sequential(Dense(2, 1, rng()))
LINE[0].weight[:] = 1.0


def trained(**options):
    model = Sequential(Dense(2, 4, rng()), Tanh(), Dense(4, 2, rng(1)))
    options = {"optimizer": optim.Adam(0.05), "epochs": 5, "progress": False, **options}
    return model, fit(model, losses.cross_entropy, X, Y, **options)


def lines(ax):
    return {line.get_label(): line.get_ydata() for line in ax.lines}


def texts(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


# -- histories -------------------------------------------------------------------------------------
def test_a_history_shows_its_curves_and_the_best_epoch():
    _, history = trained(validation=(X, Y))
    loss, accuracy = plot_history(history)
    np.testing.assert_array_equal(lines(loss)["training"], history["loss"])
    np.testing.assert_array_equal(lines(loss)["validation"], history["validation_loss"])
    np.testing.assert_array_equal(lines(accuracy)["training"], history["accuracy"])
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    least = min(history["validation_loss"])
    assert f"best: {least:.3g}, epoch 5" in texts(loss)


def test_a_history_of_one_epoch_is_a_point():
    _, history = trained(epochs=1)
    axes = plot_history(history)
    assert all(line.get_marker() == "o" for ax in axes for line in ax.lines)


def test_a_history_goes_into_given_axes_and_nothing_is_refused():
    _, history = trained()
    axes = plt.subplots(2)[1]
    assert plot_history(history, axes) == list(axes)
    with pytest.raises(ValueError, match="1 axes for 2 curves"):
        plot_history(history, axes[:1])
    with pytest.raises(ValueError, match="this history has no epochs"):
        plot_history(History())


# -- surfaces --------------------------------------------------------------------------------------
def bowl(a, b):
    return (a - 1) ** 2 + (b + 2) ** 2 + 0.5


@pytest.mark.parametrize("log", [False, True])
def test_a_surface_marks_its_least_value(log):
    ax = plot_loss_surface(bowl, (-3, 3), (-4, 4), resolution=25, names=("a", "b"), log=log)
    star = ax.lines[-1]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (1.0, -2.0)
    assert texts(ax) == ["least: 0.5"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    values = ax.collections[0].get_array()
    assert values.shape == (25, 25)
    assert values[0, 24] == bowl(3, -4)  # rows are the second parameter


def test_a_surface_shows_the_path_of_a_descent():
    step = ad.grad(lambda p: bowl(p[0], p[1]))
    path = [np.array([-2.0, 3.0])]
    for _ in range(5):
        path.append(path[-1] - 0.3 * step(path[-1]))
    ax = plot_loss_surface(bowl, (-3, 3), (-4, 4), resolution=9, path=path)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), path)


def test_a_surface_leaves_out_what_is_not_finite():
    with np.errstate(invalid="ignore"):
        ax = plot_loss_surface(lambda a, b: np.sqrt(a) + b**2, (-1, 1), (-1, 1), resolution=9)
    assert ax.collections[0].get_array().mask.sum() == 4 * 9


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (((1, 1), (0, 1)), {}, r"first=\(1, 1\) is not an interval"),
        (((0, 1), (0, 1)), {"resolution": 1}, "resolution must be at least 2"),
        (((0, 1), (0, 1)), {"path": [1.0, 2.0]}, r"path has shape \(2,\)"),
        (((-1, 3), (-4, 0)), {"log": True}, "needs a loss above 0"),
    ],
)
def test_surfaces_that_cannot_be_drawn_are_refused(arguments, options, message):
    options = {"resolution": 9, **options}
    with pytest.raises(ValueError, match=message):
        plot_loss_surface(lambda a, b: bowl(a, b) - 0.5, *arguments, **options)
    with pytest.raises(ValueError, match="finite nowhere"):
        plot_loss_surface(lambda a, b: np.nan, (0, 1), (0, 1), resolution=2)


# -- regions ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "model",
    [
        LINE,
        Sequential(LINE, lambda z: z[:, 0]),
        Sequential(LINE, lambda z: np.concatenate([-z, z], axis=1)),
        LogisticRegression(C=1e6).fit(X, Y),
        lambda points: (points.sum(axis=1) > 0).astype(int),
    ],
    ids=["one logit", "flat logits", "two logits", "estimator", "function"],
)
def test_regions_are_the_decisions_of_any_kind_of_model(model):
    ax = plot_decision_regions(model, X, Y, resolution=30)
    regions = ax.collections[0].get_array().reshape(30, 30)
    across, up = (np.linspace(*limits, 30) for limits in (ax.get_xlim(), ax.get_ylim()))
    expected = across[np.newaxis] + up[:, np.newaxis] > 0
    assert np.mean(regions == expected) > 0.95
    assert texts(ax)[:2] == ["0", "1"]


def test_examples_that_are_decided_wrongly_are_counted():
    wrong = Y.copy()
    wrong[:3] = 1 - wrong[:3]
    ax = plot_decision_regions(LINE, X, wrong, resolution=9)
    assert texts(ax) == ["0", "1", "wrong: 3 of 40"]


def test_labels_may_be_words_and_a_model_keeps_its_mode():
    words = np.array(["no", "yes"])[Y]
    model = Sequential(LINE, Dropout(0.5, rng())).train()
    ax = plot_decision_regions(model, X, words, resolution=9)
    assert texts(ax) == ["no", "yes"]
    assert model.training


def test_regions_that_cannot_be_drawn_are_refused():
    with pytest.raises(ad.ShapeError, match=r"X has shape \(40, 3\)"):
        plot_decision_regions(LINE, np.ones((40, 3)), Y)
    with pytest.raises(ad.ShapeError, match=r"y \(39,\)"):
        plot_decision_regions(LINE, X, Y[1:])
    with pytest.raises(ValueError, match="one logit tells two classes apart, but y has 1"):
        plot_decision_regions(LINE, X, np.ones(40))
    with pytest.raises(TypeError, match="not a module, an estimator or a function"):
        plot_decision_regions("model", X, Y)


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_marks_and_words_have_the_colour_of_text_on_any_ground(style):
    with plt.style.context(style):
        ax = plot_decision_regions(LINE, X, Y, resolution=9)
        text, ground = mpl.rcParams["text.color"], mpl.rcParams["axes.facecolor"]
        edges = ax.collections[-1].get_edgecolor()[0]
        assert mpl.colors.same_color(edges, text)
        assert not mpl.colors.same_color(edges, ground)


# -- the graph of a loss --------------------------------------------------------------------------
def test_the_loss_of_a_model_is_explained_in_its_parameters():
    model, _ = trained()
    explanation = explain_loss(model, losses.cross_entropy, X, Y)
    text = str(explanation)
    assert all(f"parameters['{name}']" in text for name, _ in model.named_parameters())
    assert f"{losses.cross_entropy(model(X), Y):.6g}" in text
    assert "<svg" in explanation.svg()


def test_without_matplotlib_the_error_says_how_to_get_it():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import autodiff, nn.plots\n"
        "try: nn.plots.plot_loss_surface(lambda a, b: a + b, (0, 1), (0, 1), resolution=2)\n"
        "except autodiff.MissingExtraError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "plots need matplotlib: pip install matplotlib\n"
