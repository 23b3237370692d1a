#ifndef SIDETOK_SUPPORT_LOG_H
#define SIDETOK_SUPPORT_LOG_H

/** Levels of the journal; the number stands in front of each line. Rule: sd-daemon(3), syslog(3). */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_NOTICE = 5, LOG_LEVEL_INFO = 6 };

/**
 * Writes one line to standard error, "<6>message": one write(2), so that lines of several threads do not mix.
 * Bytes below 0x20 and 0x7f, which may come from a peer or a path, are written as "\xNN"; a line is cut at 4
 * KB. Never waits: a line that whoever reads the log leaves no room for is lost. Any thread. Only programs log;
 * the rooms below service never do.
 */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
