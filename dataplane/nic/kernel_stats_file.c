/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/kernel_stats_file.h"

#include <stdio.h>
#include <string.h>

/* The line of an interface behind its colon; NULL: there is none. */
static const char *find(const char *text, const char *interface)
{
	size_t bytes = strlen(interface);

	while (text) {
		text += strspn(text, " \t");
		if (bytes > 0 && strncmp(text, interface, bytes) == 0 && text[bytes] == ':')
			return text + bytes + 1;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

/* rx: bytes packets errs drop fifo frame compressed multicast; tx: bytes packets errs drop ... */
bool wl_kernel_stats_parse(const char *text, const char *interface, struct wl_link_stats *stats)
{
	const char *line = find(text, interface);
	unsigned long rx[5], tx[4];

	if (!line || sscanf(line, "%lu %lu %lu %lu %lu %*u %*u %*u %lu %lu %lu %lu", &rx[0], &rx[1],
			    &rx[2], &rx[3], &rx[4], &tx[0], &tx[1], &tx[2], &tx[3]) != 9)
		return false;
	*stats = (struct wl_link_stats){
		.rx_bytes = rx[0],
		.rx_frames = rx[1],
		.rx_errors = rx[2],
		.rx_missed = rx[3],
		.rx_no_buffer = rx[4],
		.tx_bytes = tx[0],
		.tx_frames = tx[1],
		.tx_errors = tx[2] + tx[3],
	};
	return true;
}

bool wl_kernel_stats_read(const char *interface, struct wl_link_stats *stats)
{
	FILE *file = fopen("/proc/self/net/dev", "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = wl_kernel_stats_parse(line, interface, stats);
	if (file)
		fclose(file);
	return found;
}
