/* SPDX-License-Identifier: MIT
 *
 * trie: all literals of all rules, found in one pass over a text.
 *
 * The trie is walked from every place where a word begins. A walk is at most as long as the longest literal, and a node
 * has no more children than there are bytes, so the work depends on the text and never on how many rules there are.
 * Bytes that nothing branches off from are one node, and children lie side by side: there is little to wait for.
 */
#include "core/classify/internal.h"

bool bb_sight_init(bb_sight *s, bb_arena *a)
{
    *s = (bb_sight){0};
    return bb_map_init(&s->words, a, 8) && bb_map_init(&s->unless, a, 32) && bb_map_init(&s->gapped, a, 32);
}

/* A text on its way through the trie. */
typedef struct {
    const bb_trie *t;
    bb_str s;
    bb_sight *sight;
} scan;

/* A literal was seen that ends with this piece. */
static void literal_seen(const bb_trie *t, bb_sight *sight, const bb_piece_end *end)
{
    const bb_literal *literals = t->literals;
    uint32_t *seen = bb_map_put(end->unless ? &sight->unless : &sight->words, end->rule);
    if (!seen) return;
    bool longer = *seen && !end->unless && literals[end->literal].weight > literals[*seen - 1].weight;
    if (!*seen || longer) *seen = end->literal + 1;
}

/* Was the piece of that number seen in reach of one that begins at `from`, in the same sentence? The latest end of each
 * piece is enough to know: what is in reach of an earlier one and not of the latest is another sentence or too far away
 * as well. */
static bool in_reach(const scan *c, uint32_t number, size_t from)
{
    if (!(c->sight->gaps >> number % 64 & 1)) return false;
    size_t before = bb_map_get(&c->sight->gapped, number); /* end and 1; 0: not yet */
    if (!before || before - 1 > from || from - (before - 1) > BB_LITERAL_GAP) return false;
    return !memchr(c->s.p + before - 1, BB_FOLD_BREAK, from - (before - 1) + 1);
}

/* Pieces were seen from `from` to `to`: these, and the others that end there. */
static void pieces_seen(scan *c, const bb_piece_end *end, size_t from, size_t to)
{
    bool inside = bb_inside_word(c->s, to);
    for (bool more = true; more; more = end++->more) {
        if ((end->whole_word && inside) || (end->before && !in_reach(c, end->before, from))) continue;
        if (!end->number) {
            literal_seen(c->t, c->sight, end);
            continue;
        }
        uint32_t *last = bb_map_put(&c->sight->gapped, end->number);
        if (last) *last = (uint32_t)to + 1;
        c->sight->gaps |= UINT64_C(1) << end->number % 64;
    }
}

/* Follows the literals that begin at `from`. */
static void walk(scan *c, bool from_start, size_t from)
{
    const bb_trie *t = c->t;
    const unsigned char *p = (const unsigned char *)c->s.p;
    uint32_t at = bb_map_get(&t->roots, bb_root_key(from_start, p + from));
    for (size_t to = from + 2; at; to++) {
        const bb_node *node = &t->nodes[at];
        const unsigned char *bytes = t->bytes + node->bytes;
        c->sight->steps++;
        if (node->n > c->s.n - to) return;
        for (size_t end = to + node->n; to < end; to++) /* mostly none or few, and the first one differs */
            if (p[to] != *bytes++) return;
        if (node->ends) pieces_seen(c, &t->ends[node->ends], from, to);
        if (to == c->s.n) return;
        uint32_t k = 0;
        while (k < node->children && bytes[k] != p[to]) k++;
        at = k < node->children ? node->child + k : 0;
    }
}

void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight)
{
    scan c = {t, folded, sight};
    const unsigned char *p = (const unsigned char *)folded.p;
    uint64_t before = 0;
    for (size_t i = 0; i + 1 < folded.n; i++) {
        uint64_t first = t->first[p[i]], sets = first & t->second[p[i + 1]];
        if (first & before & BB_SET_WORD) sets &= BB_SET_PARTS; /* no word begins inside one */
        if ((p[i] & 0xc0) != 0x80) before = first; /* of a character of several bytes the first one tells */
        if (!sets) continue;
        if (sets & ~BB_SET_PARTS) walk(&c, true, i);
        if (sets & BB_SET_PARTS) walk(&c, false, i);
    }
}
