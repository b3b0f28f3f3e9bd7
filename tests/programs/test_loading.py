"""No file, however malformed, does anything but load or raise one clear error."""

import io
import json
import zipfile

import numpy as np
import pytest
from laws.statements import same_bits
from programs import SAMPLES as X, SCALED as PARAMS, scalar_loss

import autodiff as ad


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "program.npz"
    ad.trace(scalar_loss, PARAMS, X).save(path)
    return path


def rewritten(path, change=None, members=None, stored=zipfile.ZIP_STORED):
    """The file with its program changed, or with other members."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    if change is not None:
        program = json.loads(found["program.json"])
        program = change(program) or program
        found["program.json"] = json.dumps(program).encode()
    found |= members or {}
    with zipfile.ZipFile(path, "w", stored) as archive:
        for name, data in found.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def refused(path, match=""):
    with pytest.raises(ad.AutodiffError, match="cannot be loaded as a program") as caught:
        ad.load(path)
    assert match in str(caught.value)


def setting(*keys, to):
    """A change that sets one entry of the program."""

    def change(file):
        at = file
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = to

    return change


OPERATION = ("program", "operations", 3)
CHANGES = {
    "version": (setting("version", to=99), "reads version 1"),
    "format": (setting("format", to="other"), "not an archive of a program"),
    "no format": (lambda file: [1, 2], "not an archive of a program"),
    "extra field": (setting("code", to="print(1)"), "an object with"),
    "unknown row": (setting(*OPERATION, "row", to="system"), "'system' is not a row"),
    "missing node": (setting("program", "outputs", 0, to={"node": 10**6}), "no earlier node"),
    "negative node": (setting("program", "outputs", 0, to={"node": -1}), "no earlier node"),
    "true node": (setting("program", "outputs", 0, to={"node": True}), "no earlier node"),
    "cycle": (setting(*OPERATION, "inputs", 0, to={"node": 6}), "no earlier node"),
    "forward": (setting(*OPERATION, "inputs", 0, to={"node": 8}), "no earlier node"),
    "missing array": (setting(*OPERATION, "inputs", 0, to={"array": 44}), "no array number 44"),
    "arity": (setting(*OPERATION, "inputs", to=[]), "operation 3"),
    "code for a parameter": (
        setting(*OPERATION, "parameters", to={"axis=0); import os; print(": 1}),
        "where parameters should be",
    ),
    "unknown parameter": (setting(*OPERATION, "parameters", to={"shell": 1}), "operation 3"),
    "function": (setting(*OPERATION, "parameters", to={"a": {"given": "system"}}), "'system'"),
    "class": (setting("program", "structure", to=["Popen", [], [], None]), "'Popen'"),
    "unknown value": (setting(*OPERATION, "inputs", 0, to={"pickle": "x"}), "unknown kind"),
    "two tags": (setting(*OPERATION, "inputs", 0, to={"array": 0, "node": 0}), "a value should be"),
    "bad dtype": (setting(*OPERATION, "result", to=[[2], "|O"]), "dtype object"),
    "no dtype": (setting(*OPERATION, "result", to=[[2], "abc"]), "not a dtype"),
    "huge shape": (setting(*OPERATION, "result", to=[[10**30], "<f8"]), "of shape"),
    "bad shape": (setting(*OPERATION, "result", to=[[-1], "<f8"]), "is not a shape"),
    "ufunc": (setting(*OPERATION, "parameters", to={"a": {"ufunc": "load"}}), "is not a ufunc"),
    "results": (setting("program", "outputs", to=[]), "0 results"),
    "arguments": (setting("program", "held", to=[]), "do not fit"),
    "no arguments": (setting("program", "structure", to=None), "what its arguments are"),
    "formless argument": (setting("program", "inputs", 0, 1, to=None), "what its arguments are"),
    "repeated keys": (setting("program", "structure", 2, 0, 1, to=["b", "b", "scale"]), "3 keys"),
    "leaf count": (setting("program", "structure", to="*"), "do not fit"),
    "name": (setting("program", "name", to=5), "string should be"),
    "float": (setting(*OPERATION, "inputs", 0, to={"float": "zz"}), "damaged"),
    "unhashable key": (
        setting(*OPERATION, "inputs", 0, to={"dict": [[{"list": []}, 1]]}),
        "damaged",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_program_that_makes_no_sense_is_refused(name, saved):
    change, match = CHANGES[name]
    refused(rewritten(saved, change), match)


def deep(levels):
    return "[" * levels + "]" * levels


def npy(header, content=b""):
    """A file in NumPy's format with a header of our own."""
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def pickled():
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([{}], object), allow_pickle=True)
    return stream.getvalue()


MEMBERS = {
    "no program": ({"program.json": None}, "not an archive of a program"),
    "no JSON": ({"program.json": b"\xff\x00{"}, "damaged"),
    "deep JSON": ({"program.json": deep(10**5).encode()}, "damaged"),
    "path traversal": ({"../../evil.npy": b"x"}, "not an archive of a program"),
    "another member": ({"7.npy": b"x"}, "not an archive of a program"),
    "no array": ({"0.npy": b"not an array"}, "damaged"),
    "truncated array": (
        {"0.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}")},
        "0 bytes",
    ),
    "huge array": (
        {"0.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,)}")},
        "0 bytes",
    ),
    "object array": ({"0.npy": pickled()}, "dtype object"),
    "fields": (
        {"0.npy": npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (0,)}")},
        "dtype object",
    ),
    "code for a header": ({"0.npy": npy("{'descr': __import__('os'), 'shape': ()}")}, "damaged"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_an_archive_that_holds_something_else_is_refused(name, saved):
    members, match = MEMBERS[name]
    refused(rewritten(saved, members=members), match)


def test_a_compressed_archive_is_refused(saved):
    bomb = {
        "0.npy": npy(
            "{'descr': '|u1', 'fortran_order': False, 'shape': (8000000,)}", bytes(8 * 10**6)
        )
    }
    refused(rewritten(saved, members=bomb, stored=zipfile.ZIP_DEFLATED), "is compressed")


def test_a_member_that_occurs_twice_is_refused(saved):
    with zipfile.ZipFile(saved, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("program.json", "{}")
    refused(saved, "not an archive of a program")


def header(shape, *, ends=True):
    """A .npy file whose header promises an array of `shape`, and no data."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}" + ("}" if ends else "{")
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("shape", ["(10**18,)", "(1000000000000,)", "(-1,)", f"({2**70},)"])
def test_an_array_that_promises_more_than_it_has_is_refused(shape, saved):
    refused(rewritten(saved, members={"0.npy": header(shape)}))


def test_a_header_that_never_ends_is_refused(saved):
    """NumPy's reader of headers raises tokenize.TokenError, which is no ValueError."""
    refused(rewritten(saved, members={"0.npy": header("(6,)", ends=False)}), "damaged")


def test_a_program_that_cannot_be_shown_says_so(saved):
    change = setting("program", "operations", 0, "inputs", 0, to="text")
    loaded = ad.load(rewritten(saved, change))
    with pytest.raises(ad.AutodiffError, match="cannot be shown"):
        str(loaded)


def test_a_program_names_no_attribute(saved):
    """The methods of ufuncs that a program may name are listed; any other is no method to it."""

    def change(file):
        operation = file["program"]["operations"][0]
        operation["row"], operation["inputs"] = "flat_method", [{"node": 2}, True]
        operation["parameters"] = {"ufunc": {"ufunc": "add"}, "method": "__reduce__"}

    loaded = ad.load(rewritten(saved, change))
    with pytest.raises(ad.AutodiffError, match=r"cannot run: .*'__reduce__'"):
        loaded(PARAMS, X)


def test_no_archive_at_all(tmp_path):
    for content in (b"", b"PK\x03\x04", b"hello" * 100):
        (tmp_path / "f").write_bytes(content)
        refused(tmp_path / "f", "damaged")
    with pytest.raises(FileNotFoundError):
        ad.load(tmp_path / "nowhere")


def test_any_wrong_byte_is_noticed_or_harmless(saved):
    content = saved.read_bytes()
    rng = np.random.default_rng(0)
    expected = scalar_loss(PARAMS, X)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        saved.write_bytes(bytes(damaged))
        try:
            loaded = ad.load(saved)
        except ad.AutodiffError:
            continue
        same_bits(loaded(PARAMS, X), expected, "a program with a wrong byte")


def test_a_cut_file_is_refused(saved):
    content = saved.read_bytes()
    for size in range(0, len(content), 97):
        saved.write_bytes(content[:size])
        refused(saved)


@pytest.mark.parametrize(
    "change",
    [
        setting("program", "operations", 0, "result", to=[[9, 9], "<f8"]),
        setting("program", "operations", 0, "inputs", to=[{"node": 2}, {"node": 2}]),
        setting("program", "operations", 0, "inputs", to=[{"node": 2}, "text"]),
        setting("program", "operations", 0, "inputs", to=[{"node": 2}, None]),
    ],
)
def test_what_only_shows_when_it_runs_is_one_clear_error(change, saved):
    loaded = ad.load(rewritten(saved, change))
    with pytest.raises(ad.AutodiffError):
        loaded(PARAMS, X)


def test_a_wild_program_cannot_fill_the_memory(saved):
    def change(file):
        operation = file["program"]["operations"][0]
        operation["row"], operation["inputs"] = "broadcast_to", [1.0]
        operation["parameters"] = {"shape": {"tuple": [10**18]}}

    loaded = ad.load(rewritten(saved, change))
    with pytest.raises(ad.AutodiffError, match="cannot run"):
        loaded(PARAMS, X)
