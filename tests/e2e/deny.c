/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * deny NUMBER[:PLACE=VALUE] COMMAND [ARGUMENT...]: runs the command without the system call of that number, which then says
 * EPERM, as a container's filter does; or without those calls alone whose argument at that place, counted from 0, has that value.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned number = 0, place = 0, value = 0;
	int given = argc > 1 ? sscanf(argv[1], "%u:%u=%u", &number, &place, &value) : 0;
	/* The low half of an argument; without a place any call has the value that is looked for: its own number. */
	const uint32_t at = given == 3 ? offsetof(struct seccomp_data, args) + place * 8
				       : offsetof(struct seccomp_data, nr);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, given == 3 ? value : number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (argc < 3 || (given != 1 && given != 3) || place > 5) {
		fprintf(stderr, "usage: deny NUMBER[:PLACE=VALUE] COMMAND [ARGUMENT...]\n");
		return 64;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		perror("deny");
		return 77;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
