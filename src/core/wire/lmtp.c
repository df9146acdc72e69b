/* SPDX-License-Identifier: MIT
 *
 * The LMTP machine: phases, answers, limits, time. What the commands say is in commands.c.
 *
 * The order of things is the protocol: one phase at a time, and in each of them one question to the driver at most.
 * Bytes behind a question are not taken before it is answered, which is all that pipelining needs.
 */
#include "core/wire/lmtp.h"

#include <assert.h>

#include "core/wire/internal.h"

#define STATUS_MAX ((size_t)9)   /* "5.123.123" */
#define TEXT_MAX   ((size_t)400) /* octets kept of a reply's text; as \xHH they may be cut to fit the line */

const bb_lmtp_options bb_lmtp_defaults = {.hostname = {"localhost", 9},
                                          .line_max = 8192,
                                          .recipients_max = 1000,
                                          .size_max = (uint64_t)64 << 20,
                                          .beyond = BB_LMTP_CUT,
                                          .errors_max = 20,
                                          .commands_max = 500,
                                          .timeout = 300};

/* ---- replies ------------------------------------------------------------------------------------ */

/* RFC 3463 section 2: class "." subject "." detail, and the class is the code's. */
static bool is_status_for(bb_str status, int code)
{
    size_t dots = 0, digits = 0;
    if (status.n < 5 || status.n > STATUS_MAX || status.p[0] != (char)('0' + code / 100) || status.p[1] != '.')
        return false;
    for (size_t i = 0; i < status.n; i++) {
        bool digit = bb_is_digit(status.p[i]);
        if (!digit && (status.p[i] != '.' || !digits)) return false;
        digits = digit ? digits + 1 : 0;
        dots += !digit;
        if (digits > 3) return false;
    }
    return dots == 2 && digits > 0;
}

void wire_reply_line(bb_lmtp *m, int code, bb_str status, bb_str text)
{
    char head[] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10), (char)('0' + code % 10), ' '};
    char plain[] = {head[0], '.', '0', '.', '0'};
    if (!is_status_for(status, code)) status = (bb_str){plain, sizeof plain};
    wire_put(&m->output, (bb_str){head, sizeof head});
    wire_put(&m->output, status);
    if (text.n) wire_put(&m->output, BB_S(" "));
    wire_put_text(&m->output, text, WIRE_LINE_MAX - sizeof head - status.n - 3);
    wire_put(&m->output, BB_S("\r\n"));
}

void wire_error(bb_lmtp *m, const wire_reply *reply)
{
    m->errors++;
    wire_reply_line(m, reply->code, bb_cstr(reply->status), bb_cstr(reply->text));
}

/* 421 is ours alone: it says that the connection ends. A code that is none would leave the client to guess. */
static int sound_code(int code)
{
    return code == 250 || (code >= 400 && code <= 599 && code != 421) ? code : 451;
}

/* ---- life --------------------------------------------------------------------------------------- */

static size_t at_least(size_t n, size_t least)
{
    return n > least ? n : least;
}

static bb_lmtp_options sound_options(bb_lmtp_options o)
{
    o.line_max = at_least(o.line_max, WIRE_LINE_MAX);
    if (o.line_max > (size_t)64 << 10) o.line_max = (size_t)64 << 10;
    o.recipients_max = at_least(o.recipients_max, 100);
    if (bb_empty(o.hostname)) o.hostname = bb_lmtp_defaults.hostname;
    if (o.timeout < 1) o.timeout = 1;
    return o;
}

bb_lmtp *bb_lmtp_new(const bb_alloc *alloc, const bb_lmtp_options *options, bb_time now)
{
    bb_arena own;
    bb_arena_init(&own, alloc, BB_ARENA_LIMIT);
    bb_lmtp *m = bb_get(&own, sizeof *m);
    bb_lmtp_options o = sound_options(*options);
    o.hostname = bb_dup(&own, bb_sub(o.hostname, 0, 255)); /* RFC 5321 section 4.5.3.1.2 */
    wire_input input;
    wire_output output;
    bool made = wire_input_init(&input, &own, o.line_max) && wire_output_init(&output, &own);
    if (!m || !made || own.failed) {
        bb_arena_free(&own);
        return NULL;
    }
    *m = (bb_lmtp){.options = o, .own = own, .input = input, .output = output, .since = now};
    /* what a line decodes to, and what the driver says, is no longer than it; room for arrays that doubled */
    size_t each = 2 * o.line_max + TEXT_MAX + 4 * sizeof(bb_lmtp_recipient) + sizeof(wire_answer);
    size_t all;
    if (__builtin_mul_overflow(each, o.recipients_max + 2, &all)) all = SIZE_MAX / 2;
    bb_arena_init(&m->mail, alloc, all);
    bb_arena_init(&m->scratch, alloc, 8 * o.line_max + 4096);
    wire_put(&m->output, BB_S("220 "));
    wire_put_text(&m->output, o.hostname, WIRE_LINE_MAX / 2);
    wire_put(&m->output, BB_S(" LMTP bouncebox\r\n"));
    return m;
}

void bb_lmtp_free(bb_lmtp *m)
{
    if (!m) return;
    bb_arena own = m->own;
    bb_arena_free(&m->mail);
    bb_arena_free(&m->scratch);
    bb_arena_free(&own);
}

static void clear(bb_lmtp *m)
{
    m->open = m->announced = false;
    m->declined = 0;
    m->envelope = (bb_lmtp_envelope){0};
    m->recipients = NULL;
    m->recipients_cap = m->refused = 0;
    m->answers = NULL;
    bb_arena_reset(&m->mail);
}

void wire_reset(bb_lmtp *m)
{
    m->forgotten |= m->announced;
    clear(m);
}

void wire_close(bb_lmtp *m, bb_lmtp_end why)
{
    wire_reset(m);
    m->phase = PHASE_CLOSED;
    m->end = why;
}

static void close_with(bb_lmtp *m, bb_lmtp_end why, const char *status, const char *text)
{
    /* A driver that is asked to send first may find the output full; the closed connection says the same. */
    if (wire_has_room(&m->output, WIRE_LINE_MAX)) wire_reply_line(m, 421, bb_cstr(status), bb_cstr(text));
    wire_close(m, why);
}

/* ---- commands ----------------------------------------------------------------------------------- */

/* What is looked at before each command. True: this one is not to be read. */
static bool ends_before_command(bb_lmtp *m)
{
    const char *abuse = m->errors >= m->options.errors_max       ? "Too many errors"
                        : m->commands >= m->options.commands_max ? "Too many commands without mail"
                                                                 : NULL;
    if (m->stopping && !m->open) close_with(m, BB_LMTP_STOPPED, "4.3.2", "Shutting down, try again later");
    else if (abuse) close_with(m, BB_LMTP_ABUSE, "4.7.0", abuse);
    return m->phase == PHASE_CLOSED;
}

/* One command, or all there is of one. True: *event is to be told. */
static bool step_command(bb_lmtp *m, bb_str *in, bb_time now, bb_lmtp_event *event)
{
    static const wire_reply too_long = {500, "5.5.2", "Line too long"};
    bb_str line;
    if (!wire_has_room(&m->output, WIRE_ROOM)) {
        event->type = BB_LMTP_FULL;
        return true;
    }
    if (ends_before_command(m)) return false;
    wire_taken taken = wire_take_line(&m->input, in, &line);
    if (taken == WIRE_PART) {
        if (m->eof) wire_close(m, BB_LMTP_EOF);
        return !m->eof;
    }
    m->since = now;
    m->commands++;
    bb_arena_reset(&m->scratch);
    if (taken == WIRE_LINE) return wire_command(m, line, event);
    wire_error(m, &too_long);
    return false;
}

/* Copies the offer into the envelope. False: no memory. */
static bool keep_recipient(bb_lmtp *m)
{
    bb_lmtp_recipient r = {.address = bb_dup(&m->mail, m->offer.address),
                           .orcpt = bb_dup(&m->mail, m->offer.orcpt),
                           .orcpt_type = bb_dup(&m->mail, m->offer.orcpt_type),
                           .notify = m->offer.notify};
    bb_lmtp_recipient *kept =
        m->mail.failed ? NULL : BB_PUSH(&m->mail, m->recipients, m->envelope.n, m->recipients_cap);
    m->envelope.recipients = m->recipients;
    m->mail.failed = false;
    if (kept) *kept = r;
    return kept != NULL;
}

void bb_lmtp_take(bb_lmtp *m, bb_lmtp_reply reply, bb_time now)
{
    if (m->phase == PHASE_CLOSED) return;
    assert(m->phase == PHASE_OFFER);
    m->phase = PHASE_COMMAND;
    m->since = now;
    int code = sound_code(reply.code);
    if (code == 250 && !keep_recipient(m)) {
        code = 452;
        reply.status = BB_S("4.3.1");
        reply.text = BB_S("Out of memory, try again later");
    }
    if (code == 250) m->commands = 0;
    else m->refused++;
    wire_reply_line(m, code, reply.status, reply.text);
}

/* ---- data --------------------------------------------------------------------------------------- */

bool wire_too_large(const bb_lmtp *m, uint64_t size)
{
    return m->options.beyond != BB_LMTP_CUT && size > m->options.size_max;
}

const wire_reply *wire_size_reply(const bb_lmtp *m)
{
    static const wire_reply refuse = {552, "5.3.4", "Message too large"},
                            defer = {452, "4.3.1", "Message too large now"};
    return m->options.beyond == BB_LMTP_REFUSE ? &refuse : &defer;
}

static void answer_all(bb_lmtp *m, const wire_reply *reply)
{
    for (size_t i = 0; i < m->envelope.n; i++)
        m->answers[i] = (wire_answer){true, reply->code, bb_cstr(reply->status), bb_cstr(reply->text)};
}

/* The whole message is here: who answers? From now on it is not forgotten: it is the driver's. */
static bool end_data(bb_lmtp *m, bb_lmtp_event *event)
{
    m->phase = PHASE_ANSWERS;
    m->announced = false;
    m->errors = m->commands = 0;
    if (wire_too_large(m, m->size)) {
        answer_all(m, wire_size_reply(m));
        m->forgotten = true; /* but for this one, of which the driver has chunks */
        return false;
    }
    *event = (bb_lmtp_event){.type = BB_LMTP_MESSAGE, .size = m->size, .cut = m->size > m->options.size_max};
    return true;
}

/* The driver gets no more than size_max octets. True: *event is to be told. */
static bool step_data(bb_lmtp *m, bb_str *in, bb_time now, bb_lmtp_event *event)
{
    bb_str chunk;
    bool ended;
    if (bb_empty(*in)) {
        if (m->eof) wire_close(m, BB_LMTP_EOF); /* half a message is none: the client comes again with all of it */
        return !m->eof;
    }
    m->since = now;
    *in = bb_sub(*in, wire_take_data(&m->data, *in, &chunk, &ended), BB_NPOS);
    if (ended) return end_data(m, event);
    uint64_t left = m->size < m->options.size_max ? m->options.size_max - m->size : 0;
    m->size += chunk.n;
    if (chunk.n > left) chunk.n = (size_t)left;
    if (!chunk.n) return false;
    *event = (bb_lmtp_event){.type = BB_LMTP_CHUNK, .text = chunk};
    return true;
}

/* ---- answers ------------------------------------------------------------------------------------ */

/* Writes the replies whose turn it is, as many as there is room for; behind the last one the transaction is over. */
static void write_answers(bb_lmtp *m)
{
    while (m->answered < m->envelope.n && m->answers[m->answered].given && wire_has_room(&m->output, WIRE_LINE_MAX)) {
        const wire_answer *a = &m->answers[m->answered++];
        wire_reply_line(m, a->code, a->status, a->text);
    }
    if (m->answered < m->envelope.n) return;
    clear(m);
    m->phase = PHASE_COMMAND;
}

void bb_lmtp_answer(bb_lmtp *m, size_t i, bb_lmtp_reply reply, bb_time now)
{
    if (m->phase == PHASE_CLOSED) return;
    assert(m->phase == PHASE_ANSWERS && i < m->envelope.n && !m->answers[i].given);
    m->since = now;
    m->answers[i] = (wire_answer){.given = true,
                                  .code = sound_code(reply.code),
                                  .status = bb_dup(&m->mail, bb_sub(reply.status, 0, STATUS_MAX + 1)),
                                  .text = bb_dup(&m->mail, bb_sub(reply.text, 0, TEXT_MAX))};
    m->mail.failed = false; /* then the code goes without its text */
    write_answers(m);
}

static bool step_answers(bb_lmtp *m, bb_lmtp_event *event)
{
    write_answers(m);
    if (m->phase != PHASE_ANSWERS) return false;
    event->type = m->answers[m->answered].given ? BB_LMTP_FULL : BB_LMTP_WAIT;
    return true;
}

/* ---- the driver's side -------------------------------------------------------------------------- */

static bool step_closed(const bb_lmtp *m, bb_lmtp_event *event)
{
    *event = (bb_lmtp_event){.type = BB_LMTP_CLOSE, .end = m->end};
    return true;
}

/* True: *event is to be told. */
static bool step_once(bb_lmtp *m, bb_str *in, bb_time now, bb_lmtp_event *event)
{
    *event = (bb_lmtp_event){.type = BB_LMTP_MORE};
    if (m->forgotten) {
        m->forgotten = false;
        event->type = BB_LMTP_FORGOTTEN;
        return true;
    }
    switch (m->phase) {
    case PHASE_COMMAND: return step_command(m, in, now, event);
    case PHASE_DATA: return step_data(m, in, now, event);
    case PHASE_ANSWERS: return step_answers(m, event);
    case PHASE_CLOSED: return step_closed(m, event);
    case PHASE_OFFER: break;
    }
    event->type = BB_LMTP_WAIT;
    return true;
}

size_t bb_lmtp_step(bb_lmtp *m, bb_str in, bb_time now, bb_lmtp_event *out)
{
    bb_str rest = in;
    while (!step_once(m, &rest, now, out)) {
    }
    return in.n - rest.n;
}

void bb_lmtp_eof(bb_lmtp *m)
{
    m->eof = true;
}

void bb_lmtp_stop(bb_lmtp *m)
{
    m->stopping = true;
}

const bb_lmtp_envelope *bb_lmtp_mail(const bb_lmtp *m)
{
    return &m->envelope;
}

bb_str bb_lmtp_output(const bb_lmtp *m)
{
    return wire_waiting(&m->output);
}

void bb_lmtp_sent(bb_lmtp *m, size_t n, bb_time now)
{
    wire_sent(&m->output, n);
    if (n) m->since = now;
}

bb_time bb_lmtp_deadline(const bb_lmtp *m)
{
    bool ours = m->phase == PHASE_OFFER || m->phase == PHASE_ANSWERS || m->phase == PHASE_CLOSED;
    return ours && bb_empty(bb_lmtp_output(m)) ? BB_NO_TIME : m->since + m->options.timeout;
}

void bb_lmtp_tick(bb_lmtp *m, bb_time now)
{
    bb_time deadline = bb_lmtp_deadline(m);
    if (deadline == BB_NO_TIME || now < deadline) return;
    m->since = now;
    if (m->phase != PHASE_CLOSED) close_with(m, BB_LMTP_TIMEOUT, "4.4.2", "Timeout");
    else wire_sent(&m->output, bb_lmtp_output(m).n);
}
