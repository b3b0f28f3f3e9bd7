# %% [markdown]
# # Likelihoods and priors
#
# To learn is to find the parameters that make the data likely (problem E), and to say beforehand
# which parameters are likely themselves is to add a penalty (problem F). In both, the derivation
# sets a gradient to zero; the engine computes that gradient from the likelihood as it is written
# down.

# %%
import autodiff as ad
import matplotlib.pyplot as plt
import nn
import numpy as np
from IPython.display import SVG
from nn.plots import plot_loss_surface

plt.style.use("plots.mplstyle")

# %% [markdown]
# ## E. Likelihoods
#
# **Question.** Where is the likelihood of a sample greatest: for a normal distribution, for naive Bayes,
# and for a bag of words?
#
# ### Normal
#
# **Derivation.** The negative log-likelihood of $x_1, \dots, x_N$ and its derivatives are
#
# $$L(\mu, s) = \frac N2 \log(2 \pi s^2) + \sum_i \frac{(x_i - \mu)^2}{2 s^2},\qquad
#   \frac{\partial L}{\partial \mu} = \sum_i \frac{\mu - x_i}{s^2},\qquad
#   \frac{\partial L}{\partial s} = \frac Ns - \sum_i \frac{(x_i - \mu)^2}{s^3} .$$
#
# Both are zero at $\mu = \bar x$ and $s^2 = \frac1N \sum_i (x_i - \bar x)^2$.
#
# **With the engine.** The likelihood, term by term, with its graph:

# %%
rng = np.random.default_rng(0)
sample = rng.normal(2.0, 1.5, size=200)


def nll(mu, s):
    error = sample - mu
    spread = np.sum(error**2) / (2 * s**2)
    scale = len(sample) / 2 * np.log(2 * np.pi * s**2)
    loss = scale + spread
    return loss


explanation = ad.explain(nll, 1.0, 1.0)
SVG(explanation.svg())

# %%
for mu, s in [(1.0, 1.0), (-3.0, 0.5), (2.5, 4.0)]:
    d_mu, d_s = ad.grad(nll, argnums=(0, 1))(mu, s)
    assert np.isclose(d_mu, np.sum(mu - sample) / s**2, rtol=1e-12)
    assert np.isclose(d_s, len(sample) / s - np.sum((sample - mu) ** 2) / s**3, rtol=1e-12)
    same = nn.losses.gaussian_nll(np.full_like(sample, mu), sample, s, reduction="sum")
    assert np.isclose(nll(mu, s), same, rtol=1e-12)

# %% [markdown]
# Newton's method solves $\nabla L = 0$ with our Hessian, and the number of right digits doubles at
# every step:

# %%
def newton(f, theta, steps):
    way = [theta]
    for _ in range(steps):
        theta = theta - np.linalg.solve(ad.hessian(f)(theta), ad.grad(f)(theta))
        way.append(theta)
    return np.array(way)


way = newton(lambda theta: nll(*theta), np.array([1.0, 1.0]), 8)
best = np.array([sample.mean(), sample.std()])
errors = np.linalg.norm(way - best, axis=1)
print("distance from the maximum, step by step:", *(f"{e:.1e}" for e in errors[:7]))
assert np.allclose(way[-1], best, rtol=1e-13)
assert np.all(np.linalg.eigvalsh(ad.hessian(lambda theta: nll(*theta))(best)) > 0)

figure, ax = plt.subplots(figsize=(6.4, 4.2))
plot_loss_surface(
    nll, (0.5, 3.5), (0.8, 3.0), names=(r"$\mu$", "$s$"), resolution=61, path=way, ax=ax
)
ax.set_title("Newton's way down the negative log-likelihood");

# %% [markdown]
# ### Naive Bayes
#
# **Derivation.** A label $y \sim \mathrm{Bernoulli}(\theta_y)$ and, given it, independent features
# $x_j \sim \mathrm{Bernoulli}(\theta_{j|y})$. The log-likelihood of $m$ examples is
#
# $$\ell = \sum_i \Big[ y_i \log \theta_y + (1 - y_i) \log (1 - \theta_y)
#   + \sum_j x_{ij} \log \theta_{j|y_i} + (1 - x_{ij}) \log (1 - \theta_{j|y_i}) \Big],\qquad
# \frac{\partial \ell}{\partial \theta_y}
#   = \frac{\#\{y = 1\}}{\theta_y} - \frac{\#\{y = 0\}}{1 - \theta_y} ,$$
#
# which is zero at $\theta_y = \#\{y = 1\} / m$: the share that one would have counted. For the
# features it is $\theta_{j|c} = \#\{x_j = 1, y = c\} / \#\{y = c\}$ in the same way.
#
# **With the engine.**

# %%
m = 60
labels = (rng.uniform(size=m) < 0.3).astype(float)
features = (rng.uniform(size=(m, 4)) < np.where(labels[:, None] == 1, 0.7, 0.4)).astype(float)


def log_likelihood(theta_y, theta):
    """`theta`: (2, features), the row of each class."""
    chosen = np.where(labels[:, None] == 1, theta[1], theta[0])
    of_labels = labels * np.log(theta_y) + (1 - labels) * np.log(1 - theta_y)
    of_features = features * np.log(chosen) + (1 - features) * np.log(1 - chosen)
    return np.sum(of_labels) + np.sum(of_features)


ones = labels.sum()
slope = ad.grad(log_likelihood)
shares = np.stack([features[labels == c].mean(axis=0) for c in (0, 1)])
for theta_y in (0.2, 0.5, 0.9):
    expected = ones / theta_y - (m - ones) / (1 - theta_y)
    assert np.isclose(slope(theta_y, shares), expected, rtol=1e-12)
assert np.isclose(slope(ones / m, shares), 0, atol=1e-11)
assert np.allclose(ad.grad(log_likelihood, 1)(ones / m, shares), 0, atol=1e-11)

curvature = ad.hessian(lambda t: log_likelihood(ones / m, t.reshape(2, 4)))(shares.ravel())
assert np.all(np.linalg.eigvalsh(curvature) < 0)  # a maximum

grid = np.linspace(0.02, 0.98, 193)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
left.plot(grid, ad.vmap(lambda t: log_likelihood(t, shares))(grid))
right.plot(grid, ad.vmap(lambda t: slope(t, shares))(grid))
right.axhline(0, color="0.5", linewidth=0.8)
for ax, name in ((left, r"$\ell$"), (right, r"$\partial \ell / \partial \theta_y$")):
    ax.axvline(ones / m, color="C1", linestyle="--", label=f"count / m = {ones / m:.3f}")
    ax.set(xlabel=r"$\theta_y$", ylabel=name)
    ax.legend()
right.set_ylim(-300, 300);

# %% [markdown]
# ### Words
#
# **Derivation.** A text of class $c$ is a bag of words, each drawn with probabilities $\theta_{k|c}$.
# A word never seen in a class would get probability 0 and veto every text in which it stands; Laplace
# adds one sighting of each of the $V$ words:
#
# $$\theta_{k|c} = \frac{n_{kc} + 1}{\sum_l n_{lc} + V} .$$
#
# This is the maximum of $\sum_k (n_{kc} + 1) \log \theta_{k|c}$, under $\sum_k \theta_{k|c} = 1$:
# with $\theta = \operatorname{softmax}(z)$ its gradient is $n + 1 - (\sum n + V)\,\theta$, by
# problem C.
#
# **With the engine.**

# %%
texts = {
    "spam": ["win money now", "win a prize now", "claim money prize", "free money now now"],
    "mail": ["lunch now", "see a report", "report on money", "see a friend at lunch", "on a train"],
}
words = sorted({word for group in texts.values() for text in group for word in text.split()})
seen = {
    name: np.array([sum(text.split().count(word) for text in group) for word in words], float)
    for name, group in texts.items()
}
theta = {name: (n + 1) / (n.sum() + len(words)) for name, n in seen.items()}


def smoothed(z, n):
    return np.sum((n + 1) * nn.functional.log_softmax(z))


for name, n in seen.items():
    z = rng.normal(size=len(words))
    expected = n + 1 - (n.sum() + len(words)) * nn.functional.softmax(z)
    assert np.allclose(ad.grad(smoothed)(z, n), expected, rtol=0, atol=1e-12)
    assert np.allclose(ad.grad(smoothed)(np.log(theta[name]), n), 0, atol=1e-12)  # the maximum
    assert np.isclose(theta[name].sum(), 1) and theta[name].min() > 0


def probability_of_spam(text):
    """By Bayes, with the shares of the texts as the prior."""
    count = np.array([text.split().count(word) for word in words])
    score = {name: np.log(len(texts[name])) + count @ np.log(theta[name]) for name in texts}
    return float(nn.functional.sigmoid(score["spam"] - score["mail"]))


for text in ("free lunch", "win a free prize", "see a report now"):
    print(f"{text!r:20} spam with probability {probability_of_spam(text):.3f}")
assert probability_of_spam("win a free prize") > 0.5 > probability_of_spam("see a report now")
assert 0 < probability_of_spam("free lunch") < 1  # no word vetoes

figure, ax = plt.subplots(figsize=(8, 3.4))
place = np.arange(len(words))
for shift, name in ((-0.2, "spam"), (0.2, "mail")):
    ax.bar(place + shift, theta[name], 0.4, label=rf"$\theta$ of {name}")
ax.set_xticks(place, words, rotation=60)
ax.set(ylabel="probability", title="Laplace: no word has probability 0")
ax.legend();
