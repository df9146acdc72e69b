/* SPDX-License-Identifier: MIT
 *
 * Laws of main.cf as text: what is ours, put in, is taken out again byte for byte, whatever the file looks like and whatever
 * others write into it meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "app/postfix/postfix.h"
#include "tap.h"

#define ROUNDS 20000
#define FOLDER "/etc/postfix/bouncebox/"

static bb_arena arena;
static uint64_t state;

/* What configurations are made of: blanks where they hurt, comments between lines that go on, lists that are empty, names
 * that begin alike, and words that look like ours in comments. */
static const char *const pieces[] = {
    "transport_maps = hash:/etc/postfix/transport\n",
    "transport_maps=hash:/etc/postfix/transport,hash:/x\n",
    "transport_maps =\n",
    "transport_maps = \n",
    "transport_maps\t=\t\n\t hash:/a\n# between\n\n  hash:/b\n",
    "transport_maps_x = 1\n",
    "virtual_alias_maps =\n   # indented\n   regexp:/a , pcre:/b\n",
    "virtual_alias_maps = inline:{ {a@b = c@d}, e@f=g }  \n",
    ("#transport_maps = regexp:" FOLDER "transport, hash:/z\n"),
    (" # regexp:" FOLDER "old\n"),
    "\n",
    "  \t\n",
    "biff = no\r\n",
    "smtpd_recipient_restrictions = permit_mynetworks,\n  reject_unauth_destination\n",
    "smtpd_recipient_restrictions =permit_mynetworks\n",
    "relay_domains = $mydestination",
};
static const char *const names[] = {"transport_maps", "virtual_alias_maps", "smtpd_recipient_restrictions",
                                    "relay_domains", "mydestination"};
static const char *const items[] = {"regexp:" FOLDER "transport", "hash:" FOLDER "bases", FOLDER "domains",
                                    POSTFIX_POLICY_CLASS};

#define ANY(table) ((table)[tap_below(&state, BB_COUNT(table))])

/* Only the last piece may lack its line end. */
static bb_str random_text(void)
{
    bb_buf b = bb_buf_in(&arena, 1 << 16);
    for (uint64_t n = tap_below(&state, 12); n; n--) {
        if (b.n && b.p[b.n - 1] != '\n') bb_putc(&b, '\n');
        bb_puts(&b, ANY(pieces));
    }
    return bb_buf_str(&b);
}

static bb_str with_ours(bb_str text)
{
    bb_buf block = bb_buf_in(&arena, 1 << 16);
    for (uint64_t n = tap_below(&state, 6); n; n--) {
        const char *name = ANY(names), *item = ANY(items);
        if (!postfix_text_insert(&arena, &text, bb_cstr(name), bb_cstr(item)))
            bb_putf(&block, "%s = %s, $x\n", name, item);
    }
    return postfix_text_append(&arena, text, BB_S("lmtp"), bb_buf_str(&block));
}

static bool comes_out(bb_str before)
{
    bb_str block, ours = with_ours(before), out = postfix_text_cut(&arena, ours, BB_S(FOLDER));
    bool good = bb_eq(out, before) && postfix_text_block(ours, &block) && block.n &&
                bb_eq(postfix_text_mode(ours), BB_S("lmtp"));
    if (!good) tap_note("before: <%.*s>\nours: <%.*s>\nout: <%.*s>", BB_ARG(before), BB_ARG(ours), BB_ARG(out));
    return good;
}

/* Others wrote something at the head and behind the block. */
static bool others_stay(bb_str before)
{
    bb_str ours = bb_cat(&arena, BB_S("# theirs\nx = y\n"), with_ours(before), BB_S("z = 1\n"));
    bb_str out = postfix_text_cut(&arena, ours, BB_S(FOLDER));
    bool open = before.n && before.p[before.n - 1] != '\n';
    bb_str want = bb_cat(&arena, BB_S("# theirs\nx = y\n"), before, open ? BB_S("\nz = 1\n") : BB_S("z = 1\n"));
    if (!bb_eq(out, want)) tap_note("want: <%.*s>\nout: <%.*s>", BB_ARG(want), BB_ARG(out));
    return bb_eq(out, want);
}

/* Without a block nothing is ours, and nothing is touched. */
static bool untouched(bb_str before)
{
    bb_str block;
    return bb_eq(postfix_text_cut(&arena, before, BB_S(FOLDER)), before) && postfix_text_block(before, &block) &&
           !block.n && !postfix_text_mode(before).n;
}

static void half_a_block(void)
{
    bb_str block, whole = postfix_text_append(&arena, BB_S("a = b\n"), BB_S("pipe"), BB_S("c = d\n"));
    ok(!postfix_text_block(bb_sub(whole, 0, whole.n - 5), &block), "a block without its end is none, and told");
}

int main(void)
{
    static const struct {
        bool (*holds)(bb_str before);
        const char *name;
    } laws[] = {{comes_out, "what is put in comes out again, byte for byte"},
                {others_stay, "what others wrote stays"},
                {untouched, "without a block nothing is ours"}};
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    state = tap_seed();
    for (size_t l = 0; l < BB_COUNT(laws); l++) {
        bool good = true;
        for (int i = 0; i < ROUNDS && good; i++) {
            bb_arena_reset(&arena);
            good = laws[l].holds(random_text());
        }
        ok(good, "%s", laws[l].name);
    }
    half_a_block();
    bb_arena_free(&arena);
    return tap_done();
}
