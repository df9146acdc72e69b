/* SPDX-License-Identifier: MIT
 *
 * Messages and replies to results, which keep copies of all that they say.
 */
#include <stdlib.h>

#include "core/fact/fact.h"
#include "edge/charset/charset.h"
#include "lib/internal.h"

#define MESSAGE_MAX ((size_t)64 << 20)  /* as the program cuts them (edge/os) */
#define JSON_MAX    ((size_t)128 << 20) /* of one message */

struct bouncebox_result {
    bb_arena arena;
    bouncebox_row *rows;
    bouncebox_text *paths;
    size_t n_rows, n_paths;
    bouncebox_text json;
};

static bouncebox_result *result_new(void)
{
    bouncebox_result *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    bb_arena_init(&r->arena, &lib_alloc, BB_ARENA_LIMIT);
    r->json = (bouncebox_text){"", 0};
    return r;
}

void bouncebox_result_free(bouncebox_result *result)
{
    if (!result) return;
    bb_arena_free(&result->arena);
    free(result);
}

/* The result, or where memory ran out on the way NULL. `scratch` is done with. */
static bouncebox_result *finish(bouncebox_result *r, bb_arena *scratch, bool good, bouncebox_error *err)
{
    if (r && good && !scratch->failed && !r->arena.failed) {
        bb_arena_free(scratch);
        return r;
    }
    bb_arena_free(scratch);
    bouncebox_result_free(r);
    lib_fail(err, BOUNCEBOX_ENOMEM, "takes more memory than there is");
    return NULL;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bouncebox_row *rows_for(bouncebox_result *r, size_t n, const bouncebox_row *common)
{
    r->rows = bb_get_array(&r->arena, n, sizeof *r->rows);
    if (!r->rows) return NULL;
    for (size_t i = 0; i < n; i++) r->rows[i] = *common;
    r->n_rows = n;
    return r->rows;
}

static void fill(bb_arena *a, const bb_rcpt_report *said, const bb_verdict *v, bouncebox_row *row)
{
    row->kind = (int)v->kind;
    row->reason = (int)v->reason;
    row->confidence = v->confidence;
    row->rule = lib_text(a, v->rule);
    row->action = (int)said->action;
    row->reply_code = said->reply_code;
    row->recipient = lib_text(a, said->recipient);
    row->status = lib_text(a, said->status);
    row->command = lib_text(a, said->command);
    row->diagnostic = lib_text(a, said->diagnostic);
    row->remote_mta = lib_text(a, said->remote_mta);
}

/* What all rows of a message say alike. */
static bouncebox_row common_of(bb_arena *a, const bb_message *m)
{
    const bb_original *o = &m->report.original;
    char hex[2 * BB_HASH_LEN + 1];
    bb_hash_hex(&m->key, hex);
    return (bouncebox_row){
        .date = m->event_time,
        .reporting_mta = lib_text(a, m->report.reporting_mta),
        .format = lib_text(a, bb_cstr(m->report.format)),
        .return_path = lib_text(a, m->n_paths ? m->paths[0].address : o->return_path),
        .content_id = lib_text(a, bb_cstr(hex)),
        .original_message_id = lib_text(a, o->message_id),
        .original_subject = lib_text(a, o->subject),
        .original_from = lib_text(a, o->from),
        .original_list_id = lib_text(a, o->list_id),
        .truncated = lib_text(a, bb_cstr(m->truncated)),
    };
}

/* ---- messages ---------------------------------------------------------------------------------------------------------- */

static void keep(bouncebox_result *r, const bb_message *m)
{
    static const bb_rcpt_report nobody;
    bb_arena *a = &r->arena;
    bouncebox_row common = common_of(a, m);
    bouncebox_row *rows = rows_for(r, m->n_verdicts, &common);
    for (size_t i = 0; rows && i < m->n_verdicts; i++)
        fill(a, i < m->report.n_rcpts ? &m->report.rcpts[i] : &nobody, &m->verdicts[i], &rows[i]);
    r->paths = bb_get_array(a, m->n_paths, sizeof *r->paths);
    for (size_t i = 0; r->paths && i < m->n_paths; i++) r->paths[i] = lib_text(a, m->paths[i].address);
    if (r->paths) r->n_paths = m->n_paths;
    bb_buf json = bb_buf_in(a, JSON_MAX);
    bb_message_json(m, &json);
    bb_putc(&json, '\0');
    if (json.n && !json.truncated) r->json = (bouncebox_text){json.p, json.n - 1};
    else a->failed = true;
}

static bool envelope_of(const bouncebox_envelope *given, bb_envelope *out)
{
    *out = (bb_envelope){.from_line = BB_NO_TIME, .received = BB_NO_TIME};
    if (!given) return true;
    for (size_t i = 0; i < BB_COUNT(given->reserved); i++)
        if (given->reserved[i]) return false;
    out->source = bb_cstr(given->source);
    out->rcpt_to = bb_cstr(given->rcpt_to);
    out->from_line = lib_optional(given->from_line);
    out->received = lib_optional(given->received);
    return true;
}

bouncebox_result *bouncebox_parse(const bouncebox_rules *rules, const void *bytes, size_t length,
                                  const bouncebox_envelope *envelope, bouncebox_error *err)
{
    bb_envelope env;
    bb_message m;
    bb_arena scratch;
    lib_begin(err);
    if (!rules || (!bytes && length)) {
        lib_fail(err, BOUNCEBOX_EUSAGE, "parse: no rules, or no bytes");
        return NULL;
    }
    if (!envelope_of(envelope, &env)) {
        lib_fail(err, BOUNCEBOX_EUSAGE, "parse: the envelope's reserved fields are not 0");
        return NULL;
    }
    bb_charsets charsets = {0};
    bb_mail_options options = bb_mail_defaults;
    options.charset = bb_charset_convert;
    options.charset_ctx = &charsets;
    bb_reader reader = {.rules = rules->compiled, .mail = &options};
    bb_str message = bb_sub((bb_str){bytes, length}, 0, MESSAGE_MAX);
    bb_arena_init(&scratch, &lib_alloc, BB_ARENA_LIMIT);
    bouncebox_result *r = result_new();
    bool read = r && bb_message_read(&scratch, message, &env, &reader, &m);
    if (read && message.n < length && !m.truncated) m.truncated = "message size";
    if (read) keep(r, &m);
    bb_charsets_close(&charsets);
    return finish(r, &scratch, read, err);
}

/* ---- replies -------------------------------------------------------------------------------------------------------------- */

static bb_str one_line(bb_arena *a, bb_str text)
{
    bb_buf b = bb_buf_in(a, text.n);
    for (bb_str line; bb_line(&text, &line);) {
        line = bb_trim(line);
        if (b.n && line.n) bb_putc(&b, ' ');
        bb_put(&b, line);
    }
    return bb_buf_str(&b);
}

static bool is_status(bb_str s)
{
    bb_str part;
    int parts = 0;
    uint64_t number;
    if (!s.n || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[s.n - 1] == '.') return false;
    for (; bb_split(&s, '.', &part); parts++)
        if (part.n > (parts ? 3 : 1) || !bb_u64(part, &number)) return false;
    return parts == 3;
}

/* The codes that the reply begins with: "550 5.1.1 ...", "550-5.1.1 ...", "550", "5.1.1 ...". */
static void read_codes(bb_str reply, bb_rcpt_report *out)
{
    uint64_t code;
    bool separated = reply.n == 3 || (reply.n > 3 && (reply.p[3] == ' ' || reply.p[3] == '-'));
    if (separated && bb_u64(bb_sub(reply, 0, 3), &code) && code >= 200 && code <= 599) {
        out->reply_code = (int)code;
        reply = bb_sub(reply, 4, BB_NPOS);
    }
    size_t end = 0;
    while (end < reply.n && !bb_is_space(reply.p[end])) end++;
    bb_str word = bb_sub(reply, 0, end);
    if (is_status(word)) out->status = word;
}

/* 250 to 253 take a recipient or a message. */
static bb_action outcome(const bb_rcpt_report *said)
{
    bool taken = said->reply_code >= 250 && said->reply_code <= 253;
    if (!said->reply_code) taken = said->status.n && said->status.p[0] == '2';
    return taken ? BB_ACTION_DELIVERED : BB_ACTION_FAILED;
}

bouncebox_result *bouncebox_classify(const bouncebox_rules *rules, const char *reply, size_t length,
                                     bouncebox_error *err)
{
    bb_arena scratch;
    lib_begin(err);
    if (!rules || (!reply && length)) {
        lib_fail(err, BOUNCEBOX_EUSAGE, "classify: no rules, or no reply");
        return NULL;
    }
    bb_arena_init(&scratch, &lib_alloc, BB_ARENA_LIMIT);
    bouncebox_result *r = result_new();
    if (!r) return finish(r, &scratch, false, err);
    bb_rcpt_report said = {0};
    bb_message none = {.event_time = BB_NO_TIME};
    bb_str cut = bb_sub((bb_str){reply, length}, 0, MESSAGE_MAX);
    if (cut.n < length) none.truncated = "message size";
    said.diagnostic = one_line(&scratch, bb_utf8_clean(&scratch, cut));
    read_codes(said.diagnostic, &said);
    bb_evidence e = {.action = outcome(&said), .diagnostic = said.diagnostic};
    bb_verdict v = bb_classify(rules->compiled, &scratch, &e);
    bouncebox_row common = common_of(&r->arena, &none);
    common.content_id = (bouncebox_text){"", 0};
    bouncebox_row *row = rows_for(r, 1, &common);
    if (row) fill(&r->arena, &said, &v, row);
    return finish(r, &scratch, row, err);
}

/* ---- what a result says ------------------------------------------------------------------------------------------------------ */

size_t bouncebox_result_rows(const bouncebox_result *result)
{
    return result ? result->n_rows : 0;
}

const bouncebox_row *bouncebox_result_row(const bouncebox_result *result, size_t i)
{
    return result && i < result->n_rows ? &result->rows[i] : NULL;
}

const bouncebox_text *bouncebox_result_json(const bouncebox_result *result)
{
    static const bouncebox_text nothing = {"", 0};
    return result ? &result->json : &nothing;
}

const bouncebox_text *bouncebox_result_path(const bouncebox_result *result, size_t i)
{
    return result && i < result->n_paths ? &result->paths[i] : NULL;
}
