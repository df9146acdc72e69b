/* SPDX-License-Identifier: MIT
 *
 * What commands print: text, times, tables, JSON; and noticing when it cannot be written.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include "app/cli/cli.h"

static int write_error; /* errno of the first write that failed; one stream, one program */

void cli_put(cli *c, bb_str bytes)
{
    (void)c;
    if (write_error || !bytes.n) return;
    errno = 0;
    if (fwrite(bytes.p, 1, bytes.n, stdout) != bytes.n) write_error = errno ? errno : EIO;
}

void cli_print(cli *c, const char *fmt, ...)
{
    (void)c;
    if (write_error) return;
    va_list args;
    va_start(args, fmt);
    errno = 0;
    if (vprintf(fmt, args) < 0) write_error = errno ? errno : EIO;
    va_end(args);
}

bool cli_output_gone(void)
{
    return write_error;
}

int cli_finish(cli *c, int exit)
{
    errno = 0;
    if (!write_error && fflush(stdout) != 0) write_error = errno ? errno : EIO;
    if (!write_error || write_error == EPIPE) return exit; /* whoever read has read enough */
    bb_fail(&c->err, BB_EIO, "standard output: cannot write: %s", strerror(write_error));
    int failed = cli_fail(c);
    return exit == CLI_EXIT_OK ? failed : exit;
}

/* ---- words ------------------------------------------------------------------------------------------------ */

const char *cli_show(bb_arena *a, bb_str s)
{
    bb_str safe = bb_safe(a, s, 1000);
    return safe.p ? safe.p : "";
}

const char *cli_when(bb_arena *a, bb_time t)
{
    char text[BB_TIME_LEN];
    if (t == BB_NO_TIME) return "";
    bb_time_str(t, text);
    return bb_sprintf(a, "%.10s %.5s UTC", text, text + 11).p;
}

const char *cli_day(bb_arena *a, bb_time t)
{
    char text[BB_TIME_LEN];
    return bb_sprintf(a, "%.10s", bb_time_str(t, text)).p;
}

const char *cli_plural(bb_arena *a, int64_t n, const char *one, const char *many)
{
    return bb_sprintf(a, "%lld %s", (long long)n, n == 1 ? one : many).p;
}

const char *cli_span(bb_arena *a, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *one, *many;
    } units[] = {{86400, "day", "days"}, {3600, "hour", "hours"}, {60, "minute", "minutes"}, {1, "second", "seconds"}};
    size_t i = 0;
    while (seconds % units[i].seconds) i++;
    return cli_plural(a, seconds / units[i].seconds, units[i].one, units[i].many);
}

/* ---- JSON --------------------------------------------------------------------------------------------------- */

void cli_json_begin(cli_json *d, bb_arena *a)
{
    d->buf = bb_buf_in(a, (size_t)256 << 20);
    d->j = (bb_json){.out = &d->buf};
    bb_json_open(&d->j, '{');
    bb_json_kint(&d->j, "v", 1);
}

void cli_json_end(cli *c, cli_json *d)
{
    bb_json_close(&d->j, '}');
    bb_putc(&d->buf, '\n');
    if (d->buf.truncated) { /* half a document is worse than none */
        errno = ENOMEM;
        if (!write_error) write_error = ENOMEM;
        return;
    }
    cli_put(c, bb_buf_str(&d->buf));
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

void cli_table_begin(cli_table *t, bb_arena *a, const char *const *heads, size_t columns)
{
    *t = (cli_table){.arena = a, .heads = heads, .columns = columns};
}

void cli_cell(cli_table *t, bb_str s)
{
    bb_str *slot = BB_PUSH(t->arena, t->cells, t->n, t->cap);
    if (slot) *slot = bb_safe(t->arena, s, 200);
}

void cli_cellf(cli_table *t, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_cell(t, bb_cstr(text));
}

/* Characters, which is columns for what stands in our tables. */
static size_t width(bb_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static void print_row(cli *c, const cli_table *t, const char *indent, const bb_str *row, const size_t *widths)
{
    cli_print(c, "%s", indent);
    for (size_t k = 0; k < t->columns; k++) {
        bool number = t->heads && t->heads[k][0] == '>', last = k + 1 == t->columns;
        int pad = (int)(widths[k] - width(row[k]));
        if (number) cli_print(c, "%*s", pad, "");
        cli_put(c, row[k]);
        if (!last) cli_print(c, "%*s", number ? 2 : pad + 2, "");
    }
    cli_print(c, "\n");
}

void cli_table_end(cli *c, cli_table *t, const char *indent)
{
    size_t *widths = bb_get_array(t->arena, t->columns, sizeof *widths);
    bb_str *heads = bb_get_array(t->arena, t->columns, sizeof *heads);
    if (!widths || !heads || !t->columns) return;
    for (size_t k = 0; t->heads && k < t->columns; k++) {
        heads[k] = bb_cstr(t->heads[k] + (t->heads[k][0] == '>'));
        widths[k] = width(heads[k]);
    }
    for (size_t i = 0; i < t->n; i++)
        if (width(t->cells[i]) > widths[i % t->columns]) widths[i % t->columns] = width(t->cells[i]);
    if (t->heads) print_row(c, t, indent, heads, widths);
    for (size_t i = 0; i + t->columns <= t->n; i += t->columns) print_row(c, t, indent, t->cells + i, widths);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

void cli_put_settings(cli *c, bb_json *j, bb_param_scope scope, const void *record)
{
    cli_table t;
    cli_table_begin(&t, &c->arena, NULL, 2);
    bb_json_open(j, '{');
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope != scope) continue;
        bb_str value = bb_conf_value(&c->arena, p, record);
        bb_json_kstr(j, p->name, value);
        cli_cell(&t, bb_cstr(p->name));
        cli_cell(&t, value.n ? value : BB_S("-"));
    }
    bb_json_close(j, '}');
    if (!c->json) cli_table_end(c, &t, "  ");
}
