"""Compiled loops over one expansion, for tests and for timing: vectors, then single numbers."""

import ctypes
from functools import cache

import numpy as np
from llvmlite import binding, ir

from autodiff.compiler.llvm.lanes import FORMATS, Lanes

binding.initialize_native_target()
binding.initialize_native_asmprinter()


def target_machine(portable):
    """For this machine, or for the plainest of its kind."""
    target = binding.Target.from_default_triple()
    if portable:
        return target.create_target_machine(opt=3)
    features = binding.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=binding.get_host_cpu_name(), features=features, opt=3)


def loop(function, pointers, start, stop, lanes, emit):
    """Emits `for i in range(start, stop, width): out[i] = emit(*inputs[i])`."""
    builder = lanes.builder
    before = builder.block
    head, after = (function.append_basic_block() for _ in range(2))
    builder.cbranch(builder.icmp_signed("<", start, stop), head, after)
    builder.position_at_end(head)
    i = builder.phi(start.type)
    i.add_incoming(start, before)
    places = [builder.bitcast(builder.gep(p, [i]), lanes.type.as_pointer()) for p in pointers]
    values = [builder.load(p, align=4, typ=lanes.type) for p in places[1:]]
    y = emit(lanes, *values)
    if y.type == lanes.mask_type:
        y = lanes.select(y, 1.0, 0.0)
    builder.store(y, places[0], align=4)
    following = builder.add(i, ir.Constant(i.type, lanes.width))
    i.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, stop), head, after)
    builder.position_at_end(after)


@cache
def kernel(emit, dtype, width, operands=1, fused=None, portable=False):
    """A function of arrays that computes `emit` at every entry, `width` of them at a time."""
    module = ir.Module()
    integer = ir.IntType(64)
    pointer = FORMATS[dtype].type.as_pointer()
    signature = ir.FunctionType(ir.VoidType(), [integer, *[pointer] * (operands + 1)])
    function = ir.Function(module, signature, "kernel")
    size, *pointers = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    whole = builder.and_(size, ir.Constant(integer, -width))
    zero = ir.Constant(integer, 0)
    loop(function, pointers, zero, whole, Lanes(builder, dtype, width, fused=fused), emit)
    loop(function, pointers, whole, size, Lanes(builder, dtype, 1, fused=fused), emit)
    builder.ret_void()

    machine = target_machine(portable)
    compiled = binding.parse_assembly(str(module))
    compiled.verify()
    passes = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(3))
    passes.getModulePassManager().run(compiled, passes)
    engine = binding.create_mcjit_compiler(compiled, machine)
    call = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (operands + 1))(
        engine.get_function_address("kernel")
    )

    def run(*arrays):
        inputs = [np.ascontiguousarray(a, dtype) for a in arrays]
        out = np.empty_like(inputs[0])
        call(out.size, out.ctypes.data, *(a.ctypes.data for a in inputs))
        return out

    run.engine, run.call = engine, call  # the code lives as long as its engine
    run.assembly = lambda: machine.emit_assembly(compiled)
    return run
