/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wirelog/status.h"

/* An abstract name ends with its last byte, without a NUL: so do DPDK's driver and libmemif. */
static socklen_t address_of(const char *address, struct sockaddr_un *un)
{
	size_t bytes = strnlen(address, sizeof(un->sun_path) - 1);

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, address, bytes);
	if (un->sun_path[0] != '@')
		return sizeof(*un);
	un->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool peer_credentials(int fd, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0;
}

/* True: nobody answers there and the file is gone. */
static bool clear_stale(const char *address, char *reason)
{
	struct stat file;
	struct ucred peer;
	int fd;

	if (address[0] != '@' && lstat(address, &file) == 0 && !S_ISSOCK(file.st_mode)) {
		snprintf(reason, WL_MEMIF_REASON_BYTES, "%s exists and is not a socket", address);
		return false;
	}
	fd = wl_memif_connect(address);
	if (fd >= 0) {
		if (!peer_credentials(fd, &peer))
			peer.pid = 0;
		close(fd);
		snprintf(reason, WL_MEMIF_REASON_BYTES, "%s is in use by process %d", address,
			 (int)peer.pid);
		return false;
	}
	if (fd == -ECONNREFUSED && address[0] != '@' && unlink(address) == 0)
		return true;
	snprintf(reason, WL_MEMIF_REASON_BYTES, "%s is in use and does not answer: %s", address,
		 strerror(-fd));
	return false;
}

int wl_memif_listen(const char *address, char *reason)
{
	struct sockaddr_un un;
	socklen_t size = address_of(address, &un);
	int fd = new_socket();
	int error;

	if (fd < 0)
		goto failed;
	if (bind(fd, (struct sockaddr *)&un, size) != 0) {
		if (errno != EADDRINUSE)
			goto failed;
		if (!clear_stale(address, reason)) {
			close(fd);
			return WIRELOG_PORT_ADDRESS;
		}
		if (bind(fd, (struct sockaddr *)&un, size) != 0)
			goto failed;
	}
	if (listen(fd, 64) != 0)
		goto failed;
	return fd;

failed:
	error = errno;
	if (fd >= 0)
		close(fd);
	snprintf(reason, WL_MEMIF_REASON_BYTES, "%s cannot be listened on: %s", address,
		 strerror(error));
	return WIRELOG_PORT_ADDRESS;
}

int wl_memif_connect(const char *address)
{
	struct sockaddr_un un;
	socklen_t size = address_of(address, &un);
	int fd = new_socket();
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&un, size) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int wl_memif_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

bool wl_memif_peer_is_same_user(int fd)
{
	struct ucred peer;

	return peer_credentials(fd, &peer) && (peer.uid == geteuid() || peer.uid == 0);
}

void wl_memif_unlink(const char *address)
{
	if (address[0] == '/')
		unlink(address);
}

/*
 * Every descriptor that came is ours to close, also those that nobody asked for. The room holds one, and alignment
 * makes the kernel see room for two in it. The first is kept.
 */
static int keep_first(struct msghdr *header)
{
	int first = -1;

	for (struct cmsghdr *extra = CMSG_FIRSTHDR(header); extra;
	     extra = CMSG_NXTHDR(header, extra)) {
		if (extra->cmsg_level != SOL_SOCKET || extra->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= extra->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, (const uint8_t *)extra + at, sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

int wl_memif_receive(int from, uint8_t *message, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr alignment;
	} control;
	struct iovec part = {message, WL_MEMIF_MESSAGE_BYTES};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	ssize_t size;

	*fd = -1;
	size = recvmsg(from, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	*fd = keep_first(&header);
	if (size == (ssize_t)WL_MEMIF_MESSAGE_BYTES && (header.msg_flags & MSG_TRUNC) == 0)
		return 1;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -1;
}

bool wl_memif_send(int to, const uint8_t *message, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr alignment;
	} control;
	struct iovec part = {(void *)(uintptr_t)message, WL_MEMIF_MESSAGE_BYTES};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *extra;
	ssize_t size;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		extra = CMSG_FIRSTHDR(&header);
		extra->cmsg_level = SOL_SOCKET;
		extra->cmsg_type = SCM_RIGHTS;
		extra->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(extra), &fd, sizeof(int));
	}
	size = sendmsg(to, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
	return size == (ssize_t)WL_MEMIF_MESSAGE_BYTES;
}
