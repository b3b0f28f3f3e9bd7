"""A scheduled program as native code, by LLVM."""
