/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sick_drive.so, for LD_PRELOAD: a drive or a file system in trouble, for a process of any user, while a file exists.
 *
 *   SLOW_IO      each call to io_uring that waits or submits takes as many milliseconds longer as the file says
 *   MAKER_FAILS  no file can be made: the system says the error whose number stands in the file
 *   OPENS_FAIL   no segment can be opened by whoever makes and opens them beside a worker that runs: likewise
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static int real_openat(int at, const char *path, int flags, mode_t mode)
{
	static int (*real)(int, const char *, int, ...);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "openat");
	return real(at, path, flags, mode);
}

/* The number in the file that a variable names, 0 without it. No stream: a worker counts what it allocates. */
static long number_in(const char *variable)
{
	const char *path = getenv(variable);
	int fd = path ? real_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -1;
	char text[16] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtol(text, NULL, 10);
}

static void nap(void)
{
	long milliseconds = number_in("SLOW_IO");
	struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	if (milliseconds > 0)
		nanosleep(&pause, NULL);
}

static bool is_opened_for_a_worker(const char *path)
{
	char thread[16] = "";

	prctl(PR_GET_NAME, thread);
	return strncmp(thread, "wl-prep", 7) == 0 && strstr(path, "segment-") != NULL;
}

static long error_of_open(const char *path, int flags)
{
	if (flags & O_CREAT)
		return number_in("MAKER_FAILS");
	return is_opened_for_a_worker(path) ? number_in("OPENS_FAIL") : 0;
}

int openat(int at, const char *path, int flags, ...)
{
	long error = error_of_open(path, flags);
	mode_t mode = 0;
	va_list more;

	if (error > 0) {
		errno = (int)error;
		return -1;
	}
	if (flags & O_CREAT) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	return real_openat(at, path, flags, mode);
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
