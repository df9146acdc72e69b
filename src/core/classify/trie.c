/* SPDX-License-Identifier: MIT
 *
 * trie: all literals of all rules, found in one pass over a text.
 *
 * The trie is walked from every place where a word begins. A walk is at most as long as the longest
 * literal, so the work depends on the text and never on how many rules there are.
 */
#include "core/classify/internal.h"

#define MAX_PIECES 8
#define MAX_BYTES  200

bb_node *bb_trie_node(bb_arena *a, bb_trie *t, bb_root root, bb_str s)
{
    if (!t->nodes && !BB_PUSH(a, t->nodes, t->n_nodes, t->cap_nodes)) return NULL; /* [0] is nobody's */
    uint32_t at = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char byte = (unsigned char)s.p[i];
        uint32_t next = i == 0 ? root[byte] : t->nodes[at].child;
        while (i > 0 && next && t->nodes[next].byte != byte) next = t->nodes[next].next;
        if (!next) {
            bb_node *node = BB_PUSH(a, t->nodes, t->n_nodes, t->cap_nodes);
            if (!node) return NULL;
            next = (uint32_t)(t->n_nodes - 1);
            node->byte = byte;
            if (i == 0) {
                root[byte] = next;
            } else {
                node->next = t->nodes[at].child;
                t->nodes[at].child = next;
            }
        }
        at = next;
    }
    return &t->nodes[at];
}

/* A piece between two gaps, folded. */
typedef struct {
    bb_str text;
    bool from_start, to_end; /* of a word */
} piece;

/* Cuts "over * quota*" into pieces, whose texts go to `folded`. White space beside a * asks for whole
 * words there. Answers how many, 0 with err. */
static int cut(bb_str literal, piece pieces[MAX_PIECES], char folded[MAX_BYTES], bb_err *err)
{
    int n = 0;
    bool starred = false;
    for (size_t at = 0; at <= literal.n;) {
        bb_str rest = bb_sub(literal, at, BB_NPOS);
        size_t star = bb_chr(rest, '*');
        bb_str raw = bb_sub(rest, 0, star);
        bb_str text = {folded, bb_fold(raw, folded)};
        bool after = starred;
        starred = star != BB_NPOS;
        at += raw.n + 1;
        if (bb_empty(text)) continue; /* a * at either end: the word may go on there */
        if (n == MAX_PIECES) return bb_fail(err, BB_ECONFIG, "more than %d * in one literal", MAX_PIECES - 1);
        folded += text.n;
        pieces[n++] = (piece){text, !after || bb_is_space(raw.p[0]), !starred || bb_is_space(raw.p[raw.n - 1])};
    }
    return n;
}

static bool add_piece(bb_arena *a, bb_trie *t, const piece *p, uint8_t number)
{
    bb_node *node = bb_trie_node(a, t, p->from_start ? t->words : t->parts, p->text);
    if (!node || (!t->ends && !BB_PUSH(a, t->ends, t->n_ends, t->cap_ends))) return false; /* [0] is nobody's */
    bb_piece_end *end = BB_PUSH(a, t->ends, t->n_ends, t->cap_ends);
    if (!end) return false;
    *end = (bb_piece_end){(uint32_t)(t->n_literals - 1), node->out, number, p->to_end};
    node->out = (uint32_t)(t->n_ends - 1);
    return true;
}

bool bb_trie_add(bb_arena *a, bb_trie *t, bb_str literal, uint32_t rule, bool unless, bb_err *err)
{
    piece pieces[MAX_PIECES];
    char folded[MAX_BYTES];
    if (literal.n > MAX_BYTES) return bb_fail(err, BB_ECONFIG, "a literal is longer than %d bytes", MAX_BYTES);
    int n = cut(literal, pieces, folded, err);
    if (err->code) return false;
    size_t weight = 0;
    for (int i = 0; i < n; i++) weight += pieces[i].text.n;
    if (weight < 2) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(literal));

    bb_literal *l = BB_PUSH(a, t->literals, t->n_literals, t->cap_literals);
    if (!l) return bb_fail(err, BB_ENOMEM, "out of memory");
    *l = (bb_literal){rule, t->n_gapped, (uint16_t)weight, (uint8_t)n, unless};
    if (n > 1) t->n_gapped += (uint32_t)n;
    for (int i = 0; i < n; i++)
        if (!add_piece(a, t, &pieces[i], (uint8_t)i)) return bb_fail(err, BB_ENOMEM, "out of memory");
    return true;
}

/* A text on its way through the trie. */
typedef struct {
    const bb_trie *t;
    bb_str s;
    size_t sentence; /* where the one we are in begins */
    bb_sight *sight;
} scan;

static void mark(bb_sight *sight, const bb_literal *l)
{
    bb_mark *m = &sight->marks[l->rule];
    if (!m->listed) sight->seen[sight->n_seen++] = l->rule;
    m->listed = true;
    if (l->unless) m->forbidden = true;
    else if (l->weight > m->weight) m->weight = l->weight;
}

/* A piece was seen from `from` to `to`. The latest end of each piece is enough to know: what is in
 * reach of an earlier one and not of the latest is another sentence or too far away as well. */
static void piece_seen(scan *c, const bb_piece_end *end, size_t from, size_t to)
{
    const bb_literal *l = &c->t->literals[end->literal];
    if (end->whole_word && bb_inside_word(c->s, to)) return;
    if (l->pieces == 1) {
        mark(c->sight, l);
        return;
    }
    uint32_t *last = c->sight->gapped + l->first + end->piece;
    if (end->piece > 0) {
        size_t before = last[-1]; /* end and 1; 0: not yet */
        if (!before || before - 1 > from || from - (before - 1) > BB_LITERAL_GAP || before - 1 < c->sentence) return;
    }
    *last = (uint32_t)to + 1;
    if (end->piece + 1 == l->pieces) mark(c->sight, l);
}

static void walk(scan *c, const bb_root root, size_t from)
{
    const bb_node *nodes = c->t->nodes;
    uint32_t at = root[(unsigned char)c->s.p[from]];
    for (size_t to = from + 1; at; to++) {
        for (uint32_t e = nodes[at].out; e; e = c->t->ends[e].next) piece_seen(c, &c->t->ends[e], from, to);
        if (to == c->s.n) return;
        unsigned char byte = (unsigned char)c->s.p[to];
        for (at = nodes[at].child; at && nodes[at].byte != byte;) at = nodes[at].next;
    }
}

void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight)
{
    scan c = {t, folded, 0, sight};
    for (size_t i = 0; i < folded.n; i++) {
        unsigned char byte = (unsigned char)folded.p[i];
        if (byte == BB_FOLD_BREAK) c.sentence = i + 1;
        if ((byte & 0xc0) == 0x80) continue; /* inside a character */
        if (t->words[byte] && !bb_inside_word(folded, i)) walk(&c, t->words, i);
        if (t->parts[byte]) walk(&c, t->parts, i);
    }
}
