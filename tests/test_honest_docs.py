"""The documentation says what is there, and what is there is documented."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import click
import pytest
import yaml

from runner import cli, errors, sync
from runner.cli import main
from runner.marts import Column, Mart
from runner.settings import Settings, Source
from runner.trace import declared, queries
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*/**/*.md"))
    if not {".venv", ".almoner", "node_modules"} & set(path.relative_to(ROOT).parts)
]
MODELS = sorted((ROOT / "models").rglob("*.sql"))
MACROS = sorted((ROOT / "macros").rglob("*.sql"))
SEEDS = sorted((ROOT / "seeds").glob("*.csv"))
MODULES = sorted((ROOT / "runner").rglob("*.py"))

name_of_path = {"ids": lambda path: path.stem}


# -- commands --------------------------------------------------------------------------------


def _leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(CONTEXT):
            child = command.get_command(CONTEXT, name)
            assert child is not None, f"there is no command almoner {' '.join((*path, name))}"
            yield from _leaves(child, (*path, name))
    else:
        yield path, command


CONTEXT = click.Context(main)
COMMANDS = dict(_leaves(main))


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name[:2] == "--"}


def _documented() -> dict[tuple[str, ...], str]:
    """Give the rows of the README's table of commands."""
    rows = {}
    for line in README.splitlines():
        if line.startswith("| `almoner "):
            words = line.split("`")[1].split()[1:]
            rows[_path(words)] = line
    return rows


def _path(words: list[str]) -> tuple[str, ...]:
    """Give the command that words name, without its arguments."""
    found: click.Command = main
    path: tuple[str, ...] = ()
    while words and words[0].startswith("--"):  # an option of almoner itself, with its value
        assert words[0] in _options(main), words[0]
        words = words[2:]
    for word in words:
        if not isinstance(found, click.Group):
            break
        child = found.get_command(CONTEXT, word)
        assert child is not None, f"there is no command almoner {' '.join((*path, word))}"
        found, path = child, (*path, word)
    return path


def test_each_command_is_found_by_its_name() -> None:
    for module in iter_modules(cli.__path__):
        import_module(f"runner.cli.{module.name}")
    assert set(main.commands) == set(main.list_commands(CONTEXT))
    assert dict(_leaves(main)) == COMMANDS


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_and_option_is_in_the_readme(path: tuple[str, ...]) -> None:
    row = _documented()[path]
    wanted = _options(COMMANDS[path]) - {"--json"}
    assert set(re.findall(r"--[a-z-]+", row)) == wanted


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_and_option_has_its_help(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert not command.get_short_help_str(limit=68).endswith("..."), "too long for a list"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def _commands_in(text: str) -> Iterator[list[str]]:
    """Give the words of each `almoner …` in code: blocks, console blocks and back-quotes."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    for line in lines:
        for part in re.split(r"\s*(?:&&|\||;|#)\s*", line):
            if part.startswith("almoner "):
                yield [word for word in shlex.split(part)[1:] if word != "…"]


def _assert_runs(words: list[str]) -> None:
    path = _path(words)
    assert path, words
    if path not in COMMANDS:
        return  # a group, named as such
    given = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}
    assert given <= _options(COMMANDS[path]) | _options(main) | {"--help"}, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_document_exist(path: Path) -> None:
    for words in _commands_in(path.read_text()):
        _assert_runs(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_and_make_targets_of_a_document_exist(path: Path) -> None:
    text = path.read_text()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / link).exists(), link
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for used in re.findall(r"`make ([a-z]+)", text) + re.findall(r"^make ([a-z]+)", text, re.M):
        assert used in targets


def test_every_setting_is_in_the_example() -> None:
    text = (ROOT / "almoner.example.yml").read_text()
    for name in (*Settings.model_fields, *Source.model_fields):
        assert re.search(rf"^[# ]*{name}:", text, flags=re.MULTILINE), name
    Settings.model_validate(yaml.safe_load(text))


# -- errors ----------------------------------------------------------------------------------

CLASSES = {
    name: each
    for module in (errors, sync)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, errors.AlmonerError)
}


@cache
def _raised() -> list[tuple[str, ast.Call]]:
    """Give each place of the runner that makes an error: its class and its arguments."""
    calls = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", None)
            if isinstance(node, ast.Call) and name in CLASSES:
                calls.append((f"{path.name}:{node.lineno} {name}", node))
    return calls


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - {"AlmonerError"}))
def test_each_error_is_raised_and_its_exit_code_documented(name: str) -> None:
    assert any(place.endswith(f" {name}") for place, _ in _raised())
    assert f"\n| {CLASSES[name].exit_code} |" in README


@pytest.mark.parametrize(
    ("place", "call"), _raised(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_hint_is_a_command_that_exists(place: str, call: ast.Call) -> None:
    assert len(call.args) == 2, "an error has a message and a hint"
    hint = _text(call.args[1], place.split(":")[0])
    assert "`" in hint, hint
    for words in _commands_in(hint):
        _assert_runs(words)


def _text(node: ast.AST, module: str) -> str:
    """Give the text of an expression, `x` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "x"
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body, module)} {_text(node.orelse, module)}"
    if isinstance(node, ast.Name):
        return _constants(module)[node.id]
    raise AssertionError(f"write the hint out: {ast.dump(node)}")


@cache
def _constants(module: str) -> dict[str, str]:
    tree = ast.parse((ROOT / "runner" / module).read_text())
    return {
        target.id: str(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_models_of_a_document_are_what_they_look_like(path: Path) -> None:
    for block in re.findall(r"```yaml\n(models:.*?)```", path.read_text(), flags=re.DOTALL):
        for model in yaml.safe_load(block)["models"]:
            assert all(set(column) <= COLUMN_KEYS for column in model["columns"]), model["name"]


# -- rules of accounting ---------------------------------------------------------------------

RULES = set(
    re.findall(r"^\| ([RAVTS]\d+) \|", (ROOT / "models/ACCOUNTING.md").read_text(), re.MULTILINE)
)


@pytest.mark.parametrize("folder", ["models", "seeds", "macros", "tests", "runner"])
def test_each_rule_that_is_named_is_written_down(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".sql", ".yml", ".py"}]
    for path in files:
        unknown = set(re.findall(r"\b[RAVTS]\d{1,2}\b", path.read_text())) - RULES
        assert not unknown, path


# -- models and seeds ------------------------------------------------------------------------


@cache
def _properties(path: Path) -> dict[str, Any]:
    """Give what the yml beside a file says of it."""
    content = yaml.safe_load(path.with_suffix(".yml").read_text())
    kind = "seeds" if path.suffix == ".csv" else "models"
    (found,) = (entry for entry in content[kind] if entry["name"] == path.stem)
    properties: dict[str, Any] = found
    return properties


COLUMN_KEYS = {"name", "data_type", "description", "constraints", "config", "data_tests"}


def _assert_columns_are_described(path: Path) -> None:
    columns = _properties(path)["columns"]
    assert columns
    for column in columns:
        assert column.get("data_type"), column["name"]
        assert column.get("description", "").strip(), column["name"]
        assert set(column) <= COLUMN_KEYS, column  # a comma ends a text that has no quotes


@pytest.mark.parametrize("path", MODELS, **name_of_path)
def test_each_model_has_its_yml(path: Path) -> None:
    assert path.read_text().startswith("{# grain: one row per "), "say the grain first"
    assert _properties(path)["description"].strip().startswith("One row per ")
    _assert_columns_are_described(path)


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.yml")), **name_of_path)
def test_each_yml_has_its_model(path: Path) -> None:
    assert path.name == "_sources.yml" or path.with_suffix(".sql").is_file()


MARTS = [path for path in MODELS if "marts" in path.parts]


@pytest.mark.parametrize("path", MARTS, **name_of_path)
def test_each_mart_tests_its_grain(path: Path) -> None:
    properties = _properties(path)
    names = {column["name"] for column in properties["columns"]}
    grain = properties["config"]["meta"]["grain"]
    assert grain[0] == "tenant_id"
    assert set(grain) <= names
    tests = properties["data_tests"]
    assert any(test == "grain" or "grain" in test for test in tests)


@pytest.mark.parametrize("path", MARTS, **name_of_path)
def test_each_measure_of_a_mart_says_what_it_is_made_of(path: Path) -> None:
    properties = _properties(path)
    columns = tuple(
        Column(column["name"], column["data_type"], "") for column in properties["columns"]
    )
    mart = Mart(
        path.stem, "", tuple(properties["config"]["meta"]["grain"]), columns, (), None, None
    )
    rules = declared.measures(mart)
    wanted = {column.name for column in columns if declared.is_measure(mart, column.name)}
    assert rules.keys() == wanted
    for name, rule in rules.items():
        _assert_rule_is_sound(mart, name, rule)


def _assert_rule_is_sound(mart: Mart, name: str, rule: declared.Rule) -> None:
    known = {column.name for column in mart.columns}
    if isinstance(rule, declared.Case):
        assert rule.column in known
        for each in rule.rules.values():
            _assert_rule_is_sound(mart, name, each)
        return
    if isinstance(rule, declared.Formula):
        used = set(queries.names(f"{rule.text} {rule.when}"))
        assert rule.operands.keys() <= used
        for operand, each in rule.operands.items():
            assert operand not in known, f"{operand} is a column of {mart.name}"
            _assert_rule_is_sound(mart, operand, each)
    if isinstance(rule, declared.Share):
        assert {rule.measure, *rule.among} <= known
    if isinstance(rule, declared.Elsewhere):
        assert {rule.measure, *rule.at, *rule.at.values()} <= known
    if isinstance(rule, declared.Rows):
        relation = declared.relation(rule.of)
        assert {*relation.shows, *relation.order} <= set(relation.columns)
    if name.endswith(("_percent", "_rate")) or name.startswith(("average_", "share_")):
        is_quotient = isinstance(rule, declared.Formula) and "/" in rule.text
        assert is_quotient or isinstance(rule, declared.Share | declared.Untraced), name


@pytest.mark.parametrize("path", SEEDS, **name_of_path)
def test_each_seed_has_its_yml(path: Path) -> None:
    header = path.read_text().splitlines()[0].split(",")
    assert [column["name"] for column in _properties(path)["columns"]] == header
    assert _properties(path)["description"].strip().startswith("One row per ")
    _assert_columns_are_described(path)


# -- macros ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MACROS, **name_of_path)
def test_a_macro_has_a_file_of_its_own_and_its_arguments_are_described(path: Path) -> None:
    defined = {
        name: [argument.split("=")[0].strip() for argument in arguments.split(",") if argument]
        for name, arguments in re.findall(r"{%-? macro (\w+)\((.*?)\)", path.read_text())
    }
    assert set(defined) <= {path.stem}
    described = yaml.safe_load((path.parent / "_macros.yml").read_text())["macros"]
    for macro in described:
        if macro["name"] in defined:
            assert macro["description"]
            arguments = macro.get("arguments", [])
            assert [argument["name"] for argument in arguments] == defined.pop(macro["name"])
            assert all(argument["type"] and argument["description"] for argument in arguments)
    assert not defined
