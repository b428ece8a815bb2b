"""Small trees for scripts/lint --self-test: one without a fault, and for each check broken ones.

A case names the check, the files (on top of the good tree) and a part of what the check must say.
"""

import contextlib
import os
import tempfile


def source(name, body, purpose="An example."):
    return f"/*\n * {name}\n *\t  {purpose}\n */\n#include \"postgres.h\"\n\n{body}"


GOOD_HEADER = """/*
 * good.h
 *	  What good.c offers.
 */
#ifndef TASKSYNC_GOOD_H
#define TASKSYNC_GOOD_H

#include "postgres.h"

extern int tasksync_good(int number);

#endif							/* TASKSYNC_GOOD_H */
"""

GOOD_BODY = """#include "fmgr.h"

#include "base/good.h"

PG_MODULE_MAGIC;

int
tasksync_good(int number)
{
	int			twice = number * 2;

	if (twice < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("number %d is negative", number),
						errhint("Give a number from 0 on.")));
	return twice;
}
"""

HEADER_SQL = ('\\echo Use "CREATE EXTENSION tasksync" to load this file. \\quit\n'
              "SET LOCAL search_path TO pg_catalog, pg_temp;\n")

FUNCTION_SQL = """
CREATE FUNCTION tasksync.example() RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS $$ SELECT 1; $$;
"""

CONTROL = "default_version = '1.0'\n"

GOOD = {
    "src/base/good.c": source("good.c", GOOD_BODY),
    "src/base/good.h": GOOD_HEADER,
    "sql/00_schema.sql": HEADER_SQL + FUNCTION_SQL,
    "tasksync.control": CONTROL,
    "scripts/hello": "#!/bin/sh\necho hello\n",
}


def c_case(check, path, body, expect):
    return {"check": check, "files": {path: source(os.path.basename(path), body)},
            "expect": expect}


def sql_case(text, expect):
    return {"check": "sql", "files": {"sql/10_more.sql": text}, "expect": expect}


def text_case(path, text, expect):
    return {"check": "texts", "files": {path: text}, "expect": expect}


LONG_FUNCTION = "int\ntasksync_long(void)\n{\n" + "\treturn 1;\n" * 80 + "}\n"

CASES = [
    c_case("arrows", "src/base/up.c", '#include "worker/loop.h"\n',
           "src/base/up.c:7: base/ must not include worker/loop.h"),
    c_case("arrows", "src/vault/side.c", '#include "net/http.h"\n', "vault/ must not include"),
    c_case("arrows", "src/api/side.c", '#include "gateway/limit.h"\n', "api/ must not include"),
    c_case("arrows", "src/extra/x.c", "", "src/extra is not a folder"),
    c_case("arrows", "src/loose.c", "", "only tasksync.c stands at the top"),
    c_case("libraries", "src/sync/engine.c", "#include <curl/curl.h>\n", "curl/curl.h belongs to"),
    c_case("libraries", "src/api/v.c", "#include <sodium.h>\n", "sodium.h belongs to"),
    c_case("libraries", "src/worker/w.c", '#include "executor/spi.h"\n', "executor/spi.h belongs"),
    c_case("libraries", "src/net/http.h", "#include <curl/curl.h>\n", "keep the struct opaque"),
    c_case("purity", "src/sync/merge.c", "int x(void)\n{\n\treturn GetCurrentTimestamp() > 0;\n}\n",
           "src/sync/merge.c:9: a pure file calls GetCurrentTimestamp()"),
    c_case("purity", "src/provider/todoist.c", '#include "storage/latch.h"\n',
           "a pure file includes storage/latch.h"),
    c_case("purity", "src/provider/todoist.c", "int\nx(void)\n{\n\treturn tasksync_http_fd(0);\n}\n",
           "a pure file calls tasksync_http_fd()"),
    c_case("guards", "src/worker/w.c", "#if PG_VERSION_NUM >= 160000\n#endif\n",
           "src/worker/w.c:7: PG_VERSION_NUM"),
    c_case("sizes", "src/base/long.c", LONG_FUNCTION, "tasksync_long() has 82 lines"),
    c_case("sizes", "src/base/long.c", "\n" * 600, "lines, more than 600"),
    {"check": "headers", "files": {"src/base/mute.c": '#include "postgres.h"\n'},
     "expect": "does not begin with a comment that names mute.c"},
    {"check": "headers", "files": {"src/base/first.c": "/*\n * first.c\n *\t  X.\n */\n"
                                   "#include <string.h>\n"},
     "expect": "postgres.h must be included first"},
    {"check": "headers", "files": {"src/base/odd.h": GOOD_HEADER.replace("good.h", "odd.h")},
     "expect": "include guard is not TASKSYNC_ODD_H"},
    c_case("errors", "src/base/e.c", 'void\nx(void)\n{\n\tereport(ERROR, (errmsg("no")));\n}\n',
           "ereport without errcode"),
    c_case("errors", "src/base/e.c",
           'void\nx(void)\n{\n\tereport(LOG, (errmsg("The end.")));\n}\n', "no full stop"),
    c_case("errors", "src/base/e.c",
           'void\nx(void)\n{\n\tereport(LOG, (errmsg("x"), errhint("try it")));\n}\n',
           "a detail or hint is a sentence"),
    c_case("layout", "src/base/l.c", "int\tx;" + " " * 100 + "/* far */\n", "columns, more than 100"),
    c_case("layout", "src/base/l.c", "void\nx(void)\n{\n    return;\n}\n", "indented with spaces"),
    c_case("layout", "src/base/l.c", "int\t\t\tx;\t\t\t// no\n", "comments are written"),
    c_case("layout", "src/base/l.c", "void\nx(void)\n{\n\tif(1)\n\t\treturn;\n}\n",
           "l.c:10: clang-format wants a space between 'f' and '('"),
    c_case("layout", "src/base/l.c", "void\nx(void) {\n\treturn;\n}\n",
           "'{' belongs on a line of its own"),
    c_case("layout", "src/base/l.c", "void\nx(void)\n{\n\tint y = 1;\n\n\t\treturn;\n}\n",
           "l.c:12: indented by 8 columns instead of 4"),
    {"check": "sql", "files": {"sql/00_schema.sql": FUNCTION_SQL},
     "expect": "does not begin with \\echo"},
    {"check": "sql", "files": {"sql/updates/tasksync--1.0--1.1.sql": "SELECT 1;\n"},
     "expect": "tasksync--1.0--1.1.sql:1: does not begin with \\echo"},
    sql_case(FUNCTION_SQL.replace("\tSET search_path = pg_catalog, pg_temp\n", ""),
             "sql/10_more.sql:2: tasksync.example is SECURITY DEFINER without"),
    sql_case(FUNCTION_SQL.replace("CREATE", "CREATE OR REPLACE"), "OR REPLACE in the install"),
    sql_case(FUNCTION_SQL.replace("STABLE", ""), "has no volatility"),
    sql_case(FUNCTION_SQL.replace("PARALLEL SAFE", ""), "has no parallel label"),
    sql_case(FUNCTION_SQL.replace("tasksync.", ""), "is not qualified with its schema"),
    sql_case("GRANT SELECT ON TABLE tasksync.tasks TO PUBLIC;\n", "nothing is granted to PUBLIC"),
    sql_case("CREATE ROLE tasksync_user;\n", "creates no role"),
    sql_case("CREATE TABLE tasksync.x (id bigserial);\n", "no sequence"),
    sql_case("CREATE TABLE IF NOT EXISTS tasksync.x ();\n", "IF NOT EXISTS"),
    sql_case("SELECT @extschema@.x();\n", "@extschema@"),
    text_case("docs/a.md", "see /ro" + "ot/clone for it\n", "somebody's machine"),
    text_case("docs/a.md", "TO" + "DO: write\n", "an unfinished mark"),
    text_case("docs/a.md", "one \ntwo\n", "white space at the end"),
    text_case("docs/a.md", "one", "no newline at the end"),
    text_case("test/x/package-lock.json", '{"resol' + 'ved": "https://somewhere"}\n', "registry"),
    {"check": "settings", "files": {"src/base/guc.c": '\tDefineCustomBoolVariable("tasksync.new",\n',
                                    "README.md": "## Settings\n| `old` | off |\n## Next\n"},
     "expect": "the setting tasksync.new is not in the table"},
    {"check": "settings", "files": {"src/base/guc.c": "",
                                    "README.md": "## Settings\n| `old` | off |\n## Next\n"},
     "expect": "there is no setting tasksync.old"},
    {"check": "links", "files": {"docs/a.md": "one\nsee [it](gone.md#part)\n"},
     "expect": "docs/a.md:2: link to gone.md"},
    {"check": "syntax", "files": {"scripts/broken": "#!/bin/sh\nif true; then\n"},
     "expect": "scripts/broken: "},
    {"check": "syntax", "files": {"test/perl/Broken.pm": "package Broken;\nsub {;\n1;\n"},
     "expect": "test/perl/Broken.pm: "},
    {"check": "syntax", "files": {"scripts/broken.py": "def x(:\n"}, "expect": "scripts/broken.py: "},
    {"check": "syntax", "files": {"test/broken.mjs": "const = 1;\n"}, "expect": "test/broken.mjs: "},
    c_case("gcc", "src/base/g.c", "static int\nunused(void)\n{\n\treturn 1;\n}\n",
           "src/base/g.c:8: error:"),
    c_case("clang", "src/base/g.c", "static int\nunused(void)\n{\n\treturn 1;\n}\n",
           "src/base/g.c:8: error:"),
    c_case("symbols", "src/base/s.c", '__attribute__((visibility("default"))) int\tnaked = 1;\n',
           "exports naked"),
    {"check": "symbols",
     "files": {"sql/10_more.sql": "CREATE FUNCTION tasksync.f() RETURNS void AS "
               "'MODULE_PATHNAME', 'tasksync_absent' LANGUAGE c;\n"},
     "expect": "sql/10_more.sql:1: C function tasksync_absent is not exported"},
    c_case("cppcheck", "src/base/c.c",
           "int\ntasksync_c(void)\n{\n\tint\t\t\ta[2];\n\n\ta[0] = 1;\n\treturn a[0] + a[2];\n}\n",
           "src/base/c.c:13: error"),
]


@contextlib.contextmanager
def tree(files):
    """The good tree with these files on top, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tasksync-lint-") as root:
        for path, text in {**GOOD, **files}.items():
            target = os.path.join(root, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as f:
                f.write(text)
        yield root
