/* SPDX-License-Identifier: MIT
 *
 * The policy delegation machine: lines into a request, an action into a reply.
 */
#include "core/wire/policy.h"

#include <assert.h>

#include "core/wire/internal.h"

const bb_policyd_options bb_policyd_defaults = {
    .line_max = 8192, .request_max = (size_t)64 << 10, .timeout = 100, .idle = 1200};

struct bb_policyd {
    bb_policyd_options options;
    bb_arena own;     /* this, and buffers */
    bb_arena scratch; /* the request's values */
    wire_input input;
    wire_output output;
    bb_policyd_request request;
    bool begun; /* a byte of a request is here */
    bool asked; /* the request is the driver's to answer */
    bool eof, stopping, closed;
    size_t lines, octets; /* of the request, so far */
    bb_time since;        /* when it began, the last one was answered, or output was taken */
    bb_policyd_end end;
    const char *why;
};

/* ---- life --------------------------------------------------------------------------------------- */

bb_policyd *bb_policyd_new(const bb_alloc *alloc, const bb_policyd_options *options, bb_time now)
{
    bb_policyd_options o = *options;
    bb_arena own;
    wire_input input;
    wire_output output;
    if (o.line_max < WIRE_LINE_MAX) o.line_max = WIRE_LINE_MAX;
    if (o.line_max > (size_t)64 << 10) o.line_max = (size_t)64 << 10;
    if (o.request_max < o.line_max) o.request_max = o.line_max;
    if (o.request_max > BB_ARENA_LIMIT / 8) o.request_max = BB_ARENA_LIMIT / 8;
    if (o.timeout < 1) o.timeout = 1;
    if (o.idle < 1) o.idle = 1;
    bb_arena_init(&own, alloc, BB_ARENA_LIMIT);
    bb_policyd *p = bb_get(&own, sizeof *p);
    bool made = wire_input_init(&input, &own, o.line_max) && wire_output_init(&output, &own);
    if (!p || !made) {
        bb_arena_free(&own);
        return NULL;
    }
    *p = (bb_policyd){.options = o, .own = own, .input = input, .output = output, .since = now};
    /* a value takes its octets, a NUL and what aligns it: never 8 times the line that it came in */
    bb_arena_init(&p->scratch, alloc, 8 * o.request_max);
    return p;
}

void bb_policyd_free(bb_policyd *p)
{
    if (!p) return;
    bb_arena own = p->own;
    bb_arena_free(&p->scratch);
    bb_arena_free(&own);
}

static void close_because(bb_policyd *p, bb_policyd_end end, const char *why)
{
    p->closed = true;
    p->asked = false;
    p->end = end;
    p->why = why;
}

static void broken(bb_policyd *p, const char *why)
{
    close_because(p, BB_POLICYD_BROKEN, why);
}

static void clear(bb_policyd *p)
{
    p->request = (bb_policyd_request){0};
    p->begun = p->asked = false;
    p->lines = p->octets = 0;
    bb_arena_reset(&p->scratch);
}

/* ---- attributes --------------------------------------------------------------------------------- */

#define FIELD(name) #name, offsetof(bb_policyd_request, name)
static const struct {
    const char *name;
    size_t at; /* in the request */
    bool number;
} attributes[] = {
    {FIELD(request), false},        {FIELD(protocol_state), false},
    {FIELD(protocol_name), false},  {FIELD(client_address), false},
    {FIELD(client_name), false},    {FIELD(helo_name), false},
    {FIELD(sender), false},         {FIELD(recipient), false},
    {FIELD(queue_id), false},       {FIELD(instance), false},
    {FIELD(sasl_username), false},  {FIELD(policy_context), false},
    {FIELD(server_address), false}, {FIELD(server_port), true},
    {FIELD(recipient_count), true}, {FIELD(size), true},
};

static void set(bb_policyd *p, bb_str name, bb_str value)
{
    for (size_t i = 0; i < BB_COUNT(attributes); i++) {
        char *at = (char *)&p->request + attributes[i].at;
        if (!bb_eq(name, bb_cstr(attributes[i].name))) continue;
        uint64_t number = 0;
        bb_str text = attributes[i].number ? (bb_str){0} : bb_dup(&p->scratch, value);
        if (attributes[i].number && !bb_u64(value, &number)) number = 0;
        if (attributes[i].number) memcpy(at, &number, sizeof number);
        else memcpy(at, &text, sizeof text);
        return;
    }
}

/* One line of a request. True: the request is whole. */
static bool take_attribute(bb_policyd *p, bb_str line)
{
    size_t equals = bb_chr(line, '=');
    p->octets += line.n + 1;
    if (bb_empty(line)) {
        if (!p->lines) broken(p, "an empty request");
        return p->lines > 0;
    }
    p->lines++;
    if (equals == BB_NPOS) broken(p, "a line without '='");
    else if (p->octets > p->options.request_max) broken(p, "a request that is too long");
    else set(p, bb_sub(line, 0, equals), bb_sub(line, equals + 1, BB_NPOS));
    if (p->scratch.failed) broken(p, "out of memory");
    return false;
}

/* ---- the driver's side -------------------------------------------------------------------------- */

/* True: *event is to be told. */
static bool step_line(bb_policyd *p, bb_str *in, bb_time now, bb_policyd_event *event)
{
    bb_str line;
    if (p->stopping && !p->begun) {
        close_because(p, BB_POLICYD_STOPPED, NULL);
        return false;
    }
    if (!p->begun && in->n) {
        p->begun = true;
        p->since = now;
    }
    wire_taken taken = wire_take_line(&p->input, in, &line);
    if (taken == WIRE_LONG || p->input.skipping) {
        broken(p, "a line that is too long");
        return false;
    }
    if (taken == WIRE_PART) {
        if (p->eof) close_because(p, BB_POLICYD_EOF, NULL);
        return !p->eof;
    }
    if (!take_attribute(p, line)) return false;
    p->asked = true;
    *event = (bb_policyd_event){.type = BB_POLICYD_REQUEST, .request = &p->request};
    return true;
}

/* True: *event is to be told. */
static bool step_once(bb_policyd *p, bb_str *in, bb_time now, bb_policyd_event *event)
{
    *event = (bb_policyd_event){.type = BB_POLICYD_MORE};
    if (p->closed) *event = (bb_policyd_event){.type = BB_POLICYD_CLOSE, .end = p->end, .why = p->why};
    else if (p->asked) event->type = BB_POLICYD_WAIT;
    else if (!wire_has_room(&p->output, WIRE_ROOM)) event->type = BB_POLICYD_FULL;
    else return step_line(p, in, now, event);
    return true;
}

size_t bb_policyd_step(bb_policyd *p, bb_str in, bb_time now, bb_policyd_event *out)
{
    bb_str rest = in;
    while (!step_once(p, &rest, now, out)) {
    }
    return in.n - rest.n;
}

void bb_policyd_answer(bb_policyd *p, bb_str action, bb_time now)
{
    const bb_str head = BB_S("action=");
    if (p->closed) return;
    assert(p->asked);
    wire_put(&p->output, head);
    wire_put_text(&p->output, action.n ? action : BB_S("DUNNO"), WIRE_LINE_MAX - head.n - 1);
    wire_put(&p->output, BB_S("\n\n"));
    clear(p);
    p->since = now;
}

void bb_policyd_eof(bb_policyd *p)
{
    p->eof = true;
}

void bb_policyd_stop(bb_policyd *p)
{
    p->stopping = true;
}

bb_str bb_policyd_output(const bb_policyd *p)
{
    return wire_waiting(&p->output);
}

void bb_policyd_sent(bb_policyd *p, size_t n, bb_time now)
{
    wire_sent(&p->output, n);
    if (n && !p->begun) p->since = now;
}

bb_time bb_policyd_deadline(const bb_policyd *p)
{
    bool unsent = bb_policyd_output(p).n > 0;
    if ((p->asked || p->closed) && !unsent) return BB_NO_TIME;
    return p->since + (p->begun || unsent ? p->options.timeout : p->options.idle);
}

void bb_policyd_tick(bb_policyd *p, bb_time now)
{
    bb_time deadline = bb_policyd_deadline(p);
    if (deadline == BB_NO_TIME || now < deadline) return;
    p->since = now;
    if (!p->closed) close_because(p, BB_POLICYD_TIMEOUT, NULL);
    else wire_sent(&p->output, bb_policyd_output(p).n);
}
