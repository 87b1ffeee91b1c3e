"""What the code of apps/ and config/ does with the environment, read from its syntax trees."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

READER = "config/env.py"
READING = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
# Only a file that has one of these words is parsed.
SIGNS = re.compile(r"environ|getenv|putenv|unsetenv|dotenv|\bENV\b|\benv\b|\bload\(")


def trees(root: Path) -> Iterator[tuple[str, ast.AST]]:
    """Each file that could have to do with the environment, and its tree."""
    for path in [
        root / "manage.py",
        *sorted(root.glob("apps/**/*.py")),
        *root.glob("config/**/*.py"),
    ]:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if SIGNS.search(text):
            yield path.relative_to(root).as_posix(), ast.parse(text)


def past_the_declarations(files: Iterable[tuple[str, ast.AST]]) -> tuple[str, ...]:
    """Where the environment is read past config/env.py, as path:line."""
    return tuple(
        f"{name}:{place.lineno}"
        for name, tree in files
        if name != READER
        for places in [list(touches(tree))]
        if not (len(places) == 1 and sets_the_settings_module(tree))
        for place in places
    )


def touches(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Each place that reads or writes the process's environment, or a .env file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in READING:
                yield node
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module == "dotenv" or (
                node.module in {"os", "posix"} and names & {*READING, "*"}
            ):
                yield node
        elif isinstance(node, ast.Import) and any(a.name == "dotenv" for a in node.names):
            yield node


def sets_the_settings_module(tree: ast.AST) -> bool:
    """Whether a file names the settings, once; if it touches the environment once, that is all."""
    named = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "os.environ['DJANGO_SETTINGS_MODULE']"
    ]
    return len(named) == 1


def read_variables(files: Iterable[tuple[str, ast.AST]], declared: Iterable[str]) -> set[str]:
    """Which of the declared variables some code takes from the parsed environment."""
    declared = set(declared)
    return {name for _, tree in files for name in readings(tree, declared)}


def readings(tree: ast.AST, declared: set[str]) -> Iterator[str]:
    """`ENV.NAME`, `load().NAME`, and what `getattr(env, f"{…}_NAME")` may stand for."""
    for node in ast.walk(tree):
        # The cheap question first: there are thousands of nodes.
        if isinstance(node, ast.Attribute):
            if node.attr in declared and is_environment(node.value):
                yield node.attr
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "getattr"
            and len(node.args) > 1
            and is_environment(node.args[0])
        ):
            pattern = re.compile(as_pattern(node.args[1]))
            yield from (name for name in declared if pattern.fullmatch(name))


def is_environment(node: ast.expr) -> bool:
    """Whether an expression is the parsed environment, by the names that it goes under."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in {"load", "env.load", "read"}
    return ast.unparse(node) in {"ENV", "env", "self", "settings.ENV"}


def as_pattern(node: ast.expr) -> str:
    """An expression for the texts that a name in the code may have."""
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value))
    if isinstance(node, ast.JoinedStr):
        return "".join(as_pattern(part) for part in node.values)
    return ".+"
