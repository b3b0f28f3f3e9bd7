"""Where the walk ends: NumPy, SciPy, the standard library and this project, whose functions compute
the same from the same arguments; but for those listed here, which ask the world or keep a state."""

from __future__ import annotations

import builtins
import functools
import random
import sys
import sysconfig
import threading
import weakref
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ...base.bounded import cached
from ...base.errors import AutodiffError, is_users_file
from .code import reads_of

STANDARD = sysconfig.get_paths()["stdlib"]
SITE = ("site-packages", "dist-packages")
CURE = "pass its value in as an argument, or write jit(f, pure=True) if it never changes"

# What asks the world, by module or class: the answer to a first call is not that to the second.
WORLD: tuple[tuple[str, str, str], ...] = (
    ("time", "a clock", "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns "
     "process_time process_time_ns thread_time localtime gmtime ctime strftime"),
    ("datetime.datetime", "a clock", "now utcnow today"),
    ("datetime.date", "a clock", "today"),
    ("uuid", "a new number at each call", "uuid1 uuid3 uuid4 uuid5 getnode"),
    ("secrets", "a new number at each call", "token_bytes token_hex randbelow choice randbits "
     "token_urlsafe SystemRandom"),
    ("os", "the system", "urandom getenv environ environb getcwd listdir scandir stat lstat read "
     "open popen system getpid times walk getloadavg cpu_count remove mkdir rename"),
    ("os.path", "files", "exists lexists isfile isdir getmtime getsize getctime"),
    ("sys", "the interpreter", "stdin argv modules _getframe _current_frames getrefcount "
     "getrecursionlimit"),
    ("threading", "the thread", "current_thread get_ident active_count"),
    ("_thread.LockType", "the state of a lock", "acquire locked acquire_lock locked_lock"),
    ("_thread.RLock", "the state of a lock", "acquire locked _is_owned"),
    ("decimal", "settings", "getcontext localcontext"),
    ("logging.Logger", "settings", "isEnabledFor getEffectiveLevel hasHandlers"),
    ("builtins", "the world or the scope", "input open eval exec compile globals locals id "
     "breakpoint __import__"),
    ("io", "files", "open open_code"),
    ("pathlib.Path", "files", "read_text read_bytes open exists stat is_file is_dir iterdir glob "
     "cwd home write_text write_bytes touch unlink"),
    ("numpy", "files", "load loadtxt genfromtxt fromfile memmap save savez savetxt"),
    ("numpy", "settings", "geterr seterr geterrcall seterrcall getbufsize setbufsize "
     "get_printoptions set_printoptions printoptions"),
    *(
        (name, "files", "open GzipFile BZ2File LZMAFile ZipFile is_zipfile getline ConfigParser "
         "connect")
        for name in ("gzip", "bz2", "lzma", "zipfile", "linecache", "configparser", "sqlite3")
    ),
    ("scipy.io", "files", "loadmat savemat"),
    ("json", "files", "load dump"),
    ("pickle", "files", "load dump"),
    ("glob", "files", "glob iglob"),
    ("importlib", "modules", "reload import_module"),
    ("subprocess", "the system", "run call check_call check_output Popen getoutput"),
    ("socket", "the system", "socket create_connection"),
    ("shutil", "files", "copy move rmtree"),
    ("tempfile", "files", "mkstemp mkdtemp NamedTemporaryFile TemporaryFile"),
)  # fmt: skip
# What has no state that can be seen, and what to do about it.
UNSEEN: tuple[tuple[Any, str, str], ...] = (
    (bytearray, "whose contents may change", "pass bytes(...) of it as an argument"),
    ((weakref.ref, *weakref.ProxyTypes, weakref.finalize, weakref.WeakKeyDictionary,
      weakref.WeakValueDictionary, weakref.WeakSet),
     "which refers to what may be gone", "keep the objects themselves, in a dict or a list"),
    (threading.local, "which each thread sees differently", "pass what it holds as an argument"),
)  # fmt: skip
LOOKS_UP = ("getattr", "vars", "dir", "setattr", "hasattr", "delattr")  # of builtins: any name
ASKS_KIND = ("isinstance", "issubclass", "type", "isscalar", "__class__")  # what is a number?
IS = ("is_", "is_not")  # of the module operator
LOOKS_INTO = ("copy", "dataclasses", "inspect", "operator", "pickle", "json", "pprint", "types")
HIDDEN = frozenset(  # attributes behind which anything may be found
    "__globals__ __closure__ __code__ __builtins__ __subclasses__ "  # noqa: SIM905
    "f_globals f_locals gi_frame cell_contents".split()
)
SEEDED = ("PCG64 PCG64DXSM MT19937 Philox SFC64 SeedSequence RandomState", "Random SystemRandom")


def owner_named(name: str) -> Any:
    """The module, or the class of one, of this name; `None` where it was never imported."""
    module, _, attribute = name.rpartition(".")
    return sys.modules.get(name) or getattr(sys.modules.get(module), attribute, None)


def world_of(x: Any) -> dict[str, str]:
    """The names of this module or class that ask the world, and what they ask."""
    found = [(names, what) for owner, what, names in WORLD if owner_named(owner) is x]
    return {name: what for names, what in found for name in names.split()}


def asks(x: Any) -> str | None:
    """What a function asks that was taken out of its module: ``from time import perf_counter``."""
    owner, name = getattr(x, "__self__", None), getattr(x, "__name__", "")
    if isinstance(owner, type):  # now = datetime.now
        for part in owner.__mro__:
            found = world_of(part)
            if name in found:
                return found[name]
    for place, what, names in WORLD:
        if any(getattr(owner_named(place), n, None) is x for n in names.split()):
            return what
    return None


def is_unseeded(c: type) -> bool:
    """May objects of this class begin with random numbers that nobody gave?"""
    return any(
        getattr(m, name, None) is c
        for m, names in zip((np.random, random), SEEDED, strict=True)
        for name in names.split()
    )


class OutsideError(AutodiffError):
    """What lies outside of the function is changed by it, or cannot be watched."""


class UndrawableError(OutsideError):
    """Random numbers that depend on an input of the program; a constant might do."""


def refused(path: str, what: str, cure: str = CURE) -> AutodiffError:
    return OutsideError(f"jit: the function reads {path}, {what}; {cure}")


def refuse_unseen(cls: type, path: str) -> None:
    """Refuse an object of a class that has a state which cannot be seen."""
    for kinds, what, cure in UNSEEN:
        if issubclass(cls, kinds):
            raise refused(path, f"a {cls.__name__}, {what}", cure)


def refused_with(package: str, path: str, error: OutsideError) -> AutodiffError:
    """Where something in an installed package was refused, the user sees the package."""
    what = str(error).partition("reads ")[2].partition(";")[0]
    return refused(
        path, f"a part of {package}, and with it {what}",
        "compute with it outside and pass arrays, or write jit(f, pure=True) if it never changes",
    )  # fmt: skip


@cached(4096)
def is_library_file(name: str) -> bool:
    if not is_users_file(name) or name.startswith("<frozen "):
        return True
    return name.startswith(STANDARD) and not any(site in name for site in SITE)


@cached(4096)
def is_library_module(name: str) -> bool:
    """By its name and by where it lies: a file of the user's may be called as a module of ours."""
    if name == "__main__":
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return name.partition(".")[0] in (*sys.stdlib_module_names, "numpy", "scipy")
    return is_library_file(file) or not is_users_file(str(Path(file).parent) + "/")


def is_library(x: Any) -> bool:
    """Is a function, class or module none of the user's?"""
    if isinstance(x, FunctionType):
        return (
            is_library_file(x.__code__.co_filename)
            if x.__code__.co_filename != "<string>"
            else (is_library_module(x.__module__ or ""))
        )
    if isinstance(x, ModuleType):
        return is_library_module(x.__name__)
    if isinstance(x, type) and module_of(x) == "builtins" and x.__flags__ & HEAP:
        return False  # made by exec
    return is_library_module(module_of(x))


def module_of(x: Any) -> str:
    """The name of the module that a function, class or module is from."""
    name = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    return name if isinstance(name, str) else ""


def package_of(x: Any) -> str | None:
    """The installed package that something is from, if that is neither the user's nor a library."""
    file = getattr(sys.modules.get(module_of(x)), "__file__", None) or ""
    if is_library(x) or not any(site in file for site in SITE):
        return None
    return module_of(x).partition(".")[0]


def is_plain_class(cls: type) -> bool:
    """Is every attribute of its objects read by the user's own code, if any at all?"""
    return all(not is_library(c) or c in PLAIN_BASES for c in cls.__mro__)


PLAIN_BASES = (object, SimpleNamespace, list, dict, tuple, set, frozenset, int, float, str)
BUILTINS = vars(builtins)
CONTAINERS = (
    *(list, dict, tuple, set, frozenset, SimpleNamespace),
    *(OrderedDict, defaultdict, Counter),
)
HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement, or
OF_C = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE: in C, as collections.deque is since Python 3.13


def copyable(cls: type) -> bool:
    """Can the trace be given a copy of an object, with other attributes or entries?"""
    if cls in CONTAINERS or (cls.__module__.partition(".")[0] == "nn" and is_library(cls)):
        return True
    return not is_library(cls) and all(
        c is object or c in CONTAINERS or c.__flags__ & (HEAP | OF_C) == HEAP for c in cls.__mro__
    )


def reads_arguments_alone(f: Any) -> bool:
    """Does a function read nothing but its arguments, modules and functions that do not either?"""
    if not isinstance(f, FunctionType):
        return is_library(f)
    if is_library(f):
        return not f.__closure__
    reads, scope = reads_of(f.__code__), f.__globals__
    around = [scope[name] for name in reads.variables if name in scope]
    around += [cell.cell_contents for cell in f.__closure__ or ()]
    modules = [x for x in around if isinstance(x, ModuleType)]
    return all(any(hasattr(m, a) for m in modules) for a in reads.attributes) and all(
        is_library(x)
        if isinstance(x, (ModuleType, type, BuiltinFunctionType))
        else isinstance(x, FunctionType) and (x is f or reads_arguments_alone(x))
        for x in around
    )


CACHED = (type(functools.lru_cache(lambda: None)),)
