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
