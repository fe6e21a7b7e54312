/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * confined CALLS FAMILIES PROGRAM [ARGUMENT...]: runs a program under the system calls of the file CALLS (a name a line; others fail with
 * EPERM), the address families of FAMILIES (by commas, as AF_UNIX,AF_INET), without new privileges and without a capability, as the
 * service manager would for the unit. Exit: the program's; 77 when the kernel does not allow it.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool allow_calls(scmp_filter_ctx filter, const char *path)
{
	FILE *file = fopen(path, "r");
	char name[128];
	unsigned count = 0;

	while (file && fgets(name, sizeof(name), file)) {
		int call;

		name[strcspn(name, "\n")] = '\0';
		call = seccomp_syscall_resolve_name(name);
		/* Of other machines, or newer than this library. */
		if (call == __NR_SCMP_ERROR || call < 0 || strcmp(name, "socket") == 0)
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0)
			return false;
		count++;
	}
	if (file)
		fclose(file);
	return count > 100;
}

static bool allow_families(scmp_filter_ctx filter, const char *families)
{
	static const struct {
		const char *name;
		int family;
	} known[] = {{"AF_UNIX", AF_UNIX},
		     {"AF_INET", AF_INET},
		     {"AF_INET6", AF_INET6},
		     {"AF_NETLINK", AF_NETLINK},
		     {"AF_PACKET", AF_PACKET}};

	for (unsigned at = 0; at < sizeof(known) / sizeof(known[0]); at++) {
		const char *found = strstr(families, known[at].name);
		size_t length = strlen(known[at].name);

		if (found && (found[length] == '\0' || found[length] == ',') &&
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)known[at].family)) != 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (argc < 4 || !filter || !allow_calls(filter, argv[1]) ||
	    !allow_families(filter, argv[2])) {
		fprintf(stderr, "usage: confined CALLS FAMILIES PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_load(filter) != 0) {
		perror("confined");
		return 77;
	}
	execv(argv[3], argv + 3);
	perror(argv[3]);
	return 1;
}
