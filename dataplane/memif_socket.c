/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/memif_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/bytes.h"
#include "wirelog/status.h"

#define HELLO_NAME "wirelog "
#define MESSAGE_BYTES 128u

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
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool wl_memif_peer_is_self(int fd)
{
	struct ucred peer;

	return peer_credentials(fd, &peer) && peer.pid == getpid();
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

int wl_memif_receive(int from, uint8_t *message, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr alignment;
	} control;
	struct iovec part = {message, MESSAGE_BYTES};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *extra;
	ssize_t size;

	*fd = -1;
	size = recvmsg(from, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	for (extra = size > 0 ? CMSG_FIRSTHDR(&header) : NULL; extra != NULL;
	     extra = CMSG_NXTHDR(&header, extra)) {
		if (extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SCM_RIGHTS &&
		    extra->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(fd, CMSG_DATA(extra), sizeof(int));
	}
	if (size == (ssize_t)MESSAGE_BYTES)
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
	struct iovec part = {(void *)(uintptr_t)message, MESSAGE_BYTES};
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
	return size == (ssize_t)MESSAGE_BYTES;
}

void wl_memif_say_hello(uint8_t *message, uint16_t mtu)
{
	uint8_t *limits = message + WL_MEMIF_HELLO_LIMITS;

	memset(message, 0, MESSAGE_BYTES);
	wl_store_u16(message, WL_MEMIF_HELLO);
	snprintf((char *)message + WL_MEMIF_HELLO_NAME, WL_MEMIF_HELLO_LIMITS - WL_MEMIF_HELLO_NAME,
		 HELLO_NAME "%u", mtu);
	wl_store_u16(limits, WL_MEMIF_VERSION);
	wl_store_u16(limits + 2, WL_MEMIF_VERSION);
	wl_store_u16(limits + 4, 0); /* the highest region, ring of either direction */
	wl_store_u16(limits + 6, 0);
	wl_store_u16(limits + 8, 0);
	limits[10] = 14; /* the largest ring of DPDK's driver, as log2 */
}

uint16_t wl_memif_hello_mtu(const uint8_t *message)
{
	const char *name = (const char *)message + WL_MEMIF_HELLO_NAME;
	unsigned mtu = 0;

	if (wl_load_u16(message) != WL_MEMIF_HELLO ||
	    strncmp(name, HELLO_NAME, strlen(HELLO_NAME)) != 0)
		return 0;
	for (name += strlen(HELLO_NAME); *name >= '0' && *name <= '9' && mtu <= UINT16_MAX; name++)
		mtu = mtu * 10 + (unsigned)(*name - '0');
	return mtu <= UINT16_MAX ? (uint16_t)mtu : 0;
}

void wl_memif_say_disconnect(uint8_t *message, const char *why)
{
	memset(message, 0, MESSAGE_BYTES);
	wl_store_u16(message, WL_MEMIF_DISCONNECT);
	memcpy(message + WL_MEMIF_DISCONNECT_TEXT, why, strnlen(why, 95));
}

uint64_t wl_memif_region_buffer_bytes(uint64_t region_bytes, uint32_t rings, uint32_t slots)
{
	uint64_t ring_bytes =
		WL_MEMIF_RING_HEADER_BYTES + (uint64_t)slots * WL_MEMIF_DESCRIPTOR_BYTES;

	if (rings == 0 || slots == 0 || region_bytes <= rings * ring_bytes)
		return 0;
	return (region_bytes - rings * ring_bytes) / ((uint64_t)rings * slots);
}
