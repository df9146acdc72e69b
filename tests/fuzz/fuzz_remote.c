/* SPDX-License-Identifier: MIT
 *
 * Fuzz: what a server of IMAP or POP3 may say. A response never reaches beyond the bytes or the limits, is the same
 * however many bytes follow it, and what is read of it lies within it; a message by POP3 is the same in pieces, and no
 * longer than what came; names and sets that we write are one line.
 *
 * The first byte: in which pieces a message comes, and the limits.
 */
#include <string.h>

#include "core/wire/imap.h"
#include "core/wire/pop3.h"
#include "fuzz.h"
#include "tap.h"

static bool within(bb_str part, bb_str whole)
{
    return !part.n || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void read_one(bb_str response)
{
    bb_imap_message m;
    uint32_t number;
    bb_imap_response r = bb_imap_read(response);
    MUST(within(r.tag, response) && within(r.word, response) && within(r.code, response) && within(r.rest, response));
    MUST((r.type == BB_IMAP_DATA) == (r.word.n > 0));
    bb_imap_code(r.code, BB_S("UIDVALIDITY"), &number);
    bb_imap_can(r.rest, BB_S("MOVE"));
    if (bb_imap_fetched(r.rest, &m)) MUST(within(m.body, r.rest) && (m.has_body || !m.body.n));
    MUST(within(bb_imap_listed(r.rest), r.rest));
}

static void imap(bb_str in, const bb_imap_limits *limits)
{
    while (in.n) {
        size_t n = 0, again = 0;
        bb_imap_extent e = bb_imap_whole(in, limits, &n);
        if (e == BB_IMAP_MORE) MUST(n > in.n && n <= limits->line_max + limits->literal_max + 1);
        if (e != BB_IMAP_WHOLE) return;
        MUST(n && n <= in.n && n <= limits->line_max + limits->literal_max);
        MUST(bb_imap_whole(bb_sub(in, 0, n), limits, &again) == BB_IMAP_WHOLE && again == n);
        MUST(bb_imap_whole(bb_sub(in, 0, n - 1), limits, &again) == BB_IMAP_MORE && again <= n);
        read_one(bb_sub(in, 0, n));
        in = bb_sub(in, n, BB_NPOS);
    }
}

static bb_str message(bb_arena *a, bb_str in, size_t step, bool *ended)
{
    bb_pop3_data d = {0};
    bb_buf out = bb_buf_in(a, in.n + 1);
    *ended = false;
    while (in.n && !*ended) {
        bb_str piece = bb_sub(in, 0, step), chunk;
        size_t n = bb_pop3_take(&d, piece, &chunk, ended);
        MUST(n <= piece.n);
        bb_put(&out, chunk);
        in = bb_sub(in, n, BB_NPOS);
    }
    MUST(!out.truncated);
    return bb_buf_str(&out);
}

static void pop3(bb_arena *a, bb_str in, size_t step)
{
    bool whole_ended, pieces_ended;
    bb_str whole = message(a, in, BB_NPOS, &whole_ended), pieces = message(a, in, step, &pieces_ended);
    MUST(whole_ended == pieces_ended && bb_eq(whole, pieces));
    for (bb_str rest = in, line; bb_split(&rest, '\n', &line);) {
        uint32_t n;
        uint64_t size;
        bb_str text;
        if (bb_pop3_read(line, &text) != BB_POP3_NOTHING) MUST(within(text, line));
        bb_pop3_size(line, &n, &size);
        if (bb_pop3_uidl(line, &n, &text)) MUST(n && text.n && text.n <= 70 && within(text, line));
    }
}

static void written(bb_arena *a, bb_str in)
{
    bb_str name = bb_imap_mailbox(a, in);
    MUST(!name.n || (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"'));
    for (size_t i = 0; i < name.n; i++) MUST(name.p[i] >= ' ' && name.p[i] <= '~');
    uint32_t uids[16];
    size_t n = in.n / sizeof *uids < BB_COUNT(uids) ? in.n / sizeof *uids : BB_COUNT(uids), last = 0;
    for (size_t i = 0; i < n; i++) {
        uids[i] = (unsigned char)in.p[i];
        uids[i] += (uint32_t)last + 1;
        last = uids[i];
    }
    bb_buf set = bb_buf_in(a, 1000);
    MUST(bb_imap_set(&set, uids, n, 60) <= n && set.n <= 60);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = size ? data[0] : 0;
    bb_str in = bb_sub((bb_str){(const char *)data, size}, 1, BB_NPOS);
    bb_imap_limits limits = {.line_max = how & 8 ? 64 : 4096, .literal_max = how & 16 ? 16 : 65536};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    imap(in, &limits);
    pop3(&a, in, 1 + (how & 7));
    written(&a, in);
    MUST(!a.failed);
    bb_arena_free(&a);
    return 0;
}
