# %% [markdown]
# # Softmax, and units that live or die
#
# The two ends of a classifier. Problem C derives what makes softmax and cross-entropy such a good
# pair; problem D looks at the units in between: their derivatives, and how a unit stops learning.

# %%
import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.functional import elu, leaky_relu, relu, sigmoid, softmax

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## C. Softmax
#
# **Question.** What is the Jacobian of softmax, how is it related to the logistic function, and what
# error does a network below it receive?
#
# **Derivation.** With $s_i = e^{z_i} / \sum_k e^{z_k}$, $\log s_i = z_i - \log \sum_k e^{z_k}$, so
# $\partial \log s_i / \partial z_j = \delta_{ij} - s_j$, and multiplied by $s_i$
#
# $$\frac{\partial s_i}{\partial z_j} = s_i\,(\delta_{ij} - s_j),
#   \qquad J = \operatorname{diag}(s) - s s^T .$$
#
# For two classes with $z_1 = w_1 \cdot x$ and $z_0 = w_0 \cdot x$, dividing by $e^{z_1}$ gives
#
# $$s_1 = \frac{1}{1 + e^{-(w_1 - w_0) \cdot x}} = \sigma(w \cdot x),\qquad w = w_1 - w_0 .$$
#
# The cross-entropy $L = -\sum_i y_i \log p_i$ of $p = \operatorname{softmax}(z)$, with $\sum y_i =
# 1$, has by the first line
#
# $$\nabla_z L = p - y .$$
#
# If $z$ comes out of a last layer, $z = W a$, then the error that the layer below receives, which
# is the direction in which the log-likelihood of the right class $i$ grows, is
#
# $$\operatorname{error}(a) = \nabla_a \log p_i = W^T (e_i - p) .$$
#
# The same holds whatever is below, a tree of compositions as well as a deep network: it enters only
# through its output $a$.
#
# **With the engine.** First what a softmax is, step by step, with its graph.

# %%
def second_share(z1, z2, z3):
    e1, e2, e3 = np.exp(z1), np.exp(z2), np.exp(z3)
    total = e1 + e2 + e3
    s2 = e2 / total
    return s2


explanation = ad.explain(second_share, 0.5, 1.0, -1.0)
SVG(explanation.svg())

# %%
z = np.array([0.5, 1.0, -1.0, 0.0, 2.0])
s = softmax(z)
J = ad.jacobian(softmax)(z)

assert np.allclose(J, np.diag(s) - np.outer(s, s), rtol=0, atol=1e-15)
assert np.allclose(J.sum(axis=0), 0, atol=1e-15)  # the shares always sum to 1
assert np.allclose(ad.grad(second_share, argnums=(0, 1, 2))(*z[:3]), ad.jacobian(softmax)(z[:3])[1])
assert np.array_equal(softmax(z + 1000), softmax(z))  # one number added to all of them cancels


def matrix_plot(ax, matrix, title, xlabel, ylabel):
    limit = np.abs(matrix).max()
    picture = ax.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit)
    for (i, j), entry in np.ndenumerate(matrix):
        colour = "white" if abs(entry) > 0.6 * limit else "black"
        ax.text(j, i, f"{entry:.2f}", ha="center", va="center", fontsize=8, color=colour)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax)


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8))
left.bar(np.arange(5), s)
left.set(xlabel="class $i$", ylabel="$s_i$", title="softmax")
matrix_plot(right, J, "its Jacobian by the engine", "$j$ of $z_j$", "$i$ of $s_i$")

# %% [markdown]
# Two classes are a logistic function of the difference of the weights; not only in value, every
# derivative in the weights agrees too:

# %%
rng = np.random.default_rng(0)
x, w1, w0 = rng.normal(size=(3, 4))


def by_softmax(w1, w0):
    return softmax(np.stack([w0 @ x, w1 @ x]))[1]


def by_logistic(w1, w0):
    return sigmoid((w1 - w0) @ x)


assert np.isclose(by_softmax(w1, w0), by_logistic(w1, w0), rtol=1e-14)
for ours, theirs in zip(
    ad.grad(by_softmax, argnums=(0, 1))(w1, w0), ad.grad(by_logistic, argnums=(0, 1))(w1, w0)
):
    assert np.allclose(ours, theirs, rtol=1e-13)
assert np.allclose(ad.hessian(by_softmax)(w1, w0), ad.hessian(by_logistic)(w1, w0), atol=1e-15)

# %% [markdown]
# Cross-entropy and softmax: one gradient, bounded by 1 however wrong the prediction is, and a
# Hessian that is the Jacobian from above, whatever the label:

# %%
def loss(z, y):
    return nn.losses.cross_entropy(z, y)


for label in range(5):
    y = np.eye(5)[label]
    assert np.allclose(ad.grad(loss)(z, y), s - y, rtol=0, atol=1e-15)
    assert np.allclose(ad.hessian(loss)(z, y), J, rtol=0, atol=1e-15)

# No overflow: all of the probability is on class 4.
assert np.allclose(ad.grad(loss)(z * 1000, np.eye(5)[2]), np.eye(5)[4] - np.eye(5)[2])

# %% [markdown]
# And the error that reaches a layer below, in a deep network of three:

# %%
V1, V2, W = rng.normal(size=(6, 4)), rng.normal(size=(5, 6)), rng.normal(size=(3, 5))


def activation(x):
    return np.tanh(V2 @ np.tanh(V1 @ x))


def log_likelihood(a, i):
    return nn.functional.log_softmax(W @ a)[i]


a = activation(x)
p = softmax(W @ a)
for i in range(3):
    error = W.T @ (np.eye(3)[i] - p)
    assert np.allclose(ad.grad(log_likelihood)(a, i), error, rtol=1e-13)
    # The chain rule does the rest, through whatever made `a`:
    through = ad.grad(lambda x: log_likelihood(activation(x), i))(x)
    assert np.allclose(through, error @ ad.jacobian(activation)(x), rtol=1e-12)

# %% [markdown]
# ## D. Activations and dead units
#
# **Question.** What are the derivatives of the usual activations, what does a unit learn from an
# example, and when does it stop learning for ever?
#
# **Derivation.**
#
# $$\operatorname{relu}'(z) = [z > 0],\qquad
#   \operatorname{leaky}'(z) = \begin{cases} 1 & z \ge 0 \\ c & z < 0 \end{cases},\qquad
#   \operatorname{elu}'(z) = \begin{cases} 1 & z \ge 0 \\ \alpha e^z & z < 0 \end{cases}$$
#
# A unit $h = f(w \cdot x)$ has $\partial h / \partial w_j = f'(w \cdot x)\, x_j$. So if $w \cdot
# x_i + b \le 0$ for *every* example $x_i$, each term of the gradient of a relu unit has the factor
# $f' = 0$: the gradient is exactly zero, no step of training changes $w$ or $b$, and the unit is
# dead. With leaky relu and elu $f' > 0$ everywhere: such units do not die.
#
# **With the engine.**

# %%
activations = {
    "relu": relu,
    "leaky relu, $c = 0.1$": lambda z: leaky_relu(z, 0.1),
    "elu, $\\alpha = 0.9$": lambda z: elu(z, 0.9),
}
by_hand = {
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky relu, $c = 0.1$": lambda z: np.where(z >= 0, 1.0, 0.1),
    "elu, $\\alpha = 0.9$": lambda z: np.where(z >= 0, 1.0, 0.9 * np.exp(z)),
}

grid = np.linspace(-3, 2, 501)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
for (name, f), style in zip(activations.items(), ("-", "--", "-.")):
    slopes = ad.elementwise_grad(f)(grid)
    assert np.allclose(slopes, by_hand[name](grid), rtol=1e-15)
    left.plot(grid, f(grid), style, label=name)
    right.plot(grid, slopes, style, label=name)
left.set(xlabel="$z$", ylabel="$f(z)$", title="three activations")
right.set(xlabel="$z$", ylabel="$f'(z)$", title="their derivatives by the engine")
left.legend()

# At the kink: relu takes its flat side, the others follow their definition at z >= 0.
assert [float(ad.grad(f)(0.0)) for f in activations.values()] == [0.0, 1.0, 1.0]

# %% [markdown]
# What one unit learns from one example, $f'(w \cdot x)\,x_j$, on either side of the kink:

# %%
x = np.array([2.0, -1.0, 0.5])
for w in (np.array([0.3, 0.2, -0.5]), np.array([-0.3, 0.2, -0.5])):
    for name, f in activations.items():
        gradient = ad.grad(lambda w: f(w @ x))(w)
        assert np.allclose(gradient, by_hand[name](w @ x) * x, rtol=1e-15)

# %% [markdown]
# ### A death
#
# One relu unit shall learn $y = x / 2$ with a rate that is too large. The first step throws it so
# far down that $w x_i + b \le 0$ for every example; from then on nothing moves.

# %%
X = np.linspace(0.5, 2.0, 16)
target = 0.5 * X


def train(f, rate, steps=150, w=2.0, b=3.0):
    """The way of (w, b) under gradient descent, and the losses."""

    def loss(parameters):
        w, b = parameters
        return np.mean((f(w * X + b) - target) ** 2)

    optimizer = nn.optim.SGD(rate)
    parameters = np.array([w, b])
    state, way, losses = optimizer.init(parameters), [parameters], []
    for _ in range(steps):
        value, gradient = ad.value_and_grad(loss)(parameters)
        parameters, state = optimizer.update(parameters, gradient, state)
        way.append(parameters)
        losses.append(value)
    return np.array(way), np.array(losses), loss


large, small = 0.3, 0.1
runs = {
    f"relu, rate {large}": train(relu, large),
    f"relu, rate {small}": train(relu, small),
    f"leaky relu, rate {large}": train(lambda z: leaky_relu(z, 0.1), large),
    f"elu, rate {large}": train(lambda z: elu(z, 0.9), large),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8))
for (name, (way, losses, _)), style in zip(runs.items(), ("-", ":", "--", "-.")):
    left.semilogy(losses, style, label=name)
    right.plot(way[:, 1], style, label=name)
left.set(xlabel="step", ylabel="loss", title="one unit learns, or does not")
right.set(xlabel="step", ylabel="bias $b$", title="dead: its bias stays where it was thrown")
left.legend();

# %% [markdown]
# The dead unit's gradient is not small but exactly zero, and `diagnose` finds it, with the cure:

# %%
way, losses, dead_loss = runs[f"relu, rate {large}"]
w, b = way[-1]
assert np.all(w * X + b <= 0)
assert np.array_equal(ad.grad(dead_loss)(way[-1]), [0.0, 0.0])
assert np.array_equal(way[-1], way[1])  # after the first step nothing ever moved


def unit(w, b):
    z = w * X + b
    h = relu(z)
    loss = np.mean((h - target) ** 2)
    return loss


report = ad.diagnose(unit, w, b)
print(report)
assert "dead" in {finding.kind for finding in report.findings}

# %% [markdown]
# ### The cure
#
# Units with a slope on both sides, from the same start with the same rate, are thrown down as well
# and come back; so does relu itself with a smaller rate, which is never thrown. In a network,
# `nn.summary` counts dead units layer by layer.

# %%
for name, (way, losses, alive_loss) in runs.items():
    print(f"{name:22} last loss {losses[-1]:.2e}, gradient {ad.grad(alive_loss)(way[-1])}")
    if name != f"relu, rate {large}":
        assert losses[-1] < 0.1 * losses[0]
        assert np.any(ad.grad(alive_loss)(way[-1]) != 0)

for f in (lambda z: leaky_relu(z, 0.1), lambda z: elu(z, 0.9)):
    gradient = ad.grad(lambda w, b: np.mean((f(w * X + b) - target) ** 2), argnums=(0, 1))(w, b)
    assert np.all(np.array(gradient) != 0)  # where relu is dead, they are not

# %% [markdown]
# The same in a layer of eight units: half of them are killed on purpose by their bias.

# %%
rng = np.random.default_rng(0)
inputs = rng.normal(size=(100, 3))
counts = {}
for unit in (nn.ReLU(), nn.LeakyReLU(), nn.ELU()):
    layer = nn.Dense(3, 8, np.random.default_rng(1))
    layer.bias[:4] = -50
    model = nn.Sequential(layer, unit)
    print(nn.summary(model, inputs), "\n")
    gradient = ad.grad(lambda bias: np.sum(unit(inputs @ layer.weight + bias)))(layer.bias)
    counts[type(unit).__name__] = int(np.sum(gradient == 0))
assert counts["ReLU"] == 4
assert counts["LeakyReLU"] == counts["ELU"] == 0
