"""The rooms of the package in reading order: what each holds, and which may use which."""

# A row a layer: a room imports only rooms in earlier rows of this table. A room is a package of
# autodiff/, with a phrase for what is in it; a module of one file has a place too, and its
# docstring says what it is. CONTRIBUTING.md shows the same table to a reader.
LAYERS: tuple[dict[str, str], ...] = (
    {"base": "errors, shapes, files, trees of containers, bounded caches: nothing mathematical"},
    {"rules": "what a row of the table is; how both modes follow from it, kind by kind"},
    {"primitives": "the table: every operation with its derivative, one row each"},
    {"arrays": "the tracked array, and NumPy's protocols that lead to the rows", "tree": ""},
    {
        "numpy_api": "NumPy's functions on tracked values, each with NumPy's own signature",
        "engine": "the graph, and a page for each sweep; fused/ has what is written out for speed",
    },
    {
        "linalg": "the linear algebra that NumPy lacks, under SciPy's names",
        "special": "",
        "programs": "traced functions: graphs with names, printed, saved, loaded and exported",
    },
    {"transforms": "grad, jvp, Jacobians, vmap, checkpoint, ...; custom/ has the user's own rules"},
    {
        "implicit": "derivatives of solutions of equations: root, fixed_point, argmin",
        "compiler": "programs as machine code: ir/, outside/, lowering/, scheduling/, llvm/",
        "explanation": "both sweeps for a reader: steps, rules in symbols, tables, LaTeX, pictures",
        "extend": "",
    },
    {"checking": "is a derivative right, and if not, why: check, diagnose, raise_on_nonfinite"},
    {"__init__": ""},  # the public names
    {"command": "the command line"},
    {"__main__": ""},
)
# Rows of one room each, just before `__init__` and not counted: what a user imports by its name.
NAMESPACES: dict[str, str] = {
    "sparse": "sparse Jacobians and Hessians: patterns, colours, compressed sweeps",
    "stats": "the distributions of scipy.stats, as formulas over rows",
    "numpy": "NumPy's names, for programs that fill arrays",
    "compat": "other engines' names and conventions, on this engine",
}
# The rooms within a room, by the same rule; "" is what lies in the room itself.
WITHIN: dict[str, tuple[str, ...]] = {
    "primitives": ("", "linalg", "special"),
    "engine": ("", "fused"),
    "transforms": ("custom", "loops", ""),
    "compiler": ("ir", "outside", "lowering", "scheduling", "numpy_source", "llvm", ""),
    "checking": ("diagnosis", ""),
}

MOST_LAYERS, MOST_ENTRIES = 12, 20

# What makes a row, or defines what a row is; `custom` makes rows of rules that the user wrote.
MAKERS = {"rules/kinds.py", "rules/primitive.py", "transforms/custom/rule.py"}
# What runs the text that it wrote itself.
WRITERS = {"engine/fused/operation.py", "compiler/numpy_source/source.py"}
# The submodules that users import by name.
PUBLIC = {"extend", "implicit", "linalg", "numpy", "sparse", "special", "stats", "tree"}
