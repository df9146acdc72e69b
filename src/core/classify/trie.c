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
    *s = (bb_sight){.arena = a};
    return bb_map_init(&s->rules, a, 0) && bb_map_init(&s->gapped, a, 0);
}

/* A text on its way through the trie. */
typedef struct {
    const bb_trie *t;
    bb_str s;
    size_t sentence; /* where the one we are in begins */
    bb_sight *sight;
} scan;

static void mark(const bb_trie *t, bb_sight *sight, const bb_literal *l)
{
    uint32_t number = (uint32_t)(l - t->literals) + 1, *place = bb_map_put(&sight->rules, l->rule);
    if (place && !*place) {
        bb_mark *new = BB_PUSH(sight->arena, sight->marks, sight->n_marks, sight->cap_marks);
        if (!new) return;
        new->rule = l->rule;
        *place = (uint32_t)sight->n_marks;
    }
    if (!place) return;
    bb_mark *m = &sight->marks[*place - 1];
    if (l->unless) m->unless = m->unless ? m->unless : number;
    else if (!m->word || l->weight > t->literals[m->word - 1].weight) m->word = number;
}

/* A piece was seen from `from` to `to`. The latest end of each piece is enough to know: what is in
 * reach of an earlier one and not of the latest is another sentence or too far away as well. */
static void piece_seen(scan *c, const bb_piece_end *end, size_t from, size_t to)
{
    if (end->whole_word && bb_inside_word(c->s, to)) return;
    if (end->piece > 0) {
        uint32_t number = bb_piece_number(&c->t->literals[end->literal], end->piece - 1U);
        size_t before = bb_map_get(&c->sight->gapped, number); /* end and 1; 0: not yet */
        if (!before || before - 1 > from || from - (before - 1) > BB_LITERAL_GAP || before - 1 < c->sentence) return;
    }
    if (end->last) {
        mark(c->t, c->sight, &c->t->literals[end->literal]);
        return;
    }
    uint32_t *last = bb_map_put(&c->sight->gapped, end->number);
    if (last) *last = (uint32_t)to + 1;
}

static const bb_node *child_of(const bb_trie *t, const bb_node *node, unsigned char byte)
{
    const bb_node *child = t->nodes + node->child, *end = child + node->children;
    while (child < end && child->byte != byte) child++;
    return child < end ? child : NULL;
}

/* Follows the literals that begin at `from`. */
static void walk(scan *c, bool from_start, size_t from)
{
    const bb_trie *t = c->t;
    const unsigned char *p = (const unsigned char *)c->s.p;
    uint32_t root = bb_map_get(&t->roots, bb_root_key(from_start, p + from));
    const bb_node *node = root ? &t->nodes[root] : NULL;
    for (size_t to = from + 2; node; to++) {
        c->sight->steps++;
        if (node->n > c->s.n - to || (node->n && memcmp(t->bytes + node->bytes, p + to, node->n) != 0)) return;
        to += node->n;
        const bb_piece_end *end = &t->ends[node->ends];
        for (bool more = node->ends; more; more = end++->more) piece_seen(c, end, from, to);
        if (to == c->s.n) return;
        node = child_of(t, node, p[to]);
    }
}

void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight)
{
    scan c = {t, folded, 0, sight};
    bool word_before = false;
    for (size_t i = 0; i + 1 < folded.n; i++) {
        unsigned char byte = (unsigned char)folded.p[i];
        if ((byte & 0xc0) == 0x80) continue; /* inside a character */
        bool word = bb_word_byte(byte);
        if (byte == BB_FOLD_BREAK) c.sentence = i + 1;
        if (t->words[byte] && !(word && word_before)) walk(&c, true, i);
        if (t->parts[byte]) walk(&c, false, i);
        word_before = word;
    }
}
