/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slow_io.so, for LD_PRELOAD: while the file that SLOW_IO names exists, each call to io_uring that waits or submits takes as many
 * milliseconds longer as the file says. A drive behind a path that is busy looks like this, to a process of any user.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Without a stream: a worker counts what it allocates. */
static void nap(void)
{
	const char *path = getenv("SLOW_IO");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[16] = "";
	struct timespec pause;
	long milliseconds;

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	milliseconds = strtol(text, NULL, 10);
	pause = (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
	nanosleep(&pause, NULL);
}

int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_nr)
{
	static int (*real)(struct io_uring *, unsigned);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "io_uring_submit_and_wait");
	nap();
	return real(ring, wait_nr);
}

int io_uring_submit_and_get_events(struct io_uring *ring)
{
	static int (*real)(struct io_uring *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "io_uring_submit_and_get_events");
	nap();
	return real(ring);
}
