/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/report_file.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/report/events_file.h"
#include "control/report/repeats.h"
#include "wirelog/status.h"

#define LINE_BYTES WL_REPEATS_TEXT_BYTES
#define LINES 256u
#define CLOSE_PATIENCE_MS 200

struct line {
	unsigned level;
	char text[LINE_BYTES]; /* without a newline */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct line lines[LINES]; /* a queue */
	unsigned first, count;
	bool busy; /* the writer is at the sink */
	bool open, ending;
	_Atomic unsigned level_max;
	enum wl_config_log_destination destination;
	int sink;
	pthread_t thread;
	uint64_t dropped, dropped_told;
	struct wl_repeats repeats;
} report = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.emptied = PTHREAD_COND_INITIALIZER,
	.level_max = WL_REPORT_INFO,
	.sink = -1,
};

static const char *const level_names[] = {"emergency", "alert",	 "critical", "error",
					  "warning",   "notice", "info",     "debug"};

static void write_stderr(const struct line *line)
{
	char text[LINE_BYTES + 80];
	struct timespec now;
	struct tm tm;
	size_t used = 0;
	int length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	/* Not strftime: it looks at /etc/localtime for each line, and that may lie on the drive whose end is to be told. */
	length = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ %s %s\n",
			  tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			  tm.tm_sec, now.tv_nsec / 1000, level_names[line->level], line->text);
	if (length > 0)
		used = (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
	for (size_t at = 0; at < used;) {
		ssize_t wrote = write(STDERR_FILENO, text + at, used - at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return; /* nobody reads it: nowhere to say so */
		at += (size_t)wrote;
	}
}

/* Datagrams: syslog's "<priority>tag: text" (RFC 3164), the journal's "KEY=value" lines. */
static void write_datagram(const struct line *line)
{
	char text[LINE_BYTES + 96];
	int bytes;

	if (report.destination == WL_CONFIG_LOG_SYSLOG)
		bytes = snprintf(text, sizeof(text), "<%u>wirelogd[%d]: %s", 3u * 8u + line->level,
				 (int)getpid(), line->text);
	else
		bytes = snprintf(text, sizeof(text),
				 "PRIORITY=%u\nSYSLOG_IDENTIFIER=wirelogd\nMESSAGE=%s\n",
				 line->level, line->text);
	if (bytes > 0 && send(report.sink, text, (size_t)bytes, MSG_NOSIGNAL) < 0)
		write_stderr(line);
}

static void write_line(const struct line *line)
{
	if (report.sink < 0)
		write_stderr(line);
	else
		write_datagram(line);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* With the lock held. */
static bool push_line(const struct line *line)
{
	if (report.count == LINES)
		return false;
	report.lines[(report.first + report.count) % LINES] = *line;
	report.count++;
	return true;
}

/* A value in quotes where it has blanks or quotes, control characters as '?'. Returns `to`. */
static const char *quote_value(const char *value, char *to, size_t to_bytes)
{
	bool quote = value[0] == '\0' || strpbrk(value, " \t\"=") != NULL;
	size_t used = 0;

	if (quote)
		to[used++] = '"';
	for (; *value != '\0' && used + 2 < to_bytes; value++)
		to[used++] = *value == '"' ? '\'' : (unsigned char)*value < 0x20 ? '?' : *value;
	if (quote)
		to[used++] = '"';
	to[used] = '\0';
	return to;
}

/* With the lock held: the counts of lines that were held back and are due. */
static void push_counts(bool at_end)
{
	static struct line line;
	const struct wl_repeats_event *event;
	char last[LINE_BYTES];
	uint32_t held_back;

	while (report.count < LINES &&
	       (event = wl_repeats_tell(&report.repeats, now_ns(), at_end, &held_back)) != NULL) {
		line.level = event->last_level;
		snprintf(line.text, sizeof(line.text),
			 "lines_held_back event=%s count=%u seconds=%u last=%.900s", event->name,
			 held_back, (unsigned)(WL_REPEATS_SPAN_NS / 1000000000u),
			 quote_value(event->last, last, sizeof(last)));
		push_line(&line);
	}
}

/* With the lock held. */
static void wait_for_lines(void)
{
	struct timespec until;

	if (!wl_repeats_has_more(&report.repeats)) {
		pthread_cond_wait(&report.filled, &report.lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_cond_clockwait(&report.filled, &report.lock, CLOCK_MONOTONIC, &until);
	push_counts(false);
}

static void *write_lines(void *unused)
{
	static struct line line;

	(void)unused;
	pthread_mutex_lock(&report.lock);
	for (;;) {
		while (report.count == 0 && !report.ending)
			wait_for_lines();
		if (report.count == 0)
			break;
		line = report.lines[report.first];
		report.first = (report.first + 1) % LINES;
		report.count--;
		report.busy = true;
		pthread_mutex_unlock(&report.lock);
		wl_events_add(line.level, line.text);
		write_line(&line);
		pthread_mutex_lock(&report.lock);
		report.busy = false;
		if (report.count == 0)
			pthread_cond_broadcast(&report.emptied);
	}
	pthread_mutex_unlock(&report.lock);
	return NULL;
}

static int connect_sink(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

int wl_report_open(enum wl_config_log_destination destination, unsigned level_max)
{
	const char *path = destination == WL_CONFIG_LOG_SYSLOG ? "/dev/log"
							       : "/run/systemd/journal/socket";

	report.destination = destination;
	report.ending = false;
	report.level_max = level_max;
	if (destination != WL_CONFIG_LOG_STDERR) {
		report.sink = connect_sink(path);
		if (report.sink < 0)
			wl_report(WL_REPORT_WARNING, "log_sink_missing",
				  "path=%s error=%d now=stderr", path, errno);
	}
	if (pthread_create(&report.thread, NULL, write_lines, NULL) != 0)
		return WIRELOG_NO_MEMORY;
	pthread_setname_np(report.thread, "wl-log");
	pthread_mutex_lock(&report.lock);
	report.open = true;
	pthread_mutex_unlock(&report.lock);
	return 0;
}

/* `limited`: as one of its event's. */
static void queue_line(const char *event, const struct line *line, bool limited)
{
	pthread_mutex_lock(&report.lock);
	push_counts(false);
	/* Who asked for debug lines wants all of them. */
	if (limited && line->level < WL_REPORT_DEBUG &&
	    !wl_repeats_admit(&report.repeats, event, line->level, line->text, now_ns())) {
		pthread_cond_signal(&report.filled);
		pthread_mutex_unlock(&report.lock);
		return;
	}
	if (report.dropped != report.dropped_told && report.count <= LINES / 2) {
		struct line told = {.level = WL_REPORT_WARNING};

		snprintf(told.text, sizeof(told.text), "log_lines_dropped count=%lu",
			 (unsigned long)(report.dropped - report.dropped_told));
		report.dropped_told = report.dropped;
		push_line(&told);
	}
	if (!push_line(line))
		report.dropped++;
	pthread_cond_signal(&report.filled);
	pthread_mutex_unlock(&report.lock);
}

void wl_report_set_level(unsigned level_max)
{
	atomic_store_explicit(&report.level_max, level_max, memory_order_relaxed);
}

__attribute__((format(printf, 4, 0))) static void report_line(enum wl_report_level level,
							      const char *event, bool limited,
							      const char *format, va_list arguments)
{
	struct line line = {.level = level};
	size_t used;

	if (level > atomic_load_explicit(&report.level_max, memory_order_relaxed))
		return;
	used = (size_t)snprintf(line.text, sizeof(line.text), "%s%s", event, format[0] ? " " : "");
	vsnprintf(line.text + used, sizeof(line.text) - used, format, arguments);
	for (char *at = line.text; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	}
	if (report.open)
		queue_line(event, &line, limited);
	else
		write_stderr(&line);
}

void wl_report(enum wl_report_level level, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_line(level, event, true, format, arguments);
	va_end(arguments);
}

void wl_report_each(enum wl_report_level level, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_line(level, event, false, format, arguments);
	va_end(arguments);
}

uint64_t wl_report_dropped(void)
{
	uint64_t dropped;

	pthread_mutex_lock(&report.lock);
	dropped = report.dropped;
	pthread_mutex_unlock(&report.lock);
	return dropped;
}

uint64_t wl_report_held_back(void)
{
	uint64_t held_back;

	pthread_mutex_lock(&report.lock);
	held_back = report.repeats.held_back;
	pthread_mutex_unlock(&report.lock);
	return held_back;
}

/* With the lock held. */
static void wait_until_empty(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += CLOSE_PATIENCE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while ((report.count != 0 || report.busy) &&
	       pthread_cond_clockwait(&report.emptied, &report.lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

void wl_report_flush(void)
{
	pthread_mutex_lock(&report.lock);
	wait_until_empty();
	pthread_mutex_unlock(&report.lock);
}

void wl_report_close(void)
{
	bool stuck;

	pthread_mutex_lock(&report.lock);
	if (!report.open) {
		pthread_mutex_unlock(&report.lock);
		return;
	}
	push_counts(true);
	report.ending = true;
	pthread_cond_signal(&report.filled);
	wait_until_empty();
	stuck = report.busy;
	report.open = false;
	pthread_mutex_unlock(&report.lock);
	/* A sink that blocks keeps its thread; the process ends without it. */
	if (!stuck)
		pthread_join(report.thread, NULL);
}
