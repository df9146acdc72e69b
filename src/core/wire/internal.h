/* SPDX-License-Identifier: MIT
 *
 * What the files of wire share: lines in, lines out, xtext, dots undone, and the parts of the LMTP machine.
 */
#ifndef BB_CORE_WIRE_INTERNAL_H
#define BB_CORE_WIRE_INTERNAL_H

#include "core/base/base.h"
#include "core/wire/lmtp.h"

/* ---- io.c: lines in and out --------------------------------------------------------------------- */

#define WIRE_OUTPUT_MAX ((size_t)16 << 10)          /* octets that wait to be sent */
#define WIRE_LINE_MAX   512                         /* octets of a reply line with its end (RFC 5321 4.5.3.1.5) */
#define WIRE_ROOM       ((size_t)4 * WIRE_LINE_MAX) /* what must be free before a command runs: no reply is longer */

typedef struct {
    char *p; /* WIRE_OUTPUT_MAX octets */
    size_t from, to;
} wire_output;
bool wire_output_init(wire_output *o, bb_arena *a) BB_MUST_USE;
bool wire_has_room(wire_output *o, size_t n); /* moves what waits to the front first */
void wire_put(wire_output *o, bb_str s);      /* there must be room */
/* s with control bytes and non-ASCII as \xHH, no more than max octets of output. */
void wire_put_text(wire_output *o, bb_str s, size_t max);
void wire_sent(wire_output *o, size_t n);
static inline bb_str wire_waiting(const wire_output *o)
{
    return (bb_str){o->p + o->from, o->to - o->from};
}

/* Bytes on their way to be a line. */
typedef struct {
    char *p;
    size_t n, max;
    bool skipping; /* the line is too long: it is passed over */
} wire_input;
typedef enum { WIRE_PART, WIRE_LINE, WIRE_LONG } wire_taken;
bool wire_input_init(wire_input *w, bb_arena *a, size_t max) BB_MUST_USE;
/* Takes bytes off *in, up to the next LF. LINE: *line is what stands before it, borrowed from *in or w. LONG: a line of
 * more than max octets was passed over. PART: *in is used up. */
wire_taken wire_take_line(wire_input *w, bb_str *in, bb_str *line);

/* Below ' ' but a tab, or DEL. */
bool wire_has_control(bb_str s);

/* ---- xtext.c ------------------------------------------------------------------------------------ */

/* RFC 3461 section 4. Empty with s not empty: it is not xtext, or hides control bytes, or there is no memory. */
bb_str wire_xtext(bb_arena *a, bb_str s);
/* RFC 6533 section 3, the forms utf-8-addr-xtext and -unitext: \x{H...} is a code point. Empty likewise. */
bb_str wire_utf8_xtext(bb_arena *a, bb_str s);

/* ---- data.c: dots undone ------------------------------------------------------------------------ */

typedef enum {
    DATA_LINE_START, /* behind CRLF, or at the very start */
    DATA_TEXT,
    DATA_CR,    /* the last byte was a CR, which is passed on already */
    DATA_DOT,   /* a dot at the start of a line, held back */
    DATA_DOT_CR /* and a CR behind it, held back */
} wire_data;
/* Takes the next bytes of a message; answers how many. *chunk: what they mean, borrowed from `in` (or a constant); may
 * be empty. *ended: that was CRLF . CRLF. */
size_t wire_take_data(wire_data *state, bb_str in, bb_str *chunk, bool *ended);

/* ---- parameters.c: the arguments of MAIL and RCPT ----------------------------------------------- */

/* A reply of our own. */
typedef struct {
    int code;
    const char *status, *text;
} wire_reply;

/* Reads what follows the verb into *out, strings borrowed from args or in the arena. NULL: fine; else the reply. */
const wire_reply *wire_read_mail(bb_arena *a, bb_str args, bb_lmtp_envelope *out);
const wire_reply *wire_read_rcpt(bb_arena *a, bb_str args, bb_lmtp_recipient *out);

/* ---- lmtp.c ------------------------------------------------------------------------------------- */

typedef enum {
    PHASE_COMMAND,
    PHASE_OFFER, /* the driver is to answer for one recipient */
    PHASE_DATA,
    PHASE_ANSWERS, /* the driver is to answer for the message */
    PHASE_CLOSED
} wire_phase;

/* What the driver said of one recipient of a whole message. */
typedef struct {
    bool given;
    int code;
    bb_str status, text;
} wire_answer;

struct bb_lmtp {
    bb_lmtp_options options;
    bb_arena own;     /* this, and buffers */
    bb_arena mail;    /* the transaction's envelope and answers */
    bb_arena scratch; /* one command's */
    wire_input input;
    wire_output output;
    wire_phase phase;
    bool greeted;   /* LHLO was said */
    bool open;      /* MAIL was accepted */
    bool announced; /* the driver knows of the transaction */
    bool forgotten; /* ... and is to hear that it is gone */
    int declined;   /* 0, or the code by which we, for a reason of ours, declined MAIL */
    bool eof, stopping;
    unsigned errors, commands; /* since the last message */
    bb_time since;             /* the client's last sign of life */
    bb_lmtp_end end;

    bb_lmtp_envelope envelope;
    bb_lmtp_recipient *recipients;
    size_t recipients_cap;
    bb_lmtp_recipient offer;
    size_t refused;

    wire_data data;
    uint64_t size;
    wire_answer *answers;
    size_t answered; /* replies that went out */
};

void wire_reply_line(bb_lmtp *m, int code, bb_str status, bb_str text);
void wire_error(bb_lmtp *m, const wire_reply *reply); /* a reply to a mistake, which counts */
void wire_reset(bb_lmtp *m);                          /* ends the transaction */
void wire_close(bb_lmtp *m, bb_lmtp_end why);
bool wire_too_large(const bb_lmtp *m, uint64_t size); /* and that is no reason to cut */
const wire_reply *wire_size_reply(const bb_lmtp *m);

/* ---- commands.c --------------------------------------------------------------------------------- */

/* Runs one command line. True: *event is to be told. */
bool wire_command(bb_lmtp *m, bb_str line, bb_lmtp_event *event);

#endif
