/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ask SOCKET REQUEST: one question to a node's stats socket, the answer's body on stdout. Exit 0; 1 when nobody
 * answers within two seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char answer[4 << 20];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t size;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: ask SOCKET REQUEST\n");
		return 64;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    send(fd, argv[2], strlen(argv[2]), MSG_NOSIGNAL) < 0)
		return 1;
	size = recv(fd, answer, sizeof(answer) - 1, 0);
	if (size <= 0)
		return 1;
	fwrite(answer, 1, (size_t)size, stdout);
	putchar('\n');
	close(fd);
	return 0;
}
