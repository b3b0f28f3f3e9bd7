"""An expression as a person would write it: without brackets that it does not need, with slices."""

from __future__ import annotations

import ast


def neat(text: str) -> str:
    """An expression without the brackets that it does not need, and with slices and transposes as
    people write them: ``a[(0, slice(1, None, None))]`` is ``a[0, 1:]``."""
    tree = Neat().visit(ast.parse(text, mode="eval").body)
    text = ast.unparse(tree)
    return text if '"' in text else text.replace("'", '"')


class Neat(ast.NodeTransformer):
    """Rewrites what has a shorter form."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.slice = self.key(node.slice)
        self.generic_visit(node)
        return node

    def key(self, key: ast.expr) -> ast.expr:
        """What stands between the brackets, in its shortest form."""
        match key:
            case ast.Call(
                func=ast.Name(id="filled"), args=[ast.Tuple(elts=keys), ast.Tuple(elts=xs)]
            ):
                rest = iter(xs)
                holes = [isinstance(k, ast.Name) and k.id == "HOLE" for k in keys]
                filled = [next(rest) if hole else k for k, hole in zip(keys, holes, strict=True)]
                key = ast.Tuple(filled, ast.Load())
        if not isinstance(key, ast.Tuple):
            return slice_of(key)
        parts = [slice_of(part) for part in key.elts]
        alone = len(parts) == 1 and not isinstance(parts[0], (ast.Tuple, ast.List))
        return parts[0] if alone else ast.Tuple(parts, ast.Load())

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """What is quicker for arrays is not worth the question whether it is one."""
        asked = "__class__ in PYTHON_SCALARS" in ast.unparse(node.test)
        return self.visit(node.body) if asked else self.generic_visit(node)  # type: ignore[no-any-return,return-value]

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        if any(
            isinstance(slice_of(part), ast.Slice) and part is not slice_of(part)
            for part in node.elts
        ):
            parts: list[ast.expr] = [slice_of(part) for part in node.elts]
            return self.picked(ast.Tuple(parts, ast.Load()))
        return self.generic_visit(node)  # type: ignore[return-value]

    def picked(self, key: ast.Tuple) -> ast.expr:
        """A key that stands alone: ``np.s_[:, 1:]``."""
        s = ast.Attribute(ast.Name("np", ast.Load()), "s_", ast.Load())
        return self.generic_visit(ast.Subscript(s, key, ast.Load()))  # type: ignore[return-value]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(...) if node.id == "Ellipsis" else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id == "filled":
            key = self.key(node)
            is_tuple = isinstance(key, ast.Tuple)
            return self.picked(key if is_tuple else ast.Tuple([key], ast.Load()))  # type: ignore[arg-type]
        self.generic_visit(node)
        match ast.unparse(node.func), node.args, node.keywords:
            case "np.transpose", [a, axes], [] if is_reversal(axes):
                return ast.Attribute(a, "T", ast.Load())
            case "np.matmul", [a, b], []:
                return ast.BinOp(a, ast.MatMult(), b)
        match node.func:
            case ast.Attribute(attr="transpose", value=a):
                order = [getattr(x, "value", None) for x in node.args]
                if len(order) > 1 and order == [*range(len(order))][::-1]:
                    return ast.Attribute(a, "T", ast.Load())
        return node


def is_reversal(axes: ast.expr) -> bool:
    text = ast.unparse(axes)
    count = text.count("-")
    return count > 1 and text == str(tuple(range(-1, -1 - count, -1)))


def slice_of(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Name(id="slice"), args=[_, _, _]):
            ends = [None if getattr(x, "value", 0) is None else x for x in node.args]
            return ast.Slice(*ends)
    return node
