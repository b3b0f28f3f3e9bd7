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

# %% [markdown]
# ### Nearest neighbours in many dimensions
#
# **Question.** Examples lie evenly in the unit cube of $d$ dimensions. Which fraction is within 10
# % of the range of *every* feature? How long is the side of a cube with 10 % of all examples?
#
# **Derivation.** A cube of side $s$ holds the fraction $s^d$: $0.1^d$ of the examples, and for a
# tenth of them $s = 0.1^{1/d}$, which goes to 1: neighbours are no longer near. By the equation
# $s^d = 0.1$ alone, $ds/dd = -s\log s/d$; `root` differentiates through it.

# %%
rng = np.random.default_rng(3)
side = ad.root(lambda s, d: s**d - 0.1, solver=lambda f, s: brentq(f, 0, 1, xtol=1e-15))
dimensions = np.array([1, 2, 3, 10, 100])
print("  d   fraction   counted    side of a tenth")
for d in dimensions:
    sample = rng.uniform(size=(100_000, min(d, 3)))
    counted = np.mean(np.all(np.abs(sample - 0.5) < 0.05, axis=1))
    shown = f"{counted:.5f}" if d <= 3 else "-"
    print(f"{d:>3}   {0.1**d:<8.3g}   {shown:<8}   {side(0.5, float(d)):.4f}")
    if d <= 3:
        assert abs(counted - 0.1**d) < 4 * np.sqrt(0.1**d / len(sample))
    s = 0.1 ** (1 / d)
    assert np.isclose(side(0.5, float(d)), s)
    assert np.isclose(ad.grad(side, 1)(0.5, float(d)), -s * np.log(s) / d)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
d = np.arange(1, 21)
left.semilogy(d, 0.1**d.astype(float), "o-")
left.set(xlabel="dimensions $d$", ylabel="fraction used", title="$0.1^d$")
d = np.arange(1, 101)
right.plot(d, 0.1 ** (1 / d))
right.set(xlabel="dimensions $d$", ylabel="side", title="$0.1^{1/d}$", ylim=(0, 1))
plt.show()

# %% [markdown]
# ### A decision tree
#
# **Question.** Fifteen people, four features, and how much they use their phone. Which feature does
# the tree ask for first?
#
# **Derivation.** The entropy $H = -\sum_k p_k\log_2 p_k$ of the labels, minus the mean entropy
# that is left within the values of a feature, is that feature's *gain*; the largest is the root.
# (Its slope is $-\log_2 p_k - 1/\log 2$: among all distributions the even one has the most
# entropy.)
#
# The expected gains 0.9221, 0.2705, 1.1058, 0.2133 subtract entropies that were rounded to four
# digits before. Unrounded, the first and the last are 0.92216 and 0.21337: one more in the last
# digit.

# %%
NAMES = ("relationship", "age", "education", "income")
PHONES = """
S >25 U <=50 Low; R <=25 C <=50 Med; S >25 U >50 Low; M <=25 U <=50 High; S >25 U >50 Low;
M >25 C <=50 Med; R <=25 C >50 Med; R >25 H <=50 Low; M >25 U <=50 High; S >25 H >50 Low;
R <=25 C >50 Med; R >25 H <=50 Low; M >25 U <=50 High; S <=25 H >50 Low; R <=25 C >50 Med
"""
table = np.array([row.split() for row in PHONES.split(";")])
features, usage = table[:, :-1], table[:, -1]


def entropy(p):
    return -np.sum(p * np.log2(p))


def shares(labels):
    return np.unique(labels, return_counts=True)[1] / len(labels)


def remaining(column, labels):
    """The mean entropy of the labels within the values of a feature."""
    return sum(
        np.mean(column == value) * entropy(shares(labels[column == value]))
        for value in np.unique(column)
    )


whole = entropy(shares(usage))
left = {name: remaining(column, usage) for name, column in zip(NAMES, features.T, strict=True)}
gains = {name: whole - value for name, value in left.items()}
root = max(gains, key=gains.get)
print(f"entropy of usage: {whole:.4f} bits")
for name, value in gains.items():
    rounded = round(whole, 4) - round(left[name], 4)
    print(f"gain of {name:<12} {value:.5f}, from rounded entropies {rounded:.4f}")
print("root:", root)
expected = np.array([0.9221, 0.2705, 1.1058, 0.2133])
assert len(table) == 15
assert round(whole, 4) == 1.5058
assert np.allclose(list(gains.values()), expected, rtol=0, atol=1e-4)
assert np.allclose([round(whole, 4) - round(v, 4) for v in left.values()], expected, atol=1e-9)
assert root == "education"

share = shares(usage)
assert np.allclose(ad.grad(entropy)(share), -np.log2(share) - 1 / np.log(2))
of_scores = lambda z: entropy(nn.functional.softmax(z))
assert np.allclose(ad.grad(of_scores)(np.zeros(3)), 0)  # the even distribution ...
assert np.max(np.linalg.eigvalsh(ad.hessian(of_scores)(np.zeros(3)))) < 1e-12  # ... is a maximum


def coded(rows):
    """A column of 0 and 1 for every value of every feature, for scikit-learn, and their names."""
    pairs = [(k, value) for k in range(rows.shape[1]) for value in np.unique(rows[:, k])]
    return np.column_stack([rows[:, k] == value for k, value in pairs]).astype(float), pairs


codes, pairs = coded(features)
tree = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(codes, usage)
first = pairs[tree.tree_.feature[0]]
print(f"scikit-learn's tree asks first: {NAMES[first[0]]} = {first[1]}?")
assert NAMES[first[0]] == root
assert tree.score(codes, usage) == 1

fig, ax = plt.subplots(figsize=(6, 3))
ax.barh(list(gains), list(gains.values()), color=[COLOURS[k == root] for k in gains])
ax.axvline(whole, color="gray", linestyle=":")
ax.text(whole, 3.5, "all of the entropy", ha="right", va="bottom", fontsize=9)
ax.set_xlabel("gain (bits)")
plt.show()

# %% [markdown]
# ### A random forest
#
# **Question.** Eight people; three trees, one for each pair of the three features. Is an old person
# who keeps distance and does not wash hands sick?
#
# **Derivation.** Keeping distance alone decides in this table, and two of the three trees see it.
# The third sees (old, does not wash): one healthy, two sick. The vote is two to one.

# %%
ILLNESS = """
old y y no; old y n no; old y y no; young n n yes;
young y y no; old n n yes; old n y yes; old n n yes
"""
ABOUT = ("age", "distancing", "washing")
table = np.array([row.split() for row in ILLNESS.split(";")])
people, sick = table[:, :-1], table[:, -1]
asked = np.array([["old", "y", "n"]])

votes = {}
for pair in combinations(range(3), 2):
    codes, pairs = coded(people[:, pair])
    question = np.array([[asked[0, pair[k]] == value for k, value in pairs]], float)
    tree = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(codes, sick)
    votes[tuple(ABOUT[k] for k in pair)] = str(tree.predict(question)[0])
for pair, vote in votes.items():
    print(f"{' and '.join(pair):<24} {vote}")
answer = max(("no", "yes"), key=list(votes.values()).count)
print("the forest:", answer)
assert answer == "no"
assert votes["age", "washing"] == "yes"
assert list(votes.values()).count("no") == 2

# %% [markdown]
# ### AdaBoost
#
# **Question.** Ten points, and two classifiers that are each right more often than not. With which
# weights do they vote, and how are the points weighted in between?
#
# **Derivation.** The exponential loss $\sum_i 2^{-y_iF(x_i)}$ of a vote $F = \sum_t\beta_th_t$
# falls fastest, in the scores, along $-\partial L/\partial F_i \propto y_i\,2^{-y_iF_i}$: those
# are the weights $w_i = 2^{-y_iF_i}$, normalised. Adding $\beta h$ to the vote gives
# $(1-\varepsilon)2^{-\beta} + \varepsilon 2^{\beta}$, where $\varepsilon$ is the weight that $h$
# gets wrong; its minimum is
#
# $$\beta = \tfrac12\log_2\frac{1-\varepsilon}{\varepsilon}.$$
#
# With $\varepsilon_1 = 0.2$: $\beta_1 = \frac12\log_2 4 = 1$; wrong points have
# $\frac1{10}\cdot2$, right ones $\frac1{10}\cdot\frac12$, in sum $0.8$: so $\frac14$ and
# $\frac1{16}$. Powers of $e$ instead of 2 scale $\beta$ and leave the weights.

# %%
x1, x2 = np.array(
    [(-1, 1), (0, 1), (1, 1), (-1, 0), (0, 0), (1, 0), (-1, -1), (0, -1), (1, -1), (1, -2)]
).T
h1 = np.where(-x1 + x2 <= -0.5, 1, -1)
h2 = np.where(1.5 * x1 + x2 < 0.5, 1, -1)
wrong = np.isin(np.arange(10), (4, 8))  # the 5th and the 9th
truth = np.where(wrong, -h1, h1)


def boosting_loss(scores):
    """sum of 2^(-y F)"""
    return nn.losses.exponential(np.log(2) * scores, truth, reduction="sum")


def weights(scores):
    """The slope of the exponential loss in every score, without sign, to the sum of 1."""
    g = np.abs(ad.grad(boosting_loss)(scores))
    return g / np.sum(g)


def error(h, w):
    return np.sum(w[h != truth])


w1 = weights(np.zeros(10))
epsilon1 = error(h1, w1)
beta1 = np.log2((1 - epsilon1) / epsilon1) / 2
w2 = weights(beta1 * h1)
epsilon2 = error(h2, w2)
beta2 = np.log2((1 - epsilon2) / epsilon2) / 2
print(f"epsilon1 {epsilon1:.4f}, beta1 {beta1:.4f}; epsilon2 {epsilon2:.4f}, beta2 {beta2:.4f}")
print("weights", np.round(w2, 4))

assert np.allclose(w1, 1 / 10)
assert np.isclose(epsilon1, 0.2)
assert np.isclose(beta1, 1)
assert np.allclose(w2[wrong], 1 / 4)
assert np.allclose(w2[~wrong], 1 / 16)
by_update = w1 * 2.0 ** (-beta1 * truth * h1)  # AdaBoost's own rule
assert np.allclose(w2, by_update / np.sum(by_update))
assert np.isclose(epsilon2, 1 / 4)
assert np.isclose(beta2, np.log2(3) / 2)
assert round(1.6 / 2, 1) == round(beta2, 1) == 0.8  # with log2 3 taken as 1.6

# Each beta is where the loss along its classifier is least: slope 0, and convex.
first_step = lambda b: boosting_loss(b * h1)
second_step = lambda b: boosting_loss(beta1 * h1 + b * h2)
for beta, along in ((beta1, first_step), (beta2, second_step)):
    assert abs(ad.grad(along)(beta)) < 1e-12
    assert ad.grad(ad.grad(along))(beta) > 0

# %% [markdown]
# How the loss depends on the first $\beta$, for the picture: with 8 right and 2 wrong it is
# $8\cdot2^{-\beta} + 2\cdot2^{\beta}$.


# %%
def vote(beta):
    right = 8 * 2**-beta
    wrong = 2 * 2**beta
    loss = right + wrong
    return loss


at_minimum = ad.explain(vote, float(beta1))
assert abs(at_minimum.reverse[-1].value) < 1e-12
assert np.isclose(vote(beta1), boosting_loss(beta1 * h1))
SVG(at_minimum.svg())

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharex=True, sharey=True)
line = np.linspace(-2, 2)
drawn = (
    (w1, line - 0.5, "weights at first, and $h_1$"),
    (w2, 0.5 - 1.5 * line, "weights after $h_1$, and $h_2$"),
)
for ax, (w, boundary, title) in zip(axes, drawn, strict=True):
    for sign, colour in ((1, COLOURS[0]), (-1, COLOURS[1])):
        mine = truth == sign
        ax.scatter(x1[mine], x2[mine], s=2500 * w[mine], color=colour, label=f"{sign:+}", alpha=0.8)
    for a, b, weight in zip(x1, x2, w, strict=True):
        ax.text(a + 0.18, b + 0.18, f"{weight:.4g}", fontsize=8)
    ax.plot(line, boundary, "k--", linewidth=1)
    ax.set(title=title, xlabel="$x_1$", ylabel="$x_2$", xlim=(-1.7, 1.9), ylim=(-2.7, 1.9))
    for handle in ax.legend(title="label", loc="upper left").legend_handles:
        handle.set_sizes([60])
plt.show()
