/* SPDX-License-Identifier: MIT
 *
 * The commands of LMTP, one row of a table and one function each.
 */
#include "core/wire/internal.h"

typedef enum { NO_ARGUMENT, ANY_ARGUMENT, AN_ARGUMENT } wants;

typedef struct {
    const char *verb;
    wants argument;
    bool after_hello;                                           /* 503 before LHLO */
    bool (*run)(bb_lmtp *m, bb_str args, bb_lmtp_event *event); /* true: *event is to be told */
} command;

static void say(bb_lmtp *m, int code, const char *status, const char *text)
{
    wire_reply_line(m, code, bb_cstr(status), bb_cstr(text));
}

static bool no(bb_lmtp *m, int code, const char *status, const char *text)
{
    wire_error(m, &(wire_reply){code, status, text});
    return false;
}

/* ---- the session -------------------------------------------------------------------------------- */

/* The lines of the answer to LHLO have no enhanced code (RFC 2034 section 4). */
static bool run_lhlo(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    static const char lines[] = "\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                                "250-DSN\r\n250 SIZE";
    wire_reset(m);
    m->greeted = true;
    wire_put(&m->output, BB_S("250-"));
    wire_put_text(&m->output, m->options.hostname, WIRE_LINE_MAX / 2);
    wire_put(&m->output, bb_cstr(lines));
    /* without a number: try us with any size (RFC 1870 section 4) */
    if (m->options.beyond == BB_LMTP_REFUSE)
        wire_put(&m->output, bb_sprintf(&m->scratch, " %llu", (unsigned long long)m->options.size_max));
    wire_put(&m->output, BB_S("\r\n"));
    *event = (bb_lmtp_event){.type = BB_LMTP_HELLO, .text = args};
    return true;
}

/* RFC 2033 section 4.1: who says HELO or EHLO takes us for another kind of server, and hears 500. */
static bool run_helo(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    return no(m, 500, "5.5.1", "This is LMTP: say LHLO");
}

static bool run_rset(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    wire_reset(m);
    say(m, 250, "2.0.0", "Ok");
    return false;
}

static bool run_noop(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    say(m, 250, "2.0.0", "Ok");
    return false;
}

/* RFC 5321 section 3.5.3. Who asks would learn which tokens are real. */
static bool run_vrfy(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    say(m, 252, "2.5.2", "Not verified: try RCPT");
    return false;
}

static bool run_help(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    say(m, 214, "2.0.0", "LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT");
    return false;
}

static bool run_quit(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    wire_reset(m);
    say(m, 221, "2.0.0", "Bye");
    wire_close(m, BB_LMTP_QUIT);
    return false;
}

/* ---- the transaction ---------------------------------------------------------------------------- */

/* MAIL that was in order, but cannot be taken. */
static bool decline(bb_lmtp *m, int code, const char *status, const char *text)
{
    wire_reset(m);
    m->declined = code;
    say(m, code, status, text);
    return false;
}

/* RCPT or DATA without MAIL. A client that pipelined them behind a MAIL that we declined has made no mistake, and where
 * that was for now, this is, too: a 5xx could be taken for the recipient's. */
static bool no_mail(bb_lmtp *m)
{
    if (!m->declined) return no(m, 503, "5.5.1", "MAIL first");
    if (m->declined >= 500) say(m, 503, "5.5.1", "MAIL was not taken");
    else say(m, 451, "4.5.1", "MAIL was not taken");
    return false;
}

static bool run_mail(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)event;
    bb_lmtp_envelope e = {0};
    if (m->open) return no(m, 503, "5.5.1", "MAIL was said already");
    const wire_reply *wrong = wire_read_mail(&m->scratch, args, &e);
    if (wrong) {
        wire_error(m, wrong);
        return false;
    }
    if (wire_too_large(m, e.size)) {
        const wire_reply *reply = wire_size_reply(m);
        return decline(m, reply->code, reply->status, reply->text);
    }
    e.sender = bb_dup(&m->mail, e.sender);
    e.envid = bb_dup(&m->mail, e.envid);
    if (m->mail.failed || m->scratch.failed) return decline(m, 452, "4.3.1", "Out of memory, try again later");
    m->envelope = e;
    m->open = true;
    m->declined = 0;
    say(m, 250, "2.1.0", "Ok");
    return false;
}

/* The offer outlives the line it came in. */
static bool keep_offer(bb_lmtp *m, bb_lmtp_recipient r)
{
    r.address = bb_dup(&m->scratch, r.address);
    r.orcpt = bb_dup(&m->scratch, r.orcpt);
    r.orcpt_type = bb_dup(&m->scratch, r.orcpt_type);
    m->offer = r;
    return !m->scratch.failed;
}

static bool run_rcpt(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    bb_lmtp_recipient r = {0};
    if (!m->open) return no_mail(m);
    const wire_reply *wrong = wire_read_rcpt(&m->scratch, args, &r);
    if (wrong) {
        wire_error(m, wrong);
        return false;
    }
    if (m->envelope.n >= m->options.recipients_max) { /* RFC 5321 section 4.5.3.1.10; the client comes again with it */
        say(m, 452, "4.5.3", "Too many recipients");
        return false;
    }
    if (!keep_offer(m, r)) {
        m->refused++;
        say(m, 452, "4.3.1", "Out of memory, try again later");
        return false;
    }
    m->phase = PHASE_OFFER;
    m->announced = true;
    *event = (bb_lmtp_event){.type = BB_LMTP_OFFER, .offer = &m->offer};
    return true;
}

static bool run_data(bb_lmtp *m, bb_str args, bb_lmtp_event *event)
{
    (void)args, (void)event;
    if (!m->open) return no_mail(m);
    if (!m->envelope.n) { /* RFC 2033 section 4.2; no mistake of a client that pipelined it behind what was refused */
        if (!m->refused) return no(m, 503, "5.5.1", "RCPT first");
        say(m, 503, "5.5.1", "No recipients");
        return false;
    }
    m->answers = bb_get_array(&m->mail, m->envelope.n, sizeof *m->answers);
    if (!m->answers) {
        m->mail.failed = false;
        say(m, 452, "4.3.1", "Out of memory, try again later");
        return false;
    }
    m->answered = 0;
    m->size = 0;
    m->data = DATA_LINE_START;
    m->phase = PHASE_DATA;
    wire_put(&m->output, BB_S("354 End data with <CR><LF>.<CR><LF>\r\n"));
    return false;
}

/* ---- the table ---------------------------------------------------------------------------------- */

static const command commands[] = {
    {"LHLO", AN_ARGUMENT, false, run_lhlo},  {"MAIL", AN_ARGUMENT, true, run_mail},
    {"RCPT", AN_ARGUMENT, true, run_rcpt},   {"DATA", NO_ARGUMENT, true, run_data},
    {"RSET", NO_ARGUMENT, false, run_rset},  {"NOOP", ANY_ARGUMENT, false, run_noop},
    {"QUIT", NO_ARGUMENT, false, run_quit},  {"VRFY", AN_ARGUMENT, false, run_vrfy},
    {"HELP", ANY_ARGUMENT, false, run_help}, {"HELO", ANY_ARGUMENT, false, run_helo},
    {"EHLO", ANY_ARGUMENT, false, run_helo},
};

static const command *find_command(bb_str line, bb_str *args)
{
    size_t n = 0;
    while (n < line.n && !bb_is_space(line.p[n])) n++;
    *args = bb_trim(bb_sub(line, n, BB_NPOS));
    for (size_t i = 0; i < BB_COUNT(commands); i++)
        if (bb_ieq(bb_sub(line, 0, n), bb_cstr(commands[i].verb))) return &commands[i];
    return NULL;
}

bool wire_command(bb_lmtp *m, bb_str line, bb_lmtp_event *event)
{
    bb_str args;
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    if (wire_has_control(line)) return no(m, 500, "5.5.2", "Control byte in a command");
    const command *c = find_command(line, &args);
    if (!c) return no(m, 500, "5.5.1", "Unknown command");
    if (c->argument == NO_ARGUMENT && args.n) return no(m, 501, "5.5.4", "This command takes no argument");
    if (c->argument == AN_ARGUMENT && !args.n) return no(m, 501, "5.5.4", "This command takes an argument");
    if (c->after_hello && !m->greeted) return no(m, 503, "5.5.1", "LHLO first");
    return c->run(m, args, event);
}
