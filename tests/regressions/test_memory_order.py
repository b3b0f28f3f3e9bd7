"""Orders "K" and "A" of arrays whose memory is not C-ordered, and byte strides, were those of other
memory: of zeros_like, np.array, np.take, np.pad and more."""

import numpy as np
import pytest

import autodiff as ad

B = np.arange(24.0).reshape(2, 3, 4) + 0.5
LAYOUTS = {
    "rows": B,
    "columns": np.asfortranarray(B),
    "between": np.ascontiguousarray(B.transpose(1, 2, 0)).transpose(2, 0, 1),
    "reversed": np.asfortranarray(B)[:, ::-1],
    "with gaps": np.asfortranarray(B)[:, :, ::2],
    "repeated": np.broadcast_to(np.arange(3.0)[:, None], (2, 3, 4)),
    "a side of 1": np.asfortranarray(B[:, :1]),
    "a matrix": np.asfortranarray(B[0]),
    "single": np.asfortranarray(B.astype(np.float32)),
}


def emptied(z):
    """An array like `z`, whose memory holds anything before it is filled."""
    y = np.empty_like(z)
    y[...] = 0.0
    return y


PROGRAMS = {
    "z": lambda z: z,
    "z.T": lambda z: z.T,
    "zeros_like": lambda z: np.zeros_like(z) + z,
    "zeros_like of one order": lambda z: np.zeros_like(z, order="F"),
    "ones_like": lambda z: np.ones_like(z) * z,
    "full_like": lambda z: np.full_like(z, 2.0) * z,
    "full_like of a tracked value": lambda z: np.full_like(z, z),
    "empty_like": lambda z: emptied(z) + z,
    "array": lambda z: np.array(z) + 0,
    "array of one order": lambda z: np.array(z, order="F"),
    "asarray": lambda z: np.asarray(z),
    "ascontiguousarray": lambda z: np.ascontiguousarray(z),
    "like": lambda z: np.array(z, like=z),
    "like, of one order": lambda z: np.array(z, order="F", like=z),
    "copy": lambda z: z.copy(),
    "copy F": lambda z: z.copy("F"),
    "copy A": lambda z: np.copy(z, "A"),
    "astype F": lambda z: z.astype("f8", order="F"),
    "astype C": lambda z: z.astype("f4", order="C"),
    "out": lambda z: np.add(z, 1, out=np.zeros_like(z)),
    "take": lambda z: np.take(z, [0, 1], -1),
    "choose": lambda z: np.choose((z > 3).astype(int), [z, z * 2]),
    "select": lambda z: np.select([z > 3], [z], 0),
    "repeat": lambda z: np.repeat(z, 2, 0),
    "pad": lambda z: np.pad(z, 1),
    "delete": lambda z: np.delete(z, 0, 0),
    "insert": lambda z: np.insert(z, 0, 1.0, 0),
    "gradient": lambda z: np.gradient(z, axis=-1),
    "unwrap": lambda z: np.unwrap(z, axis=0),
    "fancy index": lambda z: z[..., [0, 1]],
    "broadcast": lambda z: np.broadcast_to(z, (2, *z.shape)),
}
READS = {
    "ravel K": lambda z: z.ravel("K"),
    "ravel A": lambda z: z.ravel("A"),
    "flatten K": lambda z: z.flatten("K"),
    "reshape A": lambda z: np.reshape(z, -1, order="A"),
    "copy and ravel": lambda z: z.copy("K").ravel("K"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_order(name, layout):
    z = LAYOUTS[layout]
    stack = np.stack([z, z])
    for read in READS.values():

        def f(z, read=read):
            return read(PROGRAMS[name](z))

        expected = f(z)
        try:
            y, pullback = ad.vjp(f, z)
        except ad.NotDifferentiableError as refusal:
            single = layout == "single" and "array" in name
            assert ("tracked float32" if single else "share memory") in str(refusal)
            assert single or name == "broadcast" or layout == "repeated"
            continue
        np.testing.assert_allclose(y, expected, rtol=1e-6)
        assert y.shape == expected.shape
        np.testing.assert_array_equal(ad.jvp(f, (z,), (z,))[0], y)
        places = np.arange(1.0, y.size + 1).astype(y.dtype)
        bar = pullback(places)[0]
        np.testing.assert_allclose(
            np.vdot(bar, z), np.vdot(places, ad.jvp(f, (z,), (z,))[1]), rtol=1e-5
        )
        try:
            found = ad.vmap(f)(stack)
        except ad.NotDifferentiableError as refusal:
            assert "order" in str(refusal)
        else:
            np.testing.assert_allclose(found[0], f(stack[0]), rtol=1e-6)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_compiled_programs_do_not_know_the_memory(read):
    with pytest.raises(ad.NotDifferentiableError, match="order"):
        ad.jit(read)(B)


@pytest.mark.parametrize(
    "z",
    [np.arange(12.0)[::2], np.arange(6.0)[::-1], np.asfortranarray(B[0])]
    + [np.arange(6, dtype=t) for t in ("f4", "f2", "g")],
)
def test_byte_strides_are_refused(z):
    strided = np.lib.stride_tricks.as_strided
    with pytest.raises(ad.NotDifferentiableError, match="sliding_window_view"):
        ad.jvp(lambda z: strided(z, (3,), (z.itemsize,)), (z,), (z,))
    found = ad.jacobian(lambda z: strided(z, (2, 2), (8, 16)))(np.arange(6.0))
    np.testing.assert_array_equal(np.argmax(found, -1), [[0, 2], [1, 3]])
