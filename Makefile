# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog. `make help` lists the targets. Everything is built under $(BUILD).
#
# Sources are found by folder, so a new file needs no line here; rooms: docs/ARCHITECTURE.md, scripts/lint.d/arrows.
#   dataplane/ROOM/*.c    -> libdataplane.a      pure files and platform files of the fast path
#   control/ROOM/*.c      -> libcontrol.a        the slow path, without main.c
#   client/**/*.c         -> libwirelog.a, .so   the library
#   watch/*.c             -> libwatch.a          what is looked at, for people: of top and web
#   command/**/*.c        the `wirelog` command
#   exporter/*.c          `wirelog-exporter`
#   http/*.c              -> libhttp.a           the HTTP server of exporter and web
#   web/*.c               `wirelog-web`; web/page and uPlot from npm -> web/, by `make web`
#   tests/unit/**/*.c     -> unit                one runner, suites register themselves
#   tests/e2e/*.c, tests/lab/*.c, perf/*.c, tests/fuzz/fuzz_*.c   one program per file

VERSION := 0.1.0

BUILD ?= build
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
AR := $(if $(filter default,$(origin AR)),gcc-ar,$(AR))
OPT ?= -O2
# A fixed baseline, not -march=native: the build must also run on the next machine (AVX2, 2013 on).
MARCH ?= x86-64-v3
WERROR ?= 1
# SAN=address,undefined or SAN=thread; COVERAGE=1. Each in a build directory of its own. RECOVER=yes: what goes on after
# undefined behaviour counts it; gcc then warns of what only comes after it.
SAN ?=
RECOVER ?=
COVERAGE ?=
# Of tests: they are compiled more often than they run, and -O1 takes two thirds of the time.
TEST_OPT ?= $(if $(filter -O2,$(OPT)),-O1)
# DEPS=no leaves out scripts/install-deps, where packages come from elsewhere.
DEPS ?= yes

# ---- how make itself behaves -------------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS) $(shell tr '\0' ' ' </proc/$$PPID/cmdline)),)
MAKEFLAGS += -j$(shell nproc)
endif
endif

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)';)

# ---- libraries ---------------------------------------------------------------------------------

# Asked when first needed and then remembered: `make help` and `make demo` work before the
# packages are there.
ask = $(or $(shell $(PKG_CONFIG) $(1) 2>/dev/null || echo),\
	$(error pkg-config $(1) failed: run scripts/install-deps))
once = $(eval $(1) := $(2))$(2)

# System headers of DPDK are not ours to warn about; -march is chosen above.
DPDK_CFLAGS = $(call once,DPDK_CFLAGS,$(patsubst -I%,-isystem %,\
	$(filter-out -march=%,$(call ask,--cflags libdpdk))))
# Shared: the drivers are plugins that the EAL loads from its own directory (net_af_packet,
# net_af_xdp and those of the physical NICs), security updates of the distribution
# arrive without a rebuild, and three nodes on one machine share the text.
DPDK_LIBS = $(call once,DPDK_LIBS,$(call ask,--libs libdpdk))
HOST_LIBS = $(call once,HOST_LIBS,\
	$(call ask,--libs liburing libisal libcyaml yaml-0.1 jansson zlib libsystemd blkid))
SCREEN_LIBS = $(call once,SCREEN_LIBS,$(call ask,--libs ncursesw))
HTTP_LIBS = $(call once,HTTP_LIBS,$(call ask,--libs libmicrohttpd))
CUNIT_LIBS = $(call once,CUNIT_LIBS,$(call ask,--libs cunit))
# intel-ipsec-mb comes without a pkg-config file.
LIBS = -Wl,--as-needed $(DPDK_LIBS) $(HOST_LIBS) -lIPSec_MB -lpthread -lm

# ---- flags -------------------------------------------------------------------------------------

WARNINGS_GCC := -Wduplicated-cond -Wduplicated-branches -Wlogical-op
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith \
	-Wvla -Wundef -Wcast-qual $(if $(findstring clang,$(CC)),,$(WARNINGS_GCC)) \
	$(if $(filter 1,$(WERROR)),-Werror)
# GEOMETRY: a folder whose headers stand in for some of ours (tests/sim/tiny: small limits).
CPPFLAGS += $(addprefix -I,$(GEOMETRY)) -I. -Iinclude -D_GNU_SOURCE -DWIRELOG_VERSION_TEXT='"$(VERSION)"'
# Position independent throughout: one object serves the programs and the shared library.
BASE_CFLAGS := -std=gnu11 $(OPT) -g -march=$(MARCH) $(WARNINGS) -fno-common \
	-fPIC -fno-semantic-interposition -fno-strict-aliasing -fno-omit-frame-pointer
BASE_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack

# Control and client parse files, sockets and command lines. The dataplane has its own discipline
# (one decoder, bounds checked there) and no stack protector in its loop.
HARDENING := $(if $(SAN)$(COVERAGE),,-fstack-protector-strong -D_FORTIFY_SOURCE=2)

ifneq ($(SAN),)
BASE_CFLAGS += -fsanitize=$(SAN) $(if $(findstring undefined,$(SAN)),$(if $(RECOVER),\
	-Wno-nonnull -Wno-format-truncation,-fno-sanitize-recover=undefined))
BASE_LDFLAGS += -fsanitize=$(patsubst fuzzer-no-link%,fuzzer%,$(SAN))
endif
ifneq ($(COVERAGE),)
BASE_CFLAGS += --coverage
BASE_LDFLAGS += --coverage
endif

# Only files that say so in their name, programs and tests see DPDK's headers: a pure file that
# includes one does not even compile.
SEES_DPDK := %_dpdk.c %_tsc.c %_thread.c %_memory.c %_nvme.c %/main.c
dpdk_cflags = $(if $(or $(filter $(SEES_DPDK),$(1)),$(filter perf/% tests/%,$(1))),$(DPDK_CFLAGS))
# Product code says where a number gets narrower; signs are another matter, and too loud.
narrowing = $(if $(or $(filter perf/% tests/%,$(1)),$(findstring clang,$(CC))),,-Wconversion -Wno-sign-conversion)
hardening = $(if $(filter control/% client/% command/% exporter/% watch/% http/% web/%,$(1)),$(HARDENING))
test_opt = $(if $(filter tests/unit/% tests/e2e/%,$(1)),$(TEST_OPT))
compile = $(CC) $(call dpdk_cflags,$<) $(CPPFLAGS) $(BASE_CFLAGS) $(call narrowing,$<) $(call test_opt,$<) \
	$(call hardening,$<) $(CFLAGS) -MMD -MP -c -o $@ $<
link = $(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(1) $(LIBS)
# Our programs have the DPDK transport in them: the weak reference alone would not fetch it from the archive.
link += $(if $(filter $(LIBWIRELOG),$^),-Wl$(comma)-u$(comma)wirelog_dpdk_transport)
shared = $(CC) $(filter-out -pie,$(BASE_LDFLAGS)) -shared -Wl,-soname,$(@F) -Wl,-z,defs $(LDFLAGS) -o $@ \
	-Wl,--version-script,$@.map $(filter %.o,$^) $(filter %.a,$^) -Wl,--as-needed $(1)

# ---- sources -----------------------------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
programs = $(patsubst $(1)/%.c,$(BUILD)/$(2)/%,$(wildcard $(1)/$(3).c))

DATAPLANE := $(wildcard dataplane/*/*.c)
CONTROL := $(wildcard control/*/*.c)
COMMAND := $(filter-out command/main.c,$(wildcard command/*.c command/*/*.c))
WATCH := $(wildcard watch/*.c)
HTTP := $(wildcard http/*.c)
WEB := $(filter-out web/main.c,$(wildcard web/*.c))
EXPORTER := $(filter-out exporter/main.c,$(wildcard exporter/*.c))
LIBRARY := $(wildcard client/*.c client/*/*.c)
# What needs DPDK is a shared object of its own, so that an application with kernel sockets needs none.
LIBRARY_DPDK := $(filter %_dpdk.c %/arp.c,$(LIBRARY))
# Pure: the simulator runs it as it is.
LIBRARY_PURE := $(filter-out %_dpdk.c %_file.c %_memory.c %_socket.c,$(LIBRARY))
UNIT := $(wildcard tests/unit/*.c tests/unit/*/*.c tests/unit/*/*/*.c)
# Under the thread sanitizer only suites of rings, plane and threads run (tests/run, which compares their lists): all are the dataplane's.
ifeq ($(SAN),thread)
UNIT := $(filter-out %/test_raft_elections.c,$(filter tests/unit/runner.c tests/unit/dataplane/%,$(UNIT)))
endif
SIM := $(wildcard tests/sim/*.c tests/sim/*/*.c)

LIBDATAPLANE := $(BUILD)/libdataplane.a
LIBCONTROL := $(BUILD)/libcontrol.a
LIBCOMMAND := $(BUILD)/libcommand.a
LIBEXPORTER := $(BUILD)/libexporter.a
LIBWATCH := $(BUILD)/libwatch.a
LIBHTTP := $(BUILD)/libhttp.a
LIBWEB := $(BUILD)/libweb.a
LIBWIRELOG := $(BUILD)/libwirelog.a
SONAME := libwirelog.so.0
SONAME_DPDK := libwirelog-dpdk.so.0
ARCHIVES := $(LIBEXPORTER) $(LIBWEB) $(LIBHTTP) $(LIBCOMMAND) $(LIBWATCH) $(LIBWIRELOG) $(LIBCONTROL)

OLDER := $(BUILD)/e2e/wirelogd-older
E2E_PROGRAMS := $(filter-out %/sick_drive,$(call programs,tests/e2e,e2e,*)) $(BUILD)/e2e/sick_drive.so $(OLDER)
LAB_PROGRAMS := $(call programs,tests/lab,lab,*)
PERF_PROGRAMS := $(call programs,perf,perf,*)
FUZZ_PROGRAMS := $(call programs,tests/fuzz,fuzz,fuzz_*)
EXAMPLES := $(call programs,docs/examples,examples,*)
# What fuzzers share, and the log on a drive in memory that the unit tests have.
FUZZ_SUPPORT := $(filter-out tests/fuzz/fuzz_% tests/fuzz/seed_corpus.c,$(wildcard tests/fuzz/*.c)) \
	tests/unit/dataplane/log/log_fixture.c \
	tests/unit/dataplane/log/memory_drive.c tests/unit/dataplane/log/fixture_memory.c \
	tests/unit/dataplane/state/base_fixture.c tests/unit/dataplane/mend/mend_fixture.c
PRODUCTS := $(if $(wildcard control/main.c),$(BUILD)/wirelogd) \
	$(if $(wildcard command/main.c),$(BUILD)/wirelog) \
	$(if $(wildcard exporter/main.c),$(BUILD)/wirelog-exporter) \
	$(if $(wildcard web/main.c),$(BUILD)/wirelog-web) \
	$(if $(LIBRARY),$(LIBWIRELOG) $(BUILD)/$(SONAME) $(BUILD)/$(SONAME_DPDK)) $(BUILD)/wirelog.lua
SCRIPTS := $(wildcard scripts/install-deps scripts/lint)

# ---- targets for people ------------------------------------------------------------------------

.PHONY: help all
help: ## this list
	@echo 'make [TARGET] [BUILD=$(BUILD)] [V=1] [MARCH=$(MARCH)] [PREFIX=$(PREFIX)] [DESTDIR=]'
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | \
		while IFS='	' read -r target text; do printf '  %-10s %s\n' "$$target" "$$text"; done

all: $(PRODUCTS) ## wirelogd, wirelog, wirelog-exporter, wirelog-web, libwirelog

.PHONY: web e2e-web
web: $(BUILD)/wirelog-web ## the page of wirelog-web, with uPlot from npm
	@$(if $(filter yes,$(DEPS)),command -v npm >/dev/null || scripts/install-deps web)
	@scripts/web-page $(BUILD)

e2e-web: all web $(E2E_PROGRAMS) ## the page in a headless browser while a leader is killed; screenshots in $(BUILD)/web-shots
	@$(if $(filter yes,$(DEPS)),scripts/install-deps browser)
	@tests/e2e/web/run

.PHONY: demo test bare unit e2e soak lab stops sim exhaustive mutants coverage-sim model fuzz fuzz-seeds bench asan tsan coverage
demo: ## install what is missing, build, run three nodes and prove that nothing is lost
	@$(if $(filter yes,$(DEPS)),scripts/install-deps build)
	@+$(MAKE) all
	@$(BUILD)/wirelog demo --run $(if $(wildcard $(BUILD)/web/index.html),--page)

test: ## install what is missing, build all variants, run every test
	@$(if $(filter yes,$(DEPS)),scripts/install-deps test)
	@+$(MAKE) everything
	@tests/run --build $(BUILD)

bare: ## the demo, all tests built and the unit tests, in a fresh clone on a Debian 12 without anything (root)
	@tests/bare

unit: $(BUILD)/unit ## build and run the unit tests; ONLY='ring log.*' selects
	@$(BUILD)/unit $(foreach pattern,$(ONLY),'$(pattern)')

e2e: all $(E2E_PROGRAMS) $(EXAMPLES) ## real nodes, real files; ONLY=failover selects a script
	@tests/run --build $(BUILD) --only e2e $(ONLY)

soak: all $(E2E_PROGRAMS) ## nodes killed and leadership given away for longer than make test has time for
	@KILLS=60 LOOP_SECONDS=240 COUNT=100 tests/run --build $(BUILD) --only e2e base_kills kill_loop trim_kills transfer

lab: all $(E2E_PROGRAMS) $(LAB_PROGRAMS) ## three small guests (QEMU) with NICs behind vfio and NVMe drives; ONLY=e1000e selects a script
	@$(if $(filter yes,$(DEPS)),scripts/install-deps lab || true)
	@tests/run --build $(BUILD) --only lab $(ONLY)

stops: ## start and stop under the sanitizers, with each kind of link and each hang; COUNT=1000 in all
	@+$(MAKE) BUILD=$(BUILD)/stops SAN=address,undefined OPT=-O1 all \
		$(patsubst %,$(BUILD)/stops/e2e/%,loader checker ask freeze)
	@BUILD=$(BUILD)/stops STOPS=$(or $(COUNT),1000) tests/e2e/test_stops.sh

sim: $(BUILD)/wlsim tiny-sim ## simulate whole clusters under faults; SEEDS=1..2000 chooses which, FRESH=500 how many new ones
	@tests/sim/run --build $(BUILD) --seeds $(or $(SEEDS),1..2000) --fresh $(or $(FRESH),500)

exhaustive: tiny-sim ## every run of a small cluster within bounds; SECONDS_EACH=180 for each space
	@tests/sim/exhaustive --program $(BUILD)/tiny/wlsim --seconds $(or $(SECONDS_EACH),180)

mutants: ## put known bugs back one at a time: after how many seeds does the simulator find each?
	@+$(MAKE) mutant-sim
	@tests/sim/exhaustive --program $(BUILD)/mutants/wlsim --mutants
	@$(BUILD)/mutants/wlsim --mutants --jobs $$(nproc) --seconds $(or $(SECONDS_EACH),120)

coverage-sim: ## line and branch coverage of the pure code by the simulator alone; SEEDS=1..3000
	@+$(MAKE) BUILD=$(BUILD)/coverage-sim COVERAGE=1 OPT=-O1 GEOMETRY=tests/sim/tiny $(BUILD)/coverage-sim/wlsim
	@find $(BUILD)/coverage-sim/obj -name '*.gcda' -delete
	@tests/sim/run --build $(BUILD)/coverage-sim --coverage --seeds $(or $(SEEDS),1..3000)
	@echo 'all pure code:'
	@$(SIM_GCOVR) --html-details $(BUILD)/coverage-sim/index.html --print-summary $(BUILD)/coverage-sim/obj
	@echo 'without the branches of checks that fail (files: $(BUILD)/coverage-sim/files.txt):'
	@$(SIM_GCOVR) --exclude-branches-by-pattern '.*WL_CHECK.*' \
		--branches --txt $(BUILD)/coverage-sim/files.txt --print-summary $(BUILD)/coverage-sim/obj

SIM_GCOVR = gcovr --root . --filter 'dataplane/' --filter 'control/' \
	--exclude '.*_(dpdk|uring|file|socket|thread|tsc|memory|ipsecmb)\.[ch]'

model: ## check the model of the plane messages with spin, and that it refutes the broken variants
	@tests/model/run

fuzz: fuzz-programs ## run every fuzzer for FUZZ_SECONDS (60) seconds
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tests/run --build $(BUILD) --only fuzz $(ONLY)

fuzz-seeds: $(BUILD)/fuzz/seed_corpus ## write tests/fuzz/corpus again, with the real encoders
	@$< tests/fuzz/corpus

bench: all tiny-sim $(PERF_PROGRAMS) ## build and run the benchmarks
	@$(if $(wildcard perf/run),perf/run --build $(BUILD),\
		set -e; for program in $(filter $(BUILD)/perf/bench_%,$(PERF_PROGRAMS)); do \
		echo "== $${program##*/}"; $$program; done)

asan: asan-unit ## unit tests under the address and undefined-behaviour sanitizers
	@tests/run --build $(BUILD) --only asan $(ONLY)

tsan: tsan-unit ## unit tests of rings, plane and threads under the thread sanitizer
	@tests/run --build $(BUILD) --only tsan $(ONLY)

coverage: ## unit tests with line and branch coverage, report in $(BUILD)/coverage/
	@+$(MAKE) BUILD=$(BUILD)/coverage COVERAGE=1 OPT=-O0 $(BUILD)/coverage/unit
	@$(BUILD)/coverage/unit
	@gcovr --root . --filter 'dataplane/' --filter 'control/' --filter 'client/' --filter 'command/' \
		--html-details $(BUILD)/coverage/index.html --print-summary \
		$(BUILD)/coverage/obj | tail -n 4

.PHONY: everything tiny-sim mutant-sim asan-unit tsan-unit fuzz-programs
# What tests/run needs. The variants are sub-makes: same rules, other flags, other directory.
everything: all $(BUILD)/wlsim tiny-sim $(if $(UNIT),$(BUILD)/unit asan-unit tsan-unit) $(E2E_PROGRAMS) $(PERF_PROGRAMS) \
	$(EXAMPLES) fuzz-programs
asan-unit:
	@+$(MAKE) BUILD=$(BUILD)/asan SAN=address,undefined RECOVER=yes OPT=-O1 $(BUILD)/asan/unit
tsan-unit:
	@+$(MAKE) BUILD=$(BUILD)/tsan SAN=thread OPT=-O1 $(BUILD)/tsan/unit
tiny-sim:
	@+$(MAKE) BUILD=$(BUILD)/tiny GEOMETRY=tests/sim/tiny $(BUILD)/tiny/wlsim $(BUILD)/tiny/perf/bench_sim
# A copy of the tree with every hook of tests/sim/mutants in it, and what makes one of them bite in front of each file.
mutant-sim:
	@tests/sim/mutants/series apply $(BUILD)/mutants/tree
	@+$(MAKE) -C $(BUILD)/mutants/tree BUILD=$(abspath $(BUILD)/mutants) GEOMETRY=tests/sim/tiny \
		CFLAGS='-include tests/sim/mutants/mutant.h' $(abspath $(BUILD)/mutants)/wlsim
fuzz-programs:
	@$(if $(FUZZ_PROGRAMS),+$(MAKE) BUILD=$(BUILD)/fuzz/build CC=clang OPT=-O1 \
		SAN=fuzzer-no-link$(comma)address$(comma)undefined \
		$(FUZZ_PROGRAMS:$(BUILD)/fuzz/%=$(BUILD)/fuzz/build/fuzz/%))
	@$(if $(FUZZ_PROGRAMS),cp -u $(FUZZ_PROGRAMS:$(BUILD)/fuzz/%=$(BUILD)/fuzz/build/fuzz/%) \
		$(BUILD)/fuzz/)
comma := ,

.PHONY: format lint tidy tables dissector
FORMATTED = $(shell find include/wirelog dataplane control client watch command exporter http web scripts tests perf -name '*.[ch]')
format: ## rewrite sources with clang-format
	@clang-format-14 -i $(FORMATTED)

tables: $(BUILD)/tables ## write what is made from tables of the sources: docs/COUNTERS.md, drivers-config/reference.yaml, docs/WIRE.md, the ABI
	@$< counters >docs/COUNTERS.md
	@$< reference >drivers-config/reference.yaml
	@scripts/wire-page
	@scripts/lint.d/abi --write

dissector: $(BUILD)/wirelog.lua ## $(BUILD)/wirelog.lua: wirelog in Wireshark and tshark

lint: ## arrows between folders, purity, format, sizes, scripts
	@scripts/lint

tidy: ## clang-tidy over the sources: slow, deeper than lint
	@scripts/lint --tidy

.PHONY: install uninstall clean
clean: ## remove $(BUILD)
	$(Q)rm -rf $(BUILD)

BINDIR := $(DESTDIR)$(PREFIX)/bin
SBINDIR := $(DESTDIR)$(PREFIX)/sbin
# A distribution's: lib/x86_64-linux-gnu, and the folders that its systemd and udev read.
LIBFOLDER ?= lib
LIBDIR := $(DESTDIR)$(PREFIX)/$(LIBFOLDER)
INCLUDEDIR := $(DESTDIR)$(PREFIX)/include/wirelog
MANDIR := $(DESTDIR)$(PREFIX)/share/man
ROOTLIB ?= $(PREFIX)/lib
UNITDIR := $(DESTDIR)$(ROOTLIB)/systemd/system
COMPLETIONDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
SYSUSERSDIR := $(DESTDIR)$(PREFIX)/lib/sysusers.d
TMPFILESDIR := $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
UDEVDIR := $(DESTDIR)$(ROOTLIB)/udev/rules.d
# What messages name by its place in the tree (drivers-config/reference.yaml, docs/OPERATIONS.md) has the same place below here.
SHAREDIR := $(DESTDIR)$(PREFIX)/share/wirelog
SHARED := $(wildcard docs/*.md docs/examples/*.c drivers-config/*.yaml drivers-config/*/*.yaml drivers-config/*/*.yml \
	drivers-config/*/*.json drivers-config/systemd/*.conf) drivers-config/udev/64-wirelog-drive.rules
# The page of wirelog-web, where make web has made it (or was when a package's source was made).
PAGE := $(firstword $(wildcard $(BUILD)/web web-page))
SYSTEMD_UNITS := $(wildcard drivers-config/systemd/*.service)
UDEV_RULES := drivers-config/udev/65-wirelog.rules

.PHONY: pages deb deb-test
pages: $(BUILD)/man/wirelogd.8 ## man pages and completion, from what the programs say with --help
$(BUILD)/man/wirelogd.8: $(BUILD)/wirelog $(BUILD)/wirelogd $(BUILD)/wirelog-exporter $(BUILD)/wirelog-web scripts/help-pages $(wildcard docs/man/*.more)
	$(call say,MAN)scripts/help-pages $(BUILD)

deb: ## Debian packages in $(BUILD)/deb, lintian clean
	@$(if $(filter yes,$(DEPS)),scripts/install-deps deb)
	@scripts/make-deb $(BUILD)/deb $(VERSION)

deb-test: deb ## install, upgrade, remove and purge the packages in a clean root (root)
	@tests/packages $(BUILD)/deb

install: all pages ## install below $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 755 -t $(SBINDIR) $(BUILD)/wirelogd
	$(Q)install -D -m 755 -t $(BINDIR) $(BUILD)/wirelog $(BUILD)/wirelog-exporter $(BUILD)/wirelog-web
	$(Q)[ -z '$(PAGE)' ] || install -D -m 644 -t $(SHAREDIR)/web $(PAGE)/*
	$(Q)install -D -m 644 -t $(LIBDIR) $(LIBWIRELOG)
	$(Q)install -D -m 755 -t $(LIBDIR) $(BUILD)/$(SONAME) $(BUILD)/$(SONAME_DPDK)
	$(Q)ln -sf $(SONAME) $(LIBDIR)/libwirelog.so
	$(Q)install -D -m 644 -t $(INCLUDEDIR) $(wildcard include/wirelog/*.h)
	$(Q)for file in $(SHARED); do install -D -m 644 $$file $(SHAREDIR)/$$file || exit 1; done
	$(Q)install -D -m 644 -t $(SHAREDIR)/wireshark $(BUILD)/wirelog.lua
	$(Q)install -d $(LIBDIR)/pkgconfig
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/$(LIBFOLDER)' \
		'includedir=$${prefix}/include' '' 'Name: libwirelog' \
		'Description: client of the wirelog replicated journal' 'Version: $(VERSION)' \
		'Libs: -L$${libdir} -lwirelog' 'Libs.private: -lIPSec_MB -lisal -ldl' \
		'Cflags: -I$${includedir}' \
		>$(LIBDIR)/pkgconfig/libwirelog.pc
	$(Q)for page in $(BUILD)/man/*.[18]; do \
		install -D -m 644 -t $(MANDIR)/man$${page##*.} $$page || exit 1; done
	$(Q)install -D -m 644 -t $(COMPLETIONDIR) $(BUILD)/completion/wirelog
	$(Q)ln -sf wirelog $(COMPLETIONDIR)/wirelogd
	$(Q)install -d $(UNITDIR); for unit in $(SYSTEMD_UNITS); do \
		sed 's#/usr/local/#$(PREFIX)/#' $$unit >$(UNITDIR)/$${unit##*/} || exit 1; done
	$(Q)install -D -m 644 drivers-config/systemd/wirelog.sysusers $(SYSUSERSDIR)/wirelog.conf
	$(Q)install -D -m 644 drivers-config/systemd/wirelog.tmpfiles $(TMPFILESDIR)/wirelog.conf
	$(Q)install -D -m 644 -t $(UDEVDIR) $(UDEV_RULES)

uninstall: ## remove what install put there
	$(Q)rm -f $(SBINDIR)/wirelogd $(BINDIR)/wirelog $(BINDIR)/wirelog-exporter $(BINDIR)/wirelog-web $(LIBDIR)/libwirelog.a \
		$(LIBDIR)/libwirelog.so $(LIBDIR)/$(SONAME) $(LIBDIR)/$(SONAME_DPDK) $(LIBDIR)/pkgconfig/libwirelog.pc
	$(Q)rm -f $(foreach header,$(wildcard include/wirelog/*.h),$(INCLUDEDIR)/$(notdir $(header)))
	$(Q)rm -f $(MANDIR)/man1/wirelog.1 $(MANDIR)/man1/wirelog-*.1 $(MANDIR)/man8/wirelogd.8
	$(Q)rm -f $(COMPLETIONDIR)/wirelog $(COMPLETIONDIR)/wirelogd
	$(Q)rm -f $(SYSUSERSDIR)/wirelog.conf $(TMPFILESDIR)/wirelog.conf $(addprefix $(UDEVDIR)/,$(notdir $(UDEV_RULES)))
	$(Q)rm -f $(foreach unit,$(SYSTEMD_UNITS),$(UNITDIR)/$(notdir $(unit)))
	$(Q)rm -f $(addprefix $(SHAREDIR)/,$(SHARED) wireshark/wirelog.lua)
	$(Q)rm -rf $(SHAREDIR)/web
	$(Q)for folder in $(INCLUDEDIR) $(SHAREDIR); do \
		[ ! -d $$folder ] || find $$folder -depth -type d -empty -delete; done

# ---- rules -------------------------------------------------------------------------------------

# Changes when the flags change, so that no object of another kind is linked.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(BASE_CFLAGS) $(HARDENING) $(CFLAGS)$(GEOMETRY)' | cmp -s - $@ || \
		printf '%s\n' '$(CC) $(BASE_CFLAGS) $(HARDENING) $(CFLAGS)$(GEOMETRY)' >$@
.PHONY: FORCE

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(compile)

define archive
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $(filter %.o,$^)
endef
$(LIBDATAPLANE): $(call objects,$(DATAPLANE)); $(archive)
$(LIBCONTROL): $(call objects,$(CONTROL)); $(archive)
$(LIBCOMMAND): $(call objects,$(COMMAND)); $(archive)
$(LIBEXPORTER): $(call objects,$(EXPORTER)); $(archive)
$(LIBWATCH): $(call objects,$(WATCH)); $(archive)
$(LIBHTTP): $(call objects,$(HTTP)); $(archive)
$(LIBWEB): $(call objects,$(WEB)); $(archive)
# One archive for an application: the library and what it shares with the dataplane.
$(LIBWIRELOG): $(call objects,$(LIBRARY) $(DATAPLANE)); $(archive)

$(BUILD)/$(SONAME): $(call objects,$(filter-out $(LIBRARY_DPDK),$(LIBRARY)) $(wildcard dataplane/base/status*.c)) \
		$(LIBDATAPLANE)
	@printf '%s\n' 'WIRELOG_0 { global: wirelog_*; local: *; };' >$@.map
	$(call say,LD)$(call shared,-lIPSec_MB -lpthread)

$(BUILD)/$(SONAME_DPDK): $(call objects,$(LIBRARY_DPDK)) $(LIBDATAPLANE)
	@printf '%s\n' 'WIRELOG_DPDK_0 { global: wirelog_dpdk_transport; local: *; };' >$@.map
	$(call say,LD)$(call shared,$(LIBS))

# As an application builds: the public headers, the shared object, nothing of DPDK.
$(EXAMPLES): $(BUILD)/examples/%: docs/examples/%.c $(BUILD)/$(SONAME)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -Iinclude $(WARNINGS) $(filter-out -pie,$(BASE_LDFLAGS)) $(LDFLAGS) -o $@ $^

# The daemon takes every object, so that a file cannot be lost in an archive unnoticed.
$(BUILD)/wirelogd: $(call objects,control/main.c $(CONTROL) $(DATAPLANE))
	$(call say,LD)$(call link)

$(BUILD)/wirelog: $(call objects,command/main.c $(COMMAND)) $(LIBWATCH) $(LIBWIRELOG) $(LIBCONTROL)
	$(call say,LD)$(call link,$(SCREEN_LIBS))

# Of the command it has what finds nodes and asks them; of DPDK nothing.
$(BUILD)/wirelog-exporter: $(call objects,exporter/main.c) $(LIBEXPORTER) $(LIBHTTP) $(LIBCOMMAND) $(LIBDATAPLANE)
	$(call say,LD)$(call link,$(HTTP_LIBS))

$(BUILD)/wirelog-web: $(call objects,web/main.c) $(LIBWEB) $(LIBHTTP) $(LIBWATCH) $(LIBCOMMAND) $(LIBDATAPLANE)
	$(call say,LD)$(call link,$(HTTP_LIBS))

$(BUILD)/tables: $(BUILD)/obj/scripts/tables.o $(LIBCONTROL) $(LIBDATAPLANE)
	$(call say,LD)$(call link)

$(BUILD)/dissector-tables: $(BUILD)/obj/scripts/dissector/tables.o
	$(call say,LD)$(CC) $(BASE_LDFLAGS) -o $@ $^
$(BUILD)/wirelog.lua: $(BUILD)/dissector-tables scripts/dissector/wirelog.lua
	$(call say,LUA){ $< && cat scripts/dissector/wirelog.lua; } >$@

$(BUILD)/unit: $(call objects,$(UNIT)) $(if $(filter thread,$(SAN)),$(LIBDATAPLANE),$(ARCHIVES))
	$(call say,LD)$(call link,$(CUNIT_LIBS) $(HTTP_LIBS) $(SCREEN_LIBS))

$(BUILD)/wlsim: $(call objects,$(SIM) $(LIBRARY_PURE)) $(LIBCONTROL) $(LIBDATAPLANE)
	$(call say,LD)$(call link)

$(BUILD)/e2e/sick_drive.so: $(BUILD)/obj/tests/e2e/sick_drive.o
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -shared $(filter-out -pie,$(BASE_LDFLAGS)) $(LDFLAGS) -o $@ $<

# A build from before the newest feature: another object says what it has.
$(OLDER): $(call objects,tests/e2e/older/features_build.c control/main.c $(CONTROL) \
		$(filter-out dataplane/base/features_build.c,$(DATAPLANE)))
	@mkdir -p $(@D)
	$(call say,LD)$(call link)

$(filter-out %.so $(OLDER),$(E2E_PROGRAMS)): $(BUILD)/e2e/%: $(BUILD)/obj/tests/e2e/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD)$(call link)

$(LAB_PROGRAMS): $(BUILD)/lab/%: $(BUILD)/obj/tests/lab/%.o
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^

# Only this one needs it: the system calls that the unit allows.
$(BUILD)/e2e/confined: LIBS += -lseccomp

$(PERF_PROGRAMS): $(BUILD)/perf/%: $(BUILD)/obj/perf/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD)$(call link)

$(BUILD)/perf/bench_sim: $(call objects,$(filter-out tests/sim/wlsim.c,$(SIM)))

$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(call objects,$(FUZZ_SUPPORT)) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD)$(call link)

$(BUILD)/fuzz/seed_corpus: $(BUILD)/obj/tests/fuzz/seed_corpus.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD)$(call link)

-include $(shell [ -d $(BUILD)/obj ] && find $(BUILD)/obj -name '*.d')
