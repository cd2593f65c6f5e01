"""Find what a package's module may import at run time, from its source; `reach` keeps those files.

This overestimates, unlike `syntax`, which reads the project's own files to report missing imports: an extra name costs
some bytes, a missing one breaks the function. A computed name is resolved if the file contains all its possible values;
otherwise the file counts as computing imports.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_IMPORTING = frozenset({"import_module", "__import__"})
_LOOKING = frozenset({"find_spec", "files", "get_data", "open_text", "read_text", "open_binary", "read_binary", "path"})
#: What imports files that it finds by itself, or by names from elsewhere.
_ANY = frozenset({
    "walk_packages", "iter_modules", "run_module", "run_path", "spec_from_file_location", "SourceFileLoader",
    "ExtensionFileLoader", "load_source", "load_dynamic", "resolve_name",
})  # fmt: skip
_METADATA = frozenset({"version", "distribution", "metadata", "requires", "get_distribution", "require"})
_METADATA_OF_ALL = frozenset({"distributions", "packages_distributions"})
_ENTRY_POINTS = frozenset({"entry_points", "iter_entry_points"})
_METADATA_MODULES = ("importlib.metadata", "importlib_metadata", "pkg_resources")
_HERE = frozenset({"__name__", "__package__"})
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_FILE = re.compile(r"[\w.\- ]{1,80}\.\w{1,12}")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PLATFORM, _SYSTEM = "linux", "posix"  # what Lambda runs


class Facts(NamedTuple):
    """The behaviour of a module that matters for packaging.

    Attributes:
        imports: names of modules; `a.*` means all below `a`.
        required: imports without which the module itself fails to import.
        stars: modules imported with `*`.
        exports: its own `__all__`.
        strings: strings that may name a module or file.
        attributes: names of attributes read or set.
        words: words in its strings except docstrings.
        by_method: the imports inside of methods, by the name of the method; they are among `imports` too.
        computed: calls that import an unknown module.
        metadata: packages whose metadata it asks for; `*` for any.
        entry_points: whether it looks up entry points.
    """

    imports: list[str]
    required: list[str]
    stars: list[str]
    exports: list[str]
    strings: list[str]
    attributes: list[str]
    words: list[str]
    by_method: dict[str, list[str]]
    computed: list[str]
    metadata: list[str]
    entry_points: bool

    def to_bytes(self) -> bytes:
        """Serialize for the cache."""
        return json.dumps(self, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """Deserialize from the cache."""
        return cls(*json.loads(kept))


def read_facts(text: bytes, package: Sequence[str], version: tuple[int, int]) -> Facts:
    """Analyze a module.

    Args:
        text: its source.
        package: the names of the package it is in, or which it is.
        version: the target's Python.

    Returns:
        The facts; a file that this Python cannot parse may import anything.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Facts([], [], [], [], [], [], [], {}, ["a file that cannot be read"], ["*"], entry_points=True)
    return _Reader(tree, package, version).facts()


class _Reader:
    def __init__(self, tree: ast.Module, package: Sequence[str], version: tuple[int, int]) -> None:
        self._tree, self._package, self._version = tree, list(package), version
        self._imports: dict[str, None] = {}
        self._stars: dict[str, None] = {}
        self._strings: dict[str, None] = {}
        self._attributes: set[str] = set()
        self._words: set[str] = set()
        self._by_method: dict[str, list[str]] = {}
        self._computed: list[str] = []
        self._metadata: dict[str, None] = {}
        self._entry_points = False
        self._calls: list[ast.Call] = []

    def facts(self) -> Facts:
        self._visit(self._tree, None)
        self._tables = dict(_tables(self._tree))
        self._loops = _loops(self._tree)
        asks_metadata = any(name.startswith(_METADATA_MODULES) for name in self._imports)
        for call in self._calls:
            self._read_call(call, asks_metadata=asks_metadata)
        return Facts(
            list(self._imports),
            self._required(),
            list(self._stars),
            _exports(self._tree),
            list(self._strings),
            sorted(self._attributes),
            sorted(self._words),
            self._by_method,
            self._computed,
            list(self._metadata),
            self._entry_points,
        )

    def _required(self) -> list[str]:
        found: dict[str, None] = {}
        for node in self._tree.body:
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom) and (base := self._base(node)):
                found[base] = None
        return list(found)

    def _visit(self, node: ast.AST, method: str | None) -> None:
        waiting: list[tuple[ast.AST, str | None, bool]] = [(node, method, False)]
        while waiting:
            node, method, in_class = waiting.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                method = node.name if in_class and method is None else method
            elif isinstance(node, ast.If) and (holds := self._holds(node.test)) is not None:
                waiting += [(each, method, False) for each in (node.body if holds else node.orelse)]
                continue
            self._read(node, method)
            is_class = isinstance(node, ast.ClassDef)
            waiting += [(each, method, is_class) for each in ast.iter_child_nodes(node) if not _is_docstring(each)]

    def _read(self, node: ast.AST, method: str | None) -> None:
        match node:
            case ast.Import(names=names):
                self._add((each.name for each in names), method)
            case ast.ImportFrom():
                base = self._base(node)
                self._add([base] if base else [], method)
                for each in node.names:
                    if each.name == "*":
                        self._stars[base] = None
                    else:
                        self._add([f"{base}.{each.name}" if base else each.name], method)
            case ast.Constant(value=str(text)):
                if _DOTTED.fullmatch(text.partition(":")[0]):  # a module, or `module:name` as an entry point has it
                    self._strings[text.partition(":")[0]] = None
                if _FILE.fullmatch(text):
                    self._strings[text] = None
                self._words.update(_WORD.findall(text))
            case ast.Attribute(attr=name):
                self._attributes.add(name)
            case ast.Call():
                self._calls.append(node)
            case _:
                pass

    def _add(self, names: Iterable[str], method: str | None) -> None:
        for name in names:
            self._imports[name] = None
            if method is not None:
                self._by_method.setdefault(method, []).append(name)

    def _base(self, node: ast.ImportFrom) -> str:
        base = self._package[: len(self._package) - node.level + 1] if node.level else []
        return ".".join([*base, *(node.module.split(".") if node.module else [])])

    def _read_call(self, call: ast.Call, *, asks_metadata: bool) -> None:
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in _ANY:
            self._computed.append(ast.unparse(call))
        elif name in _IMPORTING and call.args:
            found = self._names(call)
            if found is None:
                self._computed.append(ast.unparse(call))
            else:
                self._imports |= dict.fromkeys(found)
        elif name in _LOOKING and call.args:
            self._imports |= dict.fromkeys(self._names(call) or ())
        if asks_metadata and name in _METADATA and call.args:
            asked = call.args[0]
            is_known = isinstance(asked, ast.Constant) and isinstance(asked.value, str)
            self._metadata[asked.value if is_known else "*"] = None  # type: ignore[attr-defined]
        elif asks_metadata and name in _METADATA_OF_ALL:
            self._metadata["*"] = None
        self._entry_points |= name in _ENTRY_POINTS

    def _names(self, call: ast.Call) -> list[str] | None:
        """Return the possible values of a call's first argument, as absolute names; None if unknown."""
        parts = _parts(call.args[0])
        if parts is None or not parts:
            return None
        match parts:
            case [str(name)]:
                return [self._absolute(name)]
            case [ast.Name(id=name)] if name in self._loops:
                return [self._absolute(each) for each in self._loops[name]]
            case _:
                pass
        text = ""
        for index, part in enumerate(parts):
            if isinstance(part, str):
                text += part
            elif isinstance(part, ast.Name) and part.id in _HERE:
                text += ".".join(self._package)
            elif isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and index == len(parts) - 1:
                if (table := self._tables.get(part.value.id)) is not None:
                    return [self._absolute(text + each) for each in table]
                break
            else:
                break
        below, dot, _ = self._absolute(text).rpartition(".")
        return [f"{below}.*"] if dot and below else None

    def _absolute(self, name: str) -> str:
        level = len(name) - len(name.lstrip("."))
        if not level:
            return name
        base = self._package[: len(self._package) - level + 1]
        return ".".join([*base, name.lstrip(".")])

    def _holds(self, test: ast.expr) -> bool | None:
        """Return whether a condition holds on the target; None where that is not known."""
        match test:
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                return False
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._holds(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op=operation, values=values):
                found = [self._holds(each) for each in values]
                decides = isinstance(operation, ast.Or)
                return decides if decides in found else (None if None in found else not decides)
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self._compared(ast.unparse(left), operator, right)
            case _:
                return None

    def _compared(self, left: str, operator: ast.cmpop, right: ast.expr) -> bool | None:  # noqa: PLR0911 - a table
        try:
            value = ast.literal_eval(right)
        except ValueError:
            return None
        known = {"sys.platform": _PLATFORM, "os.name": _SYSTEM}.get(left)
        if known is not None and isinstance(operator, ast.Eq | ast.NotEq):
            return (known == value) is isinstance(operator, ast.Eq)
        if (
            left != "sys.version_info"
            or not isinstance(value, tuple)
            or not all(isinstance(each, int) for each in value)
        ):
            return None
        if value[:2] == self._version and len(value) > 2:
            return None
        match operator:
            case ast.GtE():
                return self._version >= value
            case ast.Lt():
                return self._version < value
            case _:
                return None


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parts(node: ast.expr) -> list[str | ast.expr] | None:  # noqa: PLR0911 - a table
    """Split a string expression into its literal and computed parts."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            found: list[str | ast.expr] = []
            for each in values:
                found += _parts(each.value if isinstance(each, ast.FormattedValue) else each) or [each]
            return found
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _parts(left), _parts(right)
            return None if first is None or second is None else [*first, *second]
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return [text.partition("%")[0], node]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return [text.partition("{")[0], node]
        case ast.Constant():
            return None
        case _:
            return [node]


def _tables(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Yield the literal dicts of strings in the module, by name."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict(values=values))
            ) if all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in values):
                yield name, [str(each.value) for each in values if isinstance(each, ast.Constant)]
            case _:
                pass


def _loops(tree: ast.Module) -> dict[str, list[str]]:
    """Return the names that are bound only by loops over literal strings, with the strings."""
    found: dict[str, list[str]] = {}
    times: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                times[name] = times.get(name, 0) + 1
            case (
                ast.For(target=ast.Name(id=name), iter=ast.Tuple(elts=each) | ast.List(elts=each))
                | ast.comprehension(target=ast.Name(id=name), iter=ast.Tuple(elts=each) | ast.List(elts=each))
            ):
                texts = [one.value for one in each if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if len(texts) == len(each):
                    found[name] = texts
            case _:
                pass
    return {name: texts for name, texts in found.items() if times[name] == 1}


def _exports(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=ast.Tuple(elts=each) | ast.List(elts=each))
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.Tuple(elts=each) | ast.List(elts=each))
                | ast.AugAssign(target=ast.Name(id="__all__"), value=ast.Tuple(elts=each) | ast.List(elts=each))
            ):
                found += [one.value for one in each if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            case _:
                pass
    return found
