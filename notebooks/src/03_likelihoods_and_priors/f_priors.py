# %% [markdown]
# ## F. Priors are penalties
#
# **Question.** What do weight decay, ridge regression and the lasso believe about the parameters; and
# what does the right belief buy?
#
# **Derivation.** By Bayes, $-\log p(\theta \mid \text{data}) = L(\theta) - \log p(\theta) + \text{const}$.
#
# | prior of each $\theta_j$ | $-\log p(\theta)$ | penalty |
# |---|---|---|
# | normal, variance $s^2$ | $\sum \theta_j^2 / (2 s^2)$ | L2 with $1 / (2 s^2)$ |
# | Laplace, scale $b$ | $\sum \lvert\theta_j\rvert / b$ | L1 |
#
# *Weight decay* $\varphi \leftarrow (1 - \lambda) \varphi - \alpha g$ is
# $\varphi \leftarrow \varphi - \alpha (g + \tfrac{\lambda}{\alpha} \varphi)$: a gradient step with the
# penalty $\frac{\lambda}{2 \alpha} \lVert\varphi\rVert^2$. So it is for SGD; Adam divides the gradient by
# its own running size, the penalty's part with it, so there the two differ.
#
# For linear regression with noise $\sigma^2$ and prior variance $\eta^2$, setting the gradient of
# $\lVert y - X\theta\rVert^2 / (2 \sigma^2) + \lVert\theta\rVert^2 / (2 \eta^2)$ to zero gives
#
# $$\hat\theta = \Big(X^T X + \frac{\sigma^2}{\eta^2} I\Big)^{-1} X^T y ,$$
#
# and a Laplace prior, multiplied by $2 \sigma^2$, gives
# $\lVert y - X\theta\rVert^2 + \gamma \lVert\theta\rVert_1$ with $\gamma = 2 \sigma^2 / b$.
#
# **With the engine.** First the priors and their penalties:

# %%
def minus_log_normal(theta, s):
    return np.sum(theta**2 / (2 * s**2) + np.log(2 * np.pi * s**2) / 2)


def minus_log_laplace(theta, b):
    return np.sum(np.abs(theta) / b + np.log(2 * b))


theta = rng.normal(size=6)
s, b = 0.7, 0.4
l2 = ad.grad(lambda t: nn.losses.l2_penalty(t) / (2 * s**2))
l1 = ad.grad(lambda t: nn.losses.l1_penalty(t) / b)
assert np.allclose(ad.grad(minus_log_normal)(theta, s), l2(theta), rtol=1e-14)
assert np.allclose(ad.grad(minus_log_laplace)(theta, b), l1(theta), rtol=1e-14)

# %% [markdown]
# Weight decay beside the penalty, step for step:

# %%
n, d, sigma, eta = 40, 6, 0.5, 1.0
X = rng.normal(size=(n, d))
truth = rng.normal(0, eta, size=d)
y = X @ truth + rng.normal(0, sigma, size=n)
alpha, decay = 0.05, 0.02


def loss(phi):
    return np.mean((X @ phi - y) ** 2)


def penalised(phi):
    return loss(phi) + decay / (2 * alpha) * nn.losses.l2_penalty(phi)


def way_of(optimizer, f, steps=200):
    phi = np.ones(d)
    state, way = optimizer.init(phi), [phi]
    for _ in range(steps):
        phi, state = optimizer.update(phi, ad.grad(f)(phi), state)
        way.append(phi)
    return np.array(way)


sgd = nn.optim.SGD(alpha, weight_decay=decay), nn.optim.SGD(alpha)
# AdamW's decay is (1 - rate * weight_decay): the same factor as above.
adam = nn.optim.AdamW(alpha, weight_decay=decay / alpha), nn.optim.Adam(alpha)
gaps = {}
for name, (decaying, plain) in {"SGD": sgd, "Adam": adam}.items():
    gap = way_of(decaying, loss) - way_of(plain, penalised)
    gaps[name] = np.linalg.norm(gap, axis=1)
assert gaps["SGD"].max() < 1e-13
assert gaps["Adam"][-1] > 0.01

figure, ax = plt.subplots()
ax.semilogy(np.maximum(gaps["SGD"], 1e-17), label="SGD: rounding")
ax.semilogy(np.maximum(gaps["Adam"], 1e-17), "--", label="Adam: another method")
ax.set(
    xlabel="step", ylabel="distance of the parameters", ylim=(1e-18, 10),
    title="weight decay against an L2 penalty",
)
ax.legend();

# %% [markdown]
# The MAP estimate of linear regression, from its posterior: that is quadratic, so one Newton step
# from anywhere arrives.

# %%
def minus_log_posterior(theta):
    return np.sum((y - X @ theta) ** 2) / (2 * sigma**2) + minus_log_normal(theta, eta)


closed = np.linalg.solve(X.T @ X + sigma**2 / eta**2 * np.eye(d), X.T @ y)
assert np.allclose(newton(minus_log_posterior, np.full(d, 5.0), 1)[-1], closed, rtol=1e-11)
assert np.allclose(ad.grad(minus_log_posterior)(closed), 0, atol=1e-10)
assert np.allclose(
    ad.hessian(minus_log_posterior)(closed), X.T @ X / sigma**2 + np.eye(d) / eta**2, rtol=1e-12
)

# %% [markdown]
# ### Sparsity
#
# A Laplace prior has its peak at zero, and the estimate *is* zero in most places. The way there is
# a gradient step on the smooth part (the engine's gradient), then the shrinking by $\gamma$ of each
# coefficient, until nothing moves.

# %%
n, d = 60, 30
X = rng.normal(size=(n, d))
truth = np.zeros(d)
truth[:5] = [3.0, -2.0, 1.5, -1.0, 2.0]
y = X @ truth + rng.normal(0, sigma, size=n)


def squares(theta):
    return np.sum((y - X @ theta) ** 2)


def lasso(gamma, steps=1500):
    rate = 1 / np.linalg.eigvalsh(ad.hessian(squares)(np.zeros(d)))[-1]
    slope, theta = ad.grad(squares), np.zeros(d)
    for _ in range(steps):
        moved = theta - rate * slope(theta)
        theta = np.sign(moved) * np.maximum(np.abs(moved) - rate * gamma, 0)
    return theta


b = 0.01
gamma = 2 * sigma**2 / b


def laplace_posterior(theta):
    return squares(theta) / (2 * sigma**2) + minus_log_laplace(theta, b)


somewhere = rng.normal(size=d)
whole = ad.grad(laplace_posterior)(somewhere) * 2 * sigma**2
parts = ad.grad(lambda t: squares(t) + gamma * nn.losses.l1_penalty(t))(somewhere)
assert np.allclose(whole, parts, rtol=1e-12)  # gamma = 2 sigma^2 / b

sparse = lasso(gamma)
ridge = np.linalg.solve(X.T @ X + sigma**2 / 1.0 * np.eye(d), X.T @ y)
slope = ad.grad(squares)(sparse)
kept = sparse != 0

# The minimum: flat where a coefficient is kept, and where it is 0 no direction leads down.
assert np.allclose(slope[kept], -gamma * np.sign(sparse[kept]), rtol=1e-9)
assert np.all(np.abs(slope[~kept]) <= gamma)
assert kept[:5].all() and kept.sum() <= 10 and np.all(ridge != 0)
print(f"not zero: {kept.sum()} of {d} with L1, {np.sum(ridge != 0)} with L2")

figure, ax = plt.subplots(figsize=(8, 3.4))
place = np.arange(d)
ax.plot(place, truth, "_", color="0.35", markersize=12, label="truth")
ax.plot(place, ridge, "s", markersize=4, color="C1", label="normal prior (L2)")
ax.plot(place, sparse, "o", markersize=4, color="C0", label="Laplace prior (L1)")
ax.set(xlabel="coefficient", ylabel="value", title="a Laplace prior selects")
ax.legend();

# %% [markdown]
# ### Double descent
#
# More data can do harm. With $d = 500$ weights $\theta \sim N(0, I/d)$, noise $\sigma = 0.5$ and
# $n$ examples, fit by least squares with the penalty $\lambda$ and measure the error on new data,
# $\lVert\hat\theta - \theta\rVert^2 + \sigma^2$. The prior's variance is $\eta^2 = 1/d$, so the
# right penalty is $\lambda^* = \sigma^2 / \eta^2 = \sigma^2 d$.
#
# **Derivation.** In the basis of the singular values $s_k$ of $X$, the expected error is
#
# $$R(\lambda) = \sigma^2 + \sum_k \frac{\lambda^2 / d + \sigma^2 s_k^2}{(s_k^2 + \lambda)^2},\qquad
#   R'(\lambda) = \sum_k \frac{2 s_k^2\,(\lambda / d - \sigma^2)}{(s_k^2 + \lambda)^3} ,$$
#
# with $s_k = 0$ for the directions without data. Without a penalty the terms with a small $s_k$
# explode, and the smallest $s_k$ is near zero when $n \approx d$. And $R' = 0$ at $\lambda =
# \sigma^2 d$, whatever $X$ is.
#
# **With the engine.** $R'$ is its gradient; the curves are real fits to drawn data.

# %%
d, sigma = 500, 0.5
optimal = sigma**2 * d
factors = [0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4]
sizes = np.unique([*range(200, 801, 40), *range(470, 531, 10)])
rng = np.random.default_rng(1)
truth = rng.normal(0, 1 / np.sqrt(d), size=d)


def risk(penalty, singular):
    return sigma**2 + np.sum(
        (penalty**2 / d + sigma**2 * singular**2) / (singular**2 + penalty) ** 2
    )


tested, expected = np.zeros((2, len(factors), len(sizes)))
for column, n in enumerate(sizes):
    X = rng.normal(size=(n, d))
    y = X @ truth + rng.normal(0, sigma, size=n)
    U, singular, V = np.linalg.svd(X, full_matrices=False)
    everything = np.concatenate([singular, np.zeros(d - len(singular))])
    for row, factor in enumerate(factors):
        fit = V.T @ (singular / (singular**2 + factor * optimal) * (U.T @ y))
        tested[row, column] = np.sum((fit - truth) ** 2) + sigma**2
        if factor:
            expected[row, column] = risk(factor * optimal, everything)
    slope = ad.grad(risk)
    assert abs(slope(optimal, everything)) < 1e-15  # the optimum, for every X
    assert slope(optimal / 2, everything) < 0 < slope(2 * optimal, everything)

figure, ax = plt.subplots(figsize=(8, 4.6))
colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(factors)))
names = ["0", "1/32", "1/16", "1/8", "1/4", "1/2", "1", "2", "4"]
for curve, colour, name in zip(tested, colours, names):
    style = "--" if name == "1" else "-"
    ax.semilogy(sizes, curve, style, color=colour, marker=".", label=rf"{name} $\times\ \lambda^*$")
ax.axvline(d, color="0.6", linewidth=0.8)
ax.set(xlabel="examples $n$", ylabel="error on new data", title="$d = 500$: the peak at $n = d$")
ax.legend(loc="upper left", ncols=2);

# %% [markdown]
# The peak is there without a penalty and with small ones, and gone at the optimum, where more data
# never harms:

# %%
near = np.abs(sizes - d) <= 30
peaks = {name: curve[near].max() / curve[[0, -1]].max() for name, curve in zip(names, tested)}
print({name: f"{peak:.2f}" for name, peak in peaks.items()}, "(peak / the higher end)")
assert abs(sizes[np.argmax(tested[0])] - d) <= 10
assert peaks["0"] > 10 and peaks["1/32"] > 1
assert peaks["1"] < 1

best = tested[names.index("1")]
assert best[-1] < best[0] and best.max() < best[0] * 1.05
assert np.allclose(tested[1:], expected[1:], rtol=0.35)  # one draw, near its expectation
assert np.all(expected[names.index("1")] <= expected[1:])
