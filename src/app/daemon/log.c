/* SPDX-License-Identifier: MIT
 *
 * The log: a line an event, as name=value or as JSON, each by one write(2).
 */
#include <stdio.h>
#include <unistd.h>

#include "app/daemon/daemon.h"

#define LINE_MAX_OCTETS ((size_t)4096) /* as much as a pipe takes at once (pipe(7)) */
#define VALUE_MAX       ((size_t)400)

void log_init(server_log *l, bool as_json)
{
    *l = (server_log){.as_json = as_json};
    bb_arena_init(&l->arena, &bb_os_alloc, (size_t)1 << 20);
}

void log_free(server_log *l)
{
    bb_arena_free(&l->arena);
}

void log_begin(server_log *l, const char *level, const char *event)
{
    char now[BB_TIME_LEN];
    bb_arena_reset(&l->arena);
    l->arena.failed = false;
    l->line = bb_buf_in(&l->arena, LINE_MAX_OCTETS - 1);
    if (l->as_json) {
        l->json = (bb_json){.out = &l->line};
        bb_json_open(&l->json, '{');
        bb_json_kint(&l->json, "v", 1);
    }
    log_str(l, "time", bb_cstr(bb_time_str(bb_os_now(), now)));
    log_str(l, "level", bb_cstr(level));
    log_str(l, "event", bb_cstr(event));
}

/* Values without blanks, quotes and the like stand bare. */
static bool is_bare(bb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '=') return false;
    return true;
}

static void put_quoted(bb_buf *b, bb_str s)
{
    bb_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') bb_putc(b, '\\');
        bb_putc(b, s.p[i]);
    }
    bb_putc(b, '"');
}

void log_str(server_log *l, const char *key, bb_str value)
{
    if (bb_empty(value)) return;
    bb_str safe = bb_safe(&l->arena, value, VALUE_MAX);
    if (l->as_json) {
        bb_json_kstr(&l->json, key, safe);
        return;
    }
    if (l->line.n) bb_putc(&l->line, ' ');
    bb_puts(&l->line, key);
    bb_putc(&l->line, '=');
    if (is_bare(safe)) bb_put(&l->line, safe);
    else put_quoted(&l->line, safe);
}

void log_int(server_log *l, const char *key, int64_t value)
{
    if (l->as_json) bb_json_kint(&l->json, key, value);
    else bb_putf(&l->line, " %s=%lld", key, (long long)value);
}

void log_end(server_log *l)
{
    if (l->as_json) bb_json_close(&l->json, '}');
    bb_str line = bb_buf_str(&l->line);
    /* A log that cannot be written is no reason to refuse mail. */
    if (!line.n || l->line.truncated || l->arena.failed) return;
    char end = '\n';
    char all[LINE_MAX_OCTETS];
    memcpy(all, line.p, line.n);
    all[line.n] = end;
    if (write(STDERR_FILENO, all, line.n + 1) < 0) return;
}

void log_once(server_log *l, char told[LOG_TOLD], const char *event, const char *text)
{
    if (strcmp(told, text) != 0) log_trouble(l, event, text);
    snprintf(told, LOG_TOLD, "%s", text);
}

void log_trouble(server_log *l, const char *event, const char *text)
{
    log_begin(l, "error", event);
    log_str(l, "text", bb_cstr(text));
    log_end(l);
}
