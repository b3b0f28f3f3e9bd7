"""An interrupt inside the exit of `raise_on_nonfinite` left it on for the rest of the thread."""

import dis
import gc
import sys
from itertools import pairwise

import numpy as np
import pytest

import autodiff as ad
from autodiff.engine.fused.backward import TAPE
from autodiff.engine.fused.forward import DUAL

CODE = ad.raise_on_nonfinite.__wrapped__.__code__
INSTRUCTIONS = list(dis.get_instructions(CODE))
# Python looks for interrupts after calls, and where a generator resumes.
PLACES = {
    after.offset
    for before, after in pairwise(INSTRUCTIONS)
    if before.opname.startswith(("CALL", "RESUME"))
}


class InterruptError(Exception):
    pass


def interrupted_at(step):
    """Enter and leave, with an interrupt at the place of that number; whether there was one."""
    seen = 0

    def trace(frame, event, arg):
        nonlocal seen
        if frame.f_code is not CODE:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_lasti in PLACES:
            seen += 1
            if seen == step:
                raise InterruptError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with ad.raise_on_nonfinite():
            pass
    except InterruptError:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="3.12 does not trace instructions so")
@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger traces")
def test_it_is_off_wherever_the_interrupt_lands():
    plain, landed = (TAPE.get(), DUAL.get()), 0
    gc.freeze()  # so that a collection looks at what is made here alone
    for step in range(1, 200):
        if not interrupted_at(step):
            break
        landed += 1
        gc.collect()
        assert (TAPE.get(), DUAL.get()) == plain, step
        with np.errstate(all="ignore"):
            assert np.isinf(ad.grad(np.sqrt)(0.0))
    assert landed >= 6
