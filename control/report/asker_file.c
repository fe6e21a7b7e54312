/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/asker_file.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define GROUPS_MAX 1024 /* of one process that are looked at */
#define USERS_MAX 4096u
#define LINE_BYTES 4096

bool wl_asker_of(int connection, struct wl_asker *asker)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
		return false;
	*asker = (struct wl_asker){.uid = peer.uid, .gid = peer.gid, .pid = peer.pid};
	return true;
}

bool wl_asker_is_in(int connection, const struct wl_asker *asker, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t bytes = sizeof(groups);

	if (asker->gid == group)
		return true;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) != 0)
		return false;
	for (size_t at = 0; at < bytes / sizeof(groups[0]); at++)
		if (groups[at] == group)
			return true;
	return false;
}

static bool is_word(const char *name)
{
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr("-_.", *name) == NULL)
			return false;
	return true;
}

const char *wl_asker_user(const char *users, uid_t uid, char user[WL_ASKER_USER_BYTES])
{
	FILE *file = fopen(users, "re");
	struct passwd one, *found;
	char line[LINE_BYTES];

	strcpy(user, "-");
	for (unsigned at = 0; file && at < USERS_MAX; at++) {
		if (fgetpwent_r(file, &one, line, sizeof(line), &found) != 0)
			break;
		if (one.pw_uid != uid)
			continue;
		if (one.pw_name[0] != '\0' && is_word(one.pw_name))
			snprintf(user, WL_ASKER_USER_BYTES, "%s", one.pw_name);
		break;
	}
	if (file)
		fclose(file);
	return user;
}
