# %% [markdown]
# # Kernels, neighbours, trees, boosting
#
# Methods that are not networks. Where they follow a slope, the engine gives it; where they count,
# there is nothing to differentiate, and the numbers are counted here. Trees are scikit-learn's.

# %%
import os
from itertools import combinations
from pathlib import Path

import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.datasets import blobs
from nn.plots import COLOURS, plot_decision_regions
from scipy.optimize import brentq
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## M. Kernels, neighbours, trees, boosting
#
# ### A kernel perceptron
#
# **Question.** A perceptron of features $\varphi(x)$ that are too many to write down: can it be
# trained without ever forming its weights $\theta$?
#
# **Derivation.** The prediction is $[s \ge 0]$ with $s = \theta\cdot\varphi(x)$, the update
# $\theta \leftarrow \theta + \alpha\,(y_i - [s_i\ge0])\,\varphi(x_i)$. From zero, $\theta$ stays a
# sum $\sum_j\beta_j\varphi(x_j)$, so it is enough to keep $\beta$, and only products are ever
# needed:
#
# $$s_i = \sum_j\beta_j K(x_j, x_i),\quad K(x,z) = \varphi(x)\cdot\varphi(z),\qquad
# \beta_i \leftarrow \beta_i + \alpha\,\big(y_i - [s_i\ge0]\big).$$
#
# The bracket is minus the slope of the perceptron's loss, $\max(s, 0) - y\,s$, in the score.
# $K$ must be such a product: then every matrix $K(x_i, x_j)$ is positive semi-definite. The
# "kernel" $-1$ if $x = z$, else $0$, is not.
#
# **The data.** `cs229/perceptron_*.csv` of `shared/data`, or of the folder that `AUTODIFF_DATA`
# names; where it is missing, points made here: one class inside a ring, the other outside.

# %%
folder = Path(os.environ.get("AUTODIFF_DATA", "../../shared/data")) / "cs229"


def ring(seed):
    points = np.random.default_rng(seed).uniform(-4, 4, (200, 2))
    return points, (np.hypot(*points.T) < 3).astype(int)


def points_of(part, seed):
    file = folder / f"perceptron_{part}.csv"
    if not file.exists():
        return ring(seed)
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    return table[:, 1:], table[:, 0].astype(int)


X, y = points_of("train", 1)
X_test, y_test = points_of("test", 2)
print("CS229's points" if folder.exists() else "points made here", X.shape, X_test.shape)

# %% [markdown]
# **With the engine.** The slope in the score is the engine's; where the loss has its kink, at
# $s = 0$, it must be $1 - y$, since there the prediction is 1. `leaky_relu` has that slope at 0.

# %%
KERNELS = {
    "dot product": lambda A, B: A @ B.T,
    "radial basis function": lambda A, B: np.exp(
        -np.sum((A[:, None] - B[None]) ** 2, axis=-1) / (2 * 0.1)
    ),
    "invalid": lambda A, B: -np.all(A[:, None] == B[None], axis=-1).astype(float),
}


def perceptron_loss(s, y):
    return nn.functional.leaky_relu(s, 0.0) - y * s


slope = ad.grad(perceptron_loss)


def trained(K, rate=0.5):
    beta = np.zeros(len(X))
    for i in range(len(X)):
        beta[i] -= rate * slope(K[i] @ beta, float(y[i]))
    return beta


perceptrons = {}
for name, kernel in KERNELS.items():
    K = kernel(X, X)
    beta = trained(K)
    predict = lambda points, kernel=kernel, beta=beta: (kernel(points, X) @ beta >= 0).astype(int)
    accuracy = np.mean(predict(X_test) == y_test)
    perceptrons[name] = beta, predict, accuracy, np.min(np.linalg.eigvalsh(K))
    least = round(perceptrons[name][3], 6) + 0.0  # which makes a zero of -0
    print(f"{name:<22} least eigenvalue of K {least:6.3f}, test accuracy {accuracy:.1%}")

scores = np.array([-2.0, 0.0, 3.0])
for label in (0.0, 1.0):
    assert np.array_equal([slope(s, label) for s in scores], nn.functional.step(scores) - label)
# For the dot product theta can be formed, to compare: the same steps, the same scores.
theta = np.zeros(2)
for x, label in zip(X, y, strict=True):
    theta += 0.5 * (label - (theta @ x >= 0)) * x
assert np.allclose(theta, X.T @ perceptrons["dot product"][0])
assert perceptrons["dot product"][3] > -1e-9
assert perceptrons["radial basis function"][3] > -1e-9
assert np.isclose(perceptrons["invalid"][3], -1)
assert perceptrons["radial basis function"][2] > 0.85
assert perceptrons["radial basis function"][2] > perceptrons["dot product"][2]
assert perceptrons["radial basis function"][2] > perceptrons["invalid"][2]

# %%
fig, axes = plt.subplots(1, 3, figsize=(13, 4.2))
for ax, (name, (_, predict, accuracy, _)) in zip(axes, perceptrons.items(), strict=True):
    plot_decision_regions(predict, X_test, y_test, resolution=150, ax=ax)
    ax.set(title=f"{name}: {accuracy:.1%} right", xlabel="$x_0$", ylabel="$x_1$")
    ax.grid(False)
plt.show()

# %% [markdown]
# The dot product draws a line through the origin; the radial basis function follows the points.
# With the invalid kernel no point has a neighbour but itself: every other score is 0.
#
# ### A support vector machine by subgradients
#
# **Question.** Minimise the hinge loss with a penalty, $\frac\lambda2|w|^2 +
# \frac1n\sum_i\max(0, 1 - y_i(w\cdot x_i + b))$, labels $\pm1$. It has kinks; does descent get
# there?
#
# **Derivation.** Only points inside the margin have a slope: $\lambda w -
# \frac1n\sum_{y_i s_i<1}y_i x_i$. With the rate $1/(\lambda t)$ and the mean of the later iterates,
# subgradients converge to the optimum, which scikit-learn's solver finds in another way
# ($C = 1/(\lambda n)$).

# %%
points, label = blobs(120, np.random.default_rng(7), centres=[(-1.5, -1), (1.5, 1)])
signs = 2 * label - 1
LAMBDA = 0.05


def objective(p):
    s = points @ p["w"] + p["b"]
    return LAMBDA / 2 * np.sum(p["w"] ** 2) + nn.losses.hinge(s, signs)


p = {"w": np.array([0.3, -0.1]), "b": 0.2}
inside = signs * (points @ p["w"] + p["b"]) < 1
found = ad.grad(objective)(p)
assert np.allclose(found["w"], LAMBDA * p["w"] - np.sum((signs[:, None] * points)[inside], 0) / 120)
assert np.isclose(found["b"], -np.sum(signs[inside]) / 120)

steps, kept = 3000, {"w": np.zeros(2), "b": 0.0}
descent = ad.jit(ad.value_and_grad(objective))
p, values = {"w": np.zeros(2), "b": 0.0}, []
for t in range(1, steps + 1):
    value, g = descent(p)
    values.append(value)
    p = {k: p[k] - g[k] / (LAMBDA * (t + 20)) for k in p}
    if t > steps // 2:
        kept = {k: kept[k] + p[k] / (steps - steps // 2) for k in p}

reference = SVC(kernel="linear", C=1 / (LAMBDA * len(points)), tol=1e-8).fit(points, signs)
optimum = objective({"w": reference.coef_[0], "b": reference.intercept_[0]})
print(f"objective {objective(kept):.6f} by subgradients, {optimum:.6f} by scikit-learn")
print(f"w {np.round(kept['w'], 3)}, {np.round(reference.coef_[0], 3)}; b {kept['b']:.3f}, "
      f"{reference.intercept_[0]:.3f}")
assert optimum <= objective(kept) + 1e-9
assert objective(kept) < optimum * 1.001
assert np.allclose(kept["w"], reference.coef_[0], atol=0.02)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
left.loglog(np.array(values) - optimum + 1e-12, color=COLOURS[0])
left.set(xlabel="step", ylabel="objective above the optimum", title="subgradient descent")
decide = lambda points: np.where(points @ kept["w"] + kept["b"] >= 0, 1, -1)
plot_decision_regions(decide, points, signs, ax=right)
across, up = np.meshgrid(np.linspace(*right.get_xlim()), np.linspace(*right.get_ylim()))
score = kept["w"][0] * across + kept["w"][1] * up + kept["b"]
right.contour(across, up, score, [-1, 1], colors="black", linestyles="dashed", linewidths=1)
right.set(title="the line and its margins", xlabel="$x_0$", ylabel="$x_1$")
right.grid(False)
plt.show()
