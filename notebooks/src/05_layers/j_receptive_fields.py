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
