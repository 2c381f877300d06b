# SPDX-License-Identifier: MIT
"""Finds the places of a C file where one token, or one statement, can be made wrong, and makes it wrong.

Only code is touched: no comment, string, preprocessor line, assertion or size of a declared array. What comes out need not
compile. The code is taken to be laid out by clang-format: an operator of two operands has blanks on both sides, and nothing else.
"""

import hashlib
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<skip>    //[^\n]* | /\*.*?\*/ | ^[ \t]*\#(?:\\\n|[^\n])* | \s+)
  | (?P<text>    [LuU]?"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
  | (?P<name>    [A-Za-z_]\w*)
  | (?P<number>  \.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<sign>    <<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

# What each operator of two operands becomes: bounds are moved by one and turned round.
OPERATORS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "&&": ("||",), "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",),
    "<<": (">>",), ">>": ("<<",), "&": ("|",), "|": ("&",), "+=": ("-=",), "-=": ("+=",), "*=": ("/=",),
}
WORDS = {"true": "false", "false": "true", "break": "continue", "continue": "break"}
INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|[1-9]\d*|0)([uUlL]*)")
ASSERTIONS = {"assert", "static_assert", "_Static_assert"}
NO_STATEMENT = {"if", "for", "while", "do", "switch", "case", "default", "return", "break", "continue", "goto", "else",
                "const", "static", "typedef", "struct", "enum", "union", *ASSERTIONS}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass(frozen=True)
class Mutation:
    """Bytes start to end of a file's text become `after`. The name outlives changes elsewhere in the file."""
    file: str
    function: str  # that it stands in; empty in a table outside of functions
    line: int
    start: int
    end: int
    before: str
    after: str
    name: str

    def apply(self, text):
        return text[:self.start] + self.after + text[self.end:]


def tokens_of(text):
    """The tokens of code, without those of assertions."""
    tokens, depth = [], None
    for match in TOKEN.finditer(text):
        if match.lastgroup == "skip":
            continue
        token = Token(match.lastgroup, match.group(), match.start())
        if token.text in ASSERTIONS:
            depth = 0
        if depth is None:
            tokens.append(token)
        else:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == ")" and depth == 0:
                depth = None
    return tokens


def is_binary(text, token):
    return text[token.start - 1].isspace() and text[token.end].isspace()


def is_declared_size(tokens, at):
    """Of the number at `at`: whether it is the length in the declaration of an array, as in `char name[80]`."""
    if at < 3 or tokens[at - 1].text != "[" or tokens[at + 1].text != "]":
        return False
    before = tokens[at - 3]
    return tokens[at - 2].kind == "name" and (before.text == "*" or before.kind == "name" and before.text != "return")


def moved(number):
    """An integer's neighbours, written as it was; none for what is no integer."""
    match = INTEGER.fullmatch(number)
    if not match:
        return []
    value = int(match[1], 0)
    neighbours = [value + 1] if value == 0 else [value + 1, value - 1]
    return [(hex(other) if match[1][:2] in ("0x", "0X") else str(other)) + match[2] for other in neighbours]


def statement_end(tokens, at):
    """Of a statement that begins at `at` and could be left out, an assignment or a call: the index of its `;`; else None."""
    first, second = tokens[at], tokens[at + 1]
    if first.kind == "name":
        if first.text in NO_STATEMENT or second.kind == "name" or second.text in ("*", ":"):
            return None
    elif first.text not in ("*", "++", "--"):
        return None
    for end in range(at, len(tokens)):
        if tokens[end].text in "{}":
            return None
        if tokens[end].text == ";":
            return end
    return None


def replacements(text, tokens, depths):
    """Yields (start, end, what stands there instead) of all mutations."""
    for at, token in enumerate(tokens[:-1]):
        if token.kind == "sign" and token.text in OPERATORS and is_binary(text, token):
            for after in OPERATORS[token.text]:
                yield token.start, token.end, after
        elif token.text == "!":
            yield token.start, token.end, ""
        elif token.kind == "number" and not is_declared_size(tokens, at):
            for after in moved(token.text):
                yield token.start, token.end, after
        elif token.text in WORDS:
            yield token.start, token.end, WORDS[token.text]
        elif token.text == "return" and tokens[at + 1].text not in (";", "0", "NULL", "false", "true", "{"):
            end = next(other for other in tokens[at:] if other.text == ";")
            yield tokens[at + 1].start, end.start, "0"
        if depths[at] and tokens[at - 1].text in (";", "{", "}", ")", "else"):
            end = statement_end(tokens, at)
            if end is not None:
                yield token.start, tokens[end].start, ""


def depths_of(tokens):
    """Of each token: whether it stands within braces and outside of round ones, where statements are."""
    within, braces, rounds = [], 0, 0
    for token in tokens:
        within.append(braces > 0 and rounds == 0)
        braces += {"{": 1, "}": -1}.get(token.text, 0)
        rounds += {"(": 1, ")": -1}.get(token.text, 0)
    return within


def functions_of(tokens):
    """The functions that a file defines: (where the body begins, where it ends, name)."""
    functions, braces, name, begin = [], 0, "", 0
    for at, token in enumerate(tokens):
        if braces == 0 and token.kind == "name" and at + 1 < len(tokens) and tokens[at + 1].text == "(":
            name = token.text
        if token.text == "{":
            if braces == 0:
                begin = token.start if tokens[at - 1].text == ")" else None
            braces += 1
        elif token.text == "}":
            braces -= 1
            if braces == 0 and begin is not None:
                functions.append((begin, token.end, name))
    return functions


def mutations_of(file, text):
    """All mutations of a file's text. Each is named by what its line says, not by where the line stands."""
    tokens = tokens_of(text)
    functions = functions_of(tokens)
    lines, seen = text.split("\n"), {}
    for start, end, after in replacements(text, tokens, depths_of(tokens)):
        line = text.count("\n", 0, start) + 1
        column = start - text.rfind("\n", 0, start) - 1
        said = lines[line - 1]
        key = f"{file} {said.strip()} {len(said.rstrip()) - column} {end - start} {after}"
        seen[key] = seen.get(key, 0) + 1
        name = hashlib.sha256(f"{key} {seen[key]}".encode()).hexdigest()[:8]
        before = text[start:end]
        # Line numbers stay, since assertions print them.
        function = next((f[2] for f in functions if f[0] < start < f[1]), "")
        yield Mutation(file, function, line, start, end, before, after + "\n" * before.count("\n"), name)


def in_order_drawn(mutations, seed):
    """A shuffle that adding or removing other mutations does not disturb."""
    return sorted(mutations, key=lambda mutation: hashlib.sha256(f"{seed} {mutation.name}".encode()).digest())
