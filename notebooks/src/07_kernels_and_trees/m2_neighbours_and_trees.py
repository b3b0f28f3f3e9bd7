# %% [markdown]
# ### Nearest neighbours in many dimensions
#
# **Question.** Examples lie evenly in the unit cube of $d$ dimensions. Which fraction is within 10
# % of the range of *every* feature? How long is the side of a cube with 10 % of all examples?
#
# **Derivation.** A cube of side $s$ holds the fraction $s^d$: $0.1^d$ of the examples, and for a
# tenth of them $s = 0.1^{1/d}$, which goes to 1: neighbours are no longer near. By the equation
# $s^d = 0.1$ alone, $ds/dd = -s\log s/d$; `root` differentiates through it.

# %%
rng = np.random.default_rng(3)
side = ad.root(lambda s, d: s**d - 0.1, solver=lambda f, s: brentq(f, 0, 1, xtol=1e-15))
dimensions = np.array([1, 2, 3, 10, 100])
print("  d   fraction   counted    side of a tenth")
for d in dimensions:
    sample = rng.uniform(size=(100_000, min(d, 3)))
    counted = np.mean(np.all(np.abs(sample - 0.5) < 0.05, axis=1))
    shown = f"{counted:.5f}" if d <= 3 else "-"
    print(f"{d:>3}   {0.1**d:<8.3g}   {shown:<8}   {side(0.5, float(d)):.4f}")
    if d <= 3:
        assert abs(counted - 0.1**d) < 4 * np.sqrt(0.1**d / len(sample))
    s = 0.1 ** (1 / d)
    assert np.isclose(side(0.5, float(d)), s)
    assert np.isclose(ad.grad(side, 1)(0.5, float(d)), -s * np.log(s) / d)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
d = np.arange(1, 21)
left.semilogy(d, 0.1**d.astype(float), "o-")
left.set(xlabel="dimensions $d$", ylabel="fraction used", title="$0.1^d$")
d = np.arange(1, 101)
right.plot(d, 0.1 ** (1 / d))
right.set(xlabel="dimensions $d$", ylabel="side", title="$0.1^{1/d}$", ylim=(0, 1))
plt.show()

# %% [markdown]
# ### A decision tree
#
# **Question.** Fifteen people, four features, and how much they use their phone. Which feature does
# the tree ask for first?
#
# **Derivation.** The entropy $H = -\sum_k p_k\log_2 p_k$ of the labels, minus the mean entropy
# that is left within the values of a feature, is that feature's *gain*; the largest is the root.
# (Its slope is $-\log_2 p_k - 1/\log 2$: among all distributions the even one has the most
# entropy.)
#
# The expected gains 0.9221, 0.2705, 1.1058, 0.2133 subtract entropies that were rounded to four
# digits before. Unrounded, the first and the last are 0.92216 and 0.21337: one more in the last
# digit.

# %%
NAMES = ("relationship", "age", "education", "income")
PHONES = """
S >25 U <=50 Low; R <=25 C <=50 Med; S >25 U >50 Low; M <=25 U <=50 High; S >25 U >50 Low;
M >25 C <=50 Med; R <=25 C >50 Med; R >25 H <=50 Low; M >25 U <=50 High; S >25 H >50 Low;
R <=25 C >50 Med; R >25 H <=50 Low; M >25 U <=50 High; S <=25 H >50 Low; R <=25 C >50 Med
"""
table = np.array([row.split() for row in PHONES.split(";")])
features, usage = table[:, :-1], table[:, -1]


def entropy(p):
    return -np.sum(p * np.log2(p))


def shares(labels):
    return np.unique(labels, return_counts=True)[1] / len(labels)


def remaining(column, labels):
    """The mean entropy of the labels within the values of a feature."""
    return sum(
        np.mean(column == value) * entropy(shares(labels[column == value]))
        for value in np.unique(column)
    )


whole = entropy(shares(usage))
left = {name: remaining(column, usage) for name, column in zip(NAMES, features.T, strict=True)}
gains = {name: whole - value for name, value in left.items()}
root = max(gains, key=gains.get)
print(f"entropy of usage: {whole:.4f} bits")
for name, value in gains.items():
    rounded = round(whole, 4) - round(left[name], 4)
    print(f"gain of {name:<12} {value:.5f}, from rounded entropies {rounded:.4f}")
print("root:", root)
expected = np.array([0.9221, 0.2705, 1.1058, 0.2133])
assert len(table) == 15
assert round(whole, 4) == 1.5058
assert np.allclose(list(gains.values()), expected, rtol=0, atol=1e-4)
assert np.allclose([round(whole, 4) - round(v, 4) for v in left.values()], expected, atol=1e-9)
assert root == "education"

share = shares(usage)
assert np.allclose(ad.grad(entropy)(share), -np.log2(share) - 1 / np.log(2))
of_scores = lambda z: entropy(nn.functional.softmax(z))
assert np.allclose(ad.grad(of_scores)(np.zeros(3)), 0)  # the even distribution ...
assert np.max(np.linalg.eigvalsh(ad.hessian(of_scores)(np.zeros(3)))) < 1e-12  # ... is a maximum


def coded(rows):
    """A column of 0 and 1 for every value of every feature, for scikit-learn, and their names."""
    pairs = [(k, value) for k in range(rows.shape[1]) for value in np.unique(rows[:, k])]
    return np.column_stack([rows[:, k] == value for k, value in pairs]).astype(float), pairs


codes, pairs = coded(features)
tree = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(codes, usage)
first = pairs[tree.tree_.feature[0]]
print(f"scikit-learn's tree asks first: {NAMES[first[0]]} = {first[1]}?")
assert NAMES[first[0]] == root
assert tree.score(codes, usage) == 1

fig, ax = plt.subplots(figsize=(6, 3))
ax.barh(list(gains), list(gains.values()), color=[COLOURS[k == root] for k in gains])
ax.axvline(whole, color="gray", linestyle=":")
ax.text(whole, 3.5, "all of the entropy", ha="right", va="bottom", fontsize=9)
ax.set_xlabel("gain (bits)")
plt.show()

# %% [markdown]
# ### A random forest
#
# **Question.** Eight people; three trees, one for each pair of the three features. Is an old person
# who keeps distance and does not wash hands sick?
#
# **Derivation.** Keeping distance alone decides in this table, and two of the three trees see it.
# The third sees (old, does not wash): one healthy, two sick. The vote is two to one.

# %%
ILLNESS = """
old y y no; old y n no; old y y no; young n n yes;
young y y no; old n n yes; old n y yes; old n n yes
"""
ABOUT = ("age", "distancing", "washing")
table = np.array([row.split() for row in ILLNESS.split(";")])
people, sick = table[:, :-1], table[:, -1]
asked = np.array([["old", "y", "n"]])

votes = {}
for pair in combinations(range(3), 2):
    codes, pairs = coded(people[:, pair])
    question = np.array([[asked[0, pair[k]] == value for k, value in pairs]], float)
    tree = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(codes, sick)
    votes[tuple(ABOUT[k] for k in pair)] = str(tree.predict(question)[0])
for pair, vote in votes.items():
    print(f"{' and '.join(pair):<24} {vote}")
answer = max(("no", "yes"), key=list(votes.values()).count)
print("the forest:", answer)
assert answer == "no"
assert votes["age", "washing"] == "yes"
assert list(votes.values()).count("no") == 2
