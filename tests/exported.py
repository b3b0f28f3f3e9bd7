"""Written programs run as a colleague runs them: where `autodiff` cannot be imported."""

import builtins
import runpy


def without_autodiff(name, *args, **kwargs):
    if name.partition(".")[0] == "autodiff":
        raise ImportError(f"{name} is not installed here")
    return builtins.__import__(name, *args, **kwargs)


def loaded(path):
    """The function of the file."""
    names = {**vars(builtins), "__import__": without_autodiff}
    return runpy.run_path(str(path), {"__builtins__": names})[path.stem]
