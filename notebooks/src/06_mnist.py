# %% [markdown]
# # MNIST
#
# A network of three layers learns to read digits: its gradient by hand and by the engine, its
# training, and what the learning rate decides.

# %%
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # batches of 32 are too small for threads to pay

import time
from pathlib import Path

import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.datasets import load_digits, load_mnist
from nn.plots import COLOURS, explain_loss, plot_history
from nn.training import DivergedError

plt.style.use("plots.mplstyle")

# %% [markdown]
# **The data.** MNIST, 60 000 images of 28 by 28 pixels for training and 10 000 for testing, from
# `shared/data` beside the project or the folder that `AUTODIFF_DATA` names. Where it is missing,
# scikit-learn's 1797 digits of 8 by 8 pixels take its place, in a random order.
#
# Pixels are scaled to [0, 1], in single precision. Of MNIST's training images the first 50 000 are
# learnt from and the last 10 000 choose (validation); the test images are looked at once, at the
# end.

# %%
file = Path(os.environ.get("AUTODIFF_DATA", "../../shared/data")) / "mnist.npz"
MNIST = file.exists()

if MNIST:
    mnist = load_mnist(file)
    images, labels, scale = mnist.x_train, mnist.y_train, 255
    test_images, test_labels, held = mnist.x_test, mnist.y_test, 10_000
else:
    images, labels = load_digits()
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels, scale = images[order].reshape(-1, 8, 8), labels[order], 16
    test_images, test_labels, held = images[-300:], labels[-300:], 300
    images, labels = images[:-300], labels[:-300]


def prepared(images, labels):
    return (images.reshape(len(images), -1) / scale).astype(np.float32), labels.astype(np.int64)


training = prepared(images[:-held], labels[:-held])
validation = prepared(images[-held:], labels[-held:])
test = prepared(test_images, test_labels)
print("MNIST" if MNIST else "scikit-learn's digits")
for name, (x, y) in (("training", training), ("validation", validation), ("test", test)):
    print(f"{name:<10} {x.shape} {x.dtype}, between {x.min()} and {x.max()}")

fig, axes = plt.subplots(2, 10, figsize=(10, 2.2))
for ax, image, label in zip(axes.flat, images, labels, strict=False):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(int(label), fontsize=9)
    ax.set_axis_off()
plt.show()

# %% [markdown]
# ## L. MNIST
#
# **Question.** Dense 256, ELU(0.9), Dense 64, ELU(0.9), Dense 10, softmax cross-entropy, with
# Glorot's weights and zero biases, trained by SGD at rate 0.1 in batches of 32 for 20 epochs: how
# many unseen digits does it read? And how do SGD and Adam depend on the rate?
#
# **Derivation.** For a batch of $n$ examples, $a_0 = x$, $z_l = a_{l-1}W_l + b_l$,
# $a_l = \mathrm{elu}(z_l)$, $p = \mathrm{softmax}(z_3)$ and $L = -\frac1n\sum_i\log p_{i,y_i}$. The
# softmax and the logarithm cancel to $p - y$ (problem C), and the rest is the chain rule:
#
# $$\delta_3 = \tfrac1n\,(p - \mathrm{onehot}(y)),\qquad
# \delta_{l} = (\delta_{l+1}W_{l+1}^\top)\odot \mathrm{elu}'(z_l),\qquad
# \frac{\partial L}{\partial W_l} = a_{l-1}^\top\delta_l,\qquad
# \frac{\partial L}{\partial b_l} = \textstyle\sum_i\delta_{l,i}.$$
#
# Glorot's weights are uniform in $(-u, u)$ with $u = \sqrt{6/(\mathrm{in}+\mathrm{out})}$: the
# variance $u^2/3 = 2/(\mathrm{in}+\mathrm{out})$ is the compromise that keeps signals on the way
# up and adjoints on the way down at about one size.
#
# **With the engine.**

# %%
ALPHA, BATCH = 0.9, 32


def network(dtype=np.float32):
    rng = np.random.default_rng(0)
    return nn.Sequential(
        nn.Dense(training[0].shape[1], 256, rng, dtype=dtype),
        nn.ELU(ALPHA),
        nn.Dense(256, 64, rng, dtype=dtype),
        nn.ELU(ALPHA),
        nn.Dense(64, 10, rng, dtype=dtype),
    )


model = network()
print(model)
for layer in model.layers[::2]:
    u = np.sqrt(6 / (layer.inputs + layer.outputs))
    assert np.max(np.abs(layer.weight)) <= u
    assert np.isclose(np.var(layer.weight), u**2 / 3, rtol=0.15)
    assert not np.any(layer.bias)

# %% [markdown]
# One batch as a picture. Arrays show their shape and range.

# %%
batch = training[0][:BATCH], training[1][:BATCH]
SVG(explain_loss(model, nn.losses.cross_entropy, *batch).svg())

# %% [markdown]
# The same batch by hand, in double precision, against the engine; and one step of SGD.

# %%
exact = network(np.float64)
parameters = dict(exact.named_parameters())
x, y = batch[0].astype(np.float64), batch[1]


def loss(parameters):
    logits, _ = nn.functional_call(exact, parameters, {}, x)
    return nn.losses.cross_entropy(logits, y)


value, gradient = ad.value_and_grad(loss)(parameters)

(W1, b1), (W2, b2), (W3, b3) = ((layer.weight, layer.bias) for layer in exact.layers[::2])
elu = lambda z: np.where(z >= 0, z, ALPHA * np.expm1(z))
elu_slope = lambda z: np.where(z >= 0, 1, ALPHA * np.exp(z))
z1 = x @ W1 + b1
a1 = elu(z1)
z2 = a1 @ W2 + b2
a2 = elu(z2)
z3 = a2 @ W3 + b3
p = np.exp(z3) / np.sum(np.exp(z3), axis=1, keepdims=True)
d3 = (p - np.eye(10)[y]) / len(y)
d2 = (d3 @ W3.T) * elu_slope(z2)
d1 = (d2 @ W2.T) * elu_slope(z1)
by_hand = [x.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0), a2.T @ d3, d3.sum(0)]

assert np.isclose(value, -np.mean(np.log(p[np.arange(len(y)), y])), rtol=1e-12)
for (name, found), expected in zip(gradient.items(), by_hand, strict=True):
    apart = np.max(np.abs(found - expected))
    print(f"dL/d {name:<9} {found.shape!s:<11} by hand = by the engine: {apart < 1e-14}")
    assert apart < 1e-14

sgd = nn.optim.SGD(0.1)
after, _ = sgd.update(parameters, gradient, sgd.init(parameters))
assert all(np.allclose(after[k], parameters[k] - 0.1 * gradient[k], atol=1e-15) for k in parameters)
assert loss(after) < value
assert ad.diagnose(loss, parameters).ok  # no unit is dead, nothing overflows, no digits are lost
print(f"loss {value:.4f} -> {loss(after):.4f} by one step; guessing has log 10 = {np.log(10):.4f}")

# %% [markdown]
# ### Twenty epochs
#
# `jit=True` compiles the whole step, forward, backward and update, into one native function.

# %%
EPOCHS = 20
start = time.process_time()
history = nn.fit(
    model,
    nn.losses.cross_entropy,
    *training,
    optimizer=nn.optim.SGD(0.1),
    batch_size=BATCH,
    epochs=EPOCHS,
    validation=validation,
    jit=True,
    progress=False,
)
seconds = (time.process_time() - start) / EPOCHS
result = nn.evaluate(model, nn.losses.cross_entropy, *test)
print(f"training   loss {history['loss'][-1]:.4f}, accuracy {history['accuracy'][-1]:.2%}")
print(f"validation loss {history['validation_loss'][-1]:.4f}, "
      f"accuracy {history['validation_accuracy'][-1]:.2%}")
print(f"test       loss {result['loss']:.4f}, accuracy {result['accuracy']:.2%}")

assert history.epochs == EPOCHS
assert result["accuracy"] > (0.97 if MNIST else 0.9)
assert history["loss"][-1] < history["loss"][0] / 5
assert seconds < 10  # for an epoch, on one core

# %% [markdown]
# The training loss goes on falling to zero when the validation loss has long begun to rise: the
# network grows surer of the few it gets wrong. Accuracy hardly suffers.

# %%
for ax in plot_history(history):
    ax.set_title("MNIST" if MNIST else "scikit-learn's digits")
plt.show()

# %% [markdown]
# What it gets wrong, the surest mistakes first: the digit it reads, and in brackets the true one.

# %%
p = nn.functional.softmax(nn.predict(model, test[0]))
read = np.argmax(p, axis=1)
mistakes = np.flatnonzero(read != test[1])
mistakes = mistakes[np.argsort(-np.max(p[mistakes], axis=1))]
assert np.isclose(1 - len(mistakes) / len(read), result["accuracy"])

fig, axes = plt.subplots(2, 8, figsize=(10, 3))
for ax in axes.flat:
    ax.set_axis_off()
for ax, k in zip(axes.flat, mistakes, strict=False):
    ax.imshow(test_images[k], cmap="gray_r")
    ax.set_title(f"{read[k]} ({test[1][k]})", fontsize=10)
plt.show()

# %% [markdown]
# ### The learning rate
#
# The same network, from the same weights, for SGD at rates from 0.01 to 1 and for Adam at rates a
# hundred times smaller: Adam divides every slope by its own recent size, so its rate is the length
# of a step and not a multiple of the slope. To keep it quick, these runs learn from the first 5000
# images for 3 epochs and are judged by 2000 of the validation images; each point is the *best*
# validation loss of its run. A run whose loss becomes infinite ends with `DivergedError`.

# %%
few = training[0][:5000], training[1][:5000]
judges = validation[0][:2000], validation[1][:2000]


def best_loss(optimizer):
    try:
        run = nn.fit(
            network(),
            nn.losses.cross_entropy,
            *few,
            optimizer=optimizer,
            batch_size=BATCH,
            epochs=3,
            validation=judges,
            progress=False,
        )
    except DivergedError:
        return np.inf
    return min(run["validation_loss"])


rates = np.geomspace(0.01, 1.0, 7)
sgd = np.array([best_loss(nn.optim.SGD(float(rate))) for rate in rates])
adam = np.array([best_loss(nn.optim.Adam(float(rate) / 100)) for rate in rates])
print("SGD rate  loss        Adam rate  loss")
for rate, a, b in zip(rates, sgd, adam, strict=True):
    print(f"{rate:<8.4f}  {a:<10.4g}  {rate / 100:<9.6f}  {b:.4g}")

# %%
guessing, top = np.log(10), 3.0
fig, ax = plt.subplots(figsize=(7, 4.2))
ax.plot(rates, np.minimum(sgd, top), "o-", color=COLOURS[0], label="SGD")
ax.plot(rates, np.minimum(adam, top), "s-", color=COLOURS[1], label="Adam, a hundredth of the rate")
diverged = sgd > guessing
ax.plot(rates[diverged], np.full(np.sum(diverged), top), "^", color=COLOURS[5], markersize=11,
        linestyle="none", label="SGD diverged: off the scale")
ax.axhline(guessing, color="gray", linestyle=":", label="guessing: log 10")
ax.set(xscale="log", xlabel="learning rate", ylabel="best validation loss", ylim=(0, 1.05 * top))
ax.legend(loc="upper left")
plt.show()

spread = {name: np.max(values) / np.min(values) for name, values in (("SGD", sgd), ("Adam", adam))}
best = rates[np.argmin(sgd)]
print(f"best rate of SGD {best:.3f}, of Adam {rates[np.argmin(adam)] / 100:.5f}")
print(f"worst over best loss: SGD {spread['SGD']:.3g}, Adam {spread['Adam']:.3g}")

assert rates[0] < best < rates[-1]  # too small is slow ...
assert sgd[-1] > guessing  # ... and too large diverges
assert np.all(np.diff(sgd[: np.argmin(sgd) + 1]) < 0)
assert np.max(adam) < guessing
assert spread["Adam"] < spread["SGD"] / 2
