# %% [markdown]
# # Layers: batch normalisation, receptive fields, a 2-3-1 network
#
# Three pieces of a network that are easy to use and easy to get wrong. Problem I is the gradient of
# batch normalisation, adjoint by adjoint. J asks how much of its input one unit of a stack of
# convolutions sees. K is one weight's update by hand, and why hidden units must not be linear.
#
# All data is made here, with fixed seeds.

# %%
from itertools import product

import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.datasets import triangle
from nn.plots import COLOURS, plot_decision_regions

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## I. Batch normalisation
#
# A batch $x_1, \dots, x_m$ of one feature is brought to mean 0 and variance 1, then scaled and
# shifted:
#
# $$\mu = \frac1m\sum_i x_i,\qquad v = \frac1m\sum_i (x_i-\mu)^2,\qquad
# \hat x_i = \frac{x_i-\mu}{\sqrt v},\qquad y_i = \gamma\,\hat x_i + \beta.$$
#
# **Question.** Given $\partial L/\partial y$, what are the gradients with respect to $\beta$,
# $\gamma$, $\hat x$, $v$, $\mu$ and $x$, and what goes wrong if $\mu$ and $v$ are treated as
# constants?
#
# **Derivation.** Walk backwards. Every $y_i$ uses the same $\beta$ and $\gamma$, every $\hat x_i$
# the same $v$ and $\mu$, so their contributions add:
#
# $$\frac{\partial L}{\partial\beta} = \sum_i \frac{\partial L}{\partial y_i},\qquad
# \frac{\partial L}{\partial\gamma} = \sum_i \hat x_i\frac{\partial L}{\partial y_i},\qquad
# \frac{\partial L}{\partial\hat x_i} = \gamma\frac{\partial L}{\partial y_i},\qquad
# \frac{\partial L}{\partial v} = -\frac{1}{2 v^{3/2}}\sum_i (x_i-\mu)\frac{\partial
# L}{\partial\hat x_i}.$$
#
# $\mu$ is used by $\hat x$ and by $v$, but $\partial v/\partial\mu = -\frac2m\sum_i(x_i-\mu) = 0$,
# so only the first path counts; and $x$ is used three times:
#
# $$\frac{\partial L}{\partial\mu} = -\frac{1}{\sqrt v}\sum_i\frac{\partial L}{\partial\hat
# x_i},\qquad
# \frac{\partial L}{\partial x_i} = \frac{1}{\sqrt v}\frac{\partial L}{\partial\hat x_i}
# + \frac{2(x_i-\mu)}{m}\frac{\partial L}{\partial v} + \frac1m\frac{\partial L}{\partial\mu}.$$
#
# **With the engine.** `explain` runs both sweeps and keeps every adjoint under the name of our own
# variable. As a loss take a weighted sum, so that $\partial L/\partial y = c$.

# %%
c = np.array([0.5, -1.0, 2.0, 0.25])


def normalised(x, gamma, beta):
    mu = np.mean(x)
    v = np.mean((x - mu) ** 2)
    xhat = (x - mu) / np.sqrt(v)
    y = gamma * xhat + beta
    L = np.sum(c * y)
    return L


x, gamma, beta = np.array([1.0, 2.0, 4.0, 0.0]), 1.5, 0.2
steps = ad.explain(normalised, x, gamma, beta)
print(steps)

# %% [markdown]
# The same as a picture: values, tangents and adjoints on the nodes, local derivatives on the edges.

# %%
SVG(steps.svg())

# %% [markdown]
# Now the closed forms, each against the adjoint of the same name.

# %%
adjoint = {step.name: step.value for step in steps.reverse}

m, mu, v = len(x), np.mean(x), np.var(x)
xhat = (x - mu) / np.sqrt(v)
closed = {"y": c, "beta": np.sum(c), "gamma": np.sum(xhat * c), "xhat": gamma * c}
closed["v"] = -np.sum((x - mu) * closed["xhat"]) / (2 * v**1.5)
closed["mu"] = -np.sum(closed["xhat"]) / np.sqrt(v)
closed["x"] = closed["xhat"] / np.sqrt(v) + 2 * (x - mu) / m * closed["v"] + closed["mu"] / m

for name, value in closed.items():
    print(f"dL/d{name:<6} closed form {np.round(value, 6)}   engine {np.round(adjoint[name], 6)}")
    assert np.allclose(adjoint[name], value, rtol=1e-12, atol=1e-12)

# The layer of `nn` is the same function, and forward mode and finite differences agree.
def with_nn(x):
    y = nn.functional.batch_norm(x[:, None], np.array([gamma]), np.array([beta]), epsilon=0.0)
    return np.sum(c * y[:, 0])


assert np.allclose(ad.grad(with_nn)(x), closed["x"], rtol=1e-12, atol=1e-12)
assert ad.check(normalised, x, gamma, beta).ok

# %% [markdown]
# ### What if $\mu$ and $v$ are treated as constants?
#
# $\hat x$ does not change when a number is added to every $x_i$, nor when all are scaled by a
# positive number. So the true gradient is orthogonal to $(1,\dots,1)$ and to $x$. Held constant,
# $\mu$ and $v$ leave only the first term, $\frac{1}{\sqrt v}\partial L/\partial\hat x$, which is
# orthogonal to neither.


# %%
def frozen(x, gamma, beta):
    mu = ad.stop_gradient(np.mean(x))
    v = ad.stop_gradient(np.mean((x - mu) ** 2))
    return np.sum(c * (gamma * (x - mu) / np.sqrt(v) + beta))


true, wrong = ad.grad(normalised)(x, gamma, beta), ad.grad(frozen)(x, gamma, beta)
assert np.allclose(wrong, closed["xhat"] / np.sqrt(v))
assert abs(np.sum(true)) < 1e-12
assert abs(np.dot(true, x)) < 1e-12
assert abs(np.sum(wrong)) > 0.1
assert abs(np.dot(wrong, x)) > 0.1
print(f"sum of dL/dx: true {abs(np.sum(true)):.4f}, held constant {np.sum(wrong):.4f}")
print(f"x . dL/dx:    true {abs(np.dot(true, x)):.4f}, held constant {np.dot(wrong, x):.4f}")

# %% [markdown]
# The consequence: put a bias $b$ before the layer, $x = u + b$. Normalisation takes $b$ away
# again, so the loss cannot depend on it. The true gradient knows that; the frozen one sends $b$
# off at a constant speed, for ever, while the loss stays where it is to the last digits.

# %%
rng = np.random.default_rng(5)
u, target = rng.normal(size=64), rng.normal(1.0, 1.0, size=64)


def loss_of_bias(b, hold):
    x = u + b
    mu, v = hold(np.mean(x)), hold(np.var(x))
    return np.mean(((x - mu) / np.sqrt(v) - target) ** 2)


def descend(hold, rate=0.1, steps=100):
    b, biases, losses = 0.0, [], []
    for _ in range(steps):
        loss, slope = ad.value_and_grad(loss_of_bias)(b, hold)
        biases.append(b)
        losses.append(loss)
        b = b - rate * slope
    return np.array(biases), np.array(losses)


fig, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.4))
places = np.arange(m)
left.bar(places - 0.2, true, 0.4, color=COLOURS[0], label="true")
left.bar(places + 0.2, wrong, 0.4, color=COLOURS[1], label="$\\mu$, $v$ held constant")
left.axhline(0, color="black", linewidth=0.8)
left.set(xlabel="example $i$", ylabel="$\\partial L/\\partial x_i$", xticks=places)
left.set_title("gradient of the batch")
left.legend()
runs = {"true": descend(lambda z: z), "held constant": descend(ad.stop_gradient)}
styles = zip(runs.items(), COLOURS[:2], ("-", "--"), strict=True)
for (name, (biases, losses)), colour, style in styles:
    middle.plot(biases, style, color=colour, label=name)
    right.plot(losses, style, color=colour, label=name, linewidth=2)
middle.set(xlabel="step", ylabel="bias $b$", title="the bias drifts ...")
right.set(xlabel="step", ylabel="loss", ylim=(0, 1.5 * losses[0]))
right.set_title("... and the loss does not move")
middle.legend()
right.legend()
plt.show()

for name, (biases, losses) in runs.items():
    print(f"{name:<14} bias after {len(biases)} steps {biases[-1]:9.4f}, loss {losses[-1]:.6f}")
assert np.max(np.abs(runs["true"][0])) < 1e-12
# Its speed: rate * 2 mean(target) / std(u), at every step the same.
assert np.allclose(np.diff(runs["held constant"][0]), 0.1 * 2 * np.mean(target) / np.std(u))
assert np.ptp(runs["held constant"][1]) < 1e-9

# %% [markdown]
# ## J. Receptive fields
#
# **Question.** A unit of a stack of one-dimensional convolutions sees only a part of the input, its
# *receptive field*. How wide is it?
#
# **Derivation.** Let layer $l$ have kernels of $k_l$ weights, stride $s_l$ and dilation $d_l$.
# Neighbouring units of the layer below are $s_1\cdots s_{l-1}$ places of the input apart, and a
# kernel reaches over $d_l(k_l-1)$ of those gaps. So
#
# $$r_l = r_{l-1} + d_l\,(k_l-1)\prod_{j<l}s_j,\qquad r_0 = 1.$$
#
# * Three layers of kernel 3: $1+2+2+2 = 7$. Three layers of kernel 7: $1+6+6+6 = 19$.
# * Kernel 5 with stride 2: $1+4=5$. Then kernel 3: $5 + 2\cdot2 = 9$. Then "kernel 5, dilation 2".
#
# That last phrase has two readings, and they differ. In one, a kernel of size five *becomes*
# dilated by setting its second and fourth weights to zero: it still **spans five** places and
# keeps three weights, $k=3$, $d=2$, and $r_3 = 9 + 2\cdot2\cdot2 = 17$. In the other (the
# parameters of `Conv1d` here, and of most libraries) it has **five weights**, two places apart, so
# that it spans nine: $r_3 = 9 + 2\cdot4\cdot2 = 25$. The expected answer 5, 9, 17 is the first
# reading; a plain kernel of five, $d=1$, has the same width.
#
# **With the engine.** No formula is needed: a unit depends on exactly those inputs where its row
# of the Jacobian is not zero.


# %%
def stack(*layers):
    """A `Conv1d` for each (weights, stride, dilation). Positive weights: no two paths cancel."""
    positive = lambda shape, rng, dtype: rng.uniform(0.5, 1.0, shape).astype(dtype)
    rng = np.random.default_rng(0)
    return [nn.Conv1d(1, 1, k, rng, stride=s, dilation=d, init=positive) for k, s, d in layers]


def jacobians(layers, length=61):
    """d(units of layer l) / d(input), for every l."""
    signal = np.random.default_rng(1).normal(size=length)
    return [
        ad.jacobian(lambda x: nn.Sequential(*layers[: depth + 1])(x[None, None])[0, 0])(signal)
        for depth in range(len(layers))
    ]


def width(J):
    """The width of the band, which must be the same, and without a gap, for every unit."""
    seen = [np.flatnonzero(row) for row in J]
    widths = {places[-1] - places[0] + 1 for places in seen}
    assert widths == {len(places) for places in seen}
    return int(*widths)


def formula(layers):
    widths, r, apart = [], 1, 1
    for layer in layers:
        r, apart = r + layer.dilation * (layer.size - 1) * apart, apart * layer.stride
        widths.append(r)
    return widths


stacks = {
    "three of kernel 3": stack(*[(3, 1, 1)] * 3),
    "three of kernel 7": stack(*[(7, 1, 1)] * 3),
    "5 stride 2; 3; spanning 5, dilation 2": stack((5, 2, 1), (3, 1, 1), (3, 1, 2)),
    "5 stride 2; 3; five weights, dilation 2": stack((5, 2, 1), (3, 1, 1), (5, 1, 2)),
    "5 stride 2; 3; 5": stack((5, 2, 1), (3, 1, 1), (5, 1, 1)),
}
bands = {name: jacobians(layers) for name, layers in stacks.items()}
found = {name: [width(J) for J in band] for name, band in bands.items()}
for name, widths in found.items():
    print(f"{name:<40} {widths}")

assert all(found[name] == formula(layers) for name, layers in stacks.items())
assert found["three of kernel 3"][-1] == 7
assert found["three of kernel 7"][-1] == 19
assert found["5 stride 2; 3; spanning 5, dilation 2"] == [5, 9, 17]
assert found["5 stride 2; 3; five weights, dilation 2"] == [5, 9, 25]
assert found["5 stride 2; 3; 5"] == [5, 9, 17]

# %% [markdown]
# The Jacobians themselves. A row is a unit, a column an input; what is white is exactly zero. With
# stride 2 the band moves two places to the right from one unit to the next.

# %%
drawn = list(bands)[:3]
fig, axes = plt.subplots(3, 3, figsize=(11, 9))
for row, name in zip(axes, drawn, strict=True):
    for depth, (ax, J) in enumerate(zip(row, bands[name], strict=True)):
        shown = np.ma.masked_equal(np.abs(J), 0)
        ax.imshow(shown, cmap="viridis", aspect="auto", interpolation="none")
        ax.set(title=f"layer {depth + 1}: {width(J)} inputs", xlabel="input", ylabel="unit")
        ax.grid(False)
    row[0].annotate(name, (0, 1.22), xycoords="axes fraction", fontweight="bold")
plt.show()

# %% [markdown]
# ## K. A 2-3-1 network
#
# Two inputs, three sigmoid hidden units, one sigmoid output, and the mean squared loss over $m$
# examples:
#
# $$h_j = \sigma\Big(w^{[1]}_{0,j} + \sum_i w^{[1]}_{i,j}x_i\Big),\qquad
# o = \sigma\Big(w^{[2]}_0 + \sum_j w^{[2]}_j h_j\Big),\qquad
# L = \frac1m\sum_{n=1}^m\big(o^{(n)} - y^{(n)}\big)^2 .$$
#
# **Question.** What does gradient descent do to $w^{[1]}_{1,2}$, the weight from $x_1$ to $h_2$?
# Which step units separate a triangle from its outside, and can linear hidden units?
#
# **Derivation.** One path leads from the weight to the loss, through $h_2$; with
# $\sigma' = \sigma(1-\sigma)$,
#
# $$w^{[1]}_{1,2} \leftarrow w^{[1]}_{1,2} - \alpha\,\frac2m\sum_n
# \big(o-y\big)\,o(1-o)\;w^{[2]}_2\;h_2(1-h_2)\;x_1 .$$
#
# **With the engine.** Inside the triangle with corners $(0.5, 0.5)$, $(3.5, 0.5)$, $(0.5, 3.5)$ is
# $y=0$, outside is $y=1$.

# %%
rng = np.random.default_rng(11)
X, inside = triangle(400, rng)
y = 1 - inside

network = nn.Sequential(nn.Dense(2, 3, rng), nn.Sigmoid(), nn.Dense(3, 1, rng), nn.Sigmoid())
parameters = dict(network.named_parameters())
print(network)


def loss(parameters):
    o, _ = nn.functional_call(network, parameters, {}, X)
    return nn.losses.mse(o[:, 0], y)


gradient = ad.grad(loss)(parameters)

first, second = network.layers[0], network.layers[2]
h = nn.functional.sigmoid(X @ first.weight + first.bias)
o = nn.functional.sigmoid(h @ second.weight + second.bias)[:, 0]
along = (o - y) * o * (1 - o) * second.weight[1, 0] * h[:, 1] * (1 - h[:, 1]) * X[:, 0]
by_hand = 2 * np.mean(along)

name = next(key for key, array in parameters.items() if array is first.weight)
rate, before = 0.5, float(first.weight[0, 1])
sgd = nn.optim.SGD(rate)
after, _ = sgd.update(parameters, gradient, sgd.init(parameters))
print(f"dL/dw = {by_hand:.10f} by hand, {gradient[name][0, 1]:.10f} by the engine")
print(f"w[1]_12: {before:.8f} -> {after[name][0, 1]:.8f}")
assert np.isclose(gradient[name][0, 1], by_hand, rtol=1e-12)
assert np.isclose(after[name][0, 1], before - rate * by_hand, rtol=1e-12)
assert ad.check(loss, parameters).ok

# %% [markdown]
# For one example the path can be read off the picture: from `w12` through `h2` to the loss.

# %%
x1, x2, wanted = X[0, 0], X[0, 1], float(y[0])
w02, w22 = first.bias[1], first.weight[1, 1]
others = second.bias[0] + h[0, 0] * second.weight[0, 0] + h[0, 2] * second.weight[2, 0]
v2 = second.weight[1, 0]
sigmoid = nn.functional.sigmoid


def of_one_weight(w12):
    h2 = sigmoid(w02 + w12 * x1 + w22 * x2)
    out = sigmoid(others + v2 * h2)
    loss = (out - wanted) ** 2
    return loss


one = ad.explain(of_one_weight, before)
print(one)
assert np.isclose(one.reverse[-1].value, 2 * along[0])
SVG(one.svg())

# %% [markdown]
# ### Step units: three half-planes
#
# Let every unit be a step. A hidden unit is then 1 on one side of a line, so let each say "inside
# of one side of the triangle":
#
# $$h_1 = [-0.5 + x_1 \ge 0],\qquad h_2 = [-0.5 + x_2\ge 0],\qquad h_3 = [4 - x_1 - x_2 \ge 0].$$
#
# All three are 1 exactly inside, where the output must be 0. With a step that is 1 only *above* 0,
# the output unit $3 - h_1 - h_2 - h_3$ does it. With one that is 1 *at* 0 too, as
# `nn.functional.step` is, that unit is always on; $1 - \frac12(h_1+h_2+h_3)$ does it: $-\frac12$
# if all are on, at least 0 if not. All of these weights are among $-1, -0.5, 0, 1, 3, 4$. Rather
# than believe that, try all $6^4$ output units.

# %%
step = nn.functional.step
WEIGHTS = (-1.0, -0.5, 0.0, 1.0, 3.0, 4.0)
hidden_weight = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
hidden_bias = np.array([-0.5, -0.5, 4.0])
assert set(hidden_weight.ravel()) | set(hidden_bias) <= set(WEIGHTS)

hidden = step(X @ hidden_weight + hidden_bias)
assert np.array_equal(np.all(hidden == 1, axis=1), inside == 1)

exact = {"[z >= 0]": [], "[z > 0]": []}
for w in product(WEIGHTS, repeat=4):
    z = w[0] + hidden @ np.array(w[1:])
    for name, output in (("[z >= 0]", z >= 0), ("[z > 0]", z > 0)):
        if np.array_equal(output, y == 1):
            exact[name].append(w)
for name, units in exact.items():
    print(f"output units (bias, then weights) that are exact with a step {name}: {units}")
assert (1.0, -0.5, -0.5, -0.5) in exact["[z >= 0]"]
assert (3.0, -1.0, -1.0, -1.0) in exact["[z > 0]"]


def by_steps(points):
    h = step(points @ hidden_weight + hidden_bias)
    return step(1 - 0.5 * np.sum(h, axis=1)).astype(int)


assert np.mean(by_steps(X) == y) == 1
# Steps are flat: their derivative is 0 everywhere, so gradient descent could not have found them.
assert not np.any(ad.grad(lambda W: np.sum(step(X @ W + hidden_bias)))(hidden_weight))

# %% [markdown]
# ### Linear hidden units
#
# If $h$ is an affine function of $x$, so is $z = w^{[2]}_0 + w^{[2]}\cdot h$: its Jacobian is the
# same everywhere, $W^{[1]} w^{[2]}$, and $[z\ge0]$ is a half-plane. The triangle's centre is the
# mean of points outside, so $z(\text{centre})$ is the mean of their $z$: if they are all on, so is
# the centre. No weights exist, and training finds the next best thing. With three sigmoid units it
# finds the triangle.

# %%
def trained(activation):
    rng = np.random.default_rng(3)
    model = nn.Sequential(nn.Dense(2, 3, rng), *activation, nn.Dense(3, 1, rng))
    one_logit = lambda logits, y: nn.losses.binary_cross_entropy(logits[:, 0], y)
    nn.fit(
        model, one_logit, X, y, optimizer=nn.optim.Adam(0.05), batch_size=50, epochs=200,
        metric=None, progress=False, jit=True,
    )
    return model


curved, linear = trained([nn.Sigmoid()]), trained([])
slopes = ad.vmap(ad.grad(lambda x: linear(x)[0]))(X)
expected = linear.layers[0].weight @ linear.layers[1].weight[:, 0]
assert np.allclose(slopes, expected, rtol=1e-10)  # one slope, wherever it is asked

around = np.array([[0.1, 0.1], [0.2, 3.9], [3.9, 0.2]])
centre = np.mean(around, axis=0)
assert np.array_equal(by_steps(np.vstack([around, centre])), [1, 1, 1, 0])
assert np.isclose(linear(centre)[0], np.mean(linear(around)))

decide = lambda model: lambda points: (model(points)[:, 0] >= 0).astype(int)
deciders = {
    "step units, by hand": by_steps,
    "sigmoid units, trained": decide(curved),
    "linear units, trained": decide(linear),
}
right = {name: np.mean(f(X) == y) for name, f in deciders.items()}
fig, axes = plt.subplots(1, 3, figsize=(13, 4.2))
for ax, (name, f) in zip(axes, deciders.items(), strict=True):
    plot_decision_regions(f, X, y, ax=ax)
    ax.plot(*np.array([[0.5, 0.5], [3.5, 0.5], [0.5, 3.5], [0.5, 0.5]]).T, "k--", linewidth=1)
    ax.set(title=f"{name}: {right[name]:.1%} right", xlabel="$x_1$", ylabel="$x_2$")
plt.show()

assert right["step units, by hand"] == 1
assert right["sigmoid units, trained"] > 0.95
assert right["linear units, trained"] < 0.9
