# %% [markdown]
# # Logistic regression and convexity
#
# The simplest classifier, its loss as a landscape, and data on which that landscape has no lowest
# point (problem G); and why the bowl of linear regression always has exactly one (problem H).

# %%
import os
from pathlib import Path

import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.functional import sigmoid, softplus
from nn.plots import plot_loss_surface

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## G. Logistic regression
#
# **Question.** What is the loss of $P(y = 1 \mid x) = \sigma(\varphi_0 + \varphi_1 x)$, why is it easy to
# minimise, and when does it have no minimum?
#
# **Derivation.** With $p_i = \sigma(\varphi_0 + \varphi_1 x_i)$ and labels 0 and 1,
#
# $$L = -\sum_i y_i \log p_i + (1 - y_i) \log (1 - p_i),\qquad
#   \nabla L = \begin{pmatrix} \sum (p_i - y_i) \\ \sum (p_i - y_i)\,x_i \end{pmatrix},\qquad
#   H = \sum_i p_i (1 - p_i) \begin{pmatrix} 1 & x_i \\ x_i & x_i^2 \end{pmatrix} .$$
#
# $v^T H v = \sum p_i (1 - p_i)(v_0 + v_1 x_i)^2 \ge 0$: the loss is convex. With labels
# $y_i = \pm 1$ it is $L = \sum_i \log(1 + e^{-y_i\,x_i \cdot w})$, the same number.
#
# **With the engine.** First the loss of one example, as a graph:

# %%
def one(phi0, phi1):
    z = phi0 + phi1 * 2.0
    p = 1 / (1 + np.exp(-z))
    loss = -np.log(p)
    return loss


explanation = ad.explain(one, -1.0, 0.8)
SVG(explanation.svg())

# %%
p = 1 / (1 + np.exp(-(-1.0 + 0.8 * 2.0)))
adjoints = {step.name: step.value for step in explanation.reverse}
assert np.isclose(adjoints["z"], p - 1, rtol=1e-14)  # p - y
assert np.isclose(adjoints["phi1"], (p - 1) * 2.0, rtol=1e-14)  # (p - y) x

# %% [markdown]
# Curves: $\varphi_1$ is how steep they are, $-\varphi_0 / \varphi_1$ where they cross one half.

# %%
grid = np.linspace(-5, 5, 201)
figure, ax = plt.subplots()
for (phi0, phi1), style in zip([(0, 1), (0, 3), (-2, 1), (1, -1)], ("-", "--", "-.", ":")):
    ax.plot(grid, sigmoid(phi0 + phi1 * grid), style, label=rf"$\varphi = ({phi0}, {phi1})$")
ax.set(xlabel="$x$", ylabel="$P(y = 1 | x)$", title="logistic curves")
ax.legend();

# %% [markdown]
# Now data, made here: 80 points with known $\varphi = (-1, 2)$. The loss is written down as above,
# the gradient and the Hessian are the engine's.

# %%
rng = np.random.default_rng(0)
x = rng.normal(0, 1.5, size=80)
y = (rng.uniform(size=80) < sigmoid(-1 + 2 * x)).astype(float)


def loss(phi):
    return nn.losses.binary_cross_entropy(phi[0] + phi[1] * x, y, reduction="sum")


def loss_of_signs(phi):
    return np.sum(softplus(-(2 * y - 1) * (phi[0] + phi[1] * x)))


for phi in rng.normal(0, 2, size=(20, 2)):
    p = sigmoid(phi[0] + phi[1] * x)
    assert np.allclose(ad.grad(loss)(phi), [np.sum(p - y), np.sum((p - y) * x)], rtol=1e-10)
    H = ad.hessian(loss)(phi)
    q = p * (1 - p)
    assert np.allclose(H, [[q.sum(), q @ x], [q @ x, q @ x**2]], rtol=1e-8)
    assert np.all(np.linalg.eigvalsh(H) >= 0)
    assert np.isclose(loss(phi), loss_of_signs(phi), rtol=1e-12)
    assert np.allclose(ad.grad(loss)(phi), ad.grad(loss_of_signs)(phi), rtol=1e-10)

# %% [markdown]
# Newton's method finds the one minimum, the lowest point of the heat map:

# %%
way = [np.zeros(2)]
for _ in range(8):
    phi = way[-1]
    way.append(phi - np.linalg.solve(ad.hessian(loss)(phi), ad.grad(loss)(phi)))
best = way[-1]
print(f"minimum at phi = {best.round(4)}, loss {loss(best):.4f}")
assert np.allclose(ad.grad(loss)(best), 0, atol=1e-10)
assert np.all(np.linalg.eigvalsh(ad.hessian(loss)(best)) > 0)

figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
left.scatter(x, y, s=14, color="0.5", label="data")
left.plot(grid, sigmoid(best[0] + best[1] * grid), label="fit")
left.plot(grid, sigmoid(-1 + 2 * grid), "--", label="truth")
left.set(xlabel="$x$", ylabel="$P(y = 1 | x)$", title="fit")
left.legend(loc="center left")
plot_loss_surface(
    lambda a, b: loss((a, b)), (-4, 2), (-1, 5), names=(r"$\varphi_0$", r"$\varphi_1$"),
    resolution=49, path=way, log=True, ax=right,
)
right.set_title("loss, with Newton's way");

# %% [markdown]
# ### No minimum
#
# If some $w$ separates the classes, all $y_i\,x_i \cdot w > 0$, then every term of $L(c\,w) = \sum
# \log(1 + e^{-c\,y_i x_i \cdot w})$ falls as $c$ grows: the loss goes to 0, is never 0, and
# gradient descent walks for ever.
#
# Two data sets of 100 points tell the story: A has no separating line, B has one. They are those of
# Stanford's CS229, from `shared/data` beside the project or the folder that `AUTODIFF_DATA` names;
# where they are missing, two such sets are made here.

# %%
folder = Path(os.environ.get("AUTODIFF_DATA", "../../shared/data")) / "cs229"
found = (folder / "ds1_a.csv").exists() and (folder / "ds1_b.csv").exists()


def made(noise):
    """Points of the unit square on both sides of a line, with a narrow gap or with wrong labels."""
    X = rng.uniform(size=(1000, 2))
    side = X.sum(axis=1) - 1
    X, side = X[np.abs(side) > 0.04][:100], side[np.abs(side) > 0.04][:100]
    return X, np.sign(side + rng.normal(0, noise, size=100))


def read(name):
    table = np.loadtxt(folder / f"ds1_{name}.csv", delimiter=",", skiprows=1)
    return table[:, 1:], 2 * table[:, 0] - 1


sets = {"A": read("a"), "B": read("b")} if found else {"A": made(0.1), "B": made(0)}
print("read from the files of CS229" if found else "no files: made here")


def with_ones(X):
    return np.column_stack([np.ones(len(X)), X])


def logistic(w, X, y):
    return np.mean(softplus(-y * (X @ w)))


def descend(loss, X, y, rate=4.0, steps=30_000, tolerance=1e-6):
    """Gradient descent until a step is shorter than the tolerance: (w, norms of steps, loss)."""
    slope = ad.jit(ad.grad(loss))
    w, moves = np.zeros(X.shape[1]), []
    for t in range(1, steps + 1):
        move = (rate(t) if callable(rate) else rate) * slope(w, X, y)
        w = w - move
        moves.append(np.sqrt(move @ move))
        if moves[-1] < tolerance:
            break
    return w, np.array(moves)


runs = {name: descend(logistic, with_ones(X), y) for name, (X, y) in sets.items()}
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12.5, 3.8))
for ax, (name, (X, y)) in zip((left, middle), sets.items()):
    for sign, marker in ((-1, "o"), (1, "^")):
        ax.scatter(*X[y == sign].T, s=16, marker=marker, label=f"$y = {sign}$")
    w = runs[name][0]
    ends = np.array([0.0, 1.0])
    ax.plot(ends, -(w[0] + w[1] * ends) / w[2], color="0.4")
    wrong = np.sum(y * (with_ones(X) @ w) <= 0)
    ax.set(
        xlabel="$x_1$", ylabel="$x_2$", ylim=(-0.05, 1.05),
        title=f"set {name}: {wrong} on the wrong side",
    )
    ax.legend(fontsize=8)
for (name, (_, moves)), style in zip(runs.items(), ("-", "--")):
    right.loglog(np.arange(1, len(moves) + 1), moves, style, label=f"set {name}")
right.axhline(1e-6, color="0.6", linewidth=0.8)
right.set(xlabel="step", ylabel="length of the step", title="A arrives, B does not")
right.legend();

# %%
for name, (w, moves) in runs.items():
    size = np.linalg.norm(w)
    print(f"set {name}: {len(moves)} steps, the last {moves[-1]:.1e}; |w| = {size:.1f}")
X, y = sets["B"]
X = with_ones(X)
w = runs["B"][0]
assert len(runs["A"][1]) < 30_000 and runs["A"][1][-1] < 1e-6  # A converges
assert len(runs["B"][1]) == 30_000 and runs["B"][1][-1] > 1e-4  # B does not
assert np.all(y * (X @ w) > 0)  # because a line separates it:

scales = np.array([1.0, 2.0, 4.0, 8.0])
values = [logistic(c * w, X, y) for c in scales]
assert np.all(np.diff(values) < 0)  # a larger w is always better
assert all(ad.grad(lambda c: logistic(c * w, X, y))(c) < 0 for c in scales)
XA, yA = with_ones(sets["A"][0]), sets["A"][1]
assert ad.grad(lambda c: logistic(c * runs["A"][0], XA, yA))(2.0) > 0  # in A it is not

# %% [markdown]
# ### What helps
#
# Six things one might try on set B. Did the walk stop, and if so, at a point where the gradient of
# its own loss is zero?

# %%
def penalised(w, X, y):
    return logistic(w, X, y) + 0.001 * nn.losses.l2_penalty(w)


def hinge(w, X, y):
    return nn.losses.hinge(X @ w, y)


rng = np.random.default_rng(5)
raw = sets["B"][0]
scaled = with_ones((raw - raw.mean(axis=0)) / raw.std(axis=0))
noisy = with_ones(raw + rng.normal(0, 0.1, size=raw.shape))
trials = {
    "constant rate, ten times smaller": (logistic, X, 0.4),
    "scaled features": (logistic, scaled, 2.0),
    "rate c / t^3": (logistic, X, lambda t: 4.0 / t**3),
    "an L2 penalty": (penalised, X, 4.0),
    "noise that mixes the classes": (logistic, noisy, 4.0),
    "hinge loss": (hinge, X, 400.0),
}
ends = {}
figure, ax = plt.subplots(figsize=(8, 4.4))
styles = ("-", "-", ":", "--", "--", "-.")
for (name, (objective, inputs, rate)), style in zip(trials.items(), styles):
    w, moves = descend(objective, inputs, y, rate)
    slope = np.linalg.norm(ad.grad(objective)(w, inputs, y))
    ends[name] = moves[-1] < 1e-6, slope
    print(f"{name:34} {len(moves):6} steps  stopped: {moves[-1] < 1e-6!s:5}  gradient: {slope:.1e}")
    ax.loglog(np.arange(1, len(moves) + 1), np.maximum(moves, 1e-9), style, label=name)
ax.axhline(1e-6, color="0.6", linewidth=0.8)
ax.set(xlabel="step", ylabel="length of the step", title="six attempts on set B: which arrive?")
ax.legend(fontsize=8);

# %%
for name in ("constant rate, ten times smaller", "scaled features"):
    assert not ends[name][0]  # no: the data are still separable
assert ends["rate c / t^3"][0] and ends["rate c / t^3"][1] > 1e-2  # stops, but at no optimum
for name in ("an L2 penalty", "noise that mixes the classes"):
    assert ends[name][0] and ends[name][1] < 1e-6  # yes
assert ends["hinge loss"] == (True, 0.0)  # beyond the margin there is no slope left to follow

# %% [markdown]
# A smaller rate only walks more slowly, and scaling is a change of coordinates: a line separates
# the data in both. The rates $c / t^3$ have a finite sum, so the walk must stop, wherever it
# happens to be. The penalty makes every direction climb in the end; noise takes the separating line
# away. And the hinge loss asks for a margin and no more: it is exactly zero after finitely many
# steps, which may be large ones, as its slope does not fade on the way.
#
# ## H. Convexity
#
# **Question.** Why has linear regression exactly one minimum?
#
# **Derivation.** For $I$ points and $L = \sum_i (\varphi_0 + \varphi_1 x_i - y_i)^2$,
#
# $$H = 2 \begin{pmatrix} I & \sum x_i \\ \sum x_i & \sum x_i^2 \end{pmatrix},\qquad
# \operatorname{tr} H = 2 \Big(I + \sum x_i^2\Big) > 0,\qquad
# \det H = 4 \Big(I \sum x_i^2 - \big(\textstyle\sum x_i\big)^2\Big) = 4 I \sum_i (x_i - \bar x)^2 > 0$$
#
# unless all $x_i$ are equal. Both eigenvalues have the sign of their sum and of their product: they
# are positive, $\tfrac12 \operatorname{tr} H \pm \sqrt{\tfrac14 (\operatorname{tr} H)^2 - \det H}$,
# the loss is a bowl everywhere, and $H$ does not depend on $\varphi$ or on $y$.
#
# **With the engine.**

# %%
rng = np.random.default_rng(2)
x = rng.uniform(-1, 3, size=12)
y = 0.5 + 1.5 * x + rng.normal(0, 0.5, size=12)


def squares(phi0, phi1):
    error = phi0 + phi1 * x - y
    loss = np.sum(error**2)
    return loss


SVG(ad.explain(squares, 0.0, 0.0).svg())

# %%
def bowl(phi):
    return squares(*phi)


n = len(x)
H = ad.hessian(bowl)(np.zeros(2))
trace, determinant = np.trace(H), np.linalg.det(H)
values, directions = np.linalg.eigh(H)
print("H =", H.round(3).tolist())
print(f"trace {trace:.3f}, determinant {determinant:.3f}, eigenvalues {values.round(3)}")

assert np.allclose(H, 2 * np.array([[n, x.sum()], [x.sum(), x @ x]]), rtol=1e-13)
assert np.allclose(H, ad.hessian(bowl)(np.array([7.0, -4.0])), rtol=1e-13)  # the same everywhere
assert np.isclose(determinant, 4 * n * np.sum((x - x.mean()) ** 2), rtol=1e-12)
assert trace > 0 and determinant > 0
root = np.sqrt(trace**2 / 4 - determinant)
assert np.allclose(values, [trace / 2 - root, trace / 2 + root], rtol=1e-12) and np.all(values > 0)

best = -np.linalg.solve(H, ad.grad(bowl)(np.zeros(2)))  # one Newton step from zero
assert np.allclose(best, np.polynomial.polynomial.polyfit(x, y, 1), rtol=1e-10)
assert np.allclose(ad.grad(bowl)(best), 0, atol=1e-11)

flat = ad.hessian(lambda phi: np.sum((phi[0] + phi[1] * np.full(n, 2.0) - y) ** 2))(best)
assert np.isclose(np.linalg.det(flat), 0, atol=1e-9)  # all x equal: a trough, not a bowl

# %% [markdown]
# The eigenvectors are the axes of the bowl: steep along one, shallow along the other, each with the
# curvature that its eigenvalue says.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
plot_loss_surface(
    squares, (-2, 3), (-0.5, 3.5), names=(r"$\varphi_0$", r"$\varphi_1$"),
    resolution=61, log=True, ax=left,
)
along = np.linspace(-1, 1, 101)
for value, v, colour in zip(values, directions.T, ("C1", "C5")):
    left.plot(*(best[:, None] + v[:, None] * 0.8 * along), color=colour, linewidth=2)
    curve = ad.vmap(lambda t: bowl(best + t * v))(along)
    right.plot(along, curve, color=colour, label=f"eigenvalue {value:.2f}")
    assert np.allclose(curve, bowl(best) + value * along**2 / 2, rtol=1e-10)
left.set_title("the bowl and its axes")
right.set(xlabel="way from the minimum", ylabel="loss", title="cut along the eigenvectors")
right.legend();
