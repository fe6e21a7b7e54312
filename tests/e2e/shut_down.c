/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shut_down DIRECTORY: ends the file system there without a flush, as its kernel does when the device below it is gone: from
 * then on whatever is read or written in it fails with EIO. Exit 0; 1 where the kernel refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHUTDOWN _IOR('X', 125, __u32) /* of ext4 and xfs; not in the headers of Debian 12 */
#define WITHOUT_FLUSH 2

int main(int argc, char **argv)
{
	__u32 how = WITHOUT_FLUSH;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || ioctl(fd, SHUTDOWN, &how) != 0) {
		fprintf(stderr, "shut_down: %s (usage: shut_down DIRECTORY)\n", strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
