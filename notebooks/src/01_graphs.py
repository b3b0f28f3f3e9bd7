# %% [markdown]
# # Computational graphs, both ways
#
# A function that is written as a sequence of simple steps is a *graph*: each step is a node, and an
# edge leads from each operand to the result. The chain rule walks this graph, from the input on
# (*forward mode*) or from the output back (*reverse mode*). Problem A is one long chain of
# functions of a single number, problem B a small network, as one would do both on paper.

# %%
import autodiff as ad
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import SVG

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## A. Graphs
#
# **Question.** What is the derivative of $y = e^{e^x + e^{2x}} + \sin(e^x + e^{2x})$, and in which
# order does each mode compute it?
#
# **Derivation.** Name every step:
#
# $$f_1 = e^x,\quad f_2 = f_1^2,\quad f_3 = f_1 + f_2,\quad
#   f_4 = e^{f_3},\quad f_5 = \sin f_3,\quad y = f_4 + f_5 .$$
#
# *Reverse mode* asks of every step how $y$ depends on it. It starts with the last one; where a value
# feeds several steps, their contributions add:
#
# $$\begin{aligned}
# \frac{dy}{df_5} &= 1 &
# \frac{dy}{df_4} &= 1 &
# \frac{dy}{df_3} &= f_4 + \cos f_3 \\
# \frac{dy}{df_2} &= \frac{dy}{df_3} &
# \frac{dy}{df_1} &= \frac{dy}{df_3}\,(1 + 2 f_1) &
# \frac{dy}{dx} &= f_1\,(1 + 2 f_1)(f_4 + \cos f_3)
# \end{aligned}$$
#
# *Forward mode* asks of every step how it depends on $x$. With $\dot f$ for $df/dx$:
#
# $$\dot f_1 = f_1,\quad \dot f_2 = 2 f_1^2,\quad \dot f_3 = f_1 + 2 f_1^2,\quad
#   \dot f_4 = f_4 \dot f_3,\quad \dot f_5 = \cos(f_3)\,\dot f_3,\quad \dot y = \dot f_4 + \dot f_5 .$$
#
# **With the engine.** `explain` runs the function once and prints both orders, with our own names.

# %%
def f(x):
    f1 = np.exp(x)
    f2 = f1**2
    f3 = f1 + f2
    f4 = np.exp(f3)
    f5 = np.sin(f3)
    y = f4 + f5
    return y


x = 0.1
explanation = ad.explain(f, x)
print(explanation)

# %% [markdown]
# The same as a picture: each node holds its value, its tangent $df/dx$ and its adjoint $dy/df$;
# each edge holds the local derivative that both modes multiply by.

# %%
SVG(explanation.svg())

# %% [markdown]
# Every line of the derivation, with the order in which it comes, and not only the last:

# %%
f1 = np.exp(x)
f2, f3 = f1**2, f1 + f1**2
f4, f5 = np.exp(f3), np.sin(f3)
dy_df3 = f4 + np.cos(f3)
dy_dx = f1 * (1 + 2 * f1) * dy_df3

reverse = [(step.name, step.value) for step in explanation.reverse]
by_hand = {
    "f5": 1.0, "f4": 1.0, "f3": dy_df3,
    "f2": dy_df3, "f1": dy_df3 * (1 + 2 * f1), "x": dy_dx,
}
assert [name for name, _ in reverse] == list(by_hand)
assert np.allclose([value for _, value in reverse], list(by_hand.values()), rtol=1e-14)

forward = [(step.name, step.value) for step in explanation.forward]
df3 = f1 + 2 * f1**2
by_hand = {
    "f1": f1, "f2": 2 * f1**2, "f3": df3,
    "f4": f4 * df3, "f5": np.cos(f3) * df3, "y": f4 * df3 + np.cos(f3) * df3,
}
assert [name for name, _ in forward] == list(by_hand)
assert np.allclose([value for _, value in forward], list(by_hand.values()), rtol=1e-14)

assert np.isclose(ad.grad(f)(x), dy_dx, rtol=1e-14)
assert ad.check(f, x).ok  # and so say finite differences
print(f"dy/dx = {dy_dx:.6f}")

# %% [markdown]
# ### What a sweep costs
#
# With one input and one output both modes need one sweep. In general a forward sweep fixes one input
# direction, $\dot x \mapsto J \dot x$, and a reverse sweep one output direction,
# $\bar y \mapsto J^T \bar y$: for all of $J$ forward mode needs one sweep per *input*, reverse mode one
# per *output*. So much for the argument; now the measurement. A derivative is a program too, and
# `trace` writes it down: we count the numbers that it computes, which unlike a clock says the same on
# every machine.

# %%
def work(function, *args):
    """How many numbers the program of a function computes."""
    return sum(np.size(node.value) for node in ad.trace(function, *args).operations)


def outputs_of(x, m):
    """From n numbers to m."""
    return np.sin(np.sum(np.tanh(x)) * np.linspace(1.0, 2.0, m))


counts = 2 ** np.arange(1, 8)
one = np.ones(1)
costs = {
    "forward": {
        "inputs": [work(ad.jacfwd(lambda x: outputs_of(x, 1)), np.ones(n)) for n in counts],
        "outputs": [work(ad.jacfwd(lambda x: outputs_of(x, m)), one) for m in counts],
    },
    "reverse": {
        "inputs": [work(ad.jacrev(lambda x: outputs_of(x, 1)), np.ones(n)) for n in counts],
        "outputs": [work(ad.jacrev(lambda x: outputs_of(x, m)), one) for m in counts],
    },
}
plain = {
    "inputs": [work(lambda x: outputs_of(x, 1), np.ones(n)) for n in counts],
    "outputs": [work(lambda x: outputs_of(x, m), one) for m in counts],
}

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, what, other in zip(axes, ("inputs", "outputs"), ("output", "input")):
    for mode, marker in (("forward", "o"), ("reverse", "s")):
        ratio = np.divide(costs[mode][what], plain[what])
        ax.plot(counts, ratio, marker=marker, label=f"{mode} mode")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set(xlabel=f"{what} (one {other})", title=f"more and more {what}")
    ax.legend()
axes[0].set_ylabel("work of the Jacobian / work of $f$");

# %% [markdown]
# Left, a function of many inputs with one output, as a loss is: reverse mode costs a fixed multiple
# of the function itself, forward mode grows with the inputs. Right, the roles are exchanged.
# `ad.jacobian` takes the cheaper mode by itself.

# %%
def slope(mode, what):
    """The growth of the ratio, between the last two counts, as an exponent."""
    ratio = np.divide(costs[mode][what], plain[what])
    return np.log2(ratio[-1] / ratio[-2])


assert slope("forward", "inputs") > 0.9, "one sweep per input"
assert abs(slope("reverse", "inputs")) < 0.1, "one sweep, whatever the number of inputs"
assert slope("reverse", "outputs") > 0.9, "one sweep per output"
assert abs(slope("forward", "outputs")) < 0.1, "one sweep, whatever the number of outputs"

# %% [markdown]
# ## B. A small network by hand
#
# **Question.** Two inputs, three hidden units, a maximum and a softmax of two: what are all the values
# and local derivatives, and why does the output not depend on the inputs at all?
#
# **Derivation.** With $h = W x$ and $r = \max(h, 0)$:
#
# $$s_1 = \max(r_2, r_3),\qquad
#   y_1 = \frac{e^{r_1}}{e^{r_1} + e^{s_1}},\qquad
#   y_2 = \frac{e^{s_1}}{e^{r_1} + e^{s_1}},\qquad z = y_1 + y_2 .$$
#
# The local derivatives: $\partial h_1 / \partial w_{12} = x_2$ and
# $\partial h_1 / \partial x_1 = w_{11}$, as $h$ is linear in both;
# $\partial r_1 / \partial h_1 = [h_1 > 0]$; $\partial s_1 / \partial r_2 = [r_2 > r_3]$; and since
# $y_1$ is the logistic function of $r_1 - s_1$,
# $\partial y_1 / \partial r_1 = y_1 (1 - y_1)$ and $\partial y_1 / \partial s_1 = -y_1 y_2$.
# Two shares sum to one: $z = 1$ whatever $x$ is, so $\partial z / \partial x_1 = 0$ although
# $\partial z / \partial y_1 = 1$.
#
# **With the engine.** The steps are named functions, so that each derivative can be asked for alone.

# %%
W = np.array([[6.0, 2.0], [4.0, 7.0], [5.0, 1.0]])
x = np.array([1.0, -2.0])


def hidden(W, x):
    return W @ x


def relu(h):
    return np.maximum(h, 0)


def pooled(r):
    return np.maximum(r[1], r[2])


def shares(r1, s1):
    total = np.exp(r1) + np.exp(s1)
    return np.stack([np.exp(r1) / total, np.exp(s1) / total])


def network(x1, x2):
    h1 = W[0, 0] * x1 + W[0, 1] * x2
    h2 = W[1, 0] * x1 + W[1, 1] * x2
    h3 = W[2, 0] * x1 + W[2, 1] * x2
    r1, r2, r3 = np.maximum(h1, 0), np.maximum(h2, 0), np.maximum(h3, 0)
    s1 = np.maximum(r2, r3)
    e1, e2 = np.exp(r1), np.exp(s1)
    y1 = e1 / (e1 + e2)
    y2 = e2 / (e1 + e2)
    z = y1 + y2
    return z


explanation = ad.explain(network, 1.0, -2.0)
print(explanation)

# %%
SVG(explanation.svg())

# %% [markdown]
# Nothing flows through the branch over $h_2 = -10$: both of its maxima take their other side, and
# the local derivatives on its edges are 0. Everywhere else the contributions of $y_1$ and $y_2$
# cancel.

# %%
h = hidden(W, x)
r = relu(h)
s1 = pooled(r)
y1, y2 = shares(r[0], s1)
print(f"h = {h}, r = {r}, s1 = {s1}, y1 = {y1:.6f}, y2 = {y2:.6f}, z = {network(*x):.6f}")

# %% [markdown]
# The stated values, and then the derivatives:

# %%
assert np.array_equal(h, [2, -10, 3])
assert np.array_equal(r, [2, 0, 3])
assert s1 == 3
assert np.allclose([y1, y2], [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-15)
assert np.isclose(network(*x), 1, rtol=1e-15)

# %%
dh_dW, dh_dx = ad.jacobian(hidden, argnums=(0, 1))(W, x)
assert dh_dW[0, 0, 1] == x[1]  # dh1/dw12
assert dh_dx[0, 0] == W[0, 0]  # dh1/dx1

dr_dh = ad.jacobian(relu)(h)
assert np.array_equal(dr_dh, np.diag(h > 0))  # dr1/dh1 = [h1 > 0]

ds1_dr = ad.grad(pooled)(r)
assert ds1_dr[1] == (r[1] > r[2])  # ds1/dr2 = [r2 > r3]

dy_dr1, dy_ds1 = ad.jacobian(shares, argnums=(0, 1))(r[0], s1)
assert np.isclose(dy_dr1[0], y1 * (1 - y1), rtol=1e-14)  # dy1/dr1
assert np.isclose(dy_ds1[0], -y1 * y2, rtol=1e-14)  # dy1/ds1

adjoints = {step.name: step.value for step in explanation.reverse}
assert adjoints["y1"] == 1
dz_dx = np.array(ad.grad(network, argnums=(0, 1))(*x))
assert np.allclose(dz_dx, 0, atol=1e-14)  # dz/dx1 = dz/dx2 = 0: the shares sum to 1

# %% [markdown]
# The outputs themselves do depend on $x$, equally and oppositely. Along $x_1$ the network is a
# logistic curve with the kinks of its units, and the slopes of $y_1$ and $y_2$ mirror each other:

# %%
def outputs(x1):
    r = relu(hidden(W, np.stack([x1, -2.0])))
    return shares(r[0], pooled(r))


grid = np.linspace(-1, 4, 501)
values, slopes = ad.vmap(outputs)(grid), ad.vmap(ad.jacobian(outputs))(grid)
figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 4.8), sharex=True)
for k in range(2):
    above.plot(grid, values[:, k], label=f"$y_{k + 1}$")
    below.plot(grid, slopes[:, k], label=rf"$\partial y_{k + 1} / \partial x_1$")
above.plot(grid, values.sum(axis=1), "--", color="0.4", label="$z$")
below.plot(grid, slopes.sum(axis=1), "--", color="0.4", label=r"$\partial z / \partial x_1$")
for ax in (above, below):
    ax.axvline(1, color="0.6", linewidth=0.8)
    ax.legend()
above.set(ylabel="value", title="Two shares of one: $x_2 = -2$, our point is $x_1 = 1$")
below.set(xlabel="$x_1$", ylabel="slope")
assert np.allclose(values.sum(axis=1), 1) and np.allclose(slopes.sum(axis=1), 0, atol=1e-12)
