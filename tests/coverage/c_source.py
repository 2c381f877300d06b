# SPDX-License-Identifier: MIT
"""Just enough of C to find calls, the texts in them, and the functions that they stand in."""

import bisect
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<text>"(?:\\.|[^"\\\n])*")
  | (?P<character>'(?:\\.|[^'\\\n])+')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<other>\S)
""", re.VERBOSE | re.DOTALL)

ATTRIBUTE = re.compile(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)")

FUNCTION = re.compile(r"^(?!static const|typedef|enum|struct \w+ \{|#)[A-Za-z_][^;{}#=]*?\b(?P<name>\w+)\)?\((?P<parameters>[^;{}]*?)\)\s*"
                      r"\{", re.MULTILINE)


@dataclass
class Token:
    kind: str
    text: str
    at: int  # its first character


@dataclass
class Call:
    """A call, or the declaration of a function: what stands in parentheses after a name."""
    name: str
    at: int
    tokens: list  # between the parentheses


@dataclass
class Function:
    name: str
    texts: list  # names of its parameters that are texts
    is_static: bool
    begin: int
    end: int


class Source:
    def __init__(self, text):
        self.text = text
        self.tokens = [Token(match.lastgroup, match.group(), match.start()) for match in TOKEN.finditer(text)
                       if match.lastgroup != "comment"]
        self.line_starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def place(self, at):
        """Line and column, both from 1."""
        line = bisect.bisect_right(self.line_starts, at)
        return line, at - self.line_starts[line - 1] + 1

    def calls(self):
        for number, token in enumerate(self.tokens[:-1]):
            if token.kind == "name" and self.tokens[number + 1].text == "(":
                yield Call(token.text, token.at, self.inside(number + 1))

    def inside(self, opening):
        """The tokens between the parenthesis with that number and the one that closes it."""
        depth = 0
        for number in range(opening, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.tokens[number].text, 0)
            if depth == 0:
                return self.tokens[opening + 1:number]
        return self.tokens[opening + 1:]

    def functions(self):
        """Those that are defined here; a body ends at the first brace in column 1."""
        found = []
        text = ATTRIBUTE.sub(lambda match: "_".ljust(len(match.group())), self.text)
        for match in FUNCTION.finditer(text):
            end = text.find("\n}", match.end())
            texts = re.findall(r"const char \*(?:const )?(\w+)(?!\w*\[)", match["parameters"])
            found.append(Function(match["name"], texts, "static" in match.group(), match.start(), end if end >= 0 else len(text)))
        return found


def assertions(text):
    """The lines on which assertions stand."""
    source = Source(text)
    lines = set()
    for call in source.calls():
        if call.name == "assert":
            last = call.tokens[-1].at if call.tokens else call.at
            lines.update(range(source.place(call.at)[0], source.place(last)[0] + 1))
    return lines


def joined_texts(tokens):
    """Literals that the compiler joins, as one: (place of the first, text). A name between two is a macro such as PRIu32."""
    found, parts, at = [], [], None
    for number, token in enumerate(tokens):
        after = tokens[number + 1].kind if number + 1 < len(tokens) else ""
        if token.kind == "text":
            at = token.at if at is None else at
            parts.append(token.text[1:-1])
        elif token.kind == "name" and parts and (after == "text" or token.text.startswith("PRI")):
            parts.append("u")
        elif parts:
            found.append((at, "".join(parts)))
            parts, at = [], None
    if parts:
        found.append((at, "".join(parts)))
    return found
