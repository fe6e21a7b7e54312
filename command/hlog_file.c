/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/hlog_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/base/histogram_text_memory.h"

#define NS_PER_MS 1e6

static void write_head(FILE *file, double start_unixtime_s)
{
	time_t seconds = (time_t)start_unixtime_s;
	struct tm parts;
	char text[64] = "";

	if (gmtime_r(&seconds, &parts) != NULL)
		strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", &parts);
	fprintf(file, "#[Logged with wirelog]\n");
	fprintf(file, "#[Histogram log format version 1.3]\n");
	fprintf(file, "#[StartTime: %.3f (seconds since epoch), %s]\n", start_unixtime_s, text);
	fprintf(file, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		      "\"Interval_Compressed_Histogram\"\n");
}

int wl_hlog_file_open(struct wl_hlog_file *log, const char *path, double start_unixtime_s)
{
	log->file = fopen(path, "we");
	if (log->file == NULL)
		return -errno;
	write_head(log->file, start_unixtime_s);
	return 0;
}

int wl_hlog_file_write(struct wl_hlog_file *log, const struct wl_hlog_interval *interval,
		       const struct wl_histogram *histogram)
{
	char *text;

	if (interval->tag != NULL && interval->tag[strcspn(interval->tag, ", \r\n")] != 0)
		return -EINVAL;
	text = wl_histogram_text(histogram);
	if (text == NULL)
		return -ENOMEM;
	if (interval->tag != NULL)
		fprintf(log->file, "Tag=%s,", interval->tag);
	fprintf(log->file, "%.3f,%.3f,%.3f,%s\n", interval->start_s, interval->length_s,
		(double)wl_histogram_max(histogram) / NS_PER_MS, text);
	free(text);
	return ferror(log->file) ? -EIO : 0;
}

int wl_hlog_file_close(struct wl_hlog_file *log)
{
	bool failed = ferror(log->file) != 0;
	int result = fclose(log->file) != 0 ? -errno : failed ? -EIO : 0;

	log->file = NULL;
	return result;
}
