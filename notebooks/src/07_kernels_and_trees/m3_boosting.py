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
