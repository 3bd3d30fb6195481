"""Every small change of a module that the tests must notice: mutmut's operators, and those that it does not have.

mutmut finds the changes of operators, numbers, arguments, assignments, branches and plain strings. Its own runner puts
them behind trampolines, which cannot reach module level, class bodies, decorated functions and the text of
f-strings; so its operators alone are used here, on the whole module, and these stand beside them:

- an order comparison turned round (``>`` to ``<=``), a condition negated, a filter of a comprehension left out;
- a statement left out; a bare ``return`` or ``continue`` left out;
- ``min`` for ``max``, ``any`` for ``all``, another rounding, a digit more in a quoted number, a minus left out;
- a text put around the words of an f-string.

Not changed: types and annotations (mypy's concern), docstrings, imports, ``__all__``, decorators, and the assertions
that only tell mypy a type (``assert isinstance(...)``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators

Kind = Literal["threshold", "logic", "words"]
# What people read: a text with a Chinese character or mark. Names of tables, columns and choices are no such text.
_CHINESE = re.compile("[\u2e80-\u9fff\uff00-\uffef“”×÷−≥≤]")
_TURNED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}
_ORDERING = (*_TURNED, cst.Equal, cst.NotEqual)
_OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Module:
    """One source file, taken apart into its top-level statements."""

    path: str
    source: str

    @cached_property
    def wrapper(self) -> MetadataWrapper:
        """The parsed source with positions and parents."""
        return MetadataWrapper(cst.parse_module(self.source))

    @cached_property
    def codes(self) -> list[str]:
        """The source of each top-level statement; joined they are the file, less its header and footer."""
        return [self.wrapper.module.code_for_node(statement) for statement in self.wrapper.module.body]

    def with_statement(self, index: int, statement: cst.CSTNode) -> str:
        """Return the source with another statement in place of a top-level one."""
        whole = self.wrapper.module
        code = whole.code_for_node(statement)
        before, after = "".join(self.codes[:index]), "".join(self.codes[index + 1 :])
        header = "".join(whole.code_for_node(line) for line in whole.header)
        footer = "".join(whole.code_for_node(line) for line in whole.footer)
        return header + before + code + after + footer


@dataclass(frozen=True)
class Mutant:
    """One change: where, what kind, and how to make the changed source."""

    module: Module
    function: str
    line: int
    kind: Kind
    statement: int
    old: cst.CSTNode
    new: cst.CSTNode

    @cached_property
    def source(self) -> str:
        """The whole changed file."""
        top = self.module.wrapper.module.body[self.statement]
        changed = deep_replace(top, self.old, self.new)
        assert isinstance(changed, cst.CSTNode)
        return self.module.with_statement(self.statement, changed)

    @cached_property
    def change(self) -> tuple[str, str]:
        """The lines that the change takes out and those that it puts in, without their indent."""
        was, now = self.module.source.splitlines(), self.source.splitlines()
        while was and now and was[0] == now[0]:
            del was[0], now[0]
        while was and now and was[-1] == now[-1]:
            del was[-1], now[-1]
        return " ".join(map(str.strip, was)), " ".join(map(str.strip, now))

    @property
    def name(self) -> str:
        """Name file, line and function."""
        return f"{self.module.path}:{self.line} {self.function}"


def mutants_of(path: Path, root: Path, names: frozenset[str]) -> list[Mutant]:
    """Return every mutant of a file, in the order of the file.

    ``names`` are the texts that are data, not words: tables, columns and their choices.
    """
    module = Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    visitor = _Finder(module, names)
    module.wrapper.visit(visitor)
    return visitor.found


class _Finder(cst.CSTVisitor):
    """Walks a module and collects its mutants."""

    METADATA_DEPENDENCIES = (PositionProvider, ParentNodeProvider)

    def __init__(self, module: Module, names: frozenset[str]) -> None:
        super().__init__()
        self.module = module
        self.names = names
        self.found: list[Mutant] = []
        self.path: list[str] = []
        self.top = {id(node): index for index, node in enumerate(module.wrapper.module.body)}
        self.statement = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if id(node) in self.top:
            self.statement = self.top[id(node)]
        if self._left_alone(node):
            return False
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.path.append(node.name.value)
        for kind, new in self._changes(node):
            line = self.get_metadata(PositionProvider, node).start.line
            function = ".".join(self.path) or "module"
            self.found.append(Mutant(self.module, function, line, kind, self.statement, node, new))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self.path.pop()

    def _left_alone(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)):
            return True
        if isinstance(node, cst.Expr) and isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString)):
            return True
        if isinstance(node, cst.Assert):
            return _calls(node.test, "isinstance")
        if isinstance(node, cst.Assign):
            alias = node.value.value if isinstance(node.value, cst.Subscript) else None
            a_type = isinstance(alias, cst.Name) and alias.value in ("Literal", "Callable")
            return a_type or _sets(node, "__all__")
        if isinstance(node, cst.AnnAssign) and isinstance(node.annotation.annotation, cst.Name):
            return node.annotation.annotation.value == "TypeAlias"
        return isinstance(node, cst.Call) and (_calls(node, "isinstance") or _calls(node, "len"))

    def _changes(self, node: cst.CSTNode) -> Iterator[tuple[Kind, cst.CSTNode]]:
        ordering = isinstance(node, cst.ComparisonTarget) and isinstance(node.operator, _ORDERING)
        kind: Kind = "threshold" if ordering else "words" if self._is_words(node) else "logic"
        for type_, operator in mutation_operators:
            if isinstance(node, type_):
                for new in operator(node):
                    yield kind, new
        for new in _more(node):
            yield kind, new

    def _is_words(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FormattedStringText):
            return not isinstance(self.get_metadata(ParentNodeProvider, node), cst.FormattedStringExpression)
        if not isinstance(node, cst.SimpleString):
            return False
        value = node.evaluated_value
        return isinstance(value, str) and bool(_CHINESE.search(value)) and value not in self.names


def _calls(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == name


def _sets(node: cst.Assign, name: str) -> bool:
    return any(isinstance(target.target, cst.Name) and target.target.value == name for target in node.targets)


def _more(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """Return the changes that mutmut does not make."""
    if isinstance(node, cst.ComparisonTarget) and type(node.operator) in _TURNED:
        yield node.with_changes(operator=_TURNED[type(node.operator)]())
    elif isinstance(node, cst.If):
        yield node.with_changes(test=_negated(node.test), whitespace_before_test=cst.SimpleWhitespace(" "))
    elif isinstance(node, cst.CompIf):
        yield node.with_changes(test=cst.Name("True"), whitespace_before_test=cst.SimpleWhitespace(" "))
    elif isinstance(node, (cst.Continue, cst.Expr, cst.AugAssign)) or (
        isinstance(node, cst.Return) and node.value is None
    ):
        yield cst.Pass()
    elif isinstance(node, cst.Name) and node.value == "ROUND_HALF_UP":
        yield cst.SimpleString('"ROUND_HALF_EVEN"')
    elif isinstance(node, cst.Name) and node.value in _OTHER_NAME:
        yield node.with_changes(value=_OTHER_NAME[node.value])
    elif isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        yield node.expression
    elif isinstance(node, cst.FormattedStringText):
        yield node.with_changes(value=f"XX{node.value}XX")
    elif isinstance(node, cst.SimpleString) and re.fullmatch(r'"\d+\.\d+"', node.value):
        yield node.with_changes(value=f'{node.value[:-1]}1"')


def _negated(test: cst.BaseExpression) -> cst.BaseExpression:
    inner = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(operator=cst.Not(), expression=inner)


def all_mutants(files: Sequence[Path], root: Path, names: frozenset[str]) -> list[Mutant]:
    """Return every mutant of the files that changes them at all, each change once."""
    return [mutant for path in files for mutant in mutants_of(path, root, names)]
