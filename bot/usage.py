"""Which phrases the code says, asks and labels buttons with, and which values it fills them with: read from source."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

# Calls that say a phrase: the name of what is called, and which argument names the phrase.
SAYING = {"Say": 0, "remark": 0, "say": 0}
# Attributes of Phrases by whose keys the others are had.
KEYED = {"asks": "ask", "buttons": "button"}

_QUOTED = re.compile(r"""["']([\w.-]+)["']""")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where code names a phrase; `given` are the values it is filled with, None where source can't tell.

    `kind` is "say", "ask" or "button", `function` is where it stands. A name put together at run time has a * for
    what is not known.
    """

    kind: str
    name: str
    file: str
    line: int
    function: str
    given: frozenset[str] | None = frozenset()

    def means(self, name: str) -> bool:
        """Whether the use may be of this phrase."""
        return fnmatchcase(name, self.name)


@dataclass(slots=True)
class Usage:
    """All uses in the source, and every word that stands in quotes anywhere in code and templates."""

    uses: list[Use] = field(default_factory=list)
    words: set[str] = field(default_factory=set)

    def names(self, kind: str, name: str) -> bool:
        """Whether anything may use the phrase; a word in quotes is enough, as names are handed on."""
        return name in self.words or any(use.kind == kind and use.means(name) for use in self.uses)


@dataclass(frozen=True, slots=True)
class _Saying:
    """A function that says what one of its arguments names; `given` None where the values are the call's own."""

    argument: int
    given: frozenset[str] | None = None
    own: bool = True


def read(root: Path, folders: Sequence[str] = ("dialogs", "bot")) -> Usage:
    """The uses in all Python files and templates of these folders."""
    usage = Usage()
    sources = _Sources()
    for path in (path for folder in folders for path in sorted((root / folder).rglob("*"))):
        if path.suffix == ".py":
            sources.add(str(path.relative_to(root)), path.read_text(encoding="utf-8"))
        elif path.suffix in (".j2", ".html"):
            usage.words |= set(_QUOTED.findall(path.read_text(encoding="utf-8")))
    usage.words |= sources.words()
    usage.uses += sources.uses()
    return usage


@dataclass(frozen=True, slots=True)
class _Within:
    """The file and the function in which something stands; no function at the top of a file."""

    file: str
    function: ast.FunctionDef | None = None


class _Sources:
    """All modules, with what is looked up across them: functions and tables of constants."""

    def __init__(self) -> None:
        self.trees: dict[str, ast.Module] = {}
        self.functions: list[tuple[_Within, ast.FunctionDef]] = []
        self.tables: dict[str, ast.Dict] = {}

    def add(self, file: str, text: str) -> None:
        """Take in one module."""
        tree = self.trees[file] = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                self.functions.append((_Within(file, node), node))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                self.tables |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}

    def words(self) -> set[str]:
        """Every text that stands in quotes."""
        nodes = (node for tree in self.trees.values() for node in ast.walk(tree))
        return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}

    def uses(self) -> Iterator[Use]:
        """All uses, in the order of the files."""
        saying = self.saying()
        for within, node in (found for file, tree in self.trees.items() for found in _nodes(tree, _Within(file))):
            inside = within.function.name if within.function else ""
            match node:
                case ast.Call() if _called(node) in saying:
                    said = saying[_called(node)]
                    given = self.given(node, within) if said.own else said.given
                    for name in [*self.names(_argument(node, said.argument)), *self.names(_described(node))]:
                        yield Use("say", name, within.file, node.lineno, inside, given)
                case ast.Subscript(value=ast.Attribute(attr=attribute), slice=key) if attribute in KEYED:
                    for name in self.names(key):
                        yield Use(KEYED[attribute], name, within.file, node.lineno, inside)

    def saying(self) -> dict[str, _Saying]:
        """The calls that say, and the functions that hand an argument of theirs on to one."""
        found = {name: _Saying(argument) for name, argument in SAYING.items()}
        while True:
            more: dict[str, _Saying] = {}
            for within, function in self.functions:
                parameters = [a.arg for a in function.args.args if a.arg != "self"]
                for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                    said = found.get(_called(call))
                    handed = _argument(call, said.argument) if said else None
                    if said and isinstance(handed, ast.Name) and handed.id in parameters and function.name not in found:
                        given = self.given(call, within) if said.own else said.given
                        more[function.name] = _Saying(parameters.index(handed.id), given, own=False)
            if not more:
                return found
            found |= more

    def names(self, node: ast.expr | None) -> list[str]:
        """The names that an expression may have for its value."""
        match node:
            case ast.Constant(value=str(name)) if name:
                return [name]
            case ast.IfExp(body=one, orelse=other):
                return [*self.names(one), *self.names(other)]
            case ast.Subscript(value=ast.Name(id=table)) if table in self.tables:
                return [name for value in self.tables[table].values for name in self.names(value)]
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[key, default]):
                return [*self.names(ast.Subscript(table, key)), *self.names(default)]
            case ast.JoinedStr(values=parts):
                return ["".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in parts)]
        return []

    def given(self, call: ast.Call, within: _Within) -> frozenset[str] | None:
        """The names of the values that a call fills its phrase with."""
        if _called(call) == "Say":
            values = _argument(call, 1) or next((k.value for k in call.keywords if k.arg == "values"), None)
            return frozenset() if values is None else self.keys(values, within)
        if any(keyword.arg is None for keyword in call.keywords):
            return None
        return frozenset(keyword.arg for keyword in call.keywords if keyword.arg)

    def keys(self, node: ast.expr, within: _Within) -> frozenset[str] | None:
        """The keys of a dict as written, as assigned in the function, or as returned by a function of ours."""
        match node:
            case ast.Dict(keys=keys):
                names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
                return frozenset(names) if len(names) == len(keys) else None
            case ast.Call():
                return self.returned(_called(node), within)
            case ast.Name(id=name) if within.function:
                assigned = (other for other in ast.walk(within.function) if isinstance(other, ast.Assign))
                for other in assigned:
                    if any(isinstance(target, ast.Name) and target.id == name for target in other.targets):
                        return self.keys(other.value, within)
        return None

    def returned(self, name: str, within: _Within) -> frozenset[str] | None:
        """The keys that a function's dict is sure to have; one of the same file goes before others of its name."""
        named = [(where, function) for where, function in self.functions if function.name == name]
        own = [(where, function) for where, function in named if where.file == within.file]
        if len(own or named) != 1:
            return None
        ((where, function),) = own or named
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        found = [self.keys(value, where) for value in values]
        known = [keys for keys in found if keys is not None]
        return frozenset.intersection(*known) if known and len(known) == len(found) else None


def _nodes(tree: ast.AST, within: _Within) -> Iterator[tuple[_Within, ast.AST]]:
    """Every node with the function in which it stands."""
    for child in ast.iter_child_nodes(tree):
        inner = _Within(within.file, child) if isinstance(child, ast.FunctionDef) else within
        yield inner, child
        yield from _nodes(child, inner)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, place: int) -> ast.expr | None:
    return call.args[place] if len(call.args) > place else None


def _described(call: ast.Call) -> ast.expr | None:
    """The phrase of the words for a picture, the third of the values that name it."""
    picture = next((keyword.value for keyword in call.keywords if keyword.arg == "picture"), None)
    return picture.elts[2] if isinstance(picture, ast.Tuple) and len(picture.elts) == 3 else None
