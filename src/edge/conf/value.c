/* SPDX-License-Identifier: MIT
 *
 * One value of a parameter: read, checked against its row, and written again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/address.h"
#include "core/gate/gate.h"
#include "edge/conf/internal.h"

static void *field(const bb_conf_param *p, void *record)
{
    return (char *)record + p->offset;
}

static bool out_of_range(const bb_conf_param *p, double v, bb_err *err)
{
    if (v >= p->min && v <= p->max) return false;
    if (p->type != BB_PARAM_DURATION)
        return !bb_fail(err, BB_ECONFIG, "%s: must be from %.0f to %.0f", p->name, p->min, p->max);
    double unit = p->min < 3600 ? 1 : p->min < 86400 ? 3600 : 86400;
    char letter = p->min < 3600 ? 's' : p->min < 86400 ? 'h' : 'd';
    return !bb_fail(err, BB_ECONFIG, "%s: must be from %.0f%c to %.0fd", p->name, p->min / unit, letter,
                    p->max / 86400);
}

static bool wrong(const bb_conf_param *p, bb_str value, bb_err *err)
{
    return bb_fail(err, BB_ECONFIG, "%s: \"%.*s\" is not %s", p->name, (int)(value.n > 60 ? 60 : value.n), value.p,
                   p->unit);
}

/* Index of the word in a list with spaces between; -1: not there. */
static int word_index(const char *words, bb_str value)
{
    bb_str rest = bb_cstr(words), word;
    for (int i = 0; bb_split(&rest, ' ', &word); i++)
        if (bb_ieq(word, value)) return i;
    return -1;
}

/* Written to a file, it would be read as less than it is. */
static bool begins_comment(bb_str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == ';' && (i == 0 || value.p[i - 1] == ' ' || value.p[i - 1] == '\t')) return true;
    return false;
}

static bool set_text(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    if (value.n > (size_t)p->max || memchr(value.p, '\0', value.n))
        return bb_fail(err, BB_ECONFIG, "%s: at most %.0f octets of text", p->name, p->max);
    if (value.n < (size_t)p->min) return bb_fail(err, BB_ECONFIG, "%s: must not be empty", p->name);
    if (begins_comment(value))
        return bb_fail(err, BB_ECONFIG,
                       "%s: a value has no \";\" at its beginning or behind a blank: a comment begins there", p->name);
    char *to = field(p, record);
    memcpy(to, value.p, value.n);
    to[value.n] = '\0';
    return true;
}

/* A-label in lower case; empty: it is no domain. Put together to an address, so that what is right in one is said in
 * one place. */
static bb_str read_domain(bb_arena *scratch, bb_str value)
{
    bb_address whole;
    bool good = bb_address_read(scratch, bb_sprintf(scratch, "x@" BB_FMT, BB_ARG(value)), &whole, NULL);
    return good && whole.domain.p[0] != '[' ? whole.domain : (bb_str){0};
}

static bool set_domain(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    if (!value.n) return set_text(scratch, p, value, record, err);
    bb_str domain = read_domain(scratch, value);
    return domain.n ? set_text(scratch, p, domain, record, err) : wrong(p, value, err);
}

static bool set_hosts(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    bb_str rest = value, word;
    bb_buf kept = bb_buf_in(scratch, 8 * (size_t)p->max);
    while (bb_split(&rest, ' ', &word)) {
        word = bb_trim(word);
        if (!word.n) continue;
        bb_str domain = read_domain(scratch, word);
        if (!domain.n) return wrong(p, word, err);
        if (kept.n) bb_putc(&kept, ' ');
        bb_put(&kept, domain);
    }
    return set_text(scratch, p, kept.n ? bb_buf_str(&kept) : BB_S(""), record, err);
}

static bool set_local(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    bb_address whole;
    if (!value.n) return set_text(scratch, p, value, record, err);
    bool good = value.p[0] != '"' && bb_chr(value, '+') == BB_NPOS && bb_chr(value, '@') == BB_NPOS &&
                bb_address_read(scratch, bb_sprintf(scratch, BB_FMT "@example.com", BB_ARG(value)), &whole, NULL);
    return good ? set_text(scratch, p, value, record, err) : wrong(p, value, err);
}

static bool set_int(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    uint64_t v;
    if (!bb_u64(value, &v)) return wrong(p, value, err);
    if (out_of_range(p, (double)v, err)) return false;
    *(int *)field(p, record) = (int)v;
    return true;
}

static bool set_number(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    char text[32], *end = text;
    if (!value.n || value.n >= sizeof text || !bb_is_digit(value.p[0])) return wrong(p, value, err);
    for (size_t i = 0; i < value.n; i++)
        if (!bb_is_digit(value.p[i]) && value.p[i] != '.') return wrong(p, value, err);
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    double v = strtod(text, &end); /* the program never leaves the C locale */
    if (*end || !isfinite(v)) return wrong(p, value, err);
    if (out_of_range(p, v, err)) return false;
    *(double *)field(p, record) = v;
    return true;
}

static bool set_duration(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    int64_t v;
    if (!bb_duration(value, &v)) return wrong(p, value, err);
    if (out_of_range(p, (double)v, err)) return false;
    *(int64_t *)field(p, record) = v;
    return true;
}

static bool set_word(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    int i = word_index(p->words, value);
    if (i < 0) return wrong(p, value, err);
    *(int *)field(p, record) = i;
    return true;
}

static bool set_bool(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    (void)scratch;
    int i = word_index("no false off 0 yes true on 1", value);
    if (i < 0) return wrong(p, value, err);
    *(bool *)field(p, record) = i >= 4;
    return true;
}

/* Kept as written, since the gate reads it; but what it could not read is told here, with file and line. */
static bool set_networks(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    bb_network *read;
    size_t n;
    if (!bb_networks_read(scratch, value, &read, &n, err)) return bb_fail_in(err, "%s", p->name);
    return set_text(scratch, p, value, record, err);
}

static bool set_senders(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    bb_str *read;
    size_t n;
    if (!bb_senders_read(scratch, value, &read, &n, err)) return bb_fail_in(err, "%s", p->name);
    return set_text(scratch, p, value, record, err);
}

typedef bool (*set_fn)(bb_arena *, const bb_conf_param *, bb_str, void *, bb_err *);

bool bb_conf_set(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err)
{
    static const set_fn set[] = {
        [BB_PARAM_TEXT] = set_text,         [BB_PARAM_DOMAIN] = set_domain,   [BB_PARAM_LOCAL] = set_local,
        [BB_PARAM_HOSTS] = set_hosts,       [BB_PARAM_WORD] = set_word,       [BB_PARAM_INT] = set_int,
        [BB_PARAM_NUMBER] = set_number,     [BB_PARAM_BOOL] = set_bool,       [BB_PARAM_DURATION] = set_duration,
        [BB_PARAM_NETWORKS] = set_networks, [BB_PARAM_SENDERS] = set_senders,
    };
    return set[p->type](scratch, p, value, record, err);
}

static bb_str word_at(const char *words, int index)
{
    bb_str rest = bb_cstr(words), word = {0};
    for (int i = 0; i <= index; i++)
        if (!bb_split(&rest, ' ', &word)) return (bb_str){0};
    return word;
}

static bb_str duration_text(bb_arena *a, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (seconds % units[i].seconds) i++;
    return bb_sprintf(a, "%lld%c", (long long)(seconds / units[i].seconds), units[i].unit);
}

bb_str bb_conf_value(bb_arena *a, const bb_conf_param *p, const void *record)
{
    const void *v = (const char *)record + p->offset;
    switch (p->type) {
    case BB_PARAM_TEXT:
    case BB_PARAM_DOMAIN:
    case BB_PARAM_HOSTS:
    case BB_PARAM_NETWORKS:
    case BB_PARAM_SENDERS:
    case BB_PARAM_LOCAL: return bb_dup(a, bb_cstr(v));
    case BB_PARAM_WORD: return bb_dup(a, word_at(p->words, *(const int *)v));
    case BB_PARAM_INT: return bb_sprintf(a, "%d", *(const int *)v);
    case BB_PARAM_NUMBER: return bb_sprintf(a, "%g", *(const double *)v);
    case BB_PARAM_DURATION: return duration_text(a, *(const int64_t *)v);
    case BB_PARAM_BOOL: return *(const bool *)v ? BB_S("yes") : BB_S("no");
    }
    return (bb_str){0};
}
