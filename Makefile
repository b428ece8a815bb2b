# TaskSync: build with the server's own extension rules (PGXS).
#
#   make                 the library and the install script, into this folder and build/
#   make install         both into the server that PG_CONFIG names
#   make test            everything the project checks, on private servers (what .ci/run runs)
#   make lint            the fast checks of test alone
#   make quickstart      a running hub, a Todoist stand-in and a linked account to look at
#   make quickstart-stop ends what quickstart started
#   make torture         histories of the convergence machine (N=2000 of them, FROM=seed the first)
#   make torture-crashes crashes and faults at chance moments of one run (N=200 seeds, FROM=1)
#   make exhaustive      the machine's whole small scope
#   make bench           the measured figures against their bounds
#   make unit            the C units without a server
#   make fuzz            the parsers and the merge under random input (FUZZ_SECONDS=10 per target)
#
# Switches: PG_CONFIG=/path/to/pg_config  another server; WERROR=  a compiler newer than the
# project may find new warnings, this lets it; TASKSYNC_TESTING=1  with the test points that the
# crash tests stop at (objects in a folder of their own; never install such a build for real).

EXTENSION = tasksync
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" tasksync.control)
MODULE_big = tasksync
PGFILEDESC = "tasksync - one person's tasks, the same everywhere"

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config
LIBRARIES = libcurl libsodium jansson libunistring
WERROR ?= -Werror

ifeq ($(TASKSYNC_TESTING),1)
FLAVOUR = testing
FLAVOUR_FLAGS = -DTASKSYNC_TESTING
else
FLAVOUR = release
FLAVOUR_FLAGS =
endif

# Objects live under build/FLAVOUR so that a test build never lends one to a release build.
OBJDIR = build/$(FLAVOUR)
SRCS = $(sort $(wildcard src/*.c src/*/*.c))
OBJS = $(SRCS:src/%.c=$(OBJDIR)/%.o)
SCRIPT = build/tasksync--$(EXTVERSION).sql
SCRIPT_PARTS = $(sort $(wildcard sql/[0-9]*.sql))

DATA = $(wildcard sql/updates/tasksync--*--*.sql)
DATA_built = $(SCRIPT)
EXTRA_CLEAN = build results output_iso tmp_check regression.diffs regression.out

# The server's headers count as system headers: -Wextra is about this project's code.
# PGDLLEXPORT is spelt out because servers before 16 leave it empty, and then
# -fvisibility=hidden would hide the SQL-callable functions as well. libunistring has no .pc
# file in Debian, so it is named by hand; the others say themselves what they need.
SERVER_INCLUDE = $(shell $(PG_CONFIG) --includedir-server)
PG_CPPFLAGS = -Isrc -isystem $(SERVER_INCLUDE) \
	-DPGDLLEXPORT='__attribute__((visibility("default")))' $(FLAVOUR_FLAGS) \
	$(shell $(PKG_CONFIG) --cflags $(filter-out libunistring,$(LIBRARIES)))
ifneq ($(findstring clang,$(CC)),)
# The server was built with gcc and hands its flags on.
COMPILER_FLAGS = -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif
PG_CFLAGS = -fvisibility=hidden -Wall -Wextra $(WERROR) \
	-Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare -MMD -MP \
	$(COMPILER_FLAGS)
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs $(filter-out libunistring,$(LIBRARIES))) -lunistring

# pg_regress and isolation: make installcheck against a running server that preloads tasksync.
REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=tasksync
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
ifneq ($(filter-out setup test quickstart quickstart-stop,$(or $(MAKECMDGOALS),all)),)
$(error $(PG_CONFIG) was not found: run scripts/setup, or name the server with PG_CONFIG=)
endif
else
# No bitcode: inlining a C function into JIT code gains nothing here and doubles the build.
override with_llvm = no
include $(PGXS)
endif

# PGXS sets --outputdir=output_iso; the last one wins, and then expected/ serves both suites.
ISOLATION_OPTS += --inputdir=test --outputdir=. --load-extension=tasksync

$(OBJDIR)/%.o: src/%.c $(OBJDIR)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

# A changed compiler or flag rebuilds; an unchanged one leaves the file and its time alone.
$(OBJDIR)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(CFLAGS) $(CPPFLAGS))' | cmp -s - $@ || \
		echo '$(CC) $(subst ','\'',$(CFLAGS) $(CPPFLAGS))' > $@

# tasksync.so has one name in both flavours: relink when the flavour or the list of objects changed.
tasksync.so: build/linked
build/linked: FORCE
	@mkdir -p build
	@echo '$(OBJS)' | cmp -s - $@ || echo '$(OBJS)' > $@

-include $(OBJS:.o=.d)

# The install script is the numbered parts in order, nothing added.
$(SCRIPT): $(SCRIPT_PARTS) tasksync.control
	@mkdir -p build
	cat $(SCRIPT_PARTS) > $@.new && mv $@.new $@

objects: $(OBJS)

setup:
	@scripts/setup

lint:
	@scripts/lint

test:
	@scripts/test

quickstart:
	@scripts/quickstart

quickstart-stop:
	@scripts/quickstart stop

bench:
	@scripts/bench

# The suite's test of histories with as many as asked for; fresh ones unless FROM names the first.
torture: N ?= 2000
torture:
	@MACHINE_HISTORIES='$(N)' MACHINE_SEED='$(FROM)' scripts/test test/t/080_machine.pl

# The crash test of the suite with more of its random part; a failing seed is repeated with FROM=it N=1.
torture-crashes: N ?= 200
torture-crashes: FROM ?= 1
torture-crashes:
	@TORTURE_SEEDS='$(N)' TORTURE_FIRST='$(FROM)' scripts/test test/t/070_crash_every_step.pl

exhaustive:
	@$(MAKE) --no-print-directory -C test/unit exhaustive PG_CONFIG='$(PG_CONFIG)'

# The runners of these two are of their folders; what they print is one line per test, ok or FAIL.
unit fuzz:
	@$(MAKE) --no-print-directory -C test/$@ run PG_CONFIG='$(PG_CONFIG)'

FORCE:

.PHONY: objects setup lint test quickstart quickstart-stop bench torture torture-crashes exhaustive unit fuzz FORCE
