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
