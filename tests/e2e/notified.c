/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * notified PATH: takes what a service tells its manager (sd_notify), one line for each word of it, in order. Says "listening"
 * when the socket is there. Ends with the signal that ends it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[4096];
	ssize_t bytes;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: notified PATH\n");
		return 64;
	}
	strcpy(address.sun_path, argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror("notified");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	while ((bytes = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[bytes] = '\0';
		puts(text);
	}
	return 1;
}
