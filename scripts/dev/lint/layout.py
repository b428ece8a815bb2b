"""PostgreSQL's layout, as far as clang-format can judge it.

pgindent is not packaged, and clang-format cannot align declarations the way pgindent does. So
its output is not demanded letter for letter: a file passes when its spaces stand where
clang-format puts them (how wide is free), when braces stand on lines of their own where it puts
them there, and when statements are indented as it indents them.
"""

import os
import re
import subprocess

from .common import files, line_of, read


def c_sources(root):
    return files(root, ".c", ".h", below="src") + files(root, ".c", ".h", below="test")


def layout(root):
    found = []
    for path in c_sources(root):
        text = read(root, path)
        found += plain_rules(path, text)
        found += against_clang_format(root, path, text)
    return found


def columns(line):
    return len(line.expandtabs(4))


def plain_rules(path, text):
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        # A string may be longer when it is alone: a message in pieces cannot be searched for.
        if columns(line) > 100 and not re.fullmatch(r'\s*"(?:\\.|[^"\\])*"[,;)]*', line):
            found.append((path, number, f"{columns(line)} columns, more than 100"))
        if re.match(r"\t* {4,}\S", line) and not re.match(r"\t* {4,}\*", line):
            found.append((path, number, "indented with spaces"))
    for comment in re.finditer(r"^.*//.*$", without_comments_of_one_kind(text), re.M):
        found.append((path, line_of(text, comment.start()), "comments are written /* so */"))
    return found


def without_comments_of_one_kind(text):
    """Blanks block comments and strings, leaves // comments to be seen."""
    return re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def tokens(text):
    """Maps the count of visible characters so far to what white space follows that character."""
    gaps, visible, white = {}, 0, ""
    for char in text:
        if char.isspace():
            white += char
        else:
            gaps[visible] = white
            white = ""
            visible += 1
    gaps[visible] = white
    return gaps


def comment_positions(text):
    """Visible-character counts inside comments and strings: their white space is the author's."""
    inside, visible = set(), 0
    marked = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
                    lambda m: m.group(0)[0] + re.sub(r"\S", "\x01", m.group(0)[1:]), text,
                    flags=re.S)
    for char in marked:
        if char.isspace():
            continue
        if char == "\x01":
            inside.add(visible)
        visible += 1
    return inside


def against_clang_format(root, path, text):
    done = subprocess.run(["clang-format", "--style=file:" + root_style(), path], cwd=root,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    # Where a macro's lines end is nobody's business: the backslashes are white space here.
    wanted = done.stdout.decode("utf-8", "surrogateescape").replace("\\\n", " \n")
    text = text.replace("\\\n", " \n")
    if "".join(text.split()) != "".join(wanted.split()):
        return [(path, 0, "clang-format changes more than white space")]
    mine, theirs = tokens(text), tokens(wanted)
    inside = comment_positions(text)
    letters = "".join(text.split())
    lines = line_numbers(text)
    values, extra = blocks(letters, inside, theirs)
    found, reported = [], set()
    for position, gap in mine.items():
        if position in inside or position in values or position >= len(letters):
            continue
        problem = judge(letters, position, gap, theirs[position], extra.get(position, 0))
        line = lines[position]
        if problem and line not in reported:
            reported.add(line)
            found.append((path, line, problem))
    return found


def blocks(letters, inside, gaps):
    """Positions within initialisers, and how many case blocks stand around each other position.

    Initialisers are tables: their author lays them out. And pgindent indents a block that belongs
    to a case label once more than clang-format does.
    """
    values, extra, stack, previous = set(), {}, [], ""
    for position, char in enumerate(letters):
        if position in inside:
            continue
        if char == "{":
            if stack and stack[-1] == "value" or previous in "=,(" or \
                    previous == ")" and "\n" not in gaps[position]:
                stack.append("value")
            else:
                stack.append("case" if previous == ":" else "block")
        if stack and stack[-1] == "value":
            values.add(position)
        extra[position] = stack.count("case")
        if char == "}" and stack:
            stack.pop()
        if char != "/":
            previous = char
    return values, extra


def judge(letters, position, gap, wanted, case_blocks):
    """What is wrong with the white space before this character, or None."""
    char, previous = letters[position], letters[position - 1] if position else ""
    if bool(gap) != bool(wanted):
        # A line may be broken where clang-format has no space, and joined the other way round.
        if "\n" in gap or "\n" in wanted:
            return None
        # Pointers to functions, (*name) (arguments), and (format,...): pgindent differs here.
        if previous + char in (")(", ",.") or letters[position:position + 2] == "(*":
            return None
        what = "no space" if gap else "a space"
        return f"clang-format wants {what} between '{previous}' and '{char}'"
    if "\n" in wanted and "\n" not in gap and char in "{}" and previous not in ",{":
        return f"'{char}' belongs on a line of its own"
    if "\n" in gap and "\n" in wanted and previous in ";{}" and char not in "#/":
        mine, theirs = gap.rsplit("\n", 1)[1], wanted.rsplit("\n", 1)[1]
        if columns(mine) not in (columns(theirs), columns(theirs) + 4 * case_blocks):
            return f"indented by {columns(mine)} columns instead of {columns(theirs)}"
    return None


def line_numbers(text):
    """For each visible character the line it stands on."""
    numbers, line = [], 1
    for char in text:
        if char == "\n":
            line += 1
        elif not char.isspace():
            numbers.append(line)
    return numbers


def root_style():
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..",
                        ".clang-format")
